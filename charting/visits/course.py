"""What of a case decides about its visits, from the case alone. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from charting.case.state import Case, Document
from charting.library.library import Libraries
from charting.quality.derive import airway, codes
from charting.quality.derive.told import AFTER, RECORD, Told, answer, answered_us
from charting.quality.derive.truth import either
from charting.quality.facts import Three
from charting.trail.contents import Answer, Patient

BEFORE = "preop_visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A visit's document. `at_us`: the time that it tells of the visit, `late_us` of a second one in the same document;
    `said`: the fields that are answered. `signed_us`: the first signature, of a visit after the anaesthetic that of its
    present version; None: a draft. A visit before was finished once, whatever became of its document later (AQI-04).
    """

    document: str
    template: str
    author: str
    begun_us: int
    at_us: int | None
    late_us: int | None
    signed_us: int | None
    said: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """`planned_us`: when the operation is to begin, None: nobody says. `entered_us`: into the suite.

    `extubated_us`: the last extubation after the operation, `ventilated`: a tube is in since. `home_us`: from when on
    he is at home. `dead_us`: since when he is known to be dead. `people`: accounts of who had to do with him.
    """

    case: str
    patient: Patient
    bed: str
    area: str
    procedure: tuple[str, str]
    emergency: bool
    opened_us: int
    planned_us: int | None
    entered_us: int | None
    started_us: int | None
    ended_us: int | None
    extubated_us: int | None
    ventilated: bool
    home_us: int | None
    cancelled: bool
    dead_us: int | None
    ga: Three
    regional: Three
    tube: Three
    cranial: Three
    people: frozenset[str]
    papers: Sequence[Paper]


def course(case: Case, libraries: Libraries, planned_us: int | None = None) -> Course | None:
    """None: void or a test, of which nobody is visited."""
    if case.state == "discarded" or case.is_test:
        return None
    told = Told.of(case, libraries)
    technique = codes.technique(told.coded, libraries)
    tube = airway.airway(told, technique.airway).tube
    out_us = max((at_us for at_us, was_tube in airway.extubations(told, tube) if was_tube is not False), default=None)
    in_us = max((e.at_us for e in told.events.get("t_tube_in", ())), default=None)
    documents = [d for name in (BEFORE, *AFTER) for d in told.documents(name)]
    procedures = {c.use: (c.term.zh, c.term.en) for c in reversed(told.coded)}
    return Course(
        case=case.id,
        patient=case.patient,
        bed=case.bed,
        area=case.area,
        procedure=procedures.get("procedure") or procedures.get("planned_procedure") or ("", ""),
        emergency=case.emergency,
        opened_us=case.opened_us,
        planned_us=planned_us,
        entered_us=told.at("t_suite_in", "t_room_in", "t_anes_care", "t_anes_start"),
        started_us=told.anaesthesia.start_us,
        ended_us=told.anaesthesia.end_us,
        extubated_us=out_us,
        ventilated=in_us is not None and (out_us is None or in_us > out_us) and tube is not False,
        home_us=_home(told),
        cancelled=told.has("t_cancel") and not told.has("t_anes_start"),
        dead_us=_dead(told),
        ga=technique.ga,
        regional=either([technique.neuraxial, technique.block]),
        tube=tube,
        cranial=codes.in_set(told.coded, "cranial"),
        people=_people(case),
        papers=tuple(_paper(d) for d in documents),
    )


def _home(told: Told) -> int | None:
    """Straight home from theatre or PACU, as a record says."""
    went = [*told.answers(RECORD, "disposition"), *told.answers("pacu_record", "destination")]
    return told.at("t_pacu_out", "t_room_out", "t_anes_end") if "home" in went else None


def _dead(told: Told) -> int | None:
    """When that was told to be, or was seen: what a draft says is not said yet."""
    seen = [d for d in told.visits if d.locked and answer(d, "condition") == "dead"]
    times = [told.at("t_death"), *(answered_us(d, "visit_time") or d.started_us for d in seen)]
    return min((at_us for at_us in times if at_us is not None), default=None)


def _people(case: Case) -> frozenset[str]:
    had = {a.account for a in case.attendances if a.account}
    wrote = {d.author for d in case.documents.values() if d.template in {RECORD, BEFORE, *AFTER}}
    return frozenset(had | wrote)


def _paper(document: Document) -> Paper:
    said = (item.content for item in document.items.values())
    own = [
        at_us
        for signed, _, at_us in document.signatures
        if document.template == BEFORE or (document.locked and signed.version == document.version)
    ]
    return Paper(
        document=document.id,
        template=document.template,
        author=document.author,
        begun_us=document.started_us,
        at_us=answered_us(document, "visit_time"),
        late_us=answered_us(document, "visit_time_72"),
        signed_us=min(own, default=None),
        said=frozenset(c.field for c in said if isinstance(c, Answer) and c.value not in {"", ()}),
    )
