"""What happened during the operation: by findings, else by events; unsaid: decision D (clinical.md §1.1, §1.5).

A finding outranks whatever else is told. One whose time lies outside the indicator's window does not count.
"""

from charting.quality.derive.told import RECORD, Span, Told
from charting.quality.derive.truth import both, either, negated
from charting.quality.facts import Three
from charting.trail.contents import Event, Finding

HOUR_US = 3_600_000_000
DAY_H = 24
DAY_US = DAY_H * HOUR_US
DEPRESSED = frozenset({"apnoea", "depression"})
"""Causes that AQI-13 counts: respiratory arrest or severe depression, not every change of technique."""

_CENTRAL = frozenset({"cvc", "pa_catheter"})
"""Answers of the record's field `procedures`."""


def tooth(told: Told) -> Three:
    """Between anaesthesia start and end (AQI-11)."""
    return _stated(told, "tooth_injury", told.anaesthesia)


def aspiration(told: Told) -> Three:
    return _stated(told, "aspiration", told.anaesthesia)


def aspiration_severe(told: Told) -> Three:
    """And SpO₂ cannot be held at 90 % on room air on leaving (AQI-12): said with the finding."""
    finding = told.findings.get("aspiration")
    return both(aspiration(told), None if finding is None else _detail(finding, "severe", "yes"))


def allergy(told: Told) -> Three:
    """That needed adrenaline at once: said with the finding (AQI-15)."""
    finding = told.findings.get("allergy")
    return both(
        _stated(told, "allergy", told.anaesthesia), None if finding is None else _detail(finding, "adrenaline", "yes")
    )


def arrest(told: Told) -> Three:
    """Not intended, from anaesthesia start to leaving the suite (AQI-14)."""
    return _arrest(told, Span(start_us=told.anaesthesia.start_us, end_us=told.suite.end_us), told.unsaid())


def arrest_24h(told: Told, *, lived: bool) -> Three:
    """The same within 24 h from anaesthesia start (2015-11). Where nothing is said the record answers for the theatre,
    and that he is known to have `lived` a day later, be it that he died after it, for the rest.
    """
    start_us = told.anaesthesia.start_us
    window = Span(start_us=start_us, end_us=None if start_us is None else start_us + DAY_US)
    return _arrest(told, window, told.unsaid() if lived else None)


def _arrest(told: Told, window: Span, unsaid: Three) -> Three:
    finding = told.findings.get("arrest")
    if finding is None:
        return unsaid
    if finding.value == "no":
        return False
    intended = _detail(finding, "intended", "yes")
    at_us = finding.at_us
    if at_us is None:
        return both(None, negated(intended))
    if intended is None and any(start <= at_us and (end is None or at_us < end) for start, end in told.bypass):
        intended = True  # cardioplegia, CPB
    return both(window.holds(at_us), negated(intended))


def airway_unplanned(told: Told) -> Three:
    """An artificial airway that was not planned, for apnoea or respiratory depression, from entering to leaving the
    suite (AQI-13). Whether it was planned, or why, is unknown where nobody has said it; and until the record is signed
    whether there was one besides those that are told.
    """
    finding = told.findings.get("airway_unplanned")
    if finding is not None:
        cause = _detail(finding, "cause", *DEPRESSED)
        return both(_stated(told, "airway_unplanned", told.suite), cause)
    return either([told.unsaid(), *(_was_unplanned(told, e) for e in told.events.get("t_tube_in", ()))])


def airway_unplanned_us(told: Told) -> int | None:
    """When, by an event."""
    return next((e.at_us for e in told.events.get("t_tube_in", ()) if _was_unplanned(told, e)), None)


def _was_unplanned(told: Told, device: Event) -> Three:
    unplanned = negated(said(device, "planned", "true"))
    return both(told.suite.holds(device.at_us), unplanned, said(device, "cause", *DEPRESSED))


def said(event: Event, name: str, *yes: str) -> Three:
    """Whether a detail of an event is one of these; None: it has none."""
    told = event.details.get(name)
    return None if not told else told in yes


def _stated(told: Told, key: str, window: Span) -> Three:
    finding = told.findings.get(key)
    if finding is None:
        return told.unsaid()
    if finding.value == "no":
        return False
    return True if finding.at_us is None else window.holds(finding.at_us)


def _detail(finding: Finding, name: str, *yes: str) -> Three:
    told = finding.details.get(name)
    return None if not told else told in yes


def central_line(told: Told) -> Three:
    """Punctured by anaesthesia: a finding, else the record's procedures. Where it tells of none, and central venous
    pressure was monitored or a puncture did harm, nobody has said who punctured.
    """
    finding = told.findings.get("central_line")
    if finding is not None:
        return finding.value == "yes"
    done, monitored = (
        {code for said in told.answers(RECORD, field) if isinstance(said, tuple) for code in said}
        for field in ("procedures", "special_monitoring")
    )
    if not done.isdisjoint(_CENTRAL):
        return True
    harm = told.findings.get("central_line_harm")
    there = "cvp" in monitored or (harm is not None and harm.value == "yes")
    return None if there else told.unsaid()


def labour(told: Told) -> Three:
    """Analgesia for a vaginal birth was begun (AQI-26)."""
    finding = told.findings.get("labour_analgesia")
    return told.unsaid() if finding is None else finding.value == "yes"


def vaginal(told: Told) -> Three:
    """How it ended is obstetrics' to say."""
    finding = told.findings.get("labour_analgesia")
    return None if finding is None or finding.value == "no" else _detail(finding, "delivery", "vaginal")
