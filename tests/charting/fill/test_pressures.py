"""Arterial line: each rule by a vector of its own, and the published table row by row (clinical.md §3.3)."""

import numpy as np
import pytest

from charting.fill.pressures import small_pulse
from charting.fill.types import CellState
from tests.charting.fill.bed import DIA, HR, MEAN, SYS, Charted, but, cuff, line, mark, series, steady

ABP = ("abp_sys", "abp_dia", "abp_mean")


def all_three(charted: Charted, minute: float) -> list[tuple[float | None, str, str, dict[str, int]]]:
    return [(c.value, str(c.state), c.rule, dict(c.dropped)) for c in (charted.one(s, minute) for s in ABP)]


@pytest.mark.parametrize(
    ("sys", "dia", "artefact"),
    [
        (201, 152, True), (201, 151, False), (210, 161, True), (210, 159, False),  # > 200: PP < 50
        (200, 171, True), (200, 170, False), (151, 122, True), (151, 121, False),  # 150 < SBP ≤ 200: PP < 30
        (150, 136, True), (150, 135, False), (100, 86, True), (100, 85, False),  # 100 ≤ SBP ≤ 150: PP < 15
        (99, 90, True), (99, 89, False), (60, 51, True), (60, 50, False),  # SBP < 100: PP < 10
        (10, -5, True), (60, 10, True), (60, 11, False),  # SBP ≤ 10 or DBP ≤ 10
        (80, 80, True),
    ],
)  # fmt: skip
def test_the_published_table(sys: float, dia: float, artefact: bool) -> None:
    assert bool(small_pulse(np.array([sys], float), np.array([dia], float))[0]) is artefact
    charted = Charted(
        [series(code, [v], [60 * 5]) for code, v in ((SYS, sys), (DIA, dia), (MEAN, dia + (sys - dia) / 3 + 0.1))],
        10, ABP,
    )  # fmt: skip
    states = {charted.one(s, 5).state for s in ABP}
    assert (CellState.CHARTED not in states) is artefact
    if artefact:
        assert states == {CellState.HELD if 10 < dia < sys < 100 else CellState.EMPTY}


def test_a_heart_that_hardly_beats_is_offered_and_not_hidden() -> None:
    """An arrest: all three wait for a person, who alone can tell it from a line that does not measure."""
    arrest = [steady(code, v, 10) for code, v in ((SYS, 25), (DIA, 20), (MEAN, 22))]
    assert [v[:2] for v in all_three(Charted(arrest, 10, ABP), 5)] == [(25.0, "held"), (20.0, "held"), (22.0, "held")]
    faint = [steady(code, v, 10) for code, v in ((SYS, 62), (DIA, 54), (MEAN, 57))]
    assert all_three(Charted(faint, 10, ABP), 5) == [
        (v, "held", "abp.weak_pulse", {}) for v in (62.0, 54.0, 57.0)
    ]  # fmt: skip


def test_a_quiet_line_is_charted_as_its_medians() -> None:
    assert all_three(Charted(line(120, 70, 88, 10), 10, ABP), 5) == [
        (120.0, "charted", "", {}), (70.0, "charted", "", {}), (88.0, "charted", "", {}),
    ]  # fmt: skip


@pytest.mark.parametrize("seconds", [5, 30, 90])
def test_a_flush_is_left_out_and_named(seconds: int) -> None:
    sys, dia, mean = line(120, 70, 88, 10)
    flushed = [but(one, 300, 300 + seconds, v) for one, v in ((sys, 285), (dia, 280), (mean, 282))]
    assert all_three(Charted(flushed, 10, ABP), 5) == [
        (v, "charted", "", {"abp.flush": seconds}) for v in (120.0, 70.0, 88.0)
    ]


@pytest.mark.parametrize("seconds", [4, 91])
def test_what_is_too_short_or_too_long_is_no_flush(seconds: int) -> None:
    sys, dia, mean = line(120, 70, 88, 10)
    flat = [but(one, 300, 300 + seconds, v) for one, v in ((sys, 285), (dia, 280), (mean, 282))]
    assert Charted(flat, 10, ABP).one("abp_sys", 5).dropped == {"abp.pulse_pressure": seconds}


def test_a_pressure_without_a_pulse_is_the_patient_s_own_on_bypass_and_only_then() -> None:
    bypass = {"bypass": ((mark(10), mark(20)),)}
    flat = [but(one, 600, 1500, v) for one, v in zip(line(120, 70, 88, 30), (60, 58, 59), strict=True)]
    charted = Charted(flat, 30, ABP, options=bypass)
    assert [v[:3] for v in all_three(charted, 15)] == [
        (60.0, "charted", ""), (58.0, "charted", ""), (59.0, "charted", ""),
    ]  # fmt: skip
    assert [v[:3] for v in all_three(charted, 25)] == [(v, "held", "abp.weak_pulse") for v in (60.0, 58.0, 59.0)]


def test_zeroing_is_named() -> None:
    sys, dia, mean = line(120, 70, 88, 10)
    zeroed = [but(one, 300, 330, v) for one, v in ((sys, 2), (dia, 0), (mean, 1))]
    assert all_three(Charted(zeroed, 10, ABP), 5) == [
        (v, "charted", "", {"abp.zeroed": 30}) for v in (120.0, 70.0, 88.0)
    ]


def test_a_damped_line_gives_way_to_the_cuff() -> None:
    damped = [steady(code, v, 15) for code, v in ((SYS, 84), (DIA, 78), (MEAN, 80))]
    charted = Charted([*damped, *cuff((60, 120, 70, 87), (360, 122, 71, 88))], 15, (*ABP, "nibp_sys"))
    for signal in ABP:
        cell = charted.one(signal, 5)
        assert (cell.state, cell.rule, cell.dropped) == (CellState.EMPTY, "abp.damped", {"abp.damped": 300})
    assert charted.one("nibp_sys", 5).value == 122
    assert charted.gaps("abp_sys") == [(1, 15, "artefact", "abp.damped")]
    assert Charted(damped, 15, ABP).one("abp_sys", 5).rule == "abp.weak_pulse"


def test_a_measurement_that_failed_is_nothing_to_compare_with() -> None:
    flat = [steady(code, v, 10) for code, v in ((SYS, 84), (DIA, 78), (MEAN, 80))]
    assert Charted([*flat, *cuff((60, 120, 70, 130))], 10, ABP).one("abp_sys", 5).rule == "abp.weak_pulse"


def test_a_cuff_that_reads_alike_does_not_make_it_damped() -> None:
    flat = [steady(code, v, 10) for code, v in ((SYS, 84), (DIA, 78), (MEAN, 80))]
    charted = Charted([*flat, *cuff((60, 100, 60, 72))], 10, ABP)
    assert charted.one("abp_sys", 5).rule == "abp.weak_pulse"


@pytest.mark.parametrize(("sys", "dia", "mean"), [(100, 60, 100), (100, 60, 120), (100, 60, 60), (100, 60, 50)])
def test_an_order_that_cannot_be(sys: float, dia: float, mean: float) -> None:
    assert Charted(line(sys, dia, mean, 10), 10, ABP).one("abp_dia", 5).rule == "abp.order"


@pytest.mark.parametrize(
    ("sys", "dia", "mean", "rule"),
    [(376, 200, 260, "abp.hard_high"), (60, 12, 13, "abp.hard_low"), (375, 200, 260, "abp.soft_high")],
)
def test_hard_limits_take_all_three(sys: float, dia: float, mean: float, rule: str) -> None:
    charted = Charted(line(sys, dia, mean, 10), 10, ABP)
    if "hard" in rule:
        assert {charted.one(s, 5).rule for s in ABP} == {rule}
        assert {charted.one(s, 5).value for s in ABP} == {None}
    else:
        assert (charted.one("abp_sys", 5).state, charted.one("abp_sys", 5).rule) == (CellState.HELD, rule)


@pytest.mark.parametrize(
    ("signal", "values", "rule"),
    [
        ("abp_sys", (49, 30, 41), "abp.soft_low"), ("abp_sys", (50, 30, 41), ""),
        ("abp_sys", (251, 139, 160), "abp.soft_high"), ("abp_sys", (250, 139, 160), ""),
        ("abp_dia", (80, 24, 43), "abp.soft_low"), ("abp_dia", (80, 25, 43), ""),
        ("abp_dia", (230, 141, 160), "abp.soft_high"), ("abp_dia", (230, 140, 160), ""),
        ("abp_mean", (60, 30, 39), "abp.soft_low"), ("abp_mean", (60, 30, 40), ""),
        ("abp_mean", (240, 120, 161), "abp.soft_high"), ("abp_mean", (240, 120, 160), ""),
    ],
)  # fmt: skip
def test_soft_limits_hold(signal: str, values: tuple[float, float, float], rule: str) -> None:
    cell = Charted(line(*values, 10), 10, ABP).one(signal, 5)
    assert (cell.rule, cell.state) == (rule, CellState.HELD if rule else CellState.CHARTED)
    assert cell.value == values[ABP.index(signal)]


def test_a_minute_that_jumps_and_comes_back_is_held_on_the_closest_grid() -> None:
    sys, dia, mean = line(120, 70, 88, 12)
    jumped = [but(one, 300, 360, v) for one, v in ((sys, 205), (dia, 110), (mean, 140))]
    charted = Charted(jumped, 12, ABP, step_min=1)
    assert [(charted.one(s, 6).state, charted.one(s, 6).rule) for s in ABP] == [(CellState.HELD, "abp.step")] * 3
    assert charted.one("abp_sys", 5).rule == charted.one("abp_sys", 7).rule == ""


def test_a_step_that_stays_is_the_patient_s() -> None:
    sys, dia, mean = line(120, 70, 88, 12)
    risen = [but(one, 300, 720, v) for one, v in ((sys, 205), (dia, 110), (mean, 140))]
    assert Charted(risen, 12, ABP, step_min=1).one("abp_sys", 6).rule == ""


def test_a_mean_that_moves_alone_asks_for_the_transducer() -> None:
    moved = [but(one, 300, 900, v) for one, v in zip(line(120, 70, 88, 15), (105, 55, 73), strict=True)]
    steady_rate = Charted([*moved, steady(HR, 70, 15)], 15, (*ABP, "hr"), step_min=1)
    assert [steady_rate.one(s, 6).rule for s in ABP] == ["abp.level"] * 3
    assert steady_rate.one("abp_mean", 6).state is CellState.CHARTED
    risen_rate = but(steady(HR, 70, 15), 300, 900, 95)
    assert Charted([*moved, risen_rate], 15, ABP, step_min=1).one("abp_mean", 6).rule == ""


def test_resonance_is_marked() -> None:
    ringing = line(165, 45, 85, 10)
    cell = Charted([*ringing, *cuff((60, 130, 70, 90))], 10, ABP).one("abp_sys", 5)
    assert (cell.value, cell.state, cell.rule) == (165.0, CellState.CHARTED, "abp.resonance")
    assert Charted([*ringing, *cuff((60, 150, 70, 90))], 10, ABP).one("abp_sys", 5).rule == ""


def test_parts_that_come_some_seconds_apart_belong_together() -> None:
    seconds = list(range(0, 600, 5))
    sys = series(SYS, [285 if 300 <= s < 330 else 120 for s in seconds], seconds)
    dia = series(DIA, [280 if 300 <= s < 330 else 70 for s in seconds], [s + 1 for s in seconds])
    assert Charted([sys, dia], 10, ABP).one("abp_dia", 5).dropped == {"abp.flush": 6}
