"""What a client sends in data PDUs (fact sheet philips-intellivue §4)."""

from collections.abc import Sequence
from struct import Struct

from drivers.philips_intellivue.pdu import (
    EXTENDED_POLL,
    MDS,
    MDS_CREATE,
    POLL_PERIOD,
    REPLACE,
    SINGLE_POLL,
    TICKS_PER_SECOND,
    Command,
    RemoteOperation,
)

_HEAD = Struct(">HHHHHHH")
_OBJECT = Struct(">HHH").pack(MDS, 0, 0)
_SCOPE = bytes(4)
_SESSION, _PRESENTATION_CONTEXT = 0xE100, 0x0002
_ACTION = Struct(">HHHHHH")
_PARTITION = 1
_PERIOD = Struct(">HHHHI")
_EVENT_RESULT = Struct(">IHH")
_LIST = Struct(">HH")
_MODIFICATION = Struct(">HHHHH")


def mds_create_result(invoke_id: int, event_ticks: int) -> bytes:
    body = _OBJECT + _EVENT_RESULT.pack(event_ticks, MDS_CREATE, 0)
    return _operation(RemoteOperation.RESULT, invoke_id, Command.CONFIRMED_EVENT_REPORT, body)


def single_poll(invoke_id: int, object_class: int, group: int) -> bytes:
    return _poll(invoke_id, SINGLE_POLL, object_class, group, b"")


def extended_poll(invoke_id: int, object_class: int, group: int, period_s: float) -> bytes:
    """Results for `period_s`; the list is never left empty: what that means is not known (§4.4)."""
    period = _PERIOD.pack(1, 8, POLL_PERIOD, 4, round(period_s * TICKS_PER_SECOND))
    return _poll(invoke_id, EXTENDED_POLL, object_class, group, period)


def get_list(invoke_id: int, attribute: int) -> bytes:
    body = _OBJECT + _SCOPE + Struct(">HHH").pack(1, 2, attribute)
    return _operation(RemoteOperation.INVOKE, invoke_id, Command.GET, body)


def set_list(invoke_id: int, attribute: int, labels: Sequence[int]) -> bytes:
    """Replace a priority list. Nothing else of a monitor is ever set (§13.20)."""
    size = 4 * len(labels)
    value = _LIST.pack(len(labels), size) + b"".join(label.to_bytes(4, "big") for label in labels)
    change = _MODIFICATION.pack(1, 6 + len(value), REPLACE, attribute, len(value)) + value
    return _operation(RemoteOperation.INVOKE, invoke_id, Command.CONFIRMED_SET, _OBJECT + _SCOPE + change)


def _poll(invoke_id: int, action: int, object_class: int, group: int, attributes: bytes) -> bytes:
    """The poll number is the invoke id: the monitor gives both back (§4.4)."""
    size = 8 + len(attributes)
    body = _ACTION.pack(action, size, invoke_id, _PARTITION, object_class, group) + attributes
    return _operation(RemoteOperation.INVOKE, invoke_id, Command.CONFIRMED_ACTION, _OBJECT + _SCOPE + body)


def _operation(operation: RemoteOperation, invoke_id: int, command: Command, body: bytes) -> bytes:
    size = len(body)
    return _HEAD.pack(_SESSION, _PRESENTATION_CONTEXT, operation, size + 6, invoke_id, command, size) + body
