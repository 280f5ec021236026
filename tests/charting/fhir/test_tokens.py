"""Tokens: made by who may, shown once, ended, expired; and what each opens."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from charting.accounts.storage import MemoryAccounts
from charting.case.refusals import NotAllowed
from charting.fhir.clients import LONGEST_DAYS, ApiClients, Client, ClientStore, MemoryClients, Refused
from charting.fhir.refusals import ClientRefusal
from charting.fhir.scopes import allows, wrong
from charting.store.database import Database
from charting.store.fhir import DatabaseClients
from charting.trail.entries import ClientChanged, Denied, to_json
from tests.charting.fhir.rich import LONG, NUMBER, program, rich, token
from tests.charting.inbox.rendered import as_json
from tests.charting.web.hospital import Hospital
from tests.charting.web.test_inbox import ARRIVES, Door

KINDS = ("Patient", "Encounter", "Device", "DeviceMetric", "Observation", "Procedure", "MedicationAdministration",
         "ChargeItem", "DocumentReference")  # fmt: skip
EVENTS = "/fhir/Subscription/s/$events"
ROUTES: list[tuple[str, str, str, str]] = [
    *(("GET", f"/fhir/{kind}", kind, "s") for kind in KINDS),
    *(("POST", f"/fhir/{kind}/_search", kind, "s") for kind in KINDS),
    *(("GET", f"/fhir/{kind}/c1", kind, "r") for kind in KINDS),
    ("GET", "/fhir/Observation/$lastn?patient=c1", "Observation", "s"),
    ("GET", "/fhir/Patient/c1/$everything", "Patient", "r"),
    ("GET", "/fhir/Encounter/c1/$everything", "Encounter", "r"),
    ("GET", "/fhir/Binary/c1-0", "Binary", "r"),
    ("POST", "/fhir/Subscription", "Subscription", "c"), ("GET", "/fhir/Subscription", "Subscription", "s"),
    ("GET", "/fhir/Subscription/s", "Subscription", "r"), ("DELETE", "/fhir/Subscription/s", "Subscription", "d"),
    ("GET", "/fhir/Subscription/s/$status", "Subscription", "r"), ("GET", EVENTS, "Subscription", "r"),
    ("GET", "/fhir/SubscriptionTopic", "SubscriptionTopic", "s"),
    ("GET", "/fhir/SubscriptionTopic/encounter-end", "SubscriptionTopic", "r"),
]  # fmt: skip
"""Every route but the two that are for everybody, with the scope that it needs."""


def test_the_table_has_every_route() -> None:
    flat = [r for r in _flat(Hospital().app.routes) if isinstance(r, APIRoute) and r.include_in_schema]
    shown = {(method, route.path) for route in flat if route.path.startswith("/fhir") for method in route.methods or ()}
    shown -= {("GET", "/fhir/metadata"), ("GET", "/fhir/.well-known/smart-configuration")}
    assert len(shown) == len(ROUTES)
    assert {(m, p.split("/")[2]) for m, p in shown} == {(m, p.split("?")[0].split("/")[2]) for m, p, _, _ in ROUTES}


def _flat(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        if inner:
            yield from _flat(inner)
        else:
            yield route


@pytest.mark.parametrize(
    "place", ["/fhir", *(pytest.param(f"/fhir/{each}", marks=pytest.mark.soak) for each in ("r4b", "r5"))]
)
async def test_no_route_opens_without_its_very_scope(place: str) -> None:
    hospital = rich()
    before = hospital.trail.last()
    async with program(hospital) as nobody:
        others = {
            (kind, act): token(hospital, *(f"system/{k}.cruds" for k in _TYPES if k != kind),
                               f"system/{kind}.{'cruds'.replace(act, '')}", "inbox.write")
            for kind, act in {(kind, act) for _, _, kind, act in ROUTES}
        }  # fmt: skip
        made = hospital.trail.last()
        for method, path, kind, act in ROUTES:
            url = path.replace("/fhir", place, 1)
            for headers, status in (
                ({}, 401), ({"authorization": "Bearer vitalsd_wrong"}, {401, 429}),
                ({"authorization": "Basic eDp5"}, 401), ({"authorization": f"Bearer {others[kind, act]}"}, 403),
            ):  # fmt: skip
                answer = await nobody.request(method, url, headers=headers)
                assert answer.status_code in (status if isinstance(status, set) else {status}), (method, url)
                assert answer.json()["resourceType"] == "OperationOutcome"
                assert answer.headers["content-type"].startswith("application/fhir+json")
                assert "张三" not in answer.text
            right = {"authorization": f"Bearer {token(hospital, f'system/{kind}.{act}')}"}
            assert (await nobody.request(method, url, headers=right)).status_code not in {401, 403}, (method, url)
        assert hospital.trail.last() - made == len(ROUTES), "nothing but the tokens that were made"
        for method in ("PUT", "PATCH", "DELETE", "POST"):
            assert (await nobody.request(method, f"{place}/Patient/c1")).status_code == 401
            answer = await nobody.request(method, f"{place}/Patient/c1", headers=right)
            assert (answer.status_code, answer.json()["issue"][0]["code"]) == (405, "not-supported")
    assert before


_TYPES = (*KINDS, "Binary", "Subscription", "SubscriptionTopic")


async def test_everybody_may_know_what_can_be_asked() -> None:
    hospital = rich()
    async with program(hospital) as client:
        for path in ("metadata", ".well-known/smart-configuration"):
            answer = await client.get(f"/fhir/{path}")
            assert answer.status_code == 200
            assert "张三" not in answer.text


async def test_a_token_of_one_patient_sees_him_alone() -> None:
    hospital = rich()
    async with program(hospital, "patient/*.rs", patient=NUMBER) as client:
        found = (await client.get("/fhir/Encounter")).json()["entry"]
        assert {each["resource"]["id"] for each in found} == {"c1", LONG}
        found = (await client.get("/fhir/Patient?identifier=778")).json()
        assert "entry" not in found
        odd = next(row for row in hospital.trail.rows() if row.case.startswith("odd"))
        key = hospital.fhir.records.source(odd.case).key
        for path in (f"Encounter/{key}", f"Patient/{key}", f"Patient/{key}/$everything"):
            assert (await client.get(f"/fhir/{path}")).status_code == 404
        assert (await client.get(f"/fhir/Observation?patient={key}")).json()["total"] == 0


async def test_what_is_included_needs_its_own_scope() -> None:
    hospital = rich()
    query = "/fhir/Observation?patient=c1&_count=1&code=8867-4&_include=Observation:device&_include=Observation:patient"
    async with program(hospital, "system/Observation.rs", "system/DeviceMetric.r") as client:
        kinds = [each["resource"]["resourceType"] for each in (await client.get(query)).json()["entry"]]
        assert kinds == ["Observation", "DeviceMetric"]
    async with program(hospital, "system/Encounter.r", "system/Procedure.r") as client:
        told = (await client.get("/fhir/Encounter/c1/$everything")).json()["entry"]
        assert {each["resource"]["resourceType"] for each in told} == {"Encounter", "Procedure"}


async def test_a_signed_record_can_be_fetched_as_it_was_signed() -> None:
    hospital = rich()
    async with program(hospital, "system/*.rs") as client:
        found = (await client.get("/fhir/DocumentReference?patient=c1")).json()["entry"]
        assert [each["resource"]["docStatus"] for each in found] == ["amended"]
        zh, en = (each["attachment"] for each in found[0]["resource"]["content"])
        pdf = await client.get(f"/fhir/{zh['url']}")
        assert (pdf.headers["content-type"], pdf.content[:4]) == ("application/pdf", b"%PDF")
        assert "麻醉记录单".encode() in pdf.content
        told = (await client.get(f"/fhir/{en['url']}", headers={"accept": "application/fhir+json"})).json()
        assert (told["resourceType"], told["contentType"]) == ("Binary", "application/pdf")
        hospital.desk.ask_unlock(hospital.actor("anaesthetist"), "c1", document="d1", reason="more")
        hospital.desk.answer_unlock(hospital.actor("head"), "c1", document="d1", granted=True, reason="agreed")
        assert (await client.get(f"/fhir/{zh['url']}")).status_code == 404
        again = (await client.get("/fhir/DocumentReference?patient=c1")).json()["entry"][0]["resource"]
        assert (again["docStatus"], "url" in again["content"][0]["attachment"]) == ("preliminary", False)


def test_a_token_is_kept_as_its_digest_alone_and_ends() -> None:
    _is_kept(MemoryClients())


@pytest.mark.parametrize(
    "charting_dsn", ["sqlite", "timescale", pytest.param("postgres15", marks=pytest.mark.soak)], indirect=True
)
def test_a_database_keeps_tokens_alike(charting: Database) -> None:
    _is_kept(DatabaseClients(charting))


def _is_kept(store: ClientStore) -> None:
    hospital = Hospital()
    clients = ApiClients(store, MemoryAccounts(), hospital.trail, hospital.clock.now_us)
    administrator = hospital.actor("administrator")
    made, secret = clients.make(administrator, name=" LIS ", scopes=["system/*.rs", "system/*.rs"], days=30)
    other, _ = clients.make(administrator, name="EMR", scopes=["patient/*.r"], days=1, patient=NUMBER)
    assert (made.name, made.scopes) == ("LIS", ("system/*.rs",))
    assert made.digest == sha256(secret.encode()).hexdigest()
    assert secret not in repr(store.clients())
    assert {each.id for each in clients.all(administrator)} == {made.id, other.id}
    assert store.client(other.id) == other
    known = clients.client_of(secret, "10.0.0.1")
    assert isinstance(known, Client)
    assert known.used_us is None
    assert [each.used_us for each in store.clients() if each.id == made.id] == [hospital.clock.at_us]
    ended = clients.end(administrator, made.id)
    assert not ended.active
    assert isinstance(clients.client_of(secret, "10.0.0.1"), Refused)
    assert clients.standing(made.id) is None
    assert clients.standing(other.id) == other
    hospital.clock.go(86_400)
    assert clients.standing(other.id) is None, "its time is over"
    said = [e for e in hospital.trail.all() if isinstance(e.body, ClientChanged)]
    assert [(e.actor, e.body.client, e.body.active) for e in said if isinstance(e.body, ClientChanged)] == [
        ("administrator", made.id, True), ("administrator", other.id, True), ("administrator", made.id, False),
    ]  # fmt: skip
    text = "".join(str(to_json(e.body)) for e in said)
    assert secret not in text
    assert NUMBER not in text


def test_who_may_not_makes_none_and_what_means_nothing_is_refused() -> None:
    hospital = Hospital()
    clients, administrator = hospital.fhir.clients, hospital.actor("administrator")
    with pytest.raises(NotAllowed):
        clients.make(hospital.actor("head"), name="x", scopes=["system/*.rs"], days=1)
    assert isinstance(list(hospital.trail.all())[-1].body, Denied)
    good: dict[str, Any] = {"name": "x", "scopes": ["system/*.rs"], "days": 1}
    wrong_ones: list[dict[str, Any]] = [
        {"name": " "}, {"scopes": []}, {"scopes": ["system/*.sr"]}, {"scopes": ["user/*.rs"]}, {"days": 0},
        {"days": LONGEST_DAYS + 1}, {"scopes": ["patient/*.rs"]}, {"patient": "1"}, {"scopes": ["system/Foo.r"]},
    ]  # fmt: skip
    for bad in wrong_ones:
        with pytest.raises(ClientRefusal) as refused:
            clients.make(administrator, **(good | bad))
        assert refused.value.text("zh") != refused.value.text("en")


def test_scopes_are_those_of_smart() -> None:
    for scopes, kind, act, may in (
        (["system/Observation.rs"], "Observation", "r", True), (["system/Observation.rs"], "Observation", "s", True),
        (["system/Observation.r"], "Observation", "s", False), (["system/Observation.rs"], "Patient", "r", False),
        (["system/*.r"], "Patient", "r", True), (["system/Patient.read"], "Patient", "s", True),
        (["system/Patient.read"], "Patient", "c", False), (["system/*.*"], "Subscription", "d", True),
        (["system/Subscription.write"], "Subscription", "c", True), (["inbox.write"], "Patient", "r", False),
        (["system/Subscription.cruds"], "Subscription", "u", True), ([], "Patient", "r", False),
    ):  # fmt: skip
        assert allows(scopes, kind, act) is may, (scopes, kind, act)
    assert wrong(["system/Observation.rs?category=x", "system/*.", "inbox.write", "launch"]) == [
        "system/Observation.rs?category=x", "system/*.", "launch",
    ]  # fmt: skip


async def test_who_guesses_waits_and_who_knows_does_not() -> None:
    hospital = rich()
    async with program(hospital, "system/*.rs") as client:
        answers = [
            (await client.get("/fhir/Patient", headers={"authorization": f"Bearer vitalsd_{n}"})).status_code
            for n in range(30)
        ]
        assert answers[0] == 401
        assert answers[-1] == 429
        wait = await client.get("/fhir/Patient", headers={"authorization": "Bearer vitalsd_x"})
        assert int(wait.headers["retry-after"]) > 0
        assert (await client.get("/fhir/Patient")).status_code == 200
    async with hospital.client("anaesthetist") as person:
        assert (await person.get("/api/session")).status_code == 200, "people of the same address are not kept out"


async def test_the_page_tells_a_token_once() -> None:
    hospital = rich()
    async with hospital.client("administrator") as browser:
        made = await browser.post("/api/clients", json={"name": "<b>LIS</b>", "scopes": "system/*.rs\ninbox.write",
                                                        "days": 30})  # fmt: skip
        assert made.status_code == 201
        secret = made.json()["token"]
        page = (await browser.get("/clients")).text
        assert "&lt;b&gt;LIS" in page
        assert "<b>LIS" not in page
        assert secret not in page
        assert secret not in (await browser.get("/api/clients")).text
        assert secret not in (await browser.get("/api/audit?kind=client_changed")).text
        ended = await browser.delete(f"/api/clients/{made.json()['id']}")
        assert ended.json()["active"] is False
        assert (await browser.delete("/api/clients/nobody")).status_code == 404


async def test_the_inbox_takes_a_programs_token_with_its_scope() -> None:
    door = Door()
    right, wrong_one = token(door.hospital, "inbox.write"), token(door.hospital, "system/*.cruds")
    async with door.hospital.client() as client:
        for secret, status in ((wrong_one, 401), ("vitalsd_x", 401), (right, 200)):
            answer = await door.post(client, "bus", as_json(ARRIVES), authorization=f"Bearer {secret}")
            assert answer[0] == status
        assert (await client.get("/fhir/Patient", headers={"authorization": f"Bearer {right}"})).status_code == 403
