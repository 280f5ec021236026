"""What cannot be so is refused, each by its rule."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

import charting.case
from charting.accounts.actor import INTERFACE, ROLES
from charting.accounts.rights import rights
from charting.case.checks import Scene, check
from charting.case.events import events
from charting.case.reasons import is_reason, written
from charting.case.refusals import Impossible
from charting.case.words import words
from charting.desk import Desk
from charting.trail.contents import (
    Answer,
    Attendance,
    Charted,
    Consumable,
    Content,
    Event,
    Finding,
    Infusion,
    Pace,
    Patient,
    Rate,
    Remark,
    Score,
    Term,
    Volume,
    Warming,
)  # fmt: skip
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import (
    ANN,
    LIBRARIES,
    MINUTE_US,
    RECORD,
    TEMPLATES,
    begun,
    bolus,
    cell,
    charted,
    desk_on,
    term,
)
from tests.journal.entries import T0_US

DRIP = Infusion(what="drug", drug=term("drugs", "D012"), unit="ug/kg/min", rates=(Rate(at_us=T0_US, rate=0.1),))
URINE = Volume(way="out", group="urine", what="urine", ml=100, start_us=T0_US)
STEWARD = Score(scale="Steward", at_us=T0_US, parts={"consciousness": 2, "airway": 1, "movement": 2}, total=5)
AIR = Warming(device="forced_air", start_us=T0_US, end_us=T0_US + MINUTE_US, set_c=50.0)
SEVERE = Finding(key="aspiration", value="yes", at_us=T0_US, details={"severe": "no"})
BODY = Charted(signal="temp", mark_us=T0_US, time_us=T0_US, value=35.9, unit="Cel", site="infrared")
NOWHERE = Term(library="drugs", version="2026.1", code="D999", zh="水", en="Water")


@pytest.fixture
def scene() -> Scene:
    clock = Clock()
    desk: Desk = desk_on(MemoryTrail(clock.now_us), clock)
    case = begun(desk)
    document = case.documents[RECORD]
    return Scene(clock=desk.clock, libraries=LIBRARIES, case=case, document=document, template=desk.template(document))


@pytest.mark.parametrize(
    ("content", "item"),
    [
        (bolus(50), "x"),
        (DRIP, "x"),
        (replace(DRIP, rates=(*DRIP.rates, Rate(at_us=T0_US + 1, rate=0)), stop_us=T0_US + 1), "x"),
        (Infusion(what="vapour", drug=term("gases", "SEVO"), unit="%", rates=(Rate(at_us=T0_US, rate=2),)), "x"),
        (URINE, "x"),
        (replace(URINE, ml=0), "x"),
        (STEWARD, "x"),
        (charted(0, 72), cell(0)),
        (charted(0, 0), cell(0)),
        (Event(key="t_tube_in", at_us=T0_US, details={"device": "LMA", "planned": "true"}), "x"),
        (Answer(field="tube", value="lma"), "field:tube"),
        (Answer(field="monitoring", value=("ecg",)), "field:monitoring"),
        (Answer(field="complication", value=False), "field:complication"),
        (Pace(why="rescue", start_us=T0_US), "x"),
        (AIR, "x"),
        (Warming(device="fluid", start_us=T0_US, ml=0), "x"),
        (SEVERE, "finding:aspiration"),
        (replace(SEVERE, value="no", at_us=None, details={}), "finding:aspiration"),
        (BODY, f"temp@{T0_US}"),
        (replace(BODY, site=""), f"temp@{T0_US}"),
        (Remark(at_us=T0_US, text="第一行\n第二行"), "x"),
        (Patient(number="1", height_cm=50, weight_kg=3.2, birth_date="2025-12-31"), "patient"),
    ],
)
def test_what_can_be_so_is_taken(scene: Scene, content: Content, item: str) -> None:
    check(content, item, scene)


@pytest.mark.parametrize(
    ("content", "item", "key"),
    [
        (bolus(0), "x", "amount_not_positive"),
        (bolus(math.nan), "x", "not_a_number"),
        (bolus(math.inf), "x", "not_a_number"),
        (replace(bolus(1), unit=""), "x", "unit_missing"),
        (replace(bolus(1), drug=NOWHERE), "x", "term_unknown"),
        (replace(bolus(1), drug=replace(term("drugs", "D001"), zh="水")), "x", "term_unknown"),
        (replace(bolus(1), drug=replace(term("drugs", "D001"), version="1")), "x", "term_unknown"),
        (replace(bolus(1), drug=term("procedures", "47.0900")), "x", "term_unknown"),
        (bolus(1, T0_US + 6 * MINUTE_US), "x", "time_ahead"),
        (bolus(1, T0_US - 24 * 60 * MINUTE_US - 1), "x", "time_before_case"),
        (bolus(1, 0), "x", "time_too_early"),
        (replace(DRIP, rates=()), "x", "infusion_without_rate"),
        (replace(DRIP, rates=(*DRIP.rates, Rate(at_us=T0_US, rate=1))), "x", "rates_out_of_order"),
        (replace(DRIP, rates=(Rate(at_us=T0_US, rate=-1),)), "x", "amount_negative"),
        (replace(DRIP, stop_us=T0_US - 1), "x", "end_before_start"),
        (replace(DRIP, what="gas"), "x", "term_unknown"),
        (replace(URINE, ml=-1), "x", "amount_negative"),
        (replace(URINE, way="in"), "x", "volume_group"),
        (replace(URINE, end_us=T0_US - 1), "x", "end_before_start"),
        (Consumable(term=term("consumables", "M01"), n=0, at_us=T0_US), "x", "amount_not_positive"),
        (replace(STEWARD, total=6), "x", "score_total"),
        (replace(STEWARD, parts={"airway": 1}), "x", "score_parts"),
        (replace(STEWARD, parts={**STEWARD.parts, "airway": 3}), "x", "score_parts"),
        (replace(STEWARD, scale="Apgar"), "x", "scale_unknown"),
        (charted(0, 72), cell(1), "cell_misplaced"),
        (replace(charted(0, 72), unit="Hz"), cell(0), "unit_differs"),
        (charted(0, 720), cell(0), "value_out_of_range"),
        (charted(0, -1), cell(0), "value_out_of_range"),
        (replace(charted(0, 72), signal="mood"), f"mood@{T0_US}", "signal_unknown"),
        (Event(key="t_tea", at_us=T0_US), "x", "event_unknown"),
        (Event(key="t_tube_in", at_us=T0_US, details={"device": "straw"}), "x", "event_detail"),
        (Event(key="t_tube_in", at_us=T0_US, details={"colour": "red"}), "x", "event_detail"),
        (replace(AIR, end_us=T0_US - 1), "x", "end_before_start"),
        (replace(AIR, set_c=0.0), "x", "warming_set"),
        (replace(AIR, set_c=50.1), "x", "warming_set"),
        (replace(AIR, ml=-1.0), "x", "amount_negative"),
        (replace(SEVERE, key="mood"), "finding:mood", "finding_unknown"),
        (SEVERE, "finding:arrest", "misplaced"),
        (replace(SEVERE, details={"severe": "perhaps"}), "finding:aspiration", "event_detail"),
        (replace(SEVERE, details={"intended": "yes"}), "finding:aspiration", "event_detail"),
        (Event(key="t_incision", at_us=T0_US), "finding:arrest", "misplaced"),
        (replace(BODY, site="skin"), f"temp@{T0_US}", "site_unknown"),
        (replace(BODY, site="knee"), f"temp@{T0_US}", "site_unknown"),
        (replace(charted(0, 72), site="bladder"), cell(0), "site_unknown"),
        (Attendance(role="surgeon", name="", in_us=T0_US), "x", "attendance_nameless"),
        (Attendance(role="magician", name="M", in_us=T0_US), "x", "staff_role_unknown"),
        (Attendance(role="surgeon", name="S", in_us=T0_US, out_us=T0_US - 1), "x", "end_before_start"),
        (Answer(field="tube", value="straw"), "field:tube", "answer_misfit"),
        (Answer(field="tube", value="lma"), "field:effect", "field_unknown"),
        (Answer(field="mood", value="good"), "field:mood", "field_unknown"),
        (Answer(field="complication", value="yes"), "field:complication", "answer_misfit"),
        (Answer(field="monitoring", value=("ecg", "ecg")), "field:monitoring", "answer_misfit"),
        (Remark(at_us=T0_US, text="a\x00b"), "x", "text_unreadable"),
        (Remark(at_us=T0_US, text="\ud800"), "x", "text_unreadable"),
        (Remark(at_us=T0_US, text="a" * 4001), "x", "text_unreadable"),
        (Patient(number="1", birth_date="2026-02-30"), "patient", "birth_date"),
        (Patient(number="1", birth_date="2030-01-01"), "patient", "birth_date"),
        (Patient(number="1", height_cm=1.7), "patient", "height"),
        (Patient(number="1", weight_kg=7000), "patient", "weight"),
    ],
)
def test_what_cannot_be_so_is_refused(scene: Scene, content: Content, item: str, key: str) -> None:
    with pytest.raises(Impossible) as refusal:
        check(content, item, scene)
    assert refusal.value.key == key
    assert refusal.value.text("zh")
    assert refusal.value.text("en")


@pytest.mark.parametrize(
    ("template", "taken"), [("or_nursing_record", True), ("consent", False), ("preop_visit", False)]
)
def test_warming_stands_in_records_of_the_theatre(scene: Scene, template: str, taken: bool) -> None:
    there = replace(scene, template=TEMPLATES.get(template))
    if taken:
        check(AIR, "x", there)
        return
    with pytest.raises(Impossible, match="misplaced"):
        check(AIR, "x", there)


def test_a_word_that_is_no_choice_is_refused_and_not_kept() -> None:
    clock = Clock()
    trail = MemoryTrail(clock.now_us)
    desk = desk_on(trail, clock)
    case = begun(desk)
    odd = Charted(
        signal="hr", mark_us=T0_US, time_us=T0_US, value=72, unit="/min",
        accepted="maybe",  # type: ignore[arg-type]
    )  # fmt: skip
    with pytest.raises(Impossible):
        desk.set(ANN, case.id, document=RECORD, item=cell(0), after=0, content=odd)
    assert len(trail.entries(case.id)) == 2


def test_every_word_is_there_in_both_languages() -> None:
    folder = Path(charting.case.__path__[0])
    code = "\n".join(p.read_text(encoding="utf-8") for p in [*folder.glob("*.py"), folder.parent / "desk.py"])
    used = set(re.findall(r'(?:Impossible|NotAllowed|Unknown|Locked)\(\s*"(\w+)"', code))
    used |= set(re.findall(r'CaseWarning\(\s*key="(\w+)"', code))
    assert len(used) > 60
    assert used <= set(words())
    assert all(w["zh"] and w["en"] for w in words().values())


def test_the_event_model_is_whole() -> None:
    """The keys of clinical.md §0."""
    assert set(events()) == {
        "t_suite_in", "t_room_in", "t_anes_care", "t_anes_start", "t_induction", "t_tube_in", "t_position",
        "t_incision", "t_surg_end", "t_tube_out", "t_anes_end", "t_room_out", "t_suite_out", "t_pacu_in", "t_pacu_out",
        "t_icu_in", "t_cpb_start", "t_cpb_end", "t_cool_start", "t_cool_end", "icu_planned", "t_ward",
        "t_cancel", "t_death", "note",
    }  # fmt: skip
    ordered = sorted((e.order, e.key) for e in events().values() if e.order is not None)
    assert [key for _, key in ordered] == [
        "t_suite_in", "t_room_in", "t_anes_care", "t_anes_start", "t_incision", "t_surg_end", "t_room_out",
        "t_pacu_in", "t_pacu_out", "t_ward",
    ]  # fmt: skip


def test_reasons() -> None:
    assert [is_reason(r) for r in ("flush", "flush: line drawn", "other: x", "other", "other: ", "x", "")] == [
        True, True, True, False, False, False, False,
    ]  # fmt: skip
    assert written("other: 看错", "zh") == "其他（请说明）: 看错"
    assert written("he is another", "en") == "he is another"


def test_rights_know_all_roles_and_the_engineer_sees_no_patient() -> None:
    assert set().union(*rights().values()) <= {*ROLES, INTERFACE}
    of = {role: {right for right, roles in rights().items() if role in roles} for role in (*ROLES, INTERFACE)}
    assert of["engineer"] == {"operate", "exchange", "report_fault", "answer_fault"}
    assert of["surgeon"] == {"read", "report_fault"}
    assert of[INTERFACE] == {"read", "open_case", "move", "merge", "close", "discard", "code"}
    assert rights()["approve_unlock"] == {"head"}
