"""Fixtures for the whole suite."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.timescale import POSTGRES, shared
from tests.timescale import database as new_database

FIRST = {"watch", "update"}
"""Folders whose tests wait for minutes, each in one process: begun last, all others would be waiting for them."""


settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

gc.disable()  # what is collected stays: to look through it again and again is a tenth of the whole run


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(here).parts[0] not in FIRST)


@pytest.fixture(scope="session")
def timescale() -> Iterator[str]:
    """The DSN of a running TimescaleDB that all test processes share. Not to be had is an error, never a skip."""
    with shared() as server:
        yield server.dsn


@pytest.fixture(scope="session")
def postgres15() -> Iterator[str]:
    """The same of a plain PostgreSQL 15."""
    with shared(POSTGRES) as server:
        yield server.dsn


@pytest.fixture(params=["timescale", "postgres15"])
def server(request: pytest.FixtureRequest) -> str:
    """The DSN of each kind of server; a test of one of them is parametrised with its name alone."""
    dsn: str = request.getfixturevalue(request.param)
    return dsn


@pytest.fixture
def database(server: str) -> Iterator[str]:
    """The DSN of an empty database, the test's own."""
    with new_database(server) as dsn:
        yield dsn
