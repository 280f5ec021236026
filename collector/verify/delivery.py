"""Brings what a journal has left into the scratch database."""

import asyncio
from typing import Protocol

from collector.journal import Journal
from collector.timescale import Timescale
from collector.verify.setting import PATIENCE_S


class _Sink(Protocol):
    async def drain(self) -> None: ...


async def drain(sink: _Sink) -> None:
    """Wait until the store has everything. Raises TimeoutError where it does not get it."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await sink.drain()
    except TimeoutError:
        raise TimeoutError("what was left was not delivered") from None


async def deliver(dsn: str, journal: Journal) -> None:
    """Bring everything that the journal has to the store. Raises TimeoutError where that does not succeed."""
    sink = Timescale(dsn, journal)
    try:
        await drain(sink)
    finally:
        await sink.close()
