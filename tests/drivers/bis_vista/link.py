"""A session and a simulated BIS monitor joined in memory, with a made-up clock."""

from collector.driver import Simulated
from drivers.bis_vista import SPEC
from drivers.bis_vista.session import BisSession
from drivers.bis_vista.simulator import BisSimulator
from drivers.patient import Patient
from tests.drivers.link import Joined


def monitor(scenario: str = "stable", **more: object) -> BisSimulator:
    return BisSimulator(Simulated(patient=Patient(scenario, 1)), **more)  # type: ignore[arg-type]


class Link(Joined[BisSession, BisSimulator]):
    def __init__(self, device: BisSimulator, **options: object) -> None:
        super().__init__(BisSession(SPEC.options(**options)), device)
