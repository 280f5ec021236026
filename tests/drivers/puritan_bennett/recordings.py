"""Byte streams of a Puritan Bennett 840 for the shared contract suite."""

from drivers.patient import Patient
from drivers.puritan_bennett.simulator import Faults, WaveformPort
from tests.drivers.puritan_bennett.link import Link
from tests.shared import Recording, capture


def recordings() -> list[Recording]:
    alarmed = Link(faults=Faults(alarm=((124, "HIGH"), (117, "MEDIUM"))))
    port = WaveformPort(Patient("stable", 3))
    return [
        Recording(name="capture", chunks=(capture("pb840", "misca_sample.bin").read_bytes(),)),
        Recording(name="miscf", chunks=tuple(alarmed.run(10.0).up)),
        Recording(name="misca", chunks=tuple(Link(faults=Faults(only_misca=True)).run(15.0).up)),
        Recording(name="waveforms", chunks=tuple(port.lines(3.0 + n / 5, 10) for n in range(40))),
    ]
