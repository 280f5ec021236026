"""A phone on a ward: Chromium at 360×740, a server that can be stopped, and a network that can lose answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from playwright.async_api import Browser, BrowserContext, Page

from charting.page.server import serve
from tests.browser.department import WAIT_MS
from tests.charting.web.hospital import PASSWORD, Hospital
from tests.ports import kept_port

PHONE = {"width": 360, "height": 740}


class Ward:
    """Between the phone and the service.

    `lose`: so many answers to visits that are sent will be lost on their way back; `lost` has one for each that was.
    """

    def __init__(self, hospital: Hospital) -> None:
        self._hospital = hospital
        self._port, self._server_port = kept_port(), kept_port()
        self._stop = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._proxy: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.lose = 0
        self.lost: asyncio.Queue[None] = asyncio.Queue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def up(self) -> None:
        self._stop = asyncio.Event()
        self._serving = asyncio.create_task(serve(self._hospital.app, "127.0.0.1", self._server_port, self._stop))
        self._proxy = await asyncio.start_server(self._pass_on, "127.0.0.1", self._port)

    async def down(self) -> None:
        """The service ends, and nothing listens any more."""
        if self._proxy is not None:
            self._proxy.close()
        for writer in set(self._open):
            writer.close()
        self._stop.set()
        if self._serving is not None:
            await self._serving

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, on which a browser sends one request after the other."""
        self._open.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            to_server, from_client = await self._connected()
            try:
                await self._carry(reader, writer, to_server, from_client)
            finally:
                from_client.close()
        self._open.discard(writer)
        writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(200):
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self._server_port)
            await asyncio.sleep(0.01)
        raise OSError

    async def _carry(
        self, client: asyncio.StreamReader, back: asyncio.StreamWriter, server: asyncio.StreamReader,
        on: asyncio.StreamWriter,
    ) -> None:  # fmt: skip
        losing = False

        async def requests() -> None:
            nonlocal losing
            while data := await client.read(65536):
                if data.startswith(b"PUT /api/visits/"):
                    losing |= self.lose > 0
                    self.lose = max(0, self.lose - 1)
                on.write(data)
                await on.drain()

        async def answers() -> None:
            while data := await server.read(65536):
                if losing:  # the service has done it, and nobody hears of that
                    self.lost.put_nowait(None)
                    return
                back.write(data)
                await back.drain()

        both = [asyncio.create_task(requests()), asyncio.create_task(answers())]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)


@asynccontextmanager
async def ward(hospital: Hospital) -> AsyncIterator[Ward]:
    made = Ward(hospital)
    await made.up()
    try:
        yield made
    finally:
        hospital.stop.set()
        await made.down()


async def phone(browser: Browser, lang: str = "en") -> BrowserContext:
    made = await browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]},
        locale="zh-CN" if lang == "zh" else "en-GB",
        has_touch=True,
        is_mobile=True,
        timezone_id="America/New_York",
    )
    made.set_default_timeout(WAIT_MS)
    return made


async def signed_in(
    context: BrowserContext, url: str, account: str, page: Page | None = None, password: str = PASSWORD
) -> Page:
    """On the list of visits, as somebody."""
    page = page or await context.new_page()
    await page.goto(f"{url}/visits")
    await page.locator("[name=account]").fill(account)
    await page.locator("#sign-in [name=password]").fill(password)
    await page.locator("#sign-in button").click()
    await page.locator(".visit-list").wait_for()
    return page
