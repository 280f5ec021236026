"""The report: what programs read, what people read, and when a promise is held."""

import json
from dataclasses import replace

import pytest

from collector.verify.comparison import Comparison
from collector.verify.report import Report, Result, not_tried

GOOD = Result(name="cable", promise="p", tried=3, found=Comparison(wanted=1_234), longest_gap_s=1.23456)


def test_programs_read_what_was_tried_lost_and_duplicated() -> None:
    told = json.loads(Report(results=[GOOD]).json())
    assert told["held"]
    (fault,) = told["faults"]
    expected = {"tried": 3, "judged": 1_234, "lost": 0, "duplicated": 0, "longest_gap_s": 1.235, "held": True}
    assert fault | expected == fault


def test_what_was_not_judged_is_told() -> None:
    some = replace(GOOD, judged=17, unjudged=["the age of live data"])
    (fault,) = json.loads(Report(results=[some]).json())["faults"]
    assert (fault["judged"], fault["unjudged"], fault["held"]) == (17, ["the age of live data"], True)
    text = Report(results=[some]).text()
    assert "  17  " in text
    assert "not judged: the age of live data" in text


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, found=Comparison(wanted=1, lost=1)),
        replace(GOOD, found=Comparison(wanted=1, duplicated=1)),
        replace(GOOD, found=Comparison(wanted=1, invented=1)),
        replace(GOOD, tried=0),
        replace(GOOD, found=Comparison()),
        replace(GOOD, judged=0),
        replace(GOOD, recovered=False),
        replace(GOOD, broken=["late"]),
        not_tried("cable", "p", "no cable"),
    ],
)
def test_one_broken_promise_is_enough(bad: Result) -> None:
    report = Report(results=[GOOD, replace(bad, name="worse")])
    assert not report.held
    assert "worse" in report.text().splitlines()[-1]
    assert not json.loads(report.json())["faults"][1]["held"]


def test_the_verdict_needs_all_of_it() -> None:
    assert Report(results=[GOOD]).text().splitlines()[-1].startswith("HELD")
    assert not Report(results=[]).held
    assert "INTERRUPTED" in Report(results=[GOOD], interrupted=True).text()
    assert "PARKED by the database: 2" in Report(results=[GOOD], parked=2).text()
