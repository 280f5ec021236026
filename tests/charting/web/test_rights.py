"""Who may do what through the API: each role against each route. What is refused is kept, and changes nothing else."""

from typing import Any

import pytest

from charting.accounts.actor import ROLES
from charting.trail.contents import Remark
from charting.trail.entries import Denied, SessionChanged
from tests.charting.web.hospital import NOW_US, PASSWORD, Hospital, hr_item

CLINICAL = "anaesthetist or_nurse pacu_nurse icu_nurse head"
READERS = f"{CLINICAL} surgeon quality"
C, R = "/api/cases/c1", "/api/records/c1/d1"
WHY: dict[str, Any] = {"reason": "judgement"}
EVENT = {"kind": "event", "key": "t_room_in", "at_us": NOW_US}
STAFF = {"kind": "attendance", "role": "surgeon", "name": "A", "in_us": NOW_US}
CODE = {
    "kind": "coded", "use": "asa",
    "term": {"library": "asa", "version": "2026.1", "code": "2", "zh": "Ⅱ级", "en": "II"},
}  # fmt: skip
PACE = {"kind": "pace", "why": "rescue", "start_us": NOW_US}
REMARK = {"kind": "remark", "at_us": NOW_US, "text": "quiet"}

VISIT = {"author": "anaesthetist", "seen": [], "answers": {"allergy": {"after": 0, "value": "none"}}}

TABLE: list[tuple[str, str, Any, str]] = [
    ("GET", "/api/cases", None, READERS),
    ("GET", C, None, READERS),
    ("GET", f"{C}/warnings", None, READERS),
    ("GET", f"{C}/items/patient", None, READERS),
    ("GET", f"{C}/audit", None, "head quality administrator"),
    ("GET", "/api/beds", None, READERS),
    ("GET", "/api/staff", None, READERS),
    ("GET", "/api/records?case=c1", None, READERS),
    ("GET", R, None, READERS),
    ("GET", f"{R}/lacking", None, READERS),
    ("GET", f"{R}/pages", None, READERS),
    ("GET", f"{R}/pages/1", None, READERS),
    ("GET", f"{R}/items/CELL", None, READERS),
    ("GET", f"{R}/items/CELL/readings", None, READERS),
    ("GET", "/cases/c1", None, READERS),
    ("GET", "/records/c1/d1", None, READERS),
    ("GET", "/visits", None, READERS),
    ("GET", "/visits/c1/preop", None, READERS),
    ("GET", "/api/visits", None, READERS),
    ("GET", "/api/visits/c1/preop", None, READERS),
    ("PUT", "/api/visits/c1/preop/v9", VISIT, "anaesthetist"),
    ("GET", "/charges", None, "anaesthetist or_nurse head"),
    ("GET", "/charges/c1", None, "anaesthetist or_nurse head"),
    ("GET", "/api/charges/2026-11", None, "anaesthetist or_nurse head"),
    ("GET", "/api/charges/2026-11/report.pdf", None, "anaesthetist or_nurse head"),
    ("GET", "/api/charges/2026-11/report.xlsx", None, "anaesthetist or_nurse head"),
    ("GET", "/api/charges/cases/c1", None, "anaesthetist or_nurse head"),
    ("POST", "/api/charges/cases/c1/confirm", None, "anaesthetist or_nurse head"),
    ("POST", "/api/charges/cases/c1/hold", WHY, "anaesthetist or_nurse head"),
    ("GET", "/controlled", None, CLINICAL),
    ("GET", "/controlled/c1", None, CLINICAL),
    ("GET", "/api/controlled/2026-11", None, CLINICAL),
    ("GET", "/api/controlled/cases/c1", None, CLINICAL),
    ("GET", "/api/templates", None, " ".join(ROLES)),
    ("GET", "/api/templates/consent", None, " ".join(ROLES)),
    ("GET", "/api/libraries", None, " ".join(ROLES)),
    ("GET", "/api/mappings", None, " ".join(ROLES)),
    ("GET", "/api/libraries/drugs/terms?text=prop", None, " ".join(ROLES)),
    ("GET", "/api/accounts", None, "administrator"),
    ("GET", "/accounts", None, "administrator"),
    ("GET", "/api/clients", None, "administrator"),
    ("GET", "/api/clients/subscriptions", None, "administrator"),
    ("GET", "/clients", None, "administrator"),
    ("GET", "/api/audit", None, "head quality administrator"),
    ("GET", "/audit", None, "head quality administrator"),
    ("GET", "/api/audit/verification", None, "head quality administrator"),
    ("GET", "/api/fleet", None, "head engineer administrator"),
    ("GET", "/fleet", None, "head engineer administrator"),
    ("GET", "/api/exchange/destinations", None, "head engineer administrator"),
    ("GET", "/api/exchange/parcels", None, "head engineer administrator"),
    ("GET", "/exchange", None, "head engineer administrator"),
    ("GET", "/api/inspections", None, "head engineer administrator"),
    ("GET", "/inspection", None, "head engineer administrator"),
    ("GET", "/api/faults", None, " ".join(ROLES)),
    ("GET", "/faults", None, " ".join(ROLES)),
    ("GET", "/faults/month", None, " ".join(ROLES)),
    ("PUT", "/api/faults/t1", {"what": "wish", "title": "Another row"}, " ".join(ROLES)),
    ("GET", "/api/alarms", None, READERS),
    ("GET", "/api/alarms/log", None, READERS),
    ("GET", "/api/advisories", None, READERS),
    ("GET", f"{C}/cards", None, READERS),
    ("GET", "/api/advice/rates", None, "anaesthetist head quality"),
    ("GET", "/quality/advice", None, "anaesthetist head quality"),
    ("GET", "/alarms", None, READERS),
    ("GET", "/alarms/strip?case=c1", None, READERS),
    ("GET", "/alarms/log", None, READERS),
    ("GET", "/alarms/report", None, READERS),
    ("POST", "/api/alarms/shown", {"shown": []}, READERS),
    ("GET", "/api/bookings?since_us=0&until_us=9", None, READERS),
    ("GET", "/bookings", None, READERS),
    ("POST", "/api/bookings/confirm/c1", {}, CLINICAL),
    ("GET", "/api/messages", None, "head engineer administrator"),
    ("GET", "/exchange/messages", None, "head engineer administrator"),
    ("POST", "/api/cases", {"bed": "OR-04", "area": "or", "emergency": True}, CLINICAL),
    ("POST", f"{C}/move", {"bed": "PACU-1", "area": "pacu", "at_us": NOW_US}, CLINICAL),
    ("POST", f"{C}/merge", {"patient": {"number": "7"}, **WHY}, CLINICAL),
    ("POST", f"{C}/close", {"at_us": NOW_US}, CLINICAL),
    ("POST", f"{C}/reopen", WHY, CLINICAL),
    ("POST", f"{C}/discard", WHY, "anaesthetist head"),
    ("PUT", f"{C}/items/e1", {"after": 0, "content": EVENT}, CLINICAL),
    ("PUT", f"{C}/items/s1", {"after": 0, "content": STAFF}, CLINICAL),
    ("PUT", f"{C}/items/p1", {"after": 0, "content": PACE}, "anaesthetist pacu_nurse icu_nurse head"),
    ("PUT", f"{R}/items/r1", {"after": 0, "content": REMARK}, "anaesthetist"),
    ("POST", f"{R}/items/CELL/void", {"after": 0, "reason": "flush"}, "anaesthetist"),
    ("POST", f"{R}/sign", {"slot": "anaesthetist"}, "anaesthetist"),
    ("POST", f"{R}/hand-over", {"to": "anaesthetist2"}, "anaesthetist head"),
    ("POST", f"{R}/return", WHY, "head quality"),
    ("POST", f"{R}/printed", None, READERS),
    ("POST", f"{R}/pdf", None, READERS),
    ("POST", "/api/records", {"case": "c1", "template": "consent"}, "anaesthetist"),
    ("POST", "/api/records", {"case": "c1", "template": "or_nursing_record"}, "or_nurse"),
    ("POST", "/api/records", {"case": "c1", "template": "icu_flowsheet"}, "icu_nurse"),
    ("POST", "/api/accounts", {"account": "new", "name": "N", "roles": ["surgeon"], "password": PASSWORD},
     "administrator"),
    ("PATCH", "/api/accounts/surgeon", {"name": "Other"}, "administrator"),
    ("POST", "/api/clients", {"name": "LIS", "scopes": "system/*.rs", "days": 30}, "administrator"),
    ("POST", "/api/mappings/procedures-own", {"version": "1", "csv": "source,target,valid_from,valid_to\na,b,,\n"},
     "head administrator"),
    ("POST", "/api/libraries/own", {"version": "1", "csv": "code,zh,en,valid_from,valid_to\na,甲,A,,\n"},
     "head administrator"),
]  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_do_what_it_may_and_nothing_else(role: str) -> None:
    looked_at = Hospital()
    looked_at.recorded(emergency=True)
    for method, path, body, allowed in TABLE:
        hospital = looked_at
        if method != "GET" and role in allowed.split():
            hospital = Hospital()
            hospital.recorded(emergency=True, minutes=15)
        asked = path.replace("CELL", hr_item(hospital.clock))
        async with hospital.client(role) as client:
            before = len(list(hospital.trail.all()))
            answer = await client.request(method, asked, json=body)
        done = list(hospital.trail.all(before))
        said = (role, method, path, answer.status_code, answer.text[:200])
        if role in allowed.split():
            assert answer.status_code in {200, 201, 204}, said
            assert not any(isinstance(e.body, Denied) for e in done), said
        else:
            assert answer.status_code == 403, said
            assert [type(e.body) for e in done] == [Denied], said
            assert done[0].actor == role
            assert "张三" not in answer.text


async def test_an_unlock_is_asked_by_the_author_and_granted_by_a_head() -> None:
    hospital = Hospital()
    hospital.recorded(emergency=True)
    async with (
        hospital.client("anaesthetist") as author,
        hospital.client("anaesthetist2") as colleague,
        hospital.client("head") as head,
    ):
        assert (await author.post(f"{R}/sign", json={"slot": "anaesthetist"})).status_code == 200
        locked = await author.put(f"{R}/items/r1", json={"after": 0, "content": REMARK})
        assert (locked.status_code, locked.json()["key"]) == (423, "locked")
        assert (await colleague.post(f"{R}/unlock", json=WHY)).status_code == 403
        assert (await author.post(f"{R}/unlock", json=WHY)).status_code == 200
        answer = {"granted": True, "reason": "agreed"}
        assert (await author.post(f"{R}/unlock/answer", json=answer)).status_code == 403
        opened = await head.post(f"{R}/unlock/answer", json=answer)
        assert (opened.json()["state"], opened.json()["version"]) == ("draft", 2)
        assert (await author.put(f"{R}/items/r1", json={"after": 0, "content": REMARK})).status_code == 200


async def test_a_surgeon_who_tries_everything_changes_nothing() -> None:
    hospital = Hospital()
    hospital.recorded()
    case = hospital.desk.case("c1")
    async with hospital.client("surgeon") as client:
        for method, path, body, allowed in TABLE:
            if "surgeon" not in allowed and method != "GET":
                await client.request(method, path.replace("CELL", hr_item(hospital.clock)), json=body)
    after = list(hospital.trail.all(case.last))
    assert {type(e.body) for e in after} == {Denied, SessionChanged}
    assert hospital.desk.case("c1").documents == case.documents
    assert hospital.desk.case("c1").items == case.items


@pytest.mark.parametrize("account", ["engineer", "administrator"])
async def test_who_reads_no_records_learns_nothing_of_patients_anywhere(account: str) -> None:
    hospital = Hospital()
    hospital.recorded(emergency=True)
    told = Remark(at_us=hospital.clock.at_us, text="卡瑞利珠")
    hospital.desk.set(hospital.actor("anaesthetist"), "c1", document="d1", item="r9", after=0, content=told)
    paths = [path.replace("CELL", hr_item(hospital.clock)) for method, path, _, _ in TABLE if method == "GET"]
    paths += ["/", "/?text=张三", "/api/cases?text=张三", "/audit?case=c1", "/api/audit?kind=opened&kind=set",
              "/cases/c1/items/patient", "/records/c1/d1/items/r9", "/cases/c1/dialogs/patient", "/libraries",
              "/dialogs/open?bed=OR-03", "/api/audit/verification", "/api/session", "/openapi.json"]  # fmt: skip
    async with hospital.client(account) as client:
        for path in paths:
            answer = await client.get(path, follow_redirects=True)
            for secret in ("张三", "20260042", "卡瑞利珠", "70.0"):
                assert secret not in answer.text, (path, secret)
        pdf = await client.post(f"{R}/pdf")
        assert pdf.status_code == 403
    async with hospital.client("quality") as client:
        assert "张三" in (await client.get("/api/audit?kind=opened")).text
        assert "卡瑞利珠" in (await client.get("/audit?case=c1")).text
