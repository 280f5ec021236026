"""Byte streams of the printed output for the shared contract suite."""

from collector.driver import Simulated
from drivers.nellcor.simulator import NellcorSimulator
from drivers.patient import Patient
from tests.drivers.nellcor.printed import COMES, FALLS, GOES, HEADING, LAST, sent
from tests.shared import Recording


def recordings() -> list[Recording]:
    real = sent(FALLS, HEADING, GOES, COMES, HEADING, LAST)
    return [Recording(name="n560", chunks=(real,)), Recording(name="simulated", chunks=(simulated(60),))]


def simulated(seconds: int) -> bytes:
    device = NellcorSimulator(Simulated(patient=Patient("stable", 2), epoch_us=1_700_000_000_000_000))
    out = b""
    for now in range(seconds):
        device.expire(float(now))
        out += device.outgoing()
    return out
