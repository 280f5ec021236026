"""Wakes those who wait for news, without telling them what it is: they read it from the journal."""

import asyncio


class Bell:
    """A counter that can be waited on. `ring` may be called from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self.rung = 0

    def ring(self) -> None:
        self._loop.call_soon_threadsafe(self._ring)

    async def wait(self, heard: int) -> int:
        """Return the number of rings as soon as it differs from `heard`."""
        while self.rung == heard:
            await self._event.wait()
        return self.rung

    def _ring(self) -> None:
        self.rung += 1
        self._event.set()
        self._event = asyncio.Event()
