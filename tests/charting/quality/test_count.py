"""Counting on facts made by hand: cases and patients, what is not known, figures, periods, departments; the traps."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charting.quality.loader import load
from charting.quality.periods import period
from charting.quality.results import Member, wilson
from charting.quality.words import words
from charting.reports.telling import coverage_of
from collector.errors import UsageError
from tests.charting.quality.made import HOUR_US, NOVEMBER, ZONE, counted, facts, keys, reported

# The traps


def test_two_operations_of_one_patient() -> None:
    """Two anaesthetics, one death: mortality counts patients (AQI-25), the total counts cases (T-01)."""
    first = facts("a", "visit:1", died=True, died_after_h=30.0, died_start_h=32.0)
    second = facts("b", "visit:1", hour=48, died=True, died_after_h=2.0, died_start_h=3.0)
    other = facts("c", "visit:2", died=False)
    deaths = counted("AQI-TPM-25", first, second, other)
    assert (deaths.n, deaths.d) == (1, 2)
    assert deaths.numerator == [Member(key="visit:1", cases=("b",))]
    assert deaths.denominator == [Member(key="visit:1", cases=("a", "b")), Member(key="visit:2", cases=("c",))]
    assert counted("T-01", first, second, other).value == 3


def test_a_patient_of_whom_one_case_is_unknown_is_unknown_unless_another_one_is_a_yes() -> None:
    arrested = facts("a", "visit:1", arrest=True), facts("b", "visit:1", arrest=None)
    unsaid = facts("c", "visit:2", arrest=False), facts("d", "visit:2", arrest=None)
    fine = facts("e", "visit:3", arrest=False)
    found = counted("AQI-ICA-14", *arrested, *unsaid, fine)
    assert (found.n, found.d, keys(found.unknown)) == (1, 3, ["visit:2"])
    assert found.unknown[0].cases == ("d",)
    assert found.coverage == pytest.approx(2 / 3)
    late = facts("f", "visit:4", arrest=True)
    four = [facts(case, arrest=None) for case in "wxyz"]
    assert coverage_of(counted("AQI-ICA-14", late, *four)) == "20.0 %", "1 of 5 is not a little less than a fifth"


def test_null_planned() -> None:
    """Into the ICU, and nobody has said whether that was planned: neither in the numerator nor lost."""
    found = counted(
        "AQI-IUI-20",
        facts("a", icu=True, icu_planned=None),
        facts("b", icu=True, icu_planned=False),
        facts("c", icu=True, icu_planned=True),
        facts("d", icu=False, icu_planned=None),
    )
    assert (keys(found.numerator), found.d, keys(found.unknown)) == (["case:b"], 4, ["case:a"])


def test_pacu_2_h_3_h_and_24_h_side_by_side() -> None:
    stays = [2.0, 2.01, 3.0, 3.5, 24.0, 25.0, math.nan]
    cases = [facts(str(n), pacu=True, pacu_h=h) for n, h in enumerate(stays)]
    told = reported(*cases)
    by_key = {r.key: r for r in told.results}
    assert [by_key[k].n for k in ("T-09", "T-09@3h", "T-09@24h")] == [5, 3, 1]
    assert (by_key["AQI-IDP-18"].n, by_key["2015-06"].n) == (5, 3)
    assert keys(by_key["T-09"].unknown) == ["case:6"]
    assert by_key["AQI-IDP-18"].value == pytest.approx(5 / 7 * 1000)


def test_36_exactly_is_no_hypothermia_and_who_was_not_measured_stays_in_the_denominator() -> None:
    cases = [facts(str(n), pacu=True, pacu_first_c=c, pacu_measured=not math.isnan(c))
             for n, c in enumerate([36.0, 35.9, 35.5, 35.4, math.nan])]  # fmt: skip
    found = counted("AQI-IHP-17", *cases)
    assert (found.n, found.d, keys(found.unknown)) == (3, 5, ["case:4"])
    assert counted("2015-07", *cases).n == 1
    assert counted("T-06@measured", *cases).n == 4


def test_a_laryngeal_mask_counts_for_teeth_and_not_for_hoarseness() -> None:
    mask = facts("a", ga=True, airway=True, tube=False, tooth=True, hoarse=True, throat=False)
    tube = facts("b", ga=True, airway=True, tube=True, tooth=False, hoarse=True, throat=False)
    face = facts("c", ga=True, airway=False, tube=False, tooth=True, hoarse=True, throat=False)
    teeth, hoarse = counted("AQI-IDI-11", mask, tube, face), counted("AQI-IHE-23", mask, tube, face)
    assert (keys(teeth.numerator), keys(teeth.denominator)) == (["a"], ["a", "b"])
    assert (keys(hoarse.numerator), keys(hoarse.denominator)) == (["b"], ["b"])


def test_throat_neck_and_chest_leave_the_numerator_of_hoarseness_only() -> None:
    found = counted(
        "AQI-IHE-23",
        facts("a", ga=True, tube=True, hoarse=True, throat=True),
        facts("b", ga=True, tube=True, hoarse=True, throat=False),
    )
    assert (keys(found.numerator), keys(found.denominator)) == (["b"], ["a", "b"])


def test_an_unmapped_probe_is_indeterminate_a_cooled_patient_only_out_of_the_numerator() -> None:
    found = counted(
        "AQI-IHT-10",
        facts("low", usable=True, hypothermia="event", cooled=False),
        facts("cooled", usable=True, hypothermia="event", cooled=True),
        facts("short", usable=True, hypothermia="indeterminate", cooled=False),
        facts("warm", usable=True, hypothermia="no_event", cooled=False),
        facts("unmapped", usable=False, hypothermia="unmapped", cooled=False),
        facts("unmonitored", usable=False, hypothermia="unmonitored", cooled=False),
    )
    assert keys(found.numerator) == ["case:low"]
    assert sorted(keys(found.denominator)) == ["case:cooled", "case:low", "case:short", "case:warm"]
    assert keys(found.unknown) == ["case:short", "case:unmapped"]
    assert found.coverage == pytest.approx(3 / 5)


def test_a_cancelled_case_before_and_after_the_drug() -> None:
    before = facts("a", performed=False, entered=True, cancelled=True, incised=False)
    after = facts("b", entered=True, cancelled=True, incised=False)
    done = facts("c", entered=True, cancelled=False, incised=True)
    never = facts("d", performed=False, entered=False, cancelled=True, incised=False)
    told = {r.key: r for r in reported(before, after, done, never).results}
    assert (told["AQI-CRB-05"].n, told["AQI-CRB-05"].d) == (1, 3)
    assert (told["AQI-CRA-06"].n, told["AQI-CRA-06"].d) == (1, 2)
    assert (told["T-01"].n, told["T-07"].n, told["T-08"].n) == (2, 1, 1)


def test_labour_analgesia_is_offsite_unless_the_switch_says_otherwise() -> None:
    cases = facts("a", offsite=True, labour=True), facts("b", offsite=True, labour=False), facts("c", offsite=False)
    assert counted("T-02", *cases).n == 2
    assert counted("T-02@without_labour", *cases).n == 1
    switched = counted("AQI-PAO-03", *cases, parameters={"AQI-PAO-03": {"labour_offsite": False}})
    assert (switched.n, switched.d, switched.parameters) == (1, 3, {"labour_offsite": False})


def test_death_by_both_wordings_and_arrest_by_both_windows() -> None:
    long_ = facts("a", died=True, died_start=True, died_start_h=25.0, died_after_h=20.0, arrest=False, arrest_24h=True)
    short = facts("b", died=True, died_start=True, died_start_h=10.0, died_after_h=8.0, arrest=True, arrest_24h=True)
    told = {r.key: r.n for r in reported(long_, short).results}
    assert (told["T-13"], told["T-13@end"], told["2015-10"], told["AQI-TPM-25"]) == (1, 2, 1, 2)
    assert (told["T-14"], told["T-14@24h"]) == (1, 2)


def test_temperature_monitoring_is_told_apart_every_way() -> None:
    cases = [
        facts("a", ga=True, monitored=True, monitoring="continuous", core="core"),
        facts("b", ga=True, monitored=True, monitoring="spot", core="near_core"),
        facts("c", ga=True, monitored=True, monitoring="continuous", core="unknown"),
        facts("d", ga=True, monitored=True, monitoring="continuous", core="peripheral"),
        facts("e", ga=True, monitored=False, monitoring="none"),
        facts("f", ga=False, monitored=True, monitoring="spot", core="core"),
    ]
    told = {r.key.removeprefix("T-04@"): r.n for r in reported(*cases).results if r.key.startswith("T-04")}
    assert told == {
        "T-04": 4, "all": 5, "continuous": 3, "spot": 1, "none": 1, "core": 1, "near_core": 1, "other": 2,
    }  # fmt: skip


def test_asa_classes_are_told_apart_and_who_has_none_is_indeterminate() -> None:
    cases = [facts("a", "p1", asa="1"), facts("b", "p1", asa="3"), facts("c", "p2", asa="3"), facts("d", "p3")]
    told = {r.group: r for r in reported(*cases).results if r.indicator.code == "2015-02"}
    assert [(g, r.n, r.d) for g, r in told.items()] == [
        ("1", 1, 3), ("2", 0, 3), ("3", 2, 3), ("4", 0, 3), ("5", 0, 3), ("6", 0, 3),
    ]  # fmt: skip
    assert keys(told["3"].unknown) == ["p3"]
    assert told["3"].key == "2015-02/3"


# Never 0 for what nobody has told


@pytest.mark.parametrize(
    ("key", "cases", "why"),
    [
        ("AQI-IDP-18", [], "quality.unavailable.nobody"),
        ("AQI-IDP-18", [facts("a", pacu=False)], "quality.unavailable.nobody"),
        ("AQI-IDP-18", [facts("a", pacu=None)], "quality.unavailable.denominator"),
        ("AQI-IDP-18", [facts("a", pacu=True)], "quality.needs.pacu"),
        ("T-19", [facts("a", ga=True, tube=True)], "quality.needs.visit72"),
        ("T-01", [facts("a", performed=False)], "quality.unavailable.nobody"),
        ("AQI-DNR-01", [facts("a")], "quality.unavailable.figure"),
        ("AQI-ACC-02", [facts("a")], "quality.unavailable.yearly"),
    ],
)
def test_what_is_unavailable_says_why(key: str, cases: Sequence[Any], why: str) -> None:
    found = counted(key, *cases)
    assert (found.value, found.interval, found.unavailable) == (None, None, why)
    assert {"zh", "en"} <= words()[why].keys()


def test_a_true_zero_is_zero() -> None:
    found = counted("AQI-ISA-15", facts("a", allergy=False), facts("b", allergy=None))
    assert (found.value, found.d, found.unavailable) == (0, 2, "")
    assert counted("T-16", facts("a", allergy=False)).value == 0


def test_an_empty_month_has_no_number_at_all() -> None:
    assert {r.value for r in reported().results} == {None}


# Figures


def test_figures_stand_in_for_members() -> None:
    told = {"anaesthesia_nurses": 3.0, "anaesthesia_doctors": 12.0, "vaginal_births": 40.0}
    cases = [facts("a", labour=True, vaginal=True), facts("b", labour=True, vaginal=False), facts("c", labour=False)]
    found = {r.key: r for r in reported(*cases, of=period("2026", ZONE), figures=told).results}
    assert found["AQI-DNR-01"].value == 0.25
    assert found["AQI-ACC-02"].value == 0.25
    assert found["2015-01"].value == 12 / 3 * 10_000
    assert (found["AQI-EPD-26"].n, found["AQI-EPD-26"].value) == (1, 2.5)
    assert found["AQI-EPD-26"].figures == {"vaginal_births": 40.0}
    assert found["AQI-DNR-01"].interval is None


@pytest.mark.parametrize(
    ("births", "department", "why"),
    [
        (0.0, "", "quality.unavailable.nobody"),
        (1.0, "", "quality.unavailable.figure_small"),
        (9.0, "产科", "quality.unavailable.department"),
    ],
)
def test_a_figure_that_cannot_be_gives_no_number(births: float, department: str, why: str) -> None:
    cases = [facts(n, labour=True, vaginal=True, department="产科") for n in "ab"]
    found = counted("AQI-EPD-26", *cases, figures={"vaginal_births": births}, department=department)
    assert (found.value, found.unavailable) == (None, why)


def test_of_a_part_of_the_cases_what_needs_figures_gives_no_number() -> None:
    told = {"vaginal_births": 9.0, "anaesthesia_doctors": 3.0, "anaesthesia_nurses": 1.0}
    found = reported(facts("a", labour=True, vaginal=True, ga=True), figures=told, whole=False)
    lacking = {r.indicator.code for r in found.results if r.unavailable == "quality.unavailable.department"}
    assert lacking == {"AQI-DNR-01", "AQI-EPD-26", "2015-01"}


# Periods, departments, views


def test_a_case_belongs_to_the_period_of_its_anchor_to_the_microsecond() -> None:
    hours = (NOVEMBER.end_us - NOVEMBER.start_us) / HOUR_US
    cases = [facts("before", hour=-0.001), facts("first", hour=0), facts("last", hour=hours - 0.001),
             facts("after", hour=hours)]  # fmt: skip
    assert keys(counted("T-01", *cases).numerator) == ["first", "last"]


def test_what_happened_in_the_period_is_a_second_view() -> None:
    death = NOVEMBER.start_us + 5 * HOUR_US
    october = facts("oct", hour=-10, died=True, died_start_h=15.0, died_after_h=14.0, times={"t_death": death})
    late = facts("nov", hour=700, died=True, died_start_h=22.0, died_after_h=21.0,
                 times={"t_death": NOVEMBER.end_us + 1})  # fmt: skip
    untimed = facts("arrest", hour=5, arrest=True, died=False)
    deaths = counted("AQI-TPM-25", october, late, untimed)
    assert (keys(deaths.numerator), keys(deaths.happened)) == (["case:nov"], ["case:oct"])
    assert keys(counted("AQI-ICA-14", october, late, untimed).happened) == ["case:arrest"]
    assert counted("AQI-IHT-10", october).happened is None


def test_a_department_is_counted_alone() -> None:
    cases = facts("a", department="骨科"), facts("b", department="普外科"), facts("c")
    told = reported(*cases, department="骨科")
    assert (told.cases, told.department) == (1, "骨科")
    assert keys(told.results[2].denominator) == ["a"]


def test_pending_candidates_are_listed_and_never_counted() -> None:
    found = counted(
        "AQI-ICA-14",
        facts("waiting", "p1", arrest=False, candidates=("arrest",)),
        facts("confirmed", "p2", arrest=True, candidates=()),
        facts("other", "p3", arrest=False, candidates=("allergy",)),
        facts("outside", "p4", performed=False, candidates=("arrest",)),
    )
    assert (keys(found.numerator), keys(found.pending)) == (["p2"], ["p1"])


def test_a_report_says_what_it_was_made_of() -> None:
    told = reported(facts("a"), facts("b", anchor="t_room_in"), editions="2022", figures={"vaginal_births": 1.0})
    assert (told.cases, told.unanchored, told.editions, told.figures) == (2, 1, ("2022",), {"vaginal_births": 1.0})
    assert told.rules[0] == load().version
    assert len({r.indicator.code for r in told.results}) == 26
    assert len({r.key for r in told.results}) == len(told.results)


def test_a_report_refuses_what_the_catalogue_does_not_know() -> None:
    with pytest.raises(UsageError) as refused:
        reported(editions="2023", parameters={"AQI-IDP-18": {"limit": 3.0}, "AQI-99": {}})
    assert refused.value.reasons == (
        "edition '2023': expected one of 2022, 2015, tender, icu",
        "AQI-IDP-18: limit: AQI-IDP-18 has no such parameter",
        "AQI-99: no such indicator",
    )


# Everything at once, against counting by hand

three = st.sampled_from([True, False, None])
made = st.lists(
    st.tuples(st.integers(0, 3), three, three, st.integers(-1, 1)),
    max_size=8,
)


def _perhaps(icu: bool | None, planned: bool | None) -> bool:
    """Into the ICU without a plan: it may be so, and nobody can say that it is."""
    return icu is not False and planned is not True and (icu is None or planned is None)


@settings(deadline=None)
@given(made)
def test_any_cases_count_as_when_they_are_counted_one_by_one(said: list[tuple[int, Any, Any, int]]) -> None:
    cases = [
        facts(f"c{n}", f"p{patient}", hour=24 + n + month * 24 * 31, ga=ga, awareness=event, icu=ga, icu_planned=event)
        for n, (patient, ga, event, month) in enumerate(said)
    ]
    inside = [f for f in cases if NOVEMBER.start_us <= f.anchor_us < NOVEMBER.end_us]
    told = {r.key: r for r in reported(*cases, editions="2022 icu").results}

    by_case = told["AQI-IAG-16"]
    assert keys(by_case.denominator) == [f.case for f in inside if f.ga]
    assert keys(by_case.numerator) == [f.case for f in inside if f.ga and f.awareness]
    assert keys(by_case.unknown) == [f.case for f in inside if f.ga is None or (f.ga and f.awareness is None)]

    by_patient = told["ICU-14"]
    patients = dict.fromkeys(f.patient for f in inside)
    own = {p: [(f.icu, f.icu_planned) for f in inside if f.patient == p] for p in patients}
    yes = [p for p in patients if any(icu and planned is False for icu, planned in own[p])]
    asked = [p for p in patients if any(icu for icu, _ in own[p])]
    perhaps = [
        patient
        for patient in patients
        if (patient not in asked and any(icu is None for icu, _ in own[patient]))
        or (patient not in yes and any(_perhaps(icu, planned) for icu, planned in own[patient]))
    ]
    assert sorted(keys(by_patient.numerator)) == sorted(yes)
    assert sorted(keys(by_patient.denominator)) == sorted(asked)
    assert sorted(keys(by_patient.unknown)) == sorted(perhaps)

    for result in told.values():
        assert set(keys(result.numerator)) <= set(keys(result.denominator))
        assert not set(keys(result.numerator)) & set(keys(result.unknown))
        if not result.unavailable and not result.indicator.figures:
            assert (result.n, result.d) == (len(result.numerator), len(result.denominator))


@pytest.mark.parametrize(
    ("n", "d", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(n: int, d: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 1998;17:857, table I, method 3."""
    assert wilson(n, d) == pytest.approx((low, high), abs=5e-5)
