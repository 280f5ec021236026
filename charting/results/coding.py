"""ADT^A08: names and codes of a signed record, offered to the front page of the hospital's EMR. Pure but for what it
asks.

HL7 2.5, whose PR1 still has the name (PR1-4) and the anaesthesiologist (PR1-8). PR1-3 has the clinical edition's code
and, where it is one, the insurance's as alternate; why it is not stands in an OBX. PR1-20 and DG1-21 say whether a line
is new (A), changed (U) or taken back (D). PID says whose it is and nothing else: nothing of ours replaces what the
hospital knows of its patient.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from charting.case.state import Case
from charting.codes.front_page import TECHNIQUES, Diagnosis, FrontPage, Procedure
from charting.outbox.config import Destination
from charting.outbox.parcel import Parcel
from charting.results.message import LOCAL, Kind, Segment, Sender, event, name, parcel, visit
from charting.trail.contents import Attendance, Term
from charting.trail.entries import Entry
from collector.hl7.message import compose, escape

KINDS = ("set", "voided", "signed", "unlock_answered", "returned", "merged", "discarded")
"""Entries by which a front page can come, change or go."""

UPDATE = Kind(type="ADT^A08^ADT_A01", version="2.5")
ADDED, CHANGED, TAKEN_BACK = "A", "U", "D"
UNMAPPED, CHOICE, RETIRED = "unmapped", "choice", "retired"
"""What an OBX of a procedure's code says: the insurance's edition has none, or several; the code is no longer valid."""

_SYSTEMS: Mapping[str, str] = {
    "procedures": "ICD9CM3-CN",
    "procedures_insurance": "ICD9CM3-YB",
    "diagnoses": "ICD10-CN",
}
"""Library → name of the coding system."""


class Coding:
    """`front_page` of a case, None: nothing is to be offered. `keys`: of the parcels that were made of a case."""

    def __init__(
        self,
        sender: Sender,
        to: Destination,
        front_page: Callable[[Case], FrontPage | None],
        lang: str,
        keys: Callable[[str], Iterable[str]],
    ) -> None:
        self._sender = sender
        self._to = to
        self._front_page = front_page
        self._lang = lang
        self._keys = keys
        self._key = f"codes/{to.name}/"

    def compose(self, entry: Entry, before: Case | None, after: Case) -> Iterator[Parcel]:
        """What was offered under another patient's number, or of a record that is open again, is taken back."""
        was = self._front_page(before) if before is not None else None
        now = self._front_page(after)
        if was == now:
            return
        if was is not None and not self._is_told(entry):
            if now is not None and replace(was, patient=now.patient) == now:
                return  # whose it is makes no news of what nobody was told
            was = None
        if was is not None and (now is None or now.patient.number != was.patient.number):
            yield self._message(entry, was, None, "gone")
            was = None
        if now is not None:
            yield self._message(entry, now, was, "codes")

    def _is_told(self, entry: Entry) -> bool:
        """Whether the hospital has what was there before the entry: since anything is offered, all is."""
        own = (key.removeprefix(self._key) for key in self._keys(entry.case) if key.startswith(self._key))
        return any(int(key.partition("/")[0]) < entry.seq for key in own)

    def _message(self, entry: Entry, page: FrontPage, was: FrontPage | None, what: str) -> Parcel:
        gone = what == "gone"
        return parcel(
            self._sender,
            self._to,
            UPDATE,
            [
                event(self._sender, UPDATE, entry.at_us, page.at_us),
                [
                    "PID",
                    "",
                    "",
                    self._sender.numbered(page.patient.number, self._sender.id_type),
                    "",
                    name(page.patient),
                ],
                visit(self._sender, page.patient, page.bed),
                *([] if gone else _numbered(self._facts(page))),
                *_numbered(self._diagnoses(page, was, gone=gone)),
                *_numbered(self._procedures(page, was, gone=gone)),
            ],
            key=f"{self._key}{entry.seq}/{what}",
            at_us=entry.at_us,
            trying=page.is_test,
            lane=f"codes/{entry.case}",
            case=entry.case,
        )

    def _facts(self, page: FrontPage) -> Iterator[Segment]:
        """What has no field of its own: the class of the patient, techniques, levels, and what is not clear."""
        if page.asa is not None:
            yield self._fact("asa", "ASA", self._coded(page.asa))
        yield self._fact("emergency", "急诊", compose("Y" if page.emergency else "N", "", "HL70136"))
        for technique in page.techniques:
            system = TECHNIQUES if technique.national else LOCAL
            yield self._fact("technique", "麻醉方法", compose(technique.term.code, self._name(technique.term), system))
        for n, procedure in enumerate(page.procedures, 1):
            if procedure.level:
                yield self._fact("level", "手术级别", compose(procedure.level, "", LOCAL), n)
            if procedure.retired:
                yield self._fact("code", "编码", compose(RETIRED, procedure.clinical.code, LOCAL), n)
            if not procedure.insurance:
                yield self._fact("insurance", "医保编码", compose(UNMAPPED, "", LOCAL), n)
            elif len(procedure.insurance) > 1:
                several = "~".join(map(self._coded, procedure.insurance))
                yield self._fact("insurance", "医保编码", f"{compose(CHOICE, '', LOCAL)}~{several}", n)

    def _fact(self, key: str, name: str, value: str, n: int = 0) -> Segment:
        return ["OBX", "", "CE", compose(key, name, LOCAL), str(n) if n else "", value, *[""] * 5, "F"]

    def _diagnoses(self, page: FrontPage, was: FrontPage | None, *, gone: bool) -> Iterator[Segment]:
        known = {each.item: each for each in was.diagnoses} if was is not None else {}
        for each in page.diagnoses:
            yield self._diagnosis(page, each, _action(gone=gone, known=each.item in known))
        for item, each in known.items():
            if item not in {one.item for one in page.diagnoses}:
                yield self._diagnosis(page, each, TAKEN_BACK)

    def _diagnosis(self, page: FrontPage, diagnosis: Diagnosis, action: str) -> Segment:
        kind = "A" if diagnosis.before else "F"
        id_ = self._sender.entity(f"{page.case}/{diagnosis.item}")
        return ["DG1", "", "", self._coded(diagnosis.term), "", "", kind, *[""] * 13, id_, action]

    def _procedures(self, page: FrontPage, was: FrontPage | None, *, gone: bool) -> Iterator[Segment]:
        known = {each.item: each for each in was.procedures} if was is not None else {}
        for each in page.procedures:
            yield self._procedure(page, each, _action(gone=gone, known=each.item in known))
        for item, each in known.items():
            if item not in {one.item for one in page.procedures}:
                yield self._procedure(page, each, TAKEN_BACK)

    def _procedure(self, page: FrontPage, procedure: Procedure, action: str) -> Segment:
        clinical, insurance = procedure.clinical, procedure.insurance
        code = self._coded(clinical)
        if len(insurance) == 1:
            code = f"{code}^{self._coded(insurance[0])}"
        technique = next((each.term.code for each in page.techniques if each.national), "")
        return [
            "PR1",
            "",
            "",
            code,
            escape(self._name(clinical)),
            self._sender.time(page.at_us) if page.at_us is not None else '""',
            "P",
            _minutes(page.incision_us, page.surgery_end_us),
            _person(page.anaesthetist),
            escape(technique),
            _minutes(page.anaesthesia_start_us, page.anaesthesia_end_us),
            _person(page.surgeon),
            *[""] * 7,
            self._sender.entity(f"{page.case}/{procedure.item}"),
            action,
        ]

    def _coded(self, term: Term) -> str:
        return compose(term.code, self._name(term), _SYSTEMS.get(term.library, LOCAL))

    def _name(self, term: Term) -> str:
        return term.zh if self._lang == "zh" else term.en


def _action(*, gone: bool, known: bool) -> str:
    return TAKEN_BACK if gone else CHANGED if known else ADDED


def _numbered(segments: Iterator[Segment]) -> Iterator[Segment]:
    """With their set ids."""
    for n, (segment, _, *rest) in enumerate(segments, 1):
        yield [segment, str(n), *rest]


def _minutes(start_us: int | None, end_us: int | None) -> str:
    return "" if start_us is None or end_us is None or end_us < start_us else str((end_us - start_us) // 60_000_000)


def _person(who: Attendance | None) -> str:
    """XCN."""
    return "" if who is None else compose(who.account, who.name)
