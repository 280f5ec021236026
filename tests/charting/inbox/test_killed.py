"""Killed between any two steps, what the hospital told leads to the same cases."""

import asyncio
import sys

import pytest

from charting.store.database import Database
from charting.store.inbox import DatabaseMessages
from charting.store.trail import DatabaseTrail
from charting.trail.chain import breaks, link_of
from tests.charting.clock import Clock
from tests.charting.inbox.messages import AFTER_US, EXPECTED, Site, check, seen, sequence


async def killed(dsn: str, name: str, steps: int) -> int:
    """How often."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.charting.inbox.killed", dsn, name, str(steps), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await running.communicate()
    assert running.returncode == 0
    return int(out)


async def done_all_the_same(dsn: str, database: Database, name: str, steps: int) -> None:
    assert await killed(dsn, name, steps) >= len(sequence(name)) // steps
    clock = Clock(AFTER_US)
    messages = DatabaseMessages(database, clock.now_us)
    site = Site.of(name, trail=DatabaseTrail(database, clock.now_us), messages=messages, clock=clock)
    check(name, site)
    undisturbed = Site.of(name)
    undisturbed.tell(*sequence(name))
    assert [seen(case) for case in site.cases] == [seen(case) for case in undisturbed.cases]
    told = [(m.key, m.state, m.done, m.case) for m in site.inbox.messages.latest()]
    assert told == [(m.key, m.state, m.done, m.case) for m in undisturbed.inbox.messages.latest()]
    assert [e.body for e in site.desk.trail.all()] == [e.body for e in undisturbed.desk.trail.all()]
    assert list(breaks(link_of(e) for e in site.desk.trail.all())) == []


@pytest.mark.parametrize("charting_dsn", ["sqlite", "timescale"], indirect=True)
async def test_after_every_step(charting_dsn: str, charting: Database) -> None:
    await done_all_the_same(charting_dsn, charting, "case_day", 1)


@pytest.mark.soak
@pytest.mark.parametrize("charting_dsn", ["sqlite", "timescale"], indirect=True)
@pytest.mark.parametrize("steps", [1, 2, 3, 5])
@pytest.mark.parametrize("name", list(EXPECTED))
async def test_after_every_few_steps(charting_dsn: str, charting: Database, name: str, steps: int) -> None:
    await done_all_the_same(charting_dsn, charting, name, steps)
