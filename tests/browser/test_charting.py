"""The department's pages in a real browser, as people use them."""

import re

import pytest
from playwright.async_api import Page, expect

from charting.case.state import value_of
from charting.trail.contents import Bolus, Charted, Pace
from charting.trail.entries import Filled
from tests.browser.department import SIZES, picture, served, visited
from tests.charting.web.hospital import MINUTE_US, STEP_US, Hospital, hr_item


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_an_anaesthetic_from_the_first_tap_to_the_print(lang: str, size: str) -> None:
    hospital = Hospital(idle_s=43_200)
    name = f"{size}-{lang}"
    async with served(hospital) as url, visited(url, "anaesthetist", size=size, lang=lang) as page:
        await picture(page, f"{name}-1-department")
        await page.locator("article", has_text="OR-03").locator("button.danger").click()
        await expect(page.locator("#banner .name")).to_contain_text("急诊-20261124-01")
        await page.wait_for_load_state()
        await picture(page, f"{name}-2-case", whole=True)
        (row,) = hospital.trail.rows(state="open")
        record = page.locator("#startable button", has_text="麻醉记录单" if lang == "zh" else "Anaesthesia record")
        await record.click()
        await expect(page.locator("#sheets svg").first).to_be_visible()
        await page.wait_for_load_state()
        (document,) = hospital.desk.case(row.case).documents
        await _fills(page, hospital, row.case, document)
        await _corrects(page, hospital, row.case, document)
        await picture(page, f"{name}-4-record")
        await _gives_a_drug(page, hospital, row.case, document)
        await picture(page, f"{name}-5-drug")
        await _resuscitates(page, hospital, row.case)
        await picture(page, f"{name}-6-rescue")
        await _signs(page, hospital, row.case, document)
        await _prints(page, hospital, row.case, document)
        await picture(page, f"{name}-8-signed", whole=True)
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0


async def _fills(page: Page, hospital: Hospital, case: str, document: str) -> None:
    """What the filler appends stands on the page by itself."""
    await page.evaluate("window.untouched = true")
    hospital.clock.at_us += 20 * MINUTE_US
    now = hospital.clock.at_us // STEP_US * STEP_US
    marks = range(now - 3 * STEP_US, now, STEP_US)
    cells = tuple(cell for mark in marks for cell in hospital.cells(mark, hr=83.0))
    filled = Filled(document=document, since_us=marks[0], until_us=now, cells=cells, gaps=(), excursions=())
    hospital.desk.fill(case, filled)
    await expect(page.locator("#marks button", has_text="83")).to_have_count(3)
    await expect(page.locator(f'#sheets [data-item="{hr_item(hospital.clock)}"]').first).to_be_attached()
    await expect(page.locator("#clock")).to_have_text("2026-11-24 14:38")
    assert await page.evaluate("window.untouched")


async def _corrects(page: Page, hospital: Hospital, case: str, document: str) -> None:
    item = hr_item(hospital.clock)
    await page.locator(f'#sheets [data-item="{item}"]').first.click()
    dialog = page.locator("#loaded")
    await expect(dialog.locator(".big")).to_contain_text("83")
    await dialog.locator("[name='content.value']").fill("88")
    await dialog.locator("details#edit [data-reason=diathermy]").click()
    await picture(page, "dialog-cell")
    await dialog.locator("details#edit button.main").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator(f'#marks [data-item-key="{item}"]')).to_have_text("88")
    found = hospital.desk.case(case).documents[document].items[item]
    value = value_of(found)
    assert isinstance(value, Charted)
    assert value.value == 88.0
    assert (found.versions[-1].author, found.versions[-1].reason) == ("anaesthetist", "diathermy")
    assert found.captured is not None
    assert found.captured.value == 83.0


async def _gives_a_drug(page: Page, hospital: Hospital, case: str, document: str) -> None:
    taps = 0
    for target in (page.locator("#tab-drugs [data-offer]", has_text="丙泊酚").or_(
        page.locator("#tab-drugs [data-offer]", has_text="Propofol")), page.locator("#dose [data-amount='100']"),
    ):  # fmt: skip
        await target.click()
        taps += 1
    await expect(page.locator("#toast")).to_contain_text("100 mg")
    assert taps <= 3
    given = [c for _, c in hospital.desk.case(case).documents[document].of(Bolus)]
    assert [(g.drug.code, g.dose, g.unit, g.route) for g in given if isinstance(g, Bolus)] == [
        ("D001", 100.0, "mg", "iv")
    ]


async def _resuscitates(page: Page, hospital: Hospital, case: str) -> None:
    await page.locator("button.rescue").click()
    await expect(page.locator("button.rescue.on [data-timer]")).to_have_text(re.compile(r"00:0\d"))
    hospital.clock.at_us += 3 * MINUTE_US
    await expect(page.locator("button.rescue.on [data-timer]")).to_have_text(re.compile(r"02:5\d|03:0\d"))
    await page.locator("button.rescue.on").click()
    await expect(page.locator("button.rescue:not(.on)")).to_be_visible()
    (pace,) = [i.content for i in hospital.desk.case(case).items.values() if isinstance(i.content, Pace)]
    assert pace.why == "rescue"
    assert pace.end_us is not None
    assert pace.end_us - pace.start_us == pytest.approx(3 * MINUTE_US, abs=15_000_000)


async def _signs(page: Page, hospital: Hospital, case: str, document: str) -> None:
    await page.keyboard.press("Shift+S")
    await page.locator("#loaded button.main").first.click()
    await expect(page.locator("#state .tag.good")).to_be_visible()
    assert hospital.desk.case(case).documents[document].locked
    await expect(page.locator("[data-mode=read]")).to_be_attached()
    await expect(page.locator("#tab-drugs")).to_have_count(0)


async def _prints(page: Page, hospital: Hospital, case: str, document: str) -> None:
    await page.wait_for_load_state()
    await page.evaluate("() => { window.print = () => { document.body.dataset.printed = 'yes'; }; }")
    await page.locator("#print").click()
    await expect(page.locator("body[data-printed]")).to_be_attached()
    assert len(hospital.desk.case(case).documents[document].prints) == 1
    await page.emulate_media(media="print")
    await expect(page.locator("header.top")).to_be_hidden()
    await expect(page.locator(".quick")).to_be_hidden()
    await expect(page.locator("#sheets svg").first).to_be_visible()
    await page.emulate_media(media="screen")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="PDF").click()
    assert (await download.value).suggested_filename == "anaesthesia_record.pdf"
