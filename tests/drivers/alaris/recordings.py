"""Byte streams of pumps for the shared contract suite."""

from collector.driver import Simulated
from drivers.alaris import SPEC
from drivers.alaris.session import AlarisSession
from drivers.alaris.simulator import AlarisSimulator
from drivers.patient import Patient
from tests.drivers.alaris.pump import HELD, vectors
from tests.shared import Recording


def recordings() -> list[Recording]:
    real = ("".join(vectors()) + HELD).encode("latin-1")
    return [Recording(name="vectors", chunks=(real,)), Recording(name="simulated", chunks=(simulated(20),))]


def simulated(seconds: int) -> bytes:
    device = AlarisSimulator(Simulated(patient=Patient("stable", 2)))
    session = AlarisSession(SPEC.options())
    up = b""
    for step in range(seconds * 10):
        now = step / 10
        session.expire(now)
        device.receive(session.outgoing(), now)
        answer = device.outgoing()
        session.receive(answer, now)
        up += answer
    return up
