"""Charges in a real browser: a controlled drug is stated and witnessed, a case is confirmed, a month is read."""

from playwright.async_api import expect

from tests.browser.department import picture, served, visited
from tests.browser.test_charting import CHECKS
from tests.charting.charges.theatre import recorded
from tests.charting.web.hospital import PASSWORD


async def test_from_the_ampoule_to_the_bill() -> None:
    hospital = recorded(idle_s=43_200)
    async with served(hospital) as url:
        async with visited(url, "anaesthetist", lang="zh", expected=("422",)) as page:
            await page.goto(f"{url}/controlled")
            await expect(page.locator("#register .tag.bad")).to_have_text("未登记")
            await page.locator("#register a.who").click()
            form = page.locator("#drug-1 form")
            said = {"lot": "A-7", "ampoules": "2", "size": "50", "given": "60", "wasted": "30", "empties": "2"}
            for name, value in said.items():
                await form.locator(f"[name='content.{name}']").fill(value)
            await form.locator("button.main").click()
            await expect(form.locator(".problem")).to_contain_text("100 ug")
            await form.locator("[name='content.wasted']").fill("40")
            await picture(page, "charges-1-stating", whole=True)
            await form.locator("button.main").click()
            witnessing = page.locator("#drug-1 .note form")
            await expect(witnessing).to_have_count(1)
            await witnessing.locator("select").select_option("or_nurse")
            await witnessing.locator("[name=password]").fill(PASSWORD)
            assert await page.evaluate(CHECKS) == []
            await picture(page, "charges-2-witness", whole=True)
            await witnessing.locator("button").click()
            await expect(page.locator("#drug-1 h2 .tag.good")).to_contain_text("Or_Nurse")
            await page.goto(f"{url}/controlled")
            assert await page.evaluate(CHECKS) == []
            await picture(page, "charges-3-register", whole=True)
        async with visited(url, "or_nurse", size="tablet", lang="en") as page:
            await page.goto(f"{url}/charges?only=1")
            await expect(page.locator("#cases tbody tr")).to_have_count(1)
            assert await page.evaluate(CHECKS) == []
            await picture(page, "charges-4-month", whole=True)
            await page.locator("#cases a.who").click()
            await page.locator("#sheet details summary").first.click()
            await expect(page.locator("#sheet tfoot .strong")).to_have_text("957.00")
            assert await page.evaluate(CHECKS) == []
            assert hospital.charging.poster is not None
            hospital.charging.poster.follower.look()
            await page.locator("#decide button.main").click()
            await expect(page.locator("#sheet")).to_contain_text("Confirmed: Or_Nurse")
            hospital.charging.poster.follower.look()
            await page.reload()
            await expect(page.locator("#postings tbody tr")).to_have_count(4)
            await picture(page, "charges-5-sheet", whole=True)
        async with visited(url, "head", lang="zh") as page:
            await page.goto(f"{url}/charges")
            assert await page.evaluate(CHECKS) == []
            await picture(page, "charges-6-month", whole=True)
            await page.locator("#cases a.who").click()
            await picture(page, "charges-7-sheet", whole=True)
