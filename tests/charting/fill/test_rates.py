"""Heart rate: sources in their order, and the rules of clinical.md §3.3."""

import pytest

from charting.fill.types import CellState
from tests.charting.fill.bed import HR, PULSE, Charted, but, series, steady, without

IBP, NIBP = "MDC_BLD_PULS_RATE_INV", "MDC_PULS_RATE_NON_INV"


def test_sources_in_their_order() -> None:
    rates = {HR: 70.0, PULSE: 71.0, IBP: 72.0, NIBP: 73.0, "MDC_PULS_RATE": 74.0}
    for n, code in enumerate(rates):
        kept = [steady(c, v, 10, unit="/min") for c, v in list(rates.items())[n:]]
        cell = Charted(kept, 10, ("hr",)).one("hr", 5)
        assert (cell.value, cell.code) == (rates[code], code)


def test_pulse_is_never_the_ecg_s() -> None:
    cell = Charted([steady(HR, 70, 10), steady(PULSE, 71, 10)], 10, ("pulse",)).one("pulse", 5)
    assert (cell.value, cell.code) == (71.0, PULSE)


def test_diathermy_is_left_out_and_the_pulse_counts_where_nothing_else_is_left() -> None:
    ecg, pulse = but(steady(HR, 70, 12), 300, 350, 180), steady(PULSE, 72, 12)
    cell = Charted([ecg, pulse], 12, ("hr",)).one("hr", 5)
    assert (cell.value, cell.code, cell.rule) == (70.0, HR, "")
    assert cell.dropped == {"hr.diathermy": 50, "hr.switch": 5}
    whole = Charted([but(steady(HR, 70, 12), 300, 358, 180), pulse], 12, ("hr",), step_min=1)
    minute = whole.one("hr", 6)
    assert (minute.value, minute.code, minute.dropped["hr.diathermy"]) == (72.0, PULSE, 58)
    assert whole.gaps("hr") == []


@pytest.mark.parametrize(
    ("rate", "seconds", "pulse_then"),
    [(104, 40, 72), (180, 60, 72), (180, 40, 90)],  # not 1.5 ×, too long, pulse not stable
)
def test_what_is_no_diathermy(rate: float, seconds: int, pulse_then: float) -> None:
    ecg = but(steady(HR, 70, 12), 300, 300 + seconds, rate)
    pulse = but(steady(PULSE, 72, 12), 310, 330, pulse_then)
    assert "hr.diathermy" not in Charted([ecg, pulse], 12, ("hr",)).one("hr", 5).dropped


def test_seconds_of_another_rate_are_left_out() -> None:
    cell = Charted([but(steady(HR, 70, 10), 300, 305, 130)], 10, ("hr",)).one("hr", 5)
    assert (cell.value, cell.dropped) == (70.0, {"hr.spike": 5})
    longer = Charted([but(steady(HR, 70, 10), 300, 306, 130)], 10, ("hr",)).one("hr", 5)
    assert longer.dropped == {}


@pytest.mark.parametrize(("missing_s", "dropped"), [(599, {"hr.spike": 4}), (600, {})])
def test_seconds_of_another_rate_differ_from_what_was_of_late(missing_s: int, dropped: dict[str, int]) -> None:
    told = without(but(steady(HR, 70, 20), 900, 904, 130), 900 - missing_s, 900)
    assert Charted([told], 20, ("hr",)).one("hr", 15).dropped == dropped


def test_the_first_seconds_of_a_source_that_comes_back_are_left_out() -> None:
    ecg = without(steady(HR, 70, 12), 200, 300)
    cell = Charted([ecg, steady(PULSE, 72, 12)], 12, ("hr",)).one("hr", 5)
    assert cell.dropped == {"hr.switch": 5}
    assert Charted([ecg], 12, ("hr",)).one("hr", 5).dropped == {}


@pytest.mark.parametrize(
    ("rate", "state", "rule"),
    [
        (29, CellState.HELD, "hr.soft_low"), (30, CellState.CHARTED, ""), (200, CellState.CHARTED, ""),
        (201, CellState.HELD, "hr.soft_high"), (350, CellState.HELD, "hr.soft_high"),
        (351, CellState.EMPTY, "hr.hard_high"), (-1, CellState.EMPTY, "hr.hard_low"),
        (0, CellState.HELD, "hr.soft_low"),
    ],
)  # fmt: skip
def test_limits(rate: float, state: CellState, rule: str) -> None:
    cell = Charted([steady(HR, rate, 10)], 10, ("hr",)).one("hr", 5)
    assert (cell.state, cell.rule, cell.value) == (state, rule, None if state is CellState.EMPTY else rate)


def test_respiration_takes_capnography_then_ventilator_then_impedance() -> None:
    rates = {"MDC_CO2_RESP_RATE": 12.0, "MDC_VENT_RESP_RATE": 13.0, "MDC_TTHOR_RESP_RATE": 14.0}
    for n, code in enumerate(rates):
        kept = [steady(c, v, 10, unit="/min") for c, v in list(rates.items())[n:]]
        assert Charted(kept, 10, ("rr",)).one("rr", 5).code == code


def test_readings_once_a_minute_are_charted_alike() -> None:
    minutes = [60.0 * i for i in range(10)]
    cell = Charted([series(HR, [70, 71, 72, 73, 74, 75, 76, 77, 78, 79], minutes)], 10, ("hr",)).one("hr", 5)
    assert cell.value == 74.0  # of 72, 73, 74, 75, 76
    assert [m.median for m in cell.minutes] == [72, 73, 74, 75, 76]


def test_a_cell_names_the_source_of_most_of_its_minutes() -> None:
    points = [steady(HR, 70, 3), steady(PULSE, 72, 10, device="oximeter")]
    cell = Charted(points, 10, ("hr",)).one("hr", 5)
    assert [m.median for m in cell.minutes] == [70, 72, 72, 72, 72]
    assert (cell.value, cell.code, cell.device) == (72.0, PULSE, "oximeter")


def test_one_minute_of_a_demonstration_makes_the_cell_one() -> None:
    points = [steady(HR, 70, 3, demo=True), steady(PULSE, 72, 10)]
    assert Charted(points, 10, ("hr",)).one("hr", 5).demo
    assert not Charted(points[1:], 10, ("hr",)).one("hr", 5).demo


def test_a_source_that_comes_back_is_whole_when_none_stood_in_for_it() -> None:
    points = [without(steady(HR, 70, 12), 240, 300), steady(PULSE, 72, 2)]
    assert Charted(points, 12, ("hr",)).one("hr", 5).dropped == {}


def test_a_peak_from_which_the_rate_does_not_come_back_is_kept() -> None:
    stays = but(but(steady(HR, 70, 10), 300, 305, 200), 305, 600, 130)
    assert Charted([stays], 10, ("hr",)).one("hr", 5).dropped == {}
