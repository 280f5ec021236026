"""Scores worked out by hand from clinical.md §5; the arithmetic stands beside each."""

from pathlib import Path

import pytest

from charting.trail.contents import Patient
from charting.trail.entries import Merged, UnlockAnswered
from charting.workload.scheme import scheme
from tests.charting.workload.cases import Plan, at, changed, only, reasons, scene, scored, scores, values

OLD = scheme(Path(__file__).parents[3] / "config" / "workload-2010.toml")
DEFAULT = scheme()
NURSES = ("or_nursing_record",)


def until(minutes: int) -> tuple[str, str]:
    """From 08:00 for so long."""
    return "08:00", f"{8 + minutes // 60:02}:{minutes % 60:02}"


@pytest.mark.parametrize(
    ("minutes", "worth"),
    [
        (1, 1.0), (59, 1.0), (60, 1.0),  # the first hour
        (61, 1.5), (90, 1.5),  # 1.0 + 0.5, begun
        (91, 2.0), (120, 2.0), (121, 2.5),  # 1.0 + 2 x 0.5, + 3 x 0.5
        (480, 8.0),  # 1.0 + 14 x 0.5
    ],
)  # fmt: skip
def test_time(minutes: int, worth: float) -> None:
    line = only(Plan(anaesthesia=until(minutes)))
    assert float(line.score) == worth
    assert values(line) == {
        "base": 1.0, "time": worth, "asa": 1.0, "emergency": 1.0, "age": 1.0, "location": 1.0, "risk": 1.0,
        "shift": 1.0, "parallel": 1.0, "share": 1.0, "credit": 1.0,
    }  # fmt: skip


def test_time_is_cut_to_the_minute_as_on_paper() -> None:
    for seconds, worth in ((("08:00:50", "09:00:10"), 1.0), (("08:00:00", "09:01:00"), 1.5)):
        assert float(only(Plan(anaesthesia=seconds)).score) == worth


def test_a_cap_and_a_list_of_short_cases() -> None:
    time = {"first_min": 60, "first": "1.0", "step_min": 30, "step": "0.5", "cap": "3.0"}
    capped = changed(DEFAULT, stages__anaesthesia__time=time)
    assert [float(only(Plan(anaesthesia=until(m)), by=capped).score) for m in (180, 181, 480)] == [3.0, 3.0, 3.0]
    short = changed(
        DEFAULT, stages__anaesthesia__time={**time, "short": {"below_min": 60, "step_min": 10, "step": "0.1"}}
    )
    # 0.1 for each 10 min begun: 1 → 0.1, 10 → 0.1, 11 → 0.2, 59 → 0.6; from 60 on as usual
    found = [float(only(Plan(anaesthesia=until(m)), by=short).score) for m in (1, 10, 11, 59, 60, 61)]
    assert found == [0.1, 0.1, 0.2, 0.6, 1.0, 1.5]


@pytest.mark.parametrize(
    ("codes", "base"),
    [
        (["41"], 1.0), (["L42"], 1.3), (["L41"], 0.9), (["L12"], 0.6), (["21"], 0.8), (["L21"], 0.8), (["22"], 0.8),
        (["33"], 0.7),
        (["41", "33"], 1.0),  # several: the highest
        (["21", "33"], 0.8), (["L43"], 1.0),
    ],
)  # fmt: skip
def test_technique(codes: list[str], base: float) -> None:
    line = only(Plan(techniques=codes))
    assert (values(line)["base"], float(line.score)) == (base, base)


def test_several_techniques_can_count_the_highest_and_a_fifth() -> None:
    plus = changed(DEFAULT, technique__several="max_plus")
    # max + 0.2, once; one technique alone gets nothing more
    found = [float(only(Plan(techniques=c), by=plus).score) for c in (["41", "33"], ["21", "33", "31"], ["41"])]
    assert found == [1.2, 1.0, 1.0]


@pytest.mark.parametrize(
    ("asa", "factor"),
    [("1", 1.0), ("2", 1.0), ("3", 1.2), ("4", 1.5), ("5", 2.0), ("L1E", 1.2), ("L3E", 1.4), ("L5E", 2.2)],
)
def test_asa(asa: str, factor: float) -> None:
    assert float(only(Plan(asa=asa)).score) == factor


@pytest.mark.parametrize(
    ("born", "factor"),
    [
        ("2025-11-25", 1.5),  # 364 days
        ("2025-11-24", 1.3), ("2022-11-25", 1.3),  # 1 year; 3 years but a day short of 4
        ("2022-11-24", 1.0), ("1946-11-25", 1.0),  # 4; 79
        ("1946-11-24", 1.2), ("1930-01-01", 1.2),  # 80; 96
    ],
)  # fmt: skip
def test_age_on_the_day_of_the_anaesthetic(born: str, factor: float) -> None:
    assert float(only(Plan(patient=Patient(birth_date=born))).score) == factor


@pytest.mark.parametrize(
    ("told", "factor"),
    [("11个月", 1.5), ("20 d", 1.5), ("3", 1.3), ("3岁", 1.3), ("1岁2月", 1.3), ("80岁", 1.2), ("56", 1.0), ("", 1.0)],
)
def test_age_as_it_was_told(told: str, factor: float) -> None:
    assert float(only(Plan(patient=Patient(age=told))).score) == factor


def test_place() -> None:
    assert float(only(Plan(area="offsite", techniques=["L12"])).score) == 0.48  # 0.6 x 0.8
    fixed = changed(DEFAULT, location__fixed={"44.1300": "0.2", "45.2300": "0.3"})
    both = Plan(area="offsite", techniques=["L12"], procedures=["44.1300", "45.2300"], asa="4")
    line = only(both, by=fixed)
    assert (values(line)["fixed"], float(line.score)) == (0.3, 0.3)
    # in the operating room the same procedure is scored as any other: 0.6 x 1.5
    assert float(only(Plan(techniques=["L12"], procedures=["45.2300"], asa="4"), by=fixed).score) == 0.9


def test_risk_and_emergency_multiply_where_a_site_gives_them_numbers() -> None:
    own = changed(DEFAULT, risk__levels={"1": "1", "2": "1.1", "3": "1.2", "4": "1.5"}, emergency__factor="1.1")
    # 51.2300 is of level 3, 52.7x00 of 4: the highest counts. 1.5 x 1.1
    line = only(Plan(procedures=["51.2300", "52.7x00"], emergency=True), by=own)
    assert (values(line)["risk"], values(line)["emergency"], float(line.score)) == (1.5, 1.1, 1.65)


@pytest.mark.parametrize(
    ("span", "score"),
    [
        (("16:00", "18:00"), 2.2),  # 2.0 x (60 x 1.0 + 60 x 1.2) / 120
        (("06:00", "10:00"), 5.0),  # (1 + 6 x 0.5) x (120 x 1.5 + 120 x 1.0) / 240
        (("21:30", "2026-11-25 00:30"), 4.35),  # (1 + 4 x 0.5) x (30 x 1.2 + 150 x 1.5) / 180
    ],
)
def test_shifts_are_weighed_by_minutes_over_midnight(span: tuple[str, str], score: float) -> None:
    plan = Plan(anaesthesia=span, people=[("anaesthetist", "ann", *span)])
    assert float(only(plan).score) == score


def test_a_holiday_begins_at_midnight() -> None:
    double = changed(DEFAULT, shift__holiday="2.0")
    plan = Plan(
        day="2026-09-30", anaesthesia=("23:00", "2026-10-01 01:00"), people=[("anaesthetist", "ann", "22:00", "")]
    )
    # 2.0 x (60 x 1.5 + 60 x 2.0) / 120
    assert float(only(plan, by=double).score) == 3.5
    # the higher of night 1.5 and holiday 1.5: not their product
    assert float(only(plan).score) == 3.0
    day = Plan(day="2026-10-01", anaesthesia=("09:00", "10:00"), people=[("anaesthetist", "ann", "09:00", "")])
    assert float(only(day).score) == 1.5


def test_weekends_count_where_a_scheme_says_so_but_for_workdays() -> None:
    own = changed(DEFAULT, shift__weekends=True)
    found = {}
    for day in ("2026-11-28", "2026-10-10", "2026-11-27"):  # Saturday; Saturday to work on; Friday
        found[day] = float(only(Plan(day=day), by=own).score)
    assert found == {"2026-11-28": 1.5, "2026-10-10": 1.0, "2026-11-27": 1.0}
    assert float(only(Plan(day="2026-11-28")).score) == 1.0


def test_the_site_s_zone_says_when_it_is_night() -> None:
    plan = Plan(anaesthesia=("08:00", "09:00"))  # 00:00 UTC: day in Shanghai, night in London
    assert float(only(plan, zone="Asia/Shanghai").score) == 1.0
    assert float(only(plan, zone="Europe/London").score) == 1.5


def rooms(*spans: tuple[str, str]) -> list[Plan]:
    """Cases of one anaesthetist, one in each room."""
    return [
        Plan(id=f"c{n}", bed=f"OR-{n}", anaesthesia=span, people=[("anaesthetist", "ann", *span)])
        for n, span in enumerate(spans, 1)
    ]


def test_two_rooms_at_once() -> None:
    # 240 min: 1 + 6 x 0.5 = 4.0 in full; 120 min within it: 2.0 x 50 %
    assert scores(*rooms(("08:00", "12:00"), ("09:00", "11:00"))) == {("c1", "ann"): 4.0, ("c2", "ann"): 1.0}


def test_three_rooms_at_once() -> None:
    # 4.0 in full; 120 min 2.0 x 50 %; 60 min 1.0 x 30 %
    found = scores(*rooms(("08:00", "12:00"), ("09:00", "11:00"), ("09:30", "10:30")))
    assert found == {("c1", "ann"): 4.0, ("c2", "ann"): 1.0, ("c3", "ann"): 0.3}


def test_only_the_minutes_that_overlap_are_less_or_the_whole_case() -> None:
    plans = rooms(("08:00", "12:00"), ("11:00", "13:00"))
    # the shorter one: 60 min beside the longer, 60 alone: 2.0 x (60 x 0.5 + 60) / 120
    assert scores(*plans) == {("c1", "ann"): 4.0, ("c2", "ann"): 1.5}
    whole = changed(DEFAULT, parallel__by="case")
    assert scores(*plans, by=whole) == {("c1", "ann"): 4.0, ("c2", "ann"): 1.0}


def test_rooms_of_different_people_are_not_parallel() -> None:
    first, second = rooms(("08:00", "12:00"), ("09:00", "11:00"))
    second.people = [("anaesthetist", "ben", "09:00", "")]
    assert scores(first, second) == {("c1", "ann"): 4.0, ("c2", "ben"): 2.0}


def test_people_are_told_apart_by_account_else_by_name() -> None:
    first, second = rooms(("08:00", "12:00"), ("09:00", "11:00"))
    second.people = [("anaesthetist", "name:Ann", "09:00", "")]
    assert scores(first, second) == {("c1", "ann"): 4.0, ("c2", "name:Ann"): 2.0}


def test_a_case_that_is_handed_over_is_credited_by_minutes() -> None:
    plan = Plan(
        anaesthesia=("08:00", "10:00"),
        people=[("anaesthetist", "ann", "07:50", "09:30"), ("anaesthetist", "ben", "09:30", "10:10")],
    )
    # 2.0 x 90 / 120 and 2.0 x 30 / 120
    assert scores(plan) == {("c1", "ann"): 1.5, ("c1", "ben"): 0.5}
    assert all(line.relayed for line in scored(plan).lines)
    first = changed(DEFAULT, stages__anaesthesia__handover="first")
    assert scores(plan, by=first) == {("c1", "ann"): 2.0, ("c1", "ben"): 0.0}


def test_who_comes_back_keeps_his_place() -> None:
    people = [("anaesthetist", "ann", "08:00", "09:00"), ("anaesthetist", "ben", "09:00", "09:30"),
              ("anaesthetist", "ann", "09:30", "10:00")]  # fmt: skip
    plan = Plan(anaesthesia=("08:00", "10:00"), people=people)
    assert scores(plan) == {("c1", "ann"): 1.5, ("c1", "ben"): 0.5}
    assert scores(plan, by=changed(DEFAULT, stages__anaesthesia__handover="first")) == {
        ("c1", "ann"): 2.0, ("c1", "ben"): 0.0,
    }  # fmt: skip


def test_minutes_without_anybody_count_for_nobody() -> None:
    plan = Plan(
        anaesthesia=("08:00", "10:00"),
        people=[("anaesthetist", "ann", "08:00", "09:00"), ("anaesthetist", "ben", "09:30", "10:00")],
    )
    assert scores(plan) == {("c1", "ann"): 1.0, ("c1", "ben"): 0.5}  # 2.0 x 60 / 120, 2.0 x 30 / 120


def test_two_in_one_role_get_the_full_score_each_or_share_it() -> None:
    both = [("anaesthetist", "ann", "08:00", ""), ("anaesthetist", "ben", "08:00", "")]
    plan = Plan(anaesthesia=("08:00", "10:00"), people=both)
    assert scores(plan) == {("c1", "ann"): 2.0, ("c1", "ben"): 2.0}
    split = changed(DEFAULT, stages__anaesthesia__roles__anaesthetist={"share": "1.0", "several": "split"})
    assert scores(plan, by=split) == {("c1", "ann"): 1.0, ("c1", "ben"): 1.0}
    plan.people = [("anaesthetist", "ann", "08:00", ""), ("anaesthetist", "ben", "09:00", "")]
    # 60 min alone and 60 of two: (60 + 30) / 120 and 30 / 120 of 2.0
    assert scores(plan, by=split) == {("c1", "ann"): 1.5, ("c1", "ben"): 0.5}


def test_shares_of_roles() -> None:
    roles = ("anaesthetist", "anaesthesia_assistant", "anaesthesia_trainee", "anaesthesia_nurse")
    plan = Plan(anaesthesia=("08:00", "10:00"), people=[(role, role, "08:00", "") for role in roles])
    assert list(scores(plan).values()) == [2.0, 1.0, 0.8, 0.6]  # 2.0 x 1.0, 0.5, 0.4, 0.3


def test_surgeons_are_out_of_scope_unless_a_scheme_names_them() -> None:
    people = [("anaesthetist", "ann", "08:00", ""), ("surgeon", "sue", "08:00", "")]
    plan = Plan(people=people, events={"t_incision": "08:10", "t_surg_end": "08:50"})
    assert scores(plan) == {("c1", "ann"): 1.0}
    stages = DEFAULT.model_dump(mode="json")["stages"]
    surgery = {
        **stages["nursing"], "document": "anaesthesia_record", "clock": "operation",
        "roles": {"surgeon": {"share": "2.0", "several": "full"}},
    }  # fmt: skip
    own = changed(DEFAULT, stages={"anaesthesia": stages["anaesthesia"], "surgery": surgery})
    # level 3: 1.0 x 1.0 x 2.0
    assert scores(plan, by=own) == {("c1", "ann"): 1.0, ("c1", "sue"): 2.0}


def test_or_nurses_by_level_and_minutes_shared_equally() -> None:
    plan = Plan(
        anaesthesia=None,
        room=("08:00", "10:00"),
        procedures=["52.7x00"],
        people=[("scrub_nurse", "nia", "08:00", ""), ("scrub_nurse", "noa", "08:00", ""),
                ("circulating_nurse", "nel", "07:30", "")],
        signed=NURSES,
    )  # fmt: skip
    # level 4: 1.5 x (1.0 + 2 x 0.5); two scrub nurses share it
    assert scores(plan) == {("c1", "nia"): 1.5, ("c1", "noa"): 1.5, ("c1", "nel"): 3.0}


def test_pacu_nurses_by_patient_hours() -> None:
    plan = Plan(
        pacu=("09:10", "10:40"),
        people=[("anaesthetist", "ann", "08:00", ""), ("pacu_nurse", "pia", "09:10", "10:10"),
                ("pacu_nurse", "pat", "10:10", "")],
        signed=("anaesthesia_record", "pacu_record"),
    )  # fmt: skip
    assert scores(plan) == {("c1", "ann"): 1.0, ("c1", "pia"): 1.0, ("c1", "pat"): 0.5}


def test_extras_go_to_the_author_of_the_record() -> None:
    done = {"anaesthesia_record": {"procedures": ("arterial_line", "cvc", "pa_catheter", "tee", "fob", "double_lumen")}}
    found = scored(Plan(answers=done, rescue="08:10", author="ben"))
    extras = {line.role: float(line.score) for line in found.lines if line.person == "ben"}
    assert extras == {
        "arterial_line": 0.5, "cvc": 0.5, "pa_catheter": 0.5, "tee": 1.0, "fob": 0.5, "double_lumen": 0.5, "resus": 1.0,
    }  # fmt: skip
    assert {line.person: float(line.score) for line in found.lines if line.role == "anaesthetist"} == {"ann": 1.0}


def test_a_record_of_the_old_template_has_no_extras_and_is_counted() -> None:
    plan = Plan(answers={"anaesthesia_record": {"special_monitoring": ("abp", "cvp", "tee")}})
    assert scores(plan) == {("c1", "ann"): 1.0}


def test_visits_and_pacu_patients() -> None:
    plan = Plan(
        pacu=("09:10", "10:10"),
        signed=("anaesthesia_record", "pacu_record", "preop_visit", "analgesia_followup"),
        answers={
            "preop_visit": {"visit_time": "2026-11-23T16:00:00+08:00"},
            "analgesia_followup": {"time_2": "2026-11-24T12:00:00+08:00", "time_24": "2026-11-25T09:00:00+08:00"},
        },
        people=[("anaesthetist", "ann", "08:00", ""), ("pacu_nurse", "pia", "09:00", "")],
        author="eva",
        signers=[("pacu_record", "anaesthetist", "ben")],
    )
    found = scored(plan)
    extras = [(line.person, line.role, float(line.score), line.at_us) for line in found.lines if line.stage == "extra"]
    assert extras == [
        ("ben", "pacu_patient", 0.2, at("08:00")),
        ("eva", "preop_visit", 0.1, at("2026-11-23 16:00")),
        ("eva", "pain_visit", 0.05, at("2026-11-24 12:00")),
        ("eva", "pain_visit", 0.05, at("2026-11-25 09:00")),
    ]


def test_a_visit_that_is_not_signed_waits() -> None:
    plan = Plan(drafts=("preop_visit",))
    assert reasons(plan) == [("c1", "extra", ["unsigned"])]


def test_the_room_s_clock_can_be_chosen() -> None:
    own = changed(DEFAULT, stages__anaesthesia__clock="room")
    plan = Plan(anaesthesia=("08:20", "09:10"), room=("08:00", "09:30"), people=[("anaesthetist", "ann", "08:00", "")])
    # 50 min: 1.0; 90 min in the room: 1.5
    assert [scores(plan)[key] for key in [("c1", "ann")]] == [1.0]
    assert scores(plan, by=own) == {("c1", "ann"): 1.5}


def test_minutes_of_attendance_are_within_the_clock() -> None:
    line = only(Plan(anaesthesia=("08:20", "09:10"), people=[("anaesthetist", "ann", "07:00", "12:00")]))
    assert [(end - start) for start, end in line.spans] == [50]


def test_the_same_person_twice_in_a_role_is_one_line() -> None:
    people = [("anaesthetist", "ann", "08:00", "08:40"), ("anaesthetist", "ann", "08:30", "09:00")]
    line = only(Plan(people=people))
    assert (float(line.score), line.relayed, sum(b - a for a, b in line.spans)) == (1.0, False, 60)


# What is not counted yet


@pytest.mark.parametrize(
    ("plan", "wanted"),
    [
        (Plan(signed=(), drafts=("anaesthesia_record",)), ["unsigned"]),
        (Plan(signed=()), ["document_missing"]),
        (Plan(anaesthesia=("08:00", "")), ["no_event"]),
        (Plan(anaesthesia=("09:00", "08:00"), people=[("anaesthetist", "ann", "08:00", "")]), ["reversed"]),
        (Plan(techniques=()), ["technique_missing"]),
        (Plan(techniques=["35"]), ["technique_unknown"]),
        (Plan(asa=""), ["asa_missing"]),
        (Plan(asa="L6"), ["asa_unknown"]),
        (Plan(people=()), ["nobody"]),
        (Plan(people=[("anaesthetist", "ann", "10:00", "")]), ["nobody"]),
        (Plan(techniques=(), asa="", people=()), ["technique_missing", "asa_missing", "nobody"]),
        (Plan(anaesthesia=None, events={"t_suite_in": "08:00", "t_cancel": "08:10"}), ["cancelled"]),
    ],
)
def test_what_waits_is_listed_with_its_reasons(plan: Plan, wanted: list[str]) -> None:
    found = scored(plan)
    assert [([r.key for r in w.reasons], w.stage) for w in found.waiting] == [(wanted, "anaesthesia")]
    assert found.lines == ()
    if plan.people:
        assert "ann" in found.waiting[0].people


def test_a_factor_whose_input_is_unknown_waits_unless_the_scheme_says_what_counts() -> None:
    age = {"bands": [{"since": 80, "factor": "1.2"}]}
    nameless = Plan(patient=Patient(temporary="急诊-20261124-01"), emergency=True)
    assert float(only(nameless).score) == 1.0
    assert reasons(nameless, by=changed(DEFAULT, age=age)) == [("c1", "anaesthesia", ["age_missing"])]
    levels = {"levels": {"1": "1", "2": "1.1", "3": "1.2", "4": "1.3"}}
    assert reasons(Plan(procedures=()), by=changed(DEFAULT, risk=levels)) == [
        ("c1", "anaesthesia", ["procedure_missing"])
    ]


def test_or_nurses_wait_for_their_own_record_and_for_a_level() -> None:
    both = Plan(
        room=("07:50", "09:10"), people=[("anaesthetist", "ann", "08:00", ""), ("scrub_nurse", "nia", "08:00", "")]
    )
    assert scores(both) == {("c1", "ann"): 1.0}
    assert reasons(both) == [("c1", "nursing", ["document_missing"])]
    both.signed = ("anaesthesia_record", "or_nursing_record")
    both.procedures = ()
    assert reasons(both) == [("c1", "nursing", ["procedure_missing"])]


def test_a_record_that_was_opened_again_waits() -> None:
    plan = Plan()
    bodies = plan.bodies()
    bodies.append(("hal", UnlockAnswered(document="anaesthesia_record", granted=True, reason="x")))
    plan.bodies = lambda: bodies  # type: ignore[method-assign]
    assert reasons(plan) == [("c1", "anaesthesia", ["opened_again"])]
    assert scored(plan).lines == ()


def test_a_cancelled_case_whose_anaesthesia_was_begun_is_counted() -> None:
    assert scores(Plan(events={"t_cancel": "08:30"})) == {("c1", "ann"): 1.0}


def test_a_merged_patient_is_one_case_with_the_age_that_is_known_since() -> None:
    plan = Plan(patient=Patient(temporary="急诊-20261124-01"), emergency=True)
    bodies = plan.bodies()
    bodies.append(("ann", Merged(patient=Patient(number="7", name="李四", birth_date="1940-01-01"), reason="found")))
    plan.bodies = lambda: bodies  # type: ignore[method-assign]
    assert scores(plan) == {("c1", "ann"): 1.2}


def test_tests_and_void_cases_count_nowhere() -> None:
    from charting.workload.work import work_of  # noqa: PLC0415

    assert work_of(Plan(is_test=True).case()) is None


# The scheme of 2010


def test_2010_lines_and_two_doctors() -> None:
    plan = Plan(
        people=[("anaesthetist", "ann", "08:00", ""), ("anaesthetist", "ben", "08:00", "")],
        answers={"anaesthesia_record": {"procedures": ("arterial_line", "cvc", "pa_catheter")}},
        asa="4",
        patient=Patient(age="90"),
    )
    # each the full score, whatever the patient; 3 x 0.5 more for the author
    assert scores(plan, by=OLD) == {("c1", "ann"): 2.5, ("c1", "ben"): 1.0}


def test_2010_two_rooms() -> None:
    plans = rooms(("08:00", "12:00"), ("11:00", "13:00"), ("11:30", "12:30"))
    # the longest 100 %, each other one 50 % as a whole: 4.0, 2.0 x 0.5, 1.0 x 0.5
    assert scores(*plans, by=OLD) == {("c1", "ann"): 4.0, ("c2", "ann"): 1.0, ("c3", "ann"): 0.5}


def test_2010_outside_by_the_piece_and_interventions_by_time() -> None:
    scope = Plan(area="offsite", techniques=["L12"], procedures=["44.1300"], anaesthesia=("08:00", "08:10"))
    coils = Plan(id="c2", area="offsite", procedures=["39.5100"], anaesthesia=("09:00", "11:00"),
                 people=[("anaesthetist", "ann", "09:00", "")])  # fmt: skip
    assert scores(scope, coils, by=OLD) == {("c1", "ann"): 0.5, ("c2", "ann"): 2.0}


def test_2010_senior_and_junior() -> None:
    pair = Plan(people=[("anaesthetist", "ann", "08:00", ""), ("anaesthesia_trainee", "tom", "08:00", "")])
    assert scores(pair, by=OLD) == {("c1", "ann"): 0.6, ("c1", "tom"): 0.4}
    helped = Plan(people=[("anaesthetist", "ann", "08:00", ""), ("anaesthesia_assistant", "amy", "08:00", "")])
    assert scores(helped, by=OLD) == {("c1", "ann"): 1.0, ("c1", "amy"): 0.5}


def test_2010_the_first_keeps_the_score() -> None:
    people = [("anaesthetist", "ann", "08:00", "08:30"), ("anaesthetist", "ben", "08:30", "")]
    assert scores(Plan(people=people), by=OLD) == {("c1", "ann"): 1.0, ("c1", "ben"): 0.0}


def test_all_factors_together() -> None:
    plan = Plan(
        anaesthesia=("16:00", "18:00"),
        techniques=["L42"],
        asa="L4E",
        patient=Patient(age="83"),
        people=[("anaesthetist", "ann", "16:00", "17:30"), ("anaesthetist", "ben", "17:30", "")],
    )
    # case: 1.3 x 2.0 x 1.7 x 1.2 = 5.304
    # ann: day 60, evening 30: x 1.0667 x 0.75 = 4.243; ben: evening: x 1.2 x 0.25 = 1.591
    assert scores(plan) == {("c1", "ann"): 4.243, ("c1", "ben"): 1.591}
    assert scene().scheme.formula.startswith("default/1 ")
