"""An empty series store for a test."""

import pytest

from collector.migrate import migrate


@pytest.fixture
def store(database: str) -> str:
    """The DSN of a database of the test's own, at the newest schema."""
    migrate(database)
    return database
