"""Visits on a phone, with and without network: what was written arrives once, as its author's, and nothing is lost."""

import asyncio
import json

from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from charting.trail.contents import Answer
from charting.trail.entries import Denied, Set, Signed, Started
from tests.browser.department import picture
from tests.browser.phone import phone, signed_in, ward
from tests.browser.test_charting import CHECKS
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


SETTLED = """async () => {
  window.dispatchEvent(new Event("online"));
  await navigator.locks.request("vitalsd-visits-sync", () => {});
  await new Promise(requestIdleCallback);
}"""
"""The network seems to be back, and the page has tried to send what waits."""


async def test_what_waits_does_not_touch_the_form_that_is_open_nor_a_slow_answer_another_patient(
    browser: Browser,
) -> None:
    made = hospital()
    async with ward(made) as net:
        context = await phone(browser)
        page = await signed_in(context, net.url, "anaesthetist")
        await take_along(page, 4)
        slow = asyncio.Event()

        async def late(route: Route) -> None:
            await slow.wait()
            await route.continue_()

        await page.route("**/api/visits/p1/first", late)
        await page.locator("[data-visit='p1/first']").click()
        await opened(page, "p2/h72")
        async with page.expect_response("**/api/visits/p1/first"):
            slow.set()
        await page.evaluate(SETTLED)
        await expect(page.locator("[data-field=nerve_72]")).to_be_visible()
        await page.locator("#visit-back").click()
        await context.set_offline(offline=True)
        await six_hours(page)
        await page.locator("#visit-save").click()
        await expect(page.locator("[data-visit='p1/h6'] [data-mark=kept]")).to_be_visible()
        await opened(page, "p2/h72")
        await page.evaluate("document.getElementById('visit-form').dataset.same = 'yes'")
        await page.evaluate(SETTLED)
        await page.locator("[data-field=remarks] textarea").press_sequentially("voice")
        await page.evaluate(SETTLED)
        await expect(page.locator("#visit-form[data-same]")).to_be_visible()
        await expect(page.locator("[data-field=remarks] textarea")).to_be_focused()


async def test_two_pages_of_one_phone_write_one_visit_and_share_one_key(browser: Browser) -> None:
    made = hospital()
    async with ward(made) as net:
        context = await phone(browser)
        page = await signed_in(context, net.url, "anaesthetist")
        await take_along(page, 4)
        second = await context.new_page()
        await second.goto(f"{net.url}/visits")
        await second.locator("#take").click()
        await unlock(second)
        await expect(second.locator("#visit-taken")).to_contain_text("4")
        await opened(page, "p1/h6")
        await opened(second, "p1/h6")
        await context.set_offline(offline=True)
        await choose(page, condition="good")
        await page.locator("#visit-save").click()
        await expect(page.locator("[data-mark=kept]")).to_be_visible()
        await choose(second, reintubated=False)
        await second.locator("#visit-save").click()
        await expect(second.locator("[data-mark=kept]")).to_be_visible()
        await context.set_offline(offline=False)
        await expect(second.locator("#visit-waiting")).to_be_hidden()
        assert sorted(what for _, what in acts(made, "p1", "visit_6h")) == [
            "field:condition", "field:reintubated", "started",
        ]  # fmt: skip
        await opened(page, "p2/h72")
        await signed_out(second)  # with nothing of his written here the key goes
        await choose(page, condition="fair")
        await page.locator("#visit-back").click()
        await expect(page.locator("#who")).to_be_visible()  # his session is over
        await expect(page.locator("[data-visit='p2/h72'] [data-mark=page_only]")).to_be_attached()
        assert json.loads(await page.evaluate(DUMP))["written"] == []


async def test_what_a_page_alone_held_is_laid_onto_what_another_has_kept(browser: Browser) -> None:
    made = hospital()
    async with ward(made) as net:
        context = await phone(browser)
        page = await signed_in(context, net.url, "anaesthetist")
        await take_along(page, 4)
        second = await context.new_page()
        await second.goto(f"{net.url}/visits")
        await opened(page, "p1/h6")
        await opened(second, "p1/h6")  # without a key
        await context.set_offline(offline=True)
        await choose(page, condition="good")
        await page.locator("#visit-save").click()
        await expect(page.locator("[data-mark=kept]")).to_be_visible()
        await choose(second, reintubated=False)
        await second.locator("#visit-back").click()
        await expect(second.locator("[data-visit='p1/h6'] [data-mark=page_only]")).to_be_attached()
        await unlock(second)
        await expect(second.locator("[data-visit='p1/h6'] [data-mark=kept]")).to_be_visible()
        await second.close()
        await context.set_offline(offline=False)
        await expect(page.locator("#visit-waiting")).to_be_hidden()
        assert sorted(what for _, what in acts(made, "p1", "visit_6h")) == [
            "field:condition", "field:reintubated", "started",
        ]  # fmt: skip


async def test_what_is_kept_opens_too_while_the_service_answers_that_it_cannot(browser: Browser) -> None:
    async with ward(hospital()) as net:
        page = await signed_in(await phone(browser), net.url, "anaesthetist")
        await take_along(page, 4)
        await page.route(
            "**/api/**", lambda route: route.fulfill(status=503, json={"key": "away", "text": "database away"})
        )
        await page.locator("#lock").click()
        await page.locator("#who [name=password]").fill(ANOTHER)
        await page.locator("#who button.main").click()
        await expect(page.locator("#who .problem")).to_have_text("database away")
        await unlock(page)
        await six_hours(page)
        await page.locator("#visit-save").click()
        await expect(page.locator("[data-visit='p1/h6'] [data-mark=kept]")).to_be_visible()


async def test_without_room_on_the_phone_the_page_says_that_it_alone_holds_a_visit(browser: Browser) -> None:
    made = hospital()
    async with ward(made) as net:
        page = await signed_in(await phone(browser), net.url, "anaesthetist")
        await take_along(page, 4)
        await page.evaluate("""() => {
          window.put = IDBObjectStore.prototype.put;
          IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
        }""")
        await opened(page, "p1/h6")
        await choose(page, condition="good")
        await page.locator("#visit-back").click()
        await expect(page.locator("[data-visit='p1/h6'] [data-mark=page_only]")).to_be_visible()
        await page.evaluate("() => { IDBObjectStore.prototype.put = window.put; }")
        await page.locator("#keep-here").click()
        await expect(page.locator("[data-visit='p1/h6'] [data-mark=open]")).to_be_visible()
        assert len(json.loads(await page.evaluate(DUMP))["written"]) == 1


async def test_hours_later_without_network_now_is_now_and_what_was_begun_can_be_read_for_days(
    browser: Browser,
) -> None:
    made = hospital()
    async with ward(made) as net:
        context = await phone(browser)
        page = await signed_in(context, net.url, "anaesthetist")
        await take_along(page, 4)
        await opened(page, "p1/h6")
        await choose(page, condition="good")
        await page.locator("#visit-back").click()
        await expect(page.locator("[data-visit='p1/h6'] [data-mark=open]")).to_be_visible()
        await opened(page, "p1/h6")
        await net.down()
        for hours, now in ((6, "2026-11-24T20:"), (24, "2026-11-25T20:")):  # 6 h, and 24 h more
            await page.add_init_script(f"{{ const was = Date.now; Date.now = () => was() + {hours} * 3600e3; }}")
            await page.reload()
            await unlock(page)
            await expect(page.locator("[data-field=condition] [data-code=good]")).to_have_attribute(
                "aria-pressed", "true"
            )
            await page.locator("[data-field=visit_time] [data-now]").click()
            told = await page.locator("[data-field=visit_time] input").input_value()
            assert told.startswith(now)
        await net.up()


async def test_a_visit_that_the_service_cannot_take_holds_up_no_other_and_can_be_given_up(browser: Browser) -> None:
    made = hospital()
    async with ward(made) as net:
        context = await phone(browser)
        page = await signed_in(context, net.url, "anaesthetist")
        await take_along(page, 4)
        await context.set_offline(offline=True)
        await six_hours(page)
        await page.locator("#visit-save").click()
        await opened(page, "p2/h72")
        await choose(page, condition="fair")
        await page.locator("#visit-save").click()
        await expect(page.locator("#visit-waiting")).to_contain_text("2 visits")
        answers = [500, 413]

        async def broken(route: Route) -> None:
            await route.fulfill(status=answers.pop(0), body="<html>", content_type="text/html")

        await page.route("**/api/visits/p1/h6/*", broken, times=2)
        await context.set_offline(offline=False)
        await expect(page.locator("[data-visit='p2/h72'] [data-mark]")).to_have_count(0)
        assert [what for _, what in acts(made, "p2", "visit_72h")] == ["started", "field:condition"]
        await page.evaluate(ONLINE)
        await page.locator("[data-visit='p1/h6'] [data-mark=refused]").click()
        again = page.locator("#visit-main .bad button").first
        await again.click()
        await expect(page.locator(".visit-list")).to_be_visible()
        assert [what for _, what in acts(made, "p1", "visit_6h")] == H6
        who = made.actor("anaesthetist")  # it is signed at the desk, while he writes on
        (document,) = [d.id for d in made.desk.case("p1").documents.values() if d.template == "visit_6h"]
        await opened(page, "p1/h6")
        await choose(page, condition="fair")
        made.desk.sign(who, "p1", document=document, slot="anaesthetist")
        await page.locator("#visit-reason [data-code=judgement]").click()
        await page.locator("#visit-save").click()
        page.on("dialog", lambda dialog: dialog.accept())
        await page.locator("#visit-attention button.danger").click()
        await expect(page.locator(".visit-list")).to_be_visible()
        assert json.loads(await page.evaluate(DUMP))["written"] == []
        assert [what for _, what in acts(made, "p1", "visit_6h")] == [*H6, "signed"]
