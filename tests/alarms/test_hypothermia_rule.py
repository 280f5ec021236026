"""What must hold of the rule on any QC series, after smoothing and with the mode fixed (clinical.md §2.2)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from alarms.hypothermia import is_event, longest_run, ongoing_run, run_minutes, series, spot_run
from alarms.temperature import MINUTE_US
from tests.alarms import slow_hypothermia as slow

VALUES = st.sampled_from([34.9, 35.9, 35.999999, 36.0, 36.1, 37.0])
SERIES = st.dictionaries(st.integers(0, 90), VALUES, max_size=90)
LOWISH = st.lists(st.tuples(st.integers(1, 45), st.sampled_from([35.9, 35.9, 35.9, 36.0, None])), max_size=8).map(
    lambda parts: {m: v for m, v in enumerate(v for n, v in parts for _ in range(n)) if v is not None}
)
"""Long stretches: events are common."""
ANY = st.one_of(SERIES, LOWISH)
NORMAL = st.sampled_from([36.0, 36.4, 38.0])


def arrays(told: Mapping[int, float]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    return np.array(list(told), dtype=np.int64), np.array(list(told.values()), dtype=np.float64)


def longest(told: Mapping[int, float]) -> float:
    run = longest_run(*arrays(told))
    return run.minutes if run else 0.0


@given(told=ANY, data=st.data())
def test_raising_a_bin_never_creates_or_lengthens_a_run(told: Mapping[int, float], data: st.DataObject) -> None:
    raised = dict(told)
    for minute in data.draw(st.lists(st.sampled_from(sorted(told)), max_size=5) if told else st.just([])):
        raised[minute] = data.draw(NORMAL)
    assert longest(raised) <= longest(told)


@given(told=ANY, filled=st.dictionaries(st.integers(0, 400), NORMAL, min_size=1, max_size=5))
def test_filling_a_missing_bin_never_creates_or_lengthens_a_run(
    told: Mapping[int, float], filled: Mapping[int, float]
) -> None:
    assert longest({**filled, **told}) <= longest(told)


@given(told=ANY, cut=st.integers(0, 400))
def test_cutting_a_series_in_two_never_creates_an_event(told: Mapping[int, float], cut: int) -> None:
    parts = {m: v for m, v in told.items() if m < cut}, {m: v for m, v in told.items() if m >= cut}
    assert all(longest(part) <= longest(told) for part in parts)


@given(told=ANY, data=st.data())
def test_the_order_of_arrival_does_not_matter(told: Mapping[int, float], data: st.DataObject) -> None:
    shuffled = {m: told[m] for m in data.draw(st.permutations(sorted(told)))}
    assert longest_run(*arrays(shuffled)) == longest_run(*arrays({m: told[m] for m in sorted(told)}))
    minute, raw = arrays(shuffled)
    assert dict(zip(minute.tolist(), series(minute, raw).tolist(), strict=True)) == slow.smooth(dict(told))
    times, values = arrays(shuffled)
    in_order = sorted(told)
    assert spot_run(times * MINUTE_US, values) == spot_run(
        np.array(in_order, dtype=np.int64) * MINUTE_US, np.array([told[m] for m in in_order], dtype=np.float64)
    )


@given(told=ANY)
def test_the_rule_agrees_with_the_slow_one(told: Mapping[int, float]) -> None:
    assert longest(told) == max(0.0, slow.longest(dict(told)))
    minute, value = arrays(told)
    run = spot_run(minute * MINUTE_US, value)
    by_hand = slow.longest_by_hand([(m * 60, told[m]) for m in sorted(told)])
    assert (run.minutes if run else 0.0) == max(0.0, by_hand)


@given(told=ANY, data=st.data())
def test_raising_a_spot_reading_never_creates_an_event(told: Mapping[int, float], data: st.DataObject) -> None:
    raised = {m: data.draw(NORMAL) if data.draw(st.integers(0, 3)) == 0 else v for m, v in told.items()}
    times, values = arrays(told)
    if not is_event(spot_run(times * MINUTE_US, values)):
        assert not is_event(spot_run(arrays(raised)[0] * MINUTE_US, arrays(raised)[1]))


def line(*parts: tuple[int, float | None]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    values = [v for n, v in parts for _ in range(n)]
    return np.arange(len(values)), np.array([np.nan if v is None else v for v in values])


@pytest.mark.parametrize(
    ("parts", "minutes"),
    [
        ([(20, 36.5)], 0), ([(20, 36.5), (7, 35.9)], 7), ([(7, 35.9), (1, 36.0)], 0),
        ([(7, 35.9), (5, None), (3, 35.9)], 15), ([(7, 35.9), (6, None), (3, 35.9)], 3), ([], 0),
        ([(40, 35.9), (5, 36.2), (3, 35.9)], 3),
    ],
)  # fmt: skip
def test_run_minutes_is_what_the_run_at_the_end_has_so_far(
    parts: Sequence[tuple[int, float | None]], minutes: float
) -> None:
    assert run_minutes(*line(*parts)) == minutes


def test_a_run_of_another_threshold() -> None:
    run = ongoing_run(*line((10, 35.7), (12, 35.4)), 35.5)
    assert run is not None
    assert (run.start_us, run.minutes) == (10 * MINUTE_US, 12)
    assert ongoing_run(*line((10, 35.7), (12, 35.5)), 35.5) is None


@pytest.mark.parametrize(("missing", "minutes", "bridged"), [(5, 25, 5), (6, 10, 0)])
def test_missing_bins_are_bridged_up_to_five(missing: int, minutes: float, bridged: int) -> None:
    run = longest_run(*line((10, 35.9), (missing, None), (10, 35.9)))
    assert run is not None
    assert (run.minutes, run.bridged_min) == (minutes, bridged)


def test_fewer_than_three_bins_are_not_smoothed() -> None:
    alone = np.array([0, 10, 11, 30, 31, 32]), np.array([33.0, 34.0, 37.0, 33.0, 36.5, 37.0])
    assert series(*alone).tolist() == [33.0, 34.0, 37.0, 36.5, 36.5, 36.5]
    four = series(np.array([0, 1, 2, 3]), np.array([35.0, 36.0, 36.5, 37.0]))
    assert four.tolist() == [36.0, 36.25, 36.25, 36.5]


@pytest.mark.parametrize(("value", "low"), [(36.0, False), (np.nextafter(36.0, 0), True), (35.999, True)])
def test_36_0_exactly_is_normal_and_nothing_is_rounded(value: float, low: bool) -> None:
    minute = np.arange(40)
    assert is_event(longest_run(minute, series(minute, np.full(40, value)))) is low
    assert is_event(spot_run(np.array([0, 30]) * MINUTE_US, np.array([value, value]))) is low


def test_two_lows_of_a_spot_series_are_29_59_apart() -> None:
    times = np.array([0, 30 * MINUTE_US - 1_000_000])
    assert not is_event(spot_run(times, np.array([35.0, 35.0])))
