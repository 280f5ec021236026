"""Entries as rows of a table and back: the forms that the journal and the server's tables share. Pure."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from types import UnionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    Condition,
    DeviceIdentity,
    Identity,
    PatientIdentity,
    Priority,
    Quality,
    Reading,
    Role,
    Series,
    WavePiece,
)
from collector.packing import pack, unpack

Row = tuple[Any, ...]

LETTERS = {quality: quality.value[0].upper() for quality in Quality}
"""One letter a quality, in every table."""

QUALITIES = {letter: quality for quality, letter in LETTERS.items()}

LONGEST_PIECE_S = 1.0
"""A stored piece is no longer, so that a kill loses at most so much of a wave, and a reader knows where to begin."""

MINUTE_US = 60_000_000

LONGEST_RUN_S = 10.0
"""Pieces that the store has put together are no longer."""

ENC_INT16, ENC_INT32, ENC_PACKED = 0, 1, 2

KIND_OBS, KIND_WAVE, KIND_CONDITION, KIND_IDENTITY = range(4)
"""What an entry of the queue is."""

READING = int, float | None, str | None, str, int
"""Types of what reading_of takes."""

_PIECE = int, float, float, float, str, int, int, int, bytes
_CONDITION = str, str, str, int, int, str, str, str, str, str, str, int, int | None
_IDENTITY = str, str, str, int, int, str

_WORDS = np.zeros(128, dtype="U13")
for _letter, _quality in QUALITIES.items():
    _WORDS[ord(_letter)] = _quality.value


def quality_words(letters: NDArray[np.uint8]) -> NDArray[np.str_]:
    """Words of Quality for the bytes of their letters, shape as given."""
    return _WORDS[letters]


def series_row(series: Series) -> Row:
    c = series.channel
    return series.bed, series.device, c.code, c.source, c.role.value, c.site, c.unit


def series_of(row: Row) -> Series:
    bed, device, code, source, role, site, unit = row
    channel = Channel(code=code, source=source, unit=unit, role=Role(role), site=site)
    return Series(bed=bed, device=device, channel=channel)


def reading_of(series: Series, row: Row) -> Reading:
    """From time, value, text, quality, demo. Raises ValueError for a damaged one."""
    time_us, value, text, quality, demo = typed(row, READING)
    return Reading(
        series=series, time_us=time_us, value=value, text=text, quality=_quality_of(quality), demo=bool(demo)
    )


def split(piece: WavePiece) -> Iterator[WavePiece]:
    """The same samples in pieces of at most LONGEST_PIECE_S, at least one sample each."""
    step = max(1, int(piece.rate_hz * LONGEST_PIECE_S))
    if piece.n <= step:
        yield piece
        return
    for first in range(0, piece.n, step):
        start_us = piece.start_us + round(first * 1_000_000 / piece.rate_hz)
        yield replace(piece, start_us=start_us, data=piece.data[first * 4 : (first + step) * 4])


def piece_row(piece: WavePiece) -> Row:
    """rate_hz, scale, offset, quality, demo, samples, enc, data; the narrowest whole numbers that hold the counts."""
    counts = np.frombuffer(piece.data, dtype="<i4")
    if counts.size and counts.min() >= -32_768 and counts.max() <= 32_767:
        return *_about(piece), ENC_INT16, counts.astype("<i2").tobytes()
    return *_about(piece), ENC_INT32, piece.data


def packed_row(piece: WavePiece) -> Row:
    """The same, packed."""
    return *_about(piece), ENC_PACKED, pack(np.frombuffer(piece.data, dtype="<i4"))


def piece_of(series: Series, row: Row) -> WavePiece:
    """From time and what `piece_row` or `packed_row` gives. Raises ValueError for a damaged one."""
    start_us, rate_hz, scale, offset, quality, demo, samples, enc, data = typed(row, _PIECE)
    if enc == ENC_INT16:
        data = np.frombuffer(data, dtype="<i2").astype("<i4").tobytes()
    elif enc == ENC_PACKED:
        data = unpack(data, samples).astype("<i4", copy=False).tobytes()
    elif enc != ENC_INT32:
        raise ValueError("a piece of an unknown encoding")
    if len(data) != samples * 4:
        raise ValueError("a piece has another length than its samples")
    return WavePiece(
        series=series,
        start_us=start_us,
        rate_hz=rate_hz,
        data=bytes(data),
        scale=scale,
        offset=offset,
        quality=_quality_of(quality),
        demo=bool(demo),
    )


def _about(piece: WavePiece) -> Row:
    return piece.rate_hz, piece.scale, piece.offset, LETTERS[piece.quality], int(piece.demo), piece.n


def alarm_row(alarm: AlarmCondition) -> Row:
    """type, priority, phase, code, text, device_priority, demo, device_time."""
    words = alarm.type.value, alarm.priority.value, alarm.phase.value, alarm.code, alarm.text, alarm.device_priority
    return *words, int(alarm.demo), alarm.device_time_us


def condition_of(row: Row) -> Condition:
    """From bed, device, source, time, n and what `alarm_row` gives. Raises ValueError for a damaged one."""
    row = typed(row, _CONDITION)
    bed, device, source, time_us, _, type_, priority, phase, code, text, device_priority, demo, device_time_us = row
    alarm = AlarmCondition(
        source=source,
        type=AlarmType(type_),
        priority=Priority(priority),
        phase=AlarmPhase(phase),
        code=code,
        text=text,
        device_priority=device_priority,
        demo=bool(demo),
        device_time_us=device_time_us,
    )
    return Condition(bed=bed, device=device, time_us=time_us, alarm=alarm)


def identity_row(identity: DeviceIdentity | PatientIdentity) -> tuple[str, str]:
    """kind, body."""
    plain = {field.name: getattr(identity, field.name) for field in fields(identity)}
    kind = "device" if isinstance(identity, DeviceIdentity) else "patient"
    return kind, json.dumps(plain, sort_keys=True, default=dict)


def identity_of(row: Row) -> Identity:
    """From bed, device, kind, time, n, body. Raises ValueError or TypeError for a damaged one."""
    bed, device, kind, time_us, _, body = typed(row, _IDENTITY)
    type_ = DeviceIdentity if kind == "device" else PatientIdentity
    return Identity(bed=bed, device=device, time_us=time_us, identity=type_(**json.loads(body)))


def typed(row: Row, types: tuple[type | UnionType, ...]) -> Row:
    """The row, where its columns are of these types: one bit of SQLite's makes a text a blob. Raises ValueError."""
    if not all(map(isinstance, row, types)):
        raise ValueError("a column of another type")
    return row


def _quality_of(letter: str) -> Quality:
    if letter not in QUALITIES:
        raise ValueError("an unknown quality")
    return QUALITIES[letter]
