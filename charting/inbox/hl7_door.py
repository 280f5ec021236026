"""HL7 v2 messages at the door: kept, then acknowledged, as they ask for it (fact sheet hl7-adt-billing §6)."""

from collections.abc import Callable

from charting.inbox.hl7_events import Hl7Reading, key_of
from charting.inbox.inbox import Inbox, Source, by_content
from collector.hl7 import acks, times
from collector.hl7.message import Message, MessageError, compose, parse

_DUPLICATE = ("205", "Duplicate key identifier")


def hl7_source(reading: Hl7Reading) -> Source:
    """What is sent again has the same MSH-3 and MSH-10 and says the same, but for the time of sending."""

    def key(body: bytes) -> str:
        try:
            return key_of(parse(body, reading.codec)) or by_content(body)
        except MessageError:
            return by_content(body)

    def same(one: bytes, other: bytes) -> bool:
        return _said(one, reading.codec) == _said(other, reading.codec)

    return Source(read=reading, key=key, same=same)


def _said(body: bytes, codec: str) -> object:
    try:
        message = parse(body, codec)
    except MessageError:
        return body
    header = [field for n, field in enumerate(message.header.fields) if n != 7]
    return header, [segment.fields for segment in message.segments[1:]]


class Hl7Door:
    """Of one connection's name. Calls block; any thread may call."""

    def __init__(self, inbox: Inbox, source: str, codec: str, now_us: Callable[[], int]) -> None:
        self._inbox = inbox
        self._source = source
        self._codec = codec
        self._now_us = now_us

    def take(self, raw: bytes) -> bytes | None:
        """The answer, once it is kept; None: it wants none. Raises MessageError where there is no MSH, StoreError where
        it could not be kept.
        """
        message = parse(raw, self._codec)
        taken = self._inbox.take(self._source, raw)
        if taken.keeping == "other":
            return self._answer(message, taken.seq, acks.COMMIT_ERROR)
        return self._answer(message, taken.seq, acks.ACCEPTED)

    def _answer(self, message: Message, seq: int, code: str) -> bytes | None:
        wanted = acks.wanted(message, code)
        if not wanted:
            return None
        wrong = code != acks.ACCEPTED
        return acks.acknowledgement(
            message,
            wanted,
            control_id=f"A{seq}-{self._now_us() // 1000 % 10**9}",
            time=times.write(self._now_us(), 0),
            error=compose(*_DUPLICATE, "HL70357") if wrong else "",
            location="MSH^1^10" if wrong else "",
            advice="MSH-10 was used by another message" if wrong else "",
        )
