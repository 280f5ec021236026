"""A month's workload as sheets of a workbook: people, every line with its factors, what waits, differences, the scheme.

Minutes and scores are numbers. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from charting.reports.xlsx import MOMENT, Cell, Column, Sheet, Value
from charting.workload.ledger import Statement
from charting.workload.lines import EXTRA
from charting.workload.month import PersonMonth
from charting.workload.spans import total
from charting.workload.telling import Teller

_POINTS = "0.000"
_MINUTES = ("minutes", "case_minutes", "parallel_min", "evening_min", "night_min", "holiday_min")
_FACTORS = ("base", "fixed", "level", "hours", "time", "asa", "emergency", "age", "location", "risk", "shift",
            "parallel", "share", "credit", "points")  # fmt: skip
_PEOPLE: Sequence[tuple[str, str, str]] = (
    ("score", "score", _POINTS), ("own", "own", _POINTS), ("carried", "carried", _POINTS), ("minutes", "minutes", ""),
    ("case_minutes", "case_minutes", ""), ("cases", "cases", ""), ("parallel_min", "parallel", ""),
    ("handovers", "handovers", ""), ("evening_min", "evening", ""), ("night_min", "night", ""),
    ("holiday_min", "holiday", ""), ("waiting", "waiting", ""),
)  # fmt: skip
"""Attribute of PersonMonth, word, format."""


def sheets(statement: Statement, tell: Teller, *, site: str, person: str = "") -> Sequence[Sheet]:
    """`person`: his month alone, "": everybody's."""
    made = [_people(statement, tell, site, person), _lines(statement, tell, person), _waiting(statement, tell, person)]
    if statement.locked is not None:
        made.append(_differences(statement, tell, person))
    return [*made, _carried(statement, tell, person), _scheme(tell)]


def _people(statement: Statement, tell: Teller, site: str, person: str) -> Sheet:
    month = statement.month
    above: list[list[Value]] = [
        [Cell(value=site, strong=True)],
        [Cell(value=tell("of", month=statement.period.name), strong=True)],
        [tell("scheme"), tell.of(tell.scheme), month.formula],
        [tell.state(statement.locked)],
        [tell("made"), tell.clock.written(month.made_us), month.zone],
        [f"{tell('only_signed')} {tell('shares')}"],
    ]
    if not month.holidays:
        above.append([tell("no_holidays", year=month.period[:4])])
    columns = [Column(title=tell("person"), width=20), Column(title=tell("account"), width=16)]
    for attribute, word, format_ in _PEOPLE:
        unit = tell("in_min") if attribute in _MINUTES else ""
        columns.append(Column(title=tell(word) + unit, width=13, format=format_))
    rows = [
        [p.name, p.account, *(_plain(p, a) for a, _, _ in _PEOPLE)] for p in month.people if person in {"", p.person}
    ]
    return Sheet(name=tell("people"), columns=columns, rows=rows, above=above)


def _plain(person: PersonMonth, attribute: str) -> Value:
    value = getattr(person, attribute)
    return float(value) if isinstance(value, Decimal) else int(value)


def _lines(statement: Statement, tell: Teller, person: str) -> Sheet:
    month = statement.month
    own = [line for line in month.lines if person in {"", line.person}]
    keys = [key for key in _FACTORS if any(f.key == key for line in own for f in line.factors)]
    columns = [
        *(Column(title=tell(key), width=w) for key, w in (("person", 16), ("account", 14))),
        Column(title=tell("date"), width=17, format=MOMENT),
        *(Column(title=tell(key), width=w) for key, w in (("case", 16), ("room", 10), ("procedure", 30), ("stage", 14),
                                                         ("role", 20))),
        Column(title=tell("minutes") + tell("in_min"), width=12),
        *(Column(title=tell(f"factor.{key}"), width=10, format="0.0###") for key in keys),
        Column(title=tell("score"), width=12, format=_POINTS),
        Column(title=tell("factors"), width=70),
    ]  # fmt: skip
    rows: list[list[Value]] = []
    for line in own:
        label, values = month.labels[line.case], {f.key: float(f.value) for f in line.factors}
        rows.append(
            [
                line.name,
                line.account,
                tell.clock.local(line.at_us),
                line.case,
                label.room,
                tell.procedures(label),
                tell.stage(line.stage),
                tell.role(line.stage, line.role),
                None if line.stage == EXTRA else total(line.spans),
                *(values.get(key) for key in keys),
                float(line.score),
                tell.formula(line.factors, label),
            ]
        )
    return Sheet(name=tell("cases_title"), columns=columns, rows=rows)


def _waiting(statement: Statement, tell: Teller, person: str) -> Sheet:
    month = statement.month
    titles = (("date", 17), ("case", 16), ("room", 10), ("procedure", 30), ("stage", 14), ("people", 30),
              ("document", 20), ("reason", 40))  # fmt: skip
    rows: list[list[Value]] = [
        [
            tell.clock.local(w.at_us),
            w.case,
            month.labels[w.case].room,
            tell.procedures(month.labels[w.case]),
            tell.stage(w.stage),
            ", ".join(w.people.values()),
            tell.document(w.document),
            tell.reasons(w.reasons),
        ]
        for w in month.waiting
        if not person or person in w.people
    ]
    return Sheet(name=tell("waiting"), columns=[Column(title=tell(t), width=w) for t, w in titles], rows=rows)


def _differences(statement: Statement, tell: Teller, person: str) -> Sheet:
    titles = (("person", 16), ("case", 16), ("stage", 14), ("role", 20), ("before", 12), ("after", 12), ("change", 12))
    columns = [Column(title=tell(t), width=w, format=_POINTS) for t, w in titles]
    rows: list[list[Value]] = [
        [
            d.name,
            c.case,
            tell.stage(c.stage),
            tell.role(c.stage, c.role),
            None if c.before is None else float(c.before),
            None if c.after is None else float(c.after),
            float(c.score),
        ]
        for d in statement.differences
        if person in {"", d.person}
        for c in d.changes
    ]
    return Sheet(name=tell("differences"), columns=columns, rows=rows)


def _carried(statement: Statement, tell: Teller, person: str) -> Sheet:
    columns = [
        Column(title=tell("person"), width=16),
        Column(title=tell("month"), width=12),
        Column(title=tell("carried"), width=12, format=_POINTS),
    ]
    rows: list[list[Value]] = [
        [c.name, c.period, float(c.score)] for c in statement.month.carried if person in {"", c.person}
    ]
    return Sheet(name=tell("carried"), columns=columns, rows=rows)


def _scheme(tell: Teller) -> Sheet:
    """Every key of the scheme and what it says."""
    rows: list[list[Value]] = [[key, value] for key, value in _flat(tell.scheme.model_dump(mode="json"))]
    return Sheet(
        name=tell("scheme"),
        columns=[Column(title=tell("key"), width=50), Column(title=tell("value"), width=60)],
        rows=rows,
    )


def _flat(said: object, key: str = "") -> Iterator[tuple[str, Value]]:
    if isinstance(said, Mapping):
        for name, value in said.items():
            yield from _flat(value, f"{key}.{name}" if key else str(name))
    elif isinstance(said, list) and any(isinstance(each, Mapping) for each in said):
        for n, value in enumerate(said):
            yield from _flat(value, f"{key}[{n}]")
    elif said is not None:
        yield key, ", ".join(str(each) for each in said) if isinstance(said, list) else str(said)
