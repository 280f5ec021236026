"""Byte streams of Ohmeda Com for the shared contract suite."""

from tests.drivers.ge_ohmeda.link import Link
from tests.shared import Recording

SHEET = (
    b":VTY\r:VTD04800576012040018015009-02@\r:VTQ0480012002010050400003010003008002010002"
    b"1v000000000000\r"
    b":VTD----576-------018015009 01\x00\r:VTN\r:VTMabc\r"
)


def recordings() -> list[Recording]:
    return [
        Recording(name="sheet", chunks=(SHEET,)),
        Recording(name="machine", chunks=tuple(data for _, data in Link().run(60.0).up)),
    ]
