"""The fleet's page in a real browser, and pages that a newer service finds open."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
import structlog
from playwright.async_api import Browser, Page, expect

from charting.fleet.clients import Clients
from charting.page.server import serve
from charting.web import news
from charting.web.app import app
from charting.web.department import Department
from collector.status import LinkFault
from tests.browser.department import picture, served, visited
from tests.browser.test_charting import CHECKS
from tests.charting.fleet.gateways import BEDS, VERSION, Gateway, dozen, heard_again
from tests.charting.web.hospital import PASSWORD, Hospital
from tests.ports import kept_port

OLD, NEW = f"{VERSION}+00000001", f"{VERSION}+00000002"
REFUSED = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
LOCKED = "423 (Locked)"
"""A page that has lost its service asks it whether it is locked."""


@pytest.mark.parametrize(("lang", "size"), [("zh", "tablet"), ("en", "desktop")])
async def test_the_fleet_is_readable_and_follows_by_itself(lang: str, size: str, browser: Browser) -> None:
    hospital = Hospital(beds=BEDS, version=OLD, idle_s=43_200)
    dozen(hospital.store, hospital.clock.at_us)
    for n, bed in enumerate(("OR-02", "OR-03", "OR-04", "ICU-01")):
        hospital.opened(f"case-{n}", bed=bed)
    hospital.watch.look()
    hospital.fleet.look()
    async with served(hospital) as url, visited(url, "engineer", size=size, lang=lang, browser=browser) as page:
        await expect(page).to_have_url(f"{url}/fleet")
        await expect(page.locator("#fleet-beds tbody tr")).to_have_count(len(BEDS))
        assert await page.evaluate(CHECKS) == []
        await picture(page, f"fleet-{size}-{lang}", whole=True)
        await page.locator("[name=text]").fill("ICU")
        await page.evaluate("window.untouched = true")
        row = page.locator("#fleet-ICU-02")
        await expect(row).to_have_class("l-good")
        hospital.opened("case-9", bed="ICU-02")
        heard_again(hospital.store, hospital.clock.at_us)  # whoever is silent for 30 s is in a trouble too
        Gateway(hospital.store, "ICU-02", hospital.clock.at_us).lost("ventilator", LinkFault.PORT_GONE, 12)
        hospital.watch.look()
        hospital.fleet.look()
        await expect(row).to_have_class("l-bad")
        await expect(page.locator("#fleet-now .total.bad b")).to_have_text("4")
        assert await page.locator("[name=text]").input_value() == "ICU"
        assert await page.evaluate("window.untouched")


class Told(Clients):
    """Counts what pages tell: a page hears how the service stands once for each."""

    def __init__(self, hospital: Hospital) -> None:
        super().__init__(hospital.operations, NEW, hospital.clock.now_us, structlog.get_logger())
        self.times = 0

    def tell(self, **told: str) -> None:
        super().tell(**told)
        self.times += 1

    async def heard(self, times: int) -> None:
        """Return when pages have heard it so often from now on."""
        wanted = self.times + times
        async with asyncio.timeout(60):
            while self.times < wanted:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(department: Department, port: int) -> AsyncIterator[None]:
    """Until its own end."""
    task = asyncio.create_task(serve(app(department), "127.0.0.1", port, department.stop))
    try:
        yield
    finally:
        department.stop.set()
        await task


@asynccontextmanager
async def updated(
    hospital: Hospital, browser: Browser, path: str, before: Callable[[Page], Awaitable[None]]
) -> AsyncIterator[tuple[Page, Told]]:
    """A page that was opened, and worked on, before the service became another version."""
    told = Told(hospital)
    old, new = hospital.department, replace(hospital.department, version=NEW, stop=asyncio.Event(), clients=told)
    port = kept_port()
    url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as first, AsyncExitStack() as then:
        await first.enter_async_context(running(old, port))
        page = await then.enter_async_context(
            visited(url, "anaesthetist", expected=(*REFUSED, LOCKED), browser=browser)
        )
        await page.goto(f"{url}{path}")
        await before(page)
        await page.evaluate("window.untouched = true")
        await first.aclose()
        await then.enter_async_context(running(new, port))
        yield page, told


async def loaded_anew(page: Page) -> None:
    await expect(page.locator(f"body[data-version='{NEW}']")).to_be_attached()
    await expect(page.locator("#newer")).to_be_hidden()


@pytest.fixture
def hospital(monkeypatch: pytest.MonkeyPatch) -> Hospital:
    """With a case, and a service that speaks quickly."""
    monkeypatch.setattr(news, "ALIVE_S", 0.2)
    monkeypatch.setattr(news, "PACE_S", 0.1)
    made = Hospital(version=OLD, idle_s=43_200)
    made.recorded()
    return made


async def test_an_old_page_loads_itself_when_its_case_is_closed_and_nothing_is_left_unsaved(
    hospital: Hospital, browser: Browser
) -> None:
    async def nothing(_: Page) -> None: ...

    name = "#loaded [name='content.name']"
    async with updated(hospital, browser, "/cases/c1", nothing) as (page, told):
        await expect(page.locator("#newer")).to_be_visible()
        await picture(page, "newer")
        await told.heard(5)
        await page.locator("[data-key=s]").click()
        await page.locator(name).fill("赵")
        hospital.desk.close(hospital.actor("head"), "c1", at_us=hospital.clock.at_us)
        await expect(page.locator("#banner .tag.dark")).to_be_visible()
        await told.heard(5)
        assert await page.locator(name).input_value() == "赵"
        assert await page.evaluate("window.untouched")
        await page.locator("#loaded [data-close]").first.click()
        await loaded_anew(page)


async def test_a_page_that_stays_old_is_loaded_once_and_not_for_ever(hospital: Hospital, browser: Browser) -> None:
    """Two servers of two versions behind one name."""

    async def made_old(page: Page) -> None:
        stale = f"document.body.dataset.version = {OLD!r}; document.body.dataset.anew = 'yes';"
        await page.add_init_script(f"document.addEventListener('DOMContentLoaded', () => {{ {stale} }})")

    async with updated(hospital, browser, "/", made_old) as (page, told):
        await expect(page.locator("body[data-anew]")).to_be_attached()
        await page.evaluate("window.untouched = true")
        await told.heard(10)
        assert await page.evaluate("window.untouched")
        await expect(page.locator("#newer")).to_be_visible()


async def test_a_locked_page_loads_itself_where_nothing_was_typed(hospital: Hospital, browser: Browser) -> None:
    async def lock(page: Page) -> None:
        await page.locator("#lock").click()
        await expect(page.locator("#who")).to_be_visible()

    async with updated(hospital, browser, "/cases/c1", lock) as (page, _):
        await page.locator("#who [name=password]").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await loaded_anew(page)
        await expect(page.locator("#banner")).to_be_visible()
