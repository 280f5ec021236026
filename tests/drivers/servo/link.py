"""A session and a simulated Servo-i on a line in memory, with a clock of its own."""

from dataclasses import dataclass, field

from collector.driver import Simulated
from collector.model import Event
from drivers.patient import Patient
from drivers.servo.options import Options
from drivers.servo.session import ServoSession
from drivers.servo.simulator import ServoSimulator
from drivers.servo.ventilator import Faults

EPOCH_US = 1_792_000_000_000_000
STEP_S = 0.05


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
        self.host = ServoSession(Options.model_validate(self.options))
        simulated = Simulated(patient=Patient(self.scenario, 3), seed=3, epoch_us=EPOCH_US)
        self.device = ServoSimulator(simulated, self.faults)

    def run(self, seconds: float, *, mute: bool = False) -> "Link":
        """Let the time pass; mute: nothing of the device arrives."""
        until = self.now + seconds
        while self.now < until:
            if self.host.deadline() <= self.now:
                self.heard += self.host.expire(self.now)
                assert self.host.deadline() > self.now
            if (self.device.deadline() or 0.0) <= self.now:
                self.said += self.device.expire(self.now)
            self._exchange(mute=mute)
            self.now = round(self.now + STEP_S, 6)
        return self

    def close(self) -> "Link":
        self.host.close(self.now)
        self._exchange(mute=False)
        self.heard += self.host.finish()
        return self

    @property
    def sent(self) -> list[bytes]:
        """The commands of the host, without checksum."""
        return [
            part.strip(b"\x1b") if part.endswith(b"HO") else part.strip(b"\x1b")[:-2]
            for _, data in self.down
            for part in data.split(b"\x04")
            if part
        ]

    def _exchange(self, *, mute: bool) -> None:
        while True:
            down = self.host.outgoing()
            if down:
                self.down.append((self.now, down))
                self.said += self.device.receive(down, self.now)
            up = self.device.outgoing()
            if up and not mute:
                self.up.append(up)
                self.heard += self.host.receive(up, self.now)
            if not up and not down:
                return
