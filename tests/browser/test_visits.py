"""Visits on a phone, with and without network: what was written arrives once, as its author's, and nothing is lost."""

import asyncio
import json

import pytest
from playwright.async_api import BrowserContext, Page, expect

from charting.trail.contents import Answer
from charting.trail.entries import Denied, Set, Signed, Started
from tests.browser.department import picture
from tests.browser.phone import phone, signed_in, ward
from tests.browser.test_charting import CHECKS
from tests.browser.test_page import chromium
from tests.charting.visits.patients import HOUR_US, operated
from tests.charting.web.hospital import PASSWORD, Hospital

DUMP = """async () => {
  const opened = await new Promise((done, failed) => {
    const request = indexedDB.open("vitalsd-visits");
    request.onsuccess = () => done(request.result);
    request.onerror = failed;
  });
  const all = {};
  for (const store of opened.objectStoreNames) {
    const rows = await new Promise((done) => {
      const request = opened.transaction(store).objectStore(store).getAll();
      request.onsuccess = () => done(request.result);
    });
    all[store] = rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) =>
      [key, value instanceof ArrayBuffer ? new TextDecoder("latin1").decode(value) : String(value)])));
  }
  all.pages = (await Promise.all((await caches.keys()).map(async (name) => {
    const cache = await caches.open(name);
    return Promise.all((await cache.keys()).map(async (request) => (await cache.match(request)).text()));
  }))).flat();
  return JSON.stringify(all);
}"""


def hospital() -> Hospital:
    """p1 is due for the check at 6 h and the first visit, p2 for that at 72 h; both are `anaesthetist`'s."""
    made = Hospital(idle_s=43_200)
    operated(made, "p1", 7)
    operated(made, "p2", 73)
    operated(made, "p3", 30, by="anaesthetist2")
    return made


async def take_along(page: Page, forms: int) -> None:
    await page.locator("#take").click()
    await page.locator("#visit-prepare [name=password]").fill(PASSWORD)
    await page.locator("#visit-prepare button.main").click()
    await expect(page.locator("#visit-taken")).to_contain_text(f"{forms} taken along")


async def unlock(page: Page) -> None:
    await page.locator("#who [name=password]").fill(PASSWORD)
    await page.locator("#who button.main").click()
    await expect(page.locator("#who")).to_be_hidden()


async def signed_out(page: Page) -> None:
    await page.locator("#sign-out").click()
    await expect(page.locator("#sign-in")).to_be_visible()


async def opened(page: Page, visit: str) -> None:
    await page.locator(f"[data-visit='{visit}']").click()
    await expect(page.locator("#visit-form")).to_be_visible()


async def choose(page: Page, **answers: object) -> None:
    for field, answer in answers.items():
        code = str(answer).lower() if isinstance(answer, bool) else answer
        await page.locator(f"[data-field={field}] [data-code='{code}']").click()


async def six_hours(page: Page, text: str = "steady") -> None:
    """The check at 6 h, filled."""
    await opened(page, "p1/h6")
    await page.locator("[data-field=visit_time] [data-now]").click()
    await choose(page, condition="good", reintubated=False)
    await page.locator("[data-field=remarks] textarea").fill(text)


def acts(made: Hospital, case: str, template: str) -> list[tuple[str, str]]:
    """(who, what) of the documents of a template, in the trail."""
    found = []
    own = {
        e.body.document for e in made.trail.entries(case) if isinstance(e.body, Started) and e.body.template == template
    }
    for entry in made.trail.entries(case):
        body = entry.body
        if isinstance(body, Started | Signed) and body.document in own:
            found.append((entry.actor, body.kind))
        if isinstance(body, Set) and body.document in own:
            found.append((entry.actor, body.item))
    return found


H6 = ["started", "field:visit_time", "field:condition", "field:reintubated", "field:remarks"]


async def test_two_visits_without_network_arrive_once_though_the_answers_are_lost() -> None:
    made = hospital()
    async with chromium() as browser, ward(made) as net:
        page = await signed_in(await phone(browser), net.url, "anaesthetist")
        await take_along(page, 4)  # and the check of p1 at 24 h, which is later
        await net.down()
        await page.reload()
        await unlock(page)
        await expect(page.locator("#visit-offline")).to_be_visible()
        await six_hours(page)
        await page.locator("#visit-sign").dblclick()
        await expect(page.locator("[data-visit='p1/h6'] [data-mark=kept]")).to_be_visible()
        await opened(page, "p2/h72")
        await page.locator("[data-field=visit_time] [data-now]").click()
        await choose(page, condition="fair", hoarseness_72="no", nerve_72="yes", satisfaction=9)
        await choose(page, nerve_kind="numbness")
        await page.locator("#visit-save").click()
        await expect(page.locator("[data-visit='p2/h72'] [data-mark=kept]")).to_be_visible()
        await picture(page, "visits-offline", whole=True)
        await page.reload()
        await unlock(page)
        await expect(page.locator("#visit-waiting")).to_contain_text("2 visits")
        assert made.desk.case("p1").documents.keys() == {"p1-record"}
        net.lose = 3
        await net.up()
        for _ in range(8):
            await page.wait_for_timeout(100)
            if await page.locator("#visit-send").is_visible():
                await page.locator("#visit-send").click(force=True)
        await expect(page.locator("#visit-waiting")).to_be_hidden(timeout=30_000)
        assert net.lose == 0
        assert net.sent > 3
        assert acts(made, "p1", "visit_6h") == [("anaesthetist", what) for what in [*H6, "signed"]]
        late = acts(made, "p2", "visit_72h")
        assert sorted(what for _, what in late) == sorted([
            "started", "field:visit_time", "field:condition", "field:hoarseness_72", "field:nerve_72",
            "field:satisfaction", "field:nerve_kind",
        ])  # fmt: skip
        (document,) = [d for d in made.desk.case("p2").documents.values() if d.template == "visit_72h"]
        assert not document.locked
        said = {i.content.field: i.content.value for i in document.items.values() if isinstance(i.content, Answer)}
        assert {key: said[key] for key in said if key != "visit_time"} == {
            "condition": "fair", "hoarseness_72": "no", "nerve_72": "yes", "satisfaction": 9, "nerve_kind": ("numbness",),
        }  # fmt: skip
        assert "written" in json.loads(await page.evaluate(DUMP))
        assert json.loads(await page.evaluate(DUMP))["written"] == []


async def test_what_a_phone_keeps_can_be_read_by_nobody_else_and_goes_with_its_person() -> None:
    made = hospital()
    async with chromium() as browser, ward(made) as net:
        context = await phone(browser)
        page = await signed_in(context, net.url, "anaesthetist")
        await take_along(page, 4)
        await net.down()
        await six_hours(page, "secret remark")
        await page.locator("#visit-save").click()
        await expect(page.locator("[data-mark=kept]")).to_be_visible()
        told = await page.evaluate(DUMP)
        assert len(json.loads(told)["kept"]) == 5
        for secret in ("张伟", "20260001", "secret remark", PASSWORD):
            assert secret not in told
        await page.reload()
        await page.locator("#who [name=password]").fill("another password")
        await page.locator("#who button.main").click()
        await expect(page.locator("#who .problem")).not_to_be_empty()
        await expect(page.locator(".visit-list")).to_be_hidden()
        await net.up()
        await _another_person(made, context, page, net.url)
        await signed_in(context, net.url, "anaesthetist", page)
        await page.locator("#visit-locked button").click()
        await unlock(page)
        await expect(page.locator("#visit-locked")).to_be_hidden()
        await expect(page.locator("#visit-waiting")).to_be_hidden()
        assert acts(made, "p1", "visit_6h") == [("anaesthetist", what) for what in H6]
        await signed_out(page)
        left = json.loads(await page.evaluate(DUMP))
        assert left == {"kept": [], "people": [], "written": [], "pages": []}


async def _another_person(made: Hospital, context: BrowserContext, page: Page, url: str) -> None:
    """Signs in on the same phone: what waits there stays its author's, and is not sent."""
    await page.reload()
    await signed_out(page)
    await signed_in(context, url, "anaesthetist2", page)
    await expect(page.locator("[data-other=anaesthetist]")).to_contain_text("王医生")
    left = json.loads(await page.evaluate(DUMP))
    assert left["kept"] == []
    assert len(left["written"]) == 1
    await page.wait_for_timeout(300)
    assert acts(made, "p1", "visit_6h") == []
    assert not any(isinstance(e.body, Denied) for e in made.trail.entries("p1"))
    await signed_out(page)
