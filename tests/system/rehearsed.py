"""A rehearsed bed's journal, written once for all processes of a test run."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from collector.journal import Journal, JournalReader
from tests.timescale import locked


@contextmanager
def rehearsed(
    tmp_path_factory: pytest.TempPathFactory, name: str, live: Callable[[Journal], None]
) -> Iterator[JournalReader]:
    """The first process to come writes it, by `live`."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    path, fresh = folder / f"{name}.db", folder / f"{name}.new.db"
    with locked(folder / f"{name}.lock"):
        if not path.exists():
            with closing(Journal.open(fresh)) as journal:
                live(journal)
            fresh.rename(path)
    with closing(JournalReader.at(path)) as reader:
        yield reader
