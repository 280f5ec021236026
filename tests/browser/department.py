"""A department in a real browser: served on loopback, opened by a person at a desktop or at a tablet."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from charting.page.server import serve
from tests.browser.chromium import chromium
from tests.charting.clock import Clock
from tests.charting.web.hospital import PASSWORD, Hospital
from tests.ports import kept_port

SIZES = {"desktop": (1440, 900), "tablet": (1024, 768)}
WAIT_MS = 40_000

expect.set_options(timeout=WAIT_MS)


@asynccontextmanager
async def served(hospital: Hospital) -> AsyncIterator[str]:
    port = kept_port()
    task = asyncio.create_task(serve(hospital.app, "127.0.0.1", port, hospital.stop))
    ticking = asyncio.create_task(_tick(hospital.clock))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        hospital.stop.set()
        ticking.cancel()
        await task


async def _tick(clock: Clock) -> None:
    """Let it run: a page's own clock does not stand either."""
    loop = asyncio.get_running_loop()
    last = loop.time()
    while True:
        await asyncio.sleep(0.02)
        now = loop.time()
        clock.go(now - last)
        last = now


@asynccontextmanager
async def visited(
    url: str,
    account: str,
    *,
    size: str = "desktop",
    lang: str = "en",
    expected: tuple[str, ...] = (),
    browser: Browser | None = None,
) -> AsyncIterator[Page]:
    """Signed in by the page itself. At the end it must have said nothing on the console and asked nobody else.

    `expected`: parts of console messages that may come: what the browser says of an answer that is no success.
    `browser`: of several tests; without it one of its own.
    """
    width, height = SIZES[size]
    said: list[str] = []
    asked: list[str] = []
    async with AsyncExitStack() as ending:
        shown = browser if browser is not None else await ending.enter_async_context(chromium())
        context = await shown.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN" if lang == "zh" else "en-GB",
            has_touch=size == "tablet",
            timezone_id="America/New_York",
        )
        ending.push_async_callback(context.close)
        page = await context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(url + "/")
        await expect(page.locator("[name=account]")).to_be_focused()
        await page.locator("[name=account]").fill(account)
        await page.locator("[name=password]").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#sign-out")).to_be_visible()
        await page.wait_for_load_state()
        yield page
        unexpected = [s for s in said if not any(part in s for part in expected)]
        assert not unexpected, unexpected
        elsewhere = [u for u in asked if not u.startswith((url, "blob:", "data:"))]
        assert not elsewhere, elsewhere


async def picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep how it looks, where a folder for that is named."""
    folder = Path(os.environ.get("VITALSD_PICTURES", Path(__file__).parents[2] / ".artefacts" / "charting"))
    folder.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=folder / f"{name}.png", full_page=whole)
