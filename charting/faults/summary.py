"""A month of faults and wishes: how many, and how the contract's times were kept. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from charting.faults.config import FaultsSection
from charting.faults.ticket import Promise, Ticket, Verdict, promises
from charting.quality.periods import Period
from charting.trail.entries import SYSTEM

LATE = frozenset({Verdict.LATE, Verdict.OVERDUE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Of one promise: how often it was due, kept, broken, still runs; the median of how long it took, µs."""

    key: str
    limit_us: int
    due: int
    kept: int
    late: int
    running: int
    median_us: int | None

    @property
    def share(self) -> float | None:
        """Kept of those that are decided, 0 to 1; None: none is."""
        decided = self.kept + self.late
        return self.kept / decided if decided else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """`tickets`: those that were reported in the period, with what was promised; `states` and `beds` count them.

    `left`: reported before and open when it began.
    """

    period: Period
    what: str
    tickets: Sequence[tuple[Ticket, Sequence[Promise]]]
    kept: Sequence[Kept]
    by_itself: int
    states: Mapping[str, int]
    beds: Mapping[str, int]
    left: int


def summary(tickets: Sequence[Ticket], what: str, period: Period, contract: FaultsSection, now_us: int) -> Summary:
    """`what`: fault or wish. The state is that of now, the times are those of now, too."""
    of_kind = [ticket for ticket in tickets if ticket.opened.what == what]
    mine = [ticket for ticket in of_kind if period.start_us <= ticket.at_us < period.end_us]
    told = [(ticket, promises(ticket, contract, now_us)) for ticket in mine]
    by_key: dict[str, list[Promise]] = {}
    for _, promised in told:
        for promise in promised:
            by_key.setdefault(promise.key, []).append(promise)
    return Summary(
        period=period,
        what=what,
        tickets=told,
        kept=[_kept(key, each) for key, each in by_key.items()],
        by_itself=sum(ticket.by == SYSTEM for ticket in mine),
        states=Counter(str(ticket.state) for ticket in mine),
        beds=dict(Counter(ticket.opened.bed for ticket in mine if ticket.opened.bed).most_common()),
        left=sum(
            ticket.at_us < period.start_us and (ticket.ended_us is None or ticket.ended_us >= period.start_us)
            for ticket in of_kind
        ),
    )


def _kept(key: str, promised: Sequence[Promise]) -> Kept:
    due = [promise for promise in promised if promise.verdict is not Verdict.UNNEEDED]
    took = [promise.took_us for promise in due if promise.took_us is not None]
    return Kept(
        key=key,
        limit_us=promised[0].limit_us,
        due=len(due),
        kept=sum(promise.verdict is Verdict.KEPT for promise in due),
        late=sum(promise.verdict in LATE for promise in due),
        running=sum(promise.verdict is Verdict.RUNNING for promise in due),
        median_us=round(median(took)) if took else None,
    )
