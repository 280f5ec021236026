"""A flowsheet of 32 hours of a real ICU patient, against a table made from the record's .dat file alone.

The record is spoken by a simulated monitor, heard by the bed's own runner and session, journaled and charted.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from charting.fill.fill import MINUTE_US, BedData, Filling, Plan, codes, fill
from charting.fill.types import Cause, Cell, CellState
from collector.journal import Journal, JournalReader
from collector.rehearsal import Placed, live
from drivers.recorded import patient
from tests.shared import capture
from tests.system.filled import Filled
from tests.system.rehearsed import rehearsed

pytestmark = pytest.mark.timeout(600)

RECORD = "s00001-2896-10-10-00-31n"
COLUMNS = ("HR", "ABPSys", "ABPDias", "ABPMean", "PULSE", "RESP", "SpO2", "NBPSys", "NBPDias", "NBPMean")
GAINS = (10, 10, 10, 10, 10, 10, 10, 1, 1, 1)
N = 1936
T0_US = 1_795_500_000_000_000  # 2026-11-24 14:00 in Shanghai: a mark of the hourly grid
MISSING = {"hr": 46, "rr": 45, "spo2": 363}
CUFF = {"nibp_sys": "NBPSys", "nibp_dia": "NBPDias", "nibp_mean": "NBPMean"}
SIGNALS = ("hr", "spo2", "rr", *CUFF)
HOUR, MINUTE = 60, 1

Table = Mapping[str, NDArray[np.float64]]


@pytest.fixture(scope="module")
def table() -> Table:
    """Name → one number of each minute, NaN where there is none; of the .dat file and nothing else."""
    raw = np.fromfile(capture("waveforms", "3975656n.dat"), "<i2").reshape(N, len(COLUMNS))
    return {
        name: np.where(np.isin(raw[:, n], (0, -32768)), np.nan, raw[:, n] / GAINS[n]) for n, name in enumerate(COLUMNS)
    }


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JournalReader]:
    file = capture("waveforms", f"{RECORD}.hea")
    monitor = Placed(name="monitor", driver="ge-datex-dri", options={"waves": (), "classes": ("basic",)})

    def stay(journal: Journal) -> None:
        live(journal, "ICU", patient=patient(f"wfdb:{file}"), start_us=T0_US, seconds=60.0 * N, devices=[monitor])

    with rehearsed(tmp_path_factory, "wfdb", stay) as reader:
        yield reader


@pytest.fixture(scope="module")
def flowsheet(journal: JournalReader) -> Filled:
    """A case's flowsheet, looked at each quarter of an hour, live; nothing reaches the server for 12 minutes."""
    cut = T0_US + 600 * MINUTE_US, T0_US + 612 * MINUTE_US
    found = Filled(journal, "ICU", area="icu", template="icu_flowsheet", start_us=T0_US, cut=cut)
    for minute in range(15, N, 15):
        found.look(T0_US + minute * MINUTE_US)
    found.end(T0_US + N * MINUTE_US)
    return found


@pytest.fixture(scope="module", params=["pure", "record"])
def hourly(journal: JournalReader, request: pytest.FixtureRequest) -> Filling:
    """What pure filling makes of the whole, and what stands in the record."""
    if request.param == "pure":
        return filled(journal, HOUR)
    found: Filled = request.getfixturevalue("flowsheet")
    return found.filling()


@pytest.fixture(scope="module")
def minutely(journal: JournalReader) -> Filling:
    return filled(journal, MINUTE)


def filled(journal: JournalReader, step: int) -> Filling:
    end_us = T0_US + N * MINUTE_US
    points = journal.points("ICU", codes(SIGNALS), T0_US, end_us)
    data = BedData(points=points, conditions=journal.conditions("ICU", T0_US, end_us))
    plan = Plan(
        signals=SIGNALS,
        start_us=T0_US,
        end_us=end_us,
        step_us=step * MINUTE_US,
        expected=frozenset(MISSING),
    )
    return fill(data, plan, T0_US, end_us + MINUTE_US)


def by_mark(filling: Filling, signal: str) -> dict[int, Cell]:
    """Minute of the mark → cell."""
    return {(c.mark_us - T0_US) // MINUTE_US: c for c in filling.cells if c.signal == signal}


def test_the_record_misses_what_it_is_known_to_miss(table: Table) -> None:
    assert {n: int(np.isnan(table[n]).sum()) for n in ("HR", "RESP", "SpO2")} == {"HR": 46, "RESP": 45, "SpO2": 363}
    assert int((~np.isnan(table["NBPSys"])).sum()) == 152


def charted(table: Table, signal: str) -> NDArray[np.float64]:
    """What may be charted of each minute, as the monitor sends it: whole beats and breaths.

    clinical.md §3.3: where the ECG tells no heart rate, the oximeter's pulse counts.
    """
    if signal == "hr":
        return np.rint(np.where(np.isnan(table["HR"]), table["PULSE"], table["HR"]))
    return np.rint(table["RESP"]) if signal == "rr" else table["SpO2"]


@pytest.mark.parametrize("signal", ["hr", "rr", "spo2"])
@pytest.mark.parametrize("step", [HOUR, MINUTE])
def test_a_cell_is_the_median_of_the_records_minutes(
    table: Table, hourly: Filling, minutely: Filling, signal: str, step: int
) -> None:
    """Of the five minutes around an hourly mark, of the one before a mark of a minute (clinical.md §3.2)."""
    cells = by_mark(hourly if step == HOUR else minutely, signal)
    numbers = charted(table, signal)
    found = {mark: cell.value for mark, cell in cells.items()}
    expected: dict[int, float] = {}
    for mark in range(0 if step == HOUR else 1, N + 1, step):
        minutes = numbers[max(0, mark - 3) : mark + 2] if step == HOUR else numbers[mark - 1 : mark]
        there = minutes[~np.isnan(minutes)]
        if there.size:
            expected[mark] = float(np.median(there))
    assert found == pytest.approx(expected)
    assert len(expected) > (20 if step == HOUR else 1500)


@pytest.mark.parametrize(("signal", "name"), [("rr", "RESP"), ("spo2", "SpO2"), ("hr", "HR")])
def test_each_missing_minute_is_in_a_gap(
    table: Table, hourly: Filling, minutely: Filling, signal: str, name: str
) -> None:
    missing = set(np.flatnonzero(np.isnan(table[name])).tolist())
    assert len(missing) == MISSING[signal]
    for filling in (hourly, minutely):
        gaps = [gap for gap in filling.gaps if gap.signal == signal]
        minutes = [m for gap in gaps for m in range(gap.start_us // MINUTE_US, gap.end_us // MINUTE_US)]
        assert len(minutes) == len(set(minutes))
        shown = {minute - T0_US // MINUTE_US for minute in minutes}
        assert shown == missing
        assert {(gap.cause, gap.certain) for gap in gaps} == {(Cause.CABLE, False)}


@pytest.mark.parametrize(("signal", "name"), CUFF.items())
def test_each_cuff_reading_is_charted_once(
    table: Table, hourly: Filling, minutely: Filling, signal: str, name: str
) -> None:
    """At its own time, but at the mark where that is a minute away at most (clinical.md §3.2)."""
    for filling in (hourly, minutely):
        cells = [c for c in filling.cells if c.signal == signal]
        measured = [(cell.minutes[0].minute_us - T0_US) // MINUTE_US for cell in cells]
        assert sorted(measured) == np.flatnonzero(~np.isnan(table["NBPSys"])).tolist()
        assert len(measured) == 152
        for cell, minute in zip(cells, measured, strict=True):
            own_us = T0_US + minute * MINUTE_US + MINUTE_US // 2
            assert cell.value == table[name][minute]
            at_us = cell.mark_us if abs(cell.mark_us - own_us) <= MINUTE_US else own_us
            assert abs(cell.time_us - at_us) <= 1_000_000  # the monitor's clock has whole seconds


def test_no_heart_rate_under_30_is_charted_without_the_name_of_a_rule(
    table: Table, hourly: Filling, minutely: Filling
) -> None:
    slow = np.flatnonzero(table["HR"] < 30)
    assert slow.size > 0
    cells = by_mark(minutely, "hr")
    for minute in slow.tolist():
        cell = cells[minute + 1]
        assert (cell.value, cell.state, cell.rule) == (np.rint(table["HR"][minute]), CellState.HELD, "hr.soft_low")
    for filling in (hourly, minutely):
        low = [c for c in filling.cells if c.signal == "hr" and c.value is not None and c.value < 30]
        assert all(c.rule for c in low)


def test_the_certificate_counts_the_record_s_minutes(table: Table, flowsheet: Filled) -> None:
    """What is beyond the soft limits is received, and waits for a person."""
    certified = flowsheet.certified()
    for signal, (name, low, high) in {"spo2": ("SpO2", 70, 100), "rr": ("RESP", 4, 50)}.items():
        there = ~np.isnan(table[name])
        first = 0 if signal == "spo2" else int(np.flatnonzero(there)[0])
        told = charted(table, signal)
        within = there & (told >= low) & (told <= high)
        assert certified[signal] == (N - first, int(there[first:].sum()), int(within[first:].sum()))
    missing = sum(g.end_us - g.start_us for g in flowsheet.gaps("spo2")) // MINUTE_US
    assert certified["spo2"][0] - certified["spo2"][1] == missing == MISSING["spo2"]


def test_a_restart_changes_nothing(flowsheet: Filled) -> None:
    assert flowsheet.restart() == 0
