"""A hospital's own messages → what happened, by a template. Pure.

What a template's words do not have: a kind is refused; of the patient it is left out; a role is told as it was.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from charting.inbox.document import JsonPart, Part, Unreadable, decode
from charting.inbox.events import Booking, Code, HospitalEvent, Kind, Person, Place
from charting.inbox.places import Places
from charting.inbox.reading import Read
from charting.inbox.template import BookingSection, CodesSection, StaffSection, Template
from charting.inbox.times import iso_date, time_us
from charting.inbox.xml import XmlPart

_MOST = 1_000
"""Events of one message: a day's list of a large hospital has a tenth."""
_NUMBER = re.compile(r"[1-9]\d{0,3}(\.\d{1,6})?", re.ASCII)
_BOOKINGS = {"book", "rebook", "revise", "cancel_booking", "no_show", "request", "cancel_request"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReading:
    """How a source's messages are read. `zone`: of times that tell none."""

    template: Template
    zone: str
    places: Places

    def __call__(self, body: bytes) -> Read:
        """What the message tells, in its order. Raises Unreadable: then nothing of it is to be believed."""
        parts = self._parts(body)
        kinds = [_kind(part, self.template) for part in parts]
        events = [_event(part, kind, self) for part, (_, kind) in zip(parts, kinds, strict=True) if kind]
        return Read(kind=kinds[0][0], events=events, ignored="" if events else "not_known")

    def id_of(self, body: bytes) -> str:
        """The sender's own of the message; "" where it has none, or cannot be read."""
        path = self.template.message.id
        try:
            return _text(self._parts(body)[0], path)
        except Unreadable:
            return ""

    def _parts(self, body: bytes) -> Sequence[Part]:
        template = self.template
        text = decode(body, template.charset)
        message: Part
        if template.format == "json":
            message = JsonPart.of(text)
        else:
            message = XmlPart.of(text, template.namespaces, template.message.inner)
        parts = message.each(template.message.each)
        if not parts:
            raise Unreadable(template.message.each, "not told")
        if len(parts) > _MOST:
            raise Unreadable(template.message.each, f"more than {_MOST}")
        return parts


def _kind(part: Part, template: Template) -> tuple[str, Kind | Literal[""]]:
    """As its sender names it, and ours: "" is nothing to us."""
    paths = template.message.kind
    said = " ".join(text for path in paths if (text := part.text(path)))
    kind = template.words.kind.get(said)
    if kind is None:
        raise Unreadable(", ".join(paths), "is none of words.kind" if said else "not told")
    return said, kind


def _event(part: Part, kind: Kind, reading: HttpReading) -> HospitalEvent:
    template = reading.template
    at, words = template.message, template.words
    occurred_us, recorded_us = (_time(part, path, reading.zone) for path in (at.occurred, at.recorded))
    when_us = recorded_us if occurred_us is None else occurred_us
    if when_us is None:
        raise Unreadable(at.occurred, "not told")
    booking = _booking(part, template.booking, reading) if template.booking and kind in _BOOKINGS else None
    event = HospitalEvent(
        kind=kind,
        key=_text(part, at.id),
        occurred_us=when_us,
        recorded_us=when_us if recorded_us is None else recorded_us,
        number=_text(part, at.number),
        old_number=_text(part, at.old_number) if kind == "merge" else "",
        visit=_text(part, at.visit),
        patient=dict(_patient(part, template)),
        place=_place(part, at.place, reading),
        prior=_place(part, at.prior, reading),
        booking=booking,
        is_test=_text(part, at.test) in words.test,
    )
    _whole(event, template)
    return event


def _whole(event: HospitalEvent, template: Template) -> None:
    """Raises Unreadable where it is not told whom or what the event is about."""
    at = template.message
    if event.kind in _BOOKINGS:
        if event.booking is None:
            raise Unreadable("[booking]", "the template has none")
    elif not event.number:
        raise Unreadable(at.number, "not told")
    if event.kind == "merge" and not event.old_number:
        raise Unreadable(at.old_number or "message.old_number", "not told")


def _patient(part: Part, template: Template) -> Iterator[tuple[str, str]]:
    words = template.words
    for attribute, path in template.patient.items():
        text = part.text(path)
        if not text:
            continue
        if text == words.erase:
            yield attribute, ""
            continue
        value = _of_patient(attribute, text, words.coded(attribute))
        if value:
            yield attribute, value


def _of_patient(attribute: str, text: str, words: Mapping[str, str] | None) -> str:
    """What is kept of it; nothing where it is not known here what that means."""
    if words is not None:
        return words.get(text, "")
    if attribute == "birth_date":
        return iso_date(text) or ""
    if attribute in {"height_cm", "weight_kg"}:
        return text if _NUMBER.fullmatch(text) else ""
    return text


def _booking(part: Part, at: BookingSection, reading: HttpReading) -> Booking:
    id_ = _text(part, at.id)
    if not id_:
        raise Unreadable(at.id, "not told")
    minutes = _text(part, at.minutes)
    return Booking(
        id=id_,
        place=_place(part, at.place, reading),
        start_us=_time(part, at.start, reading.zone),
        minutes=int(float(minutes)) if _NUMBER.fullmatch(minutes) else None,
        procedures=tuple(_codes(part, at.procedure)),
        diagnoses=tuple(_codes(part, at.diagnosis)),
        staff=tuple(_staff(part, at.staff, reading.template.words.role)),
        urgent=reading.template.words.urgent.get(_text(part, at.urgent)),
        note=_text(part, at.note),
    )


def _codes(part: Part, sections: Sequence[CodesSection]) -> Iterator[Code]:
    for at in sections:
        for element in part.each(at.each):
            code = Code(code=_text(element, at.code), text=_text(element, at.text), system=_text(element, at.system))
            if code.code or code.text:
                yield code


def _staff(part: Part, sections: Sequence[StaffSection], roles: Mapping[str, str]) -> Iterator[Person]:
    for at in sections:
        for element in part.each(at.each):
            told = at.called or _text(element, at.role)
            name, id_ = _text(element, at.name), _text(element, at.id)
            if name or id_:
                yield Person(name=name, role=roles.get(told, ""), told_role=told, id=id_)


def _place(part: Part, paths: Sequence[str] | None, reading: HttpReading) -> Place | None:
    told = "^".join(_text(part, path) for path in paths or ()).rstrip("^")
    return reading.places.of(told) if told else None


def _time(part: Part, path: str | None, zone: str) -> int | None:
    """Raises Unreadable for a time that is none: one that is guessed would be wrong."""
    text = _text(part, path)
    if not text:
        return None
    at_us = time_us(text, zone)
    if at_us is None:
        raise Unreadable(str(path), "not a time with hour and minute")
    return at_us


def _text(part: Part, path: str | None) -> str:
    return (part.text(path) or "") if path is not None else ""
