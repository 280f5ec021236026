"""The fleet's page and API, and what a page's event stream tells of versions and of its browser."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from charting.fleet.central import CLIENT_KEPT_US, Client, Report
from charting.store.backups import LastRuns, Part, Run
from charting.web.fleet_pages import size, span
from tests.charting.fleet.gateways import BEDS, VERSION, dozen
from tests.charting.web.hospital import MINUTE_US, Hospital

CURRENT = f"{VERSION}+3f2a91bc"
HOUR_US = 60 * MINUTE_US


def hospital(**more: Any) -> Hospital:
    """Twelve beds, four of them with a patient."""
    made = Hospital(beds=BEDS, version=CURRENT, **more)
    dozen(made.store, made.clock.at_us)
    for n, bed in enumerate(("OR-02", "OR-03", "OR-04", "ICU-01")):
        made.opened(f"case-{n}", bed=bed)
    now_us = made.clock.at_us
    kept = Run(
        kind="backup", began_us=now_us - 9 * HOUR_US, ended_us=now_us - 8 * HOUR_US, place="/srv/backup",
        parts=(Part(name="vitals", size_bytes=3 << 30),),
    )  # fmt: skip
    failed = Run(
        kind="restore_test", began_us=now_us - 300 * HOUR_US, ended_us=now_us - 299 * HOUR_US, place="/srv/backup",
        parts=(Part(name="vitals", reasons=("3 rows differ",)),),
    )  # fmt: skip
    made.operations.ran = {"backup": LastRuns(last=kept, good=kept), "restore_test": LastRuns(last=failed, good=None)}
    made.operations.made = [Report(kind="inspection", period="2026-10", made_us=now_us)]
    for id_, version in (("b1", CURRENT), ("b2", "0.5.0+1"), ("b3", CURRENT)):
        seen_us = now_us - MINUTE_US * int(id_[1])
        made.operations.keep(
            Client(id=id_, account="head", version=version, agent="Chrome 138 Windows", page="case", seen_us=seen_us)
        )
    made.watch.look()
    made.fleet.look()
    return made


async def test_the_api_tells_of_the_fleet_the_worst_first() -> None:
    made = hospital()
    async with made.client("engineer") as client:
        told = (await client.get("/api/fleet")).json()
    assert [(bed["bed"], bed["level"]) for bed in told["beds"]] == [
        ("OR-02", "bad"), ("OR-03", "bad"), ("OR-04", "bad"), ("PACU-2", "warn"), ("ICU-01", "warn"),
        ("ICU-03", "warn"), ("OR-06", "note"), ("OFF-1", "note"),
        ("OR-01", None), ("OR-05", None), ("PACU-1", None), ("ICU-02", None),
    ]  # fmt: skip
    assert told["totals"] == {
        "beds": 12, "heard": 10, "bad": 3, "warn": 3, "devices": 17, "received": 14, "waiting": 184_220,
        "unsynchronised": 1, "versions": {VERSION: 8, "0.4.2": 1, "0.5.0": 1},
    }  # fmt: skip
    bed = told["beds"][0]
    assert bed["troubles"] == [
        {
            "level": "bad", "key": "lost", "text": "bis: Port or adapter is not there",
            "since_us": made.clock.at_us - 730_000_000,
        }
    ]  # fmt: skip
    assert bed["gateway"]["disk_free_bytes"] == {
        "value": 21 << 30, "at_us": made.clock.at_us - 200_000_000, "old": False,
    }  # fmt: skip
    central = told["central"]
    assert (central["server"], central["unreached"], central["kept"]) == (None, "", True)
    assert (central["runs"]["backup"]["last"]["ok"], central["runs"]["restore_test"]["good"]) == (True, None)
    assert [(each["version"], each["old"]) for each in central["clients"]] == [
        ("0.5.0+1", True), (CURRENT, False), (CURRENT, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "hours", "old"), [("backup", 27, 1), ("restore_test", 27, 0), ("restore_test", 850, 1)]
)
async def test_a_run_is_old_when_the_next_has_not_come(kind: str, hours: int, old: int) -> None:
    made = hospital()
    ended_us = made.clock.at_us - hours * HOUR_US
    run = Run(kind=kind, began_us=ended_us, ended_us=ended_us, place="/srv/backup", parts=())  # type: ignore[arg-type]
    made.operations.ran = {kind: LastRuns(last=run, good=run)}
    made.clock.go(60)
    made.fleet.look()
    async with made.client("engineer") as client:
        assert (await client.get("/fleet")).text.count("too long ago") == old


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_page_says_nothing_of_patients(lang: str) -> None:
    made = hospital()
    async with made.client("engineer", lang) as client:
        page = (await client.get("/fleet")).text
        told = (await client.get("/api/fleet")).text
    for secret in ("张三", "20260042", "case-0", "case-3"):
        assert secret not in page
        assert secret not in told


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 12), ("show=troubled", 6), ("show=silent", 2), ("show=used", 4), ("show=version", 2),
        ("text=evita", 2), ("text=or-0&show=troubled", 3), ("text=nothing", 0),
    ],
)  # fmt: skip
async def test_beds_are_picked(query: str, expected: int) -> None:
    made = hospital()
    async with made.client("engineer") as client:
        page = (await client.get(f"/fleet?{query}")).text
    assert page.count('<th scope="row">') == expected


async def test_what_is_not_known_is_not_said_to_be_well() -> None:
    made = hospital()
    async with made.client("engineer") as client:
        made.clock.go(40)
        page = (await client.get("/fleet")).text
        told = (await client.get("/api/fleet")).json()
    assert "The look at the fleet stands still" in page
    assert told["halted"]
    assert told["totals"]["heard"] == told["totals"]["received"] == 0


async def test_who_may_see_nothing_else_is_led_there() -> None:
    made = hospital()
    async with made.client("engineer") as client:
        first = await client.get("/")
        assert (first.status_code, first.headers["location"]) == (303, "/fleet")
        assert 'href="/fleet"' in (await client.get("/fleet")).text
    async with made.client("anaesthetist") as client:
        assert 'href="/fleet"' not in (await client.get("/")).text


@asynccontextmanager
async def streamed(made: Hospital, account: str, **query: str) -> AsyncIterator[asyncio.Queue[str]]:
    """What the event stream of a page says, piece by piece."""
    async with made.client(account) as client:
        cookie = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar)
    sent: asyncio.Queue[str] = asyncio.Queue()
    end = asyncio.Event()

    async def send(message: dict[str, object]) -> None:
        body = message.get("body", b"")
        assert isinstance(body, bytes)
        await sent.put(body.decode())

    async def receive() -> dict[str, object]:
        await end.wait()
        return {"type": "http.disconnect"}

    headers = [(b"cookie", cookie.encode()), (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/api/events",
        "raw_path": b"/api/events", "query_string": urlencode(query).encode(), "headers": headers,
        "scheme": "http", "server": ("records.test", 80), "client": ("192.0.2.1", 1), "root_path": "",
    }  # fmt: skip
    task = asyncio.create_task(made.app(scope, receive, send))  # type: ignore[arg-type]
    yield sent
    end.set()
    await task


async def heard(sent: asyncio.Queue[str], event: str) -> Mapping[str, object]:
    """The next event of that name."""
    async with asyncio.timeout(60):
        while True:
            lines = (await sent.get()).splitlines()
            if lines and lines[0] == f"event: {event}":
                found: Mapping[str, object] = json.loads(lines[1].removeprefix("data: "))
                return found


async def test_an_engineers_page_hears_of_the_fleet_and_of_no_case() -> None:
    made = hospital()
    async with streamed(made, "engineer", case="case-0") as sent:
        told = await heard(sent, "alive")
        assert (told["version"], told["busy"]) == (CURRENT, False)
        made.desk.close(made.actor("head"), "case-0", at_us=made.clock.at_us)
        made.clock.go(5)
        made.watch.look()
        made.fleet.look()
        said: list[str] = []
        async with asyncio.timeout(60):
            while not said or "fleet" not in said[-1]:
                said.append(await sent.get())
        assert not [each for each in said if "changed" in each or "alarms" in each]


async def test_a_page_hears_whether_its_case_is_open() -> None:
    made = hospital()
    async with streamed(made, "anaesthetist", case="case-0") as sent:
        assert (await heard(sent, "alive"))["busy"] is True
        made.desk.close(made.actor("head"), "case-0", at_us=made.clock.at_us)
        assert (await heard(sent, "changed"))["cases"] == ["case-0"]
        assert (await heard(sent, "alive"))["busy"] is False


async def test_a_page_tells_which_version_it_is_of() -> None:
    made = hospital()
    made.clock.go(CLIENT_KEPT_US / 1e6)  # no other browser was seen of late
    query = {"client": "0a1b2c3d4e5f", "version": "0.5.0+9", "page": "record"}
    async with streamed(made, "icu_nurse", **query) as sent:
        await heard(sent, "alive")
    assert made.operations.clients()[0] == Client(
        id="0a1b2c3d4e5f", account="icu_nurse", version="0.5.0+9", agent="Firefox 140 Linux", page="record",
        seen_us=made.clock.at_us,
    )  # fmt: skip


@pytest.mark.parametrize("query", ["client=../x", "version=%3Cscript%3E", "page=Case-1", f"client={'a' * 41}"])
async def test_what_is_no_browsers_number_is_refused(query: str) -> None:
    made = hospital()
    async with made.client("engineer") as client:
        assert (await client.get(f"/api/events?{query}")).status_code == 422


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(0, "0 B"), (1023, "1023 B"), (61 << 20, "61 MiB"), (1.27 * 2**30, "1.3 GiB"), (3 << 40, "3.0 TiB")],
)
def test_bytes_are_written_as_people_read_them(amount: float, expected: str) -> None:
    assert size(amount) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.004, "4 ms"),
        (59, "59 s"),
        (60, "1 min"),
        (2_460, "41 min"),
        (1_054_080, "12 d 4 h"),
        (3_660, "1 h 1 min"),
    ],
)
def test_spans_are_written_in_two_units(seconds: float, expected: str) -> None:
    assert span(seconds) == expected
