"""A year of a department, counted: every indicator of every edition, of random facts and of a simulated department."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np

from charting.department.papers import libraries
from charting.department.run import write
from charting.department.year import imagine
from charting.qc import ALL, counted, site, write_pdf, write_xlsx
from charting.quality.deriver import Deriver
from charting.quality.facts import Facts, from_json, to_json
from charting.quality.loader import load
from charting.quality.logic import Kind
from charting.quality.periods import period
from charting.quality.report import report
from charting.quality.tables import fact_kinds
from charting.store.facts import DatabaseFacts
from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from tests.bench.report import Row

T = TypeVar("T")
CASES = 12_000
YEAR = period("2026", "Asia/Shanghai")
_TEXTS = ("", "event", "no_event", "continuous", "core", "1", "2", "intubated", "neuraxial")


def rows() -> Iterator[Row]:
    yield _random()
    with TemporaryDirectory() as folder:
        yield from _simulated(Path(folder))


def _simulated(folder: Path) -> Iterator[Row]:
    """A year as `vitalsd department` writes it into SQLite, and the report as `vitalsd qc` makes it."""
    dsn = f"sqlite:///{folder / 'charting.db'}"
    database = open_database(dsn, make=True)
    try:
        imagined, spent = _timed(lambda: imagine(CASES, 1, 2026))
        entries, writing = _timed(lambda: write(database, imagined))
        keeper = DatabaseFacts(database)
        _, deriving = _timed(lambda: Deriver(DatabaseTrail(database, lambda: 0), libraries(), keeper).refresh())
    finally:
        database.close()
    what = f"a department of {CASES:,} cases"
    yield Row(what=f"{what}: entries", unit="s", value=spent + writing, budget=60.0, note=f"{entries:,} into SQLite")
    yield Row(what=f"{what}: facts, for the first time", unit="s", value=deriving)
    made, counting = _timed(lambda: counted(dsn, site(None), YEAR, edition=ALL, department="", progress=lambda _: None))
    yield Row(what=f"{what}: report", unit="s", value=counting, budget=10.0, note=f"{len(made.report.results)} numbers")
    _, paper = _timed(lambda: write_pdf(made, "zh", folder / "report.pdf"))
    yield Row(what=f"{what}: pdf", unit="s", value=paper)
    _, sheets = _timed(lambda: write_xlsx(made, "zh", folder / "report.xlsx"))
    yield Row(what=f"{what}: xlsx", unit="s", value=sheets)


def _timed(make: Callable[[], T]) -> tuple[T, float]:
    before = time.perf_counter()
    return make(), time.perf_counter() - before


def _random() -> Row:
    kept = [to_json(facts) for facts in year()]
    catalogue = load()
    before = time.perf_counter()
    told = [from_json(text) for text in kept]
    read = time.perf_counter() - before
    made = report(
        told, catalogue, YEAR, editions=catalogue.editions, figures={"anaesthesia_doctors": 30.0}, made_us=YEAR.end_us
    )
    spent = time.perf_counter() - before
    members = sum(len(r.numerator) + len(r.denominator) + len(r.unknown) for r in made.results)
    return Row(
        what=f"quality, a year of {CASES:,} cases",
        unit="s",
        value=spent,
        budget=10.0,
        note=f"{len(made.results)} numbers, {members:,} members listed; {read:.1f} s of it to read the facts",
    )


def year() -> Iterator[Facts]:
    """Facts of nobody: any value of each, every seventh patient twice."""
    rng = np.random.default_rng(1)
    step_us = (YEAR.end_us - YEAR.start_us) // CASES
    for n in range(CASES):
        said = {name: _value(rng, kind) for name, kind in fact_kinds().items()}
        anchor_us = YEAR.start_us + n * step_us
        yield Facts(
            case=f"{n:032x}",
            last=n,
            patient=f"visit:{n * 7 // 8}",
            anchor_us=anchor_us,
            anchor="t_anes_start",
            times={"t_anes_start": anchor_us},
            **{**said, "performed": bool(rng.random() < 0.98)},
        )


def _value(rng: np.random.Generator, kind: Kind) -> Any:
    if kind is Kind.TRUTH:
        return (True, False, False, None)[int(rng.integers(4))]
    return float(rng.uniform(0, 40)) if kind is Kind.NUMBER else _TEXTS[int(rng.integers(len(_TEXTS)))]
