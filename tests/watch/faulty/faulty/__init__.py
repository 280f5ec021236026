"""A driver with a fault: as the toy's, and a certain line makes it raise."""

from collections.abc import Sequence
from dataclasses import replace

from collector.model import Event
from tests.drivers.toy.gekko import SPEC as SOUND
from tests.drivers.toy.gekko.session import GekkoSession

BAD = b"RAISE"


class _Session(GekkoSession):
    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        if BAD in data:
            raise RuntimeError("a line that nobody foresaw")
        return super().receive(data, now)


SPEC = replace(SOUND, name="faulty", session=lambda _, __, standing: _Session(standing))
