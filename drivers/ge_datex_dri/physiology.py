"""Physiological records → events (fact sheet ge-datex-dri §5)."""

import struct
from collections.abc import Sequence

from collector.model import Channel, DeviceClock, Event, Observation
from drivers.ge_datex_dri.classes import CLASSES
from drivers.ge_datex_dri.frames import Record
from drivers.ge_datex_dri.groups import EXISTS, EpisodicReader, GroupReader, Moment, TwitchReader, observation
from drivers.ge_datex_dri.layout import DATA_BYTES, Group
from drivers.ge_datex_dri.requests import AUXILIARY, DISPLAYED, TREND_10S, TREND_60S

SUB_RECORD_BYTES = {DISPLAYED: 278, TREND_10S: 278, TREND_60S: 278, AUXILIARY: 114}
PREFIXES = {DISPLAYED: "", TREND_10S: "trend10.", TREND_60S: "trend60."}
"""Trends are other channels than the displayed values."""

_CLASSES = tuple(CLASSES.items())
_DATA, _MARKER, _CLASS = 4, 4 + DATA_BYTES, 6 + DATA_BYTES
_CLASS_WORD = struct.Struct("<H")
_AUXILIARY = struct.Struct("<IhIIh")
_MARKER_CHANNEL = Channel(code="VND_GE_EVENT_MARKER", source="marker", unit="1")
_SURFACE_CHANNEL = Channel(code="MDC_AREA_BODY_SURF_ACTUAL", source="auxiliary.bsa", unit="m2")


class Physiology:
    """Reads physiological records of one dialogue."""

    def __init__(self) -> None:
        self._moment = Moment()
        self._level = -1
        self._readers: dict[tuple[int, int], tuple[GroupReader, ...]] = {}
        self._shown: dict[str, GroupReader] = {}
        self._marker = 0
        self._surface: int | None = None

    def label(self, group: str) -> int:
        """The label word of a displayed group, 0 while its module is not there."""
        reader = self._shown.get(group)
        return reader.label if reader and reader.status & EXISTS else 0

    def events(self, record: Record) -> Sequence[Event] | None:
        """What the record says; None: a sub-record does not fit into it."""
        data = record.data
        if any(at + SUB_RECORD_BYTES.get(kind, 0) > len(data) for kind, at in record.parts):
            return None
        if record.level != self._level:
            self._level = record.level
            self._readers.clear()
        self._moment.time_s = record.time_s
        found: list[Event] = [DeviceClock(time_us=record.time_s * 1_000_000)] if record.time_s else []
        for kind, at in record.parts:
            if kind == AUXILIARY:  # first: its times belong to the values beside it
                found += self._auxiliary(data, at)
        for kind, at in record.parts:
            if kind in PREFIXES:
                found += self._sub_record(kind, data, at)
        return found

    def _sub_record(self, kind: int, data: bytes, at: int) -> list[Observation]:
        found: list[Observation] = []
        if data[at + _MARKER] != self._marker:
            self._marker = data[at + _MARKER]
            found.append(Observation(channel=_MARKER_CHANNEL, value=float(self._marker)))
        area = data[at + _DATA : at + _MARKER]
        for reader in self._of_class(kind, _CLASS_WORD.unpack_from(data, at + _CLASS)[0] >> 8 & 15):
            found += reader.read(area)
        return found

    def _of_class(self, kind: int, number: int) -> tuple[GroupReader, ...]:
        readers = self._readers.get((kind, number))
        if readers is None:
            groups = _CLASSES[number][1] if number < len(_CLASSES) else ()
            readers = tuple(self._reader(kind, number, group) for group in groups)
            self._readers[kind, number] = readers
            if kind == DISPLAYED:
                self._shown |= {group.name: reader for group, reader in zip(groups, readers, strict=True)}
        return readers

    def _reader(self, kind: int, number: int, group: Group) -> GroupReader:
        prefix = f"{PREFIXES[kind]}{_CLASSES[number][0]}."
        if group.episodes:
            return EpisodicReader(group, prefix, self._level, self._moment)
        if group.twitches:
            return TwitchReader(group, prefix, self._level, counts=kind == DISPLAYED)
        return GroupReader(group, prefix, self._level)

    def _auxiliary(self, data: bytes, at: int) -> list[Observation]:
        nibp_s, _, co_s, pcwp_s, surface = _AUXILIARY.unpack_from(data, at)
        self._moment.stamps = {"nibp": nibp_s, "co": co_s, "pcwp": pcwp_s}
        if surface == self._surface:
            return []
        self._surface = surface
        return [observation(_SURFACE_CHANNEL, surface, 100)] if surface else []
