"""How far a case went, when, and where he was (clinical.md §0; AQI-03 to 06, 17, 18, 20)."""

from collections.abc import Iterator
from dataclasses import dataclass

from charting.case.state import Document, Stay
from charting.quality.derive.told import Told, answered_us, hours
from charting.quality.derive.truth import either
from charting.quality.facts import Three
from charting.trail.contents import Answer, Event

_ENTERING = ("t_suite_in", "t_room_in", "t_anes_care", "t_anes_start", "t_incision")
"""Each of these says that he was in the suite."""
_INSIDE = frozenset({"or", "pacu"})
"""Areas within the operating department; day-surgery theatres are theatres (kind or)."""
_UNDER_WAY = ("t_induction", "t_incision", "t_surg_end", "t_anes_end")
"""Each of these tells that an anaesthetic was given whose start nobody has told. A tube may also be the ICU's."""
_ANCHORS = ("t_anes_start", "t_room_in", "t_suite_in")


def anchor(told: Told) -> tuple[int, str]:
    """By which time a case belongs to a period, and which one that is (§0, period anchoring)."""
    key = next((key for key in _ANCHORS if told.has(key)), "opened")
    at_us = told.at(key)
    return (told.case.opened_us, key) if at_us is None else (at_us, key)


def patient(told: Told) -> str:
    """The admission (§0, granularity). What kind of number it is stands before it: two kinds may use the same."""
    known = told.case.patient
    if known.visit:
        return f"visit:{known.visit}"
    return f"number:{known.number}" if known.number else f"case:{told.case.id}"


def stay(told: Told) -> Stay:
    """Where he was at anaesthesia start, else where he was first."""
    start_us = told.at("t_anes_start")
    before = [s for s in told.case.stays if start_us is not None and s.start_us <= start_us]
    return before[-1] if before else told.case.stays[0]


def performed(told: Told) -> Three:
    """Anaesthesia start is there (§1.5). Unknown where it is not, and something tells that one was given."""
    if told.has("t_anes_start"):
        return True
    return None if told.has(*_UNDER_WAY) else False


def entered(told: Told) -> Three:
    """Into the suite, the holding area included, or into a unit outside it (AQI-05)."""
    if told.has(*_ENTERING):
        return True
    there = any(s.area in {"or", "offsite"} for s in told.case.stays)
    return None if there and not told.has("t_cancel") else False


def cancelled(told: Told) -> Three:
    """Unknown where what can only have come before a cancellation is said to have come after it: the stage follows from
    the times alone, and is never typed (§0). Who was not cut yet may still be cancelled until the record is signed.
    """
    at_us = told.at("t_cancel")
    if at_us is not None:
        later = (told.at(key) for key in ("t_suite_in", "t_room_in", "t_anes_start", "t_incision"))
        return None if any(time_us is not None and at_us < time_us for time_us in later) else True
    if told.has("t_incision") or entered(told) is False:
        return False
    return told.unsaid() if told.has("t_anes_start") else None


def incised(told: Told) -> Three:
    if told.has("t_incision"):
        return True
    return None if told.case.state == "open" and not told.signed and not told.has("t_cancel") else False


def elective(told: Told, emergency_class: bool) -> Three:
    """Neither opened as an emergency nor of an ASA class with E."""
    return not (told.case.emergency or emergency_class)


def offsite(told: Told) -> Three:
    """Anywhere but in a theatre, day-surgery ones included (AQI-03); a block that is set in the PACU is inside."""
    return stay(told).area not in _INSIDE


def visited(told: Told) -> Three:
    """A pre-operative visit that was finished before entering (AQI-04): its time and its first signature lie before.

    No such document: no; an unsigned one: unknown. A signed consent is no visit.
    """
    return either(_finished(told, document) for document in told.documents("preop_visit"))


def _finished(told: Told, document: Document) -> Three:
    signed_us = min((at for _, _, at in document.signatures), default=None)
    visit_us, entered_us = answered_us(document, "visit_time"), told.at("t_suite_in", "t_room_in")
    if signed_us is None or visit_us is None or entered_us is None:
        return None
    return visit_us < entered_us and signed_us < entered_us


def pacu(told: Told) -> Three:
    """Unknown where somebody moved him there, or began its record, and nobody has told his arrival."""
    if told.has("t_pacu_in"):
        return True
    suggested = any(s.area == "pacu" for s in told.case.stays) or bool(told.documents("pacu_record"))
    return None if suggested else False


def pacu_h(told: Told) -> float:
    """From physical arrival to true departure, h; nan while he is there, or where the times contradict each other."""
    stayed = hours(told.at("t_pacu_in"), told.at("t_pacu_out"))
    return stayed if stayed >= 0 else float("nan")


def icu(told: Told) -> Three:
    """Into the ICU after anaesthesia start. Not so where it is told that he went elsewhere."""
    start_us = told.at("t_anes_start")
    came = [e.at_us for e in told.events.get("t_icu_in", ())]
    if any(start_us is None or at_us >= start_us for at_us in came):
        return True
    said = [
        *(e.details.get("to") for key in ("t_room_out", "t_pacu_out") for e in told.events.get(key, ())),
        *told.answers("anaesthesia_record", "disposition"),
        *told.answers("pacu_record", "destination"),
    ]
    if "icu" in said:
        return True
    elsewhere = {"ward", "home", "dead", "other"}
    return False if told.has("t_ward") or not elsewhere.isdisjoint(said) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Somebody said whether ICU is planned. `item`: of which item it is a version; `claims_us`: the time it tells."""

    item: str
    seq: int
    written_us: int
    claims_us: int | None
    planned: Three


def icu_planned(told: Told) -> Three:
    """As frozen at anaesthesia start (§0): what stood written then; else, of a record that was written up later, the
    first that claims a time before it. What is said afterwards is kept in the case, and changes nothing.
    """
    said, start_us = sorted(_plans(told), key=lambda p: p.seq), told.at("t_anes_start")
    written = {p.item: p for p in said if start_us is None or p.written_us < start_us}
    stood = [p for p in written.values() if p.claims_us is not None or p.planned is not None]
    if stood:
        return max(stood, key=lambda p: p.seq).planned
    late = (p for p in said if start_us is not None and p.written_us >= start_us)
    return next((p.planned for p in late if p.claims_us is not None and p.claims_us < (start_us or 0)), None)


def _plans(told: Told) -> Iterator[_Plan]:
    """Every version of events icu_planned and of the pre-operative visit's answer."""
    for item in told.case.items.values():
        if any(isinstance(v.content, Event) and v.content.key == "icu_planned" for v in item.versions):
            for v in item.versions:
                event = v.content if isinstance(v.content, Event) else None
                yield _Plan(
                    item=item.id,
                    seq=v.seq,
                    written_us=v.at_us,
                    claims_us=event.at_us if event else None,
                    planned=_said(event.details.get("planned")) if event else None,
                )
    for document in told.documents("preop_visit"):
        asked = document.items.get("field:icu_planned")
        for v in asked.versions if asked else ():
            yield _Plan(
                item=f"{document.id}/field:icu_planned",
                seq=v.seq,
                written_us=v.at_us,
                claims_us=answered_us(document, "visit_time") if v.content else None,
                planned=_said(v.content.value) if isinstance(v.content, Answer) else None,
            )


def _said(value: object) -> Three:
    return True if value in {"true", True} else False if value in {"false", False} else None
