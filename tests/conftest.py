"""Fixtures for the whole suite."""

from collections.abc import Iterator

import pytest

from tests.timescale import database as new_database
from tests.timescale import shared


@pytest.fixture(scope="session")
def timescale() -> Iterator[str]:
    """The DSN of a running TimescaleDB that all test processes share. Not to be had is an error, never a skip."""
    with shared() as server:
        yield server.dsn


@pytest.fixture
def database(timescale: str) -> Iterator[str]:
    """The DSN of an empty database with the extension, the test's own."""
    with new_database(timescale) as dsn:
        yield dsn
