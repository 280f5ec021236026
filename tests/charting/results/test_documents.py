"""MDM: what a signed record becomes, and what replaces or cancels it; each message by hand, read by two others."""

from base64 import b64decode
from collections.abc import Sequence

import pytest

from charting.trail.contents import Event, Patient, Score
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, BEN, HAL, RECORD, filled, mark
from tests.charting.results.hospital import PDF, Hospital
from tests.charting.results.test_vitals import WANG, begun, cell
from tests.oracles.hl7 import parsed


@pytest.fixture
def here(clock: Clock) -> Hospital:
    return Hospital(clock)


def told(here: Hospital, case: str) -> Sequence[tuple[str, str, str, str, str]]:
    """Of each message: event, number, parent, completion, availability."""
    reads = [parsed(each.body, validated=False) for each in here.sent(case)]
    return [(r.type[4:7], r.text("TXA", 12), r.text("TXA", 13), r.text("TXA", 17), r.text("TXA", 19)) for r in reads]


def test_signed_returned_and_signed_again(here: Hospital, clock: Clock) -> None:
    telling, case = here.telling("documents"), begun(here)
    here.look(telling)
    clock.go(60)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.look(telling)
    clock.go(60)
    here.desk.sign(BEN, case, document=RECORD, slot="supervisor")
    here.desk.send_back(HAL, case, document=RECORD, reason="血压 | 待核")
    here.desk.send_back(HAL, case, document=RECORD, reason="once more")
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.desk.ask_unlock(ANN, case, document=RECORD, reason="wrong drug")
    here.desk.answer_unlock(HAL, case, document=RECORD, granted=False, reason="no")
    here.desk.ask_unlock(ANN, case, document=RECORD, reason="wrong drug")
    here.desk.answer_unlock(HAL, case, document=RECORD, granted=True, reason="yes")
    here.look(telling)
    assert told(here, case) == [
        ("T02", "record.1.1", "", "AU", "AV"),
        ("T10", "record.1.2", "record.1.1", "LA", "AV"),
        ("T11", "record.1.2", "record.1.1", "LA", "UN"),
        ("T10", "record.2.1", "record.1.2", "AU", "AV"),
        ("T11", "record.2.1", "record.1.2", "AU", "UN"),
    ]
    sent = here.sent(case)
    for each in sent:
        parsed(each.body)
    returned = parsed(sent[2].body)
    assert (returned.text("TXA", 21), returned.count("OBX")) == ("血压 | 待核", 0)
    assert len({each.lane for each in sent}) == 1
    assert len({each.key for each in sent}) == len(sent)


def test_a_document_has_its_pdf_and_what_is_structured_in_it(here: Hospital, clock: Clock) -> None:
    telling, case = here.telling("documents"), begun(here)
    here.look(telling)
    here.desk.fill(case, filled(cell(0, 36.449, signal="temp", time_us=mark(0) - 60_000_000, site="oesophagus")))
    here.desk.set(ANN, case, item="e1", after=0, content=Event(key="t_anes_start", at_us=mark(0)))
    score = Score(scale="Aldrete", at_us=mark(0), parts={"activity": 2, "respiration": 2, "circulation": 2,
                  "consciousness": 1, "saturation": 2}, total=9)  # fmt: skip
    here.desk.set(ANN, case, document=RECORD, item="s1", after=0, content=score)
    clock.go(60)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.look(telling)
    (sent,) = here.sent(case)
    read = parsed(sent.body)
    assert (read.type, read.version, read.field("MSH", 15)) == ("MDM^T02^MDM_T02", "2.6", "")
    assert (read.text("TXA", 2), read.text("TXA", 3), read.text("TXA", 16)) == (
        "anaesthesia_record", "AP", "record.1.1.pdf",
    )  # fmt: skip
    assert (read.text("TXA", 5), read.text("TXA", 5, 2)) == ("ann", "安|医生")
    assert (read.text("TXA", 22), read.text("TXA", 22, 15)) == ("ann", "20260101080100.000+0800")
    assert [read.text("OBX", 5, n) for n in (2, 3, 4)] == ["application", "pdf", "Base64"]
    assert b64decode(read.text("OBX", 5, 5)) == PDF
    assert read.text("OBX", 3, 2) == "麻醉记录单"
    rows = [[read.text("OBX", n, which=which) for n in (2, 3, 5, 11, 14)] for which in range(2, read.count("OBX") + 1)]
    assert rows == [
        ["DTM", "t_anes_start", "20260101080000.000+0800", "F", "20260101080000.000+0800"],
        ["NM", "Aldrete", "9", "F", "20260101080000.000+0800"],
        ["NM", "150372", "36.4", "F", "20260101075900.000+0800"],
    ]


def test_under_another_number_it_is_cancelled_and_begins_anew(here: Hospital) -> None:
    telling, case = here.telling("documents"), begun(here)
    here.look(telling)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    for number in ("999", WANG.number):
        here.desk.merge(ANN, case, patient=Patient(number=number, name="李四"), reason="wrong patient")
    here.desk.sign(BEN, case, document=RECORD, slot="supervisor")
    here.look(telling)
    assert [each[:3] for each in told(here, case)] == [
        ("T02", "record.1.1", ""),
        ("T11", "record.1.1", ""), ("T02", "record.1.1.2", ""),
        ("T11", "record.1.1.2", ""), ("T02", "record.1.1.3", ""),
        ("T10", "record.1.2.3", "record.1.1.3"),
    ]  # fmt: skip
    whose = [parsed(each.body, validated=False).text("PID", 3) for each in here.sent(case)]
    assert whose == [WANG.number, WANG.number, "999", "999", WANG.number, WANG.number]


def test_a_number_that_was_taken_away_and_given_back_has_its_document_again(here: Hospital) -> None:
    telling, case = here.telling("documents"), begun(here)
    here.look(telling)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    for number in ("", WANG.number):
        here.desk.merge(ANN, case, patient=Patient(number=number, name="王芳"), reason="whose is it")
    here.look(telling)
    assert [each[:3] for each in told(here, case)] == [
        ("T02", "record.1.1", ""),
        ("T11", "record.1.1", ""), ("T02", "record.1.1.2", ""),
    ]  # fmt: skip


def test_documents_of_one_name_in_two_cases_are_both_told(here: Hospital) -> None:
    telling, cases = here.telling("documents"), [begun(here), begun(here)]
    here.look(telling)
    for case in cases:
        here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.look(telling)
    assert [len(here.sent(case)) for case in cases] == [1, 1]
    assert len({each.control for case in cases for each in here.sent(case)}) == 2


def test_nothing_is_replaced_or_cancelled_that_the_hospital_never_had(here: Hospital) -> None:
    """Signed before it was told of anything, or while nobody knew whose it was."""
    before = begun(here)
    here.desk.sign(ANN, before, document=RECORD, slot="anaesthetist")
    telling = here.telling("documents")
    here.look(telling)
    nameless = begun(here, Patient(temporary="急诊-1"))
    here.desk.sign(ANN, nameless, document=RECORD, slot="anaesthetist")
    here.desk.send_back(HAL, nameless, document=RECORD, reason="mend it")
    here.desk.merge(ANN, nameless, patient=WANG, reason="identified")
    here.desk.sign(ANN, nameless, document=RECORD, slot="anaesthetist")
    here.desk.send_back(HAL, before, document=RECORD, reason="mend it")
    here.desk.sign(ANN, before, document=RECORD, slot="anaesthetist")
    here.desk.sign(BEN, before, document=RECORD, slot="supervisor")
    here.look(telling)
    assert [each[:3] for each in told(here, nameless)] == [("T02", "record.2.1", "")]
    assert [each[:3] for each in told(here, before)] == [("T02", "record.2.1", ""), ("T10", "record.2.2", "record.2.1")]


def test_a_document_of_before_is_not_told_because_its_patient_is_another(here: Hospital) -> None:
    case = begun(here)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    telling = here.telling("documents")
    here.look(telling)
    here.desk.merge(ANN, case, patient=Patient(number="999"), reason="wrong patient")
    here.desk.merge(ANN, case, patient=WANG, reason="he is it")
    here.look(telling)
    assert here.sent(case) == []
    here.desk.send_back(HAL, case, document=RECORD, reason="mend it")
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.look(telling)
    ((event, _, parent, *_),) = told(here, case)
    assert (event, parent) == ("T02", "")


def test_what_is_told_late_is_told_as_it_was_signed(here: Hospital, clock: Clock) -> None:
    """The follower was down while the record was signed, returned and changed."""
    telling, case = here.telling("documents"), begun(here)
    here.look(telling)
    here.desk.fill(case, filled(cell(0, 36.4, signal="temp")))
    clock.go(1)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.desk.send_back(HAL, case, document=RECORD, reason="mend it")
    here.desk.fill(case, filled(cell(0, 35.1, signal="temp")))
    here.look(here.telling("documents"))
    first = parsed(here.sent(case)[0].body)
    assert [first.text("OBX", 5, which=n) for n in range(2, first.count("OBX") + 1)] == ["36.4"]
