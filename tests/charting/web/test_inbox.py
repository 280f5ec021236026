"""What other systems post: with their own token, and with nothing else."""

import asyncio
import json
from hashlib import sha256

import pytest
from httpx import AsyncClient

from charting.inbox.config import InboxSection
from charting.inbox.incoming import Incoming
from charting.inbox.rows import Row, ViewError
from charting.inbox.view import ViewSource
from charting.store.database import StoreError
from charting.trail.entries import SessionChanged
from charting.web.guard import LARGEST_BODY
from tests.charting.inbox.rendered import as_json, as_row, as_soap
from tests.charting.web.hospital import BEDS, Hospital
from tests.contracts.inbox_adapters import DAY, OR5, event

TOKENS = {"bus": "a-token-of-the-bus", "esb": "another-one"}
ARRIVES = event("transfer", "7", "2026-11-24 14:10:00", place=OR5)


class Door:
    """A department with two sources, where OR5 is bed OR-03."""

    def __init__(self) -> None:
        self.hospital = Hospital()
        digests = {name: sha256(token.encode()).hexdigest() for name, token in TOKENS.items()}
        section = InboxSection.model_validate({
            "place": [{"told": "OR^OR5", "bed": "OR-03"}],
            "http": [{"name": "bus", "token_sha256": digests["bus"], "template": "json"},
                     {"name": "esb", "token_sha256": digests["esb"], "template": "soap"}],
        })  # fmt: skip
        exchange = self.hospital.exchange
        self.incoming = Incoming(
            section, exchange.messages, exchange.cursors, self.hospital.desk, {bed.id: bed.area for bed in BEDS}
        )
        exchange.incoming, exchange.doors = self.incoming, self.incoming.doors

    async def post(self, client: AsyncClient, source: str, body: bytes, **headers: str) -> tuple[int, str, bytes]:
        told = {
            "authorization": f"Bearer {TOKENS.get(source, '')}",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        answer = await client.post(f"/inbox/{source}", content=body, headers=told)
        return answer.status_code, answer.headers["content-type"], answer.content


@pytest.fixture
def door() -> Door:
    return Door()


async def test_a_message_opens_a_case(door: Door) -> None:
    async with door.hospital.client() as client:
        status, kind, answer = await door.post(
            client, "bus", as_json(ARRIVES).decode().encode("gb18030"), content_type="application/json; charset=GBK"
        )
        assert (status, kind, json.loads(answer)["msg"]) == (200, "application/json", "成功")
        status, kind, answer = await door.post(client, "esb", as_soap(DAY[0]))
        assert (status, kind.split(";")[0], b"<Code>AA</Code>" in answer) == (200, "text/xml", True)
    door.incoming.inbox.look()
    (row,) = door.hospital.trail.rows()
    assert (row.bed, row.name, row.number) == ("OR-03", "张测试", "P0000123")


@pytest.mark.parametrize(
    ("source", "authorization"),
    [("bus", ""), ("bus", "Bearer"), ("bus", "Bearer wrong"), ("bus", f"Bearer {TOKENS['esb']}"),
     ("bus", f"Basic {TOKENS['bus']}"), ("nobody", f"Bearer {TOKENS['bus']}")],
)  # fmt: skip
async def test_without_its_token_nothing_is_taken(door: Door, source: str, authorization: str) -> None:
    async with door.hospital.client("head") as signed_in:
        status, kind, answer = await door.post(signed_in, source, as_json(ARRIVES), authorization=authorization)
    assert (status, kind, json.loads(answer)["key"]) == (401, "application/problem+json", "no_token")
    assert door.incoming.inbox.messages.latest() == []


async def test_a_token_is_no_session(door: Door) -> None:
    async with door.hospital.client() as client:
        for method, path in (("GET", "/api/cases"), ("POST", "/api/cases"), ("GET", "/inbox/bus")):
            answer = await client.request(method, path, headers={"authorization": f"Bearer {TOKENS['bus']}"})
            assert answer.status_code in {303, 401}
    assert not [e for e in door.hospital.trail.all() if not isinstance(e.body, SessionChanged)]


async def test_how_the_views_fare_is_shown_beside_the_messages(door: Door) -> None:
    class Away:
        reason = "SQLSTATE 57014 (QueryCanceled)"

        def rows(self, after_us: int) -> list[Row]:
            if self.reason:
                raise ViewError(self.reason)
            return [Row(at_us=after_us + 1, body=json.dumps(as_row(ARRIVES), default=str).encode())]

    hospital, view = door.hospital, Away()
    took: list[bytes] = []
    source = ViewSource(
        "oplist", view, hospital.exchange.cursors, lambda _, body: took.append(body), hospital.clock.now_us,
        interval_s=0.001, again_s=0,
    )  # fmt: skip
    door.incoming.views.append(source)
    stop = asyncio.Event()
    life = asyncio.create_task(source.run(stop))
    async with hospital.client("engineer") as client, asyncio.timeout(60):
        while not source.looked.reason:
            await asyncio.sleep(0)
        away = (await client.get("/exchange/messages?lang=en")).text
        view.reason = ""
        while not took or source.looked.reason:
            await asyncio.sleep(0)
        back = (await client.get("/exchange/messages?lang=en")).text
    stop.set()
    await life
    assert "View oplist" in away
    assert "cannot be read now; read last at –" in away
    assert "SQLSTATE 57014 (QueryCanceled)" in away
    assert "read at 14:18" in back
    assert "SQLSTATE" not in back


async def test_what_is_too_large_is_refused(door: Door) -> None:
    async with door.hospital.client() as client:
        status, _, _ = await door.post(client, "bus", b" " * (LARGEST_BODY + 1))
    assert status == 413


async def test_what_cannot_be_kept_is_not_answered_as_good(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("away")

    monkeypatch.setattr(door.incoming.inbox.messages, "keep", fail)
    async with door.hospital.client() as client:
        status, _, answer = await door.post(client, "bus", as_json(ARRIVES))
    assert (status, json.loads(answer)["key"]) == (503, "no_database")
