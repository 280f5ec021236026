"""Funnel limits and signals against published values and against sums of fractions."""

from fractions import Fraction
from math import comb

import pytest

from charting.reports.limits import Signal, beyond, funnel_limits, signals


def upto(n: int, d: int, p: Fraction) -> Fraction:
    """P(X ≤ n)."""
    return sum((comb(d, k) * p**k * (1 - p) ** (d - k) for k in range(n + 1)), Fraction(0))


@pytest.mark.parametrize("p", [Fraction(1, 10), Fraction(3, 10), Fraction(97, 100)])
@pytest.mark.parametrize("d", [1, 7, 40])
def test_a_count_is_outside_where_its_tail_is_smaller_than_the_limit_allows(d: int, p: Fraction) -> None:
    for n in range(d + 1):
        tail = min(upto(n, d, p), 1 - upto(n - 1, d, p))
        expected = "99.8" if tail < Fraction(1, 1000) else "95" if tail < Fraction(25, 1000) else ""
        assert beyond(n, d, float(p)) == expected, n


def test_limits_are_those_of_spiegelhalter_2005_worked_by_hand() -> None:
    """10 at 1/2: P(X ≤ 1) = 11/1024, P(X ≤ 2) = 56/1024 ≥ 0.025: 2 − (56/1024 − 0.025) / (45/1024) = 1.3244…"""
    low = 2 - (56 / 1024 - 0.025) / (45 / 1024)
    assert funnel_limits(10, 0.5, 0.025) == pytest.approx((low, 10 - low))
    assert funnel_limits(5, 0.0, 0.025) == (0.0, 0.0)
    assert funnel_limits(5, 1.0, 0.025) == (5.0, 5.0)


def test_limits_of_a_year_are_near_those_of_the_normal_distribution() -> None:
    low, high = funnel_limits(12_000, 0.3, 0.025)
    reach = 1.959964 * (12_000 * 0.3 * 0.7) ** 0.5
    assert (low, high) == pytest.approx((3600 - reach, 3600 + reach), abs=1.0)


def test_six_on_one_side_of_the_centre_are_a_shift_and_five_are_not() -> None:
    (shift,) = [s for s in signals([2, 1, 3, 1, 2, 1, -1], 0) if s.kind == "shift"]
    assert (shift.first, shift.last) == (0, 5)
    assert signals([2, 1, 3, 1, 2, -1], 0) == ()
    assert signals([0.0] * 6, 0.5) == (Signal(kind="shift", first=0, last=5),), "0 is a rate"


def test_a_point_on_the_centre_or_none_at_all_neither_counts_nor_ends_a_shift() -> None:
    (shift,) = signals([-1, 1, 2, 0, 1, None, 2, 1, 2, -1], 0)
    assert (shift.kind, shift.first, shift.last) == ("shift", 1, 8)
    assert signals([1, 2, 0, 1, None, 2, 1, -1], 0) == ()


def test_five_each_beyond_the_last_are_a_trend_and_equal_ones_count_once() -> None:
    (trend,) = signals([5, 1, 2, 2, 3, 4, 5, 1], 3)
    assert (trend.kind, trend.first, trend.last) == ("trend", 1, 6)
    (trend,) = signals([1, 9, 7, 5, 3, 1, 4], 5)
    assert (trend.first, trend.last) == (1, 5)
    assert signals([5, 1, 2, 2, 3, 4, 3], 3) == ()
