"""Where subscriptions are kept: the same suite in memory and in each database."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from charting.charges.ledger import Charge
from charting.fhir.keeping import MemorySubscriptions, SubscriptionStore
from charting.fhir.release import Release
from charting.fhir.subscription import Event, Subscription, Wanted
from charting.fhir.topics import TOPICS
from charting.store.charges import DatabaseCharges
from charting.store.database import Database
from charting.store.fhir import DatabaseSubscriptions
from tests.charting.fhir.rich import rich

WANTED = Wanted(
    topic=TOPICS["vitals-charted"].url, release=Release.R4B, endpoint="https://h/药", content="full-resource",
    heartbeat_s=60, filters=(("location", "OR-03,OR-04"), ("encounter", "Encounter/a")), reason="why",
    base="https://us/fhir",
)  # fmt: skip


def subscription(id_: str, made_us: int = 5) -> Subscription:
    return Subscription(id=id_, client="c", wanted=WANTED, since=7, made_us=made_us)


def event(cause: int, at_us: int = 10) -> Event:
    return Event(at_us=at_us, cause=f"entry {cause}", focus=("Encounter/a", f"Observation/a-{cause}"))


class Keeping:
    def test_what_is_kept_is_there(self, store: SubscriptionStore) -> None:
        store.keep(subscription("b", 6))
        store.keep(subscription("a"))
        assert list(store.subscriptions()) == [subscription("a"), subscription("b", 6)]
        assert store.subscription("b") == subscription("b", 6)
        assert store.subscription("c") is None
        store.stand("a", "error", "HTTP 400", handshake=3)
        found = store.subscription("a")
        assert found is not None
        assert (found.state, found.reason, found.handshake) == ("error", "HTTP 400", 3)
        store.stand("a", "active")
        found = store.subscription("a")
        assert found is not None
        assert (found.state, found.reason, found.handshake) == ("active", "", 3)

    def test_each_cause_gets_one_number_and_there_is_no_hole(self, store: SubscriptionStore) -> None:
        store.keep(subscription("a"))
        store.keep(subscription("b"))
        store.happened("a", [event(1), event(2), event(1)])
        store.happened("a", [event(2), event(3)])
        store.happened("b", [event(3)])
        store.happened("gone", [event(3)])
        told = store.events("a", 0, 99, 99)
        assert [(each.number, each.cause, each.focus) for each in told] == [
            (n, f"entry {n}", ("Encounter/a", f"Observation/a-{n}")) for n in (1, 2, 3)
        ]
        assert [each.number for each in store.events("a", 1, 2, 99)] == [2]
        assert [each.number for each in store.events("a", 0, 99, 2)] == [1, 2]
        assert [each.number for each in store.events("b", 0, 99, 99)] == [1]
        found = store.subscription("a")
        assert found is not None
        assert found.events == 3

    def test_several_may_number_at_once(self, store: SubscriptionStore) -> None:
        store.keep(subscription("a"))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: store.happened("a", [event(n % 25), event(n)]), range(50)))
        told = store.events("a", 0, 999, 999)
        assert [each.number for each in told] == list(range(1, 51))
        assert {each.cause for each in told} == {f"entry {n}" for n in range(50)}

    def test_old_ones_go_when_they_have_left_and_their_numbers_stay(self, store: SubscriptionStore) -> None:
        store.keep(subscription("a"))
        store.happened("a", [event(1, 10), event(2, 20), event(3, 30)])
        store.sent("a", 1)
        store.forget(25)
        assert [each.number for each in store.events("a", 0, 99, 99)] == [2, 3]
        store.happened("a", [event(4, 40)])
        assert [each.number for each in store.events("a", 3, 99, 99)] == [4]
        assert store.drop("a")
        assert not store.drop("a")
        assert list(store.events("a", 0, 99, 99)) == []
        assert store.subscription("a") is None


class TestInMemory(Keeping):
    @pytest.fixture
    def store(self) -> SubscriptionStore:
        return MemorySubscriptions()


@pytest.mark.parametrize(
    "charting_dsn", ["sqlite", "timescale", pytest.param("postgres15", marks=pytest.mark.soak)], indirect=True
)
class TestInADatabase(Keeping):
    @pytest.fixture
    def store(self, charting: Database) -> SubscriptionStore:
        return DatabaseSubscriptions(charting)


@pytest.mark.parametrize("charting_dsn", ["sqlite"], indirect=True)
def test_lines_of_bills_are_found_by_when_they_were_made(charting: Database) -> None:
    lines: list[Charge] = list(rich().charges.of_case("c1"))
    DatabaseCharges(charting).keep("c1", 0, lines, {})
    store = DatabaseSubscriptions(charting)
    assert list(store.posted(lines[0].made_us)) == lines
    assert list(store.posted(lines[0].made_us + 1)) == []
