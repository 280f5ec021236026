"""What HL7 v2 messages say, and how they are acknowledged. Expected values are by hand from the messages' fields."""

from dataclasses import replace
from datetime import UTC, datetime

import hl7
import pytest

from charting.inbox.events import Code, Place
from charting.inbox.hl7_events import Hl7Reading
from charting.inbox.operations import operation_of
from charting.inbox.places import PlaceRow, Places
from charting.inbox.reading import Read, UnreadableError
from collector.hl7.message import MessageError, parse
from tests.charting.inbox.messages import AREAS, DATA, ROLES, Site, adt, sequence, unframed
from tests.shared import capture

READING = Hl7Reading(zone="Asia/Shanghai", places=Places((), AREAS), roles=ROLES, surgery=("OR",))


def us(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[misc,arg-type]


def zato(name: str) -> Read:
    return READING(capture("hl7", "adt-siu-orm-dft", f"zato_{name}.hl7").read_bytes())


@pytest.mark.parametrize("file", ["case_01_A01_admit", "case_01_A01_admit_gb18030"])
def test_an_admission_in_both_charsets(file: str) -> None:
    (event,) = READING(unframed((DATA / f"{file}.hl7").read_bytes())).events
    assert (event.kind, event.key, event.number, event.visit) == ("admit", "HIS|HIS-1", "P0000123", "ZY0000456")
    assert event.occurred_us == us(2026, 3, 4, 2, 15)
    assert event.place == Place(told="SURG7^0712^2^HOSP")
    assert event.patient == {
        "name": "张测试", "birth_date": "1970-01-01", "sex": "male", "allergies": "Penicillin (rash)",
    }  # fmt: skip


def test_a_name_with_a_delimiter_in_its_second_byte() -> None:
    (event,) = READING(unframed((DATA / "adt_A01_gbk_trailbyte_pipe.hl7").read_bytes())).events
    assert (event.patient["name"], event.number, event.patient["birth_date"]) == ("和珅", "P0000124", "1970-01-01")


@pytest.mark.parametrize(
    ("name", "kind"), [("SIU-S12-01", "book"), ("SIU-S13-01", "rebook"), ("SIU-S15-01", "cancel_booking")]
)
def test_bookings_of_another_maker(name: str, kind: str) -> None:
    (event,) = zato(name).events
    booking = event.booking
    assert booking is not None
    assert (event.kind, event.number, event.patient["name"]) == (kind, "PATID1234", "EVERYMAN ADAM")
    assert (booking.id, booking.minutes, booking.urgent) == ("36996", 50, True)
    assert booking.start_us == us(2021, 9, 24, 7, 15)  # 09:30 at +0215
    assert booking.place == Place(told="055^Room01^^GH Clinic")
    assert booking.procedures == (Code(code="76164006", text="Biopsy of colon (procedure)", system="SCT"),)
    assert [(p.id, p.name, p.told_role) for p in booking.staff] == [("1210", "GE Robert", "010")]
    assert [c.code for c in booking.diagnoses] == (["64766004"] if kind == "book" else [])


def test_the_same_three_are_one_operation_that_was_cancelled() -> None:
    events = [zato(f"SIU-S1{n}-01").events[0] for n in (5, 3, 2)]
    made = operation_of(events)
    assert made is not None
    assert (made.id, made.state, made.visit) == ("36996", "cancelled", "5001")


def test_what_was_cancelled_comes_back_only_by_a_new_booking() -> None:
    (book,), (off,) = zato("SIU-S12-01").events, zato("SIU-S15-01").events
    revised = replace(off, kind="revise", key="r", occurred_us=off.occurred_us + 1)
    anew = replace(book, key="b", occurred_us=off.occurred_us + 2)
    states = [operation_of(told) for told in ([book, off, revised], [anew, revised, off, book])]
    assert [made.state if made else "" for made in states] == ["cancelled", "booked"]


def test_older_bookings_say_when_in_sch() -> None:
    (event,) = zato("python_10_siu_s12_sch").events
    assert event.booking is not None
    assert (event.booking.id, event.booking.minutes) == ("12345678", 15)
    assert event.booking.start_us == us(2016, 1, 15, 5, 0)  # 13:00 in Shanghai
    (event,) = zato("php_01_siu_s13_ais").events
    assert event.booking is not None
    assert (event.booking.id, event.booking.minutes) == ("2348514", 60)
    assert event.booking.start_us == us(2026, 1, 1, 3, 0)


def test_a_merge_of_another_maker() -> None:
    (event,) = zato("ADT-A40-01").events
    library = hl7.parse(
        capture("hl7", "adt-siu-orm-dft", "zato_ADT-A40-01.hl7").read_text(encoding="utf-8-sig").replace("\n", "\r")
    )
    assert event.number == str(library.segment("PID")[3][0][0])
    assert event.old_number == str(library.segment("MRG")[1][0][0])


@pytest.mark.parametrize("name", ["ADT-A01-01", "ADT-A08-01", "ADT-A11-01", "ADT-A13-01"])
def test_admissions_of_another_maker(name: str) -> None:
    (event,) = zato(name).events
    assert (event.number, event.patient["name"]) == ("PATID1234", "EVERYMAN ADAM")
    assert event.kind == {"01": "admit", "08": "update", "11": "cancel_admit", "13": "cancel_discharge"}[name[5:7]]


@pytest.mark.parametrize("who", ["PID|1||7^^^X^MR\rMRG|8^^^X", "PID|1||7^^^X\rMRG|8^^^X^MR", "PID|1||7^^^X^MR"])
def test_a_merge_that_does_not_say_whom_is_for_a_person(who: str) -> None:
    site = Site()
    site.tell(f"MSH|^~\\&|A|B|C|D|202603041015||ADT^A40|1|P|2.4\r{who}\r".encode())
    (told,) = site.inbox.messages.latest()
    assert (told.state, [done.key for done in told.done]) == ("failed", ["inbox.why.merge"])


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("OR^OR3", "WARD^1", "failed"),
        ("WARD^1", "OR^OR3", "failed"),
        ("", "", "failed"),
        ("WARD^1", "WARD^2", "ignored"),
    ],
)
def test_two_who_change_beds_are_for_a_person_where_a_bed_is_ours(one: str, other: str, said: str) -> None:
    site = Site()
    swap = "".join(f"PID|1||{n}^^^X^MR\rPV1|1|I|{place}\r" for n, place in ((7, one), (8, other)))
    site.tell(f"MSH|^~\\&|A|B|C|D|202603041015||ADT^A17|1|P|2.4\r{swap}".encode())
    (told,) = site.inbox.messages.latest()
    assert (told.state, told.done[0].key) == (said, f"inbox.why.{'swap' if said == 'failed' else 'not_known'}")


ORDER = (
    "MSH|^~\\&|HIS|HOSP|AIMS|OR|20260304160000||{type}|R-1|P|2.5\r"
    "PID|1||P0000123^^^HOSP^MR||张^测试\rPV1|1|I|SURG7||||||||||||||||ZY0000456\r"
    "ORC|{control}|O-77^HIS|||||^^^202603050900\rOBR|1|O-77^HIS||51.23^胆囊切除^ICD9CM||||||||||||||||||||{what}\r"
)


@pytest.mark.parametrize(
    ("control", "kind"), [("NW", "request"), ("XO", "request"), ("CA", "cancel_request"), ("DC", "cancel_request")]
)
@pytest.mark.parametrize("message", ["ORM^O01", "OMG^O19"])
def test_an_operation_is_ordered(control: str, kind: str, message: str) -> None:
    (event,) = READING(ORDER.format(type=message, control=control, what="OR").encode()).events
    assert event.booking is not None
    assert (event.kind, event.booking.id, event.visit) == (kind, "O-77", "ZY0000456")
    assert event.booking.start_us == us(2026, 3, 5, 1, 0)
    assert event.booking.procedures == (Code(code="51.23", text="胆囊切除", system="ICD9CM"),)


def test_orders_of_others_are_left_alone() -> None:
    for name in ("ORM-O01-01", "OMG-O19-01"):
        assert (zato(name).events, zato(name).ignored) == ((), "no_surgery")
    assert READING(ORDER.format(type="ORM^O01", control="NW", what="LAB").encode()).ignored == "no_surgery"


def test_what_we_do_nothing_about_is_no_mistake() -> None:
    assert READING(adt("A41", 1, "1000", "X")).ignored == "not_known"
    assert READING(b"MSH|^~\\&|A|B|C|D|2026||ORU^R01|1|P|2.4\r").ignored == "not_known"
    assert READING(b"MSH|^~\\&|A|B|C|D|202603041015||ADT^A01|1|P|2.4\rPID|1||7^^^X^NI\r").ignored == "no_patient"
    ours = Hl7Reading(zone="Asia/Shanghai", places=READING.places, roles={}, application="CHART", facility="OR")
    assert ours(adt("A01", 1, "1000", "X")).ignored == "not_for_us"
    with pytest.raises(UnreadableError, match="no_time"):
        READING(b"MSH|^~\\&|A|B|C|D|||ADT^A01|1|P|2.4\rPID|1||7^^^X^MR\r")
    with pytest.raises(UnreadableError, match="no_message"):
        READING(b"hello")


@pytest.mark.parametrize(
    ("told", "bed"),
    [("OR^OR3^3^HOSP", "OR-03"), ("OR^OR3", "OR-03"), ("OR^OR33^1", ""), ("PACU^anything^4^H^U^R", "PACU-4"),
     ("PACU^x^5", ""), ("ICU", "ICU-1"), ("ICU^2^9^^^^^DEPID", "ICU-1"), ("", ""), ("OR^OR5^9", "OR-05"),
     ("OR^OR5^8", "OR-03")],
)  # fmt: skip
def test_places_are_compared_by_the_parts_of_the_table(told: str, bed: str) -> None:
    rows = [("OR^OR3", "OR-03"), ("PACU^^4", "PACU-4"), ("ICU", "ICU-1"), ("OR^OR5", "OR-05"), ("OR^OR5^8", "OR-03")]
    places = Places([PlaceRow(told=t, bed=b) for t, b in rows], AREAS)
    assert places.of(told) == Place(told=told, bed=bed, area=AREAS.get(bed, ""))


# Acknowledgements


def test_what_is_kept_is_acknowledged_as_it_asks() -> None:
    site = Site()
    enhanced = parse(site.door.take(sequence("case_day")[0]) or b"")
    assert enhanced.first("MSA").fields[1:] == ["CA", "HIS-1"]
    assert (enhanced.header.component(3), enhanced.header.component(5)) == ("AIMS", "HIS")
    original = adt("A01", 7, "1000", "X").replace(b"|2.4|||AL|NE", b"|2.4")
    assert parse(site.door.take(original) or b"").first("MSA").fields[1:] == ["AA", "A01-7"]
    silent = adt("A01", 8, "1000", "X").replace(b"|AL|NE", b"|NE|NE")
    assert site.door.take(silent) is None
    assert site.states == ["new", "new", "new"]


def test_one_id_for_two_messages_is_refused_and_both_are_kept() -> None:
    site = Site()
    site.tell(adt("A02", 1, "1000", "ED^^RAT-CHAIR"))
    other = adt("A02", 1, "1100", "OR^OR5")
    answer = hl7.parse((site.door.take(other) or b"").decode())
    assert str(answer.segment("MSA")[1]) == "CE"
    error = answer.segment("ERR")
    assert (str(error[2]), str(error[3]), str(error[4])) == ("MSH^1^10", "205^Duplicate key identifier^HL70357", "E")
    assert "MSH-10" in str(error[8])
    site.look()
    assert site.states == ["done", "failed"]
    assert [case.bed for case in site.cases] == ["RAT"]
    again = adt("A02", 1, "1000", "ED^^RAT-CHAIR").replace(b"|OR|20130211100052|", b"|OR|20130211100600|")
    assert parse(site.door.take(again) or b"").first("MSA").component(1) == "CA"
    assert site.states == ["done", "failed"]


def test_two_senders_of_one_connection_may_use_the_same_ids() -> None:
    site = Site()
    come, left = adt("A02", 1, "1000", "ED^^RAT-CHAIR"), adt("A03", 1, "1100", "ED^^RAT-CHAIR")
    other = left.replace(b"|A03-1|", b"|A02-1|").replace(b"|HIS|HOSP|", b"|ICIP|HOSP|", 1)
    for message in (come, other, other):
        assert parse(site.door.take(message) or b"").first("MSA").fields[1:] == ["CA", "A02-1"]
    site.look()
    assert site.states == ["done", "done"]
    assert [case.state for case in site.cases] == ["closed"]


def test_what_is_no_message_is_not_answered() -> None:
    with pytest.raises(MessageError):
        Site().door.take(b"GET / HTTP/1.1\r\n")


def test_line_ends_a_mark_of_utf8_and_damaged_delimiters_do_no_harm() -> None:
    message = adt("A02", 1, "1000", "ED^^RAT-CHAIR")
    for damaged in (
        b"\xef\xbb\xbf" + message,
        message.replace(b"\r", b"\n"),
        message.replace(b"\r", b"\r\n"),
        message.replace(b"^~\\&", b"^~&&"),
    ):
        site = Site()
        site.tell(damaged)
        assert [(case.bed, case.patient.name) for case in site.cases] == [("RAT", "ORANGE BLOOD")]
