"""What people see of what the hospital tells, and what they do with it."""

from typing import Any

import httpx

from charting.accounts.actor import HIS
from charting.case.state import Case
from charting.inbox.hl7_door import Hl7Door, hl7_source
from charting.inbox.hl7_events import Hl7Reading
from charting.inbox.inbox import Inbox
from charting.inbox.places import PlaceRow, Places
from charting.trail.contents import Attendance, Coded, Event
from charting.trail.entries import HospitalSays
from tests.charting.inbox.messages import ROLES, at_us, sequence
from tests.charting.web.hospital import ZONE, Hospital

NAME, WRITTEN = "张测试", "张^测试"
CASE = {"booking": "SS-9001", "bed": "OR-04", "case": "c9"}


class Told:
    """A hospital of which a system tells, at 08:45 of the day of the operation."""

    def __init__(self, now: str = "2026-03-05 08:45") -> None:
        self.hospital = Hospital()
        self.hospital.clock.at_us = at_us(now, ZONE)
        rows = [PlaceRow(told="OR^OR3", bed="OR-03"), PlaceRow(told="OR^OR5", bed="OR-04"),
                PlaceRow(told="PACU", bed="PACU-1")]  # fmt: skip
        reading = Hl7Reading(
            zone=ZONE, places=Places(rows, {b.id: b.area for b in self.hospital.beds}), roles=ROLES, id_type="MR"
        )
        messages = self.hospital.exchange.messages
        self.inbox = Inbox(messages, self.hospital.desk, {"his": hl7_source(reading)}, icu_apart=True)
        self.door = Hl7Door(self.inbox, "his", "utf-8", self.hospital.clock.now_us)

    def tell(self, *messages: bytes) -> None:
        for message in messages:
            self.door.take(message)
            self.inbox.look()

    def cases(self) -> list[Case]:
        rows = self.hospital.trail.rows()
        return [self.hospital.desk.case(row.case) for row in rows if row.state != "discarded"]


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code in {200, 201}, answer.text
    return answer


async def test_a_patient_of_the_list_is_checked_in() -> None:
    told = Told()
    told.tell(*sequence("case_day")[:5])
    hospital = told.hospital
    async with hospital.client("anaesthetist") as client:
        page = ok(await client.get("/bookings")).text
        assert NAME in page
        assert "laparoscopic cholecystectomy" in page
        assert NAME in ok(await client.get("/dialogs/check-in?booking=SS-9001")).text
        department = ok(await client.get("/")).text
        assert "dialogs/check-in?booking=SS-9001" in department
        made = ok(await client.post("/api/bookings/check-in", json=CASE)).json()
        again = ok(await client.post("/api/bookings/check-in", json=CASE)).json()
        assert made["last"] == again["last"]
        assert "dialogs/check-in" not in ok(await client.get("/bookings")).text
        assert "dialogs/check-in" not in ok(await client.get("/")).text
        refused = await client.post("/api/bookings/check-in", json={**CASE, "case": "c10"})
        assert (refused.status_code, refused.json()["key"]) == (422, "booking_begun")
    case = hospital.desk.case("c9")
    assert (case.patient.name, case.patient.number, case.patient.visit) == (NAME, "P0000123", "ZY0000456")
    assert case.patient.allergies == "Penicillin (rash)"
    assert {(a.role, a.name) for a in case.attendances} == {("surgeon", "LI TEST"), ("anaesthetist", "WANG TEST")}
    assert [c.term.code for c in case.coded] == []  # the library does not have the code as it was told
    notes = [e.note for e in case.events if e.key == "note"]
    assert notes == ["51.23 laparoscopic cholecystectomy"]


async def test_what_a_library_knows_is_coded() -> None:
    told = Told()
    told.tell(*(m.replace(b"51.23^", b"47.0100^") for m in sequence("case_day")[:5]))
    async with told.hospital.client("anaesthetist") as client:
        ok(await client.post("/api/bookings/check-in", json=CASE))
    (code,) = told.hospital.desk.case("c9").coded
    assert (code.use, code.term.code) == ("planned_procedure", "47.0100")


async def test_a_provisional_case_is_confirmed_with_what_was_planned() -> None:
    told = Told("2026-03-05 09:12")
    told.tell(*sequence("case_day")[:6])
    (case,) = told.cases()
    assert (case.bed, case.provisional) == ("OR-04", True)
    async with told.hospital.client("anaesthetist") as client:
        assert f"/api/bookings/confirm/{case.id}" in ok(await client.get("/")).text
        assert f"/api/bookings/confirm/{case.id}" in ok(await client.get(f"/cases/{case.id}")).text
        ok(await client.post(f"/api/bookings/confirm/{case.id}", json={}))
        assert f"/api/bookings/confirm/{case.id}" not in ok(await client.get("/")).text
    (case,) = told.cases()
    assert not case.provisional
    kinds = {type(i.content) for i in case.items.values()}
    assert {Attendance, Event} <= kinds
    assert Coded not in kinds
    operation = told.hospital.exchange.messages.operation("SS-9001")
    assert operation is not None
    assert operation.case == case.id


async def test_whose_operation_has_begun_is_confirmed_without_beginning_the_next() -> None:
    told = Told("2026-03-05 09:12")
    day = sequence("case_day")
    told.tell(*day[:6])
    (case,) = told.cases()
    next_one = day[4].replace(b"SS-9001", b"SS-9002").replace(b"SIU^S13", b"SIU^S12").replace(b"|HIS-5|", b"|HIS-54|")
    async with told.hospital.client("anaesthetist") as client:
        ok(await client.post(f"/api/bookings/confirm/{case.id}", json={}))
        told.tell(next_one.replace(b"20260305093000", b"20260305091000"))
        told.hospital.clock.at_us += 60_000_000
        told.hospital.desk.hear(HIS, case.id, HospitalSays(what="left", at_us=told.hospital.clock.at_us))
        ok(await client.post(f"/api/bookings/confirm/{case.id}", json={}))
    operation = told.hospital.exchange.messages.operation("SS-9002")
    assert operation is not None
    assert (operation.start_us, operation.case) == (at_us("2026-03-05 09:10", ZONE), "")


async def test_a_booking_is_called_off_only_before_it_has_begun() -> None:
    told = Told()
    told.tell(*sequence("case_day")[:5])
    off = sequence("case_day")[4].replace(b"SIU^S13", b"SIU^S15").replace(b"|HIS-5|", b"|HIS-51|")
    later = off.replace(b"|HIS-51|", b"|HIS-52|").replace(b"20260305084500", b"20260305084700")
    back = sequence("case_day")[1].replace(b"|HIS-2|", b"|HIS-53|").replace(b"20260304160000", b"20260305084600")
    told.tell(off)
    operation = told.hospital.exchange.messages.operation("SS-9001")
    assert operation is not None
    assert operation.state == "cancelled"
    async with told.hospital.client("anaesthetist") as client:
        refused = await client.post("/api/bookings/check-in", json=CASE)
        assert refused.json()["key"] == "booking_cancelled"
        told.tell(back)
        ok(await client.post("/api/bookings/check-in", json={**CASE, "bed": "OR-03"}))
        told.tell(later)
        case = told.hospital.desk.case("c9")
        assert case.state == "open"
        assert case.says is not None
        assert (case.says.what, case.says_open) == ("booking_cancelled", True)
        warnings = ok(await client.get("/api/cases/c9/warnings")).json()
        assert "says_booking_cancelled" in {w["key"] for w in warnings}


async def test_messages_are_seen_with_what_was_done_and_whom_they_are_of_by_who_may() -> None:
    told = Told("2026-03-07 12:00")
    told.tell(*sequence("case_day"), sequence("case_day")[0].replace(b"ADT^A01", b"ADT^Z99").replace(b"HIS-1|", b"X|"))
    async with told.hospital.client("head") as client:
        page = ok(await client.get("/exchange/messages")).text
        assert "P0000123" in page
        assert "moved: OR-04 → PACU-1" in page
        states = [m["state"] for m in ok(await client.get("/api/messages")).json()]
        assert states == ["ignored", *["done"] * 9]
        assert len(ok(await client.get("/api/messages?text=ZY0000456&state=done")).json()) == 8
        assert WRITTEN in ok(await client.get("/api/messages/1")).json()["body"]
        assert WRITTEN in ok(await client.get("/exchange/messages/1")).text
        assert ok(await client.post("/api/messages/3/again")).json()["state"] == "new"
    last = told.hospital.trail.last()
    told.inbox.look()
    assert told.hospital.trail.last() == last
    async with told.hospital.client("engineer") as client:
        for path in ("/exchange/messages", "/api/messages", "/exchange/messages/1"):
            text = ok(await client.get(path)).text
            assert "A01" in text
            for secret in (NAME, WRITTEN, "P0000123", "ZY0000456"):
                assert secret not in text, path
        for path in ("/api/messages/1", "/api/messages?text=ZY0000456", "/exchange/messages?text=ZY0000456"):
            assert (await client.get(path)).status_code == 403


async def test_a_bed_that_the_hospital_gives_away_twice_is_shown() -> None:
    told = Told("2026-03-05 09:12")
    told.hospital.opened("c1", bed="OR-04", minutes=30)
    told.tell(*sequence("case_day")[:6])
    assert [case.id for case in told.cases()] == ["c1"]
    message = told.hospital.exchange.messages.find(6)
    assert message is not None
    assert message.state == "waiting"
    async with told.hospital.client("head") as client:
        assert "The hospital says that another patient comes to this bed" in ok(await client.get("/")).text
        assert "Another case has bed OR-04" in ok(await client.get("/exchange/messages?state=waiting")).text
        ok(await client.post("/api/cases/c1/close", json={"at_us": at_us("2026-03-05 09:08", ZONE)}))
        told.inbox.look()
        assert {(c.bed, c.state) for c in told.cases()} == {("OR-04", "open"), ("OR-04", "closed")}
        assert "The hospital says that another" not in ok(await client.get("/")).text
