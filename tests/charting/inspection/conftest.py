"""A charting's file that inspections fill."""

from pathlib import Path

import pytest

from charting.store.migrate import migrate


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("charting") / "charting.db"
    migrate(f"sqlite:///{file}")
    return file
