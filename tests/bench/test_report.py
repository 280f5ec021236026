"""The arithmetic of the bench's rows; how fast anything is, no test asks."""

import pytest

from tests.bench.report import Row, Verdict, percentile, summary


@pytest.mark.parametrize(
    ("value", "at_least", "verdict"),
    [
        (10.0, True, Verdict.KEPT),
        (9.9, True, Verdict.MISSED),
        (10.0, False, Verdict.KEPT),
        (10.1, False, Verdict.MISSED),
        (None, True, Verdict.NOT_RUN),
        (None, False, Verdict.NOT_RUN),
    ],
)
def test_a_budget_is_a_floor_or_a_ceiling(value: float | None, at_least: bool, verdict: Verdict) -> None:
    assert Row(what="rate", unit="/s", value=value, budget=10.0, at_least=at_least).verdict is verdict


def test_what_has_no_budget_is_told() -> None:
    assert Row(what="rate", unit="/s", value=1.0).verdict is Verdict.TOLD


def test_a_row_says_its_ratio_to_the_reference() -> None:
    row = Row(what="rate", unit="/s", value=3000.0, budget=2000.0, at_least=True, reference=1500.0, against="COPY")
    assert row.text().split() == ["rate", "3,000", "/s", "≥", "2,000", "kept", "×2.00", "COPY"]


def test_a_row_that_was_not_run_says_why() -> None:
    row = Row(what="rate", unit="/s", budget=2.0, reference=1.0, against="COPY", note="reference not run")
    assert row.text().split() == ["rate", "–", "/s", "≤", "2", "not", "run", "reference", "not", "run"]


def test_the_summary_counts_and_names_what_was_missed() -> None:
    rows = [Row(what=f"row {k}", unit="s", value=float(k), budget=1.0) for k in (0, 1, 2)]
    assert summary(rows) == "kept 2, missed 1, not run 0, told 0\n  missed: row 2"


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(k) for k in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 51.0, 100.0, 100.0]
