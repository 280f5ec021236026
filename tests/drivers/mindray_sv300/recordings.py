"""Byte streams for the shared contract suite."""

from drivers.mindray_sv300 import SPEC
from drivers.mindray_sv300.session import Sv300Session
from drivers.mindray_sv300.simulator import Simulator
from drivers.patient import Patient
from tests.drivers.mindray_sv300.vectors import EMPTY, MEASURED, OTHER_COMMAND, SETTINGS, STRANGE, TWICE
from tests.shared import Recording


def recordings() -> list[Recording]:
    session, machine = Sv300Session(SPEC.options()), Simulator(patient=Patient("induction", 1))
    chunks = []
    for tenths in range(100):
        session.expire(tenths / 10)
        machine.receive(session.outgoing(), tenths / 10)
        chunks.append(machine.outgoing())
        session.receive(chunks[-1], tenths / 10)
    made = (MEASURED, SETTINGS, STRANGE, b"\0\x01%", EMPTY, TWICE, OTHER_COMMAND, MEASURED)
    return [
        Recording(name="made", chunks=made),
        Recording(name="simulated", chunks=tuple(filter(None, chunks))),
    ]
