"""Byte streams of Orchestra and Agilia for the shared contract suite."""

from drivers.fresenius.simulator import Faults
from tests.drivers.fresenius.link import Link
from tests.shared import Recording


def recordings() -> list[Recording]:
    base = Faults(corrupt_every=11, removed={"2": 8.0}, returned={"2": 14.0}, alarms={"3": 0x12})
    return [
        Recording(name="base", chunks=tuple(up for _, up in Link(faults=base).run(30.0).up)),
        Recording(name="alone", chunks=tuple(up for _, up in Link(faults=Faults(alone=True)).run(20.0).up)),
    ]
