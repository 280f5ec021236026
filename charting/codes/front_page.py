"""What the front page of the EMR (病案首页) is offered of a case whose anaesthesia record is signed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from charting.case.clock import local
from charting.case.state import Case
from charting.codes.mapping import Crosswalks
from charting.library.library import Libraries
from charting.trail.contents import Attendance, Coded, Patient, Term

RECORD = "anaesthesia_record"
"""The template whose signature makes the names and codes of a case final."""
CLINICAL, INSURANCE = "procedures", "procedures_insurance"
CHOSEN = "insurance_procedure"
"""The use by which a person chooses among several codes of the insurance's edition."""
TECHNIQUES = "CV06.00.103"
"""The national table of anaesthesia techniques (WS 364.12), where a library says that its codes are of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """`item`: of the case. `insurance`: terms of the insurance's edition: none (unmapped), one, or a choice nobody has
    made. `level`: of the operation (手术级别), "" not told. `retired`: the current library has the code no longer.
    """

    item: str
    clinical: Term
    insurance: Sequence[Term]
    level: str = ""
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """`before`: the operation."""

    item: str
    term: Term
    before: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """`national`: its code is one of CV06.00.103."""

    item: str
    term: Term
    national: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPage:
    """`version`: of the signed record. Times: µs since 1970 UTC, None: not told. The first procedure is the main."""

    case: str
    document: str
    version: int
    patient: Patient
    is_test: bool
    emergency: bool
    bed: str
    procedures: Sequence[Procedure]
    diagnoses: Sequence[Diagnosis]
    techniques: Sequence[Technique]
    asa: Term | None
    anaesthesia_start_us: int | None
    anaesthesia_end_us: int | None
    incision_us: int | None
    surgery_end_us: int | None
    anaesthetist: Attendance | None
    surgeon: Attendance | None

    @property
    def at_us(self) -> int | None:
        """When the operation was: the incision, else the anaesthesia."""
        return self.anaesthesia_start_us if self.incision_us is None else self.incision_us


class FrontPages:
    """`zone`: the site's, by whose day codes are valid."""

    def __init__(self, libraries: Libraries, crosswalks: Crosswalks, zone: str) -> None:
        self.crosswalks = crosswalks
        self._libraries = libraries
        self._zone = zone

    def of(self, case: Case) -> FrontPage | None:
        """None: no signed anaesthesia record, no number of the patient's, or a case that was opened by mistake."""
        record = next((d for d in case.documents.values() if d.template == RECORD and d.locked), None)
        if record is None or not case.patient.number or case.state == "discarded":
            return None
        coded = [(item.id, item.content) for item in case.items.values() if isinstance(item.content, Coded)]
        times = {key: each.at_us if (each := case.event(key)) else None for key in _EVENTS}
        operated_us = times["t_incision"] or times["t_anes_start"] or case.opened_us
        day = f"{local(operated_us, self._zone):%Y-%m-%d}"
        chosen = [each.term for _, each in coded if each.use == CHOSEN]
        return FrontPage(
            case=case.id,
            document=record.id,
            version=record.version,
            patient=case.patient,
            is_test=case.is_test,
            emergency=case.emergency,
            bed=next((stay.bed for stay in reversed(case.stays) if stay.start_us <= operated_us), case.bed),
            procedures=[
                self._procedure(item, each.term, chosen, day) for item, each in coded if each.use == "procedure"
            ],
            diagnoses=[
                Diagnosis(item=item, term=each.term, before=each.use == "diagnosis_before")
                for use in ("diagnosis_after", "diagnosis_before")
                for item, each in coded
                if each.use == use
            ],
            techniques=[
                Technique(item=item, term=each.term, national=self._said(each.term, "standard") == TECHNIQUES)
                for item, each in coded
                if each.use == "technique"
            ],
            asa=next((each.term for _, each in coded if each.use == "asa"), None),
            anaesthesia_start_us=times["t_anes_start"],
            anaesthesia_end_us=times["t_anes_end"],
            incision_us=times["t_incision"],
            surgery_end_us=times["t_surg_end"],
            anaesthetist=_first(case, "anaesthetist"),
            surgeon=_first(case, "surgeon"),
        )

    def insurance(self, code: str, day: str) -> Sequence[Term]:
        """The insurance's terms of a clinical code on an ISO day. A code that its library lacks is none."""
        crosswalk = self.crosswalks.between(CLINICAL, INSURANCE)
        codes = crosswalk.targets(code, day) if crosswalk is not None else ()
        found = (self._libraries.newest(INSURANCE, each) for each in codes)
        return [each.term for each in found if each is not None]

    def _procedure(self, item: str, term: Term, chosen: Sequence[Term], day: str) -> Procedure:
        terms = self.insurance(term.code, day)
        made = [each for each in terms if each.code in {one.code for one in chosen}]
        current = self._libraries.current(CLINICAL)
        coding = current.codings.get(term.code) if current is not None else None
        return Procedure(
            item=item,
            clinical=term,
            insurance=made if len(made) == 1 else terms,
            level=self._said(term, "level"),
            retired=coding is None or not coding.valid(day),
        )

    def _said(self, term: Term, attribute: str) -> str:
        """What a library says of a term: in its own version, else in the newest that knows it."""
        own = self._libraries.coding(term.library, term.version, term.code)
        newest = self._libraries.newest(term.library, term.code)
        return next((said for each in (own, newest) if each and (said := each.attributes.get(attribute, ""))), "")


_EVENTS = ("t_anes_start", "t_anes_end", "t_incision", "t_surg_end")


def _first(case: Case, role: str) -> Attendance | None:
    found = [each for each in case.attendances if each.role == role]
    return min(found, key=lambda each: each.in_us) if found else None
