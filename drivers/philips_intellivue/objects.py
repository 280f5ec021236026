"""What is known of each object: label, unit, scale, marks (fact sheet philips-intellivue §6, §7.2, §13)."""

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from collector.model import Channel, Quality
from drivers.philips_intellivue import codes
from drivers.philips_intellivue.pdu import COMPOUND, WAVE, Entry
from drivers.philips_intellivue.units import ucum
from drivers.philips_intellivue.values import PAIR, number, quality, u16, u32

MAX_OBJECTS = 4096
"""A monitor has some hundred; more come only from damaged input, and then all is learnt anew."""
MAX_KINDS = 64
"""Objects on one handle: the ECG leads are 14; more come only from damaged input."""
BLOCK_TICKS = 2048
"""Every wave result covers 256 ms (§4.4): the sample period where attribute 098D has not come yet."""
RECENT_BLOCKS = 16
"""Starts of the last blocks of a wave, 4 s of them: polls overlap for a cycle, and bring the same block again."""

RAW = "{raw}"
"""Unit of samples whose scale is not known."""

_SETTINGS = frozenset((3, 4, 130))
"""Categories of 093F: automatic and manual setting, alarm limit (§7.1)."""
_OF_WAVES = frozenset((0x096D, 0x096F, 0x098D, 0x0996, 0x0A16))
_INVALID, _PACER, _DEFIBRILLATOR, _SATURATION = 1, 2, 3, 4
_DOUBTFUL = frozenset((_DEFIBRILLATOR, _SATURATION))
_EXTERNAL_RANGE = 0x1000
_SPECIFICATION = Struct(">HBBH")
_SCALE = Struct(">IIHH")
_ECG = range(0x0100, 0x0150)
_ECG_SIGNIFICANT = 0x3FFF
_ECG_MARKS = {_SATURATION: 0x8008, _DEFIBRILLATOR: 0x4001, _PACER: 0x8004}
"""What every captured ECG declares (§7.2); taken where the declaration has not come."""

_WORDS, _BYTES, _COUNTS = np.dtype(">u2"), np.dtype("u1"), np.dtype("<i4")
_ALL_BYTES = bytes(range(256))
_VALID, _QUESTIONABLE, _MISSING = 0, 1, 2


class Known:
    """What is known of one object. `kind`: the physio id of its values, COMPOUND, or None until values come."""

    __slots__ = (
        "_channels", "_marks", "_mask",
        "_plain", "_significant", "_told", "_unit", "_wide", "kind", "label", "next_ticks",
        "period", "recent", "scale", "setting",
    )  # fmt: skip

    def __init__(self, kind: int | None) -> None:
        self.kind = kind
        self.label: int | None = None
        self.setting = False
        self.period: int | None = None
        self.scale: tuple[float, float] | None = None
        self.next_ticks: dict[int, tuple[Channel, float]] = {}
        self.recent: deque[int] = deque(maxlen=RECENT_BLOCKS)
        self._told: tuple[bytes | None, bytes | None] = None, None
        self._unit: int | None = None
        self._wide = True
        self._mask: int | None = None
        self._significant = 0xFFFF
        self._marks: Mapping[int, int] = {}
        self._plain = b""
        self._channels: dict[int, Channel] = {}

    def learn(self, attributes: Mapping[int, bytes]) -> None:
        """Take what these attributes say; what they do not say stays."""
        told = attributes.get(0x0924), attributes.get(0x093F)
        if told != self._told:
            self._told = told
            self._channels.clear()
            label, specification = told
            if label is not None:
                self.label = u32(label)
            if specification is not None:
                self.setting = u16(specification[4:6]) in _SETTINGS
        if not _OF_WAVES.isdisjoint(attributes):
            self._learn_wave(attributes)

    def _learn_wave(self, attributes: Mapping[int, bytes]) -> None:
        self._channels.clear()
        value = attributes.get(0x096D)
        if value is not None and len(value) == _SPECIFICATION.size:
            _, bits, significant, flags = _SPECIFICATION.unpack(value)
            self._wide = bits > 8
            self._significant = (1 << min(significant, 16)) - 1
            self._mask = self._significant if flags & _EXTERNAL_RANGE else 0xFFFF
        self.period = u32(attributes.get(0x098D)) or self.period
        unit = u16(attributes.get(0x0996))
        self._unit = self._unit if unit is None else unit
        value = attributes.get(0x096F)
        if value is not None and len(value) == _SCALE.size:
            lower, upper, first, last = _SCALE.unpack(value)
            self.scale = _scale(number(lower), number(upper), first, last)
        value = attributes.get(0x0A16)
        if value is not None and len(value) >= PAIR.size and (len(value) - PAIR.size) % PAIR.size == 0:
            self._marks = dict(PAIR.iter_unpack(value[PAIR.size :]))
        self._plain = self._unmarked()

    def numeric_channel(self, physio: int, unit: int) -> Channel:
        key = physio << 16 | unit
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = self._channel(physio, ucum(unit))
        return channel

    def text_channel(self, physio: int) -> Channel:
        return self._channel(physio, "")

    def wave_channel(self, physio: int) -> Channel:
        """Its unit is RAW where scale or unit is not known; a wave without absolute values has unit 1."""
        channel = self._channels.get(physio)
        if channel is None:
            unit = RAW if self._unit is None else ucum(self._unit)
            channel = self._channels[physio] = self._channel(physio, unit if self.scale or unit == "1" else RAW)
        return channel

    def _channel(self, physio: int, unit: str) -> Channel:
        return codes.channel(physio, self.label, unit, compound=self.kind == COMPOUND, setting=self.setting)

    def expected(self, physio: int, channel: Channel) -> float | None:
        """The ticks at which the next sample of this channel is due; None: it has sent none."""
        last, ticks = self.next_ticks.get(physio, (None, 0.0))
        return ticks if last is channel else None

    def runs(self, physio: int, state: int, data: bytes) -> tuple[int, Sequence[tuple[int, bytes, Quality]]]:
        """The number of samples, and their runs: index of the first, counts as little-endian int32, quality.

        Marks of pacer and QRS are taken off the samples, saturated and defibrillator samples are questionable, invalid
        ones are in no run (§7.2).
        """
        if self._mask is None:
            self._assume(physio)
        if not data or (self._wide and len(data) % 2):
            return 0, ()
        raw = np.frombuffer(data, _WORDS if self._wide else _BYTES).astype(_COUNTS)
        worth = quality(state)
        if data[::2].translate(None, self._plain):
            return len(raw), _split(raw, self._mask or 0, self._significant, self._marks, worth)
        return len(raw), ((0, raw.tobytes(), worth),)

    def _assume(self, physio: int) -> None:
        """The declaration of samples has not come."""
        self._mask = 0xFFFF
        if physio in _ECG:
            self._mask = self._significant = _ECG_SIGNIFICANT
            self._marks = _ECG_MARKS
        self._plain = self._unmarked()

    def _unmarked(self) -> bytes:
        """First bytes of samples that carry no mark and need no mask; none where that cannot be told by them."""
        if not self._marks and self._mask == 0xFFFF:
            return _ALL_BYTES
        if self._wide and self._significant >= 0xFF and min(self._marks.values(), default=0xFFFF) > self._significant:
            return _ALL_BYTES[: (self._significant >> 8) + 1]
        return b""


class Objects:
    """All objects of an association, found by context, handle and kind: the ECG leads share one handle (§13.1)."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int, int, int | bytes | None], Known] = {}
        self._on_handle: dict[tuple[int, int, int], list[Known]] = {}

    def clear(self) -> None:
        self._found.clear()
        self._on_handle.clear()

    def of(self, object_class: int, entry: Entry) -> Known:
        """What is known of the object of this entry, with what the entry itself says of it."""
        kind = entry.kind
        key = (object_class, entry.context, entry.handle, entry.attributes.get(0x0924) if kind is None else kind)
        known = self._found.get(key)
        if known is None:
            known = self._found[key] = self._search(key[:3], kind, entry.attributes)
        if len(entry.attributes) > 1 or kind is None:
            known.learn(entry.attributes)
        return known

    def _search(self, place: tuple[int, int, int], kind: int | None, attributes: Mapping[int, bytes]) -> Known:
        """An object that has brought no values yet and may be this one, or a new one."""
        if len(self._on_handle) >= MAX_OBJECTS or len(self._on_handle.get(place, ())) >= MAX_KINDS:
            self.clear()
        group = self._on_handle.setdefault(place, [])
        known = _match(group, place[0], kind, u32(attributes.get(0x0924)))
        if known is None:
            known = Known(kind)
            group.append(known)
        if kind is not None:
            known.kind = kind
        return known


def _match(group: Sequence[Known], object_class: int, kind: int | None, label: int | None) -> Known | None:
    """The object on a handle that an entry of this kind (None: without values) and label speaks of, if it is known."""
    if kind is None:
        same = [known for known in group if label is not None and known.label == label]
        open_ = [known for known in group if label is None or object_class != WAVE or _unlabelled(known, label)]
        return same[0] if same else open_[0] if len(open_) == 1 else None
    waiting = [known for known in group if known.kind is None]
    if label is not None:
        return next((known for known in waiting if known.label == label), None)
    return next((w for w in waiting if w.label is None or _suits(w.label, object_class, kind)), None)


def _unlabelled(known: Known, label: int) -> bool:
    return known.label is None and known.kind is not None and _suits(label, WAVE, known.kind)


def _suits(label: int, object_class: int, kind: int) -> bool:
    """Whether an object with this label may bring values of this kind: only waves share a handle."""
    if object_class != WAVE:
        return True
    if kind == COMPOUND:
        return label & 0xFFFF == codes.COMPOUND_ECG
    return label & 0xFFFF == kind or label >> 16 != codes.SCADA or kind == codes.NO_PHYSIO


def _scale(lower: float | None, upper: float | None, first: int, last: int) -> tuple[float, float] | None:
    """Scale and offset of 096F; None where it has no absolute values."""
    if lower is None or upper is None or first == last:
        return None
    scale = (upper - lower) / (last - first)
    return scale, lower - first * scale


def _split(
    raw: NDArray[np.int32], mask: int, significant: int, marks: Mapping[int, int], worth: Quality
) -> list[tuple[int, bytes, Quality]]:
    """Runs of equal worth. A mark within the significant bits can only mean that one value (assumed: none captured)."""
    worths = np.full(len(raw), _VALID)
    for meaning, mark in marks.items():
        if meaning != _INVALID and meaning not in _DOUBTFUL:
            continue
        marked = (raw & mark) == mark if mark > significant else raw == mark
        worths[marked] = np.maximum(worths[marked], _MISSING if meaning == _INVALID else _QUESTIONABLE)
    counts = raw & mask
    edges = [0, *(np.flatnonzero(np.diff(worths)) + 1).tolist(), len(raw)]
    return [
        (start, counts[start:end].tobytes(), _worst(worth, int(worths[start])))
        for start, end in pairwise(edges)
        if worths[start] != _MISSING
    ]


def _worst(worth: Quality, mark: int) -> Quality:
    return Quality.QUESTIONABLE if worth is Quality.VALID and mark == _QUESTIONABLE else worth
