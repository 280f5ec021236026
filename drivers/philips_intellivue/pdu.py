"""Data PDUs: remote operations, poll results and attribute lists (fact sheet philips-intellivue §2, §4, §7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import NamedTuple

from drivers.philips_intellivue.values import PAIR

DATA = b"\xe1\x00"
CONNECT_INDICATION = b"\x00\x00\x01\x00"
"""How these messages begin (§2, §3)."""

MDS, MDS_COMPOSITE, NUMERIC, WAVE, ENUMERATION, PATIENT, ALARM_MONITOR = 0x21, 0x23, 0x06, 0x09, 0x05, 0x2A, 0x36
"""Object classes (§5)."""

ALL_GROUPS, GROUP_ALARMS, GROUP_OBSERVED, GROUP_PATIENT = 0x0000, 0x0801, 0x0803, 0x0807
GROUP_APPLICATION, GROUP_DYNAMIC, GROUP_STATIC = 0x080A, 0x0810, 0x0811
"""Attribute groups (§5)."""

SINGLE_POLL, EXTENDED_POLL = 0x0C16, 0xF13B
MDS_CREATE, CONNECT = 0x0D06, 0x0D17
"""Actions and events (§2, §4)."""

POLL_PERIOD = 0xF13E
WAVE_LIST, NUMERIC_LIST = 0xF23A, 0xF239
REPLACE = 0

TICKS_PER_SECOND = 8000
US_PER_TICK = 125
"""RelativeTime counts 1/8 ms (§9)."""

Numeric = tuple[int, int, int, int]
"""physio id, state, unit code, FLOAT"""
Array = tuple[int, int, bytes]
"""physio id, state, samples as sent"""
Choice = tuple[int, int, int, bytes]
"""physio id, state, choice, content"""


class RemoteOperation(IntEnum):
    INVOKE = 1
    RESULT = 2
    ERROR = 3
    LINKED_RESULT = 5


class Command(IntEnum):
    EVENT_REPORT = 0
    CONFIRMED_EVENT_REPORT = 1
    GET = 3
    SET = 4
    CONFIRMED_SET = 5
    CONFIRMED_ACTION = 7


class MalformedError(ValueError):
    """The lengths of a message do not add up. Holds no content of the message."""


COMPOUND = -1
"""Kind of a compound: the order inside it is arbitrary (§13.6), so that no physio id stands for it."""


class Entry(NamedTuple):
    """One object of a poll result: its attributes, and its observed values unpacked.

    `kind`: the physio id of its value, COMPOUND, or None without values.
    """

    context: int
    handle: int
    attributes: Mapping[int, bytes]
    kind: int | None = None
    numerics: Sequence[Numeric] = ()
    arrays: Sequence[Array] = ()
    choices: Sequence[Choice] = ()


class Remote(NamedTuple):
    """A remote operation. `command` is the error value of an ERROR; `linked`: 1 first, 2 middle, 3 last, 0 alone."""

    operation: RemoteOperation
    invoke_id: int
    command: int
    body: bytes
    linked: int = 0


class Poll(NamedTuple):
    """The result of a poll. `sequence` is None for a single poll; `ticks` the relative time of the result."""

    poll_number: int
    sequence: int | None
    ticks: int
    object_class: int
    group: int
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReport:
    """An event with its attribute list: MDS create, or connect indication."""

    ticks: int
    event: int
    attributes: Mapping[int, bytes]


_OPERATIONS = {operation.value: operation for operation in RemoteOperation}
_REMOTE = Struct(">HHHH")
_LINK = Struct(">BB")
_OPERATION = Struct(">HHH")
_ACTION = Struct(">HHHHH")
_SINGLE = Struct(">HI8sHHH")
_EXTENDED = Struct(">HHI8sHHH")
_CONTEXT = Struct(">HHH")
_OBJECT = Struct(">HHH")
_EVENT = Struct(">6sIHH")
_OBSERVED_NUMERIC = Struct(">HHHI")
_OBSERVED_HEAD = Struct(">HHH")
_CHOICE = Struct(">HHHH")
_MANAGED_OBJECT_BYTES = 6


def remote(data: bytes) -> Remote:
    """Read a data PDU. Raises MalformedError or struct.error. What follows its declared length is ignored (§10)."""
    head, _, kind, size = _REMOTE.unpack_from(data)
    if head != 0xE100 or _REMOTE.size + size > len(data):
        raise MalformedError("session header")
    operation = _OPERATIONS.get(kind)
    if operation is None:
        raise MalformedError("remote operation")
    at, linked = _REMOTE.size, 0
    if operation is RemoteOperation.LINKED_RESULT:
        linked, _ = _LINK.unpack_from(data, at)
        at += _LINK.size
    invoke_id, command, length = _OPERATION.unpack_from(data, at)
    at += _OPERATION.size
    if at + length > len(data):
        raise MalformedError("operation")
    return Remote(operation, invoke_id, command, data[at : at + length], linked)


def poll(body: bytes) -> Poll:
    """Read the result of a poll action. Raises MalformedError or struct.error."""
    *_, action, size = _ACTION.unpack_from(body)
    at = _ACTION.size
    if at + size > len(body):
        raise MalformedError("action")
    sequence = None
    if action == EXTENDED_POLL:
        number, sequence, ticks, _, _, object_class, group = _EXTENDED.unpack_from(body, at)
        at += _EXTENDED.size
    elif action == SINGLE_POLL:
        number, ticks, _, _, object_class, group = _SINGLE.unpack_from(body, at)
        at += _SINGLE.size
    else:
        raise MalformedError("action type")
    return Poll(number, sequence, ticks, object_class, group, _entries(body, at))


def event_report(body: bytes) -> EventReport:
    """Read an event report. Raises MalformedError or struct.error.

    MDS create repeats its object before the list (§4.2), connect indication does not (§2).
    """
    _, ticks, event, _ = _EVENT.unpack_from(body)
    at = _EVENT.size + (_MANAGED_OBJECT_BYTES if event == MDS_CREATE else 0)
    return EventReport(ticks=ticks, event=event, attributes=attribute_list(body, at)[0])


def connect_indication(data: bytes) -> EventReport:
    """Read a connect indication (§2). Raises MalformedError or struct.error."""
    return event_report(remote(DATA + data[2:]).body)


def attribute_list(data: bytes, at: int) -> tuple[dict[int, bytes], int]:
    """The attributes of a list at `at`, and where the next field stands. Raises MalformedError or struct.error."""
    pair = PAIR.unpack_from
    count, size = pair(data, at)
    at += 4
    end = at + size
    attributes: dict[int, bytes] = {}
    for _ in range(count):
        identifier, length = pair(data, at)
        value_at = at + 4
        at = value_at + length
        attributes[identifier] = data[value_at:at]
    if at != end or end > len(data):
        raise MalformedError("attribute list")
    return attributes, end


def words(data: bytes, word: Struct) -> list[int]:
    """A list u16 count, u16 length, then words. Raises MalformedError or struct.error."""
    count, size = PAIR.unpack_from(data)
    if size != count * word.size or PAIR.size + size > len(data):
        raise MalformedError("list")
    return [value for (value,) in word.iter_unpack(data[PAIR.size : PAIR.size + size])]


def _entries(data: bytes, at: int) -> list[Entry]:
    contexts, size = PAIR.unpack_from(data, at)
    at += PAIR.size
    if at + size > len(data):
        raise MalformedError("poll info list")
    entries: list[Entry] = []
    pair = PAIR.unpack_from
    for _ in range(contexts):
        context, objects, size = _CONTEXT.unpack_from(data, at)
        at += _CONTEXT.size
        end = at + size
        for _ in range(objects):
            handle, count, size = _OBJECT.unpack_from(data, at)
            at += 6
            stop = at + size
            attributes: dict[int, bytes] = {}
            for _ in range(count):  # attribute_list once more: most of the decoding time is here
                identifier, length = pair(data, at)
                value_at = at + 4
                at = value_at + length
                attributes[identifier] = data[value_at:at]
            if at != stop:
                raise MalformedError("attribute list")
            entries.append(_entry(context, handle, attributes))
        if at != end or end > len(data):
            raise MalformedError("context")
    return entries


def _entry(context: int, handle: int, attributes: dict[int, bytes]) -> Entry:
    if (value := attributes.get(0x0950)) is not None:
        numeric = _OBSERVED_NUMERIC.unpack(value)
        return Entry(context, handle, attributes, numeric[0], (numeric,))
    if (value := attributes.get(0x094B)) is not None:
        return Entry(context, handle, attributes, COMPOUND, _compound(value))
    if (value := attributes.get(0x096E)) is not None:
        arrays = _arrays(value, 0, 1)
        return Entry(context, handle, attributes, arrays[0][0], (), arrays)
    if (value := attributes.get(0x0967)) is not None:
        count, size = PAIR.unpack_from(value)
        if PAIR.size + size != len(value):
            raise MalformedError("compound array")
        return Entry(context, handle, attributes, COMPOUND, (), _arrays(value, PAIR.size, count))
    if (value := attributes.get(0x099E)) is not None:
        physio, state, choice, size = _CHOICE.unpack_from(value)
        if _CHOICE.size + size != len(value):
            raise MalformedError("enumeration")
        return Entry(context, handle, attributes, physio, choices=((physio, state, choice, value[_CHOICE.size :]),))
    return Entry(context, handle, attributes)


def _compound(value: bytes) -> list[Numeric]:
    count, size = PAIR.unpack_from(value)
    if size != count * _OBSERVED_NUMERIC.size or PAIR.size + size != len(value):
        raise MalformedError("compound value")
    return list(_OBSERVED_NUMERIC.iter_unpack(value[PAIR.size :]))


def _arrays(value: bytes, at: int, count: int) -> list[Array]:
    arrays: list[Array] = []
    for _ in range(count):
        physio, state, size = _OBSERVED_HEAD.unpack_from(value, at)
        at += _OBSERVED_HEAD.size
        arrays.append((physio, state, value[at : at + size]))
        at += size
    if at != len(value):
        raise MalformedError("sample array")
    return arrays
