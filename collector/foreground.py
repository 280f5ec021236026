"""A program in the foreground: logs, and the signals that end it."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from collector.logs import setup


def run(life: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine that gets an event, set by Ctrl-C or SIGTERM, to end on."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await life(stop)

    setup()
    asyncio.run(main())
