"""A desk with a trail in memory."""

import pytest

from charting.desk import Desk
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.desk.scenes import desk_on


@pytest.fixture
def memory(clock: Clock) -> MemoryTrail:
    return MemoryTrail(clock.now_us)


@pytest.fixture
def desk(memory: MemoryTrail, clock: Clock) -> Desk:
    return desk_on(memory, clock)
