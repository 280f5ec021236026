"""A session and a simulated 840 on a line in memory, with a clock of its own."""

from dataclasses import dataclass, field

from collector.driver import Simulated
from collector.model import Event
from drivers.patient import Patient
from drivers.puritan_bennett.options import Options
from drivers.puritan_bennett.session import PuritanBennettSession
from drivers.puritan_bennett.simulator import Faults, PuritanBennettSimulator

EPOCH_US = 1_792_000_000_000_000
STEP_S = 0.1


@dataclass
class Link:
    """`up` is what the device sent, `down` what the host sent."""

    faults: Faults = field(default_factory=Faults)
    options: dict[str, object] = field(default_factory=dict)
    scenario: str = "stable"
    now: float = 100.0
    said: list[Event] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    up: list[bytes] = field(default_factory=list)
    down: list[tuple[float, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.host = PuritanBennettSession(Options.model_validate(self.options))
        simulated = Simulated(patient=Patient(self.scenario, 3), seed=3, epoch_us=EPOCH_US)
        self.device = PuritanBennettSimulator(simulated, self.faults)

    def run(self, seconds: float) -> "Link":
        until = self.now + seconds
        while self.now < until:
            due = self.host.deadline()
            if due is not None and due <= self.now:
                self.heard += self.host.expire(self.now)
            if self.device.deadline() is not None:
                self.device.expire(self.now)
            down = self.host.outgoing()
            if down:
                self.down.append((self.now, down))
                self.said += self.device.receive(down, self.now)
            up = self.device.outgoing()
            if up:
                self.up.append(up)
                self.heard += self.host.receive(up, self.now)
            self.now = round(self.now + STEP_S, 6)
        return self
