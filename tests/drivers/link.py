"""A session and a simulated device on a line in memory, with a clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Self, TypeVar

from collector.model import Event
from collector.session import Session
from drivers.patient import Patient

EPOCH_US = 1_792_000_000_000_000
STEP_S = 0.01
JOINED_STEP_S = 0.05

Ours = TypeVar("Ours", bound=Session)
Theirs = TypeVar("Theirs", bound=Session)


@dataclass(kw_only=True)
class Line:
    """`up` is what the device sent, `down` what the host sent, with the time of each piece."""

    options: dict[str, object] = field(default_factory=dict)
    spoil: Callable[[bytes], bytes] = bytes
    patient: Patient = field(default_factory=lambda: Patient("stable", 3))
    now: float = 100.0
    said: list[Event] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    up: list[tuple[float, bytes]] = field(default_factory=list)
    down: list[tuple[float, bytes]] = field(default_factory=list)
    host: Session = field(init=False)
    device: Session = field(init=False)

    def run(self, seconds: float) -> Self:
        """Let the time pass."""
        until = self.now + seconds
        while self.now < until:
            for one, told in ((self.host, self.heard), (self.device, self.said)):
                due = one.deadline()
                if due is not None and due <= self.now:
                    told.extend(one.expire(self.now))
            down, up = self.host.outgoing(), self.device.outgoing()
            if down:
                self.down.append((self.now, down))
                self.said += self.device.receive(down, self.now)
            if up:
                self.up.append((self.now, up))
                self.heard += self.host.receive(self.spoil(up), self.now)
            self.now = round(self.now + STEP_S, 6)
        return self


class Joined(Generic[Ours, Theirs]):
    """`said`: what the device said; `heard`: what the session made of it; `up`, `down`: bytes either way."""

    def __init__(self, session: Ours, device: Theirs) -> None:
        self.session = session
        self.device = device
        self.said: list[Event] = []
        self.heard: list[Event] = []
        self.up: list[bytes] = []
        self.down: list[tuple[float, bytes]] = []
        self.now = 0.0

    def run(self, until_s: float) -> Self:
        while self.now < until_s:
            due = self.session.deadline()
            if due is not None and due <= self.now:
                self.heard += self.session.expire(self.now)
            due = self.device.deadline()
            if due is not None and due <= self.now:
                self.said += self.device.expire(self.now)
            while data := self.session.outgoing():
                self.down.append((self.now, data))
                self.said += self.device.receive(data, self.now)
            while data := self.device.outgoing():
                self.up.append(data)
                self.heard += self.session.receive(data, self.now)
            self.now += JOINED_STEP_S
        return self
