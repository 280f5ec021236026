"""A session and a simulated oximeter joined in memory, with a made-up clock."""

from collector.driver import Simulated
from drivers.nonin import SPEC
from drivers.nonin.session import NoninSession
from drivers.nonin.simulator import NoninSimulator
from drivers.patient import Patient
from tests.drivers.link import Joined


def oximeter(scenario: str = "stable", **more: object) -> NoninSimulator:
    return NoninSimulator(Simulated(patient=Patient(scenario, 1)), **more)  # type: ignore[arg-type]


class Link(Joined[NoninSession, NoninSimulator]):
    def __init__(self, device: NoninSimulator, **options: object) -> None:
        super().__init__(NoninSession(SPEC.options(**options)), device)
