"""The pages that the manuals show. `make manuals` has them drawn; otherwise what they show is only looked for."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from collector.model import AlarmPhase, Priority
from tests.browser.department import served, visited
from tests.browser.test_alarms import Bedside
from tests.browser.test_page import opened
from tests.browser.test_page import served as bed_served
from tests.charting.web.counted import CASE, MONTH, counted, suggest
from tests.charting.web.hospital import MINUTE_US, Hospital, hr_item
from tests.charting.web.test_fleet import hospital as fleet
from tests.charting.workload import department

DRAWN = os.environ.get("VITALSD_MANUAL")
"""The folder of the manuals' sources, where the pictures are to be drawn anew."""

LANGS = ["zh", "en"] if DRAWN else ["zh"]
COLOURS = 96
WIDTH_PX = 1280


async def shown(page: Page, lang: str, name: str, what: str, *, high: int = 800) -> None:
    """A page with `what` on it; its picture goes into the manual, where it has changed."""
    await expect(page.locator(what).first).to_be_visible()
    if not DRAWN:
        return
    await page.wait_for_load_state("networkidle")
    await page.set_viewport_size({"width": WIDTH_PX, "height": high})
    await page.evaluate("scrollTo(0, 0)")
    drawn = Image.open(io.BytesIO(await page.screenshot())).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    file = Path(DRAWN, lang, "img", f"{name}.png")
    if not file.exists() or Image.open(file).convert("RGB").tobytes() != drawn.convert("RGB").tobytes():
        drawn.save(file, optimize=True)


@pytest.mark.parametrize("lang", LANGS)
async def test_the_pages_of_a_case(lang: str) -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.recorded(minutes=120)
    bedside = Bedside(hospital)
    bedside.tell(AlarmPhase.START, Priority.HIGH, text="*** HR 148 > 120")
    bedside.tell(AlarmPhase.START, Priority.MEDIUM, text="** ABP 80/45", source="abp")
    bedside.look()
    async with served(hospital) as url, visited(url, "anaesthetist", lang=lang) as page:
        hospital.clock.at_us -= hospital.clock.at_us % MINUTE_US  # near enough the same picture each time
        await shown(page, lang, "department", "article", high=480)
        await page.goto(f"{url}/cases/c1")
        await shown(page, lang, "case", "#banner", high=960)
        await page.goto(f"{url}/records/c1/d1")
        await page.locator("#tab-drugs [data-offer]").first.click()
        await shown(page, lang, "drug", "#dose")
        await page.locator("#dose [data-amount='100']").click()
        await expect(page.locator("#toast")).to_contain_text("100 mg")
        await page.goto(f"{url}/records/c1/d1")
        await shown(page, lang, "record", "#sheets svg", high=1000)
        await page.locator(f'#sheets [data-item="{hr_item(hospital.clock)}"]').first.click()
        await shown(page, lang, "correct", "#loaded .big")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Shift+S")
        await shown(page, lang, "sign", "#loaded button.main")
        await page.keyboard.press("Escape")
        await page.goto(f"{url}/alarms")
        await shown(page, lang, "alarms", ".p-high", high=560)
        await page.locator("#lock").click()
        await shown(page, lang, "locked", "#who", high=420)


@pytest.mark.parametrize("lang", LANGS)
async def test_the_pages_of_quality(lang: str) -> None:
    hospital = counted(idle_s=43_200)
    suggest(hospital)
    async with served(hospital) as url, visited(url, "head", lang=lang) as page:
        for name, path, what in (
            ("quality", f"/quality?period={MONTH}", "tr[data-result]"),
            ("temperature", f"/quality/temperature?period={MONTH}", "svg.chart"),
            ("quality-case", f"/quality/cases/{CASE}", "[data-finding] button.main"),
        ):
            await page.goto(url + path)
            await shown(page, lang, name, what, high=900)


@pytest.mark.parametrize("lang", LANGS)
async def test_the_page_of_workload(lang: str) -> None:
    hospital = Hospital(idle_s=43_200)
    department.put(hospital.trail)
    async with served(hospital) as url, visited(url, "anaesthetist", lang=lang) as page:
        await page.goto(f"{url}/workload?month={department.MONTH}")
        await shown(page, lang, "workload", "#own-month", high=900)


@pytest.mark.parametrize("lang", LANGS)
async def test_the_page_of_the_fleet(lang: str) -> None:
    hospital = fleet(idle_s=43_200)
    async with served(hospital) as url, visited(url, "engineer", lang=lang) as page:
        await page.goto(f"{url}/fleet")
        await shown(page, lang, "fleet", "#fleet-beds tbody tr", high=1000)


@pytest.mark.parametrize("lang", LANGS)
async def test_the_page_at_the_bed(lang: str) -> None:
    async with bed_served() as site, opened(site, f"?lang={lang}") as page:
        await shown(page, lang, "bed", "#tiles .tile", high=900)
