"""A session and a simulated Capnostream joined in memory, with a made-up clock."""

from collector.driver import Simulated
from drivers.capnostream import SPEC
from drivers.capnostream.session import CapnostreamSession
from drivers.capnostream.simulator import CapnostreamSimulator
from drivers.patient import Patient
from tests.drivers.link import Joined

EPOCH_US = 1_700_000_000_000_000


def device(scenario: str = "stable", **more: object) -> CapnostreamSimulator:
    simulated = Simulated(patient=Patient(scenario, 1), epoch_us=EPOCH_US)
    return CapnostreamSimulator(simulated, **more)  # type: ignore[arg-type]


class Link(Joined[CapnostreamSession, CapnostreamSimulator]):
    def __init__(self, device: CapnostreamSimulator, **options: object) -> None:
        super().__init__(CapnostreamSession(SPEC.options(**options)), device)
