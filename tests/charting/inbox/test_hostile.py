"""Messages that nobody foresaw hold up no other one, and end nothing."""

import asyncio
import random
import string
from collections.abc import Sequence

import pytest

from charting.inbox.inbox import AT_ONCE, DAY_US
from charting.inbox.messages import MemoryMessages, Message, MessageState
from charting.store.database import Database
from charting.store.inbox import DatabaseMessages
from charting.store.trail import DatabaseTrail
from tests.charting.clock import Clock
from tests.charting.inbox.messages import AFTER_US, M05, RAT, Site, adt
from tests.mqtt.broker import until

LONG = "".join(random.Random(1).choices(string.ascii_letters, k=20_000))
"""What no compression makes short enough for an index."""


@pytest.mark.usefixtures("charting_dsn")
@pytest.mark.parametrize("charting_dsn", ["sqlite", "timescale"], indirect=True)
@pytest.mark.parametrize("place", [b"|A02-1|", b"|77^", b"|40800001^", b"ORANGE^BLOOD", b"ADT^A02"])
def test_an_endless_field_holds_up_nobody(charting: Database, place: bytes) -> None:
    clock = Clock(AFTER_US)
    made = Site(
        trail=DatabaseTrail(charting, clock.now_us), messages=DatabaseMessages(charting, clock.now_us), clock=clock
    )
    endless = adt("A02", 1, "1000", RAT).replace(place, place[:1] + LONG.encode() + place[-1:], 1)
    made.tell(endless, endless, adt("A02", 2, "1100", M05, number="B", visit="78"))
    assert len(made.states) == 2
    assert made.states[-1] == "done"
    assert "new" not in made.states


class Broken(MemoryMessages):
    left = 1

    def of_state(self, state: MessageState, limit: int = 200, after: int = 0) -> Sequence[Message]:
        if self.left:
            self.left -= 1
            raise TypeError("nobody foresaw that")
        return super().of_state(state, limit, after)


async def test_what_nobody_foresaw_ends_nothing() -> None:
    clock = Clock(AFTER_US)
    made = Site(messages=Broken(clock.now_us), clock=clock)
    made.door.take(adt("A02", 1, "1000", RAT))
    stop = asyncio.Event()
    running = asyncio.create_task(made.inbox.run(stop))
    await until(lambda: running.done() or made.states == ["done"], "done")
    assert not running.done()
    stop.set()
    await running


def test_many_that_wait_do_not_hold_up_the_last() -> None:
    """All want a bed that somebody has, but the last: its bed is left by a message that comes later."""
    made = Site()
    made.tell(adt("A02", 1, "0900", RAT, number="A", visit="A"), adt("A02", 2, "0900", M05, number="B", visit="B"))
    for n in range(AT_ONCE):
        made.door.take(adt("A02", 100 + n, "1000", RAT, number=f"P{n}", visit=f"V{n}"))
    made.tell(adt("A02", 300, "1000", M05, number="C", visit="C"))
    assert made.states[-1] == "waiting"
    made.tell(adt("A03", 301, "0930", M05, number="B", visit="B"))
    assert made.states[-2:] == ["done", "done"]
    assert {c.patient.number for c in made.cases} == {"A", "B", "C"}


def test_what_waits_for_a_day_is_for_a_person() -> None:
    made = Site()
    made.tell(adt("A02", 1, "0900", RAT, number="A", visit="A"), adt("A02", 2, "1000", RAT, number="B", visit="B"))
    assert made.states == ["done", "waiting"]
    made.clock.go(DAY_US / 1e6)
    made.tell(adt("A08", 3, "1100", RAT, number="A", visit="A", name="GREEN^A"))
    assert made.states == ["done", "failed", "done"]
