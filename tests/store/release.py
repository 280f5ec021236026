"""What a release leaves behind for the tests of all later ones: python -m tests.store.release VERSION."""

import gzip
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from charting.case.rows import row_of
from charting.case.state import fold
from charting.library.library import Libraries
from charting.quality.deriver import Deriver
from charting.store.database import Database
from charting.store.facts import DatabaseFacts
from charting.store.migrate import migrate as migrate_charting
from charting.store.migrate import revisions
from charting.store.trail import DatabaseTrail
from charting.trail.entries import Body, Closed, Signed, Started
from collector.journal import Journal
from collector.journal.ranges import Ranges
from collector.sql import migrations, text
from collector.timescale import READER
from tests.charting.quality.hand import copied, department
from tests.contracts.trail import BODIES, LATER
from tests.journal.entries import one_of_each, seconds

FOLDER = Path(__file__).parents[1] / "data" / "releases"
RELEASES = sorted(FOLDER.glob("v*/"))
DELIVERED = 10
CASE, OPENED_US = "a", 1_764_000_000_000_000
"""The case in charting.db."""
SAID: Sequence[Body] = (
    BODIES[0],
    Started(document="d", template="anaesthesia_record", version="1.0.0", start_us=OPENED_US),
    *BODIES[1:],
    *LATER,
    Signed(document="d", version=1, slot="anaesthetist", digest="0" * 64),
    Closed(at_us=OPENED_US + 3_600_000_000),
)
"""What its entries say."""


def schema() -> str:
    """What the release's migrations do to an empty database, as one script that remembers their names."""
    parts = [text("timescale", name) for name in migrations("timescale")]
    names = ", ".join(f"('{name}')" for name in migrations("timescale"))
    return "\n".join([*parts, f"insert into vitalsd.migration(name) values {names};\n"])


def charting_schema() -> str:
    """What the revisions of charting do to a PostgreSQL database without it, as one script."""
    script = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": script, "literal_binds": True}
    )
    with Operations.context(context):
        for revision in revisions():
            revision.module.upgrade()
    (*_, newest) = revisions()
    return (
        "create schema charting authorization vitalsd_migrate;\nset role vitalsd_migrate;\n"
        "set search_path to charting;\n"
        "create table alembic_version(version_num varchar(32) constraint alembic_version_pkc primary key);\n"
        f"insert into alembic_version values ('{newest.revision}');\n"
        f"{script.getvalue()}reset role;\nreset search_path;\n"
    )


def write_charting(path: Path) -> None:
    """A small charting file: a case with every kind of body."""
    dsn = f"sqlite:///{path}"
    migrate_charting(dsn)
    database = Database(dsn)
    trail = DatabaseTrail(database, lambda: OPENED_US)
    kept = trail.append("li", CASE, SAID)
    trail.append("li", CASE, [], seen=kept[-1].seq, row=row_of(fold(kept)))
    database.close()


def write_department(path: Path) -> None:
    """The department by hand, with the facts of its cases; packed."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "department.db")
        dsn = f"sqlite:///{file}"
        migrate_charting(dsn)
        database = Database(dsn)
        copied(department(), lambda now_us: DatabaseTrail(database, now_us))
        Deriver(DatabaseTrail(database, lambda: OPENED_US), Libraries.sample(), DatabaseFacts(database)).refresh()
        database.close()
        path.write_bytes(gzip.compress(file.read_bytes(), mtime=0))


def write_journal(path: Path) -> None:
    """A small journal: every kind of entry, an input, a reader that has the first DELIVERED of them."""
    journal = Journal.open(path, [READER])
    journal.append([*one_of_each(), *seconds(10, 12)], {"monitor": 42})
    journal.done(READER, Ranges.of((1, DELIVERED)))
    journal.close()


def main(arguments: Sequence[str]) -> None:
    (version,) = arguments
    folder = FOLDER / version
    folder.mkdir(parents=True)
    (folder / "schema.sql").write_text(schema(), encoding="utf-8")
    write_journal(folder / "journal.db")
    (folder / "journal.db-writer").unlink()
    (folder / "charting.sql").write_text(charting_schema(), encoding="utf-8")
    write_charting(folder / "charting.db")
    write_department(folder / "department.db.gz")


if __name__ == "__main__":
    main(sys.argv[1:])
