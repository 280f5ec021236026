"""The same of a PostgreSQL or TimescaleDB server, which counts the readings itself: a year's need not travel."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import psycopg

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
from charting.quality.periods import Period
from collector.health import Health
from collector.model import AlarmPhase
from collector.sql import queries

_Q = queries("inspection")


class ServerStore:
    """A Store (charting.inspection.raw) over an open connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def heard(self, period: Period) -> Sequence[Heard]:
        rows = self._rows("heard", period, code=Health.UPTIME.value)
        return [Heard(bed=bed, ever_us=ever, first_us=first, last_us=last) for bed, ever, first, last in rows]

    def told(self, period: Period, beds: Sequence[str]) -> Collection[str]:
        return {bed for (bed,) in self._rows("told", period, beds=list(beds))}

    def silences(self, period: Period) -> Sequence[Silence]:
        rows = self._rows("silences", period, code=Health.UPTIME.value, silent_s=SILENT_S)
        return [Silence(bed=bed, start_us=start, end_us=end) for bed, start, end in rows]

    def starts(self, period: Period, zone: str) -> Sequence[Starts]:
        rows = self._rows("starts", period, code=Health.UPTIME.value, zone=zone)
        return [Starts(bed=bed, day=date.fromisoformat(day), times=n) for bed, day, n in rows]

    def days(self, period: Period, zone: str) -> Sequence[Day]:
        codes = [*(code.value for code in DAILY), STEP]
        return [
            Day(bed=bed, about=about, code=code, day=date.fromisoformat(day), n=n, low=low, high=high, total=total)
            for bed, about, code, day, n, low, high, total in self._rows("days", period, codes=codes, zone=zone)
        ]

    def versions(self, period: Period) -> Sequence[VersionRun]:
        rows = self._rows("versions", period, code=Health.VERSION.value)
        return [VersionRun(bed=bed, version=text, first_us=first, last_us=last) for bed, text, first, last in rows]

    def offsets(self, period: Period) -> Sequence[Offset]:
        rows = self._rows("offsets", period, code=OFFSET)
        return [Offset(bed=bed, device=device, seconds=value) for bed, device, value in rows]

    def changes(self, period: Period) -> Sequence[Change]:
        return [
            Change(bed=bed, source=source, at_us=at_us, phase=AlarmPhase(phase), code=code)
            for bed, source, at_us, phase, code in self._rows("changes", period, sources=SOURCES)
        ]

    def standing(self, end_us: int) -> Sequence[Standing]:
        names = ("bed", "device", "source", "since_us", "priority", "code", "text")
        return [Standing(**dict(zip(names, row, strict=True))) for row in self._ask("standing", {"end": end_us})]

    def identities(self, end_us: int) -> Sequence[Told]:
        names = ("bed", "device", "manufacturer", "model", "serial", "software")
        rows = self._ask("identities", {"end": end_us})
        return [Told(**dict(zip(names, (text or "" for text in row), strict=True))) for row in rows]

    def dropped_us(self) -> int | None:
        ((cutoff_us,),) = self._ask("dropped", {})
        return None if cutoff_us is None else int(cutoff_us)

    def _rows(self, query: str, period: Period, **more: object) -> list[tuple[Any, ...]]:
        return self._ask(query, {"start": period.start_us, "end": period.end_us, **more})

    def _ask(self, query: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
        return self._connection.execute(_Q[query], parameters).fetchall()
