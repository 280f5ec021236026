"""What a host asks of the monitor (fact sheet ge-datex-dri §4)."""

import struct
from collections.abc import Sequence

from drivers.ge_datex_dri.frames import ALARM, PHYSIOLOGICAL, WAVEFORM, encode

DISPLAYED, TREND_10S, TREND_60S, AUXILIARY = 1, 2, 3, 4
"""Sub-record types of a physiological record."""
REQUEST = 0
"""The sub-record type of every request."""
STOP, SINGLE = 0, -1
"""Intervals with a meaning of their own."""
CLASS_BITS = {"basic": 1, "ext1": 2, "ext2": 4, "ext3": 8}
"""The bit of "basic" suppresses the class, the others ask for theirs."""
ALARM_ONCE, ALARM_CHANGES, ALARM_LEAVE = 0, 2, 3

PHYSIOLOGICAL_REQUEST = struct.Struct("<BhIH")
WAVE_REQUEST = struct.Struct("<hh8s16sI")
ALARM_REQUEST = struct.Struct("<H10x")
WAVE_LIMIT_HZ = 600
"""Samples per second of all waves; what does not fit is dropped in list order (§4.2)."""
WAVE_TYPES, WAVE_TYPES_MODERN = 8, 24
_END = b"\xff"


def physiological(kind: int, interval_s: int, classes: Sequence[str] = (), *, level: int = 0) -> bytes:
    """Ask for sub-records of `kind` every `interval_s`. Without classes none are named (stop, auxiliary)."""
    mask = 0
    if classes:
        mask = sum(CLASS_BITS[name] for name in classes if name != "basic") | ("basic" not in classes)
    return encode(PHYSIOLOGICAL, [(REQUEST, PHYSIOLOGICAL_REQUEST.pack(kind, interval_s, mask, 0))], level=level)


def waves(types: Sequence[int], *, level: int = 0) -> bytes:
    """Ask for these wave types, at most 24, instead of those asked for before; none stops them all."""
    first, more = bytes(types[:8]), bytes(types[8:])
    if len(first) < 8:
        first += _END
    elif more and len(more) < 16:
        more += _END
    return encode(WAVEFORM, [(REQUEST, WAVE_REQUEST.pack(0 if types else 1, 0, first, more, 0))], level=level)


def alarms(command: int, *, level: int = 0) -> bytes:
    """Ask for the alarm status once, on every change, or no more."""
    return encode(ALARM, [(REQUEST, ALARM_REQUEST.pack(command))], level=level)
