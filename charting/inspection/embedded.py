"""The same of beds whose journals are read in place: an embedded installation, without a database server."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from charting.case.clock import local
from charting.inspection.raw import (
    DAILY,
    OFFSET,
    SILENT_S,
    SOURCES,
    STEP,
    Change,
    Day,
    Heard,
    Offset,
    Silence,
    Standing,
    Starts,
    Told,
    VersionRun,
)
from charting.quality.periods import Period, days
from collector.health import Health
from collector.model import AlarmPhase, AlarmType, Condition, DeviceIdentity
from collector.series import Points, SeriesReader
from collector.technical import GATEWAY


class JournalStore:
    """A Store (charting.inspection.raw) over each bed's reader. Raises what the readers raise."""

    def __init__(self, readers: Mapping[str, SeriesReader]) -> None:
        self._readers = readers

    def heard(self, period: Period) -> Sequence[Heard]:
        found = []
        for bed, told in self._points([Health.UPTIME.value], 0, period.end_us):
            within = told.time_us[told.time_us >= period.start_us]
            first, last = (int(within[0]), int(within[-1])) if within.size else (None, None)
            found.append(Heard(bed=bed, ever_us=int(told.time_us[0]), first_us=first, last_us=last))
        return found

    def told(self, period: Period, beds: Sequence[str]) -> Collection[str]:
        return {
            bed
            for bed in beds
            if (reader := self._readers.get(bed)) is not None
            and any(period.start_us <= reading.time_us for reading in reader.latest(bed))
        }

    def silences(self, period: Period) -> Sequence[Silence]:
        return [
            Silence(bed=bed, start_us=int(told.time_us[n]), end_us=int(told.time_us[n + 1]))
            for bed, told in self._points([Health.UPTIME.value], period.start_us, period.end_us)
            for n in np.flatnonzero(np.diff(told.time_us) > SILENT_S * 1e6)
        ]

    def starts(self, period: Period, zone: str) -> Sequence[Starts]:
        found = []
        for bed, told in self._points([Health.UPTIME.value], period.start_us, period.end_us):
            begun_us = told.time_us - (told.value + 1) * 1e6
            anew = told.time_us[1:][begun_us[1:] > told.time_us[:-1]]
            by_day = Counter(local(int(at_us), zone).date() for at_us in anew)
            found += [Starts(bed=bed, day=day, times=n) for day, n in sorted(by_day.items())]
        return found

    def days(self, period: Period, zone: str) -> Sequence[Day]:
        edges = _midnights(period, zone)
        codes = [*(code.value for code in DAILY), STEP]
        return [
            day
            for bed, told in self._points(codes, period.start_us, period.end_us)
            for day in _by_day(bed, told, edges)
        ]

    def versions(self, period: Period) -> Sequence[VersionRun]:
        found = []
        for bed, reader in self._readers.items():
            told = reader.values(bed, [Health.VERSION.value], period.start_us, period.end_us)
            for version, run in groupby(told, key=lambda reading: reading.text or ""):
                times = [reading.time_us for reading in run]
                found.append(VersionRun(bed=bed, version=version, first_us=times[0], last_us=times[-1]))
        return found

    def offsets(self, period: Period) -> Sequence[Offset]:
        return [
            Offset(bed=bed, device=told.series.device, seconds=float(told.value[-1]))
            for bed, told in self._points([OFFSET], period.start_us, period.end_us)
        ]

    def changes(self, period: Period) -> Sequence[Change]:
        found = []
        for bed, reader in self._readers.items():
            before = reader.last_changes(bed, period.start_us)
            own = [c for c in (*before, *reader.conditions(bed, period.start_us, period.end_us)) if _is_own(c)]
            own.sort(key=lambda change: change.alarm.source)
            found += [_change(change) for change in own]
        return found

    def standing(self, end_us: int) -> Sequence[Standing]:
        return [
            Standing(
                bed=bed,
                device=change.device,
                source=change.alarm.source,
                since_us=_since(reader, change),
                priority=change.alarm.priority,
                code=change.alarm.code,
                text=change.alarm.text,
            )
            for bed, reader in self._readers.items()
            for change in reader.last_changes(bed, end_us)
            if change.alarm.type is AlarmType.TECHNICAL and change.alarm.phase is not AlarmPhase.END
        ]

    def identities(self, end_us: int) -> Sequence[Told]:
        last: dict[tuple[str, str], DeviceIdentity] = {}
        for bed, reader in self._readers.items():
            for told in reader.identities(bed, 0, end_us):
                if isinstance(told.identity, DeviceIdentity):
                    last[bed, told.device] = told.identity
        return [
            Told(bed=bed, device=device, manufacturer=who.manufacturer, model=who.model, serial=who.serial,
                 software=who.software)
            for (bed, device), who in last.items()
        ]  # fmt: skip

    def dropped_us(self) -> int | None:
        return None

    def _points(self, codes: Sequence[str], start_us: int, end_us: int) -> Iterator[tuple[str, Points]]:
        for bed, reader in self._readers.items():
            for told in reader.points(bed, codes, start_us, end_us):
                if told.time_us.size:
                    yield bed, told


def _is_own(change: Condition) -> bool:
    return change.device == GATEWAY and re.fullmatch(SOURCES, change.alarm.source) is not None


def _since(reader: SeriesReader, last: Condition) -> int:
    """When a condition began that stands; as far as the journal goes back."""
    if last.alarm.phase is AlarmPhase.START:
        return last.time_us
    since_us = None
    for change in reader.conditions(last.bed, 0, last.time_us):
        if (change.device, change.alarm.source) == (last.device, last.alarm.source):
            over = change.alarm.phase is AlarmPhase.END
            since_us = None if over else change.time_us if since_us is None else since_us
    return last.time_us if since_us is None else since_us


def _change(change: Condition) -> Change:
    alarm = change.alarm
    return Change(bed=change.bed, source=alarm.source, at_us=change.time_us, phase=alarm.phase, code=alarm.code)


def _midnights(period: Period, zone: str) -> Sequence[tuple[date, int]]:
    """The days of a period and where they begin."""
    first, last = (local(at_us, zone).date() for at_us in (period.start_us, period.end_us - 1))
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [(day, days(day, day, zone).start_us) for day in every]


def _by_day(bed: str, told: Points, edges: Sequence[tuple[date, int]]) -> Iterator[Day]:
    ends = np.searchsorted(told.time_us, [*(start for _, start in edges[1:]), np.iinfo(np.int64).max])
    begin = 0
    channel = told.series.channel
    for (day, _), end in zip(edges, ends, strict=True):
        some = told.value[begin:end]
        some = some[~np.isnan(some)]
        begin = int(end)
        if some.size:
            yield Day(
                bed=bed, about=channel.source, code=channel.code, day=day, n=int(some.size), low=float(some.min()),
                high=float(some.max()), total=float(some.sum()),
            )  # fmt: skip
