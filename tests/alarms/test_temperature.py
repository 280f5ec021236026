"""The pipeline of clinical.md §2.4, step by step, and the sites of §2.1."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alarms.temperature import (
    LOOKS_BACK_MIN,
    MINUTE_US,
    Circumstances,
    Core,
    Limits,
    Screened,
    by_minute,
    codes,
    differing,
    screen,
    screen_spots,
    site_of,
    sites,
)

FIRST = 28_333_340
"""A minute of 1970."""

ALWAYS = ((0, None),)


def screened(
    values: Sequence[float | None],
    site: str = "nasopharynx",
    circumstances: Circumstances | None = None,
    usable: Sequence[bool] | None = None,
    step_s: int = 60,
    limits: Limits | None = None,
) -> Screened:
    """One reading each `step_s`; None is no reading at all."""
    told = [i for i, v in enumerate(values) if v is not None]
    time_us = np.array([FIRST * MINUTE_US + i * step_s * 1_000_000 for i in told], dtype=np.int64)
    value = np.array([v for v in values if v is not None], dtype=np.float64)
    good = np.ones(len(told), dtype=bool) if usable is None else np.array(usable)
    return screen(time_us, value, good, sites()[site], circumstances or Circumstances(), limits)


def excluded(one: Screened) -> dict[str, list[int]]:
    """Rule → minutes, from 0."""
    found: dict[str, list[int]] = {}
    for minute, rule in zip((one.minute_us // MINUTE_US - FIRST).tolist(), one.excluded.tolist(), strict=True):
        if rule:
            found.setdefault(rule, []).append(minute)
    return found


def beside(values: Sequence[float]) -> Mapping[int, float]:
    return {FIRST + i: v for i, v in enumerate(values)}


@pytest.mark.parametrize(
    ("code", "written", "site", "core"),
    [
        ("MDC_TEMP_BLD", "", "pulmonary_artery", Core.CORE), ("MDC_TEMP_ESOPH", "", "oesophagus", Core.CORE),
        ("MDC_TEMP_NASOPH", "", "nasopharynx", Core.CORE), ("MDC_TEMP_TYMP", "", "tympanic", Core.CORE),
        ("MDC_TEMP_FOLEY", "", "bladder", Core.NEAR_CORE), ("MDC_TEMP_RECT", "", "rectum", Core.NEAR_CORE),
        ("MDC_TEMP_ORAL", "", "mouth", Core.NEAR_CORE), ("MDC_TEMP_AXIL", "", "axilla", Core.NEAR_CORE),
        ("MDC_TEMP", "", "unknown", Core.UNKNOWN), ("VND_PHILIPS_TEMP_GEN_1", "", "unknown", Core.UNKNOWN),
        ("MDC_TEMP", "nasopharynx", "nasopharynx", Core.CORE), ("MDC_TEMP", "鼻咽", "nasopharynx", Core.CORE),
        ("MDC_TEMP", "Skin", "skin", Core.PERIPHERAL), ("MDC_TEMP", "SpotOn", "zero_heat_flux", Core.NEAR_CORE),
        ("MDC_TEMP_SKIN", "", "skin", Core.PERIPHERAL), ("MDC_TEMP", "elbow", "unknown", Core.UNKNOWN),
        ("MDC_TEMP_NASOPH", "skin", "skin", Core.PERIPHERAL),
    ],
)  # fmt: skip
def test_the_site_travels_with_the_value(code: str, written: str, site: str, core: Core) -> None:
    found = site_of(code, written)
    assert found is not None
    assert (found.name, found.core, found.is_body) == (site, core, core is not Core.PERIPHERAL)


def test_the_order_of_core_sites() -> None:
    named = ("pulmonary_artery", "oesophagus", "nasopharynx", "tympanic", "bladder", "rectum", "zero_heat_flux")
    ranks = [sites()[name].rank for name in named]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize(
    "code", ["MDC_TEMP_AWAY", "VND_GE_TEMP_ROOM", "MDC_TEMP_INJ", "VND_DRAEGER_MATTRESS_TEMPERATURE"]
)
def test_what_is_no_body_s_temperature(code: str) -> None:
    assert site_of(code) is None
    assert code not in codes()


def test_1_what_the_device_doubts_is_left_out() -> None:
    one = screened([36.5] * 10 + [36.4] * 10, usable=[True] * 10 + [False] * 10)
    assert excluded(one)["temp.device"] == list(range(10, 20))


SETTLING, ALL = [0, 1, 2], list(range(20))


@pytest.mark.parametrize(
    ("value", "left_out"),
    [
        (24.9, {"temp.range": ALL}), (25.0, {"temp.warm_up": SETTLING, "temp.qc_range": ALL[3:]}),
        (45.0, {"temp.warm_up": SETTLING, "temp.qc_range": ALL[3:]}), (45.1, {"temp.range": ALL}),
    ],
)  # fmt: skip
def test_2_the_range_of_ingest(value: float, left_out: dict[str, list[int]]) -> None:
    assert excluded(screened([value] * 20)) == left_out


@pytest.mark.parametrize(
    ("value", "cooled", "out"),
    [(31.9, False, True), (32.0, False, False), (40.0, False, False), (40.1, False, True),
     (28.0, True, False), (42.0, True, False), (42.1, True, True)],
)  # fmt: skip
def test_3_the_range_of_quality_is_wider_for_who_is_cooled(value: float, cooled: bool, out: bool) -> None:
    one = screened([value] * 20, circumstances=Circumstances(cooled=ALWAYS if cooled else ()))
    beyond = {"temp.qc_range": ALL[3:]} if out else {}
    assert excluded(one) == {"temp.warm_up": SETTLING} | beyond
    assert bool(one.valid[10]) is not out
    assert by_minute(one)[FIRST + 10] == value


def test_4_and_5_a_step_begins_anew_and_settles() -> None:
    one = screened([36.5] * 20 + [35.9] * 20)
    assert excluded(one) == {"temp.warm_up": [0, 1, 2, 20, 21, 22]}
    assert excluded(screened([36.5] * 20 + [36.0] * 20)) == {"temp.warm_up": [0, 1, 2]}


def test_5_warming_up_lasts_until_the_slope_is_small_ten_minutes_at_most() -> None:
    warming = [33.0 + 0.3 * i for i in range(6)] + [34.6] * 20
    assert excluded(screened(warming)) == {"temp.warm_up": list(range(8))}
    for_ever = [33.0 + 0.12 * i for i in range(30)]
    assert excluded(screened(for_ever)) == {"temp.warm_up": list(range(10))}
    assert excluded(screened(for_ever, site="axilla")) == {"temp.warm_up": list(range(20))}


def test_5_a_probe_that_is_back_after_a_hole_warms_up_again() -> None:
    assert excluded(screened([36.5] * 20 + [None] * 5 + [36.5] * 10)) == {"temp.warm_up": [0, 1, 2]}
    assert excluded(screened([36.5] * 20 + [None] * 6 + [36.5] * 10)) == {"temp.warm_up": [0, 1, 2, 26, 27, 28]}


def test_6_a_probe_in_the_air_is_cut_back_to_the_knee() -> None:
    fall = [36.5] * 20 + [36.1, 35.7, 35.3, 34.9, 34.5, 34.1, 33.7, 33.3, 32.9, 32.5]
    assert excluded(screened(fall)) == {"temp.warm_up": [0, 1, 2], "temp.probe_out": list(range(20, 30))}


def test_6_a_fall_told_every_other_minute_is_one() -> None:
    fall = [36.5] * 20 + [36.0, 36.0, 35.5, 35.5, 35.0, 35.0, 34.5, 34.5]
    assert excluded(screened(fall)) == {"temp.warm_up": [0, 1, 2]}
    faster = [36.5] * 20 + [36.0, 36.0, 35.4, 35.4, 34.8, 34.8]
    assert excluded(screened(faster))["temp.probe_out"] == list(range(20, 26))


def test_6_a_probe_that_never_came_back_is_out_for_an_hour_or_as_long_as_its_value_is_no_patient_s() -> None:
    lying = [36.5] * 20 + [36.1, 35.7, 35.3, 34.9, 34.5] + [34.5] * 100
    assert excluded(screened(lying))["temp.probe_out"] == list(range(20, 80))
    strict = replace(Limits(), out_back=36.0)
    assert excluded(screened(lying, limits=strict))["temp.probe_out"] == list(range(20, 125))


@pytest.mark.parametrize("start", [33.1, 34.7, 36.1, 36.3, 37.2])
def test_a_difference_is_what_its_decimals_say(start: float) -> None:
    """0.5 °C is no jump, 1 °C in 3 min no fall, 0.3 °C no end, and 0.1 °C/min not settled, however they are stored."""
    falls = [start, start - 0.5, start - 1.0]
    assert excluded(screened([start] * 20 + falls)) == {"temp.warm_up": [0, 1, 2]}
    end = Circumstances(ends_us=((FIRST + 24) * MINUTE_US,))
    assert "temp.end_trim" not in excluded(screened([start] * 20 + [start - 0.3] * 4, circumstances=end))
    rising = [start + 0.1 * i for i in range(20)]
    assert excluded(screened(rising)) == {"temp.warm_up": list(range(10))}


def test_6_the_knee_is_not_within_the_fall() -> None:
    """Over 1 °C in 3 min with a slow minute first: what is 0.95 below that minute is not back."""
    fall = [36.5] * 20 + [36.4, 35.9] + [35.45] * 10
    assert excluded(screened(fall))["temp.probe_out"] == list(range(20, 32))


def test_6_a_slow_fall_is_the_patient_s() -> None:
    assert excluded(screened([36.5] * 20 + [36.5 - 0.3 * i for i in range(10)])) == {"temp.warm_up": [0, 1, 2]}
    one = Circumstances(cooled=ALWAYS)
    assert "temp.probe_out" not in excluded(
        screened([36.5] * 20 + [36.5 - 0.4 * i for i in range(12)], circumstances=one)
    )


def test_6_the_probe_is_back_when_the_value_is() -> None:
    values = [36.5] * 20 + [36.1, 35.7, 35.3, 34.9] + [34.9] * 6 + [36.4] * 20
    found = excluded(screened(values))
    assert found["temp.probe_out"] == list(range(20, 30))
    assert found["temp.warm_up"] == [0, 1, 2, 30, 31, 32]


@pytest.mark.parametrize("minutes", [1, 2])
def test_6_a_spike_upwards_is_no_probe_that_falls_out(minutes: int) -> None:
    back = 20 + minutes
    one = excluded(screened([36.0] * 20 + [38.4] * minutes + [36.0] * 60))
    assert one == {"temp.warm_up": [0, 1, 2, *range(20, back + 3)]}
    falls = excluded(screened([36.0] * 20 + [38.4] * minutes + [34.0] * 60))
    assert falls["temp.probe_out"] == list(range(20, 80))


def test_6_a_probe_that_was_put_back_for_a_minute_is_still_out() -> None:
    out = [36.5] * 20 + [35.5, 34.8, *[34.4] * 6, 36.4, *[34.4] * 30]
    assert excluded(screened(out))["temp.probe_out"] == [*range(20, 28), *range(29, 59)]


def test_6_a_probe_that_was_put_back_again_and_again_is_out_no_longer_by_a_fall_that_only_another_one_shows() -> None:
    """That it is out is known from the 36.5 before; the second time what is seen for an hour before is 34.4 alone."""
    air = [34.4] * 40
    out = excluded(screened([36.5] * 20 + [35.5, 34.8, *air, 36.4, *air, 36.4, *air]))
    assert out["temp.probe_out"] == [*range(20, 62), *range(63, 103)]


@pytest.mark.parametrize(("minutes", "out"), [(30, []), (31, [*range(51, 111)])])
def test_6_a_step_long_ago_explains_no_fall(minutes: int, out: list[int]) -> None:
    """Unquiet since a step up, never settled, it falls to where it was: within half an hour the step has ended."""
    unquiet = [38.0, 38.6] * (minutes // 2) + [38.6] * (minutes % 2)
    found = excluded(screened([36.0] * 20 + unquiet + [36.0] * 80))
    assert found.get("temp.probe_out", []) == out


def test_6_near_the_room_s_temperature() -> None:
    room = Circumstances(room=beside([31.0] * 30), cooled=ALWAYS)
    assert excluded(screened([33.0] * 30, circumstances=room))["temp.probe_out"] == list(range(30))
    assert "temp.probe_out" not in excluded(screened([33.1] * 30, circumstances=room))


@pytest.mark.parametrize(("last", "out"), [(36.15, [28, 29]), (36.25, None)])
def test_7_the_end_is_trimmed_from_the_knee(last: float, out: list[int] | None) -> None:
    end = Circumstances(ends_us=((FIRST + 30) * MINUTE_US,))
    assert excluded(screened([36.5] * 28 + [last, last], circumstances=end)).get("temp.end_trim") == out


def test_7_what_comes_back_or_is_earlier_is_not_trimmed() -> None:
    end = Circumstances(ends_us=((FIRST + 30) * MINUTE_US,))
    assert "temp.end_trim" not in excluded(screened([36.5] * 26 + [36.1, 36.1, 36.5, 36.5], circumstances=end))
    assert "temp.end_trim" not in excluded(screened([36.5] * 15 + [36.1] * 15, circumstances=end))


def test_7_what_goes_on_after_the_end_does_not_count_until_it_is_back() -> None:
    end = Circumstances(ends_us=((FIRST + 30) * MINUTE_US,))
    lying = [36.5] * 28 + [36.1] * 12
    assert excluded(screened(lying, circumstances=end))["temp.end_trim"] == list(range(28, 40))
    assert excluded(screened([*lying, 36.3, 36.1], circumstances=end))["temp.end_trim"] == list(range(28, 40))
    another = [*lying, *[None] * 6, *[36.1] * 10]
    found = excluded(screened(another, circumstances=end))
    assert found == {"temp.warm_up": [0, 1, 2, 46, 47, 48], "temp.end_trim": list(range(28, 40))}


def test_7_after_an_hour_any_value_is_believed_again_or_only_one_that_may_be_his() -> None:
    end = Circumstances(ends_us=((FIRST + 30) * MINUTE_US,))
    lying = [36.5] * 28 + [35.9] * 90
    assert excluded(screened(lying, circumstances=end))["temp.end_trim"] == list(range(28, 88))
    strict = replace(Limits(), out_back=36.0)
    assert excluded(screened(lying, circumstances=end, limits=strict))["temp.end_trim"] == list(range(28, 118))
    fever = [37.5] * 28 + [36.9] * 90
    assert excluded(screened(fever, circumstances=end, limits=strict))["temp.end_trim"] == list(range(28, 88))


def test_8_stuck_while_another_site_moves_is_flagged() -> None:
    moving = beside([36.0 + 0.01 * i for i in range(100)])
    one = screened([36.5] * 100, circumstances=Circumstances(others=[moving]))
    assert np.flatnonzero(one.flagged == "temp.stuck").tolist() == list(range(61, 100))
    assert one.valid[99]
    still = Circumstances(others=[beside([36.0] * 100)])
    assert not (screened([36.5] * 100, circumstances=still).flagged != "").any()


def test_8_stuck_alone_for_four_hours_is_flagged() -> None:
    one = screened([36.5] * 250)
    assert np.flatnonzero(one.flagged == "temp.stuck").tolist() == list(range(241, 250))


@pytest.mark.parametrize(
    ("value", "converted"), [(80.0, True), (97.7, True), (113.0, True), (79.9, False), (115.1, False)]
)
def test_9_fahrenheit(value: float, converted: bool) -> None:
    one = screened([value] * 10)
    assert (one.flagged[0] == "temp.fahrenheit") is converted
    if converted:
        assert one.value[0] == pytest.approx((value - 32) * 5 / 9, abs=1e-6)
    else:
        assert excluded(one)["temp.range"] == list(range(10))


def test_9_36_0_exactly_is_36_0_in_fahrenheit_and_when_somebody_else_has_converted_it() -> None:
    assert (screened([96.8] * 10).value == 36.0).all()
    assert (screened([(96.8 - 32) * 5 / 9, 35.9999999999988] * 5).value == 36.0).all()
    assert (screened([35.99999] * 10).value < 36.0).all()


def test_10_a_core_that_is_the_skin_s() -> None:
    near = Circumstances(skin=beside([31.5] * 20))
    assert (screened([32.9] * 20, circumstances=near).flagged == "temp.site").all()
    assert (screened([33.0] * 20, circumstances=near).flagged == "").all()
    assert (screened([32.9] * 20, site="bladder", circumstances=near).flagged == "").all()
    far = Circumstances(skin=beside([30.8] * 20))
    assert (screened([32.9] * 20, circumstances=far).flagged == "").all()


def test_minutes_are_medians_of_their_readings() -> None:
    one = screened([36.0, 36.9, 36.1] * 20, step_s=20)
    assert one.value.tolist() == [36.1] * 20
    assert one.count.tolist() == [3] * 20
    even = screened([36.0, 36.2] * 20, step_s=30)
    assert even.value == pytest.approx(np.full(20, 36.1))


def spots(values: Sequence[float], site: str = "mouth", circumstances: Circumstances | None = None) -> Screened:
    """One every 15 min."""
    time_us = np.array([FIRST * MINUTE_US + i * 900_000_000 + 5_000_000 for i in range(len(values))])
    usable = np.ones(len(values), dtype=bool)
    return screen_spots(time_us, np.array(values), usable, sites()[site], circumstances or Circumstances())


def test_readings_one_by_one_need_no_course() -> None:
    one = spots([36.5, 34.0, 24.9, 31.9, 97.7, float("nan")])
    assert one.minute_us.tolist() == [(FIRST + 15 * i) * MINUTE_US for i in range(6)]
    assert one.excluded.tolist() == ["", "", "temp.range", "temp.qc_range", "", "temp.device"]
    assert one.flagged.tolist() == ["", "", "", "", "temp.fahrenheit", ""]
    assert one.value[[0, 1, 3, 4]] == pytest.approx([36.5, 34.0, 31.9, 36.5])
    assert one.valid.tolist() == [True, True, False, False, True, False]


def test_readings_one_by_one_of_who_is_cooled_and_beside_the_skin() -> None:
    assert spots([20.0], circumstances=Circumstances(cooled=ALWAYS)).valid.all()
    near = Circumstances(skin=beside([31.5] * 20))
    assert spots([32.9], site="nasopharynx", circumstances=near).flagged.tolist() == ["temp.site"]


def test_two_sites_differ_when_they_have_for_five_minutes() -> None:
    one, other = screened([36.5] * 20), screened([35.4] * 20, site="bladder")
    assert np.flatnonzero(differing(one, other)).tolist() == list(range(7, 20))
    assert not differing(one, screened([35.6] * 20, site="bladder")).any()


def test_nothing_comes_of_nothing() -> None:
    assert screened([]).value.size == 0


def unquiet(rng: np.random.Generator, n: int) -> list[float | None]:
    """n minutes of a probe that is moved about more than any was: steps, spikes, falls, holes."""
    value = 36 + np.cumsum(rng.normal(0, rng.choice([0.05, 0.2, 0.5]), n))
    for _ in range(rng.integers(0, n // 15)):
        at = rng.integers(0, n)
        value[at : at + rng.choice([1, 2, 5, 10, 30, 60])] += rng.choice([-3, -2, -1.2, -0.7, 0.7, 1.2, 2, 3])
    missing = rng.random(n) < rng.choice([0, 0.1, 0.5])
    for _ in range(rng.integers(0, 5)):
        at = rng.integers(0, n)
        missing[at : at + rng.integers(1, 30)] = True
    return [None if gone else float(v) for v, gone in zip(value.round(1), missing, strict=True)]


@given(st.integers(0, 2**32), st.sampled_from(["nasopharynx", "axilla"]))
@example(128, "nasopharynx")
@example(194, "axilla")
@settings(max_examples=60, deadline=None)
def test_a_minute_is_judged_by_what_is_near_it_alone(seed: int, site: str) -> None:
    values, ahead = unquiet(np.random.default_rng(seed), 420), 40
    end = Circumstances(ends_us=((FIRST + 260) * MINUTE_US,))
    limits = replace(Limits(), stuck_alone_min=10_000)
    whole = screened(values, site, end, limits=limits)
    for first in range(0, 200, 20):
        nearby = [v if first <= at < 220 + first + ahead else None for at, v in enumerate(values)]
        part = screened(nearby, site, end, limits=limits)
        assert judged(part, first) == judged(whole, first)


def judged(one: Screened, first: int) -> list[tuple[int, str, str]]:
    """What is said of the 20 minutes that all which may matter of `first` on goes before."""
    minute = one.minute_us // MINUTE_US - FIRST - first - LOOKS_BACK_MIN
    own = (minute >= 0) & (minute < 20)
    return list(zip(minute[own].tolist(), one.excluded[own].tolist(), one.flagged[own].tolist(), strict=True))
