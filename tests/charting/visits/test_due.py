"""Who is due when, against tables written by hand from clinical.md §7 (windows) and §1.1 (whom an indicator asks)."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charting.quality.derive.derive import facts
from charting.trail.contents import Patient
from charting.trail.entries import Returned, Signed
from charting.visits.course import Course, Paper, course
from charting.visits.due import Counts, Visit, counts, planned_window, visits
from tests.charting.quality.told import LIBRARIES, Part, case, coded, event, form, iso, record, technique, usual

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
END_US = 1_795_501_080_000_000
"""2026-11-24T06:18Z, 14:18 in Shanghai."""
SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US


def us(text: str) -> int:
    """`[h]h:mm:ss` or `h:mm` → µs."""
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return ((hours * 60 + minutes) * 60 + (seconds[0] if seconds else 0)) * SECOND_US


def went(**more: Any) -> Course:
    """Under general anaesthesia with a tube, for an hour; all of it is over at END_US."""
    plain: dict[str, Any] = {
        "case": "c1", "patient": Patient(), "bed": "OR-1", "area": "or", "procedure": ("", ""), "emergency": False,
        "opened_us": END_US - 2 * HOUR_US, "planned_us": None, "entered_us": END_US - 90 * 60 * SECOND_US,
        "started_us": END_US - HOUR_US, "ended_us": END_US, "extubated_us": END_US, "ventilated": False,
        "home_us": None, "cancelled": False, "dead_us": None, "ga": True, "regional": False, "tube": True,
        "cranial": False, "people": frozenset(), "papers": (),
    }  # fmt: skip
    return Course(**{**plain, **more})


def paper(template: str, after: str, *said: str, signed: bool = True, late: str = "", **more: Any) -> Paper:
    """Of a visit so long after the end."""
    at_us = END_US + us(after)
    plain: dict[str, Any] = {
        "document": f"{template}-{after}", "template": template, "author": "zhang", "begun_us": at_us, "at_us": at_us,
        "late_us": END_US + us(late) if late else None, "signed_us": at_us + 60 * SECOND_US if signed else None,
        "said": frozenset(said),
    }  # fmt: skip
    return Paper(**{**plain, **more})


def seen(course: Course, after: str) -> dict[str, Visit]:
    return {v.kind: v for v in visits(course, END_US + us(after), SHANGHAI)}


def states(course: Course, after: str) -> dict[str, str]:
    return {kind: v.state for kind, v in seen(course, after).items()}


@pytest.mark.parametrize(("kind", "after", "state"), [
    ("h6", "0:00", "not_yet"), ("h6", "5:59:59", "not_yet"), ("h6", "6:00:00", "due"), ("h6", "11:59:59", "due"),
    ("h6", "12:00:00", "overdue"), ("h6", "24:00:00", "overdue"), ("h6", "24:00:01", "missed"),
    ("first", "0:00:00", "due"), ("first", "19:59:59", "due"), ("first", "20:00:00", "overdue"),
    ("first", "24:00:00", "overdue"), ("first", "24:00:01", "missed"),
    ("coma24", "23:59:59", "not_yet"), ("coma24", "24:00:00", "due"), ("coma24", "35:59:59", "due"),
    ("coma24", "36:00:00", "overdue"), ("coma24", "48:00:00", "overdue"), ("coma24", "48:00:01", "missed"),
    ("h72", "71:59:59", "not_yet"), ("h72", "72:00:00", "due"), ("h72", "95:59:59", "due"),
    ("h72", "96:00:00", "overdue"), ("h72", "168:00:00", "overdue"), ("h72", "168:00:01", "missed"),
])  # fmt: skip
def test_each_window_at_its_borders(kind: str, after: str, state: str) -> None:
    assert states(went(), after)[kind] == state


def test_what_is_asked_of_the_tube_is_counted_from_the_last_extubation() -> None:
    in_icu = went(extubated_us=END_US + us("20:00"))
    assert [states(in_icu, at)["h6"] for at in ("25:59:59", "26:00:00")] == ["not_yet", "due"]
    assert [states(in_icu, at)["h72"] for at in ("91:59:59", "92:00:00")] == ["not_yet", "due"]
    assert states(in_icu, "24:00:00")["coma24"] == "due"
    before = went(extubated_us=END_US - us("0:30"))
    assert [states(before, at)["h6"] for at in ("5:29:59", "5:30:00")] == ["not_yet", "due"]
    assert [states(before, at)["h72"] for at in ("71:59:59", "72:00:00")] == ["not_yet", "due"]


@pytest.mark.parametrize(("more", "kind", "state", "reason"), [
    ({"tube": False, "extubated_us": None}, "h6", "not_applicable", "no_tube"),
    ({"tube": None, "extubated_us": None}, "h6", "not_applicable", "no_tube"),
    ({"ventilated": True, "extubated_us": None}, "h6", "not_yet", "ventilated"),
    ({"ventilated": True, "extubated_us": None}, "h72", "not_yet", "ventilated"),
    ({"ga": False}, "coma24", "not_applicable", "not_general"), ({"ga": None}, "coma24", "due", ""),
    ({"cranial": True}, "coma24", "not_applicable", "cranial"), ({"cranial": None}, "coma24", "due", ""),
    ({"tube": False, "regional": False}, "h72", "not_applicable", "no_block"),
    ({"tube": False, "regional": True}, "h72", "not_yet", ""),
    ({"tube": False, "regional": None}, "h72", "not_yet", ""),
    ({"dead_us": END_US + us("24:00")}, "first", "not_applicable", "died"),
    ({"dead_us": END_US + us("24:00")}, "h72", "not_applicable", "died"),
    ({"dead_us": END_US + us("25:00")}, "first", "missed", ""),
    ({"dead_us": END_US + us("25:00")}, "preop", "missed", ""),
    ({"home_us": END_US + us("2:00")}, "h6", "not_applicable", "discharged"),
    ({"home_us": END_US + us("2:00")}, "coma24", "not_applicable", "discharged"),
    ({"home_us": END_US + us("7:00")}, "h6", "missed", ""),
    ({"home_us": END_US + us("2:00")}, "h72", "not_yet", ""),
    ({"ended_us": None}, "first", "not_yet", "under_way"),
])  # fmt: skip
def test_who_is_not_asked_and_why(more: dict[str, Any], kind: str, state: str, reason: str) -> None:
    found = seen(went(**more), "30:00")[kind]
    assert (found.state, found.reason) == (state, reason)


def test_who_went_home_is_telephoned() -> None:
    found = seen(went(home_us=END_US + us("2:00")), "10:00")
    assert (found["first"].phone, found["h72"].phone, found["preop"].phone) == (True, True, False)
    assert not seen(went(), "10:00")["first"].phone


@pytest.mark.parametrize(("kind", "made", "state", "in_time"), [
    ("first", paper("postop_visit", "24:00:00"), "done", True),
    ("first", paper("postop_visit", "24:00:01"), "done", False),
    ("first", paper("postop_visit", "3:00", signed=False), "missed", False),
    ("h6", paper("visit_6h", "6:00"), "done", True), ("h6", paper("visit_6h", "5:59:59"), "missed", False),
    ("h6", paper("visit_6h", "25:00"), "done", False),
    ("h6", paper("postop_visit", "6:00", "reintubated"), "done", True),
    ("h6", paper("postop_visit", "5:59:59", "reintubated"), "missed", False),
    ("h6", paper("postop_visit", "9:00"), "missed", False),
    ("coma24", paper("visit_24h", "24:00"), "done", True), ("coma24", paper("visit_24h", "23:59"), "missed", False),
    ("coma24", paper("postop_visit", "26:00", "consciousness"), "done", True),
    ("h72", paper("visit_72h", "72:00"), "done", True), ("h72", paper("visit_72h", "71:59:59"), "due", False),
    ("h72", paper("postop_visit", "20:00", "nerve_72", late="73:00"), "done", True),
    ("h72", paper("postop_visit", "20:00", "nerve_72", late="169:00"), "done", False),
    ("h72", paper("postop_visit", "20:00", "nerve_72", late="71:00"), "due", False),
    ("h72", paper("postop_visit", "20:00", late="73:00"), "due", False),
])  # fmt: skip
def test_what_makes_a_visit_done_and_whether_in_time(kind: str, made: Paper, state: str, in_time: bool) -> None:
    found = seen(went(papers=(made,)), "74:00")[kind]
    assert (found.state, found.in_time) == (state, in_time)


def test_a_visit_that_came_too_early_does_not_hide_a_later_one_and_the_first_good_one_counts() -> None:
    made = tuple(paper("visit_72h", at) for at in ("70:00", "80:00", "200:00"))
    found = seen(went(papers=made), "210:00")["h72"]
    assert (found.state, found.done_us, found.in_time) == ("done", END_US + us("80:00"), True)


def test_a_draft_is_told_with_the_visit_that_is_still_due() -> None:
    draft = paper("visit_72h", "72:10", signed=False)
    found = seen(went(papers=(draft,)), "72:20")["h72"]
    assert (found.state, found.paper) == ("due", draft)


@pytest.mark.parametrize(("zone", "start", "opens", "late"), [
    # the day before, from midnight on; late from the day's own midnight on, as the site's clock tells it
    (SHANGHAI, "2026-11-25T08:00+08:00", "2026-11-24T00:00+08:00", "2026-11-25T00:00+08:00"),
    (SHANGHAI, "2026-11-25T00:00+08:00", "2026-11-24T00:00+08:00", "2026-11-25T00:00+08:00"),
    (SHANGHAI, "2026-11-24T23:59+08:00", "2026-11-23T00:00+08:00", "2026-11-24T00:00+08:00"),
    # the clock goes forward on 29 March and back on 25 October 2026
    (BERLIN, "2026-03-30T08:00+02:00", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
    (BERLIN, "2026-10-25T08:00+01:00", "2026-10-24T00:00+02:00", "2026-10-25T00:00+02:00"),
])  # fmt: skip
def test_a_planned_operation_is_visited_the_day_before(zone: str, start: str, opens: str, late: str) -> None:
    def at(text: str) -> int:
        return round(datetime.fromisoformat(text).timestamp()) * SECOND_US

    window = planned_window(at(start), zone)
    assert (window.opens_us, window.late_us) == (at(opens), at(late))
    assert datetime.fromtimestamp(window.opens_us / 1e6, ZoneInfo(zone)).hour == 0


@pytest.mark.parametrize(("after", "more", "state", "reason"), [
    ("-15:00", {}, "not_yet", ""), ("-14:18", {}, "due", ""), ("9:41:59", {}, "due", ""), ("9:42", {}, "overdue", ""),
    ("18:00", {}, "overdue", ""), ("18:00", {"entered_us": END_US + us("17:00")}, "missed", ""),
    ("0:00", {"emergency": True}, "not_applicable", "emergency"),
    ("0:00", {"cancelled": True}, "not_applicable", "cancelled"),
    ("0:00", {"dead_us": END_US}, "not_applicable", "died"),
])  # fmt: skip
def test_before_an_operation(after: str, more: dict[str, Any], state: str, reason: str) -> None:
    """Planned for the 25th, 08:00; END_US is the 24th, 14:18."""
    nothing = {"entered_us": None, "started_us": None, "ended_us": None, "extubated_us": None}
    known = went(**{**nothing, "planned_us": END_US + us("17:42"), **more})
    shift = -us(after[1:]) if after.startswith("-") else us(after)
    (found,) = visits(known, END_US + shift, SHANGHAI)
    assert (found.kind, found.state, found.reason) == ("preop", state, reason)


@pytest.mark.parametrize(("visit", "signed", "in_time"), [(-1, -1, True), (-1, 1, False), (1, 1, False)])
def test_a_visit_before_is_in_time_when_it_was_signed_before_entering(visit: int, signed: int, in_time: bool) -> None:
    entered = went().entered_us or 0
    made = paper("preop_visit", "0:00", at_us=entered + visit * SECOND_US, signed_us=entered + signed * SECOND_US)
    found = seen(went(papers=(made,)), "0:00")["preop"]
    assert (found.state, found.in_time) == ("done", in_time)
    late = replace(made, document="late", signed_us=entered + HOUR_US)  # begun by another, and never finished in time
    assert seen(went(papers=(late, made)), "0:00")["preop"].in_time == in_time


MOMENTS = st.integers(min_value=0, max_value=200 * 3600)
ORDER = {"not_yet": 0, "due": 1, "overdue": 2, "missed": 3}


@given(first=MOMENTS, second=MOMENTS)
def test_as_time_goes_on_no_visit_goes_back(first: int, second: int) -> None:
    early, late = sorted((first, second))
    for kind, before in seen(went(), f"0:00:{early}").items():
        after = seen(went(), f"0:00:{late}")[kind]
        assert ORDER[before.state] <= ORDER[after.state]


@given(now=MOMENTS, made=MOMENTS)
def test_whatever_was_signed_the_visit_is_done_exactly_from_its_opening_on(now: int, made: int) -> None:
    for kind, template, opens in (("h6", "visit_6h", 6), ("coma24", "visit_24h", 24), ("h72", "visit_72h", 72)):
        found = seen(went(papers=(paper(template, f"0:00:{made}"),)), f"0:00:{now}")[kind]
        assert (found.state == "done") == (made >= opens * 3600)


def test_counts_are_of_visits_that_opened_in_the_period() -> None:
    done = went(papers=(paper("visit_72h", "73:00"), paper("postop_visit", "30:00")))
    several = [done, went(case="c2"), went(case="c3", dead_us=END_US), went(case="c4", ended_us=END_US - us("48:00"))]
    found = [v for each in several for v in visits(each, END_US + us("80:00"), SHANGHAI)]
    told = {c.kind: c for c in counts(found, END_US - us("1:00"), END_US + us("80:00"))}
    assert told["h72"] == Counts(kind="h72", asked=3, in_time=1, late=0, missed=0, open=2)
    assert told["first"] == Counts(kind="first", asked=2, in_time=0, late=1, missed=1, open=0)
    assert sum(c.asked for c in counts(found, END_US + us("80:00"), END_US + us("90:00"))) == 0


# From cases

TUBED: Part = (*event("t_tube_in", 15, device="ETT"), *event("t_tube_out", 130))


def of(*parts: Part, **opened: Any) -> Course:
    found = course(case(*parts, **opened), LIBRARIES)
    assert found is not None
    return found


def test_a_case_tells_its_course() -> None:
    found = of(usual(), TUBED, technique("41"), coded("procedure", "procedures", "47.0100"))
    ended = found.ended_us or 0
    assert (found.started_us, found.extubated_us) == (ended - 130 * 60 * SECOND_US, ended - 10 * 60 * SECOND_US)
    assert (found.ga, found.tube, found.cranial, found.ventilated, found.cancelled) == (True, True, False, False, False)
    still = of(usual(), event("t_tube_in", 15, device="ETT"), technique("41"))
    assert (still.ventilated, still.extubated_us) == (True, None)
    again = of(usual(), TUBED, event("t_tube_in", 300, device="ETT"), technique("41"))
    assert again.ventilated
    mask = of(usual(), event("t_tube_in", 15, device="LMA"), event("t_tube_out", 130), technique("41"))
    assert (mask.tube, mask.ventilated, mask.extubated_us) == (False, False, None)


def test_home_death_cancelling_and_what_counts_nowhere() -> None:
    home = of(usual(), form("pacu_record", 206, destination="home"))
    assert home.home_us == of(usual()).opened_us + (30 + 205) * 60 * SECOND_US
    assert of(usual(), record(disposition="ward")).home_us is None
    died = of(usual(), event("t_death", 400))
    assert died.dead_us == died.opened_us + (30 + 400) * 60 * SECOND_US
    said: dict[str, Any] = {"condition": "dead", "visit_time": iso(2000)}
    assert of(usual(), form("visit_24h", 2000, **said)).dead_us is None  # a draft says nothing yet
    seen_dead = of(usual(), form("visit_24h", 2000, signed=2010, **said))
    assert seen_dead.dead_us == seen_dead.opened_us + (30 + 2000) * 60 * SECOND_US
    gone = of(event("t_room_in", 0), event("t_cancel", 5), event("t_room_out", 10))
    assert gone.cancelled
    later_us = gone.opened_us + 100 * HOUR_US  # nobody was anaesthetized: nobody is visited afterwards
    assert [(v.kind, v.state) for v in visits(gone, later_us, SHANGHAI)] == [("preop", "not_applicable")]
    assert course(case(usual(), is_test=True), LIBRARIES) is None


def test_documents_become_papers() -> None:
    told = of(usual(), form("visit_6h", 600, signed=610, visit_time=iso(600), reintubated=False, remarks=""))
    (made,) = told.papers
    assert (made.template, sorted(made.said)) == ("visit_6h", ["reintubated", "visit_time"])
    assert (made.at_us, made.signed_us) == (
        told.opened_us + 630 * 60 * SECOND_US,
        told.opened_us + 640 * 60 * SECOND_US,
    )
    assert (
        replace(made, signed_us=None)
        == of(usual(), form("visit_6h", 600, visit_time=iso(600), reintubated=False)).papers[0]
    )


def test_a_visit_before_that_was_sent_back_after_it_was_finished_in_time_is_what_the_indicator_says() -> None:
    written = form("preop_visit", -900, signed=-880, visit_time=iso(-900))
    back: Part = ((-600, Returned(document="preop_visit", reason="mend it")),)
    again: Part = ((300, Signed(document="preop_visit", version=2, slot="anaesthetist", digest="")),)
    for parts in ((written, back), (written, back, again)):
        found = course(made := case(usual(), *parts, minute=-1000), LIBRARIES)
        assert found is not None
        before = visits(found, found.opened_us + 100 * HOUR_US, SHANGHAI)[0]
        asked = facts(made, LIBRARIES)
        assert asked is not None
        assert (before.state, before.in_time, asked.visited) == ("done", True, True)
    after = form("visit_6h", 600, signed=610, visit_time=iso(600))
    open_again = of(usual(), after, ((700, Returned(document="visit_6h", reason="mend it")),))
    assert open_again.papers[0].signed_us is None
