"""Messages of the PDS realtime interface in a stream or datagram (fact sheet mindray-and-chinese-hl7 §1.1, §1.2).

MLLP frames on TCP. The beacon is a datagram without a frame, and published waves stand alone: both are read so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.hl7 import message, mllp
from collector.model import Rejected

LIMIT_BYTES = 256 << 10
"""A second of 40 waves of 500 samples of 2 bytes is 46 KB; five times that is none of this protocol."""

ECHO, QUERY, WAVES, PERIODIC, APERIODIC = "106", "1203", "157", "204", "503"
PHYSIOLOGICAL, TECHNICAL, PATIENT = "54", "56", "103"
ASKED = frozenset({WAVES, PERIODIC, APERIODIC, PHYSIOLOGICAL, TECHNICAL})
"""What comes because it was asked for."""
KINDS: Mapping[str, str] = {
    "51": "setup",
    "53": "alarm_levels",
    PHYSIOLOGICAL: "physiological_alarms",
    TECHNICAL: "technical_alarms",
    "58": "setup",
    "60": "setup",
    "101": "beacon",
    PATIENT: "patient",
    ECHO: "echo",
    WAVES: "waves",
    PERIODIC: "periodic",
    APERIODIC: "aperiodic",
    QUERY: "query",
}
"""MSH-10 is what a message is, no control id (§1.1 rule 7); others are setup and administration."""
OTHER = "other"

HEADER = b"MSH|^~\\&|||||||ORU^R01|%b|P|2.3.1|\r"
WAVE = b"ZMW|"
_FRAME_BYTES = len(mllp.frame(b""))
_NEXT = re.compile(rb"(?<=\r)(?=MSH\|)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message; `data` are its bytes without frame, of which the first stands at `start` in the stream."""

    message: message.Message
    data: bytes
    offset: int
    length: int
    start: int

    @property
    def kind(self) -> str:
        return self.message.control_id


class Framer:
    """encoding: the codec of the monitor's texts."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._mllp = mllp.Framer(limit_bytes=LIMIT_BYTES, bare=(b"MSH|", WAVE))

    def feed(self, data: bytes) -> Iterator[Heard | Rejected]:
        for item in self._mllp.feed(data):
            yield from self._read(item)

    def finish(self) -> Sequence[Heard | Rejected]:
        return [heard for item in self._mllp.finish() for heard in self._read(item)]

    def _read(self, item: mllp.Block | Rejected) -> Iterator[Heard | Rejected]:
        if isinstance(item, Rejected):
            yield item
            return
        before = item.length - len(item.message)
        if before == _FRAME_BYTES:
            yield self._message(item.message, item.offset, item.length, item.offset + 1)
            return
        at = item.offset
        for part in _NEXT.split(item.message):
            yield self._message(part, at, before + len(part), at + before)
            at, before = at + before + len(part), 0

    def _message(self, data: bytes, offset: int, length: int, start: int) -> Heard | Rejected:
        lone = data.startswith(WAVE)
        try:
            found = message.parse((HEADER % WAVES.encode() if lone else b"") + data, self._encoding)
        except message.MessageError:
            return Rejected(offset=offset, length=length, reason="message")
        return Heard(message=found, data=data, offset=offset, length=length, start=start)
