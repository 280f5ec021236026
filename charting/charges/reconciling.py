"""Cases and periods: what was recorded, and what of it was charged. Calls block."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from threading import Lock

from charting.apart import Apart
from charting.case.refusals import Unknown
from charting.case.state import Case
from charting.charges.due import KINDS, Due, due, recorded
from charting.charges.keeping import Charges
from charting.charges.ledger import Charge, unsettled
from charting.charges.lines import Bill, Tariff
from charting.charges.statement import ZERO, Statement, statement
from charting.outbox.parcel import Outbox
from charting.quality.periods import Period
from charting.trail.trail import Trail
from collector.logs import logger

DAY_US = 86_400_000_000
_KNOWN = 2_000
"""Cases whose bill is kept in mind: more than a month has."""
_MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The cases of one of the site's days, ISO."""

    day: str
    cases: Sequence[Statement]

    @property
    def lines(self) -> int:
        return sum(case.lines for case in self.cases)

    @property
    def differing(self) -> int:
        return sum(case.differs for case in self.cases)

    @property
    def unbilled(self) -> int:
        return sum(len(case.unbilled) for case in self.cases)

    def money(self, measure: str) -> Decimal:
        return sum((case.money(measure) for case in self.cases), ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Of a period, day by day. `unread`: cases that could not be read."""

    period: Period
    made_us: int
    days: Sequence[Day]
    unread: int

    @property
    def whole(self) -> Day:
        return Day(day="", cases=[case for day in self.days for case in day.cases])


class Reconciling:
    def __init__(
        self, trail: Trail, charges: Charges, outbox: Outbox, tariff: Tariff, began: Callable[[], int]
    ) -> None:
        """`began`: see `due`."""
        self._trail = trail
        self._charges = charges
        self._outbox = outbox
        self.tariff = tariff
        self._began = began
        self._apart = Apart(logger(part="charges"), "the charges of a case cannot be told")
        self._bills: OrderedDict[str, tuple[int, Case, Due, Bill]] = OrderedDict()
        self._lock = Lock()

    def of_case(self, case: str) -> Statement:
        """Raises Unknown."""
        row = self._trail.row(case)
        if row is None:
            raise Unknown("case_unknown")
        return self._statement(case, row.last, self._charges.of_case(case))

    def of_period(self, period: Period) -> Reconciliation:
        """Cases by the day of their anaesthesia, those without anything to charge left out."""
        near = self._trail.rows(since_us=period.start_us - DAY_US, until_us=period.end_us + DAY_US, limit=_MOST)
        charged = self._charges.of_cases([row.case for row in near])
        found: list[Statement] = []
        unread = 0
        for row in near:
            charges = charged.get(row.case, ())
            made = self._apart.trying(row.case, lambda row=row, c=charges: self._statement(row.case, row.last, c))  # type: ignore[misc]
            if made is None:
                unread += 1
            elif period.start_us <= made.anchor_us < period.end_us and (made.rows or made.unbilled):
                found.append(made)
        self._apart.looked()
        found.sort(key=lambda made: (made.anchor_us, made.case.id))
        days = groupby(found, key=lambda made: self.tariff.day(made.anchor_us))
        return Reconciliation(
            period=period,
            made_us=self.tariff.clock.now_us(),
            days=[Day(day=day, cases=list(cases)) for day, cases in days],
            unread=unread,
        )

    def _statement(self, id_: str, last: int, charges: Sequence[Charge]) -> Statement:
        case, owed, now = self._billed(id_, last)
        sent = {key: self._outbox.find(key) for key in unsettled(charges)}
        return statement(case, owed, now, charges, sent, self.tariff)

    def _billed(self, id_: str, last: int) -> tuple[Case, Due, Bill]:
        """A case is folded again when something was added to it, or when it is priced anew."""
        began = self._began()
        version = hash((last, began, *map(id, self.tariff.catalogue.versions)))
        with self._lock:
            known = self._bills.get(id_)
        if known is None or known[0] != version:
            case, owed = due(self._trail.entries(id_, kinds=KINDS), self.tariff, began)
            known = (version, case, owed, recorded(case, self.tariff))
            with self._lock:
                self._bills[id_] = known
                while len(self._bills) > _KNOWN:
                    self._bills.popitem(last=False)
        return known[1:]
