"""A session and a simulated monitor joined in memory, and messages written by hand."""

from collections.abc import Sequence
from typing import Self

from collector.model import AlarmCondition, Event
from drivers.biolight import SPEC
from drivers.biolight.session import BiolightSession
from drivers.biolight.simulator import Simulator

STEP_S = 0.1
EPOCH_US = 1_700_000_000_000_000


class Link:
    """`up`: what the monitor sent; `down`: what the session sent and when."""

    def __init__(self, monitor: Simulator, **options: object) -> None:
        self.session = BiolightSession(SPEC.options(**options))
        self.monitor = monitor
        self.said: list[Event] = []
        self.heard: list[Event] = []
        self.up: list[bytes] = []
        self.down: list[tuple[float, bytes]] = []

    def run(self, seconds: float, start_s: float = 100.0) -> Self:
        for step in range(round(seconds / STEP_S)):
            now = start_s + step * STEP_S
            if (self.session.deadline() or 0.0) <= now:
                self.heard += self.session.expire(now)
                assert (self.session.deadline() or 0.0) > now
            if (self.monitor.deadline() or 0.0) <= now:
                self.said += self.monitor.expire(now)
            while out := self.session.outgoing():
                self.down.append((round(now - start_s, 3), out))
                self.said += self.monitor.receive(out, now)
            while out := self.monitor.outgoing():
                self.up.append(out)
                self.heard += self.session.receive(out, now)
        return self


def framed(kind: str, *segments: str) -> bytes:
    text = "".join(f"{segment}\r" for segment in (f"MSH|^~\\&|||||||ORU^R01|{kind}|P|2.3.1|", *segments))
    return b"\x0b" + text.encode("gb18030") + b"\x1c\r"


def heard(*messages: bytes, standing: Sequence[AlarmCondition] = (), **options: object) -> list[Event]:
    one = BiolightSession(SPEC.options(**options), standing)
    return [event for message in messages for event in one.receive(message, 0.0)] + list(one.finish())
