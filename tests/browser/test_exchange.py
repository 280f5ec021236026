"""The exchange in a real browser: a parked message is found, read by who may, and sent again."""

import pytest
from playwright.async_api import Browser, expect

from charting.outbox.config import Destination
from charting.outbox.parcel import Parcel
from tests.browser.department import picture, served, visited
from tests.browser.test_charting import CHECKS
from tests.charting.outbox.receivers import ack, dft
from tests.charting.web.hospital import Hospital


@pytest.mark.parametrize(
    ("account", "lang", "size"),
    [("head", "zh", "desktop"), pytest.param("engineer", "en", "tablet", marks=pytest.mark.soak)],
)
async def test_a_parked_message_is_found_and_sent_again(account: str, lang: str, size: str, browser: Browser) -> None:
    hospital = Hospital(idle_s=43_200)
    outbox = hospital.exchange.outbox
    hospital.exchange.destinations = [
        Destination(name="his", url="mllp://192.0.2.7:2575", takes=("charges", "documents")),
        Destination(name="cds", url="https://cds.example/r4", takes=("advice",)),
    ]
    for n in range(6):
        body = dft(f"CH{n}")
        outbox.put(
            [Parcel(key=f"charge:c1:{n}", to="his", kind="DFT^P03", body=body, control=f"CH{n}", lane="c1", case="c1")]
        )
    outbox.answer("charge:c1:0", ack(dft("CH0"))[1:-2], told=True)
    outbox.begin("charge:c1:1")
    outbox.park("charge:c1:1", "AE 204 X0501 unknown charge code", ack(dft("CH1"), "AE", text="X0501")[1:-2])
    async with served(hospital) as url, visited(url, account, size=size, lang=lang, browser=browser) as page:
        await page.goto(f"{url}/exchange")
        await expect(page.locator("#parcels tbody tr")).to_have_count(5)
        await expect(page.locator("#parcels tbody tr").first).to_have_class("s-parked")
        assert await page.evaluate(CHECKS) == []
        await picture(page, f"exchange-{size}-{lang}", whole=True)
        await page.locator("#parcels tbody a").first.click()
        await expect(page.locator("pre.message")).to_have_count(2 if account == "head" else 0)
        assert await page.evaluate(CHECKS) == []
        await picture(page, f"exchange-parcel-{size}-{lang}", whole=True)
        await page.locator("[data-show=resend]").click()
        await page.locator("#resend [name=reason]").fill("X0501 added")
        await page.locator("#resend button.main").click()
        await expect(page.locator("#parcel .tag.warn")).to_be_visible()
        await expect(page.locator("#parcel table")).to_contain_text("X0501 added")
    sent = outbox.find("charge:c1:1")
    assert sent is not None
    assert (sent.state, sent.log[-1][1:]) == ("waiting", ("resent: X0501 added", account))
