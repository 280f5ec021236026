"""How long something takes for a process that the machine may keep waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

TICK_S = 0.02


@asynccontextmanager
async def passing() -> AsyncIterator[Callable[[], float]]:
    """Asks how many seconds have gone by, counted in ticks of the loop: one during which all stands still is a tick."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(TICK_S)
            ticks += 1

    ticking = asyncio.create_task(tick())
    try:
        yield lambda: ticks * TICK_S
    finally:
        ticking.cancel()
