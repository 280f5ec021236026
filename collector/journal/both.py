"""Reads the series of a journal's file and, while there is one, of the journal in memory, as one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from collector.errors import JournalError
from collector.journal.reader import JournalReader
from collector.journal.rows import MINUTE_US, condition_of
from collector.journal.safe import SafeJournal
from collector.model import Condition, Identity, Quality, Reading, Series, WavePiece
from collector.series import Minutes, Points

T = TypeVar("T")


class BothReader:
    """A SeriesReader. Where the file cannot be read, what memory has is all there is; without it JournalError."""

    def __init__(self, journal: SafeJournal) -> None:
        self._journal = journal

    def latest(self, bed: str, codes: Sequence[str] = ()) -> Sequence[Reading]:
        last: dict[Series, Reading] = {}
        for part in self._parts(lambda reader: reader.latest(bed, codes)):
            last.update((reading.series, reading) for reading in part)
        return list(last.values())

    def measured(self, bed: str) -> Sequence[Reading]:
        """As JournalReader.measured."""
        last: dict[Series, Reading] = {}
        for part in self._parts(lambda reader: reader.measured(bed)):
            last.update((reading.series, reading) for reading in part)
        return list(last.values())

    def last_conditions(self, bed: str) -> Sequence[Condition]:
        """The last change of each condition, in the order of their arrival."""
        last: dict[tuple[str, str], Condition] = {}
        for part in self._parts(lambda reader: [condition_of(row) for row in reader.last_conditions(bed)]):
            for change in part:
                last.pop((change.device, change.alarm.source), None)
                last[change.device, change.alarm.source] = change
        return list(last.values())

    def points(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Points]:
        found: dict[Series, Points] = {}
        for part in self._parts(lambda reader: reader.points(bed, codes, start_us, end_us)):
            for points in part:
                before = found.get(points.series)
                found[points.series] = points if before is None else _points(before, points)
        return list(found.values())

    def values(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Reading]:
        readings = _once(self._parts(lambda reader: reader.values(bed, codes, start_us, end_us)))
        return sorted(readings, key=lambda reading: (str(reading.series), reading.time_us))

    def minutes(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Minutes]:
        found: dict[Series, Minutes] = {}
        for part in self._parts(lambda reader: reader.minutes(bed, codes, start_us, end_us)):
            for minutes in part:
                before = found.get(minutes.series)
                found[minutes.series] = minutes if before is None else self._joined(before, minutes)
        return list(found.values())

    def waves(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[WavePiece]:
        pieces = _once(self._parts(lambda reader: reader.waves(bed, codes, start_us, end_us)))
        return sorted(pieces, key=lambda piece: (str(piece.series), piece.start_us))

    def conditions(self, bed: str, start_us: int, end_us: int) -> Sequence[Condition]:
        return _once(self._parts(lambda reader: reader.conditions(bed, start_us, end_us)))

    def last_changes(self, bed: str, before_us: int) -> Sequence[Condition]:
        last = {(c.device, c.alarm.source): c for c in self.conditions(bed, 0, before_us)}
        return sorted(last.values(), key=lambda change: change.time_us)

    def identities(self, bed: str, start_us: int, end_us: int) -> Sequence[Identity]:
        found: list[Identity] = []
        for part in self._parts(lambda reader: reader.identities(bed, start_us, end_us)):
            found += [identity for identity in part if identity not in found]  # a mapping in it: no hash
        return sorted(found, key=lambda identity: identity.time_us)

    def _joined(self, one: Minutes, other: Minutes) -> Minutes:
        """Both in order; a minute that is in both is that of all its readings."""
        twice = np.intersect1d(one.minute_us, other.minute_us)
        parts = [_only(part, ~np.isin(part.minute_us, twice)) for part in (one, other)]
        for minute_us in twice.tolist():
            code = one.series.channel.code
            found = self.points(one.series.bed, [code], minute_us, minute_us + MINUTE_US)
            parts += [_minute(points, minute_us) for points in found if points.series == one.series]
        columns = {
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Minutes)
            if field.name != "series"
        }
        order = np.argsort(columns["minute_us"])
        return Minutes(series=one.series, **{name: column[order] for name, column in columns.items()})

    def _parts(self, ask: Callable[[JournalReader], Sequence[T]]) -> list[Sequence[T]]:
        """What the file tells, then what memory does."""
        parts: list[Sequence[T]] = []
        memory, file = self._journal.memory, self._journal.file_reader
        try:
            if file is not None:
                parts.append(ask(file))
        except JournalError:
            if memory is None:
                raise
        try:
            if memory is not None:
                parts.append(ask(memory))
        except JournalError:
            if self._journal.memory is memory:
                raise
            return self._parts(ask)  # what memory had is in the file by now
        return parts


def _once(parts: Iterable[Sequence[T]]) -> list[T]:
    """While memory gives back what it has, some of it is in both."""
    return list(dict.fromkeys(one for part in parts for one in part))


def _points(one: Points, other: Points) -> Points:
    time_us = np.concatenate([one.time_us, other.time_us])
    value, quality = np.concatenate([one.value, other.value]), np.concatenate([one.quality, other.quality])
    demo = np.concatenate([one.demo, other.demo])
    order = np.lexsort((quality, value, time_us))
    again = np.zeros(order.size, np.bool_)
    again[1:] = np.logical_and.reduce(
        [
            time_us[order][1:] == time_us[order][:-1],
            np.nan_to_num(value)[order][1:] == np.nan_to_num(value)[order][:-1],
            quality[order][1:] == quality[order][:-1],
            demo[order][1:] == demo[order][:-1],
        ]
    )
    kept = order[~again]
    return Points(series=one.series, time_us=time_us[kept], value=value[kept], quality=quality[kept], demo=demo[kept])


def _only(minutes: Minutes, which: NDArray[np.bool_]) -> Minutes:
    columns = {f.name: getattr(minutes, f.name)[which] for f in fields(Minutes) if f.name != "series"}
    return Minutes(series=minutes.series, **columns)


def _minute(points: Points, minute_us: int) -> Minutes:
    """Readings of one minute, in order of time, as that minute."""
    counts = ~np.isnan(points.value) & np.isin(points.quality, (Quality.VALID.value, Quality.QUESTIONABLE.value))
    value = points.value[counts]
    return Minutes(
        series=points.series,
        minute_us=np.array([minute_us]),
        last=value[-1:],
        low=np.array([value.min()]),
        high=np.array([value.max()]),
        count=np.array([value.size]),
        questionable=np.array([bool((points.quality[counts] == Quality.QUESTIONABLE.value).any())]),
        demo=np.array([bool(points.demo[counts].any())]),
    )
