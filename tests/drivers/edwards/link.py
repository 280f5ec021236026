"""A session and a simulated monitor on a line in memory, with a clock of its own."""

from dataclasses import dataclass

from collector.driver import Simulated
from drivers.edwards import SPEC
from drivers.edwards.options import Options
from drivers.edwards.simulator import Simulator
from tests.drivers.link import EPOCH_US, Line


@dataclass(kw_only=True)
class Link(Line):
    other: bool = False

    def __post_init__(self) -> None:
        self.host = SPEC.dialogue(Options.model_validate(self.options), datagrams=False)
        simulated = Simulated(patient=self.patient, seed=3, epoch_us=EPOCH_US)
        self.device = Simulator(simulated, other=self.other)
