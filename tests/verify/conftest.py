"""A scratch place whose database is the test's own."""

from pathlib import Path

import pytest

from collector.migrate import migrate
from collector.verify.scratch import Scratch


@pytest.fixture
def place(database: str, tmp_path: Path) -> Scratch:
    migrate(database)
    return Scratch(tmp_path, "test", database, "")
