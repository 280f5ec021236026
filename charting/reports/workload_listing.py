"""A month's workload for a terminal and for programs: lines of text in zh or en, and JSON. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from charting.reports.terminal import table
from charting.reports.workload import COLUMNS, cells
from charting.workload.ledger import Statement
from charting.workload.lines import Line
from charting.workload.spans import total
from charting.workload.telling import Teller


def lines(statement: Statement, tell: Teller) -> Iterator[str]:
    """Everybody, then what is not counted yet, and what differs since the lock."""
    month = statement.month
    yield tell("of", month=month.period)
    yield f"{tell('scheme')}: {tell.of(tell.scheme)} ({month.formula}), {month.zone}"
    yield tell.state(statement.locked)
    yield f"{tell('only_signed')} {tell('shares')}"
    if not month.holidays:
        yield tell("no_holidays", year=month.period[:4])
    yield ""
    if month.people:
        titles = [tell("person"), *(tell(f"short.{key}") for key in COLUMNS)]
        yield from table([titles, *([tell.person(p.person, p.name), *cells(p, tell)] for p in month.people)])
    else:
        yield tell("nothing")
    if month.waiting:
        yield ""
        yield f"{tell('waiting')}: {len(month.waiting)}"
        for each in month.waiting:
            where = f"{tell.day(each.at_us)} {month.labels[each.case].room} {each.case}"
            yield f"  {where}  {tell.stage(each.stage)}  {tell.document(each.document)}: {tell.reasons(each.reasons)}"
    if statement.differences:
        yield ""
        yield tell("differences")
        for each_ in statement.differences:
            yield f"  {tell.person(each_.person, each_.name)}  {tell.signed_points(each_.score)}"


def to_json(statement: Statement, tell: Teller) -> Mapping[str, Any]:
    """Every number; scores and factors as JSON numbers, times as µs since 1970 UTC."""
    month, locked = statement.month, statement.locked
    return {
        "month": month.period,
        "zone": month.zone,
        "formula": month.formula,
        "made_us": month.made_us,
        "holidays": month.holidays,
        "locked": None if locked is None else {"by": locked.by, "at_us": locked.at_us},
        "cases": month.cases,
        "people": [_plain(asdict(person)) for person in month.people],
        "lines": [_line(line) for line in month.lines],
        "waiting": [
            {
                "case": w.case,
                "at_us": w.at_us,
                "stage": w.stage,
                "document": w.document,
                "reasons": [reason.key for reason in w.reasons],
                "text": tell.reasons(w.reasons),
                "people": dict(w.people),
            }
            for w in month.waiting
        ],
        "carried": [_plain(asdict(carried)) for carried in month.carried],
        "differences": [_plain(asdict(difference)) for difference in statement.differences],
    }


def _line(line: Line) -> Mapping[str, Any]:
    return {
        "case": line.case,
        "at_us": line.at_us,
        "person": line.person,
        "name": line.name,
        "account": line.account,
        "stage": line.stage,
        "role": line.role,
        "minutes": total(line.spans),
        "handed_over": line.relayed,
        "factors": [{"key": f.key, "value": float(f.value), "what": dict(f.what)} for f in line.factors],
        "score": float(line.score),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
