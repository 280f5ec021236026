"""Reports of the department's cases for pages and API: made when they are asked for, kept while nothing has changed."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from charting.case.clock import SiteClock
from charting.quality.catalogue import Catalogue
from charting.quality.facts import Facts
from charting.quality.figures import Figures, figures
from charting.quality.keeping import FactKeeper
from charting.quality.periods import Period
from charting.quality.report import AROUND_US, QualityReport, report
from charting.reports.temperature import Temperature, months_of, temperature
from charting.trail.trail import Trail

_KEPT = 24
"""Reports kept; that of a year of 12 000 cases takes some 40 MB."""

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is counted: a period, of a department ("": all), and of one theatre or technique where one is named."""

    period: Period
    department: str = ""
    room: str = ""
    technique: str = ""

    def holds(self, facts: Facts) -> bool:
        return self.room in {"", facts.room} and self.technique in {"", facts.technique}


class Counting:
    """Any thread may call. `refresh` derives the facts of cases that have changed, as many as one request can wait for,
    and says whether all are derived.
    """

    def __init__(
        self, keeper: FactKeeper, catalogue: Catalogue, trail: Trail, clock: SiteClock, refresh: Callable[[], bool]
    ) -> None:
        self.catalogue = catalogue
        self.refresh = refresh
        self._keeper = keeper
        self._trail = trail
        self._clock = clock
        self._lock = Lock()
        self._made: OrderedDict[tuple[object, ...], object] = OrderedDict()

    def report(self, chosen: Chosen) -> QualityReport:
        """Of all editions, from the facts as they are kept now."""
        told = self.figures().of(chosen.period)

        def make() -> QualityReport:
            return report(
                [f for f in self._around(chosen.period) if chosen.holds(f)],
                self.catalogue,
                chosen.period,
                editions=self.catalogue.editions,
                figures=told,
                made_us=self._clock.now_us(),
                department=chosen.department,
                whole=not (chosen.room or chosen.technique),
            )

        return self._kept(("report", chosen, tuple(sorted(told.items()))), make)

    def temperature(self, chosen: Chosen) -> Temperature:
        """Of the period, and of the months up to its end."""

        def make() -> Temperature:
            first = min(months_of(chosen.period, self._clock.zone)[0].start_us, chosen.period.start_us)
            return temperature(
                self._keeper.between(first, max(chosen.period.end_us, first)),
                self.catalogue,
                chosen.period,
                zone=self._clock.zone,
                made_us=self._clock.now_us(),
                department=chosen.department,
            )

        return self._kept(("temperature", chosen), make)

    def facts(self, chosen: Chosen) -> Sequence[Facts]:
        """Of the cases that belong to the period, in order of time."""
        start_us, end_us = chosen.period.start_us, chosen.period.end_us
        return [
            f
            for f in self._around(chosen.period)
            if start_us <= f.anchor_us < end_us and chosen.holds(f) and chosen.department in {"", f.department}
        ]

    def by_case(self, period: Period) -> Mapping[str, Facts]:
        """Of the cases around a period, as far as its report looks."""
        return self._kept(("cases", period), lambda: {f.case: f for f in self._around(period)})

    def of(self, case: str) -> Facts | None:
        return self._keeper.of(case)

    def departments(self, period: Period) -> Sequence[str]:
        """Those that cases of the period belong to."""
        return sorted({f.department for f in self.facts(Chosen(period=period))} - {""})

    def figures(self) -> Figures:
        return figures(self._trail)

    def _around(self, period: Period) -> Sequence[Facts]:
        return self._kept(
            ("around", period), lambda: self._keeper.between(period.start_us - AROUND_US, period.end_us + AROUND_US)
        )

    def _kept(self, key: tuple[object, ...], make: Callable[[], Made]) -> Made:
        whole = (*key, self._keeper.mark())
        with self._lock:
            if whole in self._made:
                self._made.move_to_end(whole)
                return self._made[whole]  # type: ignore[return-value]
        made = make()
        with self._lock:
            self._made[whole] = made
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return made
