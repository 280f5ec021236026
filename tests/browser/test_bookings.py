"""What the hospital tells, in a real browser: the list, checking in, confirming, messages."""

from playwright.async_api import Browser, expect

from tests.browser.department import picture, served, visited
from tests.browser.test_charting import CHECKS
from tests.charting.inbox.messages import sequence
from tests.charting.inbox.test_pages import Told


async def test_a_patient_is_checked_in_from_the_list(browser: Browser) -> None:
    told = Told()
    told.tell(*sequence("case_day")[:5])
    async with (
        served(told.hospital) as url,
        visited(url, "anaesthetist", lang="zh", browser=browser) as page,
    ):
        await expect(page.locator("article", has_text="OR-04")).to_contain_text("张测试")
        await picture(page, "department-booked", whole=True)
        await page.goto(f"{url}/bookings")
        await expect(page.locator("tbody tr")).to_have_count(1)
        assert await page.evaluate(CHECKS) == []
        await picture(page, "bookings", whole=True)
        await page.get_by_role("button", name="入室核对").click()
        await expect(page.locator("dialog[open] select[name=bed]")).to_have_value("OR-04")
        await picture(page, "bookings-check-in")
        await page.locator("dialog[open] button.main").click()
        await expect(page.locator("#banner")).to_contain_text("张测试")
        await expect(page.locator("#staff")).to_contain_text("WANG TEST")
    (case,) = told.cases()
    assert (case.bed, case.patient.number) == ("OR-04", "P0000123")


async def test_a_provisional_case_is_confirmed_and_messages_are_seen(browser: Browser) -> None:
    told = Told("2026-03-05 11:25")
    told.tell(*sequence("case_day")[:7])
    async with served(told.hospital) as url, visited(url, "head", size="tablet", browser=browser) as page:
        bed = page.locator("article", has_text="PACU-1")
        await expect(bed.locator(".tag.warn")).to_be_visible()
        await picture(page, "department-provisional", whole=True)
        await bed.get_by_role("button", name="Confirm").click()
        await expect(bed.locator(".tag.warn")).to_have_count(0)
        await page.goto(f"{url}/exchange/messages")
        await expect(page.locator("#messages tbody tr")).to_have_count(7)
        assert await page.evaluate(CHECKS) == []
        await picture(page, "messages", whole=True)
        await page.locator("#messages tbody button").first.click()
        await expect(page.locator("dialog[open] pre")).to_contain_text("PACU")
        await picture(page, "messages-one")
        await page.locator("dialog[open] button.main").click()
        await expect(page.locator("dialog[open]")).to_have_count(0)
        await expect(page.locator("#messages tbody tr").first).to_contain_text("new")
    assert not told.cases()[0].provisional
