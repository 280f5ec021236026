"""A session and a simulated rack on a line in memory, with a clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from collector.driver import Simulated
from collector.model import AlarmCondition, Event, Observation
from drivers.bbraun_bcc.options import Options
from drivers.bbraun_bcc.session import BccSession
from drivers.bbraun_bcc.simulator import Faults, Simulator
from drivers.patient import Patient

EPOCH_US = 1_700_000_000_000_000
STEP_S = 0.05


@dataclass
class Link:
    """`up` is what the rack sent, `down` what the host sent, with the time of each piece."""

    faults: Faults = field(default_factory=Faults)
    options: dict[str, object] = field(default_factory=dict)
    standing: tuple[AlarmCondition, ...] = ()
    scenario: str = "stable"
    now: float = 0.0
    said: list[Event] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    up: list[tuple[float, bytes]] = field(default_factory=list)
    down: list[tuple[float, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.host = BccSession(Options.model_validate(self.options), self.standing)
        simulated = Simulated(patient=Patient(self.scenario, 3), seed=3, epoch_us=EPOCH_US)
        self.device = Simulator(simulated, faults=self.faults)

    def run(self, seconds: float, spoil: Callable[[bytes], bytes] = bytes) -> "Link":
        """Let the time pass; `spoil` is what the line does to the rack's bytes."""
        until = self.now + seconds
        while self.now < until:
            due = self.host.deadline()
            if due is not None and due <= self.now:
                self.heard += self.host.expire(self.now)
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
    def sent(self) -> list[bytes]:
        return [data for _, data in self.down]
