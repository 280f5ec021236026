"""The workload of a department's months: counted from its cases, locked, compared, disputed. Any thread may call.

Everybody sees his own; who has the right `workload` sees everybody's, locks months and answers disputes. What is sent
twice is done once; an attempt of who may not is kept in the trail.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import Any

from charting.accounts.actor import Actor
from charting.accounts.rights import allows
from charting.case.book import TRIES, Casebook
from charting.case.checks import LEAD_US, check_texts
from charting.case.clock import HOUR_US
from charting.case.refusals import Impossible
from charting.case.state import fold
from charting.quality.periods import Period, month, period
from charting.trail.contents import Term
from charting.trail.entries import Disputed
from charting.trail.trail import CaseRow, Stale
from charting.workload.differences import Difference, differences
from charting.workload.factors import LevelOf, Scene
from charting.workload.locks import Dispute, Locked, Locks, disputes, frozen
from charting.workload.month import Carried, Month, PersonMonth, with_carried
from charting.workload.month import month as counted
from charting.workload.refusals import WorkloadRefusal
from charting.workload.scheme import Scheme
from charting.workload.work import KINDS, Work, work_of
from collector.errors import UsageError

RIGHT = "workload"
BEFORE_US = 7 * 24 * HOUR_US
"""How long before a month a case may have ended that a visit of the month belongs to."""
BACK = 12
"""Locked months whose later changes are still carried on."""
_WORKS, _MONTHS = 20_000, 4
"""Kept in memory: works of a year and more (some 3 kB each), and months (some 15 MB)."""
_ALL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A month to be shown: as it was locked, by the scheme that it was locked with, else as it stands now.

    `differences`: what is not as it was.
    """

    period: Period
    month: Month
    scheme: Scheme
    locked: Locked | None
    differences: tuple[Difference, ...]

    def difference(self, person: str) -> Difference | None:
        return next((d for d in self.differences if d.person == person), None)


class Ledger:
    def __init__(self, desk: Casebook, scheme: Scheme, names: Callable[[], Mapping[str, str]]) -> None:
        """`names`: account → person's name, as they are now."""
        self._desk = desk
        self._trail = desk.trail
        self._names = names
        self.scheme = scheme
        self._locks = Locks(desk.trail)
        self._works: OrderedDict[str, tuple[int, Work | None]] = OrderedDict()
        self._months: OrderedDict[tuple[Any, ...], Month] = OrderedDict()
        self._lock = Lock()

    def period(self, text: str) -> Period:
        """A month, "": the present one. Raises WorkloadRefusal."""
        zone = self._desk.clock.zone
        try:
            found = period(text, zone) if text else month(self._desk.clock.now_us(), zone)
        except UsageError:
            raise WorkloadRefusal("workload.refused.month") from None
        if not found.is_month:
            raise WorkloadRefusal("workload.refused.month")
        return found

    def statement(self, period: Period) -> Statement:
        locked = self._locks.of(period.name)
        if locked is None:
            return Statement(period=period, month=self._open(period), scheme=self.scheme, locked=None, differences=())
        whole, scheme = self._locks.whole(locked)
        return Statement(
            period=period, month=whole, scheme=scheme, locked=locked, differences=self._since(period, locked)
        )

    def everybody(self, actor: Actor, period: Period) -> Statement:
        """Raises NotAllowed, and keeps the attempt, for who may see his own only."""
        self._desk.require(actor, RIGHT)
        return self.statement(period)

    def may_see(self, actor: Actor, person: str) -> bool:
        return person == actor.account or allows(actor, RIGHT)

    def one(self, actor: Actor, period: Period, person: str) -> tuple[Statement, PersonMonth | None]:
        """A person's month; None: nothing of it. Raises NotAllowed, and keeps the attempt, for another's."""
        if not self.may_see(actor, person):
            self._desk.require(actor, RIGHT)
        statement = self.statement(period)
        return statement, statement.month.of(person)

    def lock(self, actor: Actor, period: Period) -> Statement:
        """Every number of the month is kept, and the scheme. Raises NotAllowed, WorkloadRefusal."""
        for right in (RIGHT, "freeze"):
            self._desk.require(actor, right)
        if period.end_us > self._desk.clock.now_us():
            raise WorkloadRefusal("workload.refused.not_over", time=self._desk.clock.written(period.end_us))
        body = None
        for _ in range(TRIES):
            whole = self._trail.last()
            if self._locks.of(period.name) is not None:
                return self.statement(period)
            body = body or frozen(self._open(period), self.scheme, whole)
            with suppress(Stale):
                self._trail.append(actor.account, "", [body], whole=whole)
        raise Impossible("busy")

    def disputes(self, period: Period) -> Mapping[str, Dispute]:
        """By account."""
        return disputes(self._trail, period.name)

    def dispute(self, actor: Actor, period: Period, text: str) -> Dispute:
        """The actor says what is wrong with his own month. Raises WorkloadRefusal."""
        return self._say(actor, actor.account, period, text, answer=False)

    def answer(self, actor: Actor, period: Period, account: str, text: str) -> Dispute:
        """What a person disputes is answered, never by himself. Raises NotAllowed, WorkloadRefusal."""
        self._desk.require(actor, RIGHT)
        if account not in self.disputes(period):
            raise WorkloadRefusal("workload.refused.no_dispute")
        if account == actor.account:
            raise WorkloadRefusal("workload.refused.own_dispute")
        return self._say(actor, account, period, text, answer=True)

    def _say(self, actor: Actor, account: str, period: Period, text: str, *, answer: bool) -> Dispute:
        check_texts(text)
        said = text.strip()
        if not said:
            raise WorkloadRefusal("workload.refused.no_text")
        before = self.disputes(period).get(account)
        last = before.remarks[-1] if before is not None else None
        if last is None or (last.by, last.text, last.answer) != (actor.account, said, answer):
            body = Disputed(account=account, period=period.name, text=said, answer=answer)
            self._trail.append(actor.account, "", [body])
        return self.disputes(period)[account]

    # Counting

    def _open(self, period: Period) -> Month:
        """As it stands now, with what locked months before it hand on."""
        scene = self._scene(self.scheme, self._level)
        carried = tuple(self._carried(period))
        made = self._counted(period, scene)
        return with_carried(made, carried, scene) if carried else made

    def _since(self, period: Period, locked: Locked) -> tuple[Difference, ...]:
        """By the scheme and the levels that the month was locked with: only what people did makes a difference."""
        if not self._touched(period, locked.upto):
            return ()
        before, scheme = self._locks.whole(locked)
        scene = self._scene(scheme, lambda term: before.levels.get(term.code) or self._level(term))
        return differences(before, self._counted(period, scene, locked.seq))

    def _carried(self, to: Period) -> Iterator[Carried]:
        """What has changed in the locked months before, as far as no month that was locked has it already.

        It is booked in the first month after it that is still open.
        """
        locks = self._locks.all()
        for at in self._locked_before(to, locks):
            told = self._since(at, locks[at.name])
            people = {d.person: (d.name, d.account, d.score) for d in told}
            for other in locks.values():
                for booked in (c for c in other.carried if c.period == at.name):
                    name, account, score = people.get(booked.person, (booked.name, booked.account, Decimal(0)))
                    people[booked.person] = name, account, score - booked.score
            for person, (name, account, score) in people.items():
                if score:
                    yield Carried(period=at.name, person=person, name=name, account=account, score=score)

    def _locked_before(self, to: Period, locks: Mapping[str, Locked]) -> Sequence[Period]:
        """The locked months between which and `to` none is open, oldest first."""
        zone = self._desk.clock.zone
        found: list[Period] = []
        for back in range(1, BACK + 1):
            at = month(to.start_us, zone, back)
            if at.name not in locks:
                break
            found.append(at)
        return found[::-1]

    def _counted(self, period: Period, scene: Scene, lock: int = 0) -> Month:
        """`lock`: the entry whose scheme and levels it is counted by; 0: the present ones."""
        rows = self._rows(period)
        current = self._desk.libraries.current("procedures")
        version = current.version if current is not None and not lock else ""
        key = (period.name, lock, version, hash(frozenset((row.case, row.last) for row in rows)), len(rows))
        with self._lock:
            if key in self._months:
                self._months.move_to_end(key)
                return self._months[key]
        works = [work for row in rows if (work := self._work(row)) is not None]
        made = counted(works, period, scene, names=self._names(), made_us=self._desk.clock.now_us())
        with self._lock:
            self._months[key] = made
            while len(self._months) > _MONTHS:
                self._months.popitem(last=False)
        return made

    def _rows(self, period: Period) -> Sequence[CaseRow]:
        """Of all cases that may count in the period, or be in parallel to one that does."""
        return self._trail.rows(since_us=period.start_us - BEFORE_US, until_us=period.end_us + LEAD_US, limit=_ALL)

    def _touched(self, period: Period, seq: int) -> bool:
        """Whether since an entry something was done that can change what the month counts."""
        later = (row.case for row in self._rows(period) if row.last > seq)
        return any(self._trail.entries(case, seq, KINDS) for case in later)

    def _work(self, row: CaseRow) -> Work | None:
        with self._lock:
            known = self._works.get(row.case)
        if known is None or known[0] != row.last:
            known = row.last, work_of(fold(self._trail.entries(row.case, kinds=KINDS)))
            with self._lock:
                self._works[row.case] = known
                while len(self._works) > _WORKS:
                    self._works.popitem(last=False)
        return known[1]

    def _scene(self, scheme: Scheme, level_of: LevelOf) -> Scene:
        return Scene(scheme=scheme, clock=self._desk.clock, level_of=level_of)

    def _level(self, term: Term) -> str:
        """As the version says that it was chosen from, else the current one."""
        libraries = self._desk.libraries
        own = libraries.coding(term.library, term.version, term.code)
        level = own.attributes.get("level", "") if own is not None else ""
        current = libraries.current(term.library)
        other = current.codings.get(term.code) if current is not None and not level else None
        return other.attributes.get("level", "") if other is not None else level
