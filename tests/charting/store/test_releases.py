"""The charting of every release is read and gone on with."""

import gzip
import shutil
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from charting.case.rows import row_of
from charting.case.state import fold
from charting.library.library import Libraries
from charting.quality.derive.derive import facts
from charting.quality.facts import RULES, to_json
from charting.store.audit import verify
from charting.store.migrate import migrate as migrate_charting
from charting.store.migrate import open_database
from charting.store.tables import case_fact
from charting.store.trail import DatabaseTrail
from charting.trail.contents import Patient
from charting.trail.entries import Opened
from collector.migrate import migrate
from tests.store.release import CASE, OPENED_US, RELEASES, SAID

CHARTED = [release for release in RELEASES if (release / "charting.db").exists()]
COUNTED = [release for release in RELEASES if (release / "department.db.gz").exists()]
BODIES = {"v0.3.0": 10, "v0.4.0": 13, "v0.5.0": 13, "v0.6.0": 13}
"""How many of what releases say an older one could say."""
NEW = Opened(bed="OR-04", area="or", at_us=OPENED_US, patient=Patient(number="43"))


def go_on(dsn: str, seen: int) -> None:
    database = open_database(dsn)
    trail = DatabaseTrail(database, lambda: OPENED_US + 1)
    (entry,) = trail.append("wang", "b", [NEW], seen=0)
    trail.append("wang", "b", [], seen=entry.seq, row=row_of(fold([entry])))
    assert entry.seq == seen + 1
    assert {row.case for row in trail.rows()} == ({"b", CASE} if seen else {"b"})
    database.close()
    assert verify(dsn).whole


def test_there_is_a_release() -> None:
    assert CHARTED


@pytest.mark.parametrize("release", CHARTED, ids=lambda path: path.name)
def test_a_charting_file_of_every_release_is_gone_on_with(release: Path, tmp_path: Path) -> None:
    path = tmp_path / "charting.db"
    shutil.copy(release / "charting.db", path)
    dsn = f"sqlite:///{path}"
    migrate_charting(dsn)
    database = open_database(dsn)
    kept = [entry.body for entry in DatabaseTrail(database, lambda: 0).entries(CASE)]
    database.close()
    assert len(kept) == BODIES.get(release.name, len(SAID))
    assert kept == [body for body in SAID if body in kept]
    go_on(dsn, len(kept))


@pytest.mark.parametrize("release", COUNTED, ids=lambda path: path.name)
def test_facts_that_a_release_has_kept_are_those_of_today_or_of_other_rules(release: Path, tmp_path: Path) -> None:
    """Where this fails, facts have changed and `RULES` has not: a site would go on with what it has kept."""
    path = tmp_path / "department.db"
    path.write_bytes(gzip.decompress((release / "department.db.gz").read_bytes()))
    migrate_charting(f"sqlite:///{path}")
    database = open_database(f"sqlite:///{path}")
    trail, libraries = DatabaseTrail(database, lambda: 0), Libraries.sample()
    with database.read() as connection:
        kept = list(connection.execute(select(case_fact)))
    assert len(kept) > 30
    differing = [
        row.case_id
        for row in kept
        if row.rules == RULES
        and row.facts != (to_json(told) if (told := facts(fold(trail.entries(row.case_id)), libraries)) else "")
    ]
    database.close()
    assert not differing


@pytest.mark.parametrize("release", CHARTED, ids=lambda path: path.name)
def test_a_charting_schema_of_every_release_is_brought_up_to_date(database: str, release: Path) -> None:
    migrate(database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute((release / "charting.sql").read_text(encoding="utf-8").encode())
    migrate_charting(database)
    go_on(database, 0)
