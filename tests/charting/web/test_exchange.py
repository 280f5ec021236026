"""What leaves, as people see it: what is wrong first, nothing of patients but for who reads records."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from charting.outbox import courier
from charting.outbox.config import Destination
from charting.outbox.parcel import Parcel
from charting.outbox.readable import LONGEST, readable
from charting.outbox.wire import Address
from tests.charting.outbox.receivers import Mllp, ack, dft, served
from tests.charting.outbox.test_courier import settled
from tests.charting.web.hospital import Hospital
from tests.mqtt.broker import until

NAME, NUMBER = "珅乛", "0077001"


def parcel(id_: str, to: str = "his", **said: object) -> Parcel:
    usual = {
        "key": f"charge:{id_}/☃",
        "to": to,
        "kind": "DFT^P03",
        "body": dft(id_),
        "control": id_,
        "lane": "c1",
        "case": "c1",
    }
    return Parcel(**{**usual, **said})  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def hospital() -> AsyncIterator[Hospital]:
    """C1 was answered, C2 refused, C3 waits behind it, "lis" is away, and of "codes" nothing was ever sent."""
    made = Hospital()
    made.opened()
    outbox = made.exchange.outbox
    receiver = Mllp(lambda message: ack(message, "AE", text=f"{NAME} unknown") if b"C2" in message else ack(message))
    async with served(receiver) as port:
        made.exchange.destinations = [
            Destination(name="his", url=f"mllp://127.0.0.1:{port}", takes=("charges", "documents")),
            Destination(name="codes", url="https://codes.example", takes=("codes",)),
        ]
        made.exchange.courier = carrying = courier.Courier(
            outbox,
            [{each.name: Address(url=each.url, answer_s=60.0) for each in made.exchange.destinations}.get,
             {"lis": Address(url="mllp://127.0.0.1:1")}.get],
            made.clock.now_us,
        )  # fmt: skip
        told = '{"name": "珅"}'.encode()
        outbox.put([
            parcel("C1"), parcel("C2"), parcel("C3"),
            parcel("L1", "lis", content_type="application/json", kind="fhir-notification", lane="", case="", body=told),
        ])  # fmt: skip
        stop = asyncio.Event()
        running = asyncio.create_task(carrying.run(stop))
        await until(settled(outbox, "charge:C1/☃", "charge:C2/☃"), "sent")
        await until(lambda: len(carrying.standing) == 2, "tried")
        stop.set()
        await running
    yield made


async def test_destinations_in_trouble_come_first(hospital: Hospital) -> None:
    async with hospital.client("engineer") as client:
        found = (await client.get("/api/exchange/destinations")).json()
    told = [(d["name"], d["configured"], d["up"], d["waiting"], d["parked"], d["secret"]) for d in found]
    assert told == [
        ("his", True, True, 1, 1, False), ("lis", True, False, 1, 0, False), ("codes", True, None, 0, 0, True),
    ]  # fmt: skip
    assert (found[0]["takes"], found[1]["why"]) == (["charges", "documents"], "Connection refused")
    assert found[1]["since_us"] == found[0]["oldest_us"] == hospital.clock.at_us


async def test_only_where_nobody_knows_the_way_is_called_not_configured(hospital: Hospital) -> None:
    hospital.exchange.outbox.put([parcel("G1", "gone")])
    async with hospital.client("engineer") as client:
        found = (await client.get("/api/exchange/destinations")).json()
        page = (await client.get("/exchange?lang=en")).text
    assert [d["name"] for d in found if not d["configured"]] == ["gone"]
    assert page.count("not in the configuration") == 1


async def test_parked_messages_are_shown_first_and_all_can_be_found(hospital: Hospital) -> None:
    async with hospital.client("engineer") as client:
        page = (await client.get("/exchange?lang=en")).text
        assert page.index("charge:C2") < page.index("charge:C3")
        assert "charge:C1" not in page
        for query, found in (
            ("show=answered", ["C1"]), ("show=all", ["L1", "C3", "C2", "C1"]), ("show=all&text=C3", ["C3"]),
            ("show=all&to=lis", ["L1"]), ("show=expired", []), ("show=all&text=%25", []),
        ):  # fmt: skip
            page = (await client.get(f"/exchange?{query}")).text
            places = [page.index(f"charge:{id_}/") for id_ in found]
            assert places == sorted(places)
            assert page.count("<small>charge:") == len(found)
        listed = (await client.get("/api/exchange/parcels?limit=2&before=4")).json()
        assert [line["control"] for line in listed] == ["C3", "C2"]
        assert (await client.get("/exchange?show=other")).status_code == 422


@pytest.mark.parametrize("account", ["engineer", "head"])
async def test_only_who_reads_records_sees_what_a_message_holds(account: str, hospital: Hospital) -> None:
    query = {"key": "charge:C2/☃"}
    async with hospital.client(account) as client:
        found = (await client.get("/api/exchange/parcel", params=query)).json()
        page = (await client.get("/exchange/parcel", params=query)).text
    texts = [found["body"], found["answer"], page]
    assert found["size"] == len(dft("C2"))
    assert found["reason"] == "AE … unknown"
    assert [line["what"] for line in found["log"]] == ["parked: AE … unknown"]
    if account == "head":
        assert found["body"].splitlines()[1].startswith("PID|1||0077001^^^H^MR||珅乛^倊")
        assert all(NAME in text for text in texts)
    else:
        assert texts[:2] == ["", ""]
        assert all(secret not in page for secret in (NAME, NUMBER, "ZY9", "北京路"))


async def test_a_person_sends_again_or_withdraws_and_it_is_kept_who_and_why(hospital: Hospital) -> None:
    asked = {"key": "charge:C2/☃", "reason": "code X0501 added"}
    async with hospital.client("engineer") as client:
        assert (await client.post("/api/exchange/parcel/resend", json={"key": asked["key"]})).status_code == 422
        found = (await client.post("/api/exchange/parcel/resend", json=asked)).json()
        assert found["state"] == "waiting"
        assert found["log"][-1] == {
            "at_us": hospital.clock.at_us, "what": "resent: code X0501 added", "by": "engineer",
        }  # fmt: skip
        found = (await client.post("/api/exchange/parcel/withdraw", json={**asked, "reason": "by hand"})).json()
        assert (found["state"], found["log"][-1]["what"]) == ("withdrawn", "withdrawn: by hand")
        again = await client.post("/api/exchange/parcel/withdraw", json=asked)
        assert (again.status_code, again.json()["key"]) == (409, "outbox.not_so")
        assert (await client.post("/api/exchange/parcel/resend", json={**asked, "key": "no"})).status_code == 404
        assert (await client.get("/api/exchange/parcel?key=no")).status_code == 404
        page = (await client.get("/exchange/parcel", params={"key": asked["key"], "lang": "en"})).text
        assert "withdrawn by hand: by hand" in page
        assert "Engineer" in page


@pytest.mark.parametrize("account", ["anaesthetist", "quality", "surgeon"])
async def test_others_neither_see_nor_change_anything(account: str, hospital: Hospital) -> None:
    asked = {"key": "charge:C2/☃", "reason": "x"}
    async with hospital.client(account) as client:
        answers: list[httpx.Response] = [
            await client.get("/exchange"), await client.get("/exchange/parcel", params=asked),
            await client.get("/api/exchange/parcel", params=asked),
            await client.post("/api/exchange/parcel/resend", json=asked),
            await client.post("/api/exchange/parcel/withdraw", json=asked),
        ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [403] * 5
    assert all("charge" not in answer.text for answer in answers)
    sent = hospital.exchange.outbox.find(asked["key"])
    assert sent is not None
    assert sent.state == "parked"


async def test_a_change_needs_the_page_s_token(hospital: Hospital) -> None:
    async with hospital.client("engineer") as client:
        client.headers["x-csrf-token"] = "other"
        answer = await client.post("/api/exchange/parcel/resend", json={"key": "charge:C2/☃", "reason": "x"})
    assert (answer.status_code, answer.json()["key"]) == (403, "csrf")


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("MSH|^~\\&|A|||||||||||||||GBK\rPID|珅\r".encode("gb18030"), "application/hl7-v2",
         "MSH|^~\\&|A|||||||||||||||GBK\nPID|珅"),
        (b"MSH", "text/plain", "MSH"),
        ('{"a":["珅"]}'.encode(), "application/fhir+json", '{\n  "a": [\n    "珅"\n  ]\n}'),
        (b"[" * 100_000, "application/json", f"{'[' * LONGEST} …"),
        (b"\xff<b>", "text/plain", "\ufffd<b>"),
        (b"", "", ""),
    ],
)  # fmt: skip
def test_what_a_message_holds_can_be_read(body: bytes, kind: str, text: str) -> None:
    assert readable(body, kind) == text
