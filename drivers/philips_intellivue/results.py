"""How a monitor writes its answers: attribute lists, poll results cut to the MTU (fact sheet philips-intellivue §4)."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from struct import Struct
from typing import NamedTuple

from drivers.philips_intellivue.pdu import EXTENDED_POLL, MDS, SINGLE_POLL, Command, RemoteOperation

OBJECTS_PER_PART = 10
"""What captured monitors put into one part of a chain (§4.1)."""

_HEAD = Struct(">HHHH")
_OPERATION = Struct(">HHH")
_PAIR = Struct(">HH")
_CONTEXT = Struct(">HHH")
_MDS = Struct(">HHH").pack(MDS, 0, 0)
_FIRST, _MIDDLE, _LAST = 1, 2, 3
_NO_TIME = b"\xff" * 8
_PARTITION = 1


class Written(NamedTuple):
    """One object of a poll result, written: what follows its context."""

    context: int
    data: bytes


class Head(NamedTuple):
    """What a poll result says before its objects. `sequence` is None for a single poll."""

    invoke_id: int
    poll_number: int
    sequence: int | None
    ticks: int
    object_class: int
    group: int


def attribute_list(attributes: Iterable[tuple[int, bytes]]) -> bytes:
    written = [_PAIR.pack(identifier, len(value)) + value for identifier, value in attributes]
    data = b"".join(written)
    return _PAIR.pack(len(written), len(data)) + data


def written(context: int, handle: int, attributes: Iterable[tuple[int, bytes]]) -> Written:
    return Written(context, handle.to_bytes(2, "big") + attribute_list(attributes))


def operation(kind: RemoteOperation, invoke_id: int, command: int, body: bytes, link: bytes = b"") -> bytes:
    content = link + _OPERATION.pack(invoke_id, command, len(body)) + body
    return _HEAD.pack(0xE100, 0x0002, kind, len(content)) + content


def answer(invoke_id: int, command: Command, content: bytes) -> bytes:
    """A result about the MDS."""
    return operation(RemoteOperation.RESULT, invoke_id, command, _MDS + content)


def error(invoke_id: int, value: int) -> bytes:
    return operation(RemoteOperation.ERROR, invoke_id, value, b"")


def poll_result(head: Head, objects: Sequence[Written], mtu: int) -> list[bytes]:
    """One result, or a chain of linked results and the empty result that closes it (§4.1)."""
    parts = _parts(head, objects, mtu)
    if len(parts) == 1:
        return [_result(head, parts[0])]
    chain = []
    for number, part in enumerate(parts, 1):
        state = _FIRST if number == 1 else _LAST if number == len(parts) else _MIDDLE
        chain.append(_result(head, part, bytes((state, number & 0xFF))))
    return [*chain, _result(head, ())]


def _parts(head: Head, objects: Sequence[Written], mtu: int) -> list[list[Written]]:
    room = mtu - len(_result(head, (), b"\0\0"))
    parts: list[list[Written]] = [[]]
    used = 0
    for one in objects:
        size = len(one.data) + _CONTEXT.size
        if parts[-1] and (used + size > room or len(parts[-1]) == OBJECTS_PER_PART):
            parts.append([])
            used = 0
        parts[-1].append(one)
        used += size
    return parts


def _result(head: Head, objects: Sequence[Written], link: bytes = b"") -> bytes:
    contexts = []
    for context, group in groupby(objects, key=lambda one: one.context):
        data = [one.data for one in group]
        contexts.append(_CONTEXT.pack(context, len(data), sum(map(len, data))) + b"".join(data))
    content = b"".join(contexts)
    poll = Struct(">H").pack(head.poll_number)
    if head.sequence is not None:
        poll += Struct(">H").pack(head.sequence & 0xFFFF)
    poll += Struct(">I8sHHH").pack(head.ticks & 0xFFFFFFFF, _NO_TIME, _PARTITION, head.object_class, head.group)
    poll += _PAIR.pack(len(contexts), len(content)) + content
    action = SINGLE_POLL if head.sequence is None else EXTENDED_POLL
    body = _MDS + _PAIR.pack(action, len(poll)) + poll
    kind = RemoteOperation.LINKED_RESULT if link else RemoteOperation.RESULT
    return operation(kind, head.invoke_id, Command.CONFIRMED_ACTION, body, link)
