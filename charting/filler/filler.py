"""Fills open documents from what devices say, again and again: new values, late ones, what a person has decided."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog

from charting.apart import Apart, unforeseen
from charting.case.absence import elsewhere_news
from charting.case.clock import HOUR_US
from charting.case.refusals import Refusal
from charting.case.state import Case, Document
from charting.case.whereabouts import Part, occupied
from charting.desk import Desk
from charting.fill.fill import MINUTE_US, Count, Filling, Plan, final_us, marks
from charting.fill.plan import Spans
from charting.fill.signals import find
from charting.fill.streams import without
from charting.fill.types import Cause, CellState, Gap
from charting.filler.certificate import certificate
from charting.filler.elsewhere import Elsewhere
from charting.filler.identity import differing
from charting.filler.look import TOLD_US, Look
from charting.filler.measuring import Measuring
from charting.filler.news import news, unreached_news
from charting.filler.parts import parts, plan
from charting.filler.pumps import ITEM, NAME_CODE, RATE_CODES, infusions
from charting.filler.sources import SourceError, Sources
from charting.filler.watch import Prints, Seen, changed, first_kept_us
from charting.templates.loader import Templates
from charting.templates.template import Template
from charting.trail.contents import Infusion
from charting.trail.trail import CaseRow, Trail
from collector.clock import EVER_US, rfc3339
from collector.errors import VitalsdError
from collector.logs import Link
from collector.series import SeriesReader

PACE_S = 10.0
"""Between two looks. A minute that is over is charted in the next one."""
SETTLE_US = 5_000_000
"""A minute is looked at when it has been over for so long: what was measured at its end needs time to arrive."""
SETTLE_S = 3.0
"""A person who signs waits so long for a look at all cases to end."""
SLICE_US = 4 * HOUR_US
"""Filled at once: days of a bed take no more memory than this."""
AWAITED_US = 10 * MINUTE_US
"""What was measured at the end of a stay may come so late without anybody having missed it."""
CERTIFY_US = 7 * 24 * HOUR_US
"""Cases closed so long ago are still certified: a record is completed within days, and a service restarted."""
EXPECTED = frozenset({"hr", "spo2"})
"""Signals whose absence is a gap from the patient's arrival on; others are missed once they have been there
(WS 329: oxygenation in every technique; clinical.md §3.1)."""
MOST = 10_000
"""Cases of one question; a department has some hundred open or closed in a week."""


class _Ended(Exception):  # noqa: N818  no error: the service ends
    """A look goes no further."""


class Filler:
    """`look` may be called from any thread; one look at a time."""

    def __init__(
        self,
        desk: Desk,
        trail: Trail,
        templates: Templates,
        sources: Sources,
        now_us: Callable[[], int],
        zone: str,
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self._desk = desk
        self._trail = trail
        self._templates = templates
        self._sources = sources
        self._now_us = now_us
        self._zone = zone
        self._log = log
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._seen: dict[tuple[str, str, int], Seen] = {}
        self._store = Link(log, "charting database")
        self._looks = Link(log, "filling")
        self._apart = Apart(log, "filling failed", _Ended)
        self._elsewhere = Elsewhere(desk, trail, self._apart, MOST)
        self._links: dict[str, Link] = {}
        self._since: dict[str, int] = {}
        self._settled: dict[str, int] = {}
        self._certified: dict[str, int] = {}
        self._measuring = Measuring(desk, now_us, self._reading, SETTLE_US)

    async def run(self, stop: asyncio.Event) -> None:
        """Look every PACE_S until `stop`; a look under way ends with what it is writing."""
        looking = asyncio.create_task(self._look_on(stop))
        await stop.wait()
        self._ending.set()
        await looking

    async def _look_on(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.to_thread(self.look)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PACE_S)

    def look(self) -> None:
        """Fill every open document, and certify what was closed. What fails is logged, and tried again next time."""
        with self._lock:
            try:
                rows = self._trail.rows(state="open", limit=MOST)
                closed = self._closed()
                ended = self._unsettled(closed)
                measured = self._measuring.due([*rows, *closed])
                others = self._elsewhere.since([*rows, *ended, *measured])
                for id_ in (row.case for row in measured):
                    self._apart.trying(id_, partial(self._measuring.keep, id_, _of_others(id_, others)))
                for id_ in (row.case for row in rows):
                    self._apart.trying(id_, partial(self._look_at, id_, others))
                for id_ in (row.case for row in ended):
                    self._apart.trying(id_, partial(self._look_at_ended, id_, others))
            except _Ended:
                return
            except VitalsdError as error:
                self._store.lost(str(error))
            except Exception as error:  # noqa: BLE001  what nobody foresaw must not end the service
                self._looks.lost(unforeseen(error))
            else:
                self._store.good()
                self._looks.good()
                self._apart.looked()

    def settle(self, case: str) -> None:
        """Fill one case now, before something is done with it that lasts. Where a look takes long, it has done so."""
        if not self._lock.acquire(timeout=SETTLE_S):
            return
        try:
            with suppress(VitalsdError, Refusal, _Ended):
                rows = [*self._trail.rows(state="open", limit=MOST), *self._unsettled(self._closed())]
                self._look_at(case, self._elsewhere.since(rows), lasting=True)
        finally:
            self._lock.release()

    def _closed(self) -> Sequence[CaseRow]:
        return self._trail.rows(state="closed", since_us=self._now_us() - CERTIFY_US, limit=MOST)

    def _unsettled(self, rows: Sequence[CaseRow]) -> Sequence[CaseRow]:
        """Closed cases that are not certified, or of which data may still come."""
        self._settled = {row.case: row.last for row in rows if self._settled.get(row.case) == row.last}
        self._certified = {row.case: last for row in rows if (last := self._certified.get(row.case))}
        return [row for row in rows if row.case not in self._settled]

    def _look_at(self, id_: str, elsewhere: Mapping[str, Sequence[Part]], *, lasting: bool = False) -> None:
        """`lasting`: what there is now is to stay, be it final or not."""
        others = _of_others(id_, elsewhere)
        self._hold(id_)
        for document, template in self._documents(self._desk.case(id_)):
            if document.locked:
                continue
            found = self._parts(id_, document, template, others)
            for gone in elsewhere_news(document, [(part.start_us, part.end_us) for part in found]):
                with suppress(Refusal):  # signed or discarded meanwhile
                    self._desk.fill(id_, gone)
            for n, part in enumerate(found):
                key = id_, document.id, n
                if lasting:
                    self._seen.pop(key, None)
                self._reading(part.bed, partial(self._fill, key, template, part, lasting))

    def _look_at_ended(self, id_: str, elsewhere: Mapping[str, Sequence[Part]]) -> None:
        self._look_at(id_, elsewhere)
        self._certify(id_, elsewhere)

    def _documents(self, case: Case) -> Sequence[tuple[Document, Template]]:
        """Those that devices fill."""
        found = ((d, self._templates.get(d.template, d.template_version)) for d in case.documents.values())
        return [(document, template) for document, template in found if template is not None and template.grid]

    def _parts(self, case: str, document: Document, template: Template, others: Iterable[Part]) -> Sequence[Part]:
        return parts(self._desk.case(case), document, template.grid.areas if template.grid else (), others)

    def _reading(self, bed: str, use: Callable[[SeriesReader], object]) -> bool:
        """Let something read a bed's series, if it can be read. A failure is the bed's alone.

        `use` returns False where it had nothing to read: that says nothing of whether the bed can be read.
        """
        link = self._links.setdefault(bed, Link(self._log.bind(bed=bed), "series of the bed"))
        reader = self._sources.reader(bed)
        if self._ending.is_set():
            raise _Ended
        if reader is None:
            return True
        try:
            if use(reader) is False:
                return True
        except SourceError as error:
            self._since.setdefault(bed, self._now_us())
            link.lost(str(error))
            return False
        except Refusal as refusal:  # signed or discarded meanwhile
            self._log.debug("not filled", bed=bed, reason=refusal.key)
            return False
        except (VitalsdError, _Ended):  # the charting database: whoever looks at all cases sees it
            raise
        except Exception:  # noqa: BLE001  one bed's data that nobody foresaw must not stop the filling of all others
            if bed not in self._since:
                self._log.exception("filling failed", bed=bed)
            self._since.setdefault(bed, self._now_us())
            return False
        self._since.pop(bed, None)
        link.good()
        return True

    def _hold(self, id_: str) -> None:
        """Hold devices at the patient's beds that tell of another one, or have told so while he was there."""
        for stay in occupied(self._desk.case(id_)):
            self._reading(stay.bed, partial(self._hold_at, id_, stay))

    def _hold_at(self, id_: str, stay: Part, reader: SeriesReader) -> None:
        now_us = self._now_us()
        told = reader.identities(stay.bed, stay.start_us - TOLD_US, min(stay.end_us or now_us, now_us) + 1)
        for held in differing(self._desk.case(id_), told, stay.bed, stay.start_us, stay.end_us):
            self._desk.hold(id_, held)
            who = "this patient again" if held.own else "another patient"
            self._log.warning(f"a device tells of {who}", bed=stay.bed, device=held.device)

    def _fill(
        self, key: tuple[str, str, int], template: Template, part: Part, lasting: bool, reader: SeriesReader
    ) -> bool:
        """One part of a document, where anything has changed since the last look; whether it was looked at."""
        id_, document = key[0], key[1]
        case = self._desk.case(id_)
        wanted = plan(case, case.documents[document], template, part, self._zone, EXPECTED)
        now_us = self._now_us()
        until_us = min(part.end_us or now_us, now_us - SETTLE_US)
        until_us -= until_us % MINUTE_US
        ended = part.end_us is not None and part.end_us <= now_us - SETTLE_US
        before = self._seen.get(key)
        minute_us = now_us - now_us % MINUTE_US
        if until_us <= part.start_us:
            return False
        if before is not None and (before.plan, before.until_us) == (wanted, until_us):
            awaited = now_us < until_us + AWAITED_US or any(map(_unreached, case.documents[document].gaps))
            if before.looked_us == minute_us or not awaited:
                return False
        look = Look.at(reader, part, until_us, whole=before is None or before.plan != wanted)
        spans = changed(before, wanted, look.prints, look.technical, look.since_us, look.reached_us)
        start_us = _kept_us(case.documents[document], look.prints, part, until_us)
        settled = True
        seen = dict(before.seen) if before is not None and before.plan == wanted else {}
        for since, until in ((max(a, start_us), b) for a, b in spans):
            for first in range(since, until, SLICE_US):
                if self._ending.is_set():
                    raise _Ended
                last = min(first + SLICE_US, until)
                # the mark at which time stands has come, unless it is the first of another bed
                marked = last + 1 if last == look.reached_us and not part.followed else last
                filling = look.filling(replace(wanted, seen=seen), first, marked)
                seen |= {s: min(at, seen.get(s, at)) for s, at in filling.seen.items()}
                settled_us = EVER_US if ended or lasting else now_us
                settled = self._put(id_, document, wanted, filling, first, marked, settled_us) and settled
        self._lag(id_, document, wanted, seen, look.reached_us, until_us)
        self._pumps(id_, document, reader, part, wanted.held, until_us)
        self._seen[key] = Seen(
            plan=wanted,
            looked_us=minute_us,
            until_us=until_us,
            reached_us=look.reached_us,
            settled=settled,
            prints=look.prints,
            technical=look.technical,
            seen=seen,
        )
        return True

    def _put(
        self, id_: str, document: str, wanted: Plan, filling: Filling, since_us: int, until_us: int, settled_us: int
    ) -> bool:
        """Append what is new in a filling of [since_us, until_us); whether all its marks are final then."""
        held = self._desk.case(id_).documents[document]
        final = {m.mark_us: final_us(m) <= settled_us for m in marks(wanted, since_us, until_us)}
        found = news(
            held, filling, since_us, until_us, final=lambda mark_us: final.get(mark_us, True), held=wanted.held
        )
        if found is not None:
            self._desk.fill(id_, found)
        return all(final.values())

    def _lag(
        self, id_: str, document: str, wanted: Plan, seen: Mapping[str, int], reached_us: int, until_us: int
    ) -> None:
        """Say of the time that no data have reached what has not come, until they do."""
        known = {*seen, *wanted.expected}
        lacking = {signal.id for signal in find(wanted.signals) if signal.id in known and signal.gaps != "no"}
        if reached_us < until_us and lacking:
            evidence = f"no data have reached the server since {rfc3339(reached_us)[:19]}Z"
            told = self._desk.case(id_).documents[document]
            found = unreached_news(told, lacking, reached_us, until_us, evidence)
            if found is not None:
                self._desk.fill(id_, found)

    def _pumps(
        self,
        id_: str,
        document: str,
        reader: SeriesReader,
        part: Part,
        held: Mapping[str, Spans],
        until_us: int,
    ) -> None:
        """Bring the infusions of pumps to what they tell; what a person has changed stays."""
        told = reader.points(part.bed, RATE_CODES, part.came_us, until_us)
        rates = [without(points, held.get(points.series.device, ())) for points in told]
        names = reader.values(part.bed, [NAME_CODE], part.start_us - TOLD_US, until_us) if rates else []
        given = infusions(rates, names, part.start_us, until_us)
        items = self._desk.case(id_).documents[document].items.values()
        gone = {
            item.id: None
            for item in items
            if isinstance(item.content, Infusion)
            and item.id.startswith(ITEM)
            and item.id not in given
            and part.start_us <= item.content.rates[0].at_us < until_us
        }
        for item, infusion in {**gone, **given}.items():
            self._desk.infuse(id_, document=document, item=item, infusion=infusion)

    def _certify(self, id_: str, elsewhere: Mapping[str, Sequence[Part]]) -> None:
        """Certify how complete the documents of a closed case are, again where more has come since."""
        others = _of_others(id_, elsewhere)
        case, now_us = self._desk.case(id_), self._now_us()
        closed_us = now_us if case.closed_us is None else case.closed_us
        if now_us < closed_us + SETTLE_US:
            return
        found = self._documents(case)
        if self._certified.get(id_) != case.last:
            done = [self._certify_one(id_, document, template, others) for document, template in found]
            if not all(done):
                return
            self._certified[id_] = self._desk.case(id_).last
        awaited = any(not document.locked and any(map(_unreached, document.gaps)) for document, _ in found)
        if now_us >= closed_us + AWAITED_US and not awaited:
            self._settled[id_] = self._desk.case(id_).last

    def _certify_one(self, id_: str, document: Document, template: Template, others: Sequence[Part]) -> bool:
        """Whether its beds could be read, and it is certified."""
        found = self._parts(id_, document, template, others)
        counts: list[tuple[str, Count]] = []
        for part in found:
            if not self._reading(part.bed, partial(self._count, counts, id_, document.id, template, part)):
                return False
        case = self._desk.case(id_)
        start_us = found[0].start_us if found else document.start_us
        end_us = min(self._now_us() if case.closed_us is None else case.closed_us, _signed_us(document))
        self._desk.certify(id_, certificate(document, template.signals, counts, start_us, end_us))
        return True

    def _count(
        self,
        counts: list[tuple[str, Count]],
        id_: str,
        document: str,
        template: Template,
        part: Part,
        reader: SeriesReader,
    ) -> None:
        """Add the minutes of a part, by signal."""
        case = self._desk.case(id_)
        wanted = plan(case, case.documents[document], template, part, self._zone, EXPECTED)
        until_us = min(part.end_us or self._now_us(), self._now_us(), _signed_us(case.documents[document]))
        until_us -= until_us % MINUTE_US
        look = Look.at(reader, part, until_us, whole=True)
        seen: dict[str, int] = {}
        for first in range(part.start_us, until_us, SLICE_US):
            filling = look.filling(replace(wanted, seen=seen), first, min(first + SLICE_US, until_us))
            seen |= {s: min(at, seen.get(s, at)) for s, at in filling.seen.items()}
            counts += filling.counts.items()


def _of_others(id_: str, elsewhere: Mapping[str, Sequence[Part]]) -> Sequence[Part]:
    return [part for case, stays in elsewhere.items() if case != id_ for part in stays]


def _signed_us(document: Document) -> int:
    """To when what devices said stands in a locked document; EVER_US for another."""
    signed = [at_us for said, _, at_us in document.signatures if said.version == document.version]
    return min(signed) - SETTLE_US if document.locked and signed else EVER_US


def _unreached(gap: Gap) -> bool:
    """Whether what is missing may still come."""
    return gap.cause is Cause.NETWORK and not gap.certain


def _kept_us(document: Document, found: Prints, part: Part, until_us: int) -> int:
    """From when on the store still has what a document was filled from.

    What was captured and is no longer in the store was dropped there for its age: it stays as it was captured.
    """
    first_us = first_kept_us(found, part.start_us)
    kept_us = until_us if first_us is None else first_us
    older = any(
        item.captured is not None
        and item.captured.state is not CellState.EMPTY
        and part.start_us <= item.captured.time_us < kept_us - MINUTE_US
        for item in document.items.values()
    )
    if not older:
        return part.start_us
    return until_us if first_us is None else first_us // HOUR_US * HOUR_US + 2 * HOUR_US
