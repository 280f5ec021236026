"""The page in a real browser: Debian's Chromium, driven by Playwright."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from charting.page import web
from charting.page.server import serve
from charting.page.web import app
from collector.bell import Bell
from collector.model import AlarmPhase, Priority, Quality
from collector.status import DeviceState, DeviceStatus
from tests.browser.chromium import chromium
from tests.browser.department import WAIT_MS
from tests.page.data import (
    BED,
    HR,
    MINUTE_US,
    NOW_US,
    SECOND_US,
    ZONE,
    Store,
    Theatre,
    alarm,
    reading,
    series,
    status,
)
from tests.page.test_downtime import away
from tests.ports import kept_port

_SIZES = {"desktop": (1440, 900), "tablet": (820, 1180), "wall": (1920, 1080)}


@dataclass
class Site:
    """A bed with a patient's last hours, served on loopback; the clock stands where the test puts it."""

    store: Store
    theatre: Theatre
    bell: Bell = field(default_factory=Bell)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    devices: list[DeviceStatus] = field(
        default_factory=lambda: [status(name) for name in ("monitor", "machine", "vent")]
    )
    now_us: int = NOW_US
    reached: bool = True
    url: str = ""

    def second(self) -> None:
        """A second goes by with all its values and waves."""
        self.now_us += SECOND_US
        self.theatre.values(self.now_us)
        self.theatre.waves(self.now_us - SECOND_US)
        self.bell.ring()


@asynccontextmanager
async def served(*, demo: bool = False) -> AsyncIterator[Site]:
    store = Store()
    theatre = Theatre(store, NOW_US, hours=4.5, demo=demo)
    gap_us = NOW_US - 95 * MINUTE_US
    theatre.history(NOW_US, (gap_us, gap_us + 17 * MINUTE_US), step_s=60)
    theatre.values(NOW_US - SECOND_US)
    site = Site(store=store, theatre=theatre)
    port = kept_port()
    site.url = f"http://127.0.0.1:{port}/"
    page = app(
        BED, ZONE, store, lambda: site.devices, site.bell, lambda: site.now_us, site.stop, server=lambda: site.reached
    )
    task = asyncio.create_task(serve(page, "127.0.0.1", port, site.stop))
    try:
        yield site
    finally:
        site.stop.set()
        await task


@asynccontextmanager
async def opened(
    site: Site, query: str = "?lang=en", *, size: str = "desktop", locale: str = "zh-CN"
) -> AsyncIterator[Page]:
    """The page in a new browser; at the end it must have said nothing on the console and asked nobody else."""
    width, height = _SIZES[size]
    said: list[str] = []
    asked: list[str] = []
    async with chromium() as browser:
        context = await browser.new_context(viewport={"width": width, "height": height}, locale=locale)
        page = await context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(site.url + query)
        yield page
        assert said == []
        assert [url for url in asked if not url.startswith(site.url)] == []


async def test_values_change_without_reload() -> None:
    async with served() as site, opened(site) as page:
        await page.evaluate("window.untouched = true")
        number = page.locator(".tile.t-ecg .num")
        await expect(number).to_have_text(f"{site.theatre.vitals(NOW_US - SECOND_US).heart_rate_per_min:.0f}")
        site.now_us += SECOND_US
        site.store.readings.append(reading(HR, site.now_us, 187.0))
        site.bell.ring()
        await expect(number).to_have_text("187")
        assert await page.evaluate("window.untouched")


async def test_two_open_pages_show_the_same() -> None:
    async with served() as site, opened(site) as one, opened(site, "?lang=zh") as two:
        site.store.readings.append(reading(HR, site.now_us, 187.0))
        site.bell.ring()
        for page in (one, two):
            await expect(page.locator(".tile.t-ecg .num")).to_have_text("187")


async def test_ages_tick_and_old_values_are_blanked_and_said_to_be_old() -> None:
    async with served() as site:
        spo2 = next(r for r in site.store.latest(BED) if r.series.channel.code == "MDC_PULS_OXIM_SAT_O2")
        site.store.readings += [replace(spo2, time_us=spo2.time_us - n * SECOND_US) for n in (4, 3, 2, 1, 0)]
        async with opened(site) as page:
            found = page.locator(".tile", has_text="SpO₂")
            await expect(found.locator(".age")).to_have_text("1 s")
            await expect(found.locator(".tag.was")).to_be_hidden()
            site.now_us += 11 * SECOND_US
            site.bell.ring()
            await expect(found.locator(".tag.was")).to_be_visible()
            await expect(found.locator(".age")).to_have_text("12 s")
            shown = await found.locator(".num").evaluate("e => getComputedStyle(e, '::before').content")
            assert shown == '"– –"'
            await expect(page.locator(".tile", has_text="NIBP").locator(".tag.was")).to_be_hidden()


async def test_quality_and_demo_are_said_in_words() -> None:
    async with served(demo=True) as site:
        site.store.readings.append(reading(HR, NOW_US, 70.0, Quality.QUESTIONABLE, demo=True))
        async with opened(site) as page:
            found = page.locator(".tile.t-ecg")
            await expect(found).to_contain_text("questionable")
            await expect(found).to_contain_text("DEMO")
            await expect(page.locator("#bar")).to_contain_text("DEMO DATA")
            await expect(page.locator("#chart svg")).to_contain_text("演示 DEMO")
            assert await page.locator(".wave .tag.demo").count() == await page.locator(".wave").count() > 0


async def test_language_switches_and_follows_the_browser() -> None:
    async with served() as site:
        async with opened(site, "", locale="en-GB") as page:
            await expect(page.locator("body")).to_contain_text("Alarm log")
        async with opened(site, "?hours=1", locale="zh-CN") as page:
            await expect(page.locator("body")).to_contain_text("报警记录")
            await page.get_by_role("link", name="English").click()
            await expect(page.locator("body")).to_contain_text("Alarm log")
            await expect(page.locator(".ranges [aria-current]")).to_have_text("1 h")
            await page.get_by_role("link", name="中文").click()
            await expect(page.locator("body")).to_contain_text("报警记录")


async def test_the_range_of_the_chart_can_be_chosen() -> None:
    async with served() as site, opened(site) as page:
        await expect(page.locator("#chart svg")).to_contain_text("2026-11-24 10:20 – 14:20")
        await page.get_by_role("link", name="12 h").click()
        await expect(page.locator("#chart svg")).to_contain_text("2026-11-24 02:30 – 14:30")


async def test_an_alarm_is_drawn_at_once_measured_and_marked_as_seen() -> None:
    async with served() as site, opened(site) as page:
        await expect(page.locator("#latency")).to_contain_text("not measured yet")
        site.store.readings.append(reading(HR, NOW_US, 187.0))
        site.bell.ring()
        await expect(page.locator(".tile.t-ecg .num")).to_have_text("187")  # news have reached it: what stood is known
        site.store.changes.append(alarm(NOW_US, priority=Priority.HIGH, text="*** HR 186"))
        site.bell.ring()
        row = page.locator("#alarms .p-high")
        await expect(row).to_contain_text("*** HR 186")
        await expect(page.locator("#loudest .p-high")).to_contain_text("*** HR 186")
        flashing = "e => [getComputedStyle(e).animationName, getComputedStyle(e).animationDuration]"
        assert await row.locator(".pri").evaluate(flashing) == ["flash", "0.5s"]
        await page.emulate_media(reduced_motion="reduce")
        assert (await row.locator(".pri").evaluate(flashing))[0] == "none"
        await expect(page.locator("#latency")).to_contain_text("n 1")
        long = "*** HR 186" + " > 180" * 40
        site.store.changes.append(alarm(NOW_US, AlarmPhase.CONTINUE, priority=Priority.HIGH, text=long))
        site.bell.ring()
        what = page.locator("#loudest .what")
        await expect(what).to_contain_text("> 180 > 180")
        cut = "e => [e.scrollWidth > e.clientWidth, getComputedStyle(e).overflow]"
        assert await what.evaluate(cut) == [False, "visible"], "the whole text is in sight"
        button = row.get_by_role("button", name="Mark as seen")
        await button.focus()
        site.store.changes.append(alarm(NOW_US, source="other", priority=Priority.LOW, text="another"))
        site.bell.ring()
        await expect(page.locator("#alarms .p-low")).to_be_visible()
        await expect(button).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#alarms .p-high.is-seen")).to_contain_text("seen 14:18:43")
        await expect(page.locator("#alarms .p-high")).to_have_count(1)


async def test_alarms_and_lost_links_are_shown_as_they_come() -> None:
    async with served() as site, opened(site) as page:
        await expect(page.locator("#alarms li")).to_have_count(3)
        site.store.changes.append(alarm(NOW_US, device="vent", priority=Priority.MEDIUM, text="** Paw high"))
        site.bell.ring()
        await expect(page.locator("#alarms .p-medium")).to_contain_text("** Paw high")
        site.devices[2] = status("vent", DeviceState.SILENT, cause="no bytes for 12 s")
        site.bell.ring()
        await expect(page.locator("#alarms .p-medium")).to_contain_text("state unknown")
        await expect(page.locator("#devices .s-silent")).to_contain_text("no bytes for 12 s")


async def test_a_dead_service_is_said_and_all_values_are_blanked() -> None:
    async with served() as site, chromium() as browser:
        page = await browser.new_page()
        await page.goto(site.url)
        await expect(page.locator("#lost")).to_be_hidden()
        site.stop.set()
        await expect(page.locator("#lost")).to_be_visible()
        assert await page.locator(".tile:not(.old)").count() == 0


async def test_a_page_of_another_version_comes_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as site, opened(site) as page:
        await page.evaluate("window.untouched = true")
        site.second()
        await expect(page.locator("#clock")).to_have_text("2026-11-24 14:18:44")
        assert await page.evaluate("window.untouched")
        monkeypatch.setattr(web, "version", lambda: "99.0.0+1")
        site.second()
        await expect(page.locator("body[data-version='99.0.0+1']")).to_be_attached()
        await expect(page.locator("#lost")).to_be_hidden()


async def columns(page: Page) -> str:
    """The ECG's picture from left to right: L a column with the curve, H one with hatching only, . an empty one."""
    found: str = await page.evaluate(
        """() => {
          const canvas = document.querySelector(".wave.t-ecg canvas");
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
          copy.drawImage(canvas, 0, 0);
          const { data, width, height } = copy.getImageData(0, 0, canvas.width, canvas.height);
          return Array.from({ length: width }, (_, x) => {
            let kind = ".";
            for (let y = 0; y < height; y += 1) {
              const [r, g, , alpha] = data.slice(4 * (y * width + x), 4 * (y * width + x) + 4);
              if (alpha > 40 && g > r + 25) return "L";
              if (alpha > 40 && r > 120) kind = "H";
            }
            return kind;
          }).join("");
        }"""
    )
    return found


async def test_waves_are_drawn_and_a_gap_in_them_is_hatched_not_bridged() -> None:
    async with served() as site:
        cut = NOW_US - 7 * SECOND_US, NOW_US - 5 * SECOND_US
        site.store.pieces = [p for p in site.store.pieces if not cut[0] <= p.start_us < cut[1]]
        async with opened(site) as page:
            while "L" not in (picture := await columns(page)):
                await page.wait_for_timeout(50)
            scale = 34
            (gap,) = re.findall(r"(?<=L)H+(?=L)", picture[scale:])
            assert len(gap) == pytest.approx(0.2 * (len(picture) - scale), abs=4), "2 s of 10"
            before, after = picture[scale:].split(gap)
            assert set(before.strip(".") + after.strip(".")) == {"L"}


@pytest.mark.parametrize("size", list(_SIZES))
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_nothing_overflows_on_any_screen(lang: str, size: str, tmp_path: Path) -> None:
    async with served(demo=True) as site:
        site.store.readings.append(reading(series("MDC_FLOW_FLUID_PUMP", "mL/h", "pump"), NOW_US, 12.5))
        async with opened(site, f"?lang={lang}", size=size) as page:
            wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide == 0
            cut = await page.evaluate(
                "[...document.querySelectorAll('.tile .num, td.val, td.mark')]"
                ".filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"
            )
            assert cut == []
            picture = tmp_path / f"{size}-{lang}.png"
            await page.screenshot(path=picture, full_page=True)
            assert picture.stat().st_size > 50_000


async def test_without_its_server_the_bed_says_so_and_prints_a_sheet_of_two_pages() -> None:
    async with served() as site, opened(site) as page:
        await expect(page.locator("#server p")).to_have_count(0)
        site.reached = False
        site.store.changes.append(away(site.now_us - 121 * SECOND_US))
        site.second()
        await expect(page.locator("#server")).to_contain_text("this bed works alone")
        await page.locator("#server a").click()
        await expect(page.locator(".flow .state")).to_contain_text("Server: NOT reached since")
        clipped = await page.eval_on_selector_all(
            ".page", "all => all.filter(page => page.scrollHeight > page.clientHeight + 1).length"
        )
        assert clipped == 0
        pages = re.findall(rb"/Type ?/Page\b", await page.pdf(prefer_css_page_size=True))
        assert len(pages) == 2
