"""Whoever follows the audit trail is told of each entry, whatever becomes of the first attempt."""

import asyncio
from collections.abc import Sequence

from charting.outbox.following import Follower, MemoryCursors
from charting.store.database import StoreError
from charting.trail.entries import Closed, Entry
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.mqtt.broker import until


async def test_neither_a_database_that_is_away_nor_an_error_that_nobody_foresaw_ends_it(clock: Clock) -> None:
    trail, cursors, stop = MemoryTrail(clock.now_us), MemoryCursors(), asyncio.Event()
    errors, told = [StoreError("away"), KeyError("王芳")], list[int]()

    def act(entries: Sequence[Entry]) -> None:
        if errors:
            raise errors.pop()
        told.extend(each.seq for each in entries)

    trail.append("ann", "case-1", [Closed(at_us=clock.at_us)] * 2)
    follower = Follower("his", trail, cursors, ["closed"], act, every_s=0.01)
    task = asyncio.create_task(follower.run(stop))
    await until(lambda: told or task.done(), "told")
    stop.set()
    await task
    assert (told, cursors.seq("his")) == ([1, 2], 2)
