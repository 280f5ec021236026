"""Workload in a real browser: a person looks at his month and disputes it, the head answers and locks."""

import pytest
from playwright.async_api import expect

from charting.trail.contents import Coded
from charting.trail.entries import Set
from tests.browser.department import picture, served, visited
from tests.browser.test_charting import CHECKS
from tests.charting.web.hospital import Hospital
from tests.charting.workload import department
from tests.charting.workload.cases import add, term


@pytest.mark.parametrize(("size", "lang"), [("desktop", "zh"), ("tablet", "en")])
async def test_a_month_from_the_dispute_to_the_difference(size: str, lang: str) -> None:
    hospital = Hospital(idle_s=43_200)
    department.put(hospital.trail)
    name, zh = f"workload-{size}-{lang}", lang == "zh"
    async with served(hospital) as url:
        async with visited(url, "anaesthetist", size=size, lang=lang) as page:
            await page.locator("nav a", has_text="工作量" if zh else "Workload").click()
            await page.goto(f"{url}/workload?month={department.MONTH}")
            await expect(page.locator("#own-month .first dd")).to_have_text("7.763")
            await expect(page.locator("#cases tbody")).to_have_count(3)
            await expect(page.locator("#cases tbody").nth(1)).to_contain_text("0.7857")
            assert await page.evaluate(CHECKS) == []
            await picture(page, f"{name}-1-own", whole=True)
            await page.locator("#disputes textarea").fill("10-12 OR-04: 并行时间不对")
            await page.locator("#disputes button.main").click()
            await expect(page.locator(".thread .said")).to_have_text("10-12 OR-04: 并行时间不对")
        async with visited(url, "head", size=size, lang=lang) as page:
            await page.goto(f"{url}/workload?month={department.MONTH}")
            row = page.locator("#people tr", has_text="王医生")
            await expect(row.locator(".tag")).to_have_text("有异议待答复" if zh else "Disputed")
            await expect(page.locator("#waiting")).to_contain_text("未签名" if zh else "not signed")
            assert await page.evaluate(CHECKS) == []
            await picture(page, f"{name}-2-everybody", whole=True)
            await row.locator("a").click()
            await page.locator("#disputes textarea").fill("按记录")
            await page.locator("#disputes button.main").click()
            await expect(page.locator(".thread .answer .said")).to_have_text("按记录")
            await page.goto(f"{url}/workload?month={department.MONTH}")
            await page.locator("[data-show=lock-month]").click()
            await page.locator("#lock-month button.main").click()
            await expect(page.locator("#differences")).to_contain_text("没有差异" if zh else "Nothing differs")
            asa = Set(document="", item="asa3", after=1, content=Coded(use="asa", term=term("asa", "4")), reason="x")
            add(hospital.trail, "case-a", "anaesthetist", asa)
            await page.reload()
            # ASA IV for III: 1.5 x 1.5 for 1.5 x 1.2
            await expect(page.locator("#differences td.strong")).to_have_text("+0.450")
            assert await page.evaluate(CHECKS) == []
            await picture(page, f"{name}-3-locked", whole=True)
            await page.goto(f"{url}/workload")
            await expect(page.locator("#carried")).to_contain_text("+0.450")
            await picture(page, f"{name}-4-carried", whole=True)
