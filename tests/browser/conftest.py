"""All tests of a process share an event loop and a browser in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.chromium import sharing


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def browser() -> AsyncIterator[Browser]:
    async with sharing() as shared:
        yield shared


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def alone(browser: Browser) -> AsyncIterator[None]:
    """No test sees a page of another."""
    yield
    for context in browser.contexts:
        await context.close()
