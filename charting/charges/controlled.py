"""The register of controlled drugs (专册): what became of each ampoule, who says so, and who saw it (clinical.md §7).

Beside what a person states stands what the record says was given. Pure but for the reading of cases.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from charting.apart import Apart
from charting.case.running import due_us
from charting.case.state import Case, Document, Item, fold, witness_of
from charting.case.warnings import time_of
from charting.charges.due import KINDS
from charting.library.controlled import controlled_class
from charting.library.library import Libraries
from charting.quality.periods import Period
from charting.sheet.amounts import Amount, added, amount, given
from charting.templates.loader import Templates
from charting.trail.contents import Bolus, Controlled, Infusion, Term
from charting.trail.trail import Trail
from collector.logs import logger

DAY_US = 86_400_000_000
_MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A lot of a drug on a case. `told` None: given, and nobody has said what became of it.

    `recorded`: what the document's boluses and infusions of the drug add up to; None: nobody can tell.
    `author`, `at_us`: who stated it; `witness`: (by whom, when), None: nobody yet, or not this version.
    """

    case: Case
    document: str
    drug: Term
    kind: str
    at_us: int
    recorded: Amount | None
    item: str = ""
    number: int = 0
    told: Controlled | None = None
    author: str = ""
    witness: tuple[str, int] | None = None

    @property
    def waits(self) -> bool:
        """For somebody to state or to witness it."""
        return self.witness is None


def entries(case: Case, libraries: Libraries, templates: Templates) -> Sequence[Entry]:
    """Of a case, in the order of time; one that was discarded has none."""
    if case.state == "discarded" or case.is_test:
        return []
    found = [e for document in case.documents.values() for e in _of(case, document, libraries, templates)]
    return sorted(found, key=lambda e: (e.at_us, e.drug.code))


def _of(case: Case, document: Document, libraries: Libraries, templates: Templates) -> Iterator[Entry]:
    runs: dict[str, list[tuple[int, Bolus | Infusion]]] = {}
    told: dict[str, list[tuple[Item, Controlled]]] = {}
    drugs: dict[str, Term] = {}
    for item in document.items.values():
        content = item.content
        if isinstance(content, Controlled):
            told.setdefault(content.drug.code, []).append((item, content))
            drugs.setdefault(content.drug.code, content.drug)
        elif isinstance(content, Bolus) or (isinstance(content, Infusion) and content.what == "drug"):
            runs.setdefault(content.drug.code, []).append((time_of(content) or document.start_us, content))
            drugs.setdefault(content.drug.code, content.drug)
    template = templates.get(document.template, document.template_version)
    over_us = due_us(case, template)
    for code, drug in drugs.items():
        kind = controlled_class(libraries, drug)
        if not kind and code not in told:
            continue
        much = added(_given(run, over_us, case) for _, run in runs.get(code, ()))
        for item, stated in told.get(code, ()):
            yield Entry(
                case=case,
                document=document.id,
                drug=drug,
                kind=kind,
                at_us=stated.at_us,
                recorded=much,
                item=item.id,
                number=item.number,
                told=stated,
                author=item.versions[-1].author,
                witness=witness_of(case, document.id, item),
            )
        if code not in told:
            at_us = min(at for at, _ in runs[code])
            yield Entry(case=case, document=document.id, drug=drug, kind=kind, at_us=at_us, recorded=much)


def _given(content: Bolus | Infusion, over_us: int | None, case: Case) -> Amount | None:
    if isinstance(content, Bolus):
        return amount(content.dose, content.unit)
    end_us = content.stop_us if content.stop_us is not None else over_us
    if end_us is None or not content.rates:
        return None
    return given(content, content.rates[0].at_us, end_us, end_us, case.patient.weight_kg)


class Register:
    """Calls block."""

    def __init__(self, trail: Trail, libraries: Libraries, templates: Templates) -> None:
        self._trail = trail
        self._libraries = libraries
        self._templates = templates
        self._apart = Apart(logger(part="charges"), "controlled drugs of a case cannot be told")
        self._known: Mapping[str, tuple[int, Sequence[Entry]]] = {}

    def of_period(self, period: Period) -> Sequence[Entry]:
        """What waits for somebody first, then by time. What was stated after the case belongs to its end."""
        rows = self._trail.rows(since_us=period.start_us - DAY_US, until_us=period.end_us + DAY_US, limit=_MOST)
        known: dict[str, tuple[int, Sequence[Entry]]] = {}
        for row in rows:
            before = self._known.get(row.case)
            if before is not None and before[0] == row.last:
                known[row.case] = before
                continue
            case = self._apart.trying(row.case, lambda id_=row.case: fold(self._trail.entries(id_, kinds=KINDS)))  # type: ignore[misc]
            if case is not None:
                known[row.case] = (row.last, entries(case, self._libraries, self._templates))
        self._apart.looked()
        self._known = known
        found = [
            e
            for _, several in known.values()
            for e in several
            if period.start_us <= e.case.within(e.at_us) < period.end_us
        ]
        return sorted(found, key=lambda e: (not e.waits, e.at_us, e.case.id))
