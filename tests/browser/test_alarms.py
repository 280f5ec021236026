"""The department's alarms in a real browser: what a device says stands on the page at once, and never more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from playwright.async_api import Page, Route, expect

from charting.trail.contents import Event
from charting.trail.entries import Advised, AlarmSeen
from collector.model import AlarmPhase, AlarmType, Priority
from collector.technical import GATEWAY
from tests.browser.department import picture, served, visited
from tests.browser.test_charting import CHECKS
from tests.charting.web.hospital import Hospital
from tests.page.data import HR, alarm, reading

START, CONTINUE, END = AlarmPhase.START, AlarmPhase.CONTINUE, AlarmPhase.END
BED = "OR-03"
TEXT = "*** HR 24 < 40"


@dataclass
class Bedside:
    """A bed whose monitor sends each second, and the department's watch that looks at it."""

    hospital: Hospital
    sending: bool = True

    def tell(self, phase: AlarmPhase, priority: Priority = Priority.HIGH, *, text: str = TEXT, device: str = "monitor",
             source: str = "hr", type_: AlarmType = AlarmType.PHYSIOLOGICAL) -> None:  # fmt: skip
        said = alarm(self.hospital.clock.at_us, phase, device=device, source=source, priority=priority, text=text,
                     type_=type_)  # fmt: skip
        self.hospital.store.changes.append(replace(said, bed=BED))

    def link(self, phase: AlarmPhase) -> None:
        """The gateway tells of a lost link when it has lasted for ten seconds, with the time of the loss."""
        self.sending = phase is END
        text = "monitor: nothing is heard on its line"
        self.tell(phase, text=text, device=GATEWAY, source="link:monitor", type_=AlarmType.TECHNICAL)

    def look(self) -> None:
        if self.sending:
            self.hospital.store.readings.append(reading(replace(HR, bed=BED), self.hospital.clock.at_us, 24.0))
        self.hospital.watch.look()

    async def run(self) -> None:
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(0.1)


@asynccontextmanager
async def watched(hospital: Hospital) -> AsyncIterator[tuple[Bedside, "asyncio.Task[None]"]]:
    bedside = Bedside(hospital)
    bedside.look()
    running = asyncio.create_task(bedside.run())
    try:
        yield bedside, running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def looks_right(page: Page) -> None:
    assert await page.evaluate(CHECKS) == []


@pytest.mark.parametrize(("lang", "size"), [("zh", "desktop"), ("en", "tablet")])
async def test_an_alarm_appears_becomes_unknown_with_its_link_and_is_seen(lang: str, size: str) -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.opened()
    name = f"alarms-{size}-{lang}"
    none, unknown, see = (
        ("设备未报告报警", "现状未知", "已阅") if lang == "zh" else ("No alarm reported", "state unknown", "Seen")
    )
    async with (
        served(hospital) as url,
        watched(hospital) as (bed, watching),
        visited(url, "anaesthetist", size=size, lang=lang) as page,
    ):
        await page.goto(f"{url}/alarms")
        card = page.locator(f"#bed-{BED}")
        await expect(card.locator(".quiet")).to_contain_text(none)
        await expect(page.locator("main > .note")).to_contain_text("不替代床旁报警" if lang == "zh" else "not replace")
        bed.tell(START)
        line = card.locator(".alarm", has_text=TEXT)
        await expect(line).to_have_class("alarm p-high present")
        await expect(line.locator(".pri")).to_contain_text("高" if lang == "zh" else "HIGH")
        await expect(card.locator(".quiet")).to_have_count(0)
        await picture(page, f"{name}-1-present")
        await looks_right(page)
        bed.link(START)
        await expect(line).to_have_class("alarm p-high unknown")
        await expect(line.locator(".tag")).to_have_text(unknown)
        await expect(card.locator(".alarm", has_text="monitor")).to_have_count(2)
        await picture(page, f"{name}-2-unknown")
        await looks_right(page)
        await line.get_by_role("button", name=see).click()
        await expect(line.locator(".tag.good")).to_contain_text("王医生")
        await expect(line).to_have_class("alarm p-high unknown seen")
        (seen,) = hospital.desk.case("c1").seen
        onset_us = hospital.store.changes[0].time_us
        assert (seen[0], seen[1]) == (
            AlarmSeen(bed=BED, device="monitor", source="hr", onset_us=onset_us, told_us=onset_us),
            "anaesthetist",
        )
        hospital.clock.go(12)
        bed.link(END)
        bed.tell(CONTINUE)
        await expect(line).to_have_class("alarm p-high present seen")
        await page.goto(f"{url}/cases/c1")
        await expect(page.locator("#alarm-strip .line.p-high")).to_contain_text(TEXT)
        bed.tell(START, Priority.MEDIUM, source="spo2", text="** SpO2 86 < 90")
        await expect(page.locator("#alarm-strip .line.p-medium")).to_contain_text("SpO2 86")
        await picture(page, f"{name}-3-case")
        await looks_right(page)
        await page.goto(f"{url}/alarms")
        watching.cancel()
        await asyncio.wait([watching])
        hospital.clock.at_us += 11_000_000
        await expect(card.locator(".alarm.unknown")).to_have_count(2)
        await expect(card.locator(".none")).to_have_count(1)
        await picture(page, f"{name}-4-halted")


async def test_how_long_it_took_to_the_page_is_measured_and_told() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.opened()
    async with served(hospital) as url, watched(hospital) as (bed, _), visited(url, "head") as page:
        bed.tell(START, source="before")
        bed.look()
        await page.goto(f"{url}/alarms")
        await expect(page.locator(".alarm")).to_have_count(1)
        async with page.expect_response("**/api/alarms/shown") as told:
            bed.tell(START)
        assert (await told.value).status == 204
        lines = await (await page.request.get(f"{url}/api/alarms/log")).json()
        shown = {line["source"]: line["shown_us"] for line in lines}
        onset = {line["source"]: line["onset_us"] for line in lines}
        assert shown["before"] is None, "it was there before the page: how long it took nobody knows"
        assert 0 <= shown["hr"] - onset["hr"] < 30_000_000
        assert "vitalsd_alarm_latency_seconds_count 1.0" in hospital.metrics.text().decode()
        await page.goto(f"{url}/alarms/log")
        await expect(page.locator("#log tbody tr")).to_have_count(2)
        await looks_right(page)
        await page.goto(f"{url}/alarms/report")
        await expect(page.locator("tbody tr").first).to_contain_text(TEXT)
        await looks_right(page)


async def test_an_advisory_comes_by_itself_and_is_put_off_for_a_reason() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.opened()
    async with served(hospital) as url, watched(hospital), visited(url, "head", size="tablet") as page:
        await page.goto(f"{url}/alarms")
        begun = Advised(rule="TMP-355", phase="start", at_us=hospital.clock.at_us, said={"c": "35.3", "min": "11"})
        hospital.desk.advise("c1", [begun])
        bundle = page.locator(f"#bed-{BED} .advice")
        await expect(bundle.locator(".what")).to_have_text("35.3 °C, below 35.5 °C for 11 min: consider more warming")
        await looks_right(page)
        await bundle.get_by_role("button", name="Put off").click()
        dialog = page.locator("#loaded")
        await dialog.get_by_role("button", name="The probe's position").click()
        await picture(page, "dialog-put-off")
        await dialog.locator("button.main").click()
        await expect(dialog).to_be_hidden()
        await expect(bundle).to_contain_text("put off until")
        await expect(bundle.locator(".what")).to_have_count(0)
        ((said, who, _),) = hospital.desk.case("c1").seen
        assert (said.source, said.note, who) == ("advisory:TMP-355", "The probe's position", "head")
        await looks_right(page)


async def test_no_alarm_is_lost_where_the_service_fails_for_a_moment_or_an_older_page_comes_late() -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.opened()
    failed: list[str] = []
    drawn = asyncio.Event()

    async def fail_once(route: Route) -> None:
        if failed:
            await route.continue_()
        else:
            failed.append(route.request.url)
            await route.fulfill(status=503)

    async with (
        served(hospital) as url,
        watched(hospital) as (bed, _),
        visited(url, "anaesthetist", expected=("503",)) as page,
    ):
        strip = page.locator("#alarm-strip")

        async def fetch_late(route: Route) -> None:
            answer = await route.fetch()
            bed.tell(START, source="spo2", text="*** SpO2 72 < 80")
            await expect(strip).to_contain_text("SpO2 72")
            await route.fulfill(response=answer)
            drawn.set()

        async with page.expect_response("**/alarms/strip*"):
            await page.goto(f"{url}/cases/c1")
        await expect(strip.locator(".quiet")).to_be_visible()
        hidden = "() => { document.body.classList.add('lost'); return document.querySelector('.quiet').offsetParent; }"
        assert await page.evaluate(hidden) is None
        await page.route("**/alarms/strip*", fail_once)
        bed.tell(START)
        await expect(strip).to_contain_text(TEXT)
        assert failed
        await page.route("**/cases/c1", fetch_late)
        hospital.desk.set(
            hospital.actor("anaesthetist"), "c1", item="in", after=0,
            content=Event(key="t_room_in", at_us=hospital.clock.at_us),
        )  # fmt: skip
        await drawn.wait()
        await expect(page.locator("main")).to_contain_text("Into the operating room")
        await expect(strip).to_contain_text("SpO2 72")
