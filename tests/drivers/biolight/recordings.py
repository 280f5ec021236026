"""Byte streams for the shared contract suite."""

from drivers.biolight.simulator import Simulator
from drivers.patient import Patient
from tests.drivers.biolight.link import Link, framed
from tests.shared import Recording, capture

MADE = (
    framed("PA01", "PID|||ZY0000123||三^张|||M|", "PV1|||^OR^A&3|||||||||||||||A|", "OBX||CE|7||1^A||||||F"),
    framed("AP01", "OBX||NM|1^0||3||||||F", "OBX||NM|9^9||4||||||F"),
    framed("AT01", "OBX||NM|1^72||1||||||F"),
    framed("RP01", "OBX||NM|60|1^TB|3701||||||F|||201011161549|"),
    framed("AP01"),
    framed("WV01", "OBX||NA|1||1^2^3||||||F"),
)


def recordings() -> list[Recording]:
    folder = capture("hl7", "biolight")
    samples = tuple(path.read_bytes() for path in sorted(folder.iterdir()))
    simulated = Link(Simulator(patient=Patient("bleeding", 1))).run(8.0)
    return [
        Recording(name="samples", chunks=(*samples, *MADE)),
        Recording(name="simulated", chunks=tuple(simulated.up)),
    ]
