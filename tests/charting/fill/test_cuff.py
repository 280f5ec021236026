"""Cuff pressures (clinical.md §3.2, §3.3)."""

import pytest

from charting.fill.fill import MINUTE_US, Pace
from charting.fill.types import CellState
from collector.model import Quality
from tests.charting.fill.bed import (
    CUFF_DIA,
    CUFF_MEAN,
    CUFF_SYS,
    HR,
    START_US,
    Charted,
    alarm,
    at,
    cuff,
    link,
    mark,
    series,
    steady,
)

NIBP = ("nibp_sys", "nibp_dia", "nibp_mean")


def marks_of(charted: Charted, signal: str = "nibp_sys") -> dict[float, float | None]:
    return {(c.mark_us - START_US) / MINUTE_US: c.value for c in charted.filling.cells if c.signal == signal}


def test_all_three_are_of_one_inflation() -> None:
    charted = Charted(cuff((310, 120, 70, 88)), 10, NIBP)
    assert [(charted.one(s, 5).value, charted.one(s, 5).time_us) for s in NIBP] == [
        (120.0, mark(5)), (70.0, mark(5)), (88.0, mark(5)),
    ]  # fmt: skip


@pytest.mark.parametrize(("second", "shown"), [(360, 300), (361, 361), (240, 300), (239, 239)])
def test_more_than_a_minute_away_it_keeps_its_time(second: int, shown: int) -> None:
    assert Charted(cuff((second, 120, 70, 88)), 10, NIBP).one("nibp_sys", 5).time_us == at(shown)


def test_it_is_never_carried_forward() -> None:
    assert marks_of(Charted(cuff((300, 120, 70, 88)), 60, NIBP)) == {5: 120.0}


def test_of_two_the_nearer_has_the_mark_and_the_other_its_own_minute() -> None:
    charted = Charted(cuff((200, 110, 60, 78), (290, 120, 70, 88), (380, 130, 75, 95)), 10, NIBP)
    assert marks_of(charted) == {3: 110.0, 5: 120.0, 6: 130.0}


def test_two_in_the_minute_of_a_mark() -> None:
    charted = Charted(cuff((300, 120, 70, 88), (335, 130, 75, 95), (380, 140, 75, 97), (415, 150, 75, 99)), 10, NIBP)
    assert marks_of(charted) == {5: 120.0, 335 / 60: 130.0, 6: 140.0, 415 / 60: 150.0}


def test_on_an_hourly_grid_none_is_lost() -> None:
    """06:20 is minute 0: the marks are at 40 and 100 minutes."""
    readings = [(60 * m, 100 + m / 10, 60, 75) for m in range(2, 118, 7)]
    charted = Charted(cuff(*readings), 120, NIBP, step_min=60)
    assert sorted(v for v in marks_of(charted).values() if v) == pytest.approx([r[1] for r in readings])
    assert len(marks_of(charted)) == len(readings)
    assert charted.one("nibp_sys", 40).value == pytest.approx(103.7)


@pytest.mark.parametrize(
    ("sys", "dia", "mean", "rule"),
    [
        (120, 70, 70, "nibp.order"), (120, 70, 120, "nibp.order"), (70, 80, 75, "nibp.order"),
        (90, 81, 85, "nibp.pulse_pressure"), (150, 136, 140, "nibp.pulse_pressure"), (90, 80, 85, ""),
        (210, 165, 180, "nibp.pulse_pressure"), (376, 180, 240, "nibp.hard_high"), (30, 13, 13.5, "nibp.hard_low"),
        (120, None, 88, "nibp.incomplete"), (None, 70, 88, "nibp.incomplete"), (120, 70, None, ""),
    ],
)  # fmt: skip
def test_a_measurement_that_failed_is_no_pressure(
    sys: float | None, dia: float | None, mean: float | None, rule: str
) -> None:
    charted = Charted([steady(HR, 70, 12), *cuff((0, 120, 70, 88), (300, sys, dia, mean))], 12, NIBP)
    cell = charted.one("nibp_sys", 5)
    if rule:
        assert (cell.value, cell.state, cell.rule, cell.dropped) == (None, CellState.EMPTY, rule, {rule: 1})
        assert charted.gaps("nibp_dia")[0] == (5, 12, "artefact", rule)
    else:
        assert (cell.value, cell.state) == (sys, CellState.CHARTED)
        assert charted.gaps("nibp_dia") == [
            (11, 12, "unknown", "the device sent, but no new pressure: failed, cuff off or not started?")
        ]


def test_soft_limits_hold_all_three() -> None:
    charted = Charted(cuff((300, 80, 24, 45)), 10, NIBP)
    assert [(charted.one(s, 5).state, charted.one(s, 5).rule) for s in NIBP] == [(CellState.HELD, "nibp.soft_low")] * 3


def test_the_device_s_failure_is_a_failed_measurement() -> None:
    failed = [
        series(code, [v, None], [0, 300], quality=[Quality.VALID, Quality.INVALID])
        for code, v in ((CUFF_SYS, 120), (CUFF_DIA, 70), (CUFF_MEAN, 88))
    ]
    charted = Charted(failed, 10, NIBP)
    assert charted.one("nibp_sys", 5).rule == "device.invalid"
    assert charted.gaps("nibp_sys") == [(5, 10, "artefact", "device.invalid")]


def test_no_value_shown_is_no_measurement() -> None:
    blank = [series(code, [None], [300]) for code in (CUFF_SYS, CUFF_DIA, CUFF_MEAN)]
    assert Charted(blank, 10, NIBP).filling.cells == ()


def test_a_gap_begins_when_the_next_is_six_minutes_late() -> None:
    readings = cuff((0, 120, 70, 88), (300, 120, 70, 88), (900, 121, 70, 88), (1260, 122, 70, 88))
    charted = Charted([steady(HR, 70, 25), *readings], 25, NIBP)
    assert charted.gaps("nibp_sys") == [
        (11, 15, "unknown", "the device sent, but no new pressure: failed, cuff off or not started?")
    ]


def test_a_gap_has_the_link_s_cause() -> None:
    points = cuff((0, 120, 70, 88), (1200, 120, 70, 88))
    cut = Charted(points, 22, NIBP, conditions=link("monitor", "UNREACHABLE", 320, 1100))
    assert cut.gaps("nibp_sys")[0] == (6, 19, "network", "device unreachable by network")
    off = Charted(points, 22, NIBP, conditions=alarm("monitor", "x", 320, 1300, text="NBP cuff disconnected"))
    assert off.gaps("nibp_sys") == [(6, 20, "cable", "NBP cuff disconnected")]


def test_two_devices_are_not_paired() -> None:
    one, other = cuff((300, 120, 70, 88)), cuff((301, 150, 90, 110), device="second")
    charted = Charted([one[0], other[1]], 10, NIBP)
    assert charted.one("nibp_sys", 5).state is CellState.EMPTY
    both = Charted([*one, *other], 10, NIBP)
    assert sorted(v for v in marks_of(both).values() if v) == [120, 150]
    assert {c.device for c in both.filling.cells if c.value in (120, 70, 88)} == {"monitor"}


def test_a_mark_takes_the_valid_one_before_a_nearer_one_that_failed() -> None:
    assert marks_of(Charted(cuff((295, 90, 85, 87), (330, 120, 70, 88)), 10, NIBP)) == {5: 120.0}


def test_one_that_failed_beside_a_valid_one_has_no_cell() -> None:
    assert marks_of(Charted(cuff((300, 120, 70, 88), (350, 90, 85, 87)), 10, NIBP)) == {5: 120.0}


def test_a_mark_reaches_a_quarter_of_an_hour() -> None:
    """06:20 is minute 0: the mark is at 40 minutes."""
    for minute, shown in ((25, 40), (24, 24), (55, 40), (56, 56)):
        assert marks_of(Charted(cuff((60 * minute, 120, 70, 88)), 90, NIBP, step_min=60)) == {shown: 120.0}


def test_a_mark_reaches_no_farther_than_half_of_its_step() -> None:
    rescue = {"paces": (Pace(start_us=mark(12.5), end_us=mark(17.5), step_us=MINUTE_US),)}
    assert marks_of(Charted(cuff((1050, 120, 70, 88)), 30, NIBP, options=rescue)) == {17: 120.0}
    assert marks_of(Charted(cuff((1104, 120, 70, 88)), 30, NIBP, options=rescue)) == {18: 120.0}


def test_numbers_within_two_seconds_are_one_measurement_of_the_first_s_time() -> None:
    def told(*seconds: float) -> Charted:
        parts = zip((CUFF_SYS, CUFF_DIA, CUFF_MEAN), (120, 70, 88), seconds, strict=True)
        return Charted([series(code, [value], [second]) for code, value, second in parts], 10, NIBP)

    assert {(c.value, c.time_us) for c in told(239, 240, 241).filling.cells} == {(v, at(239)) for v in (120, 70, 88)}
    assert told(239, 242, 242).one("nibp_sys", 5).rule == "nibp.incomplete"


def test_one_that_failed_leaves_another_device_s_in_the_same_second() -> None:
    charted = Charted([*cuff((300, 90, 85, 87)), *cuff((300, 120, 70, 88), device="second")], 10, NIBP)
    assert [(c.mark_us, c.value, c.device) for c in charted.filling.cells if c.signal == "nibp_sys"] == [
        (mark(5), 120.0, "second")
    ]
