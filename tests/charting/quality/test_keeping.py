"""Facts in memory and in each kind of database."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from charting.quality.keeping import FactKeeper, MemoryFacts
from charting.store.database import Database
from charting.store.facts import DatabaseFacts
from charting.store.trail import DatabaseTrail
from charting.trail.trail import MemoryTrail, Trail
from tests.charting.clock import Clock
from tests.contracts.facts import FactKeeperContract, facts


class TestInMemory(FactKeeperContract):
    @pytest.fixture
    def trail(self, clock: Clock) -> Trail:
        return MemoryTrail(clock.now_us)

    @pytest.fixture
    def keeper(self, trail: Trail) -> FactKeeper:
        return MemoryFacts(trail)


class TestInDatabases(FactKeeperContract):
    """`charting` is each of them in turn (tests/charting/conftest.py)."""

    @pytest.fixture
    def trail(self, charting: Database, clock: Clock) -> Trail:
        return DatabaseTrail(charting, clock.now_us)

    @pytest.fixture
    def keeper(self, charting: Database) -> FactKeeper:
        return DatabaseFacts(charting)


def test_two_who_derive_at_once_do_not_disturb_each_other(charting: Database) -> None:
    def derive(number: int) -> None:
        for last in range(5):
            DatabaseFacts(charting).put([facts(f"{n:02}", last, number) for n in range(20)])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(derive, range(4)))
    assert [f.last for f in DatabaseFacts(charting).between(0, 4)] == [4] * 20
