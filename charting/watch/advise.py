"""Our own advisories: once a minute for each open case, kept in its trail, so that a restart repeats nothing."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import structlog

from alarms.advisories import Advisor, Held
from alarms.situation import Situation
from charting.apart import Apart, unforeseen
from charting.case.clock import HOUR_US, MINUTE_US
from charting.case.refusals import Refusal
from charting.case.state import Case
from charting.case.whereabouts import Part
from charting.desk import Desk
from charting.filler.elsewhere import Elsewhere
from charting.filler.identity import spans
from charting.filler.parts import present
from charting.filler.sources import SourceError, Sources
from charting.filler.thermometry import Present, read, thermometry
from charting.metrics import Metrics
from charting.trail.entries import Advised, Thermometry
from charting.trail.trail import CaseRow, Trail
from charting.watch.advice import Standing, Warmth, standing, warmth
from charting.watch.situation import AREAS, GASES, ICU_US, RECENT_US, situation
from collector.errors import VitalsdError
from collector.logs import Link

PACE_S = 5.0
SETTLE_US = 5_000_000
"""A minute is looked at when it has been over for so long: what was measured at its end needs time to arrive."""
TAIL_US = 20 * MINUTE_US
"""What comes by so much late is found in the next minute, what comes later with the next whole look."""
WHOLE_US = 10 * MINUTE_US
GONE_US = 24 * HOUR_US
"""Cases that were closed so long ago, while no service ran, still get the ends of their advisories."""
LEAVING = "TMP-PACU-EXIT"
"""The rule that is asked before somebody leaves the PACU (clinical.md §2.7, soft stop)."""
_CASES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What is known of an open case beside its trail. `held`: what would be said but for something that is not known.

    `warmth` None: nobody told that he came into a room, or his bed cannot be read.
    """

    at_us: int
    warmth: Warmth | None = None
    held: Sequence[Held] = ()


@dataclass(slots=True)
class _Told:
    """What thermometers told until now, and when it was read as a whole."""

    thermometry: Thermometry
    whole_us: int


class Adviser:
    """`look` may be called from any thread, one look at a time; `live` from any."""

    def __init__(
        self,
        desk: Desk,
        trail: Trail,
        sources: Sources,
        now_us: Callable[[], int],
        log: structlog.typing.FilteringBoundLogger,
        metrics: Metrics | None = None,
    ) -> None:
        self._desk = desk
        self._trail = trail
        self._sources = sources
        self._now_us = now_us
        self._log = log
        self._metrics = metrics or Metrics()
        self._store = Link(log, "charting database")
        self._looks = Link(log, "advisories")
        self._apart = Apart(log, "advising failed")
        self._elsewhere = Elsewhere(desk, trail, self._apart, _CASES)
        self._links: dict[str, Link] = {}
        self._told: dict[str, _Told] = {}
        self._situations: dict[str, Situation] = {}
        self._cases: dict[str, tuple[int, Case]] = {}
        self._minute = 0
        self._begun = False
        self.live: Mapping[str, Live] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look when a minute has settled, until `stop`."""
        while not stop.is_set():
            minute = (self._now_us() - SETTLE_US) // MINUTE_US
            if minute != self._minute:
                self._minute = minute
                await asyncio.to_thread(self.look)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PACE_S)

    def standing(self, row: CaseRow) -> Sequence[Standing] | None:
        """The advisories of an open case that stand. It is read anew where its row tells of new entries.

        Of one that cannot be read what was known; None: nothing was.
        """
        known = self._cases.get(row.case)
        if known is None or known[0] != row.last:
            case = self._apart.trying(row.case, partial(self._desk.case, row.case))
            if case is not None:
                known = self._cases[row.case] = row.last, case
            while len(self._cases) > _CASES:
                del self._cases[next(iter(self._cases))]
        return None if known is None else standing(known[1], self._now_us())

    def before_leaving(self, case: str) -> Mapping[str, str] | None:
        """What the last look at a patient in the PACU says against his leaving now, as LEAVING names it; None: nothing.

        It stops nobody.
        """
        found = self._situations.get(case)
        if found is None or found.area != "pacu":
            return None
        left = replace(found, times={**found.times, "t_pacu_out": found.now_us})
        return next((a.said for a in Advisor().step(left) if (a.rule, a.phase) == (LEAVING, "start")), None)

    def look(self) -> None:
        """Advise each open case. What fails is logged, and tried again next time."""
        with self._metrics.look.labels("advisories").time():
            try:
                rows = self._trail.rows(state="open", limit=_CASES)
                elsewhere = self._elsewhere.since(rows)
                live = {row.case: self._look_at(row.case, elsewhere) for row in rows}
                for id_ in self._gone(live):
                    self._apart.trying(id_, partial(self._end_gone, id_))
            except VitalsdError as error:
                self._store.lost(str(error))
                return
            except Exception as error:  # noqa: BLE001  what nobody foresaw must not end the service
                self._looks.lost(unforeseen(error))
                return
            self._store.good()
            self._looks.good()
            self._apart.looked()
            self._told = {case: told for case, told in self._told.items() if case in live}
            self._situations = {case: found for case, found in self._situations.items() if case in live}
            self.live, self._begun = live, True

    def _gone(self, live: Mapping[str, Live]) -> Iterable[str]:
        """Cases that are open no more: since the last look, or (at the first one) since yesterday."""
        if self._begun:
            return self.live.keys() - live.keys()
        rows = self._trail.rows(state="closed", since_us=self._now_us() - GONE_US, limit=_CASES)
        return [row.case for row in rows]

    def _look_at(self, id_: str, elsewhere: Mapping[str, Sequence[Part]]) -> Live:
        now_us, case = self._now_us(), self._apart.trying(id_, partial(self._desk.case, id_))
        if case is None:
            return Live(at_us=now_us)
        if case.area not in AREAS or not case.bed:
            self._apart.trying(id_, partial(self._end, case))
            return Live(at_us=now_us)
        link = self._links.setdefault(case.bed, Link(self._log.bind(bed=case.bed), "temperatures of the bed"))
        others = [part for other, parts in elsewhere.items() if other != id_ for part in parts]
        try:
            live = self._apart.trying(id_, partial(self._advise, case, others, now_us))
        except SourceError as error:
            link.lost(str(error))
            return Live(at_us=now_us)
        if live is None:
            return Live(at_us=now_us)
        link.good()
        return live

    def _advise(self, case: Case, others: Sequence[Part], now_us: int) -> Live:
        told = self._thermometry(case, others, now_us)
        reader = self._sources.reader(case.bed)
        gases = () if reader is None else reader.minutes(case.bed, GASES, now_us - RECENT_US, now_us)
        found = situation(replace(case, thermometry=told), self._desk.libraries, gases, now_us)
        if found is None:
            return Live(at_us=now_us)
        self._situations[case.id] = found
        advisor = Advisor(case.advised)
        said = advisor.step(found)
        self._keep(case.id, [Advised(rule=a.rule, phase=a.phase, at_us=a.at_us, said=a.said) for a in said])
        return Live(
            at_us=now_us, warmth=None if found.course is None else warmth(found.course), held=tuple(advisor.held)
        )

    def _thermometry(self, case: Case, others: Sequence[Part], now_us: int) -> Thermometry | None:
        """What thermometers told of the patient until now: the last minutes anew, all of it now and then."""
        until_us = (now_us - SETTLE_US) // MINUTE_US * MINUTE_US
        areas = ("icu",) if case.area == "icu" else ("or", "offsite", "pacu")
        there = [Present.of(part, until_us, spans(case, part.bed)) for part in present(case, areas, others)]
        if case.area == "icu":
            there = [replace(p, since_us=max(p.since_us, until_us - ICU_US)) for p in there]
        there = [p for p in there if p.since_us < p.until_us]
        if not there:
            return case.thermometry
        before = self._told.get(case.id)
        whole = before is None or now_us - before.whole_us >= WHOLE_US
        since_us = 0 if whole else until_us - TAIL_US
        found = []
        for part in there:
            reader = self._sources.reader(part.bed)
            asked = replace(part, since_us=max(part.since_us, since_us))
            if reader is not None and asked.since_us < asked.until_us:
                found.append(read(reader, asked))
        made = thermometry(found, there, before.thermometry if before else case.thermometry)
        self._told[case.id] = _Told(made, now_us if before is None or whole else before.whole_us)
        return _tried_out(made) if case.is_test else made

    def _end_gone(self, id_: str) -> None:
        case = self._desk.case(id_)
        if case.state != "open":
            self._end(case)

    def _end(self, case: Case) -> None:
        """Where he is now, or is no more, there are no advisories."""
        now_us = self._now_us()
        left = standing(replace(case, state="open"), now_us)
        self._keep(case.id, [Advised(rule=a.rule, phase="end", at_us=now_us, said={"why": "moved"}) for a in left])

    def _keep(self, id_: str, advised: Sequence[Advised]) -> None:
        if not advised:
            return
        with suppress(Refusal):  # discarded meanwhile
            self._desk.advise(id_, advised)
            for each in advised:
                if each.phase == "start":
                    self._metrics.advisories.labels(each.rule).inc()


def _tried_out(told: Thermometry) -> Thermometry:
    """Of a test case what a demonstration shows is what there is; for a patient it counts for nothing."""
    return replace(told, thermometers=tuple(replace(t, doubted=()) if t.demo else t for t in told.thermometers))
