"""Carbon dioxide, respiration, ventilator, EEG, units (clinical.md §3.3)."""

import pytest

from charting.fill.types import CellState
from collector.model import Role
from tests.charting.fill.bed import (
    BIS,
    CO2_RATE,
    ETCO2,
    IMPEDANCE,
    PPEAK,
    SQI,
    Charted,
    at,
    but,
    steady,
    without,
)

SEVO, VT = "MDC_CONC_AWAY_SEVOFL_ET", "MDC_VOL_AWAY_TIDAL_EXP"
VENT_RATE = "MDC_VENT_RESP_RATE"
UNIT = {PPEAK: "cm[H2O]", VENT_RATE: "/min"}


def test_before_the_tube_a_zero_is_blank() -> None:
    co2 = but(steady(ETCO2, 36, 15), 0, 600, 0)
    points = [co2, but(steady(CO2_RATE, 12, 15), 0, 600, 0), steady(IMPEDANCE, 16, 15)]
    charted = Charted(points, 15, ("etco2", "rr"), options={"events": {"t_tube_in": at(600)}})
    cell = charted.one("etco2", 5)
    assert (cell.value, cell.state, cell.rule) == (None, CellState.EMPTY, "etco2.no_airway")
    assert (charted.one("rr", 5).value, charted.one("rr", 5).code) == (16.0, IMPEDANCE)
    assert charted.one("rr", 5).dropped == {"rr.no_airway": 300}


def test_a_zero_while_the_ventilator_runs_is_a_state() -> None:
    points = [
        but(steady(ETCO2, 36, 12), 300, 360, 0), steady(PPEAK, 18, 12), steady(VT, 450, 12, unit="mL"),
        steady(SEVO, 2, 12, unit="%"),
    ]  # fmt: skip
    charted = Charted(points, 12, ("etco2", "ppeak", "vt", "sevo_et"), step_min=1)
    assert charted.one("etco2", 6).rule == "etco2.disconnect"
    assert charted.gaps("etco2") == [(5, 6, "artefact", "etco2.disconnect")]
    for signal in ("ppeak", "vt", "sevo_et"):
        assert charted.one(signal, 6).rule == "vent.disconnect"
        assert charted.one(signal, 8).value in (18, 450, 2)


def test_a_zero_of_less_than_20_s_is_no_disconnection_and_no_value() -> None:
    points = [but(steady(ETCO2, 36, 12), 300, 319, 0), steady(PPEAK, 18, 12)]
    assert Charted(points, 12, ("etco2",)).one("etco2", 5).dropped == {"etco2.zero": 19}


def test_the_sampling_line_calibrates() -> None:
    points = [but(steady(ETCO2, 36, 12), 300, 340, 3), but(steady(CO2_RATE, 12, 12), 295, 340, 0)]
    assert Charted(points, 12, ("etco2",)).one("etco2", 5).dropped == {"etco2.calibration": 40}
    assert Charted(points[:1], 12, ("etco2",)).one("etco2", 5).dropped == {}


def test_seconds_of_another_carbon_dioxide() -> None:
    cell = Charted([but(steady(ETCO2, 36, 12), 300, 304, 60)], 12, ("etco2",)).one("etco2", 5)
    assert cell.dropped == {"etco2.spike": 4}


@pytest.mark.parametrize(
    ("value", "state", "rule"),
    [
        (14, CellState.HELD, "etco2.soft_low"), (15, CellState.CHARTED, ""), (80, CellState.CHARTED, ""),
        (81, CellState.HELD, "etco2.soft_high"), (151, CellState.EMPTY, "etco2.hard_high"),
        (-1, CellState.EMPTY, "etco2.hard_low"), (0, CellState.EMPTY, "etco2.zero"),
    ],
)  # fmt: skip
def test_limits_of_carbon_dioxide(value: float, state: CellState, rule: str) -> None:
    cell = Charted([steady(ETCO2, value, 10)], 10, ("etco2",)).one("etco2", 5)
    assert (cell.state, cell.rule) == (state, rule)


@pytest.mark.parametrize(
    ("signal", "code", "unit", "low_hard", "low_soft", "high_soft", "high_hard"),
    [
        ("rr", CO2_RATE, "/min", -1, 3, 51, 121),
        ("cvp", "MDC_PRESS_BLD_VEN_CENT_MEAN", "mm[Hg]", -11, -6, 31, 61),
        ("pi", "MDC_BLD_PERF_INDEX", "%", -0.1, 0.2, None, 31),
        ("fio2", "MDC_CONC_AWAY_O2_INSP", "%", 17, None, None, 101),
        ("ppeak", PPEAK, "cm[H2O]", -21, None, 41, 121),
        ("peep", "MDC_PRESS_AWAY_END_EXP_POS", "cm[H2O]", -1, None, 26, 61),
        ("vt", VT, "mL", -1, 99, 1201, 3001),
        ("sevo_et", SEVO, "%", -0.1, None, None, 21),
        ("bis", BIS, "1", -1, None, None, 101),
    ],
)
def test_the_plausibility_table(
    signal: str,
    code: str,
    unit: str,
    low_hard: float,
    low_soft: float | None,
    high_soft: float | None,
    high_hard: float,
) -> None:
    for value, wanted in (
        (low_hard, CellState.EMPTY), (low_soft, CellState.HELD), (high_soft, CellState.HELD),
        (high_hard, CellState.EMPTY),
    ):  # fmt: skip
        if value is not None:
            cell = Charted([steady(code, value, 10, unit=unit)], 10, (signal,)).one(signal, 5)
            side = "low" if value in (low_hard, low_soft) else "high"
            assert cell.state is wanted
            assert cell.rule.endswith(f"{'hard' if wanted is CellState.EMPTY else 'soft'}_{side}")


@pytest.mark.parametrize(("quality", "state", "rule"), [(49, CellState.HELD, "bis.sqi"), (50, CellState.CHARTED, "")])
def test_bis_needs_a_signal(quality: float, state: CellState, rule: str) -> None:
    cell = Charted([steady(BIS, 45, 10), steady(SQI, quality, 10)], 10, ("bis",)).one("bis", 5)
    assert (cell.value, cell.state, cell.rule) == (45.0, state, rule)


@pytest.mark.parametrize(("minutes", "state"), [(2, CellState.CHARTED), (3, CellState.HELD)])
def test_what_holds_half_of_the_minutes_holds_the_cell(minutes: int, state: CellState) -> None:
    quality = but(steady(SQI, 80, 10), 120, 120 + 60 * minutes, 30)
    assert Charted([steady(BIS, 45, 10), quality], 10, ("bis",)).one("bis", 5).state is state


def test_units_are_converted_to_the_charted_one() -> None:
    cell = Charted([steady(ETCO2, 4.8, 10, unit="kPa")], 10, ("etco2",)).one("etco2", 5)
    assert cell.value == pytest.approx(4.8 * 7.50062, abs=1e-3)
    assert cell.unit == "mm[Hg]"
    assert Charted([steady(PPEAK, 20, 10, unit="mbar")], 10, ("ppeak",)).one("ppeak", 5).value == pytest.approx(
        20.394, abs=1e-3
    )


def test_a_share_becomes_a_pressure_by_the_pressure_of_the_room_or_not_at_all() -> None:
    co2, room = steady(ETCO2, 5, 10, unit="%"), steady("VND_GE_PRESS_AMBIENT", 650, 10, unit="mm[Hg]")
    assert Charted([co2, room], 10, ("etco2",)).one("etco2", 5).value == pytest.approx(32.5)
    lost = Charted([co2], 10, ("etco2",)).one("etco2", 5)
    assert (lost.value, lost.rule) == (None, "unit.no_ambient")


def test_of_one_value_in_two_units_the_charted_one_counts() -> None:
    told = [steady(ETCO2, 5, 10, unit="%", source="a"), steady(ETCO2, 37, 10, source="b")]
    cell = Charted(told, 10, ("etco2",)).one("etco2", 5)
    assert (cell.value, cell.source, cell.dropped) == (37.0, "b", {})


def test_a_unit_that_cannot_be_is_not_charted() -> None:
    assert Charted([steady(ETCO2, 5, 10, unit="mL")], 10, ("etco2",)).one("etco2", 5).rule == "unit.unknown"


def test_an_alarm_s_limit_is_no_measurement() -> None:
    limit = steady(PPEAK, 40, 10, role=Role.LIMIT_HIGH)
    assert Charted([limit], 10, ("ppeak",)).filling.cells == ()


def test_a_setting_is_no_measurement_and_the_other_way_round() -> None:
    rate = steady("MDC_VENT_RESP_RATE_SETTING", 14, 10, unit="/min", role=Role.SET)
    charted = Charted([rate, steady(CO2_RATE, 15, 10)], 10, ("rr", "rate_set"))
    assert (charted.one("rr", 5).value, charted.one("rate_set", 5).value) == (15.0, 14.0)


def test_what_holds_two_of_four_minutes_holds_the_cell() -> None:
    quality = but(steady(SQI, 80, 10), 120, 240, 30)
    cell = Charted([without(steady(BIS, 45, 10), 360, 420), quality], 10, ("bis",)).one("bis", 5)
    assert (len(cell.minutes), cell.state, cell.rule) == (4, CellState.HELD, "bis.sqi")


@pytest.mark.parametrize(
    ("code", "value", "rule"),
    [
        (PPEAK, 5.1, "etco2.disconnect"), (PPEAK, 5, "etco2.zero"), (VENT_RATE, 12, "etco2.disconnect"),
        (VENT_RATE, 0, "etco2.zero"),
    ],
)  # fmt: skip
def test_a_ventilator_runs_when_it_tells_a_pressure_or_breaths(code: str, value: float, rule: str) -> None:
    points = [but(steady(ETCO2, 36, 12), 300, 330, 0), steady(code, value, 12, device="ventilator", unit=UNIT[code])]
    assert Charted(points, 12, ("etco2",)).one("etco2", 5).dropped == {rule: 30}


def test_breaths_of_another_device_are_no_calibration_of_this_one() -> None:
    points = [but(steady(ETCO2, 36, 12), 300, 340, 3), steady(CO2_RATE, 0, 12, device="second")]
    assert Charted(points, 12, ("etco2",)).one("etco2", 5).dropped == {}
