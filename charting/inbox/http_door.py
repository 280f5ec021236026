"""Messages over HTTP at the door: kept, then answered as the sender's own programs expect it. Calls block."""

from dataclasses import dataclass, replace
from hashlib import sha256
from hmac import compare_digest

from charting.inbox.document import Unreadable, decode, keepable
from charting.inbox.events import HospitalEvent
from charting.inbox.http_events import HttpReading
from charting.inbox.inbox import Inbox, Source, by_content
from charting.inbox.sources import HttpSection
from charting.inbox.template import filled
from charting.inbox.xml import SOAP_11, SOAP_12, parse, soap

_TAKEN = "消息号已用于另一条消息 (another message has this id)"
_CONTENT_TYPES = {SOAP_11: "text/xml; charset=utf-8", SOAP_12: "application/soap+xml; charset=utf-8"}


def source(reading: HttpReading) -> Source:
    """What is sent again has the same id and tells the same, but for when it was written down. What cannot be read uses
    up no id: it comes mended with the same one.
    """

    def told(body: bytes) -> list[HospitalEvent] | None:
        try:
            return [replace(event, recorded_us=0) for event in reading(body).events]
        except Unreadable:
            return None

    def same(one: bytes, other: bytes) -> bool:
        events = told(one)
        return events is not None and events == told(other)

    def key(body: bytes) -> str:
        return by_content(body) if told(body) is None else reading.id_of(body) or by_content(body)

    return Source(read=reading, key=key, same=same)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    content_type: str
    body: bytes


class HttpDoor:
    """Of one source of the configuration. Any thread may call."""

    def __init__(self, inbox: Inbox, section: HttpSection, reading: HttpReading) -> None:
        self._inbox = inbox
        self._section = section
        self._reading = reading

    def knows(self, token: str) -> bool:
        return compare_digest(sha256(token.encode()).hexdigest(), self._section.token_sha256)

    def take(self, body: bytes, charset: str) -> HttpAnswer:
        """`charset`: that was told beside the message, "": none. Raises StoreError where it cannot be kept now.

        A message that cannot be read is kept all the same; the sender is told why, and sends it mended.
        """
        raw = keepable(body, charset)
        taken = self._inbox.take(self._section.name, raw)
        try:
            self._reading(raw)
        except Unreadable as error:
            return self._answer(raw, str(error))
        return self._answer(raw, _TAKEN if taken.keeping == "other" else "")

    def _answer(self, raw: bytes, reason: str) -> HttpAnswer:
        template = self._reading.template
        assert template.answer is not None
        namespace = self._envelope(raw) if template.format == "soap" else SOAP_11
        text = filled(
            template.answer.bad if reason else template.answer.good,
            template.format, id=self._reading.id_of(raw), reason=reason, soap=namespace,
        )  # fmt: skip
        kind = _CONTENT_TYPES[namespace] if template.format == "soap" else "application/json"
        return HttpAnswer(content_type=kind, body=text.encode())

    def _envelope(self, raw: bytes) -> str:
        """As the sender's; what cannot be read is answered in SOAP 1.1."""
        try:
            return soap(parse(decode(raw, self._reading.template.charset)))
        except Unreadable:
            return SOAP_11
