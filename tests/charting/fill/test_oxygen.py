"""SpO2 (clinical.md §3.3)."""

import pytest

from charting.fill.types import CellState
from tests.charting.fill.bed import CUFF_DIA, CUFF_SYS, HR, PI, PULSE, SPO2, Charted, but, cuff, series, steady


def test_zero_is_a_probe_that_is_off() -> None:
    charted = Charted([but(steady(SPO2, 98, 15), 300, 720, 0)], 15, ("spo2",))
    cell = charted.one("spo2", 5)
    assert (cell.value, cell.state, cell.rule) == (98.0, CellState.CHARTED, "")
    assert (charted.one("spo2", 10).state, charted.one("spo2", 10).value) == (CellState.EMPTY, None)
    assert Charted([steady(SPO2, 0, 10)], 10, ("spo2",)).one("spo2", 5).rule == "spo2.zero"
    assert charted.gaps("spo2") == [(5, 12, "artefact", "spo2.zero")]


@pytest.mark.parametrize(("seconds", "to", "dropped"), [(5, 87, True), (6, 87, False), (3, 88, False)])
def test_a_fall_of_seconds_that_comes_back(seconds: int, to: float, dropped: bool) -> None:
    cell = Charted([but(steady(SPO2, 98, 10), 300, 300 + seconds, to)], 10, ("spo2",)).one("spo2", 5)
    assert cell.dropped == ({"spo2.drop": seconds} if dropped else {})


def test_a_cuff_on_the_same_arm() -> None:
    fallen = but(steady(SPO2, 98, 12), 270, 310, 85)
    cuffs = cuff((300, 120, 70, 87))
    cell = Charted([fallen, *cuffs], 12, ("spo2",)).one("spo2", 5)
    assert (cell.value, cell.dropped) == (98.0, {"spo2.cuff": 40})
    assert Charted([fallen], 12, ("spo2",)).one("spo2", 5).dropped == {}
    stays_low = but(steady(SPO2, 98, 12), 270, 720, 85)
    assert Charted([stays_low, *cuffs], 12, ("spo2",)).one("spo2", 5).dropped == {}


@pytest.mark.parametrize(("perfusion", "rule"), [(0.2, "spo2.low_perfusion"), (0.3, "")])
def test_low_perfusion_is_marked(perfusion: float, rule: str) -> None:
    cell = Charted([steady(SPO2, 97, 10), steady(PI, perfusion, 10)], 10, ("spo2",)).one("spo2", 5)
    assert (cell.value, cell.state, cell.rule) == (97.0, CellState.CHARTED, rule)


@pytest.mark.parametrize(("pulse", "rule"), [(81, "spo2.rate_mismatch"), (80, ""), (59, "spo2.rate_mismatch")])
def test_a_pulse_that_is_not_the_heart_s_is_marked(pulse: float, rule: str) -> None:
    points = [steady(SPO2, 97, 10), steady(PULSE, pulse, 10), steady(HR, 70, 10)]
    assert Charted(points, 10, ("spo2",)).one("spo2", 5).rule == rule


@pytest.mark.parametrize(
    ("value", "state", "rule"),
    [
        (69, CellState.HELD, "spo2.soft_low"), (70, CellState.CHARTED, ""), (100, CellState.CHARTED, ""),
        (101, CellState.EMPTY, "spo2.hard_high"), (-1, CellState.EMPTY, "spo2.hard_low"),
    ],
)  # fmt: skip
def test_limits(value: float, state: CellState, rule: str) -> None:
    cell = Charted([steady(SPO2, value, 10)], 10, ("spo2",)).one("spo2", 5)
    assert (cell.state, cell.rule) == (state, rule)


def test_a_rise_of_seconds_is_no_fall() -> None:
    assert Charted([but(steady(SPO2, 87, 10), 300, 305, 99)], 10, ("spo2",)).one("spo2", 5).dropped == {}


def test_the_perfusion_of_another_device_marks_nothing() -> None:
    points = [steady(SPO2, 97, 10), steady(PI, 0.2, 10, device="second")]
    assert Charted(points, 10, ("spo2",)).one("spo2", 5).rule == ""


def test_an_empty_cell_names_the_rule_that_left_out_most() -> None:
    told = series(SPO2, [101, 0, 0, 0], [120, 180, 240, 300])
    cell = Charted([told], 10, ("spo2",)).one("spo2", 5)
    assert (cell.state, cell.rule) == (CellState.EMPTY, "spo2.zero")
    assert cell.dropped == {"spo2.hard_high": 1, "spo2.zero": 3}


def test_a_cuff_that_fails_leaves_another_device_s_in_the_same_second() -> None:
    failed, valid = cuff((300, 90, 85, 87)), cuff((300, 120, 70, 87), device="second")
    fallen = but(steady(SPO2, 98, 12), 270, 310, 85)
    assert Charted([fallen, *failed, *valid], 12, ("spo2",)).one("spo2", 5).dropped == {"spo2.cuff": 40}
    assert Charted([fallen, *failed], 12, ("spo2",)).one("spo2", 5).dropped == {}


def test_all_of_a_cuff_that_fails_is_left_out_up_to_its_last_second() -> None:
    failed = [series(CUFF_DIA, [85], [300]), series(CUFF_SYS, [90], [302])]
    fallen = but(steady(SPO2, 98, 12), 270, 310, 85)
    assert Charted([fallen, *failed], 12, ("spo2",)).one("spo2", 5).dropped == {}
