"""Visits on a phone, with and without network: what was written arrives once, as its author's, and nothing is lost."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from charting.trail.contents import Answer
from charting.trail.entries import Denied, Set, Signed, Started
from tests.browser.department import picture
from tests.browser.phone import phone, signed_in, ward
from tests.browser.test_charting import CHECKS
from tests.browser.test_page import chromium
from tests.charting.visits.patients import operated
from tests.charting.web.hospital import PASSWORD, Hospital, passwords

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


ONLINE = "window.dispatchEvent(new Event('online'))"
"""What a browser tells its pages when the network is back."""


JUMP = """() => {
  const text = document.querySelector("[data-field=remarks] textarea");
  text.value = "steadier";
  text.dispatchEvent(new Event("input", { bubbles: true }));
  history.pushState(null, "", "/visits/p2/h72");
  dispatchEvent(new PopStateEvent("popstate"));
}"""
"""Type, and be at another visit before a moment has passed."""


ANOTHER = "battery-staple-horse"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome() -> AsyncIterator[Browser]:
    async with chromium() as shared:
        yield shared


@pytest_asyncio.fixture(loop_scope="module")
async def browser(chrome: Browser) -> AsyncIterator[Browser]:
    """With no phone of another test on it."""
    yield chrome
    for context in chrome.contexts:
        await context.close()


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
    await expect(page.locator("#visit-taken")).to_contain_text(str(forms))


async def unlock(page: Page, password: str = PASSWORD) -> None:
    await page.locator("#who [name=password]").fill(password)
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
    found: list[tuple[str, str]] = []
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


async def test_two_visits_without_network_arrive_once_though_the_answers_are_lost(browser: Browser) -> None:
    made = hospital()
    async with ward(made) as net:
        page = await signed_in(await phone(browser), net.url, "anaesthetist")
        await take_along(page, 4)  # and the check of p1 at 24 h, which is later
        assert await page.evaluate(CHECKS) == []
        await net.down()
        await page.reload()
        await unlock(page)
        await expect(page.locator("#visit-offline")).to_be_visible()
        await six_hours(page)
        await page.evaluate(JUMP)
        await expect(page.locator("[data-field=nerve_72]")).to_be_visible()
        await page.go_back()
        await expect(page.locator("[data-field=remarks] textarea")).to_have_value("steadier")
        assert await page.evaluate(CHECKS) == []
        await page.locator("#visit-sign").dblclick()
        await expect(page.locator("[data-visit='p1/h6'] [data-mark=kept]")).to_be_visible()
        await opened(page, "p2/h72")
        await page.locator("[data-field=visit_time] [data-now]").click()
        await choose(page, condition="fair", hoarseness_72="no", nerve_72="yes", satisfaction=9)
        await choose(page, nerve_kind="numbness")
        await page.locator("#visit-save").click()
        await expect(page.locator("[data-visit='p2/h72'] [data-mark=kept]")).to_be_visible()
        await page.reload()
        await unlock(page)
        await expect(page.locator("#visit-waiting")).to_contain_text("2 visits")
        assert made.desk.case("p1").documents.keys() == {"p1-record"}
        net.lose = 3
        await net.up()
        await page.evaluate(ONLINE)
        for _ in range(3):
            await page.evaluate(ONLINE)
            await asyncio.wait_for(net.lost.get(), 20)
        await page.evaluate(ONLINE)
        await expect(page.locator("#visit-waiting")).to_be_hidden()
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
            "condition": "fair", "hoarseness_72": "no", "nerve_72": "yes", "satisfaction": 9,
            "nerve_kind": ("numbness",),
        }  # fmt: skip
        assert json.loads(await page.evaluate(DUMP))["written"] == []


async def test_what_a_phone_keeps_can_be_read_by_nobody_else_and_goes_with_its_person(browser: Browser) -> None:
    made = hospital()
    async with ward(made) as net:
        context = await phone(browser, "zh")
        page = await signed_in(context, net.url, "anaesthetist")
        await take_along(page, 4)
        assert await page.evaluate(CHECKS) == []
        await picture(page, "visits-zh-list", whole=True)
        await net.down()
        await six_hours(page, "secret remark")
        assert await page.evaluate(CHECKS) == []
        await picture(page, "visits-zh-form", whole=True)
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
        made.people.set_password("anaesthetist", passwords()[0].hashed(ANOTHER))
        await signed_in(context, net.url, "anaesthetist", page, ANOTHER)
        await page.locator("#visit-locked button").click()
        await unlock(page, ANOTHER)
        old = page.locator("#visit-locked form")  # what was kept opens with the password from then
        await old.locator("input").fill(PASSWORD)
        await old.locator("button").click()
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
    async with page.expect_response("**/api/session"):
        await page.evaluate(ONLINE)
    assert acts(made, "p1", "visit_6h") == []
    assert not any(isinstance(e.body, Denied) for e in made.trail.entries("p1"))
    await signed_out(page)


async def test_two_people_who_saw_the_same_patient_both_keep_what_they_wrote(browser: Browser) -> None:
    made = hospital()
    async with ward(made) as net:
        first, second = await phone(browser), await phone(browser)
        mine, theirs = (
            await signed_in(first, net.url, "anaesthetist"),
            await signed_in(second, net.url, "anaesthetist2"),
        )
        await take_along(mine, 4)
        await first.set_offline(offline=True)
        await six_hours(mine, "all is well")
        await mine.locator("#visit-sign").click()
        await expect(mine.locator("[data-mark=kept]")).to_be_visible()
        await opened(mine, "p2/h72")
        await choose(mine, condition="fair")
        await mine.locator("#visit-save").click()
        await expect(mine.locator("[data-visit='p2/h72'] [data-mark=kept]")).to_be_visible()
        await theirs.locator("[data-code=all]").click()
        await six_hours(theirs, "hoarse")
        await theirs.locator("#visit-sign").click()
        await expect(theirs.locator(".visit-list")).to_be_visible()
        made.desk.start(made.actor("anaesthetist2"), "p2", template="visit_72h", document="theirs")
        await first.set_offline(offline=False)
        await expect(mine.locator("[data-visit='p1/h6'] [data-mark=conflict]")).to_be_visible()
        assert [who for who, _ in acts(made, "p1", "visit_6h")] == ["anaesthetist2"] * 6
        await mine.locator("[data-visit='p1/h6'] [data-mark=conflict]").click()
        await expect(mine.locator("#visit-conflict")).to_contain_text("hoarse")
        await expect(mine.locator("#visit-conflict .mine")).to_contain_text("all is well")
        await picture(mine, "visits-conflict", whole=True)
        await mine.locator("#visit-back").click()
        await opened(mine, "p2/h72")
        await choose(mine, condition="good")  # he writes on, and then gives it up: it is gone
        mine.on("dialog", lambda dialog: dialog.accept())
        await mine.locator("#visit-conflict button.danger").click()
        await expect(mine.locator(".visit-list")).to_be_visible()
        await expect(mine.locator("#visit-own [data-visit='p2/h72']")).to_have_count(0)
        await mine.locator("[data-visit='p1/h6']").click()
        await mine.locator("#write-too").click()
        await expect(mine.locator(".visit-list")).to_be_visible()
        told = acts(made, "p1", "visit_6h")
        assert told[6:] == [("anaesthetist", what) for what in [*H6, "signed"]]
        assert [d.author for d in made.desk.case("p1").documents.values() if d.template == "visit_6h"] == [
            "anaesthetist2", "anaesthetist",
        ]  # fmt: skip


async def test_the_same_answer_from_desk_and_phone_and_a_session_that_has_ended(browser: Browser) -> None:
    made = hospital()
    who = made.actor("anaesthetist")
    made.desk.start(who, "p1", template="postop_visit", document="v1")
    pain = Answer(field="vas_rest", value=3)
    made.desk.set(who, "p1", document="v1", item="field:vas_rest", after=0, content=pain)
    async with ward(made) as net:
        context = await phone(browser)
        page = await signed_in(context, net.url, "anaesthetist")
        await take_along(page, 4)
        await context.set_offline(offline=True)
        await opened(page, "p1/first")
        await choose(page, vas_rest=5)
        await page.locator("#visit-save").click()  # what had arrived is changed for a reason
        await page.locator("#visit-reason [data-code=judgement]").click()
        await page.locator("#visit-save").click()
        await expect(page.locator("[data-mark=kept]")).to_be_visible()
        worse = Answer(field="vas_rest", value=7)
        made.desk.set(who, "p1", document="v1", item="field:vas_rest", after=1, content=worse, reason="judgement")
        made.clock.go(13 * 3600)
        await context.set_offline(offline=False)
        await expect(page.locator("#visit-waiting")).to_contain_text("sign in")
        await page.locator("#visit-send").click()
        await unlock(page)
        await expect(page.locator("[data-mark=attention]")).to_be_visible()
        await page.locator("[data-mark=attention]").click()
        differs = page.locator("[data-differs=vas_rest]")
        await expect(differs).to_contain_text("7")
        await differs.locator("button").nth(1).click()
        await page.locator("#visit-attention button.main").click()
        await expect(page.locator(".visit-list")).to_be_visible()
        versions = made.desk.case("p1").documents["v1"].items["field:vas_rest"].versions
        said = [v.content.value for v in versions if isinstance(v.content, Answer)]
        assert said == [3, 7, 5]
        assert {v.author for v in versions} == {"anaesthetist"}
