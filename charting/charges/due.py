"""What is due of a case: what its documents said when they were last signed, or when a person last confirmed. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from charting.case.state import Case, fold
from charting.charges.lines import Bill, Line, Tariff, Unbilled
from charting.trail.entries import ChargesDecided, Discarded, Entry, Signed

KINDS = (
    "opened", "moved", "located", "merged", "closed", "reopened", "discarded", "started", "handed_over", "set",
    "voided", "signed", "unlock_answered", "returned", "witnessed", "charges_decided",
)  # fmt: skip
"""Kinds of entries that make a bill: not what devices say by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An entry that makes charges due: its seq, by whom, and which version of the document it is about."""

    seq: int = 0
    by: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """`points`: of each document that counts, what made it due; `last`: what made the last one due, or what took the
    case away. `elsewhere`: documents that were billed in other ways. `blocked`: why nothing is posted now: held,
    no_number; "" where it is.
    """

    lines: Sequence[Line] = ()
    unbilled: Sequence[Unbilled] = ()
    points: Mapping[str, Point] = field(default_factory=dict)
    last: Point = field(default_factory=Point)
    elsewhere: frozenset[str] = frozenset()
    blocked: str = ""


def due(entries: Sequence[Entry], tariff: Tariff, began: int) -> tuple[Case, Due]:
    """The case as it is, and what is due of it. `entries`: the case's, of KINDS. Raises ValueError for none.
    `began`: a document that was signed by then was billed in other ways, unless a person has confirmed it since.

    A test case owes nothing, nor does one that was discarded; nothing is posted before the patient has a number.
    """
    wanted = dict(_points(entries, tariff, began))
    bills: dict[str, Bill] = {}
    points: dict[str, Point] = {}
    case: Case | None = None
    last, done = Point(), 0
    for n, entry in enumerate(entries, 1):
        documents = wanted.get(entry.seq, ())
        if not documents and n < len(entries):
            continue
        case = fold(entries[done:n], case)
        done = n
        for document in documents:
            bills[document] = tariff.bill(case, case.documents[document])
            last = Point(seq=entry.seq, by=entry.actor, version=case.documents[document].version)
            points[document] = last
    if case is None:
        raise ValueError("no such case")
    if case.is_test or case.state == "discarded":
        gone = next((e for e in entries if isinstance(e.body, Discarded)), None)
        return case, Due(last=Point(seq=gone.seq, by=gone.actor) if gone else last)
    held = case.charges is not None and case.charges[0].decision == "held"
    return case, Due(
        lines=[line for bill in bills.values() for line in bill.lines],
        unbilled=[each for bill in bills.values() for each in bill.unbilled],
        points=points,
        last=last,
        elsewhere=_signed_by(entries, began) - points.keys(),
        blocked="held" if held else "" if case.patient.number else "no_number",
    )


def _signed_by(entries: Sequence[Entry], began: int) -> frozenset[str]:
    return frozenset(e.body.document for e in entries if isinstance(e.body, Signed) and e.seq <= began)


def recorded(case: Case, tariff: Tariff) -> Bill:
    """What the record says now, whoever has signed it."""
    if case.is_test or case.state == "discarded":
        return Bill()
    bills = [tariff.bill(case, document) for document in tariff.counted(case)]
    return Bill(lines=[li for b in bills for li in b.lines], unbilled=[u for b in bills for u in b.unbilled])


def _points(entries: Sequence[Entry], tariff: Tariff, began: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Entry → the documents of which what they said then is due: for each the last one."""
    templates: dict[str, str] = {}
    last: dict[str, int] = {}
    elsewhere = _signed_by(entries, began)
    for entry in entries:
        body = entry.body
        if body.kind == "started" and body.template in tariff.config.documents:
            templates[body.document] = body.template
        elif isinstance(body, Signed) and body.document in templates and tariff.config.after == "signed":
            if body.document in last or body.document not in elsewhere:
                last[body.document] = entry.seq
        elif isinstance(body, ChargesDecided) and body.decision == "confirmed" and entry.seq > began:
            last |= dict.fromkeys(templates, entry.seq)
    for seq in sorted(set(last.values())):
        yield seq, [document for document, at in last.items() if at == seq]
