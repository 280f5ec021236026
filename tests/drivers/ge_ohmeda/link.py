"""A session and a simulated machine on a line in memory, with a clock of its own."""

from dataclasses import dataclass, field

from collector.driver import Simulated
from drivers.ge_ohmeda import SPEC
from drivers.ge_ohmeda.options import Options
from drivers.ge_ohmeda.simulator import Simulator
from tests.drivers.link import EPOCH_US, Line


@dataclass(kw_only=True)
class Link(Line):
    off_s: tuple[float, float] = (1e9, 1e9)
    device: Simulator = field(init=False)

    def __post_init__(self) -> None:
        self.host = SPEC.dialogue(Options.model_validate(self.options), datagrams=False)
        simulated = Simulated(patient=self.patient, seed=3, epoch_us=EPOCH_US)
        self.device = Simulator(simulated, off_s=self.off_s)
