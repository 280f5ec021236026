"""The page over HTTP: routes in memory, event streams and shutdown over a real socket."""

import asyncio
import json
import re
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any, Protocol

import httpx
import pytest
from starlette.applications import Starlette

from charting.page.server import serve
from charting.page.web import app
from collector.bell import Bell
from collector.clock import rfc3339
from collector.codes import Parameter
from collector.errors import JournalError, UsageError
from collector.model import AlarmType, Quality, Reading, Role
from collector.status import DeviceState, DeviceStatus
from collector.transport.net import free_port
from tests.page.data import (
    BED,
    HR,
    NOW_US,
    SECOND_US,
    TEMP,
    ZONE,
    Store,
    Theatre,
    alarm,
    piece,
    reading,
    series,
    status,
)
from tests.passing import passing

PATIENCE_S = 60.0


@dataclass
class Site:
    """An app over a store whose clock stands where the test puts it."""

    store: Store = field(default_factory=Store)
    devices: list[DeviceStatus] = field(default_factory=lambda: [status()])
    now_us: int = NOW_US
    parameters: dict[str, Parameter] = field(default_factory=dict)
    server: bool | None = None
    bell: Bell = field(default_factory=Bell)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> Starlette:
        return app(
            BED, ZONE, self.store, lambda: self.devices, self.bell, lambda: self.now_us, self.stop, self.parameters,
            server=lambda: self.server,
        )  # fmt: skip

    async def get(self, path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app(), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://bed") as client:
            return await client.get(path, headers=headers)

    async def now(self, path: str = "/api/now?lang=en") -> Any:
        return (await self.get(path)).json()


class Served(Protocol):
    stop: asyncio.Event

    def app(self) -> Starlette: ...


@asynccontextmanager
async def served(site: Served) -> AsyncIterator[tuple[httpx.AsyncClient, asyncio.Task[None]]]:
    port = free_port(socket.SOCK_STREAM)
    task = asyncio.create_task(serve(site.app(), "127.0.0.1", port, site.stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
        while True:
            try:
                await client.get("/health")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0)
        yield client, task
        site.stop.set()
        await task


async def events(response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


async def test_now_says_every_value_with_its_age() -> None:
    site = Site()
    site.store.readings = [
        reading(TEMP, NOW_US - 2 * SECOND_US, 36.04, Quality.QUESTIONABLE, demo=True),
        reading(series("MDC_VENT_MODE", "", "vent", role=Role.SET), NOW_US - 61 * SECOND_US, "IPPV"),
        reading(HR, NOW_US, None, Quality.NOT_AVAILABLE),
    ]
    now = await site.now()
    assert (now["bed"], now["zone"], now["time"], now["demo"]) == (BED, ZONE, rfc3339(NOW_US), True)
    hr, temp, mode = now["values"]
    assert temp == {
        "code": "MDC_TEMP_NASOPH",
        "name": temp["name"],
        "label": "T",
        "value": 36.04,
        "text": "36.0",
        "unit": "Cel",
        "unit_text": "°C",
        "quality": "questionable",
        "demo": True,
        "role": "measured",
        "site": "nasopharynx",
        "source": "4B54",
        "device": "monitor",
        "time": "2026-11-24T06:18:41.400000Z",
        "age_s": 2.0,
        "old": False,
        "limit_s": 10.0,
        "saved": True,
    }
    assert (hr["value"], hr["text"], hr["quality"]) == (None, None, "not_available")
    assert (mode["value"], mode["text"], mode["role"], mode["old"]) == (None, "IPPV", "set", True)


async def test_now_gives_names_in_the_language_asked_for_and_of_vendor_codes() -> None:
    vendor = Parameter(
        refid="VND_X_Y", number=None, description="", unit="1", zh="状态熵", en="State entropy", kind="numeric"
    )
    site = Site(parameters={"VND_X_Y": vendor})
    site.store.readings = [
        reading(series("VND_X_Y", "1"), NOW_US, 44.0),
        reading(series("MDC_UNMAPPED", "", source="F8A1"), NOW_US, 1.0),
    ]
    names = {lang: [v["name"] for v in (await site.now(f"/api/now?lang={lang}"))["values"]] for lang in ("zh", "en")}
    assert names == {"zh": ["未识别参数 F8A1", "状态熵"], "en": ["Unmapped parameter F8A1", "State entropy"]}


async def test_now_never_says_no_alarm_where_the_link_is_down() -> None:
    site = Site(devices=[status("monitor"), status("vent", DeviceState.SILENT, cause="no bytes for 12 s")])
    site.store.changes = [alarm(NOW_US - 5 * SECOND_US, device="vent", text="APNEA")]
    now = await site.now()
    assert [(d["device"], d["alarms"]) for d in now["devices"]] == [("monitor", "none_reported"), ("vent", "unknown")]
    assert now["devices"][1]["cause"] == "no bytes for 12 s"
    (standing,) = now["alarms"]
    assert (standing["text"], standing["priority"], standing["known"]) == ("APNEA", "high", False)
    assert (standing["since"], standing["age_s"]) == (rfc3339(NOW_US - 5 * SECOND_US), 5.0)
    page = (await site.get("/?lang=en")).text
    assert page.count("No alarm reported by the device") == 1
    assert "Link down: alarm state unknown" in page
    assert "Information: does not replace the bedside alarm" in page


async def test_a_link_that_is_down_is_told_once_with_its_device_and_that_its_alarms_are_unknown() -> None:
    site = Site(devices=[status("monitor"), status("vent", DeviceState.SILENT)])
    link = alarm(
        NOW_US - 5 * SECOND_US, device="vitalsd", source="link:vent", text="vent: nothing", type_=AlarmType.TECHNICAL
    )
    down = replace(link, alarm=replace(link.alarm, code="VND_VITALSD_LINK_SILENT"))
    assert "Nothing heard on the line" not in (await site.get("/?lang=en")).text
    site.store.changes = [down]
    for lang, name, unknown in (
        ("en", "Nothing heard on the line", "Link down: alarm state unknown"),
        ("zh", "设备线路无数据", "链路中断，报警状态未知"),
    ):
        page = (await site.get(f"/?lang={lang}")).text
        strip, alarms = (page.split(f'id="{part}"')[1].split("</div>")[0] for part in ("loudest", "alarms"))
        (row,) = [row for row in alarms.split("<li") if name in row]
        assert "vent" in row
        assert unknown in row
        assert alarms.count(unknown) == strip.count(unknown) == 1


async def test_the_page_shows_what_now_says() -> None:
    site = Site()
    Theatre(site.store, NOW_US, hours=0.2, demo=True).history(NOW_US, step_s=10)
    site.store.readings.append(reading(series("MDC_SAT_O2_CEREB", "%"), NOW_US, None, Quality.INVALID))
    page = (await site.get("/?lang=en")).text
    for value in (await site.now())["values"]:
        shown = value["text"] or "– –"
        assert re.search(rf"[>/(]{re.escape(escape(shown))}[</)]", page), value
        assert value["device"] in page
    assert "invalid" in page
    assert "DEMO DATA" in page


async def test_numbers_texts_and_settings_are_apart() -> None:
    site = Site()
    site.store.readings = [
        reading(series("MDC_BLD_PERF_INDEX", "%"), NOW_US, 3.2),
        reading(series("MDC_VENT_MODE", "", "vent"), NOW_US, "IPPV"),
        reading(series("MDC_VENT_VOL_TIDAL_SETTING", "mL", "vent", role=Role.SET), NOW_US, 480.0),
    ]
    page = (await site.get("/?lang=en")).text
    parts = {key: page.split(f'id="{key}"')[1].split("</section>")[0] for key in ("values", "texts", "settings")}
    found = {key: re.findall(r"<b>([^<]+)</b>", part) for key, part in parts.items()}
    assert found == {"values": ["3.2"], "texts": ["IPPV"], "settings": ["480"]}


async def test_a_value_without_number_is_not_shown_as_zero() -> None:
    site = Site()
    site.store.readings = [reading(HR, NOW_US, None, Quality.OVERFLOW)]
    page = (await site.get("/?lang=en")).text
    assert "above range" in page
    tiles = page.split('id="tiles"')[1].split("</section>")[0]
    assert "– –" in tiles
    assert not re.search(r">\s*(0|nan|None)\s*<", tiles)


async def test_what_devices_say_is_escaped_everywhere() -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    site = Site(devices=[replace(status(evil, DeviceState.SILENT, cause=evil), manufacturer=evil, model=evil)])
    of = series("MDC_UNMAPPED", evil, evil, source=evil, site=evil)
    site.store.readings = [reading(of, NOW_US, evil), reading(replace(HR, device=evil), NOW_US, 70.0)]
    site.store.changes = [alarm(NOW_US, device=evil, text=evil, source=evil)]
    site.store.pieces = [piece(of, NOW_US - SECOND_US, 10.0, [1] * 10)]
    page = (await site.get("/")).text
    assert "<img" not in page
    assert page.count("</script>") == 1
    assert escape(evil) in page


async def test_nothing_is_fetched_from_elsewhere_and_no_script_is_inline() -> None:
    site = Site()
    Theatre(site.store, NOW_US, hours=0.2).history(NOW_US)
    answer = await site.get("/")
    assert set(re.findall(r"(?:https?:)?//[^\s\"'<)]+", answer.text)) == {"http://www.w3.org/2000/svg"}
    assert re.findall(r"<script[^>]*>", answer.text) == ['<script src="page.js" defer>']
    assert not re.search(r"\son\w+=|\sstyle=|<style", answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path", ["/", "/api/now", "/chart.svg", "/page.js", "/page.css", "/icon.svg", "/health", "/downtime"]
)
async def test_every_answer_carries_the_headers(path: str) -> None:
    answer = await Site().get(path)
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_language_by_query_else_by_browser_else_chinese() -> None:
    site = Site()
    assert 'lang="zh-CN"' in (await site.get("/")).text
    assert 'lang="en"' in (await site.get("/", **{"accept-language": "en-GB"})).text
    assert 'lang="zh-CN"' in (await site.get("/?lang=zh", **{"accept-language": "en"})).text


@pytest.mark.parametrize("path", ["/?hours=5", "/chart.svg?hours=5", "/chart.svg?hours=x", "/chart.svg?hours=-1"])
async def test_hours_that_there_are_not_are_the_callers_mistake(path: str) -> None:
    answer = await Site().get(path)
    assert (answer.status_code, answer.text) == (400, "hours must be one of 1, 4, 12, 24")


async def test_the_chart_is_the_one_on_the_page() -> None:
    site = Site()
    Theatre(site.store, NOW_US, hours=0.5).history(NOW_US)
    chart = await site.get("/chart.svg?hours=1&lang=en")
    assert chart.headers["content-type"] == "image/svg+xml"
    assert chart.text in (await site.get("/?hours=1&lang=en")).text


class Broken(Store):
    def latest(self, bed: str, codes: Sequence[str] = ()) -> Sequence[Reading]:
        raise JournalError(f"disk I/O error: {bed} {codes}")


@pytest.mark.parametrize("path", ["/", "/api/now", "/health"])
async def test_a_store_that_cannot_be_read_is_said(path: str) -> None:
    answer = await Site(store=Broken()).get(path, **{"accept-language": "en"})
    assert (answer.status_code, answer.text) == (503, "The bedside store cannot be read at the moment")


async def test_several_clients_hear_of_a_new_value_without_asking() -> None:
    site = Site()
    site.store.readings = [reading(HR, NOW_US, 70.0)]
    async with (
        served(site) as (client, _),
        client.stream("GET", "/events?lang=en") as one,
        client.stream("GET", "/events?lang=zh") as two,
    ):
        streams = [events(one), events(two)]
        for stream in streams:
            name, first = await anext(stream)
            assert (name, first["at"]) == ("now", NOW_US // 1000)
            assert ">70<" in first["parts"]["tiles"]
        site.store.readings.append(reading(HR, NOW_US, 91.0))
        site.bell.ring()
        for stream in streams:
            async for _, news in stream:
                if news["parts"]:
                    assert set(news["parts"]) == {"tiles"}, "only what has changed"
                    assert ">91<" in news["parts"]["tiles"]
                    break


async def test_waves_are_sent_once_and_as_they_are() -> None:
    site = Site()
    wave = series("MDC_PULS_OXIM_PLETH", "1")
    site.store.pieces = [piece(wave, NOW_US - 2 * SECOND_US, 4.0, [1, -2, 3, 4], 0.5)]
    async with served(site) as (client, _), client.stream("GET", "/events") as response:
        stream = events(response)
        await anext(stream)
        name, sent = await anext(stream)
        key = "monitor|MDC_PULS_OXIM_PLETH|mdc_puls_oxim_pleth"
        assert (name, sent) == (
            "waves",
            [[key, (NOW_US - 2 * SECOND_US) / 1000, 4.0, 0.5, 0.0, [1, -2, 3, 4], "valid"]],
        )
        site.store.pieces.append(piece(wave, NOW_US - SECOND_US, 4.0, [5, 6, 7, 8], 0.5))
        site.bell.ring()
        async for name, sent in stream:
            if name == "waves":
                assert [samples[5] for samples in sent] == [[5, 6, 7, 8]]
                break


async def test_waves_go_on_being_sent_when_our_clock_was_set_back() -> None:
    site = Site()
    wave = series("MDC_PULS_OXIM_PLETH", "1")
    site.store.pieces = [piece(wave, NOW_US - SECOND_US, 4.0, [1, 2, 3, 4])]
    async with served(site) as (client, _), client.stream("GET", "/events") as response:
        stream = events(response)
        await anext(stream)
        assert [samples[5] for samples in (await anext(stream))[1]] == [[1, 2, 3, 4]]
        for n in range(1, 3):
            site.now_us = NOW_US - 3_600_000_000 + n * SECOND_US
            site.store.pieces.append(piece(wave, site.now_us - SECOND_US, 4.0, [n] * 4))
            site.bell.ring()
            async for name, sent in stream:
                if name == "waves":
                    assert [samples[5] for samples in sent] == [[n] * 4]
                    break


async def test_invalid_samples_are_not_sent() -> None:
    site = Site()
    wave = series("MDC_PULS_OXIM_PLETH", "1")
    site.store.pieces = [replace(piece(wave, NOW_US - SECOND_US, 4.0, [1, 2, 3, 4]), quality=Quality.INVALID)]
    async with served(site) as (client, _), client.stream("GET", "/events") as response:
        stream = events(response)
        await anext(stream)
        _, sent = await anext(stream)
        assert sent[0][5] == []


async def test_a_fault_of_the_store_is_an_event_and_the_stream_goes_on() -> None:
    site = Site(store=Broken())
    async with served(site) as (client, _), client.stream("GET", "/events") as response:
        stream = events(response)
        assert [(await anext(stream))[0], (await anext(stream))[0]] == ["fault", "fault"]


async def test_stop_ends_open_streams_and_the_server_at_once() -> None:
    site = Site()
    async with served(site) as (client, task), client.stream("GET", "/events") as response:
        stream = events(response)
        await anext(stream)
        async with passing() as passed_s:
            site.stop.set()
            async for _ in stream:
                pass
            await task
            assert passed_s() < 1.5


async def test_a_client_that_has_gone_is_forgotten() -> None:
    async def at_rest(tasks: int) -> None:
        while len(asyncio.all_tasks()) > tasks:
            await asyncio.sleep(0)

    async with served(Site()) as (client, _):
        before = len(asyncio.all_tasks())
        async with client.stream("GET", "/events") as response:
            await anext(events(response))
            assert len(asyncio.all_tasks()) > before
        await asyncio.wait_for(at_rest(before + 1), PATIENCE_S)


async def test_the_signals_stay_with_the_daemon() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with served(Site()):
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_an_address_in_use_is_the_callers_mistake() -> None:
    site = Site()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            await serve(site.app(), "127.0.0.1", port, site.stop)
