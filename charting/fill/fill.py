"""Filling: what a document charts of what the devices said. Pure: the same data and plan give the same cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from alarms.temperature import LOOKS_BACK_MIN, Limits
from charting.fill import cells as cell
from charting.fill import cuff, gaps
from charting.fill.causes import Causes
from charting.fill.judges import HELPERS, SQI, Bed, judge
from charting.fill.minutes import Minutes, by_site, by_source, probes
from charting.fill.plan import MINUTE_US, Mark, Pace, Plan, marks
from charting.fill.rules import Action, filter_name, rules
from charting.fill.signals import Signal, find, signals
from charting.fill.streams import AMBIENT, Stream, clipped, ordered, streams
from charting.fill.types import Cell, Excursion, Gap
from collector.model import Condition
from collector.series import Points

__all__ = [
    "CONTEXT_US", "FILTER", "MINUTE_US", "BedData", "Count", "Filling", "Mark", "Pace", "Plan", "codes", "far_codes",
    "fill", "final_us", "marks", "near_us",
]  # fmt: skip

CONTEXT_US = (LOOKS_BACK_MIN + 20) * MINUTE_US
"""How far before `since_us` and after `until_us` (as far as time has come) the data of `fill` must reach: what finds a
temperature's artefacts looks so far back from a minute that an hourly mark may take, a quarter of an hour before it.
"""
FILTER = filter_name()
"""Names and versions of all rules."""

ROOM = ("VND_GE_TEMP_ROOM",)
_NEAR_US = 15 * MINUTE_US
"""What rules look at around a mark's period: minutes beside it, a cuff pressure 10 min old."""
_SETTLE_US = 3 * MINUTE_US
"""The longest that rules look ahead: a flush of 90 s, a saturation that is back a minute after a cuff."""
_CUFF, _TEMPERATURE = "cuff", "temperature"
_PROBES = replace(Limits(), stuck_alone_min=2**31)
"""That a value stands still for four hours is found by those who look so far back; filling looks back CONTEXT_US."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BedData:
    """What was kept of one bed, in any order. `conditions`: all that began, stood or ended in the time of `points`."""

    points: Sequence[Points]
    conditions: Sequence[Condition] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Whole minutes in which a signal was expected; of these, in which a number came; in which one could be charted.

    A minute of a cuff counts as long as its last pressure is not overdue.
    """

    expected: int
    received: int
    charted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """`cells` of the marks in [since_us, until_us), `gaps` cut to it, `excursions` of its cells, `counts` by signal.

    `seen`: signal → its first valid minute, for the next call's plan; "hr:ecg" the first of hr's source ecg.
    """

    cells: tuple[Cell, ...]
    gaps: tuple[Gap, ...]
    excursions: tuple[Excursion, ...]
    counts: Mapping[str, Count]
    seen: Mapping[str, int]


def final_us(mark: Mark) -> int:
    """When a mark's cells are settled: their window is over, and what rules see after it has come.

    Later change only what was measured farther off: hourly marks by a cuff pressure up to a quarter of an hour after
    them and by excursions of their hour, a temperature by a fall that shows its probe to be out.
    """
    return mark.window_us[1] + _SETTLE_US


@cache
def codes(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Codes of all points that `fill` looks at for these signals; others tell it only that their device was there.

    Raises KeyError for a signal that signals.csv does not have.
    """
    helpers = {helper for signal in find(wanted) for helper in HELPERS.get(signal.rules, ())}
    found = {code for signal in find(sorted({*wanted, *helpers, *cuff.PARTS})) for code in signal.codes}
    return tuple(sorted({*found, SQI, *AMBIENT, *ROOM}))


@cache
def far_codes(wanted: tuple[str, ...]) -> frozenset[str]:
    """Those of `codes` whose readings matter as far away as CONTEXT_US; of others it is enough to have one of each
    minute there, and all of them within `near_us`.
    """
    kinds = {c: s.kind for s in signals().values() for c in s.codes}
    far = {_CUFF, _TEMPERATURE}
    return frozenset(c for c in codes(wanted) if kinds.get(c) in far or c in {*AMBIENT, *ROOM})


def near_us(plan: Plan) -> int:
    """How far around what is filled the rules of continuous signals look."""
    return max([plan.step_us, *(p.step_us for p in plan.paces)]) // 2 + _NEAR_US


def fill(data: BedData, plan: Plan, since_us: int, until_us: int) -> Filling:
    """Chart [since_us, until_us): cells whose mark lies in it, and gaps of its whole minutes.

    `data` reaches CONTEXT_US before and after; what it does not hold has not been measured: cells of marks whose
    `final_us` has not come are of what there is so far. Where the plan's paces or events change, fill again from there.
    Raises KeyError for a signal that signals.csv does not have.
    """
    return _Fill(data, plan, since_us, until_us).filling()


class _Fill:
    def __init__(self, data: BedData, plan: Plan, since_us: int, until_us: int) -> None:
        self.plan, self.since_us, self.until_us = plan, since_us, until_us
        self.wanted = find(plan.signals)
        self.points = [clipped(p, since_us - CONTEXT_US, until_us + CONTEXT_US) for p in ordered(data.points)]
        first = (since_us - CONTEXT_US) // MINUTE_US
        self.n = -(-(until_us + CONTEXT_US) // MINUTE_US) - first
        self.causes = Causes(self.points, data.conditions, first, self.n)
        start = max(since_us, plan.start_us)
        end_us = until_us if plan.end_us is None else min(until_us, plan.end_us)
        self.stretch = gaps.Stretch(
            first=first, n=self.n, start=start // MINUTE_US - first, end=max(end_us, start) // MINUTE_US - first
        )
        self.marks = marks(plan, since_us, until_us)
        self.whole: dict[str, list[tuple[str, Stream]]] = {}

    def filling(self) -> Filling:
        tables = {table.signal.id: table for table in [*self._by_source(), *self._by_site()]}
        found: list[Cell] = []
        missing: list[Gap] = []
        hidden: list[Excursion] = []
        counts: dict[str, Count] = {}
        seen: dict[str, int] = {}
        for signal in self.wanted:
            table = tables.get(signal.id)
            if table is None:
                continue
            own = list(cell.cells(table, self.marks))
            lost, known = gaps.of_minutes(table, self.plan, self.causes, self.stretch)
            found += own
            missing += lost
            hidden += cell.excursions(table, own, self.marks)
            counts[signal.id] = self._count(table)
            seen |= known
        for more, lost, part, count, known in self._by_cuff():
            found += more
            missing += lost
            counts[part] = count
            seen |= known
        return Filling(
            cells=tuple(sorted(found, key=lambda c: (c.mark_us, c.signal))),
            gaps=tuple(sorted(missing, key=lambda g: (g.signal, g.start_us))),
            excursions=tuple(sorted(hidden, key=lambda e: (e.mark_us, e.signal, e.start_us))),
            counts=counts,
            seen=seen,
        )

    def _by_source(self) -> Iterator[Minutes]:
        ids = dict.fromkeys(s.id for s in self.wanted if s.kind not in (_CUFF, _TEMPERATURE))
        helpers = {h for s in self.wanted for h in HELPERS.get(s.rules, ()) if h not in ids}
        around_us = near_us(self.plan)
        span = self.since_us - around_us, self.until_us + around_us
        built = {
            id_: self._streams(signals()[id_], *span)
            for id_ in [*ids, *sorted(helpers)]
            if signals()[id_].kind not in (_CUFF, _TEMPERATURE)
        }
        cuffs = self._cuffs() if "nibp_sys" in helpers else {}
        bed = Bed(
            streams={**cuffs, **built}, quality=self._of((SQI,)), events=self.plan.events, bypass=self.plan.bypass
        )
        judge(bed)
        for id_ in ids:
            yield by_source(signals()[id_], built[id_], self.stretch.first, self.n)

    def _by_site(self) -> Iterator[Minutes]:
        wanted = [s for s in self.wanted if s.kind == _TEMPERATURE]
        if not wanted:
            return
        told = [s for _, s in self._streams(wanted[0], self.since_us - CONTEXT_US, self.until_us + CONTEXT_US)]
        room = {
            int(t) // MINUTE_US: float(v)
            for p in self._of(ROOM)
            for t, v in zip(p.time_us, p.value, strict=True)
            if not np.isnan(v)
        }
        ends = tuple(self.plan.events[key] for key in ("t_tube_out", "t_room_out") if key in self.plan.events)
        found = probes(told, room, cooled=self.plan.cooled, ends_us=ends, limits=_PROBES)
        for signal in wanted:
            yield by_site(signal, found, int(signal.id == "temp2"), self.stretch.first, self.n)

    def _by_cuff(self) -> Iterator[tuple[list[Cell], list[Gap], str, Count, dict[str, int]]]:
        parts = [s.id for s in self.wanted if s.kind == _CUFF]
        if not parts:
            return
        found = cuff.inflations(self._cuffs())
        around = marks(self.plan, self.since_us - CONTEXT_US, self.until_us + CONTEXT_US)
        found_cells = list(cuff.cells(found, around, parts, self.since_us, self.until_us))
        for part in parts:
            state = gaps.overdue(found, self.plan, part, self.stretch)
            lost, known = gaps.of_cuff(part, state, self.plan, self.causes, self.stretch, found)
            span = slice(self.stretch.start, self.stretch.end)
            wanted = gaps.expected(state.since, self.n)[span]
            covered = int((wanted & ~state.missing[span]).sum())
            told = int((wanted & (~state.missing[span] | np.array([bool(f) for f in state.failed[span]]))).sum())
            count = Count(expected=int(wanted.sum()), received=told, charted=covered)
            yield [c for c in found_cells if c.signal == part], lost, part, count, known

    def _cuffs(self) -> dict[str, list[tuple[str, Stream]]]:
        """The streams of the cuff, without what belongs to inflations that failed."""
        if not self.whole:
            span = self.since_us - CONTEXT_US, self.until_us + CONTEXT_US
            self.whole = {part: self._streams(signals()[part], *span) for part in cuff.PARTS}
            cuff.strip(self.whole, cuff.inflations(self.whole))
        return self.whole

    def _streams(self, signal: Signal, start_us: int, end_us: int) -> list[tuple[str, Stream]]:
        cut = [clipped(p, start_us, end_us) for p in self._of(signal.codes)]
        return list(streams(signal, cut, self._of(AMBIENT), self.plan.held))

    def _of(self, codes: Sequence[str]) -> list[Points]:
        return [p for p in self.points if p.series.channel.code in codes and p.time_us.size]

    def _count(self, table: Minutes) -> Count:
        since = gaps.seen_in(self.plan, table.signal.id, table.valid, self.stretch)
        span = slice(self.stretch.start, self.stretch.end)
        wanted = gaps.expected(since, self.n)[span]
        charted = table.valid & ~np.isin(table.doubt, _holding()) & cell.within(table)
        return Count(
            expected=int(wanted.sum()),
            received=int((wanted & table.told[span]).sum()),
            charted=int((wanted & charted[span]).sum()),
        )


@cache
def _holding() -> tuple[int, ...]:
    """Numbers of the rules that hold a value."""
    return tuple(rule.number for rule in rules().values() if rule.action is Action.HOLD)
