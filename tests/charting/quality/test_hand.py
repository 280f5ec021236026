"""The department of 40 cases that were written by hand: every number as it was worked out beside them; every trap."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from charting.accounts.actor import Actor
from charting.quality.deriver import Deriver
from charting.quality.figures import figures, set_figure
from charting.quality.keeping import MemoryFacts
from charting.quality.loader import load
from charting.quality.periods import period
from charting.quality.report import QualityReport, report
from charting.quality.results import Member, Result
from charting.trail.contents import Event
from tests.charting.quality.hand import ANN, DATA, LIBRARIES, Department, department, written

EXPECTED: Mapping[str, Any] = tomllib.loads((DATA / "expected.toml").read_text(encoding="utf-8"))
NOVEMBER, YEAR = period("2026-11", "Asia/Shanghai"), period("2026", "Asia/Shanghai")
QUE = Actor(account="que", name="Que", roles=frozenset({"quality"}))


def counted(made: Department, of: str) -> QualityReport:
    keeper = MemoryFacts(made.trail)
    Deriver(made.trail, LIBRARIES, keeper).refresh()
    for key, told in EXPECTED["figures"].items():
        set_figure(made.desk, QUE, key=key, of=told["of"], value=told["value"])
    asked = period(of, "Asia/Shanghai")
    return report(
        keeper.between(0, 2**62),
        load(),
        asked,
        editions=load().editions,
        figures=figures(made.trail).of(asked),
        made_us=made.now_us,
    )


@pytest.fixture(scope="module")
def made() -> Department:
    return department()


@pytest.fixture(scope="module")
def november(made: Department) -> QualityReport:
    return counted(made, "2026-11")


def named(members: Sequence[Member] | None) -> list[str]:
    return sorted("+".join(member.cases) for member in members or ())


def of(told: QualityReport, key: str) -> Result:
    found = told.result(key)
    assert found is not None, key
    return found


def test_there_are_40_cases_and_every_number_is_worked_out(november: QualityReport) -> None:
    assert len(written()) == 40
    assert {r.key for r in november.results} == set(EXPECTED["november"])
    assert {i.code for e in ("2022", "2015", "tender") for i in load().of(e)} <= {
        key.split("/")[0].split("@")[0] for key in EXPECTED["november"]
    }


@pytest.mark.parametrize("key", EXPECTED["november"])
def test_each_indicator_is_as_worked_out(november: QualityReport, key: str) -> None:
    told, found = EXPECTED["november"][key], of(november, key)
    if "unavailable" in told:
        assert (found.unavailable, found.value) == (told["unavailable"], None)
        return
    assert found.unavailable == ""
    if "numerator" in told:
        assert named(found.numerator) == sorted(told["numerator"])
    if "d" in told:
        assert (len(found.denominator) if found.d is None else found.d) == told["d"]
    assert named(found.unknown) == sorted(told.get("unknown", []))
    if "value" in told:
        assert found.value == pytest.approx(told["value"])


def test_a_list_has_as_many_rows_as_its_number_says(november: QualityReport) -> None:
    """§0, drill-down: but for what was told from outside, a number is the length of its list."""
    for found in november.results:
        if not found.indicator.numerator_figure:
            assert found.n == len({m.key for m in found.numerator}) == len(found.numerator)
        if found.d is not None and not found.indicator.denominator_figure:
            assert found.d == len({m.key for m in found.denominator}) == len(found.denominator)
        assert {m.key for m in found.numerator} <= {m.key for m in found.denominator}


def test_a_year_is_counted_by_the_year(made: Department) -> None:
    found, told = of(counted(made, "2026"), "AQI-ACC-02"), EXPECTED["year"]["AQI-ACC-02"]
    assert (found.unavailable, found.d) == ("", told["d"])
    assert found.value == pytest.approx(told["value"])


@pytest.mark.parametrize("key", EXPECTED["happened"])
def test_what_happened_in_november_is_told_beside_what_is_booked_there(november: QualityReport, key: str) -> None:
    assert named(of(november, key).happened) == EXPECTED["happened"][key]


# The traps, each with its own case


def where(told: QualityReport, key: str, case: str) -> str:
    """Where a case is: numerator, unknown, denominator, or out of it."""
    found = of(told, key)
    for side in ("numerator", "unknown", "denominator"):
        if any(case in member.cases for member in getattr(found, side)):
            return side
    return "out"


def test_null_planned(november: QualityReport) -> None:
    assert where(november, "AQI-IUI-20", "c03") == "unknown"
    assert where(november, "AQI-IUA-13", "c04") == "unknown"


def test_two_operations_of_one_patient(november: QualityReport) -> None:
    deaths = of(november, "AQI-TPM-25")
    assert [m.cases for m in deaths.numerator if "c01" in m.cases] == [("c01", "c02")]
    assert of(november, "T-01").n - len(of(november, "AQI-ICA-14").denominator) == 1


def test_arrest_before_start(november: QualityReport) -> None:
    assert where(november, "AQI-ICA-14", "c07") == "denominator"
    assert where(november, "2015-11", "c07") == "denominator"


def test_arrest_that_was_intended(november: QualityReport) -> None:
    assert where(november, "AQI-ICA-14", "c10") == "denominator"
    assert where(november, "T-14@24h", "c10") == "denominator"


def test_arrest_outside_the_suite_within_24_h(november: QualityReport) -> None:
    assert where(november, "AQI-ICA-14", "c09") == "denominator"
    assert where(november, "2015-11", "c09") == "numerator"


def test_lma(november: QualityReport) -> None:
    assert where(november, "AQI-IDI-11", "c11") == "numerator"
    assert where(november, "AQI-IHE-23", "c11") == "out"
    assert where(november, "2015-04/intubated", "c11") == "numerator"
    assert where(november, "AQI-IUR-19", "c11") == "out"


def test_pacu_2_h_3_h_and_24_h_side_by_side(november: QualityReport) -> None:
    beside = {key: named(of(november, key).numerator) for key in ("T-09", "T-09@3h", "T-09@24h")}
    assert beside == {"T-09": ["c14", "c15", "c16"], "T-09@3h": ["c15", "c16"], "T-09@24h": ["c16"]}
    assert where(november, "T-09", "c11") == "denominator"


def test_unmapped_probe(november: QualityReport) -> None:
    assert where(november, "AQI-IHT-10", "c17") == "unknown"
    assert where(november, "AQI-TMR-07", "c17") == "numerator"
    assert where(november, "T-04@other", "c17") == "numerator"


def test_an_unmapped_probe_counts_when_somebody_has_said_where_it_is() -> None:
    made = department()
    told = made.desk.case("c17").thermometry
    assert told is not None
    probe = replace(told.thermometers[0], site="nasopharynx")
    made.desk.measure("c17", replace(told, thermometers=(probe, *told.thermometers[1:])))
    assert where(counted(made, "2026-11"), "AQI-IHT-10", "c17") == "numerator"


def test_skin_probe(november: QualityReport) -> None:
    assert where(november, "AQI-IHT-10", "c12") == "out"
    assert where(november, "AQI-TMR-07", "c12") == "numerator"


def test_36_0_exactly(november: QualityReport) -> None:
    assert where(november, "AQI-IHT-10", "c19") == "denominator"
    assert where(november, "AQI-IHP-17", "c19") == "denominator"


def test_probe_out_at_the_end(november: QualityReport) -> None:
    assert where(november, "AQI-IHT-10", "c20") == "denominator"


def test_cooled_on_purpose(november: QualityReport) -> None:
    assert [where(november, "AQI-IHT-10", case) for case in ("c10", "c34")] == ["denominator"] * 2


def test_plan_that_was_written_after_the_start(november: QualityReport) -> None:
    assert where(november, "AQI-IUI-20", "c35") == "numerator"


def test_chest_surgery_and_a_hoarse_voice(november: QualityReport) -> None:
    assert where(november, "AQI-IHE-23", "c10") == "denominator"


def test_washed_cells_are_autologous_whatever_they_are_called(november: QualityReport) -> None:
    assert where(november, "AQI-ATR-09", "c10") == "numerator"
    assert where(november, "AQI-ATR-09", "c35") == "denominator"
    assert where(november, "2015-12", "c33") == "out"


def test_void_and_test_cases_count_nowhere(november: QualityReport) -> None:
    counting = {case for r in november.results for m in (*r.denominator, *r.unknown, *r.pending) for case in m.cases}
    assert not counting & {"c13", "c18"}


def test_a_late_answer_changes_the_number() -> None:
    made = department()
    said = made.desk.case("c03")
    assert said.event("icu_planned") is None
    made.desk.set(
        ANN, "c03", item="late", after=0,
        content=Event(key="icu_planned", at_us=said.events[0].at_us, details={"planned": "false"}),
    )  # fmt: skip
    assert where(counted(made, "2026-11"), "AQI-IUI-20", "c03") == "numerator"
