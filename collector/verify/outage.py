"""The database is away for days, and comes back while the bed goes on."""

import asyncio
import resource
import shutil
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field

import numpy as np
import psycopg
from numpy.typing import NDArray

from collector.journal import Journal, Writer
from collector.model import Channel, Entry, Quality, Reading, Series, WavePiece
from collector.series import Points
from collector.sql import queries
from collector.timescale import READER, Timescale
from collector.timescale_reader import TimescaleReader
from collector.verify.comparison import Comparison, compare_points, compare_samples, samples
from collector.verify.report import Result, not_tried
from collector.verify.scratch import EVER_US
from collector.verify.script import HOUR_S, OFFSET, RATES_HZ, SCALE, SECOND_US, VALUES, Script, counts, hour_of_values
from collector.verify.setting import Setting, waited

NAME = "outage"
PROMISE = "a database that comes back gets everything: live data first, the backlog at many times real time"

SECONDS_AN_APPEND = 60
LIVE_EVERY_S = 0.1
LIVE_VALUES = 6
ASK_EVERY_S = 0.05
LIVE_AGE_S = 1.0
"""The oldest that live data may be while a backlog is drained (design §8)."""

ENOUGH = 100
"""Of the ages of live data, so that no short drain is judged by its beginning."""

DRAIN_S = 3_600.0

JOURNAL_BYTES_A_SECOND = 13_000
STORE_BYTES_A_SECOND = 22_000
"""Of disk for a second of the script: measured, with the write-ahead logs, and a third on top."""

_Q = queries("verify")


async def outage(setting: Setting) -> Result:
    """Write a backlog through Journal.append, drain it while live data come, and compare every value and sample."""
    seconds = setting.extent.outage_s
    lacking = _room(setting, seconds)
    if lacking:
        return not_tried(NAME, PROMISE, lacking)
    start_us = time.time_ns() // 1_000 - seconds * SECOND_US
    script = Script(setting.scratch.new_bed(), start_us)
    journal = Journal.open(setting.folder(NAME) / "journal.db", [READER])
    try:
        begin_s = time.monotonic()
        written = await asyncio.to_thread(_write, setting, journal, script, seconds)
        writing_s = time.monotonic() - begin_s
        size_bytes = journal.usage().size_bytes
        live = _Live(setting.dsn, script.bed)
        drained_s = await _drain(setting.dsn, journal, live)
    finally:
        journal.close()
    found = await asyncio.to_thread(_compare, setting, script, written, live)
    oldest_s = max(live.ages, default=0.0)
    broken, unjudged = [], []
    if drained_s is None:
        broken.append(f"the backlog was not drained within {DRAIN_S:g} s")
    if len(live.ages) < ENOUGH:
        unjudged.append(f"the age of live data: the drain was over after {len(live.ages)} of {ENOUGH} looks at it")
    elif oldest_s > LIVE_AGE_S:
        broken.append(f"live data were {oldest_s:.2f} s old during the drain, instead of at most {LIVE_AGE_S:g} s")
    return Result(
        name=NAME,
        promise=PROMISE,
        tried=int(written > 0),
        found=found,
        longest_gap_s=max(live.ages, default=None),
        recovered=drained_s is not None,
        figures={
            "outage_h": written / HOUR_S,
            "values": written * VALUES,
            "samples": written * sum(RATES_HZ),
            "written_x_real_time": written / writing_s,
            "journal_gib": size_bytes / (1 << 30),
            "drained_x_real_time": written / drained_s if drained_s else 0.0,
            "live_age_s_p95": float(np.quantile(live.ages, 0.95)) if live.ages else 0.0,
            "live_age_s_max": oldest_s,
            "resident_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        },
        broken=broken,
        unjudged=unjudged,
    )


def _room(setting: Setting, seconds: int) -> str:
    """Why there is not enough room on disk, or nothing."""
    needs = {setting.scratch.folder: seconds * JOURNAL_BYTES_A_SECOND}
    data = setting.scratch.data_folder()
    if data is not None:
        store_bytes = seconds * STORE_BYTES_A_SECOND
        if data.stat().st_dev == setting.scratch.folder.stat().st_dev:
            needs[setting.scratch.folder] += store_bytes
        else:
            needs[data] = store_bytes
    reasons = [
        f"{folder} has {free >> 20} MiB free of the {needed >> 20} MiB that it takes (another folder: TMPDIR)"
        for folder, needed in needs.items()
        if (free := shutil.disk_usage(folder).free) < needed
    ]
    return "; ".join(reasons)


def _write(setting: Setting, journal: Journal, script: Script, seconds: int) -> int:
    """Append until the end or Ctrl-C; return how many seconds of the script were acknowledged."""
    for first in range(0, seconds, SECONDS_AN_APPEND):
        if setting.stop.is_set():
            return first
        last = min(seconds, first + SECONDS_AN_APPEND)
        journal.append([entry for second in range(first, last) for entry in script.series(second)])
        if first % HOUR_S == 0:
            setting.progress(f"{NAME}: hours written", first // HOUR_S, seconds // HOUR_S)
    return seconds


@dataclass(slots=True)
class _Live:
    """What comes while the backlog is drained. ages: of the newest live reading in the store, whenever asked; before
    there is one, of the beginning.
    """

    dsn: str
    bed: str
    begin_us: int = field(default_factory=lambda: time.time_ns() // 1_000)
    said: list[tuple[Series, int, float]] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)

    async def append(self, writer: Writer) -> None:
        number = 0
        series = [
            Series(bed=self.bed, device="live", channel=Channel(code=f"VND_LIVE_{n}", source=str(n), unit="1"))
            for n in range(LIVE_VALUES)
        ]
        while True:
            now_us = time.time_ns() // 1_000
            rows = [(one, now_us + n, float(number + n)) for n, one in enumerate(series)]
            entries: list[Entry] = [
                Reading(series=one, time_us=us, value=value, text=None, quality=Quality.VALID, demo=False)
                for one, us, value in rows
            ]
            self.said += rows
            await writer.append(entries, {})
            number += 1
            await asyncio.sleep(LIVE_EVERY_S)

    async def watch(self) -> None:
        with closing(psycopg.connect(self.dsn, autocommit=True)) as connection:
            while True:
                found = await asyncio.to_thread(self._newest, connection)
                self.ages.append((time.time_ns() // 1_000 - found) / 1e6)
                await asyncio.sleep(ASK_EVERY_S)

    def _newest(self, connection: psycopg.Connection[tuple[int | None]]) -> int:
        (newest,) = connection.execute(_Q["newest"], (self.bed, ["live"], self.begin_us)).fetchone() or (None,)
        return newest or self.begin_us


async def _drain(dsn: str, journal: Journal, live: _Live) -> float | None:
    """Deliver everything; return the seconds until the backlog was in the store, or None if it never was."""
    sink = Timescale(dsn, journal)
    writer = Writer(journal, sink.wake)
    tip = journal.tip
    begin_s = time.monotonic()
    tasks = [asyncio.create_task(live.append(writer)), asyncio.create_task(live.watch())]
    drained_s = None
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                if await waited(lambda: sink.status.delivered >= tip, DRAIN_S) is None:
                    return None
                drained_s = time.monotonic() - begin_s
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await writer.close()
                await sink.drain()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await writer.close()
        await sink.close()
    return drained_s


def _compare(setting: Setting, script: Script, written: int, live: _Live) -> Comparison:
    """Hour by hour and wave by wave, in arrays; then whether the bed has any row besides."""
    found = Comparison()
    rows = 0
    with closing(TimescaleReader(setting.dsn)) as reader:
        for hour in range(-(-written // HOUR_S)):
            setting.progress(f"{NAME}: hours compared", hour, written // HOUR_S)
            last = min(written, (hour + 1) * HOUR_S)
            some, n = _compare_values(reader, script, hour, last - hour * HOUR_S)
            found += some
            rows += n
            for wave in range(len(RATES_HZ)):
                found += _compare_wave(reader, script, wave, hour * HOUR_S, last)
        some, n = _compare_live(reader, live)
        found += some
        rows += n
    with psycopg.connect(setting.dsn, autocommit=True) as connection:
        (counted,) = connection.execute(_Q["counted"], (script.bed,)).fetchone() or (0,)
    return found + Comparison(invented=max(0, counted - rows))


def _compare_values(reader: TimescaleReader, script: Script, hour: int, seconds: int) -> tuple[Comparison, int]:
    start_us = script.start_us + hour * HOUR_S * SECOND_US
    codes = [series.channel.code for series in script.channels]
    points = reader.points(script.bed, codes, start_us, start_us + seconds * SECOND_US)
    held = {one.series: as_said(one) for one in points}
    values = hour_of_values(hour)[:seconds]
    at_us = start_us + np.arange(seconds, dtype=np.int64) * SECOND_US
    return _summed(
        lambda series, n: (at_us + n * 1_000, values[:, n], *held.get(series, _NOTHING)), script.channels
    ), sum(one.time_us.size for one in points)


def _compare_wave(reader: TimescaleReader, script: Script, wave: int, first: int, last: int) -> Comparison:
    start_us, end_us = script.start_us + first * SECOND_US, script.start_us + last * SECOND_US
    period_us = 1e6 / RATES_HZ[wave]
    pieces = reader.waves(script.bed, [script.waves[wave].channel.code], start_us, end_us)
    held_us, held_counts = samples([piece for piece in pieces if is_as_said(piece)])
    inside = (held_us > start_us - period_us / 2) & (held_us < end_us - period_us / 2)
    said = counts(wave, first, last - first)
    time_us = start_us + np.rint(np.arange(said.size) * period_us).astype(np.int64)
    order = np.argsort(held_us[inside], kind="stable")
    return compare_samples(
        time_us, said, np.ones(said.size, np.bool_), held_us[inside][order], held_counts[inside][order], period_us
    )


def _compare_live(reader: TimescaleReader, live: _Live) -> tuple[Comparison, int]:
    codes = list({series.channel.code for series, _, _ in live.said})
    points = reader.points(live.bed, codes, live.begin_us, EVER_US[1])
    held = {one.series: as_said(one) for one in points}
    said: dict[Series, list[tuple[int, float]]] = {}
    for series, time_us, value in live.said:
        said.setdefault(series, []).append((time_us, value))

    def arrays(series: Series, _: int) -> _Pair:
        times, values = zip(*said[series], strict=True)
        return np.array(times, np.int64), np.array(values, np.float64), *held.get(series, _NOTHING)

    return _summed(arrays, list(said)), sum(one.time_us.size for one in points)


def as_said(points: Points) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Times and values of those readings that have the script's quality and are no demonstration."""
    right = (points.quality == np.where(np.isnan(points.value), Quality.NOT_AVAILABLE, Quality.VALID)) & ~points.demo
    return points.time_us[right], points.value[right]


def is_as_said(piece: WavePiece) -> bool:
    """Whether it has the script's scale and quality, and is no demonstration."""
    return (piece.scale, piece.offset, piece.quality, piece.demo) == (SCALE, OFFSET, Quality.VALID, False)


_Pair = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]
_NOTHING = (np.empty(0, np.int64), np.empty(0, np.float64))


def _summed(arrays: Callable[[Series, int], _Pair], channels: list[Series]) -> Comparison:
    found = Comparison()
    for n, series in enumerate(channels):
        found += compare_points(*arrays(series, n))
    return found
