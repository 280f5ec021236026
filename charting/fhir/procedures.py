"""The operation and the anaesthesia as Procedures, by the codes of the record. Pure; source: protocols, fhir §5."""

from collections.abc import Iterator

from charting.case.state import Item
from charting.fhir.source import Resource, Source
from charting.fhir.terms import SNOMED, Json, coding, concept, period, term
from charting.trail.contents import Coded

_ANAESTHESIA = concept(coding(SNOMED, "399097000", "Administration of anesthesia"), text="麻醉")
_SURGERY = concept(coding(SNOMED, "387713003", "Surgical procedure"), text="手术")
_SPANS = {"technique": ("t_anes_start", "t_anes_end"), "procedure": ("t_incision", "t_surg_end")}
ERROR = "entered-in-error"


def procedures(source: Source) -> Iterator[Resource]:
    """What is planned stands only until somebody has said what was done."""
    coded = [(item, said) for item in source.case.items.values() if (said := _said(item)) is not None]
    done = any(said.use == "procedure" and not item.void for item, said in coded)
    for item, said in coded:
        if said.use in _SPANS or said.use == "planned_procedure":
            yield _made(source, item, said, done=done)


def _made(source: Source, item: Item, said: Coded, *, done: bool) -> Resource:
    first, last = (source.case.event(key) for key in _SPANS.get(said.use, _SPANS["procedure"]))
    start_us, end_us = first.at_us if first else None, last.at_us if last else None
    body: Json = {
        "status": ERROR if item.void else _planned(start_us, done=done) if said.use not in _SPANS
        else "completed" if end_us is not None else "in-progress" if start_us is not None
        else "not-done" if source.case.event("t_cancel") is not None else "preparation",
        "category": [_ANAESTHESIA if said.use == "technique" else _SURGERY],
        "code": term(said.term),
        "subject": source.patient,
        "encounter": source.encounter,
    }  # fmt: skip
    span_us = None
    if start_us is not None and body["status"] in {"completed", "in-progress"}:
        span_us = start_us, None if end_us is None else max(start_us, end_us)
        body["occurrencePeriod"] = period(*span_us, source.zone)
    return source.made("Procedure", source.id("item", "", item.id), body, _updated_us(source), span_us)


def _planned(start_us: int | None, *, done: bool) -> str:
    """Whether it was done as planned nobody has said."""
    return "unknown" if done or start_us is not None else "preparation"


def _said(item: Item) -> Coded | None:
    """What it says, or said before somebody took it away."""
    return next((v.content for v in reversed(item.versions) if isinstance(v.content, Coded)), None)


def _updated_us(source: Source) -> int:
    """A status hangs on events and on other codes."""
    return max(version.at_us for item in source.case.items.values() for version in item.versions)
