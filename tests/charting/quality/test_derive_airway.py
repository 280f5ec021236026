"""Airways: which were in, which were not planned, and which came back (AQI-11, 13, 19, 23)."""

import pytest

from tests.charting.quality.told import DAY, HOUR, Part, at, derived, event, finding, form, record, technique, usual

OUT = 130
"""Ten minutes after the skin was closed."""


def tube_in(minute: float, **details: str) -> Part:
    return event("t_tube_in", minute, **{"device": "ETT", "planned": "true", **details})


def tubed(out: float = OUT, **details: str) -> Part:
    return (*tube_in(15, **details), *event("t_tube_out", out))


@pytest.mark.parametrize(("device", "airway", "tube"), [
    ("ETT", True, True), ("DLT", True, True), ("LMA", True, False), ("trach", True, False), ("", True, None),
])  # fmt: skip
def test_a_laryngeal_mask_is_an_airway_and_no_tube(device: str, airway: bool, tube: bool | None) -> None:
    found = derived(usual(), technique("41"), tube_in(15, device=device))
    assert (found.airway, found.tube, found.technique) == (airway, tube, "intubated")


@pytest.mark.parametrize(("field", "airway", "tube"), [
    ("none", False, False), ("mask", False, False), ("lma", True, False), ("oral", True, True), ("nasal", True, True),
    ("dlt", True, True), ("trach", True, False),
])  # fmt: skip
def test_where_no_event_says_it_the_record_does(field: str, airway: bool, tube: bool) -> None:
    found = derived(usual(), technique("41"), record(tube=field))
    assert (found.airway, found.tube) == (airway, tube)
    assert found.technique == ("intubated" if airway else "unintubated")
    assert derived(usual(), tube_in(15, device="LMA"), record(tube="oral")).tube is False
    assert derived(usual(), tube_in(15, device=""), record(tube=field)).tube is tube


def test_a_technique_can_name_the_device() -> None:
    mask, lung = derived(usual(), technique("L41")), derived(usual(), technique("L42"))
    assert (mask.airway, mask.tube, lung.airway, lung.tube) == (True, False, True, True)
    nobody = derived(usual(), technique("41"))
    assert (nobody.airway, nobody.tube, nobody.technique) == (None, None, "")


def test_what_the_icu_does_later_is_no_airway_of_the_anaesthetic() -> None:
    assert derived(usual(), record(tube="none"), tube_in(3 * DAY)).airway is False


@pytest.mark.parametrize(("details", "expected"), [
    ({"planned": "false", "cause": "apnoea"}, True), ({"planned": "false", "cause": "depression"}, True),
    ({"planned": "false", "cause": "other"}, False), ({"planned": "false", "cause": "reoperation"}, False),
    ({"planned": "true", "cause": "apnoea"}, False), ({"planned": "true"}, False),
    ({"planned": "false"}, None), ({"cause": "apnoea"}, None), ({}, None), ({"cause": "other"}, False),
])  # fmt: skip
def test_null_planned_is_neither_planned_nor_unplanned(details: dict[str, str], expected: bool | None) -> None:
    found = derived(usual(), event("t_tube_in", 60, device="LMA", **details), record())
    assert found.airway_unplanned is expected
    assert ("airway_unplanned" in found.times) is (expected is True)


def test_an_airway_that_was_planned_does_not_say_that_no_other_one_was_not_until_the_record_is_signed() -> None:
    for signed, expected in ((None, None), (200, False)):
        found = derived(usual(), tubed(), tube_in(OUT + 30), record(signed=signed))
        assert (found.airway_unplanned, found.reintubated) == (expected, expected)
    unplanned = tube_in(60, device="LMA", planned="false", cause="apnoea")
    assert derived(usual(), unplanned, record(signed=None)).airway_unplanned is True


def test_only_airways_from_entering_to_leaving_the_suite_count_the_pacu_is_in_it() -> None:
    unplanned = {"planned": "false", "cause": "apnoea"}
    for minute, counts in ((-16, False), (-15, True), (150, True), (205.9, True), (206, False), (3 * DAY, False)):
        assert derived(usual(), tube_in(minute, **unplanned), record()).airway_unplanned is counts
    in_pacu = usual(t_suite_out=None)
    assert derived(in_pacu, tube_in(204, **unplanned), record()).airway_unplanned is True
    assert derived(in_pacu, tube_in(205, **unplanned), record()).airway_unplanned is False
    no_pacu = usual(t_suite_out=None, t_pacu_in=None, t_pacu_out=None)
    assert derived(no_pacu, tube_in(140, **unplanned), record()).airway_unplanned is False


def test_who_is_back_on_the_ward_or_in_the_icu_has_left_the_suite() -> None:
    untold, unplanned = usual(t_suite_out=None, t_pacu_out=None), {"planned": "false", "cause": "apnoea"}
    for minute, counts in ((214, True), (215, False)):
        assert derived(untold, tube_in(minute, **unplanned), record()).airway_unplanned is counts
    came_from_there = event("t_icu_in", -60), event("t_icu_in", 190)
    assert derived(untold, *came_from_there, tube_in(189, **unplanned), record()).airway_unplanned is True
    assert derived(untold, *came_from_there, tube_in(190, **unplanned), record()).airway_unplanned is False


def test_of_an_airway_that_nobody_mentions_the_signed_record_says_that_there_was_none() -> None:
    assert derived(usual()).airway_unplanned is None
    assert derived(usual(), record(signed=None)).airway_unplanned is None
    assert derived(usual(), record()).airway_unplanned is False


@pytest.mark.parametrize(("said", "expected"), [
    (finding("airway_unplanned", "no"), False), (finding("airway_unplanned", cause="apnoea"), True),
    (finding("airway_unplanned", cause="other"), False), (finding("airway_unplanned"), None),
    (finding("airway_unplanned", "yes", 3 * DAY, cause="apnoea"), False),
])  # fmt: skip
def test_a_finding_outranks_the_event(said: Part, expected: bool | None) -> None:
    for planned in ("true", "false", ""):
        event_ = event("t_tube_in", 60, planned=planned, cause="depression")
        assert derived(usual(), event_, said).airway_unplanned is expected


def test_extubated_is_whose_tube_came_out_after_the_operation() -> None:
    assert derived(usual(), tubed()).extubated is True
    assert derived(usual(), tubed(out=120)).extubated is True
    assert derived(usual(), tubed(out=2 * DAY)).extubated is True
    assert derived(usual(), tubed(out=119), record()).extubated is False
    assert derived(usual(), tubed(device="LMA")).extubated is False
    assert derived(usual(), tubed(device="")).extubated is None
    assert derived(usual(), event("t_tube_out", OUT), record(tube="oral")).extubated is True
    exchanged = (*tubed(out=60, device="LMA"), *tube_in(61), *event("t_tube_out", OUT))
    assert derived(usual(), exchanged).extubated is True


def test_a_tube_that_nobody_told_to_be_out_left_with_him_only_where_the_record_is_signed() -> None:
    assert derived(usual(), tube_in(15), record()).extubated is False
    assert derived(usual(), tube_in(15), record(signed=None)).extubated is None
    assert derived(usual(), tube_in(15)).extubated is None
    assert derived(usual(), tube_in(15, device="LMA"), record(signed=None)).extubated is False
    assert derived(usual(), record(tube="none", signed=None)).extubated is False


def test_who_got_a_tube_again_had_been_extubated_whatever_events_say() -> None:
    visit = form("postop_visit", DAY, reintubated=True)
    found = derived(usual(), tube_in(15), finding("reintubation", reason="other"), record())
    assert (found.extubated, found.reintubated) == (True, True)
    told = derived(usual(), tube_in(15), visit, record())
    assert (told.extubated, told.reintubated) == (True, None)
    assert derived(usual(), tube_in(15), visit, finding("reintubation", "no"), record()).extubated is False


@pytest.mark.parametrize(("after", "expected"), [
    (1, True), (6 * HOUR, True), (6 * HOUR + 1 / 60, False), (10 * HOUR, False),
])  # fmt: skip
def test_reintubated_is_who_had_a_tube_again_within_6_h(after: float, expected: bool) -> None:
    again = tube_in(OUT + after, planned="false", cause="depression")
    found = derived(usual(), tubed(), again, record())
    assert found.reintubated is expected
    assert found.times.get("reintubation") == (at(OUT + after) if expected else None)


@pytest.mark.parametrize(("details", "expected"), [
    ({"planned": "false", "cause": "apnoea"}, True), ({"planned": "false", "cause": "other"}, True),
    ({"planned": "false", "cause": "reoperation"}, False), ({"planned": "true", "cause": "other"}, False),
    ({"planned": "", "cause": "apnoea"}, None), ({"planned": "false"}, None),
    ({"planned": "false", "cause": "apnoea", "device": "LMA"}, False),
    ({"planned": "false", "cause": "apnoea", "device": ""}, None),
])  # fmt: skip
def test_null_planned_leaves_a_reintubation_unknown(details: dict[str, str], expected: bool | None) -> None:
    assert derived(usual(), tubed(), tube_in(OUT + 60, **details), record()).reintubated is expected


def test_after_a_laryngeal_mask_nobody_is_intubated_again() -> None:
    again = tube_in(OUT + 60, planned="false", cause="apnoea")
    found = derived(usual(), tubed(device="LMA"), again, record())
    assert (found.extubated, found.reintubated) == (False, False)
    assert found.airway_unplanned is True


@pytest.mark.parametrize(("said", "expected"), [
    (finding("reintubation", "no"), False), (finding("reintubation", reason="other"), True),
    (finding("reintubation", reason="reoperation"), False), (finding("reintubation", reason="planned"), False),
    (finding("reintubation"), None),
])  # fmt: skip
def test_a_finding_of_a_reintubation_outranks_event_and_visit(said: Part, expected: bool | None) -> None:
    again = tube_in(OUT + 60, planned="false", cause="apnoea")
    visit = form("postop_visit", DAY, reintubated=True)
    assert derived(usual(), tubed(), again, said).reintubated is expected
    assert derived(usual(), tubed(), visit, said).reintubated is expected


def test_the_visit_asks_about_reintubation_but_not_whether_it_was_planned() -> None:
    yes, no = (form("postop_visit", DAY, reintubated=told) for told in (True, False))
    assert derived(usual(), tubed(), yes).reintubated is None
    assert derived(usual(), tubed(), no).reintubated is False
    assert derived(usual(), tubed()).reintubated is None
    assert derived(usual(), tubed(), record()).reintubated is False
    counts = tube_in(OUT + 60, planned="false", cause="apnoea")
    assert derived(usual(), tubed(), counts, no).reintubated is True
    planned = tube_in(OUT + 60, cause="other")
    assert derived(usual(), tubed(), planned, yes).reintubated is False
