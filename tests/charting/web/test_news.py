"""What open pages are told, where the database does not answer."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from charting.trail.trail import CaseRow, MemoryTrail
from charting.web import news as news_module
from charting.web.news import News, stream
from collector.errors import VitalsdError


class Failing(MemoryTrail):
    """`broken`: its database does not answer."""

    broken = True

    def rows(self, **asked: object) -> Sequence[CaseRow]:
        if self.broken:
            raise VitalsdError(f"no database for {asked}")
        return []


async def test_a_page_is_told_that_the_database_does_not_answer_and_of_alarms_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(news_module, "ALIVE_S", 0.0)
    monkeypatch.setattr(news_module, "PACE_S", 0.0)
    trail = Failing(lambda: 0)
    versions = iter([0, 0, 1, 1, *[1] * 50])
    watched = {"alarms": lambda: next(versions)}
    told = stream(partial(News(trail).of, ""), "0.6.0+1", lambda: 7, lambda: "", asyncio.Event(), watched)
    heard = [(await anext(told)).splitlines()[0] for _ in range(3)]
    assert heard == ["event: fault", "event: alarms", "event: fault"]
    trail.broken = False
    assert (await anext(told)).startswith("event: alive")
