"""Byte streams of the BIS binary protocol for the shared contract suite."""

import struct

from drivers.bis_vista.frames import encode
from tests.drivers.bis_vista.link import Link, monitor
from tests.shared import Recording, capture


def recordings() -> list[Recording]:
    simulated = Link(monitor(marks=[(3.0, "Intubation")]), spectra=True, extra=True).run(6.0)
    rare = [
        encode(1101, b"DSC not connected".ljust(62, b"\0"), routing=255, sequence=1, number=1),
        encode(1100, b"CH1 5.1 PASS".ljust(49), routing=255, sequence=2, number=1),
        encode(1109, bytes(24), routing=255, sequence=3, number=1),
        encode(50, struct.pack("<HH64h", 4, 128, *[100, 200, -32768, 300] * 16), routing=255, sequence=4, number=1),
    ]
    return [
        Recording(name="real", chunks=(capture("small-devices", "bis_vista_frames.bin").read_bytes(),)),
        Recording(name="simulated", chunks=tuple(simulated.up)),
        Recording(name="rare", chunks=tuple(rare)),
    ]
