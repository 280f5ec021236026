"""Quality in a real browser: a month, an indicator, a case, a candidate confirmed, the month frozen and compared."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.department import picture, served, visited
from tests.browser.test_charting import CHECKS
from tests.charting.web.counted import CASE, EXPECTED, MONTH, counted, suggest
from tests.charting.web.hospital import Hospital

N = len(EXPECTED["november"]["AQI-IRA-12"]["numerator"])


async def looks_right(page: Page) -> None:
    """Large enough to touch, named, legible, and not wider than the screen."""
    found = await page.evaluate(CHECKS)
    assert not found, found


@pytest.mark.parametrize(("lang", "size"), [("zh", "desktop"), ("en", "tablet")])
async def test_a_month_from_its_numbers_to_a_case_and_back_frozen_and_compared(lang: str, size: str) -> None:
    hospital = counted(idle_s=43_200)
    suggest(hospital)
    name = f"quality-{size}-{lang}"
    async with served(hospital) as url, visited(url, "head", size=size, lang=lang) as page:
        await page.locator('nav a[href="/quality"]').click()
        await page.locator("select[name=period]").select_option(MONTH)
        await page.locator("form button.main").first.click()
        row = page.locator('tr[data-result="AQI-IRA-12"] > td')
        await expect(row.nth(2)).to_have_text(str(N))
        await expect(row.nth(6)).to_have_text("1")
        await looks_right(page)
        await picture(page, f"{name}-1-indicators", whole=True)

        await row.nth(6).locator("a").click()
        await expect(page.locator("[data-member]")).to_have_count(1)
        await looks_right(page)
        await picture(page, f"{name}-2-list")
        await page.locator("[data-member] a.button").click()
        await expect(page).to_have_url(re.compile(f"/quality/cases/{CASE}"))
        await expect(page.locator("svg.chart")).to_be_visible()
        await looks_right(page)
        await picture(page, f"{name}-3-case", whole=True)

        finding = page.locator('[data-finding="aspiration"]')
        await finding.locator("button.main").click()
        dialog = page.locator("#loaded")
        await dialog.locator("[name='content.value']").select_option("yes")
        await dialog.locator("[name='content.details.severe']").select_option("yes")
        await picture(page, f"{name}-4-confirm")
        await dialog.locator("button.main").click()
        await expect(dialog).to_be_hidden()
        await expect(finding.locator("button.main")).to_have_count(0)
        assert hospital.desk.case(CASE).findings[-1].details == {"severe": "yes"}

        await page.goto(f"{url}/quality?period={MONTH}")
        await expect(row.nth(2)).to_have_text(str(N + 1))
        await expect(row.nth(6)).to_have_text("0")
        await page.locator("[data-show=freeze]").click()
        await page.locator("#freeze button.main").click()
        await expect(page.locator("#freeze")).to_be_hidden()
        frozen = page.locator("#counted a[href^='/quality/frozen/']")
        await expect(frozen).to_have_count(1)
        await page.goto(f"{url}/quality/cases/{CASE}")
        await page.locator("#state summary").click()
        await page.locator("#state button", has_text="牙齿损伤" if lang == "zh" else "Tooth injury").click()
        await dialog.locator("[name='content.value']").select_option("yes")
        await dialog.locator("button.main").click()
        await expect(page.locator('[data-finding="tooth_injury"]')).to_be_visible()

        await page.goto(f"{url}/quality/frozen")
        await page.locator("#kept a.button").click()
        await expect(page.locator("tr[data-result]")).to_have_count(2)
        await expect(page.locator('tr[data-result="AQI-IDI-11"] a')).to_have_attribute("href", f"/quality/cases/{CASE}")
        await looks_right(page)
        await picture(page, f"{name}-5-compared")


@pytest.mark.parametrize(("lang", "size"), [("en", "desktop"), ("zh", "tablet")])
async def test_pages_look_right_in_the_other_language_at_the_other_size(lang: str, size: str) -> None:
    hospital = counted(idle_s=43_200)
    suggest(hospital)
    paths = {
        "indicators": f"/quality?period={MONTH}&interval=true",
        "temperature": f"/quality/temperature?period={MONTH}",
        "candidates": f"/quality/candidates?period={MONTH}",
        "case": "/quality/cases/c20",
    }
    async with served(hospital) as url, visited(url, "anaesthetist", size=size, lang=lang) as page:
        for name, path in paths.items():
            await page.goto(url + path)
            await looks_right(page)
            await picture(page, f"quality-{size}-{lang}-{name}", whole=True)


async def test_a_person_at_the_keyboard_opens_a_point_tells_a_figure_and_takes_the_report_along() -> None:
    hospital = counted(idle_s=43_200)
    async with served(hospital) as url, visited(url, "quality", lang="zh") as page:
        await page.goto(f"{url}/quality/temperature?period={MONTH}")
        point = page.locator("svg.chart a[href*='AQI-IHT-10']").first
        said = await point.get_attribute("aria-label") or ""
        await point.focus()
        await page.keyboard.press("Enter")
        n = re.search(r": (\d+)/", said)
        assert n is not None
        await expect(page.locator("[data-member]")).to_have_count(int(n[1]))
        await page.keyboard.press("b")
        await expect(page).to_have_url(re.compile(r"/quality\?"))
        await page.goto(f"{url}/quality?period={MONTH}")
        await page.keyboard.press("[")
        await expect(page).to_have_url(re.compile("period=2026-10"))
        await page.keyboard.press("]")
        await expect(page).to_have_url(re.compile(f"period={MONTH}"))
        async with page.expect_download() as coming:
            await page.locator("a[href*='report.xlsx']").click()
        assert (await coming.value).suggested_filename == "quality-2026-11.xlsx"
        await _tells_a_figure(page, hospital, url)


async def _tells_a_figure(page: Page, hospital: Hospital, url: str) -> None:
    """And takes it back: blank is not 0."""
    await page.goto(f"{url}/quality/figures?year=2026")
    form = page.locator("form[data-send$='vaginal_births/2026-10']")
    for typed, kept in (("31", 31.0), ("", None)):
        await form.locator("input").fill(typed)
        async with page.expect_response(lambda answer: answer.request.method == "PUT") as answered:
            await form.locator("button").click()
        assert (await answered.value).status == 200
        await expect(form.locator("input")).to_have_value(typed)
        assert hospital.department.counting.figures().told.get(("vaginal_births", "2026-10")) == kept
    await looks_right(page)
