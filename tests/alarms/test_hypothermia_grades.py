"""The three schemes of clinical.md §2.3."""

import math

import pytest

from alarms.hypothermia import grade


@pytest.mark.parametrize(
    ("nadir", "review_a", "review_b", "display"),
    [
        (36.0, None, None, None), (math.nan, None, None, None), (35.99, "mild", "mild", "mild"),
        (35.5, "mild", "mild", "mild"), (35.49, "mild", "mild", "mild_low"), (35.0, "mild", "mild", "mild_low"),
        (34.99, "mild", "moderate", "moderate"), (34.0, "mild", "moderate", "moderate"),
        (33.99, "moderate", "severe", "severe"), (32.0, "moderate", "severe", "severe"),
        (31.99, "severe", "severe", "critical"),
    ],
)  # fmt: skip
def test_a_nadir_is_graded(nadir: float, review_a: str | None, review_b: str | None, display: str | None) -> None:
    found = [grade(nadir, scheme) for scheme in ("review_a", "review_b", "display")]
    assert [one and one.name for one in found] == [review_a, review_b, display]
    assert grade(nadir) == found[2]


def test_a_scheme_that_there_is_not() -> None:
    with pytest.raises(KeyError, match="review_c"):
        grade(35.0, "review_c")
