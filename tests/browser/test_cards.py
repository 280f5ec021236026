"""Cards of decision support in a real browser: they come by themselves, cover nothing, and can do nothing."""

import json

import pytest
from playwright.async_api import Browser, Page, expect

from charting.cds.answer import check
from charting.trail.entries import CardAnswered, CardInput, CardLink, CardReason, CardTold
from tests.browser.department import SIZES, picture, served, visited
from tests.browser.test_charting import CHECKS
from tests.charting.cds.cards import card, told
from tests.charting.cds.test_detail import HOSTILE
from tests.charting.web.hospital import Hospital

NASTY = "\"><img src=x onerror='window.ran=1;alert(1)'><script>window.ran=1</script>{{ 7*7 }}${7*7}</section>"


def nasty(number: int) -> CardTold:
    """What no check has seen, in every field; some of it can pass any check."""
    return CardTold(
        service="cdss" + NASTY[:40],
        endpoint=NASTY,
        card=told(number).card,
        hook=NASTY,
        reason=NASTY,
        rule=NASTY,
        version=NASTY,
        indicator="critical",
        summary=NASTY,
        source=NASTY,
        source_url="javascript:window.ran=1",
        asked_us=told(number).asked_us,
        detail="\n\n".join(HOSTILE).replace("alert(1)", "window.ran=1"),
        suggestions=(NASTY,),
        links=(CardLink(label=NASTY, url='https://x.example/"onclick="window.ran=1'),),
        reasons=(CardReason(code=NASTY, display=NASTY),),
        inputs=(CardInput(name=NASTY, value=NASTY),),
    )


async def apart(page: Page) -> None:
    """The strip and the record do not overlap."""
    strip, record = [await page.locator(each).bounding_box() for each in ("#cards", ".record")]
    assert strip is not None
    assert record is not None
    assert strip["y"] + strip["height"] <= record["y"]


@pytest.mark.parametrize(("lang", "size"), [("zh", "desktop"), pytest.param("en", "tablet", marks=pytest.mark.soak)])
async def test_a_card_comes_by_itself_and_is_set_aside(lang: str, size: str, browser: Browser) -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.recorded()
    aside, reason = (
        ("不采纳", "权衡后获益大于风险") if lang == "zh" else ("Set aside", "Weighed: the benefit outweighs the risk")
    )
    async with (
        served(hospital) as url,
        visited(url, "anaesthetist", size=size, lang=lang, browser=browser) as page,
    ):
        await page.goto(f"{url}/records/c1/d1")
        await expect(page.locator("#cards")).to_be_hidden()
        hospital.desk.tell_cards("c1", [told(1), told(2, indicator="critical"), told(3, indicator="info")])
        first = page.locator(".cds-card").first
        await expect(first).to_have_class("cds-card critical")  # by itself: the page was not asked for again
        await expect(first.locator(".level")).to_contain_text("不是设备报警" if lang == "zh" else "not a device alarm")
        await apart(page)
        await expect(page.locator("#cards h3 b")).to_have_text("待考虑 3 条" if lang == "zh" else "3 to consider")
        await first.locator("summary").click()
        await expect(first.locator(".markdown strong")).to_have_text("8.3 µg")
        await picture(page, f"cards-{size}-{lang}")
        for width, height in SIZES.values():
            await page.set_viewport_size({"width": width, "height": height})
            await apart(page)
            assert await page.evaluate(CHECKS) == []
        await first.get_by_role("button", name=aside).click()
        await page.locator("#loaded select").select_option(label=reason)
        await page.locator("#loaded").get_by_role("button", name=aside).click()
        await expect(page.locator("#cards-answered")).to_be_visible()
        await expect(page.locator(".cds-cards").first.locator(".cds-card")).to_have_count(2)
        await page.goto(f"{url}/quality/advice")
        await expect(page.locator("#rates td.big")).to_have_text("100 %")
        assert await page.evaluate(CHECKS) == []
    (said,) = hospital.desk.case("c1").card_answers.values()
    assert said[0] == CardAnswered(service="cdss", card=told(2).card, accepted=False, reason="benefit")


async def test_nothing_that_a_service_writes_runs_or_leaves_its_place(browser: Browser) -> None:
    hospital = Hospital(idle_s=43_200)
    hospital.recorded()
    summary = NASTY[:140]
    passed = check(json.dumps({"cards": [card(summary=summary, detail="\n\n".join(HOSTILE[:12]))]}).encode()).cards[0]
    # where `visited` ends: a clean console, and nobody else was asked
    hospital.desk.tell_cards("c1", [nasty(1), told(2, summary=passed.summary, detail=passed.detail or "")])
    async with (
        served(hospital) as url,
        visited(url, "head", browser=browser) as page,
    ):  # its end: a clean console, nobody else asked
        for path in ("/records/c1/d1", "/cases/c1", "/quality/advice"):
            await page.goto(url + path)
            for summary_ in await page.locator("details:not([open]) > summary").all():
                if await summary_.is_visible():
                    await summary_.click()
            assert await page.evaluate("window.ran") is None
            assert await page.locator("main img, main script[src], main iframe").count() == 0
            if path != "/quality/advice":
                texts = await page.locator(".cds-card .what").all_text_contents()
                assert texts == [NASTY, summary]
                assert await page.locator(".cds-card").count() == 2  # no tag of theirs has ended one of ours
        await page.goto(f"{url}/cases/c1")
        await page.locator(".cds-card").first.get_by_role("button", name="Set aside").click()
        await expect(page.locator("#loaded option", has_text=NASTY)).to_have_count(1)
        assert await page.evaluate("window.ran") is None
