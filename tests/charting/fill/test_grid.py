"""Marks of the grid, windows, medians: against a second implementation in plain Python, and by properties."""

import statistics
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from charting.fill.fill import MINUTE_US, BedData, Pace, Plan, fill, final_us, marks
from charting.fill.signals import signals
from charting.fill.streams import medians
from charting.fill.types import Cell, CellState, Excursion, Gap, Minute
from collector.model import Channel, Series
from collector.series import Points
from tests.charting.fill.bed import (
    CUFF_DIA,
    CUFF_MEAN,
    CUFF_SYS,
    DIA,
    HR,
    MEAN,
    NASOPHARYNX,
    PULSE,
    SPO2,
    START_US,
    SYS,
    UNITS,
    Charted,
    link,
    mark,
    series,
    steady,
)

SIGNALS = ("hr", "spo2", "abp_sys", "abp_dia", "abp_mean", "nibp_sys", "nibp_dia", "nibp_mean", "temp", "temp2")
END = 40
LONG = 300
"""Minutes of the made-up beds; a long one outlasts what filling looks at."""


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def test_marks_are_whole_local_steps() -> None:
    start = utc("2026-03-01T00:01:30")
    plan = Plan(signals=(), start_us=start, step_us=60 * MINUTE_US, zone="Asia/Kathmandu")
    assert [m.mark_us for m in marks(plan, start, start + 120 * MINUTE_US)] == [
        utc("2026-03-01T00:15:00"), utc("2026-03-01T01:15:00"),
    ]  # fmt: skip
    five = Plan(signals=(), start_us=start)
    assert [m.mark_us for m in marks(five, start, start + 9 * MINUTE_US)] == [
        utc("2026-03-01T00:05:00"), utc("2026-03-01T00:10:00"),
    ]  # fmt: skip


def test_every_fourth_hour_stays_local_when_the_clock_changes() -> None:
    start = utc("2026-03-28T20:00:00")
    plan = Plan(signals=(), start_us=start, step_us=240 * MINUTE_US, zone="Europe/Berlin")
    assert [m.mark_us for m in marks(plan, start, start + 900 * MINUTE_US)] == [
        utc("2026-03-28T23:00:00"), utc("2026-03-29T02:00:00"), utc("2026-03-29T06:00:00"), utc("2026-03-29T10:00:00"),
    ]  # fmt: skip


def test_rescue_has_every_minute_and_only_then() -> None:
    rescue = Pace(start_us=mark(12.5), end_us=mark(17.5), step_us=MINUTE_US)
    plan = Plan(signals=(), start_us=START_US, paces=(rescue,))
    found = [((m.mark_us - START_US) / MINUTE_US, m.step_us // MINUTE_US) for m in marks(plan, START_US, mark(26))]
    assert found == [(0, 5), (5, 5), (10, 5), *((m, 1) for m in range(13, 18)), (20, 5), (25, 5)]


def test_marks_of_parts_are_the_marks_of_the_whole() -> None:
    paces = (
        Pace(start_us=mark(7), end_us=mark(9.2), step_us=MINUTE_US),
        Pace(start_us=mark(30), end_us=None, step_us=MINUTE_US),
    )
    plan = Plan(signals=(), start_us=START_US, end_us=mark(40), paces=paces)
    cuts = [0, 3.3, 7, 8.5, 9.2, 15, 31, 50]
    parts = [m for a, b in pairwise(cuts) for m in marks(plan, mark(a), mark(b))]
    assert parts == list(marks(plan, START_US, mark(50)))


def test_a_minute_s_mark_is_of_the_minute_before_it() -> None:
    rising = series(HR, [60 + m for m in range(20)], [60.0 * m for m in range(20)])
    rescue = {"paces": (Pace(start_us=mark(8), end_us=mark(11), step_us=MINUTE_US),)}
    charted = Charted([rising], 20, ("hr",), options=rescue)
    assert [charted.one("hr", m).value for m in (5, 8, 9, 10, 15)] == [64, 67, 68, 69, 74]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.floats(-1e6, 1e6)), max_size=60))
def test_medians_are_those_of_the_standard_library(readings: list[tuple[int, float]]) -> None:
    readings.sort(key=lambda r: r[0])
    group, value = np.array([r[0] for r in readings], dtype=np.int64), np.array([r[1] for r in readings])
    found, count = medians(group, value, 8)
    for i in range(8):
        own = [v for g, v in readings if g == i]
        assert count[i] == len(own)
        if not own:
            assert np.isnan(found[i])
        elif len(own) % 2:
            assert found[i] == statistics.median(own)
        else:
            assert found[i] == pytest.approx(statistics.median(own), rel=1e-12, abs=1e-9)
            assert statistics.median_low(own) <= found[i] <= statistics.median_high(own)


def naive_cell(readings: list[tuple[float, float]], m: float) -> float | None:
    """Seconds and values → the value at minute m, said as clinical.md says it."""
    by_minute: dict[int, list[float]] = {}
    for second, value in readings:
        by_minute.setdefault(int(second // 60), []).append(value)
    window = [statistics.median(v) for k, v in by_minute.items() if m - 2.5 <= k + 0.5 < m + 2.5]
    return statistics.median(window) if window else None


@given(st.dictionaries(st.integers(0, 60 * END - 1), st.integers(60, 90), max_size=120))
@settings(max_examples=60, deadline=None)
def test_cells_are_those_of_a_second_implementation(readings: dict[int, int]) -> None:
    told = sorted((float(s), float(v)) for s, v in readings.items())
    charted = Charted([series("MDC_TTHOR_RESP_RATE", [v / 3 for _, v in told], [s for s, _ in told])], END, ("rr",))
    for m in range(0, END, 5):
        wanted = naive_cell([(s, v / 3) for s, v in told], m)
        cell = charted.cell("rr", m)
        assert (cell and cell.value) == (wanted if wanted is None else pytest.approx(wanted))


def bed(seed: int, minutes: int = END) -> list[Points]:
    """Series as they come: dense, sparse, with holes, jumps, zeros, no values; more than one source and device."""
    rng = np.random.default_rng(seed)
    codes = [HR, PULSE, SPO2, SYS, DIA, MEAN, NASOPHARYNX, "MDC_TEMP"]
    periods = [1, 2, 5, 60] if minutes == END else [5, 20, 60]
    found = []
    for code in rng.choice(codes, rng.integers(1, 6), replace=False).tolist():
        low, high = {SPO2: (60, 104), SYS: (0, 330), DIA: (-5, 200), MEAN: (-5, 250)}.get(code, (20, 210))
        if "TEMP" in code:
            low, high = 24, 42
        seconds = np.arange(rng.integers(0, 600), minutes * 60, rng.choice(periods))
        level = np.cumsum(rng.normal(0, 0.2, seconds.size)) + rng.uniform(low, high)
        values = np.where(rng.random(seconds.size) < 0.01, rng.uniform(low, high, seconds.size), level)
        values[rng.random(seconds.size) < 0.05] = np.nan
        for _ in range(rng.integers(0, 3)):
            hole = rng.integers(0, minutes * 60)
            kept = (seconds < hole) | (seconds > hole + rng.integers(10, 20 * minutes))
            seconds, values = seconds[kept], values[kept]
        unit, device = "Cel" if "TEMP" in code else UNITS[code], str(rng.choice(["monitor", "second"]))
        found.append(
            Points(
                series=Series(bed="bed", device=device, channel=Channel(code=code, source=code, unit=unit)),
                time_us=START_US + seconds * 1_000_000,
                value=np.asarray(np.round(values, 1), dtype=np.float64),
                quality=np.where(np.isnan(values), "not_available", "valid"),
                demo=np.zeros(values.size, dtype=bool),
            )
        )
    times = np.unique(rng.integers(0, minutes * 60, rng.integers(0, minutes // 3))).tolist()
    sys = rng.uniform(60, 200, len(times)).round()
    mean = sys - rng.uniform(-2, 42, len(times)).round()
    for code, part in ((CUFF_SYS, sys), (CUFF_DIA, sys - 40), (CUFF_MEAN, mean)):
        found.append(series(code, part.tolist(), [float(t) for t in times]))
    return found


SEEDS = st.integers(0, 2**32)
PLAN = Plan(
    signals=SIGNALS,
    start_us=START_US,
    paces=(Pace(start_us=mark(11), end_us=mark(18), step_us=MINUTE_US),),
    expected=frozenset({"spo2"}),
    events={"t_tube_out": mark(35)},
)
CONDITIONS = link("monitor", "UNREACHABLE", 900, 1200)


@given(SEEDS, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_series_does_not_matter(seed: int, random: Random) -> None:
    one = fill(BedData(points=bed(seed), conditions=CONDITIONS), PLAN, START_US, mark(END))
    turned = bed(seed)
    random.shuffle(turned)
    assert fill(BedData(points=turned, conditions=CONDITIONS[::-1]), PLAN, START_US, mark(END)) == one


@given(SEEDS, st.lists(st.integers(1, LONG - 1), min_size=1, max_size=4, unique=True))
@example(215, [233, 87])
@example(136, [250, 81, 149, 287])
@example(39, [143])
@settings(max_examples=30, deadline=None)
def test_piece_by_piece_is_the_same_as_at_once(seed: int, cuts: list[int]) -> None:
    data = BedData(points=bed(seed, LONG), conditions=CONDITIONS)
    whole = fill(data, PLAN, START_US, mark(LONG))
    edges = [0, *sorted(cuts), LONG]
    cells: list[Cell] = []
    excursions: list[Excursion] = []
    seen: dict[str, int] = {}
    missing: set[tuple[str, int, str, bool, str]] = set()
    counts: dict[str, list[int]] = {}
    for first, last in pairwise(edges):
        plan = Plan(
            signals=PLAN.signals, start_us=PLAN.start_us, paces=PLAN.paces, expected=PLAN.expected, events=PLAN.events,
            seen=seen,
        )  # fmt: skip
        part = fill(data, plan, mark(first), mark(last))
        cells += part.cells
        excursions += part.excursions
        missing |= minutes_of(part.gaps)
        seen = {**part.seen, **seen}
        for signal, count in part.counts.items():
            sums = counts.setdefault(signal, [0, 0, 0])
            for n, minutes in enumerate((count.expected, count.received, count.charted)):
                sums[n] += minutes
    assert tuple(cells) == whole.cells
    assert tuple(excursions) == whole.excursions
    assert missing == minutes_of(whole.gaps)
    assert seen == whole.seen
    assert {s: tuple(c) for s, c in counts.items()} == {
        s: (c.expected, c.received, c.charted) for s, c in whole.counts.items()
    }


def minutes_of(gaps: Iterable[Gap]) -> set[tuple[str, int, str, bool, str]]:
    return {
        (g.signal, minute, str(g.cause), g.certain, g.evidence)
        for g in gaps
        for minute in range(g.start_us, g.end_us, MINUTE_US)
    }


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_no_value_is_made_up(seed: int) -> None:
    filling = fill(BedData(points=bed(seed)), PLAN, START_US, mark(END))
    told: dict[str, list[tuple[int, float]]] = {}
    for points in bed(seed):
        own = told.setdefault(points.series.channel.code, [])
        own += zip(points.time_us.tolist(), points.value.tolist(), strict=True)
    for cell in filling.cells:
        signal = signals()[cell.signal]
        if cell.value is None:
            assert cell.state is CellState.EMPTY
            assert sum(cell.dropped.values()) > 0
            continue
        assert cell.state is not CellState.EMPTY
        raw = [
            v for code in signal.codes for t, v in told.get(code, ()) if in_minutes(t, cell.minutes) and not np.isnan(v)
        ]
        assert min(raw) <= cell.value <= max(raw)
        medians_ = [m.median for m in cell.minutes]
        assert min(medians_) <= cell.value <= max(medians_)
        if len(medians_) % 2:
            assert cell.value in medians_
        if signal.kind != "temperature":
            assert signal.hard_low is None or cell.value >= signal.hard_low
            assert signal.hard_high is None or cell.value <= signal.hard_high
        soft = (signal.soft_low or -np.inf) <= cell.value <= (signal.soft_high or np.inf)
        assert soft or cell.state is CellState.HELD


def in_minutes(time_us: int, minutes: Iterable[Minute]) -> bool:
    return any(m.minute_us <= time_us < m.minute_us + MINUTE_US for m in minutes)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_a_gap_stays_a_gap_and_a_cuff_reading_comes_once(seed: int) -> None:
    filling = fill(BedData(points=bed(seed)), PLAN, START_US, mark(END))
    for gap in filling.gaps:
        if gap.signal in ("spo2", "abp_sys"):
            for cell in filling.cells:
                assert cell.signal != gap.signal or not any(
                    gap.start_us <= m.minute_us < gap.end_us for m in cell.minutes
                )
    times = next(p.time_us.tolist() for p in bed(seed) if p.series.channel.code == CUFF_SYS)
    cells = [c for c in filling.cells if c.signal == "nibp_sys" and c.value is not None]
    assert len({c.mark_us for c in cells}) == len(cells) <= len(times)
    minutes = sorted(t // MINUTE_US for t in times)
    for cell in cells:
        minutes.remove(cell.minutes[0].minute_us // MINUTE_US)


@given(SEEDS, st.sampled_from([10, 15, 20]))
@settings(max_examples=30, deadline=None)
def test_what_is_final_does_not_change(seed: int, until: int) -> None:
    """What comes after `final_us` of a mark does not change its cells, but for temperatures."""
    whole = fill(BedData(points=bed(seed)), PLAN, START_US, mark(until))
    sofar = [cut(points, mark(until)) for points in bed(seed)]
    live = fill(BedData(points=sofar), PLAN, START_US, mark(until))
    final = {m.mark_us for m in marks(PLAN, START_US, mark(until)) if final_us(m) <= mark(until)}
    settled = [
        [c for c in filling.cells if c.mark_us in final and not c.signal.startswith("temp")]
        for filling in (live, whole)
    ]
    assert settled[0] == settled[1]


def cut(points: Points, end_us: int) -> Points:
    kept = points.time_us < end_us
    return Points(
        series=points.series,
        time_us=points.time_us[kept],
        value=points.value[kept],
        quality=points.quality[kept],
        demo=points.demo[kept],
    )


def test_nothing_comes_of_nothing() -> None:
    filling = fill(BedData(points=[]), Plan(signals=tuple(signals()), start_us=START_US), START_US, mark(30))
    assert (filling.cells, filling.gaps, filling.excursions, filling.seen) == ((), (), (), {})


def test_a_signal_that_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError, match="hart"):
        fill(BedData(points=[steady(HR, 70, 5)]), Plan(signals=("hart",), start_us=START_US), START_US, mark(5))
