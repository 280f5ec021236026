"""Whether a device speaks of the case's patient."""

from dataclasses import replace

import pytest

from charting.case.state import Case
from charting.fill.types import Cause
from charting.filler.identity import differing, explained, spans, without_patient
from charting.trail.contents import Patient
from charting.trail.entries import DeviceHeld, DeviceJudged, Merged, Opened
from collector.model import DeviceIdentity, Identity, PatientIdentity
from tests.charting.filler.made import at, folded, gap, opened


def told(minute: float, who: PatientIdentity | DeviceIdentity, device: str = "monitor") -> Identity:
    return Identity(bed="OR-03", device=device, time_us=at(minute), identity=who)


def person(number: str = "", family: str = "", given: str = "", state: str = "admitted") -> PatientIdentity:
    return PatientIdentity(ids={"patient_id": number} if number else {}, family=family, given=given, state=state)


def held(case: Case, *identities: Identity) -> list[tuple[str, int]]:
    return [(h.device, h.from_us) for h in differing(case, identities, "OR-03", at(0))]


@pytest.mark.parametrize(
    ("who", "differs"),
    [
        (person("100200"), False), (person(" 100 200 "), False), (person("999"), True),
        (person("999", "王", "小明"), True), (person("100200", "李", "四"), False),
        (person("", "王", "小明"), False), (person("", "王小明"), False), (person("", "李", "四"), True),
        (person("", "Wang", "Xiaoming"), False), (person(), False), (person("", state="empty"), False),
    ],
)  # fmt: skip
def test_an_id_counts_before_a_name_and_what_cannot_be_compared_does_not(who: PatientIdentity, differs: bool) -> None:
    assert bool(held(folded(opened()), told(1, who))) == differs


def test_names_in_latin_letters_are_compared_in_any_order() -> None:
    patient = Patient(number="", name="Wang Xiaoming")
    case = folded(Opened(bed="OR-03", area="or", at_us=at(0), patient=patient))
    assert held(case, told(1, person("", "WANG", "Xiaoming"))) == []
    assert held(case, told(1, person("", "Xiaoming", "Wang"))) == []
    assert held(case, told(1, person("", "Li", "Si"))) == [("monitor", at(1))]


def test_nothing_differs_from_a_patient_whom_nobody_knows_until_he_is_known() -> None:
    nameless = Opened(bed="OR-03", area="or", at_us=at(0), patient=Patient(temporary=""), emergency=True)
    said = told(-30, person("999"))
    assert held(folded(nameless), said) == []
    merged = Merged(patient=Patient(number="100200", name="王小明"), reason="identified")
    assert held(folded(nameless, merged), said) == [("monitor", at(0))]
    same = Merged(patient=Patient(number="999", name="王小明"), reason="identified")
    assert held(folded(nameless, same), said) == []


def test_what_a_device_says_now_counts_from_when_it_said_it() -> None:
    wrong, right = told(-90, person("999")), told(3, person("100200"))
    assert held(folded(opened()), wrong) == [("monitor", at(0))]
    assert held(folded(opened()), wrong, right) == []
    assert held(folded(opened()), right, told(5, person("999")), told(5, person("100200"), "other")) == [
        ("monitor", at(5))
    ]
    assert held(folded(opened()), told(1, DeviceIdentity(model="MX800"))) == []


def test_a_device_is_held_once_and_what_a_person_judged_is_not_asked_again() -> None:
    wrong = told(5, person("999"))
    hold = DeviceHeld(device="monitor", told={"patient_id": "999"}, from_us=at(5))
    assert held(folded(opened(), hold), wrong) == []
    judged = DeviceJudged(device="monitor", told={"patient_id": "999"}, same=True, reason="old wristband")
    assert held(folded(opened(), hold, judged), wrong) == []
    assert held(folded(opened(), hold, judged), wrong, told(9, person("777"))) == [("monitor", at(9))]
    refused = DeviceJudged(device="monitor", told={"patient_id": "999"}, same=False, reason="another patient")
    assert held(folded(opened(), hold, refused), wrong) == []
    assert held(folded(opened(), hold), wrong, told(9, person("777"))) == [("monitor", at(9))]


def test_what_is_judged_to_be_this_patient_is_charted_only_while_it_was_told() -> None:
    """The monitor spoke of one, then of another: that the second was ours says nothing of the first."""
    first, second = told(5, person("777")), told(9, person("999"))
    holds = differing(folded(opened()), (first, second), "OR-03", at(0))
    assert [(h.told["patient_id"], h.from_us) for h in holds] == [("777", at(5)), ("999", at(9))]
    assert spans(folded(opened(), *holds), "OR-03") == {"monitor": ((at(5), at(9)), (at(9), None))}
    judged = DeviceJudged(device="monitor", told={"patient_id": "999"}, same=True, reason="old wristband")
    case = folded(opened(), *holds, judged)
    assert spans(case, "OR-03") == {"monitor": ((at(5), at(9)),)}
    assert case.held == {"monitor": holds[0]}
    assert spans(case, "PACU-1") == {}
    assert held(case, first, second) == []


@pytest.mark.parametrize("same", [None, True, False])
def test_a_device_that_says_this_patient_again_is_charted_once_a_person_has_judged_what_was_between(
    same: bool | None,
) -> None:
    said = told(1, person("100200")), told(5, person("999")), told(7, person("100200")), told(9, person("999"))
    holds = differing(folded(opened()), said[:3], "OR-03", at(0))
    assert [(h.from_us, h.own) for h in holds] == [(at(5), False), (at(7), True)]
    judged = [] if same is None else [
        DeviceJudged(device="monitor", told={"patient_id": "999"}, same=same, reason="asked"),
    ]  # fmt: skip
    case = folded(opened(), *holds, *judged)
    wanted = {None: {"monitor": ((at(5), None),)}, True: {}, False: {"monitor": ((at(5), at(7)),)}}
    assert spans(case, "OR-03") == wanted[same]
    assert case.held == ({"monitor": holds[0]} if same is None else {})
    assert held(case, *said[:3]) == []
    again = differing(case, said, "OR-03", at(0))
    assert [(h.from_us, h.own) for h in again] == ([] if same else [(at(9), False)])


def test_what_nobody_has_judged_waits_whatever_was_judged_after_it() -> None:
    said = [told(m, person(who)) for m, who in ((5, "999"), (7, "100200"), (9, "888"), (11, "100200"))]
    holds = differing(folded(opened()), said, "OR-03", at(0))
    other = DeviceJudged(device="monitor", told={"patient_id": "888"}, same=False, reason="asked")
    case = folded(opened(), *holds, other)
    assert case.held == {"monitor": holds[0]}
    assert spans(case, "OR-03") == {"monitor": ((at(5), at(9)), (at(9), at(11)))}
    first = DeviceJudged(device="monitor", told={"patient_id": "999"}, same=False, reason="asked")
    case = folded(opened(), *holds, other, first)
    assert (case.held, spans(case, "OR-03")) == ({}, {"monitor": ((at(5), at(7)), (at(9), at(11)))})
    late = folded(opened(), holds[0], holds[1], holds[3], holds[2], other, first)
    assert late.held == {}
    elsewhere = folded(opened(), holds[0], replace(holds[1], bed="PACU-1"), first)
    assert elsewhere.held == {"monitor": holds[0]}


def test_a_patient_who_was_told_before_the_arrival_is_held_from_the_arrival_on() -> None:
    """The case was opened late, and its arrival is told later still."""
    wrong = told(-90, person("999"))
    (hold,) = differing(folded(opened()), [wrong], "OR-03", at(0))
    (earlier,) = differing(folded(opened(), hold), [wrong], "OR-03", at(-14))
    assert spans(folded(opened(), hold, earlier), "OR-03") == {"monitor": ((at(-14), at(0)), (at(0), None))}
    assert differing(folded(opened(), hold, earlier), [wrong], "OR-03", at(-14)) == []


def test_another_patient_who_was_told_while_he_was_there_is_held_though_it_came_late() -> None:
    said = told(-90, person("100200")), told(5, person("999")), told(7, person("100200"))
    assert held(folded(opened()), *said) == [("monitor", at(5)), ("monitor", at(7))]
    assert differing(folded(opened()), [told(31, person("999"))], "OR-03", at(0), at(30)) == []


def test_a_gap_while_every_monitor_says_that_it_has_no_patient_has_that_cause() -> None:
    identities = [
        told(-5, person("1")), told(-5, person("1"), "other"), told(10, person(state="discharged")),
        told(12, person(state="empty"), "other"), told(30, person("1")),
    ]  # fmt: skip
    empty = without_patient(identities, at(0), at(60))
    assert [(a, b) for a, b, _ in empty] == [(at(12), at(30))]
    gaps = (gap(12, 30), gap(11, 20), gap(15, 16, cause=Cause.CABLE, certain=True))
    assert [(g.cause, g.certain) for g in explained(gaps, empty)] == [
        (Cause.NO_PATIENT, True), (Cause.UNKNOWN, False), (Cause.CABLE, True),
    ]  # fmt: skip
    assert without_patient([told(50, person(state="empty"))], at(0), at(60)) == [(at(50), at(60), "empty")]
