"""A session and a simulated device on a line in memory, with a clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from collector.driver import Simulated
from collector.model import Event
from drivers.draeger_medibus.options import Options
from drivers.draeger_medibus.session import MedibusSession
from drivers.draeger_medibus.simulator import MedibusSimulator
from drivers.draeger_medibus.speaker import Faults
from drivers.draeger_medibus.workstation import EVITA_XL, Model
from drivers.patient import Patient

EPOCH_US = 1_792_000_000_000_000  # 2026-10-14: a month that German and English spell differently
STEP_S = 0.01


@dataclass
class Link:
    """`up` is what the device sent, `down` what the host sent, with the time of each piece."""

    model: Model = EVITA_XL
    faults: Faults = field(default_factory=Faults)
    options: dict[str, object] = field(default_factory=dict)
    scenario: str = "stable"
    now: float = 0.0
    said: list[Event] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    up: list[tuple[float, bytes]] = field(default_factory=list)
    down: list[tuple[float, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.host = MedibusSession(Options.model_validate(self.options))
        simulated = Simulated(patient=Patient(self.scenario, 3), seed=3, epoch_us=EPOCH_US)
        self.device = MedibusSimulator(simulated, model=self.model, faults=self.faults)

    def run(self, seconds: float, spoil: Callable[[bytes], bytes] = bytes) -> "Link":
        """Let the time pass; `spoil` is what the line does to the device's bytes."""
        until = self.now + seconds
        while self.now < until:
            if self.host.deadline() <= self.now:
                self.heard += self.host.expire(self.now)
            if (self.device.deadline() or 0.0) <= self.now:
                self.said += self.device.expire(self.now)
            self.exchange(spoil)
            self.now = round(self.now + STEP_S, 6)
        return self

    def exchange(self, spoil: Callable[[bytes], bytes] = bytes) -> None:
        while True:
            down = self.host.outgoing()
            if down:
                self.down.append((self.now, down))
                self.said += self.device.receive(down, self.now)
            up = self.device.outgoing()
            if up:
                self.up.append((self.now, up))
                self.heard += self.host.receive(spoil(up), self.now)
            if not up and not down:
                return

    def close(self) -> "Link":
        self.host.close(self.now)
        self.exchange()
        self.heard += self.host.finish()
        return self

    @property
    def sent(self) -> bytes:
        """All that the host has sent."""
        return b"".join(data for _, data in self.down)
