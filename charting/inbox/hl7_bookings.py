"""HL7 v2: the operation list (SIU) and orders of operations (ORM, OMG) (fact sheet hl7-adt-billing §2, §4). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from charting.inbox.events import Booking, Code, HospitalEvent, Kind, Person, Place
from charting.inbox.hl7_names import name_of
from charting.inbox.places import Places
from charting.inbox.times import time_us
from collector.hl7.message import Message, Segment

SIU: Mapping[str, Kind] = {
    "S12": "book", "S13": "rebook", "S14": "revise", "S15": "cancel_booking", "S16": "cancel_booking",
    "S17": "cancel_booking", "S26": "no_show",
}  # fmt: skip
_STATES: Mapping[str, Kind] = {
    "CANCELLED": "cancel_booking", "CANCELED": "cancel_booking", "DELETED": "cancel_booking", "NOSHOW": "no_show",
}  # fmt: skip
"""SCH-25 of a message whose trigger says otherwise."""
ORDERS: Mapping[str, Kind] = {
    "NW": "request", "XO": "request", "CA": "cancel_request", "DC": "cancel_request", "OC": "cancel_request",
}  # fmt: skip
"""ORC-1."""
_URGENT: Mapping[str, bool] = {
    "EMERGENCY": True, "URGENT": True, "STAT": True, "急诊": True, "ROUTINE": False, "ELECTIVE": False, "择期": False,
}  # fmt: skip
_MINUTES: Mapping[str, float] = {
    "": 1, "MIN": 1, "M": 1, "MINUTE": 1, "MINUTES": 1, "S": 1 / 60, "SEC": 1 / 60, "H": 60, "HR": 60,
}  # fmt: skip
_LONGEST_MIN = 7 * 24 * 60


class OrderReading(Protocol):
    """What reading orders needs."""

    @property
    def zone(self) -> str: ...

    @property
    def surgery(self) -> Sequence[str]: ...


def of_siu(
    message: Message, frame: HospitalEvent, zone: str, places: Places, roles: Mapping[str, str]
) -> Iterator[HospitalEvent]:
    """`frame`: what every event of the message has."""
    plan = message.first("SCH")
    id_ = plan.component(2) or plan.component(1)
    if not id_:
        return
    kind = _STATES.get(plan.component(25).upper(), SIU[message.trigger])
    services = [s for s in message.all("AIS") if s.component(2) != "D"]
    booking = Booking(
        id=id_,
        place=next((p for s in message.all("AIL") if s.component(2) != "D" and (p := _room(s, places))), None),
        start_us=_start(message, services, zone),
        minutes=_minutes(services, plan, zone),
        procedures=tuple(c for s in services if (c := _code(s, 3)) is not None),
        diagnoses=tuple(c for s in message.all("DG1") if (c := _code(s, 3)) is not None),
        staff=tuple(_staff(message.all("AIP"), roles)),
        urgent=next((_URGENT[w] for n in (7, 8) for w in map(str.upper, plan.components(n)) if w in _URGENT), None),
        note=_note(message),
    )
    yield replace(frame, kind=kind, booking=booking)


def of_orders(message: Message, frame: HospitalEvent, reading: OrderReading) -> Iterator[HospitalEvent]:
    """An event of each order of an operation; others are somebody else's."""
    order = None
    for segment in message:
        if segment.name == "ORC":
            order = segment
        elif segment.name == "OBR" and order is not None:
            kind, id_ = ORDERS.get(order.component(1).upper()), order.component(2) or order.component(3)
            if kind is not None and id_ and segment.component(24) in reading.surgery:
                procedure = _code(segment, 4)
                yield replace(
                    frame,
                    kind=kind,
                    booking=Booking(
                        id=id_,
                        start_us=_first_time([(segment, 36, 1), (order, 7, 4)], reading.zone),
                        procedures=(procedure,) if procedure is not None else (),
                        diagnoses=tuple(c for s in message.all("DG1") if (c := _code(s, 3)) is not None),
                    ),
                )


def _room(segment: Segment, places: Places) -> Place | None:
    told = "^".join(segment.components(3)).rstrip("^")
    return places.of(told) if told else None


def _start(message: Message, services: Sequence[Segment], zone: str) -> int | None:
    return _first_time(
        [*((s, 4, 1) for s in services), (message.first("TQ1"), 7, 1), (message.first("SCH"), 11, 4)], zone
    )


def _first_time(where: Sequence[tuple[Segment, int, int]], zone: str) -> int | None:
    return next((at for s, n, part in where if (at := time_us(s.component(n, part), zone)) is not None), None)


def _minutes(services: Sequence[Segment], plan: Segment, zone: str) -> int | None:
    for segment, n in (*((s, 7) for s in services), (plan, 9)):
        text, unit = segment.component(n), segment.component(n + 1).upper()
        if text.isdecimal() and unit in _MINUTES and 0 < (told := round(int(text) * _MINUTES[unit])) <= _LONGEST_MIN:
            return told
    start, end = (time_us(plan.component(11, n), zone) for n in (4, 5))
    if start is not None and end is not None and start < end:
        return min((end - start) // 60_000_000, _LONGEST_MIN)
    return None


def _code(segment: Segment, n: int) -> Code | None:
    code, text, system = (segment.component(n, part) for part in (1, 2, 3))
    return Code(code=code, text=text, system=system) if code or text else None


def _staff(rows: Sequence[Segment], roles: Mapping[str, str]) -> Iterator[Person]:
    """A row that is taken away (AIP-2 D) leaves its role to nobody."""
    for row in rows:
        words = [word for word in row.components(4)[:2] if word]
        told = words[0] if words else ""
        role = next((roles[word] for word in words if word in roles), "")
        gone = row.component(2) == "D"
        name, id_ = name_of(row.component(3, 2), row.component(3, 3)), row.component(3)
        if gone or name or id_:
            yield Person(name="" if gone else name, id="" if gone else id_, role=role, told_role=told)


def _note(message: Message) -> str:
    """Notes to the booking as a whole: those that stand before its resources."""
    found: list[str] = []
    for segment in message:
        if segment.name == "RGS":
            break
        if segment.name == "NTE" and segment.component(3):
            found.append(segment.component(3))
    return " ".join(found)
