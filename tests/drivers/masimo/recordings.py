"""Byte streams of ASCII 1 for the shared contract suite."""

from collector.driver import Simulated
from drivers.masimo.simulator import MasimoSimulator
from drivers.patient import Patient
from tests.drivers.masimo.lines import RAD_8, RADICAL_7, RADICAL_7_BLUE, later, sent
from tests.shared import Recording


def recordings() -> list[Recording]:
    real = sent(*RAD_8, *(later(RADICAL_7, n) for n in range(3)), *(later(RADICAL_7_BLUE, n) for n in range(3)))
    return [Recording(name="real", chunks=(real,)), Recording(name="simulated", chunks=(simulated(20),))]


def simulated(seconds: int) -> bytes:
    device = MasimoSimulator(Simulated(patient=Patient("stable", 2), epoch_us=1_700_000_000_000_000))
    out = b""
    for now in range(seconds):
        device.expire(float(now))
        out += device.outgoing()
    return out
