"""A real Chromium: one for all tests of a process, each of which opens contexts of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_shared: list[Browser] = []


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The shared one where there is one, else one of its own."""
    if _shared:
        yield _shared[0]
        return
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS), timeout=100_000)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def sharing() -> AsyncIterator[Browser]:
    """Until this ends, whoever asks for a browser in this event loop gets the same one."""
    async with chromium() as browser:
        _shared.append(browser)
        try:
            yield browser
        finally:
            _shared.clear()
