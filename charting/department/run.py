"""`vitalsd department`: a simulated year in a charting of its own, with the truth beside it."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from charting.case.rows import row_of
from charting.department.papers import libraries
from charting.department.truth import truth
from charting.department.year import Year, imagine, period
from charting.quality.deriver import Deriver
from charting.store.bulk import bulk, check_empty
from charting.store.database import Database
from charting.store.facts import DatabaseFacts
from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from collector.dsn import sqlite_file
from collector.errors import UsageError

Counter = Callable[[str], AbstractContextManager[Callable[[int], None]]]
"""Progress of a thing: told how many of it are done."""


def run_department(
    dsn: str, *, cases: int, seed: int, year: int, truth_file: Path | None, counter: Counter
) -> Sequence[str]:
    """What was made, a line each. A SQLite file that is not there is made; a server's database is to be migrated.

    Raises UsageError where the charting has cases, or the truth's file is there.
    """
    beside = truth_file or _beside(dsn, seed)
    if beside.exists():
        raise UsageError(f"{beside}: is there already")
    database = open_database(dsn, make=True)
    try:
        check_empty(database)
        with counter("cases imagined") as progress:
            imagined = imagine(cases, seed, year, progress)
        told = truth(imagined.stories, imagined.figures, period(year), seed=seed, year=year)
        with _kept(beside, told.json()), counter("entries written") as progress:
            entries = write(database, imagined, progress)
        with counter("cases derived") as progress:
            trail, keeper = DatabaseTrail(database, lambda: 0), DatabaseFacts(database)
            Deriver(trail, libraries(), keeper).refresh(progress=progress)
    finally:
        database.close()
    return (
        f"cases: {len(imagined.stories):,}, of which {told.cases:,} count in {year}",
        f"entries: {entries:,}",
        f"truth: {beside}",
    )


def write(database: Database, imagined: Year, progress: Callable[[int], None] = lambda _: None) -> int:
    """All entries of a year, kept whole or not at all. How many there are."""
    count = 0
    with _left_alone(), bulk(database) as trail:
        for act, ended in imagined.acts():
            seq = trail.append(act.at_us, act.account, act.case, act.body)
            if ended is not None:
                trail.row(replace(row_of(ended.case), last=seq))
            count += 1
            progress(count)
        for act in imagined.figure_acts():
            trail.append(act.at_us, act.account, act.case, act.body)
            count += 1
    return count


@contextmanager
def _kept(file: Path, text: str) -> Iterator[None]:
    """A new file, if the block ends well. Raises UsageError where it cannot be written."""
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text + "\n")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    try:
        yield
    except BaseException:
        file.unlink()
        raise


@contextmanager
def _left_alone() -> Iterator[None]:
    """What there is stays: a third of the time would go into looking again and again whether it can be freed."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _beside(dsn: str, seed: int) -> Path:
    file = sqlite_file(dsn)
    return Path(f"department-{seed}.truth.json") if file is None else file.with_name(f"{file.name}.truth.json")
