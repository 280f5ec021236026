"""A message's observations as rows: what stands in each OBX, by the OBR that it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from collector.hl7 import times
from collector.hl7.message import Message, Segment

FIELDS = 21
"""The last field that is read is OBX-20."""
MOST_PATH = 64
"""Characters of an OBX-4: five numbers; it is part of a key."""

DEMO = frozenset({"DEMO", "TEST"})
_PAD = ("",) * FIELDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An OBX, its fields as sent. type: OBX-2; observation: 3; path: 4; value: 5; unit: 6; limits: 7; status: 11;

    time: 14; device: 18; site: 20. flags: the repetitions of OBX-8.
    """

    segment: Segment
    type: str
    observation: str
    path: str
    value: str
    unit: str
    limits: str
    flags: frozenset[str]
    status: str
    time: str
    device: str
    site: str

    @property
    def name(self) -> str:
        """The REFID of OBX-3."""
        return self.segment.component(3, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An OBR with its rows; `order` is an empty segment where rows come without one."""

    order: Segment
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a message was sent by the device's clock (µs UTC, None where it told none), and the zone of its times.

    A time without a zone is in that of the message's header, of its first OBR, or of its first row with a time; where
    none tells one its digits are taken as UTC.
    """

    sent_us: int | None
    zone_min: int

    def us(self, text: str) -> int | None:
        """µs UTC of a time of this message."""
        if not text:
            return None
        found = _time(text)
        return None if found is None else found.utc_us(self.zone_min)


_NO_ORDER = Segment(fields=("",), body=b"")
_NO_FLAGS: frozenset[str] = frozenset()


def groups(message: Message) -> Sequence[Group]:
    """The rows of a message by OBR, in order."""
    found: list[tuple[Segment, list[Row]]] = []
    for segment in message:
        if segment.name == "OBR":
            found.append((segment, []))
        elif segment.name == "OBX":
            if not found:
                found.append((_NO_ORDER, []))
            found[-1][1].append(_row(segment))
    return [Group(order=order, rows=rows) for order, rows in found]


def moment(message: Message) -> Moment:
    """When it was sent, and in which zone."""
    sent = _time(message.header.component(7))
    told = (message.header.component(7), message.first("OBR").component(7), _first_time(message))
    zones = (found.zone_min for text in told if text and (found := _time(text)) is not None)
    zone_min = next((zone for zone in zones if zone is not None), 0)
    return Moment(sent_us=None if sent is None else sent.utc_us(zone_min), zone_min=zone_min)


@lru_cache(maxsize=1_024)
def _time(text: str) -> times.Timestamp | None:
    """Most rows of a message tell the same time."""
    return times.parse(text)


def _first_time(message: Message) -> str:
    return next((time for row in message.all("OBX") if (time := row.component(14))), "")


def _row(segment: Segment) -> Row:
    fields = (*segment.fields, *_PAD)
    flags = fields[8]
    return Row(
        segment=segment,
        type=fields[2],
        observation=fields[3],
        path=fields[4][:MOST_PATH],
        value=fields[5],
        unit=fields[6],
        limits=fields[7],
        flags=frozenset(segment.repetitions(8)) if flags else _NO_FLAGS,
        status=fields[11],
        time=fields[14],
        device=fields[18],
        site=fields[20],
    )
