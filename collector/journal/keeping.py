"""What a journal forgets: delivered entries by age, and at its limit of bytes in the order of sacrifice (design §7)."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.journal.database import LOG_BYTES
from collector.journal.ranges import Ranges, Run, common
from collector.journal.rows import KIND_OBS, KIND_WAVE, Row
from collector.sql import queries

SLICE = 500
"""Entries forgotten in one transaction: three milliseconds, so that an append behind it is not late."""

WAVE_SLICE = 50
"""The same of pieces, a hundred times as large."""

NEAR = 0.9
"""Part of the limit from which on a journal is nearly full."""

FUTURE_US = 86_400_000_000
"""A time further ahead than this came from a wrong clock, and must not keep an entry for years."""

_BEFORE_ALL = -(1 << 62)
"""Below 1 are entries of an earlier release that every reader has."""

_CUFF = ("MDC_PRESS_BLD_NONINV", "MDC_PRESS_CUFF")
_Q = queries("journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """keep_us: how long entries stay that every reader has, None for ever; max_bytes: of all files, None for any;
    passing: readers that keep nothing of what they get: with no other, nothing counts as delivered.
    """

    keep_us: int | None = None
    max_bytes: int | None = None
    passing: frozenset[str] = frozenset()

    def delivered(self, readers: Mapping[str, Ranges]) -> Ranges:
        """What is safe elsewhere and wanted by nobody."""
        return common(readers.values()) if readers.keys() - self.passing else Ranges()

    @property
    def log_bytes(self) -> int:
        """How much of `max_bytes` the write-ahead log may take."""
        return LOG_BYTES if self.max_bytes is None else min(LOG_BYTES, self.max_bytes // 5)

    @property
    def data_bytes(self) -> int | None:
        """How much of `max_bytes` entries may take: a little less than the rest, for they come before others go."""
        return None if self.max_bytes is None else (self.max_bytes - self.log_bytes) * 15 // 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """Entries to be forgotten: rows of seq, kind, id, time, n. sacrificed: some reader lacks them."""

    rows: list[Row]
    sacrificed: bool


class Keeping:
    """Picks what goes next and forgets it, in a transaction of its owner."""

    def __init__(self, db: sqlite3.Connection, limits: Limits) -> None:
        self._db = db
        self._limits = limits

    def next(self, now_us: int, readers: Mapping[str, Ranges], copied: int, tip: int) -> Going | None:
        """The next slice to go of what readers have or lack, copied or not; None where nothing need."""
        delivered = self._limits.delivered(readers) | Ranges.of((_BEFORE_ALL, copied))
        rows = self._aged(now_us, delivered)
        if rows:
            return Going(rows=rows, sacrificed=False)
        if not self._is_over():
            return None
        pending = tuple(delivered.gaps(1, tip))
        runs = delivered.runs
        for query, parts, parameters, limit, sacrificed in (
            ("going_waves", runs, (), WAVE_SLICE, False),
            ("going_settled", runs, (), SLICE, False),
            ("going_waves", pending, (), WAVE_SLICE, True),
            ("going_values", pending, (json.dumps(self._last_to_go()),), SLICE, True),
            ("going_all", pending, (), SLICE, True),
        ):
            rows = next(self._picked(query, parts, parameters, limit), [])
            if rows:
                return Going(rows=rows, sacrificed=sacrificed)
        return None

    def forget(self, going: Going) -> None:
        by_kind: dict[int, list[Row]] = {}
        for row in going.rows:
            by_kind.setdefault(row[1], []).append(row)
        if going.sacrificed:
            self._count(by_kind)
        readings = by_kind.pop(KIND_OBS, [])
        self._db.executemany(_Q["forget_obs"], [row[2:] for row in readings])
        self._db.executemany(_Q["forget_minutes"], [(channel,) for channel in {row[2] for row in readings}])
        for kind, rows in by_kind.items():
            self._db.executemany(_Q[f"forget_{kind}"], [(row[2],) for row in rows])
        self._db.executemany(_Q["forget_queued"], [(row[0],) for row in going.rows])

    def used(self) -> int:
        """Bytes of the database that hold something."""
        pages, free, size = (
            int(self._db.execute(f"pragma {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def is_near(self, readers: Mapping[str, Ranges], tip: int) -> bool:
        """Whether the limit is near and hardly anything is left that may go without a loss."""
        most = self._limits.data_bytes
        if most is None or self.used() < NEAR * most:
            return False
        kept = int(self._db.execute(_Q["kept"]).fetchone()[0])
        return tip - len(self._limits.delivered(readers)) >= NEAR * kept

    def _is_over(self) -> bool:
        most = self._limits.data_bytes
        return most is not None and self.used() > most

    def _aged(self, now_us: int, delivered: Ranges) -> list[Row]:
        """The oldest delivered entries that are too old, or bear a time that cannot be."""
        if self._limits.keep_us is None:
            return []
        oldest_us, latest_us = now_us - self._limits.keep_us, now_us + FUTURE_US
        for rows in self._picked("going_settled", delivered.runs, (), SLICE):
            old = [row for row in rows if not oldest_us <= row[3] <= latest_us]
            if old and old[0] is rows[0]:
                return old
        return []

    def _picked(self, query: str, runs: Sequence[Run], parameters: Row, limit: int) -> Iterator[list[Row]]:
        """The first rows of each run that has any."""
        for run in runs:
            rows = self._db.execute(_Q[query], (*run, *parameters, limit)).fetchall()
            if rows:
                yield rows

    def _last_to_go(self) -> list[int]:
        """Channels of cuff readings: rare, and what the record needs first."""
        return [row[0] for row in self._db.execute(_Q["channels"]) if row[3].startswith(_CUFF)]

    def _count(self, by_kind: dict[int, list[Row]]) -> None:
        lost: Counter[tuple[int, int]] = Counter()
        samples: Counter[tuple[int, int]] = Counter()
        span: dict[tuple[int, int], tuple[int, int]] = {}
        for kind, rows in by_kind.items():
            for _, _, id_, time_us, _ in rows:
                channel = id_ if kind == KIND_OBS else 0
                if kind == KIND_WAVE:
                    channel, n = self._db.execute(_Q["piece_size"], (id_,)).fetchone() or (0, 0)
                    samples[kind, channel] += n
                key = kind, channel
                lost[key] += 1
                first, last = span.get(key, (time_us, time_us))
                span[key] = min(first, time_us), max(last, time_us)
        self._db.executemany(_Q["put_sacrificed"], [(*key, n, samples[key], *span[key]) for key, n in lost.items()])
