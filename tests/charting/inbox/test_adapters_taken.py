"""From bytes to cases: whatever the day was written in, it leads to the same; and what a sender is answered."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from charting.inbox.events import HospitalEvent
from charting.inbox.hl7_door import Hl7Door, hl7_source
from charting.inbox.http_door import HttpDoor, source
from charting.inbox.http_events import HttpReading
from charting.inbox.inbox import Inbox
from charting.inbox.messages import Keeping, MemoryMessages, again
from charting.inbox.rows import Row
from charting.inbox.sources import HttpSection
from charting.inbox.template import built_in
from charting.inbox.view import ViewSource
from charting.outbox.following import MemoryCursors
from tests.charting.inbox.rendered import as_hl7, as_json, as_row, as_soap
from tests.charting.inbox.test_adapters import HL7, JSON, SOAP
from tests.charting.web.hospital import Hospital
from tests.contracts.inbox_adapters import DAY, SITE, us

VIEW = HttpReading(template=built_in("view"), zone="Asia/Shanghai", places=SITE)
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
"""SHA-256 of "test" (published)."""
SOAP_NS = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}


class Ward:
    """A department, its inbox with a source of each kind, and a door for each."""

    def __init__(self) -> None:
        self.hospital = Hospital()
        self.hospital.clock.at_us = us("2026-03-08 12:00:00")
        sources = {"hl7": hl7_source(HL7), "json": source(JSON), "soap": source(SOAP), "view": source(VIEW)}
        self.messages = MemoryMessages(self.hospital.clock.now_us)
        self.inbox = Inbox(self.messages, self.hospital.desk, sources, icu_apart=False)

    def door(self, name: str) -> HttpDoor:
        section = HttpSection(name=name, token_sha256=DIGEST, template=name)
        return HttpDoor(self.inbox, section, {"json": JSON, "soap": SOAP}[name])

    def take(self, name: str) -> Callable[[HospitalEvent], object]:
        if name == "hl7":
            hl7 = Hl7Door(self.inbox, "hl7", "utf-8", self.hospital.clock.now_us)
            return lambda event: hl7.take(as_hl7(event))
        if name == "view":
            return self._look
        write = {"json": as_json, "soap": as_soap}[name]
        return lambda event: self.door(name).take(write(event), "")

    def _look(self, event: HospitalEvent) -> None:
        body = json.dumps(as_row(event), default=str).encode()

        class Rows:
            def rows(self, after_us: int) -> list[Row]:
                return [Row(at_us=after_us + 1, body=body)]

        ViewSource(
            "view", Rows(), MemoryCursors(), self.inbox.take, self.hospital.clock.now_us, interval_s=1, again_s=0
        ).look()

    def cases(self) -> list[tuple[object, ...]]:
        found = [self.hospital.desk.case(row.case) for row in self.hospital.trail.rows()]
        return [
            (case.state, case.patient.number, case.patient.name, [(s.bed, s.start_us, s.end_us) for s in case.stays])
            for case in found
        ]


IN_OR, IN_PACU, MISTAKEN = us("2026-03-05 09:10:00"), us("2026-03-05 11:20:00"), us("2026-03-05 08:40:00")
CASES = [
    ("open", "P0000123", "张测试", [("OR-05", IN_OR, IN_PACU), ("PACU-4", IN_PACU, None)]),
    ("discarded", "P0000123", "张测试", [("OR-03", MISTAKEN, None)]),
]
"""By the fact sheet (§8): one case, in OR5 from 09:10 to 11:20; nothing is recorded against OR3."""


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("name", ["hl7", "json", "soap", "view"])
def test_the_day_leads_to_the_same_cases(name: str, order: int) -> None:
    ward = Ward()
    take = ward.take(name)
    for event in (*DAY[::order], *DAY):
        take(event)
    while ward.inbox.look():
        pass
    assert {message.state for message in ward.messages.latest()} == {"done"}
    assert len(ward.messages.latest()) == len(DAY)
    assert [case for case in ward.cases() if case in CASES] == [c for c in CASES if order == 1 or c[0] == "open"]
    operation = ward.messages.operation("SS-9001")
    assert operation is not None
    assert (operation.state, operation.bed, operation.start_us) == ("booked", "OR-05", us("2026-03-05 09:30:00"))


@pytest.fixture
def ward() -> Ward:
    return Ward()


def said(body: bytes) -> Mapping[str, object]:
    found: Mapping[str, object] = json.loads(body)
    return found


def test_who_sends_json_is_answered_in_json(ward: Ward) -> None:
    door, raw = ward.door("json"), as_json(DAY[0])
    good = door.take(raw, "utf-8")
    assert (good.content_type, said(good.body)) == ("application/json", {"code": 0, "msg": "成功", "id": "HIS-1"})
    assert said(door.take(raw, "").body)["code"] == 0
    later = raw.replace(b"2026/03/04 10:15:00", b"2026/03/04 10:16:00")
    assert said(door.take(later, "").body)["code"] == 0
    assert len(ward.messages.latest()) == 1
    other = door.take(raw.replace(b"P0000123", b"P0000124"), "")
    assert (said(other.body)["code"], said(other.body)["id"]) == (1, "HIS-1")
    bad = door.take(as_json(DAY[1]).replace(b"SS-9001", b""), "")
    assert said(bad.body) == {"code": 1, "msg": "失败：手术.申请单号: not told", "id": "HIS-2"}
    ward.inbox.look()
    assert [m.state for m in ward.messages.latest()] == ["failed", "failed", "done"]
    assert [m.key for m in ward.messages.latest()[1:]] == ["HIS-1#2", "HIS-1"]
    assert [done.params["text"] for done in ward.messages.latest()[0].done] == ["手术.申请单号: not told"]


def test_what_was_refused_comes_mended_with_the_same_id(ward: Ward) -> None:
    door, raw = ward.door("json"), as_json(DAY[1])
    wrong = raw.replace(b"SS-9001", b"")
    for body, code in ((wrong, 1), (wrong, 1), (raw, 0), (raw, 0)):
        answer = said(door.take(body, "").body)
        assert (answer["code"], answer["id"]) == (code, "HIS-2")
        ward.inbox.look()
    assert [m.state for m in ward.messages.latest()] == ["done", "failed"]
    assert ward.messages.operation("SS-9001") is not None


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_who_calls_by_soap_is_answered_in_his_envelope(ward: Ward, version: str) -> None:
    raw = as_soap(DAY[0], version=version)
    for body, code, text in ((raw, "AA", "成功"), (raw.replace(b"ADMIT", b"<&>"), "AE", "失败：")):
        answer = ward.door("soap").take(body, "utf-8")
        assert answer.content_type.startswith({"1.1": "text/xml", "1.2": "application/soap+xml"}[version])
        root = ET.fromstring(answer.body)
        assert root.tag == f"{{{SOAP_NS[version]}}}Envelope"
        (result,) = root.iter("{http://esb.example/his}Result")
        assert (result[0].text, (result[1].text or "")[:3]) == (code, text[:3])


def test_what_is_no_message_at_all_is_kept_and_answered(ward: Ward) -> None:
    for name, answered in (("json", b'"code": 1'), ("soap", b"<Code>AE</Code>")):
        for raw in (b"", b"\xff\x00<a", "姓名".encode("gb18030")):
            assert answered in ward.door(name).take(raw, "").body
    ward.inbox.look()
    assert [(m.state, m.source) for m in ward.messages.latest()] == [("failed", "soap")] * 3 + [("failed", "json")] * 3


def test_a_token_opens_one_door(ward: Ward) -> None:
    assert ward.door("json").knows("test")
    assert not any(ward.door("json").knows(token) for token in ("", "Test", DIGEST, "测试"))


def test_a_message_without_an_id_goes_by_its_content(ward: Ward) -> None:
    raw = as_json(DAY[0]).replace(b"HIS-1", b"")
    for body in (raw, raw, raw.replace(b"P0000123", b"P0000124")):
        assert said(ward.door("json").take(body, "").body)["code"] == 0
    ward.inbox.look()
    assert [(m.number, m.state) for m in ward.messages.latest()] == [("P0000124", "done"), ("P0000123", "done")]


def several(*events: HospitalEvent) -> bytes:
    """One message."""
    first = as_soap(events[0])
    each = [as_soap(event).partition(b"<Event>")[2].partition(b"</Event>")[0] for event in events[1:]]
    return first.replace(b"</Event>", b"</Event>" + b"".join(b"<Event>" + event + b"</Event>" for event in each))


@pytest.mark.parametrize("numbered", [True, False], ids=["with ids", "without ids"])
def test_events_that_have_the_id_of_their_message_or_none_are_told_apart(ward: Ward, numbered: bool) -> None:
    """Each second event of two messages: the one brings him into the theatre, the other out of it."""
    there, to_or, to_pacu = replace(DAY[0], kind="transfer"), DAY[5], DAY[6]
    for raw in (several(there, to_or), several(replace(there, key="HIS-7"), to_pacu)):
        ward.door("soap").take(raw if numbered else re.sub(b"<MessageId>[^<]*<", b"<MessageId><", raw), "")
    while ward.inbox.look():
        pass
    assert [message.state for message in ward.messages.latest()] == ["done", "done"]
    assert ward.cases() == CASES[:1]


def test_what_has_the_id_of_another_message_is_never_believed_by_itself(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked at before the one who took it in has said a word more."""
    raw, keep = as_json(DAY[5]), ward.messages.keep

    def looked(source: str, key: str, body: bytes, same: Callable[[bytes], bool]) -> tuple[int, Keeping]:
        kept = keep(source, key, body, same)
        ward.inbox.look()
        return kept

    monkeypatch.setattr(ward.messages, "keep", looked)
    for body in (raw, raw.replace(b"P0000123", b"P0000124")):
        ward.door("json").take(body, "")
    assert [m.state for m in ward.messages.latest()] == ["failed", "done"]
    assert [case[1] for case in ward.cases()] == ["P0000123"]
    again(ward.messages, ward.messages.latest()[0])
    ward.inbox.look()
    assert "failed" not in [m.state for m in ward.messages.latest()]
