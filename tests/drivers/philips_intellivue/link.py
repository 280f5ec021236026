"""A session and its simulated monitor on a line in memory, with a made-up clock."""

from collections.abc import Callable

from collector.driver import Simulated
from collector.model import Event
from collector.session import Session
from drivers.patient import Patient
from drivers.philips_intellivue.options import Options
from drivers.philips_intellivue.session import IntelliVueSession

STEP_S = 0.02
START_S = 100.0
"""The clock need not begin at 0."""
EPOCH_US = 1_700_000_000_000_000


def simulated(*, datagrams: bool, scenario: str = "stable") -> Simulated:
    return Simulated(patient=Patient(scenario, 3), seed=3, datagrams=datagrams, epoch_us=EPOCH_US)


class Link:
    """Moves what one side sends into the other. `said` and `heard`: their events; `asked`: what the client sent."""

    def __init__(self, device: Session, *, datagrams: bool, options: Options | None = None) -> None:
        self.device = device
        self.options = options or Options()
        self.datagrams = datagrams
        self.client: Session = IntelliVueSession(self.options, datagrams)
        self.said: list[Event] = []
        self.heard: list[Event] = []
        self.asked: list[tuple[float, bytes]] = []
        self.now = START_S

    def run(self, seconds: float, *, cut: Callable[[float], bool] = lambda _: False) -> "Link":
        """Let time pass; where `cut` says so, the line carries nothing."""
        end = self.now + seconds
        while self.now < end:
            self._pass(self.client, self.device, self.heard, self.said, cut)
            self._pass(self.device, self.client, self.said, self.heard, cut)
            self.now += STEP_S
        return self

    def _pass(
        self, one: Session, other: Session, own: list[Event], others: list[Event], cut: Callable[[float], bool]
    ) -> None:
        due = one.deadline()
        if due is not None and due <= self.now:
            own.extend(one.expire(self.now))
        while data := one.outgoing():
            if one is self.client:
                self.asked.append((self.now, data))
            if not cut(self.now):
                others.extend(other.receive(data, self.now))
