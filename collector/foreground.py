"""A program in the foreground: logs, and the signals that end it."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from collector.errors import VitalsdError
from collector.logs import logger, setup


def run(life: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine that gets an event, set by Ctrl-C or SIGTERM, to end on.

    An error that nobody expected is logged as logs do, and the exit status is 1.
    """

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await life(stop)

    setup()
    try:
        asyncio.run(main())
    except (VitalsdError, BrokenPipeError):
        raise
    except Exception:  # noqa: BLE001  the interpreter would print what it says
        logger().critical("ended by an error", exc_info=True)
        sys.exit(1)
    finally:
        gc.freeze()  # at its end the interpreter would look once more through all that is there: a second of a demo's
