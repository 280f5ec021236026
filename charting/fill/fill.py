"""Filling: what a document charts of what the devices said. Pure: the same data and plan give the same cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from charting.fill.types import Cell, Excursion, Gap
from collector.model import Condition
from collector.series import Points

MINUTE_US = 60_000_000
CONTEXT_US = 60 * MINUTE_US
"""How far before `since_us` and after `until_us` (as far as time has come) the data of `fill` must reach."""
FILTER = "fill/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BedData:
    """What was kept of one bed, in any order. `conditions`: all that began, stood or ended in the time of `points`."""

    points: Sequence[Points]
    conditions: Sequence[Condition] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Another grid from start to end (None: still): 1 minute while rescue is on, 15 minutes on demand."""

    start_us: int
    end_us: int | None
    step_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a document wants.

    `signals`: ids of signals.csv. `step_us`: of its grid. `zone`: IANA name; marks are whole steps of local time.
    `events`: keys of the event model → time. `cooled`: the patient is cooled on purpose. `held`: devices that are not
    charted → from when. `expected`: signals whose absence is a gap from `start_us` on; others are expected from when they
    were first seen, which is told by `seen` (signal → first valid reading, from an earlier Filling) or by the data.
    `end_us`: the document's end, where it has one.
    """

    signals: tuple[str, ...]
    start_us: int
    end_us: int | None = None
    step_us: int = 5 * MINUTE_US
    paces: tuple[Pace, ...] = ()
    zone: str = "Asia/Shanghai"
    events: Mapping[str, int] = field(default_factory=dict)
    cooled: bool = False
    held: Mapping[str, int] = field(default_factory=dict)
    expected: frozenset[str] = frozenset()
    seen: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    mark_us: int
    step_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Minutes of [since_us, until_us) in which a signal was expected, received and fit to be charted; of a cuff, inflations."""

    expected: int
    received: int
    charted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """`cells` of the marks in [since_us, until_us), `gaps` cut to it, `excursions` of its cells, `counts` by signal.

    `seen`: signal → its first valid minute, for the next call's plan.
    """

    cells: tuple[Cell, ...]
    gaps: tuple[Gap, ...]
    excursions: tuple[Excursion, ...]
    counts: Mapping[str, Count]
    seen: Mapping[str, int]


def marks(plan: Plan, since_us: int, until_us: int) -> Sequence[Mark]:
    """The marks m of the plan's grid with since_us ≤ m < until_us."""
    raise NotImplementedError


def final_us(mark: Mark) -> int:
    """From when on a mark's cells cannot change: its window is over, and what a rule must see after it."""
    raise NotImplementedError


def fill(data: BedData, plan: Plan, since_us: int, until_us: int) -> Filling:
    """Chart [since_us, until_us): cells whose mark lies in it, and gaps within it.

    `data` reaches CONTEXT_US before and after; what it does not hold has not been measured. Cells of marks after
    `now - final` change with later data: fill again from there.
    """
    raise NotImplementedError
