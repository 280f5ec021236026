"""Messages of Biolight monitors: HL7 2.3.1 in MLLP (fact sheet mindray-and-chinese-hl7 §8)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.hl7 import message, mllp
from collector.model import Frame, Rejected

LIMIT_BYTES = 256 << 10
"""A message of values has some kilobytes; a second of waves is assumed to be below this too."""

HEARTBEAT, QUERY, ANSWER = "HR01", "QY01", "QY11"
VALUES, PATIENT, PHYSIOLOGICAL, TECHNICAL, WAVES = "RP01", "PA01", "AP01", "AT01", "WV01"
KINDS: Mapping[str, str] = {
    HEARTBEAT: "heartbeat",
    QUERY: "query",
    ANSWER: "answer",
    VALUES: "values",
    PATIENT: "patient",
    PHYSIOLOGICAL: "physiological_alarms",
    TECHNICAL: "technical_alarms",
    WAVES: "waves",
}
"""MSH-10 is what a message is. Of waves nothing is known but the kind."""
OTHER = "other"
_TIME = re.compile(rb"[0-9]{14}")
_BARE = b"20"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    message: message.Message
    offset: int
    length: int

    @property
    def kind(self) -> str:
        return self.message.control_id


class Framer:
    """encoding: the codec of the monitor's texts. The plain time that follows a query's frame is read too."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._mllp = mllp.Framer(limit_bytes=LIMIT_BYTES, bare=(_BARE,))

    def feed(self, data: bytes) -> Iterator[Heard | Frame | Rejected]:
        for item in self._mllp.feed(data):
            yield self._read(item)

    def finish(self) -> Sequence[Heard | Frame | Rejected]:
        return [self._read(item) for item in self._mllp.finish()]

    def _read(self, item: mllp.Block | Rejected) -> Heard | Frame | Rejected:
        if isinstance(item, Rejected):
            return item
        if item.message.startswith(_BARE):
            if _TIME.fullmatch(item.message):
                return Frame(offset=item.offset, length=item.length, kind="query_time")
            return Rejected(offset=item.offset, length=item.length, reason=mllp.NOISE)
        try:
            return Heard(message=message.parse(item.message, self._encoding), offset=item.offset, length=item.length)
        except message.MessageError:
            return Rejected(offset=item.offset, length=item.length, reason="message")
