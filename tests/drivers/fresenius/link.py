"""A session and a simulated base on a line in memory, with a clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from collector.driver import Simulated
from collector.model import AlarmCondition, Event, Observation
from drivers.fresenius.options import Options
from drivers.fresenius.session import FreseniusSession
from drivers.fresenius.simulator import Faults, Simulator
from drivers.patient import Patient

STEP_S = 0.05


@dataclass
class Link:
    """`up` is what the device sent, `down` what the host sent, with the time of each piece."""

    faults: Faults = field(default_factory=Faults)
    options: dict[str, object] = field(default_factory=dict)
    standing: tuple[AlarmCondition, ...] = ()
    now: float = 0.0
    said: list[Event] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    up: list[tuple[float, bytes]] = field(default_factory=list)
    down: list[tuple[float, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.host = FreseniusSession(Options.model_validate(self.options), self.standing)
        self.device = Simulator(Simulated(patient=Patient("stable", 3), seed=3), faults=self.faults)

    def run(self, seconds: float, spoil: Callable[[bytes], bytes] = bytes) -> "Link":
        """Let the time pass; `spoil` is what the line does to the device's bytes."""
        until = self.now + seconds
        while self.now < until:
            due = self.host.deadline()
            if due is not None and due <= self.now:
                self.heard += self.host.expire(self.now)
            if (self.device.deadline() or 0.0) <= self.now:
                self.said += self.device.expire(self.now)
            down = self.host.outgoing()
            if down:
                self.down.append((self.now, down))
                self.said += self.device.receive(down, self.now)
            up = self.device.outgoing()
            if up:
                self.up.append((self.now, up))
                self.heard += self.host.receive(spoil(up), self.now)
            self.now = round(self.now + STEP_S, 6)
        return self

    def values(self, source: str) -> list[object]:
        """What was heard of a channel, repeats left out."""
        return [
            e.value for e in self.heard if isinstance(e, Observation) and e.channel.source == source and not e.repeat
        ]

    def alarms(self) -> list[tuple[str, str]]:
        return [(e.source, e.phase.value) for e in self.heard if isinstance(e, AlarmCondition)]

    @property
    def sent(self) -> bytes:
        """All that the host has sent."""
        return b"".join(data for _, data in self.down)
