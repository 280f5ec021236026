"""Alarms on the page: their words, their looks, the log, what pages tell, and how long it took."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from html import escape
from importlib.resources import files
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from alarms.board import Alarm
from alarms.follower import Follower
from alarms.latency import Latency, Summary
from charting.page.alarms import LOG_SHOWN
from charting.page.told import MOST_BYTES, MOST_NUMBERS
from charting.page.web import app
from collector.bell import Bell
from collector.clock import rfc3339
from collector.model import AlarmPhase, AlarmType, Condition, PatientIdentity, Priority
from collector.status import DeviceState, DeviceStatus
from tests.page.data import BED, NOW_US, SECOND_US, ZONE, Store, alarm, status
from tests.page.test_web import events, served

LI = PatientIdentity(
    ids={"patient_id": "4711"}, family="李", given="<梅>", sex="female", birth_date="1961-02-03", weight_kg=61.5
)
END, CONTINUE = AlarmPhase.END, AlarmPhase.CONTINUE
LOST = replace(status("vent", DeviceState.SILENT), since_us=NOW_US - 60 * SECOND_US)


class Site:
    """A bed whose alarms, latency and marks the test can look into."""

    def __init__(self, *changes: Condition, devices: tuple[DeviceStatus, ...] = (status(),)) -> None:
        self.store = Store(changes=list(changes))
        self.devices = devices
        self.now_us = NOW_US
        self.bell, self.stop = Bell(), asyncio.Event()
        self.alarms, self.latency = Follower(BED, self.store), Latency()
        self.seen: list[Alarm] = []
        self._app = app(
            BED, ZONE, self.store, lambda: self.devices, self.bell, lambda: self.now_us, self.stop,
            alarms=self.alarms, latency=self.latency, seen=self.seen.append,
        )  # fmt: skip
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url="http://bed")

    def app(self) -> Starlette:
        return self._app

    async def page(self, lang: str = "en") -> str:
        return (await self.client.get(f"/?lang={lang}")).text

    async def part(self, name: str, lang: str = "en") -> str:
        found = re.search(rf'id="{name}"[^>]*>(.*?)</(?:div|p>\s*</section)', await self.page(lang), re.DOTALL)
        assert found is not None
        return found[1]

    async def now(self) -> Any:
        return (await self.client.get("/api/now?lang=en")).json()

    async def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"origin": "http://bed", "content-type": "application/json", **headers}
        return await self.client.post(path, content=data, headers=said)


def mark(of: Condition, **other: object) -> Mapping[str, object]:
    found = {"device": of.device, "source": of.alarm.source, "onset": of.time_us, "told": of.time_us}
    return {**found, **other}


def rows(part: str) -> list[str]:
    return re.findall(r"<li.*?</li>", part, re.DOTALL)


@pytest.mark.parametrize(
    ("lang", "priority", "word"),
    [
        ("en", "high", "HIGH"),
        ("en", "medium", "MEDIUM"),
        ("en", "low", "LOW"),
        ("zh", "high", "高"),
        ("zh", "low", "低"),
    ],
)
async def test_a_priority_is_a_word_and_a_look(lang: str, priority: str, word: str) -> None:
    part = await Site(alarm(NOW_US, priority=Priority(priority), text="X")).part("alarms", lang)
    (row,) = rows(part)
    assert f'class="alarm p-{priority}"' in row
    assert re.search(rf'<b class="pri"><i aria-hidden="true">!+</i> {word}</b>', row)


async def test_an_alarm_shows_whose_it_is_and_each_of_its_times() -> None:
    one = alarm(NOW_US - 100 * SECOND_US, text="HR 186")
    told = replace(one.alarm, phase=CONTINUE, device_priority="red", device_time_us=NOW_US)
    part = await Site(one, replace(one, time_us=NOW_US - 9 * SECOND_US, alarm=told)).part("alarms")
    for word in ("HR 186", "monitor", "device priority red", "device time 06:18:43", "arrived 14:18:34", "14:17:03"):
        assert word in part
    assert f'data-t="{(NOW_US - 100 * SECOND_US) // 1000}"' in part


@pytest.mark.parametrize(("lang", "said"), [("zh", "低于报警下限"), ("en", "Below low limit")])
async def test_an_event_of_which_only_the_refid_is_sent_has_its_name(lang: str, said: str) -> None:
    part = await Site(alarm(NOW_US, text="MDC_EVT_LO_VAL_LT_LIM")).part("alarms", lang)
    assert f'<span class="what">{said}</span>' in part
    assert "MDC_EVT" not in part


@pytest.mark.parametrize(
    ("lang", "who", "said", "told"),
    [
        ("zh", LI, "病人（设备所示）： 李 &lt;梅&gt; 4711", {"name": "李 <梅>", "ids": {"patient_id": "4711"}}),
        (
            "en",
            LI,
            "Patient as the monitor says: 李 &lt;梅&gt; 4711",
            {"name": "李 <梅>", "ids": {"patient_id": "4711"}},
        ),
        ("en", replace(LI, ids={}), "says: 李 &lt;梅&gt;<", {"name": "李 <梅>", "ids": {}}),
        ("en", PatientIdentity(state="empty", weight_kg=70.0), "says: no patient told", None),
        ("en", None, "says: no patient told", None),
    ],
)
async def test_the_patient_is_shown_with_an_alarm_and_its_device_as_the_device_says(
    lang: str, who: PatientIdentity | None, said: str, told: object
) -> None:
    site = Site(alarm(NOW_US, text="HR 186"), devices=(replace(status(), patient=who),))
    assert said.rstrip("<") in rows(await site.part("alarms", lang))[0]
    page = await site.page(lang)
    assert said in page.split('id="devices"')[1]
    assert not re.search("1961|61.5|female", page)
    answer = await site.now()
    assert answer["devices"][0]["patient"] == told
    assert not re.search("1961|61.5|female", str(answer))


async def test_the_patient_of_another_dialogue_is_shown_with_no_alarm() -> None:
    lost, back = (replace(each, patient=LI) for each in (LOST, replace(status("vent"), since_us=NOW_US)))
    before = alarm(NOW_US - 100 * SECOND_US, device="vent", text="APNOEA")
    gone, again = (Site(before, devices=(each,)) for each in (lost, back))
    assert "4711" not in await gone.page()
    assert (await gone.now())["devices"][0]["patient"] is None
    assert "4711" not in await again.part("alarms")
    assert "4711" in await again.page()


async def test_an_unknown_alarm_says_so_and_since_when() -> None:
    site = Site(alarm(NOW_US - 100 * SECOND_US, device="vent", text="APNOEA"), devices=(status(), LOST))
    for lang, word in (("en", "Reported before the link was lost; state unknown · since 14:17:43"),
                       ("zh", "链路中断前报告，现状未知 · 自 14:17:43")):  # fmt: skip
        row = next(row for row in rows(await site.part("alarms", lang)) if "APNOEA" in row)
        assert 'class="alarm p-high unknown"' in row
        assert word in row
    (told,) = (await site.now())["alarms"]
    assert (told["presence"], told["presence_since"]) == ("unknown", rfc3339(NOW_US - 60 * SECOND_US))


async def test_after_its_link_came_back_a_device_with_an_unknown_alarm_has_not_reported_none() -> None:
    back = replace(status(), since_us=NOW_US - 5 * SECOND_US)
    site = Site(alarm(NOW_US - 100 * SECOND_US, text="HR"), devices=(back,))
    assert [device["alarms"] for device in (await site.now())["devices"]] == ["unknown"]
    page = await site.page()
    assert "No alarm reported" not in page
    assert "unknown · monitor" in await site.part("loudest")


async def test_the_loudest_is_in_sight_and_what_is_unknown_beside_it() -> None:
    changes = [
        alarm(NOW_US - n, source=p, priority=Priority(p), text=f"the {p}") for n, p in enumerate(("low", "high"))
    ]
    site = Site(*changes, devices=(status(), LOST))
    strip = await site.part("loudest")
    assert "the high" in strip
    assert "the low" not in strip
    assert "+1 more" in strip
    assert "Link down: alarm state unknown · vent" in strip
    assert "No alarm reported" not in strip
    assert "No alarm reported by the device" in await Site().part("loudest")
    assert "No device configured" in await Site(devices=()).part("loudest")


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_page_always_says_that_it_does_not_replace_the_bedside_alarm(lang: str) -> None:
    page = await Site().page(lang)
    note = "信息，不替代床旁报警" if lang == "zh" else "Information: does not replace the bedside alarm"
    assert f'<p class="note">{note}</p>' in page


OWN = [
    ("signal:MDC_ECG_HEART_RATE::monitor", "心率 信号中断", "Heart rate missing", "monitor"),
    ("signal:MDC_TEMP_CORE:rectum:monitor", "核心体温 直肠 信号中断", "Core temperature rectum missing", "monitor"),
    ("signal:art::monitor", "有创动脉压 信号中断", "Arterial pressure missing", "monitor"),
    ("sink:timescale::", "服务器连接中断： timescale", "The server is not reached: timescale", "gateway"),
    ("site:MDC_TEMP_ESOPH:1:monitor", "食管温 与皮温相近，可能不是核心温度",
     "Oesophageal temperature as cold as the skin: probably not the core", "monitor"),
    ("unmapped:MDC_TEMP:T2:monitor", "T2 测温部位未设定", "T2 site not set", "monitor"),
    ("clock-sync", "网关时钟未与时间服务器同步", "The gateway&#x27;s clock is not synchronised", "gateway"),
    ("link:monitor", "设备线路无数据", "Nothing heard on the line", "monitor"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "zh", "en", "device"), OWN, ids=[source for source, *_ in OWN])
async def test_the_gateways_own_are_in_the_pages_language_and_look_different(
    source: str, zh: str, en: str, device: str
) -> None:
    own = alarm(NOW_US, device="vitalsd", source=source, text="an engineer's text", type_=AlarmType.TECHNICAL)
    if source.startswith("link:"):
        own = replace(own, alarm=replace(own.alarm, code="VND_VITALSD_LINK_SILENT"))
    site = Site(own)
    for lang, text, tag in (("zh", zh, "本系统"), ("en", en, "this system")):
        (row,) = [row for row in rows(await site.part("alarms", lang)) if 'data-device="vitalsd"' in row]
        assert text in row
        assert re.search(r'class="alarm p-high own"', row)
        assert f'<span class="tag own">{tag}</span>' in row
    assert device in row


async def test_our_advice_looks_like_no_alarm() -> None:
    advice = alarm(NOW_US, device="vitalsd", source="advisory:TMP-36", text="体温 < 36", priority=Priority.MEDIUM)
    part = await Site(advice).part("alarms")
    assert 'class="alarm p-medium advice"' in part
    assert "our advice" in part
    assert escape("体温 < 36") in part


def rule(css: str, selector: str) -> str:
    found = re.search(rf"(?m)^\s*{re.escape(selector)} \{{(.*?)\}}", css)
    assert found is not None, selector
    return found[1]


def test_colours_and_flashing_are_those_of_the_standard() -> None:
    """clinical.md §4.1: high red 1.4-2.8 Hz, medium yellow 0.4-0.8 Hz, 20-60 % on; low cyan, steady."""
    css = files("charting.page").joinpath("static", "page.css").read_text("utf-8")
    beats = {p: float(re.search(r"--beat: ([\d.]+)s", rule(css, f".p-{p}"))[1]) for p in Priority}  # type: ignore[index]
    assert 1.4 <= 1 / beats[Priority.HIGH] <= 2.8
    assert 0.4 <= 1 / beats[Priority.MEDIUM] <= 0.8
    assert beats[Priority.LOW] == beats[Priority.INFORMATION] == 0
    assert "@keyframes flash { 50%" in css
    assert "steps(1) infinite" in rule(css, ".alarm .pri, .strip .pri")
    hues = {p: rule(css, f".p-{p}").split("--loud: #")[1][:6] for p in Priority}
    red, yellow, cyan = (bytes.fromhex(hues[p]) for p in (Priority.HIGH, Priority.MEDIUM, Priority.LOW))
    assert red[0] > 3 * max(red[1:])
    assert min(yellow[:2]) > 3 * yellow[2]
    assert min(cyan[1:]) > 2 * cyan[0]
    still = css.split("prefers-reduced-motion: reduce")[1].split("\n}")[0]
    assert "animation: none" in still
    assert rule(still, ".p-high:not(.unknown, .is-seen, .advice) .pri") != rule(
        still, ".p-medium:not(.unknown, .is-seen, .advice) .pri"
    )


async def test_the_log_tells_when_each_began_and_ended_and_the_newest_first() -> None:
    changes = []
    for n in range(LOG_SHOWN + 2):
        began = alarm(NOW_US - (3_000 - 10 * n) * SECOND_US, text=f"alarm {n}", priority=Priority.LOW)
        higher = replace(began, time_us=began.time_us + SECOND_US, alarm=replace(began.alarm, priority=Priority.HIGH))
        ended = replace(began, time_us=began.time_us + 9 * SECOND_US, alarm=replace(began.alarm, phase=END))
        changes += [began, replace(higher, alarm=replace(higher.alarm, phase=CONTINUE)), ended]
    part = await Site(*changes).part("log")
    found = re.findall(r"<tr class.*?</tr>", part, re.DOTALL)
    assert len(found) == LOG_SHOWN
    cells = [re.sub("<[^>]+>", " ", cell).split() for cell in re.findall(r"<td>(.*?)</td>", found[0])]
    assert cells == [["13:37:13"], ["13:37:22"], ["9", "s"], ["!!!", "HIGH"], ["monitor"], ["alarm", "51"], ["–"]]
    assert len((await Site(*changes).now())["ended"]) == LOG_SHOWN + 2
    assert "No alarm is over" in await Site().part("log")


async def test_an_alarm_that_was_given_up_has_no_end_in_the_log() -> None:
    site = Site(alarm(NOW_US - 7200 * SECOND_US, device="vent", text="APNOEA"))
    lost = replace(LOST, since_us=NOW_US - 3_700 * SECOND_US)
    site.devices = (lost,)
    part = await site.part("log")
    assert "APNOEA" in part
    assert "unknown (link lost)" in part
    assert "APNOEA" not in await site.part("alarms")


async def test_a_person_marks_an_alarm_as_seen_and_it_stays() -> None:
    one = alarm(NOW_US - 5 * SECOND_US, text="HR")
    site = Site(one)
    await site.page()
    answer = await site.post("/see", mark(one))
    assert answer.status_code == 204
    (row,) = rows(await site.part("alarms"))
    assert 'class="alarm p-high is-seen"' in row
    assert "seen 14:18:43" in row
    assert "<button" not in row
    (told,) = (await site.now())["alarms"]
    assert (told["seen"], told["presence"]) == ({"by": "bedside", "at": rfc3339(NOW_US)}, "present")
    assert [each.alarm.source for each in site.seen] == ["1"]
    assert (await site.post("/see", mark(one))).status_code == 409, "seen already"


@pytest.mark.parametrize("other", [{"told": NOW_US - 6 * SECOND_US}, {"onset": 1}, {"device": "vent"}, {"source": "x"}])
async def test_an_alarm_that_is_not_as_it_was_shown_is_not_marked(other: dict[str, object]) -> None:
    one = alarm(NOW_US - 5 * SECOND_US, text="HR")
    site = Site(one)
    await site.page()
    assert (await site.post("/see", mark(one, **other))).status_code == 409
    assert site.seen == []


BAD: list[object] = [
    {}, [], 5, {"numbers": "1"}, {"numbers": [1.5]}, {"numbers": [True]}, {"numbers": [1] * (MOST_NUMBERS + 1)},
    {"device": 1, "source": "1", "onset": 1, "told": 1}, {"device": "m", "source": "1", "onset": "1"},
    {"device": "m", "source": "1", "onset": 1, "told": "1"}, b"{", b"\xff", b"[" * 4000,
]  # fmt: skip


@pytest.mark.parametrize("path", ["/shown", "/see"])
@pytest.mark.parametrize("body", BAD, ids=[str(n) for n in range(len(BAD))])
async def test_what_is_not_as_expected_is_refused(path: str, body: object) -> None:
    assert (await Site().post(path, body)).status_code == 400


@pytest.mark.parametrize("path", ["/shown", "/see"])
async def test_only_this_page_may_tell_and_not_much(path: str) -> None:
    site = Site()
    for headers, code in (({"origin": "http://evil"}, 403), ({"origin": "null"}, 403), ({"origin": ""}, 403),
                          ({"content-type": "text/plain"}, 415)):  # fmt: skip
        assert (await site.post(path, {"numbers": []}, **headers)).status_code == code
    assert (await site.post(path, b" " * (MOST_BYTES + 1))).status_code == 413
    assert (await site.client.get(path)).status_code == 405


async def test_the_time_to_the_page_is_measured_from_what_pages_say_and_shown() -> None:
    site = Site(alarm(NOW_US - 60 * SECOND_US, source="before"))
    async with served(site) as (client, _), client.stream("GET", "/events?lang=en") as response:
        news = events(response)
        assert (await anext(news))[1]["shown"] == [], "what stood when the page was opened took no time to it"
        for n, took_s in enumerate((0.7, 0.9)):
            site.store.changes.append(alarm(site.now_us, source=f"new {n}"))
            site.store.changes.append(alarm(site.now_us, source=f"own {n}", device="vitalsd"))
            site.bell.ring()
            numbers = await shown(news)
            assert len(numbers) == 1, "the gateway's own are told with an earlier time"
            site.now_us += round(took_s * SECOND_US)
            for _ in range(2):  # told twice it counts once
                assert (await site.post("/shown", {"numbers": numbers})).status_code == 204
    assert site.latency.summary() == Summary(count=2, p50_s=0.7, p95_s=0.9, worst_s=0.9)
    assert (await site.now())["alarm_page"] == {"count": 2, "p50_s": 0.7, "p95_s": 0.9, "worst_s": 0.9}
    assert "Alarm to page p95 0.9 s" in await site.page("en")
    assert "报警到页面 p95 0.9 s" in await site.page("zh")


async def shown(news: AsyncIterator[tuple[str, Any]]) -> list[int]:
    while True:
        name, event = await anext(news)
        if name == "now" and event["shown"]:
            return list(event["shown"])


async def test_what_was_not_measured_is_said_not_to_be() -> None:
    site = Site()
    assert (await site.now())["alarm_page"] is None
    assert "Alarm to page · not measured yet" in await site.page()


async def test_a_recordings_alarms_are_not_measured() -> None:
    site = Site(devices=(replace(status(), port="replay:///x.raw?speed=1"),))
    async with served(site) as (client, _), client.stream("GET", "/events") as response:
        news = events(response)
        await anext(news)
        site.store.changes.append(alarm(site.now_us))
        site.bell.ring()
        async for name, event in news:
            if name == "now" and "alarms" in event["parts"]:
                assert event["shown"] == []
                break
