"""1936 real minutes of an ICU patient (MIMIC II, s00001-2896-10-10-00-31n): truth is the .dat file, read by itself."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from charting.fill.fill import MINUTE_US, BedData, Filling, Plan, fill, marks
from charting.fill.types import CellState
from collector.model import Channel, Quality, Series
from collector.series import Points
from tests.charting.fill.bed import (
    CUFF_DIA,
    CUFF_MEAN,
    CUFF_SYS,
    DIA,
    HR,
    MEAN,
    PULSE,
    SPO2,
    START_US,
    SYS,
    UNITS,
)
from tests.shared import capture

COLUMNS = (HR, SYS, DIA, MEAN, PULSE, "MDC_RESP_RATE", SPO2, CUFF_SYS, CUFF_DIA, CUFF_MEAN)
GAINS = np.array([10.0] * 7 + [1.0] * 3)
"""Of the record's header."""
SIGNALS = ("hr", "spo2", "rr", "abp_sys", "abp_dia", "abp_mean", "nibp_sys", "nibp_dia", "nibp_mean")
MINUTES = 1936


@cache
def record() -> NDArray[np.float64]:
    """Minutes × columns; 0 and −32768 are no value."""
    raw = np.frombuffer(capture("waveforms", "3975656n.dat").read_bytes(), "<i2").reshape(-1, 10)
    assert raw.shape == (MINUTES, 10)
    return np.where((raw == 0) | (raw == -32768), np.nan, raw / GAINS)


@cache
def charted(step_min: int) -> Filling:
    values = record()
    points = []
    for column, code in enumerate(COLUMNS):
        value = values[:, column]
        told = np.flatnonzero(~np.isnan(value)) if code.startswith("MDC_PRESS_BLD_NONINV") else np.arange(MINUTES)
        unit = UNITS.get(code, "/min")
        points.append(
            Points(
                series=Series(bed="icu", device="monitor", channel=Channel(code=code, source=code, unit=unit)),
                time_us=START_US + told * MINUTE_US,
                value=value[told],
                quality=np.where(np.isnan(value[told]), str(Quality.NOT_AVAILABLE), str(Quality.VALID)),
                demo=np.zeros(told.size, dtype=bool),
            )
        )
    return fill(BedData(points=points), plan(step_min), START_US, START_US + MINUTES * MINUTE_US)


def plan(step_min: int) -> Plan:
    return Plan(
        signals=SIGNALS, start_us=START_US, step_us=step_min * MINUTE_US, expected=frozenset({"hr", "rr", "spo2"})
    )


def minutes_of_gaps(filling: Filling, signal: str) -> set[int]:
    return {
        minute
        for gap in filling.gaps
        if gap.signal == signal
        for minute in range((gap.start_us - START_US) // MINUTE_US, (gap.end_us - START_US) // MINUTE_US)
    }


@pytest.mark.parametrize("step_min", [60, 5, 1])
@pytest.mark.parametrize(("signal", "column", "missing"), [("hr", 0, 46), ("rr", 5, 45), ("spo2", 6, 363)])
def test_each_missing_minute_is_in_a_gap_and_no_other(step_min: int, signal: str, column: int, missing: int) -> None:
    truth = set(np.flatnonzero(np.isnan(record()[:, column])).tolist())
    assert len(truth) == missing
    assert minutes_of_gaps(charted(step_min), signal) == truth


@pytest.mark.parametrize("step_min", [60, 5, 1])
@pytest.mark.parametrize(("signal", "columns"), [("hr", (0, 4)), ("rr", (5,)), ("spo2", (6,))])
def test_cells_are_the_medians_of_the_record_s_minutes(step_min: int, signal: str, columns: tuple[int, ...]) -> None:
    values = record()
    truth = {}
    for mark in marks(plan(step_min), START_US, START_US + MINUTES * MINUTE_US):
        m = (mark.mark_us - START_US) // MINUTE_US
        window = range(m - 1, m) if step_min == 1 else range(m - 3, m + 2)
        told = []
        for minute in window:
            if 0 <= minute < MINUTES:
                told += [v for v in values[minute, list(columns)] if not np.isnan(v)][:1]
        if told:
            ranked = sorted(told)
            truth[mark.mark_us] = (ranked[(len(told) - 1) // 2] + ranked[len(told) // 2]) / 2
    found = {cell.mark_us: cell.value for cell in charted(step_min).cells if cell.signal == signal}
    assert found == pytest.approx(truth)
    assert len(truth) > 25


@pytest.mark.parametrize("step_min", [60, 5, 1])
def test_the_152_cuff_readings_appear_once(step_min: int) -> None:
    values = record()
    told = np.flatnonzero(~np.isnan(values[:, 7]))
    assert told.size == 152
    for column, signal in ((7, "nibp_sys"), (8, "nibp_dia"), (9, "nibp_mean")):
        cells = [cell for cell in charted(step_min).cells if cell.signal == signal]
        assert [cell.minutes[0].minute_us for cell in sorted(cells, key=lambda c: c.minutes[0].minute_us)] == [
            START_US + int(i) * MINUTE_US for i in told
        ]
        assert {cell.minutes[0].minute_us: cell.value for cell in cells} == {
            START_US + int(i) * MINUTE_US: values[i, column] for i in told
        }
        assert len({cell.mark_us for cell in cells}) == 152
        assert all(abs(cell.time_us - cell.minutes[0].minute_us) <= MINUTE_US for cell in cells)


def test_a_heart_rate_of_11_waits_for_a_person() -> None:
    at = int(np.flatnonzero(record()[:, 0] < 30)[0])
    assert record()[at, 0] == 11.5
    slow = {step: [c for c in charted(step).cells if c.signal == "hr" and (c.value or 99) < 30] for step in (1, 5, 60)}
    assert [cell.mark_us for cell in slow[1]] == [START_US + (at + 1) * MINUTE_US]
    for cells in slow.values():
        assert all((cell.state, cell.rule) == (CellState.HELD, "hr.soft_low") for cell in cells)
    assert slow[5]


def test_the_mean_that_came_alone_is_held() -> None:
    alone = [cell for cell in charted(1).cells if cell.signal == "abp_mean" and cell.value == pytest.approx(25.3)]
    assert [(cell.state, cell.rule) for cell in alone] == [(CellState.HELD, "abp.soft_low")]
