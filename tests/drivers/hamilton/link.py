"""A session and a simulated ventilator on a line in memory, with a clock of its own."""

from dataclasses import dataclass, field

from collector.driver import Simulated
from collector.model import AlarmCondition
from drivers.hamilton import SPEC
from drivers.hamilton.options import Options
from drivers.hamilton.simulator import Simulator
from tests.drivers.link import EPOCH_US, Line


@dataclass(kw_only=True)
class Link(Line):
    lacks: frozenset[int] = frozenset()
    off_s: tuple[float, float] = (1e9, 1e9)
    standing: tuple[AlarmCondition, ...] = ()
    device: Simulator = field(init=False)

    def __post_init__(self) -> None:
        self.host = SPEC.dialogue(Options.model_validate(self.options), datagrams=False, standing=self.standing)
        simulated = Simulated(patient=self.patient, seed=3, epoch_us=EPOCH_US)
        self.device = Simulator(simulated, lacks=self.lacks, off_s=self.off_s)
