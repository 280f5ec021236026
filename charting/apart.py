"""Keeps cases and lives apart: what nobody foresaw in one must not stop what is done for all others."""

import asyncio
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import structlog

from collector.errors import VitalsdError
from collector.logs import Link

Found = TypeVar("Found")


class Apart:
    """Any thread may call."""

    def __init__(self, log: structlog.typing.FilteringBoundLogger, event: str, *passed: type[Exception]) -> None:
        """`event`: what is logged of a case that fails; `passed`: what is raised on, beside VitalsdError."""
        self._log = log
        self._event = event
        self._passed: tuple[type[Exception], ...] = (VitalsdError, *passed)
        self._told: set[str] = set()
        self._failed: set[str] = set()

    def trying(self, id_: str, do: Callable[[], Found]) -> Found | None:
        """What is done with a case. None: it failed, which is logged once, until a whole look finds it well.

        Raises VitalsdError: the charting database, or what a bed's readings come from.
        """
        try:
            return do()
        except self._passed:
            raise
        except Exception as error:  # noqa: BLE001  see above
            self._failed.add(id_)
            if id_ not in self._told:
                self._told.add(id_)
                where = "".join(traceback.format_tb(error.__traceback__))
                self._log.error(self._event, case=id_, error=type(error).__name__, exception=where)
            return None

    def looked(self) -> None:
        """All cases have been looked at: those that have not failed since the last time are well."""
        self._told, self._failed = self._failed, set()


def unforeseen(error: Exception) -> str:
    """Which error, and where, for a log: its text may hold patient data."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{at}"


async def repeat(step: Callable[[], object], every_s: float, stop: asyncio.Event, link: Link) -> None:
    """Do a step, in a thread, again and again until `stop`; at once where it returns that there is more to do.

    What fails is told to `link`, and tried again.
    """
    while not stop.is_set():
        more: object = False
        try:
            more = await asyncio.to_thread(step)
        except VitalsdError as error:
            link.lost(str(error))
        except Exception as error:  # noqa: BLE001  see above
            link.lost(unforeseen(error))
        else:
            link.good()
        if not more:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every_s)
