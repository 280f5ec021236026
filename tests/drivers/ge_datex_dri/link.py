"""A session and a simulated monitor joined in memory, with a made-up clock."""

from collections.abc import Callable
from typing import Self

from collector.model import AlarmCondition, Event, Observation, Waveform
from drivers.ge_datex_dri import SPEC
from drivers.ge_datex_dri.session import DatexSession
from drivers.ge_datex_dri.simulator import Simulator

STEP_S = 0.05


class Link:
    """`said`: what the monitor said; `heard`: what the session made of it; `up`, `down`: bytes either way.

    `cut`: whether the line is cut at a time.
    """

    def __init__(self, monitor: Simulator, cut: Callable[[float], bool] = lambda _: False, **options: object) -> None:
        self.monitor = monitor
        self.session = DatexSession(SPEC.options(**options))
        self.said: list[Event] = []
        self.heard: list[Event] = []
        self.up: list[bytes] = []
        self.down: list[tuple[float, bytes]] = []
        self.now = 0.0
        self._cut = cut

    def run(self, until_s: float) -> Self:
        while self.now < until_s:
            due = self.session.deadline()
            if due is not None and due <= self.now:
                self.heard += self.session.expire(self.now)
            due = self.monitor.deadline()
            if due is not None and due <= self.now:
                self.said += self.monitor.expire(self.now)
            self._exchange()
            self.now += STEP_S
        return self

    def close(self) -> Self:
        self.session.close(self.now)
        self._exchange()
        return self

    def _exchange(self) -> None:
        cut = self._cut(self.now)
        while data := self.session.outgoing():
            self.down.append((self.now, data))
            if not cut:
                self.said += self.monitor.receive(data, self.now)
        while data := self.monitor.outgoing():
            self.up.append(data)
            if not cut:
                self.heard += self.session.receive(data, self.now)


def statements(events: list[Event]) -> list[Event]:
    """Only what is said of patient and alarms, in order."""
    return [event for event in events if isinstance(event, Observation | Waveform | AlarmCondition)]
