"""ADT^A08: codes of a signed record to the front page of the EMR, in both editions; each message by hand."""

from collections.abc import Sequence

import pytest

from charting.trail.contents import Attendance, Coded, Event, Patient, Term
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN, BEN, HAL, LIBRARIES, RECORD, mark
from tests.charting.results.hospital import Hospital, lines
from tests.charting.results.test_vitals import WANG, begun
from tests.oracles.hl7 import parsed

GALL, HERNIA, ANEURYSM = "51.2300", "53.0000", "39.5100"


def term(library: str, code: str) -> Term:
    found = LIBRARIES.named(library, code)
    assert found is not None
    return found


@pytest.fixture
def here(clock: Clock) -> Hospital:
    return Hospital(clock)


def coded(here: Hospital, case: str, item: str, use: str, code: str, after: int = 0) -> None:
    library = {"procedure": "procedures", "insurance_procedure": "procedures_insurance", "technique": "techniques",
               "asa": "asa", "diagnosis_after": "diagnoses", "diagnosis_before": "diagnoses"}[use]  # fmt: skip
    content = Coded(use=use, term=term(library, code))
    here.desk.set(ANN, case, item=item, after=after, content=content, reason="diathermy" if after else "")


def operated(here: Hospital) -> str:
    case = begun(here)
    for item, use, code in (
        ("p1", "procedure", GALL), ("t1", "technique", "41"), ("a1", "asa", "2"), ("d1", "diagnosis_after", "K80.2"),
    ):  # fmt: skip
        coded(here, case, item, use, code)
    for n, key in enumerate(("t_anes_start", "t_incision", "t_surg_end", "t_anes_end")):
        here.desk.set(
            ANN, case, item=f"e{n}", after=0, content=Event(key=key, at_us=mark(0) + n * 1_800_000_000 - 7_200_000_000)
        )
    for role, name, account in (("anaesthetist", "安|医生", "ann"), ("surgeon", "苏医生", "sue")):
        who = Attendance(role=role, name=name, account=account, in_us=mark(0))
        here.desk.set(ANN, case, item=role, after=0, content=who)
    return case


def codes(here: Hospital, case: str, segment: str) -> list[list[str]]:
    """Of each message the segments of a name."""
    return [[line for line in lines(each) if line.startswith(segment)] for each in here.sent(case)]


def test_a_signed_record_offers_both_editions(here: Hospital, clock: Clock) -> None:
    telling, case = here.telling("codes"), operated(here)
    here.look(telling)
    clock.go(60)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.desk.sign(BEN, case, document=RECORD, slot="supervisor")
    here.look(telling)
    (sent,) = here.sent(case)
    read = parsed(sent.body)
    both = "51.2300^腹腔镜下胆囊切除术^ICD9CM3-CN^51.2300^腹腔镜下胆囊切除术^ICD9CM3-YB"
    who = "ann^安\\F\\医生|41|90|sue^苏医生"
    assert (read.type, read.version) == ("ADT^A08^ADT_A01", "2.5")
    assert lines(sent) == [
        "EVN|A08|20260101080100.000+0800||||20260101063000.000+0800",
        "PID|||10023456^^^HOSP^MR||王小明^^^^^^L",
        "PV1||I|OR^OR1^1^HOSP||||||||||||||||2026001^^^HOSP^VN",
        "OBX|1|CE|asa^ASA^99VITALSD||2^Ⅱ级^99VITALSD||||||F",
        "OBX|2|CE|emergency^急诊^99VITALSD||Y^^HL70136||||||F",
        "OBX|3|CE|technique^麻醉方法^99VITALSD||41^静吸复合全麻^CV06.00.103||||||F",
        "OBX|4|CE|level^手术级别^99VITALSD|1|3^^99VITALSD||||||F",
        f"DG1|1||K80.2^胆囊结石^ICD10-CN|||F||||||||||||||{case}/d1^VITALSD|A",
        f"PR1|1||{both}|腹腔镜下胆囊切除术|20260101063000.000+0800|P|30|{who}||||||||{case}/p1^VITALSD|A",
    ]


def actions(here: Hospital, case: str) -> Sequence[list[tuple[str, str]]]:
    """Of each message: code of the clinical edition and action, of each procedure."""
    found = []
    for each in here.sent(case):
        read = parsed(each.body)
        numbers = range(1, read.count("PR1") + 1)
        found.append([(read.text("PR1", 3, which=n), read.text("PR1", 20, which=n)) for n in numbers])
    return found


def test_it_is_taken_back_when_the_record_is_and_offered_anew_with_the_next_signature(here: Hospital) -> None:
    telling, case = here.telling("codes"), operated(here)
    here.look(telling)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.desk.send_back(HAL, case, document=RECORD, reason="another operation")
    here.desk.void(ANN, case, item="p1", after=1, reason="diathermy")
    coded(here, case, "p2", "procedure", HERNIA)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.look(telling)
    assert actions(here, case) == [[(GALL, "A")], [(GALL, "D")], [(HERNIA, "A")]]
    here.desk.merge(ANN, case, patient=Patient(number="999"), reason="wrong patient")
    here.look(telling)
    assert actions(here, case)[3:] == [[(HERNIA, "D")], [(HERNIA, "A")]]
    whose = [parsed(each.body, validated=False).text("PID", 3) for each in here.sent(case)]
    assert whose == [*[WANG.number] * 4, "999"]


def test_codes_that_change_after_the_signature_are_told_line_by_line(here: Hospital) -> None:
    telling, case = here.telling("codes"), operated(here)
    here.look(telling)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    coded(here, case, "p2", "procedure", ANEURYSM)
    here.desk.void(ANN, case, item="p1", after=1, reason="diathermy")
    here.look(telling)
    assert actions(here, case) == [
        [(GALL, "A")],
        [(GALL, "U"), (ANEURYSM, "A")],
        [(ANEURYSM, "U"), (GALL, "D")],
    ]


def said(here: Hospital, case: str) -> list[str]:
    """What the last message says of the insurance's code."""
    return [line.split("|")[5] for line in codes(here, case, "OBX")[-1] if "|insurance^" in line]


def test_no_code_of_the_insurance_and_several_are_told_as_such(here: Hospital) -> None:
    telling, case = here.telling("codes"), begun(here)
    here.look(telling)
    coded(here, case, "p1", "procedure", ANEURYSM)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.look(telling)
    assert said(here, case) == ["unmapped^^99VITALSD"]
    coded(here, case, "p2", "procedure", HERNIA)
    here.look(telling)
    assert said(here, case)[1:] == [
        "choice^^99VITALSD~53.0100^单侧腹股沟直疝修补术^ICD9CM3-YB~53.0200^单侧腹股沟斜疝修补术^ICD9CM3-YB"
    ]
    assert [line.split("|")[3].count("^") for line in codes(here, case, "PR1")[-1]] == [2, 2]
    coded(here, case, "i1", "insurance_procedure", "53.0200")
    here.look(telling)
    assert said(here, case) == ["unmapped^^99VITALSD"]
    last = parsed(here.sent(case)[-1].body)
    assert (last.text("PR1", 3, which=2), last.text("PR1", 3, 4, which=2)) == (HERNIA, "53.0200")


def test_a_record_that_is_not_signed_offers_nothing(here: Hospital) -> None:
    telling, case = here.telling("codes"), operated(here)
    here.look(telling)
    coded(here, case, "p2", "procedure", HERNIA)
    here.look(telling)
    assert here.sent(case) == []


def test_what_was_signed_before_is_neither_taken_back_nor_offered_for_another_patient(here: Hospital) -> None:
    case = operated(here)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    telling = here.telling("codes")
    here.look(telling)
    here.desk.merge(ANN, case, patient=Patient(number="999"), reason="wrong patient")
    here.desk.send_back(HAL, case, document=RECORD, reason="another operation")
    here.look(telling)
    assert here.sent(case) == []
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    here.desk.merge(ANN, case, patient=WANG, reason="he is it")
    for _ in range(2):
        here.look(here.telling("codes"))
        assert actions(here, case) == [[(GALL, "A")], [(GALL, "D")], [(GALL, "A")]]
        here.cursors.keep("codes", here.cursors.seq("codes.began") or 0)  # killed before it knew how far it had come


def test_what_is_changed_in_what_was_signed_before_is_offered_whole(here: Hospital) -> None:
    case = operated(here)
    here.desk.sign(ANN, case, document=RECORD, slot="anaesthetist")
    telling = here.telling("codes")
    here.look(telling)
    coded(here, case, "p2", "procedure", ANEURYSM)
    here.desk.void(ANN, case, item="p2", after=1, reason="diathermy")
    here.desk.send_back(HAL, case, document=RECORD, reason="another operation")
    here.look(telling)
    assert actions(here, case) == [
        [(GALL, "A"), (ANEURYSM, "A")],
        [(GALL, "U"), (ANEURYSM, "D")],
        [(GALL, "D")],
    ]
