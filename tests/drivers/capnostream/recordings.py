"""Byte streams of the Capnostream protocol for the shared contract suite."""

from drivers.capnostream.frames import encode
from tests.drivers.capnostream.link import Link, device
from tests.shared import Recording, capture


def recordings() -> list[Recording]:
    text = capture("small-devices", "capnostream_id.txt").read_bytes().rstrip(b"\n")
    rare = [
        encode(4, text),
        encode(9, b"C\x03"),
        encode(12, "\ufeff病人 7".encode("utf-16-be")),
        *(encode(0, bytes((n, 0x85, 0x80, status))) for n, status in enumerate((0, 0, 8, 0x41, 4, 0, 0x20, 0))),
        encode(10, b"\x01\x85\x07"),
        encode(57, b"NEW"),
        encode(99, b"\x80\x85"),
    ]
    return [
        Recording(name="simulated", chunks=tuple(Link(device()).run(8.0).up)),
        Recording(name="kpa", chunks=tuple(Link(device(unit=2)).run(5.0).up)),
        Recording(name="rare", chunks=tuple(rare)),
    ]
