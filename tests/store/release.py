"""What a release leaves behind for the tests of all later ones: python -m tests.store.release VERSION."""

import sys
from collections.abc import Sequence
from pathlib import Path

from collector.journal import Journal
from collector.journal.ranges import Ranges
from collector.sql import migrations, text
from collector.timescale import READER
from tests.journal.entries import one_of_each, seconds

FOLDER = Path(__file__).parents[1] / "data" / "releases"
RELEASES = sorted(FOLDER.glob("v*/"))
DELIVERED = 10


def schema() -> str:
    """What the release's migrations do to an empty database, as one script that remembers their names."""
    parts = [text("timescale", name) for name in migrations("timescale")]
    names = ", ".join(f"('{name}')" for name in migrations("timescale"))
    return "\n".join([*parts, f"insert into vitalsd.migration(name) values {names};\n"])


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


if __name__ == "__main__":
    main(sys.argv[1:])
