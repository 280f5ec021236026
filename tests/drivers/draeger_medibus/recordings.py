"""Byte streams of MEDIBUS for the shared contract suite."""

import json

from drivers.draeger_medibus.speaker import Faults
from drivers.draeger_medibus.workstation import EVITA_XL, MEDIBUS_X
from tests.drivers.draeger_medibus.link import Link
from tests.shared import Recording, capture

# fact sheet draeger-medibus §2, §6: identification, configuration, a response with a record and a NOP between its bytes
SHEET = bytes.fromhex(
    "1b 51 36 43 0d 01 51 35 32 0d 1b 52 36 44 0d"
    "01 52 38 38 38 38 27 44 72 61 65 67 65 72 20 44 65 76 69 63 65 27 30 33 2e 30 30 3a 30 33 2e 30 30 43 37 0d"
    "01 53 30 30 20 20 20 31 36 30 30 30 2d 20 20 31 30 20 20 31 30 30 33 37 30"
    "30 36 20 20 20 31 36 30 30 30 2d 20 20 32 30 20 20 31 30 30 34 36 30 33 42 0d 01 54 35 35 0d"
    "01 24 45 42 20 39 d3 91 81 8d 83 38 20 45 1b 30 34 42 0d 31 20 37 30 20 37 41 d1 94 81 0d d2 8e 83"
    "01 24 45 42 20 39 38 20 35 44 0d 01 28 31 31 3a 31 31 3a 31 39 31 31 2d 4e 4f 56 2d 39 33 45 36 0d"
)


def recordings() -> list[Recording]:
    vectors = json.loads(capture("medibus", "vectors.json").read_text())
    evita = Link(model=EVITA_XL, faults=Faults(shorthand=True, negative=True, reset_at_s=12.0), scenario="bleeding")
    machine = Link(model=MEDIBUS_X, faults=Faults(skip_every=7, long_text=True), options={"max_streams": 6})
    return [
        Recording(name="sheet", chunks=(SHEET,)),
        Recording(name="vectors", chunks=tuple(bytes.fromhex(vector["hex"]) for vector in vectors)),
        Recording(name="evita", chunks=tuple(data for _, data in evita.run(25.0).close().up)),
        Recording(name="machine", chunks=tuple(data for _, data in machine.run(15.0).close().up)),
    ]
