"""Whoever follows the audit trail is told of each entry from then on, whatever becomes of the first attempt."""

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

    follower = Follower("his", trail, cursors, ["closed"], act, every_s=0.01)
    assert not follower.look()
    trail.append("ann", "case-1", [Closed(at_us=clock.at_us)] * 2)
    task = asyncio.create_task(follower.run(stop))
    await until(lambda: told or task.done(), "told")
    stop.set()
    await task
    assert (told, cursors.seq("his")) == ([1, 2], 2)


def test_what_was_done_before_anybody_followed_is_not_told_and_all_later_is(clock: Clock) -> None:
    trail, cursors, told = MemoryTrail(clock.now_us), MemoryCursors(), list[int]()

    def look(name: str) -> None:
        """As after a start."""
        while Follower(name, trail, cursors, ["closed"], lambda found: told.extend(each.seq for each in found)).look():
            pass

    look("from the first entry on")
    trail.append("ann", "case-1", [Closed(at_us=clock.at_us)])
    look("later")
    assert told == []
    look("from the first entry on")
    assert told == [1]
    trail.append("ann", "case-1", [Closed(at_us=clock.at_us)])
    look("later")
    assert told == [1, 2]
