"""Byte streams of Nonin's data format 7 for the shared contract suite."""

from tests.drivers.nonin.link import Link, oximeter
from tests.drivers.nonin.packets import packet
from tests.shared import Recording


def recordings() -> list[Recording]:
    rare = packet(status=0x48) + b"\x15" + packet(flags=0x21, reserved=3) + b"\x00" + packet(timer=(1, 2))
    return [
        Recording(name="simulated", chunks=tuple(Link(oximeter(), ask="9560").run(8.0).up)),
        Recording(name="rare", chunks=(rare,)),
    ]
