"""A session and a simulated monitor on a line in memory, with a clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field

from collector.driver import Simulated
from collector.model import Event
from drivers.edwards import SPEC
from drivers.edwards.options import Options
from drivers.edwards.simulator import Simulator
from drivers.patient import Patient

EPOCH_US = 1_792_000_000_000_000
STEP_S = 0.01


@dataclass
class Link:
    """`up` is what the device sent, `down` what the host sent, with the time of each piece."""

    options: dict[str, object] = field(default_factory=dict)
    other: bool = False
    spoil: Callable[[bytes], bytes] = bytes
    patient: Patient = field(default_factory=lambda: Patient("stable", 3))
    now: float = 100.0
    said: list[Event] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    up: list[tuple[float, bytes]] = field(default_factory=list)
    down: list[tuple[float, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.host = SPEC.dialogue(Options.model_validate(self.options), datagrams=False)
        simulated = Simulated(patient=self.patient, seed=3, epoch_us=EPOCH_US)
        self.device = Simulator(simulated, other=self.other)

    def run(self, seconds: float) -> "Link":
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
