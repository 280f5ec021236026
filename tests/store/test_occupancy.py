"""A gateway asks whether a case is open at its bed; that it cannot know is no hindrance to what it delivers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from structlog.testing import capture_logs

from charting.store.migrate import migrate as migrate_charting
from collector import occupancy, timescale_store
from collector.journal import Journal
from collector.timescale import READER, Timescale
from tests.journal.entries import BED, HEART_RATE, reading
from tests.store.delivering import delivering, rows, until

CASE = """
insert into charting.case_row
  (case_id, state, bed, area, opened_us, number, name, temporary, procedure, is_test, held, last)
values (%s, 'open', %s, 'or', 1, '', '', '', '', false, false, 1)
"""

pytestmark = pytest.mark.parametrize("server", ["timescale"], indirect=True)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occupancy, "ASK_EVERY_S", 0.02)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db", [READER])
    yield journal
    journal.close()


@pytest.fixture
async def sink(store: str, journal: Journal) -> AsyncIterator[Timescale]:
    dsn = make_conninfo(store, options="-c role=vitalsd_bed")
    async with delivering(dsn, journal, [BED, "elsewhere"]) as made:
        yield made


def delivers(store: str, journal: Journal, sink: Timescale, second: float) -> None:
    journal.append([reading(HEART_RATE, second, 60.0)])
    sink.wake()
    until(lambda: rows(store, "select count(*) from vitals where value = 60") == [(second,)], "it is delivered")


async def test_it_is_known_of_each_bed_as_the_charting_has_it(store: str, journal: Journal, sink: Timescale) -> None:
    migrate_charting(store)
    until(lambda: sink.status.occupied == {BED: False, "elsewhere": False}, "no case is open")
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute(CASE, ("a", BED))
        until(lambda: sink.status.occupied == {BED: True, "elsewhere": False}, "a case is open")
        delivers(store, journal, sink, 1)
        connection.execute("update charting.case_row set state = 'closed'")
        until(lambda: sink.status.occupied == {BED: False, "elsewhere": False}, "it is closed")


async def test_without_the_charting_or_the_right_to_ask_it_is_unknown(
    store: str, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = {**timescale_store._Q, "patience": "set local statement_timeout = '60s'"}  # a slow answer is no loss
    monkeypatch.setattr(timescale_store, "_Q", patient)
    with capture_logs() as logs:
        async with delivering(make_conninfo(store, options="-c role=vitalsd_bed"), journal, [BED]) as sink:
            delivers(store, journal, sink, 1)
            until(lambda: any(line["event"] == "charting still lost" for line in logs), "it has been asked")
            assert sink.status.occupied == {}
            migrate_charting(store)
            until(lambda: bool(sink.status.occupied), "it is known")
            with psycopg.connect(store, autocommit=True) as connection:
                connection.execute("revoke execute on function charting.occupied from vitalsd_bed")
            until(lambda: sink.status.occupied == {}, "it is not known any more")
            delivers(store, journal, sink, 2)
    assert "store lost" not in {line["event"] for line in logs}
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["charting lost"] * 2


async def test_a_charting_that_does_not_answer_holds_up_nothing_for_long(
    store: str, journal: Journal, sink: Timescale
) -> None:
    migrate_charting(store)
    until(lambda: bool(sink.status.occupied), "it is known")
    with psycopg.connect(store) as other:
        other.execute("lock table charting.case_row in access exclusive mode")
        until(lambda: sink.status.occupied == {}, "it is not known any more")
        delivers(store, journal, sink, 1)
        assert sink.status.connected
    until(lambda: bool(sink.status.occupied), "it is known again")
