"""A year of a department, counted: every indicator of every edition."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from charting.quality.facts import Facts, from_json, to_json
from charting.quality.loader import load
from charting.quality.logic import Kind
from charting.quality.periods import period
from charting.quality.report import report
from charting.quality.tables import fact_kinds
from tests.bench.report import Row

CASES = 12_000
YEAR = period("2026", "Asia/Shanghai")
_TEXTS = ("", "event", "no_event", "continuous", "core", "1", "2", "intubated", "neuraxial")


def rows() -> Iterator[Row]:
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
    yield Row(
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
