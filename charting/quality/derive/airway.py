"""Artificial airways, by events, else by the record's field `tube` (clinical.md §1.1 no. 11, 13, 19, 23)."""

from collections.abc import Iterator
from dataclasses import dataclass

from charting.case.clock import HOUR_US
from charting.quality.derive.happened import said
from charting.quality.derive.told import Told, answer, answered_us
from charting.quality.derive.truth import both, either, negated
from charting.quality.facts import Three
from charting.trail.contents import Event

AGAIN_US = 6 * HOUR_US
"""AQI-19: reintubated not later than that."""

_TUBES: dict[str, Three] = {"ETT": True, "DLT": True, "LMA": False, "trach": False}
"""Device of an event → whether it is a tracheal or bronchial tube through the larynx."""
_FIELD: dict[str, tuple[bool, bool]] = {
    "none": (False, False), "mask": (False, False), "lma": (True, False), "oral": (True, True), "nasal": (True, True),
    "dlt": (True, True), "trach": (True, False),
}  # fmt: skip
"""Answer in the record's field `tube` → (an artificial airway, a tube)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Airway:
    """Of the anaesthetic. A laryngeal mask is an airway (AQI-11) and no tube (AQI-23)."""

    airway: Three
    tube: Three


def airway(told: Told, technique: str) -> Airway:
    """`technique`: the device that a coded technique names."""
    field = next((s for s in told.answers("anaesthesia_record", "tube") if isinstance(s, str)), technique)
    written = _FIELD.get(field)
    came = [e for e in told.events.get("t_tube_in", ()) if _during(told, e)]
    if came:
        each = [_TUBES.get(e.details.get("device", "")) for e in came]
        tube = either(each)
        return Airway(airway=True, tube=written[1] if tube is None and written is not None else tube)
    if written is not None:
        return Airway(airway=written[0], tube=written[1])
    if any(_during(told, e) for e in told.events.get("t_tube_out", ())):
        return Airway(airway=True, tube=None)
    return Airway(airway=None, tube=None)


def _during(told: Told, event: Event) -> bool:
    """Before the anaesthetic ended: what an ICU does days later is none of its airways."""
    end_us = told.anaesthesia.end_us
    return end_us is None or event.at_us < end_us


def extubated(told: Told, tube: Three) -> Three:
    """A tracheal or bronchial tube came out after the operation (AQI-19's denominator); a laryngeal mask is none.

    Whose tube nobody has told to be out left with it where the record is signed; else it is unknown. But who got one
    again, as a finding or the visit says, had been without it.
    """
    out = [was_tube for _, was_tube in extubations(told, tube)]
    if out:
        return either(out)
    finding = told.findings.get("reintubation")
    again = finding.value == "yes" if finding else any(answer(d, "reintubated") is True for d in told.visits)
    return both(tube, True if again else told.unsaid())


def reintubated(told: Told, tube: Three) -> Three:
    """Unplanned, a tube again not later than 6 h after a post-operative extubation, in theatre, PACU or ICU, and not
    for a re-operation (AQI-19).

    A finding outranks the events, and what an event tells with its details the visit's. A visit's yes without what it
    was for leaves that unknown (§1.5, three-state).
    """
    finding = told.findings.get("reintubation")
    if finding is not None:
        reason = finding.details.get("reason")
        return finding.value == "yes" and (None if not reason else reason == "other")
    again = [counts for _, counts in _again(told, tube)]
    if True in again:
        return True
    said = list(_by_visits(told, tube))
    if None in again:
        return None
    if not again and said:
        return either(said)
    return False if said else told.unsaid()


def _by_visits(told: Told, tube: Three) -> Iterator[Three]:
    """What visits say of it; a no before the 6 h are over is no answer yet."""
    out_us = max((at_us for at_us, _ in extubations(told, tube)), default=None)
    for document in told.visits:
        again, at_us = answer(document, "reintubated"), answered_us(document, "visit_time")
        if again is True:
            reason = answer(document, "reintubation_reason")
            yield None if reason is None else reason == "other"
        elif again is False and (out_us is None or at_us is None or at_us >= out_us + AGAIN_US):
            yield False


def reintubated_us(told: Told, tube: Three) -> int | None:
    """When, by an event."""
    return next((at_us for at_us, counts in _again(told, tube) if counts), None)


def _again(told: Told, tube: Three) -> Iterator[tuple[int, Three]]:
    """Airways that followed an extubation in time: when, and whether they count."""
    for out_us, out in extubations(told, tube):
        for e in told.events.get("t_tube_in", ()):
            if out_us < e.at_us <= out_us + AGAIN_US:
                device = _TUBES.get(e.details.get("device", ""))
                unplanned, other = negated(said(e, "planned", "true")), negated(said(e, "cause", "reoperation"))
                yield e.at_us, both(out, device, unplanned, other)


def extubations(told: Told, tube: Three) -> Iterator[tuple[int, Three]]:
    """After the operation: when, and whether a tube came out: what went in last before, else what the record says."""
    after_us = told.at("t_surg_end", "t_anes_start")
    for out in told.events.get("t_tube_out", ()):
        if after_us is None or out.at_us < after_us:
            continue
        before = [e for e in told.events.get("t_tube_in", ()) if e.at_us <= out.at_us]
        device = before[-1].details.get("device", "") if before else ""
        yield out.at_us, _TUBES.get(device, tube)
