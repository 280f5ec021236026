"""Gain and baseline give the value that scale and offset give."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.export.scaling import LARGEST, scaling


@pytest.mark.parametrize(
    ("scale", "offset", "expected"),
    [
        (0.005, -1.5, (1, 200.0, 300)),
        (1.0, 0.0, (1, 1.0, 0)),
        (0.25, 0.1, (5, 20.0, -2)),
        (-0.1, 0.3, (-1, 10.0, -3)),
        (560 / 16_352, -40 - 560 / 1_022, (1, 29.2, 1_184)),
    ],
)
def test_the_smallest_factor_that_makes_the_baseline_whole(
    scale: float, offset: float, expected: tuple[int, float, int]
) -> None:
    scaled = scaling(scale, offset, -2_000, 2_000)
    factor, gain, baseline = expected
    assert (scaled.factor, scaled.baseline, scaled.error) == (factor, baseline, 0.0)
    assert scaled.gain == pytest.approx(gain)


@given(
    st.floats(1e-9, 1e6) | st.floats(-1e6, -1e-9),
    st.just(0.0) | st.floats(-1e6, 1e6),
    st.integers(-(2**31) + 1, 2**31 - 1) | st.integers(-(2**15), 2**15),
)
def test_a_value_is_off_by_no_more_than_what_is_told(scale: float, offset: float, count: int) -> None:
    scaled = scaling(scale, offset, count, count)
    assert scaled.gain > 0
    assert abs(count * scaled.factor) <= LARGEST
    assert abs(scaled.baseline) <= LARGEST
    exact = count * Fraction(scale) + Fraction(offset)
    physical = (count * scaled.factor - scaled.baseline) / Fraction(scaled.gain)
    if scaled.error is None:
        assert abs(offset / scale) > LARGEST
    else:
        noise = 1e-14 * max(abs(count * scale), abs(offset))
        assert abs(physical - exact) <= Fraction(scaled.error) * Fraction(1.000001) + Fraction(noise)
        assert scaled.error <= abs(scale) / 2


@pytest.mark.parametrize(("scale", "offset"), [(0.0, 5.0), (1e-310, 0.0), (1e-9, 1e6)])
def test_what_wfdb_cannot_express_is_told(scale: float, offset: float) -> None:
    assert scaling(scale, offset, 0, 1).error is None
