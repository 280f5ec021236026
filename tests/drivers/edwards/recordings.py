"""Byte streams of IFMout for the shared contract suite."""

from tests.drivers.edwards.link import Link
from tests.shared import Recording


def recordings() -> list[Recording]:
    return [
        Recording(name="checked", chunks=tuple(data for _, data in Link().run(60.0).up)),
        Recording(name="unchecked", chunks=tuple(data for _, data in Link(other=True).run(30.0).up)),
    ]
