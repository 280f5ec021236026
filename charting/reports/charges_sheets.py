"""A period's charges as sheets of a workbook: days, cases, items, each line posted, to compare with the HIS. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from charting.charges.reconciling import Day, Reconciliation
from charting.charges.statement import MEASURES, Statement
from charting.charges.telling import Teller
from charting.reports.charges import states
from charting.reports.xlsx import MOMENT, Cell, Column, Sheet, Value

_MONEY = "#,##0.00"
_QUANTITIES = ("recorded", "due", "charged", "underway", "refused", "difference")


def sheets(found: Reconciliation, tell: Teller, *, site: str) -> Sequence[Sheet]:
    return [
        _days(found, tell, site),
        _cases(found, tell),
        _items(found, tell),
        _unbilled(found, tell),
        _lines(found, tell),
    ]


def _days(found: Reconciliation, tell: Teller, site: str) -> Sheet:
    above: list[list[Value]] = [
        [Cell(value=site, strong=True)],
        [Cell(value=tell("of", period=found.period.name), strong=True)],
        [tell("estimate")],
        [tell("made"), tell.clock.written(found.made_us), tell.clock.zone],
    ]
    if found.unread:
        above.append([tell("unread", n=found.unread)])
    columns = [
        Column(title=tell("day"), width=14),
        *(Column(title=tell(key), width=12) for key in ("cases", "lines")),
        *(Column(title=tell(key), width=14, format=_MONEY) for key in MEASURES),
        *(Column(title=tell(key), width=14) for key in ("differing", "unbilled")),
    ]
    rows: list[list[Value]] = [
        [day.day or tell("sum"), len(day.cases), day.lines, *_sums(day), day.differing, day.unbilled]
        for day in (*found.days, found.whole)
    ]
    return Sheet(name=tell("by_day"), columns=columns, rows=rows, above=above)


def _cases(found: Reconciliation, tell: Teller) -> Sheet:
    titles = (("day", 12), ("case", 34), ("patient", 14), ("number", 16), ("procedure", 30), ("lines", 12))
    columns = [
        *(Column(title=tell(key), width=wide) for key, wide in titles),
        *(Column(title=tell(key), width=14, format=_MONEY) for key in MEASURES),
        Column(title=tell("state"), width=40),
    ]
    rows: list[list[Value]] = [
        [*_case(m, tell), tell.procedures(m), m.lines, *_sums(m), states(m, tell)] for m in found.whole.cases
    ]
    return Sheet(name=tell("by_case"), columns=columns, rows=rows)


def _items(found: Reconciliation, tell: Teller) -> Sheet:
    titles = (("day", 12), ("case", 34), ("patient", 14), ("number", 16), ("code", 12), ("name", 30), ("unit", 8))
    columns = [
        *(Column(title=tell(key), width=wide) for key, wide in titles),
        *(
            Column(title=tell(key), width=11)
            for key in ("recorded", "due", "charged", "underway", "refused", "difference")
        ),
        *(Column(title=tell(key), width=12, format=_MONEY) for key in ("price", "amount")),
    ]
    rows: list[list[Value]] = [
        [*_case(m, tell), row.code, tell.item(row), row.unit,
         *(float(getattr(row, key)) for key in _QUANTITIES),
         _plain(row.price), _plain(row.money("recorded"))]
        for m in found.whole.cases for row in m.rows
    ]  # fmt: skip
    return Sheet(name=tell("items"), columns=columns, rows=rows)


def _unbilled(found: Reconciliation, tell: Teller) -> Sheet:
    titles = (("day", 12), ("case", 34), ("patient", 14), ("number", 16), ("entries", 34), ("code", 12), ("why", 50))
    rows: list[list[Value]] = [
        [*_case(m, tell), each.entry, each.code, tell.why(each.why)] for m in found.whole.cases for each in m.unbilled
    ]
    return Sheet(name=tell("unbilled"), columns=[Column(title=tell(k), width=w) for k, w in titles], rows=rows)


def _lines(found: Reconciliation, tell: Teller) -> Sheet:
    """Every line that was posted, with the transaction by which the HIS knows it."""
    titles = (("day", 12), ("case", 34), ("patient", 14), ("number", 16), ("transaction", 24), ("code", 12))
    columns = [
        *(Column(title=tell(key), width=wide) for key, wide in titles),
        Column(title="CG/CD", width=8),
        Column(title=tell("quantity"), width=10),
        *(Column(title=tell(key), width=18, format=MOMENT) for key in ("service_at", "posted")),
        Column(title=tell("state"), width=16),
    ]
    rows: list[list[Value]] = [
        [*_case(m, tell)[:3], c.payer.number, c.id, c.item, c.kind, float(c.signed), tell.clock.local(c.at_us),
         tell.clock.local(c.made_us), tell(f"state.{posting.state}")]
        for m in found.whole.cases for posting in m.postings for c in posting.charges
    ]  # fmt: skip
    return Sheet(name=tell("his"), columns=columns, rows=rows)


def _case(made: Statement, tell: Teller) -> list[Value]:
    local = tell.clock.local(made.anchor_us)
    return [f"{local:%Y-%m-%d}", made.case.id, tell.patient(made), made.case.patient.number]


def _sums(made: Day | Statement) -> Sequence[float]:
    return [float(made.money(measure)) for measure in MEASURES]


def _plain(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
