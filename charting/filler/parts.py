"""From which bed, and from when to when, a document is filled. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from charting.case.events import BYPASS, cooled
from charting.case.events import spans as spans_of
from charting.case.state import Case, Document
from charting.case.whereabouts import Part, first, stayed
from charting.fill.fill import MINUTE_US, Pace, Plan
from charting.filler.identity import spans
from charting.templates.template import Template
from charting.trail import contents

_JUDGED = frozenset({"t_tube_in", "t_tube_out", "t_room_out"})
"""Events that rules look at: where one changes, the whole document is filled anew."""
_STEPS_US: Mapping[str, int] = {"rescue": MINUTE_US, "close": 15 * MINUTE_US}


def present(case: Case, areas: Sequence[str], others: Iterable[Part]) -> Sequence[Part]:
    """Where a case's patient was in these areas, without the times of others."""
    elsewhere = list(others)
    return [_alone(stayed(case, n), elsewhere) for n, stay in enumerate(case.stays) if stay.bed and stay.area in areas]


def parts(case: Case, document: Document, areas: Sequence[str], others: Iterable[Part]) -> Sequence[Part]:
    """Where to fill a document of a case from, from whole minutes on, in order of time, none overlapping.

    `others`: where the patients of other cases were. Of two at once in one bed the one who came later has it: times in
    which somebody else is known to have been there are never part of a document.
    """
    same = sorted(
        (d for d in case.documents.values() if d.template == document.template), key=lambda d: (d.start_us, d.id)
    )
    place = next(n for n, d in enumerate(same) if d.id == document.id)
    begin_us = document.start_us if place else 0
    end_us = same[place + 1].start_us if place + 1 < len(same) else None
    elsewhere = list(others)
    found: list[Part] = []
    for n, stay in enumerate(case.stays):
        if stay.area not in areas or not stay.bed:
            continue
        whole = _alone(stayed(case, n), elsewhere)
        came = max(whole.start_us, begin_us, (found[-1].end_us or 0) if found else 0)
        start = came - came % MINUTE_US
        end = first(whole.end_us, end_us)
        if end is None or end > came:
            if found and found[-1].end_us is not None and found[-1].end_us >= start:
                found[-1] = replace(found[-1], followed=True)
            found.append(replace(whole, start_us=start, end_us=end, came_us=came))
    return found


def plan(case: Case, document: Document, template: Template, part: Part, zone: str, expected: frozenset[str]) -> Plan:
    """What a part of a document is to be filled with."""
    if template.grid is None:
        raise ValueError("devices fill no form")
    of_document = [item.content for item in document.items.values() if isinstance(item.content, contents.Pace)]
    step_us = template.grid.step_s * 1_000_000
    paces = {
        Pace(start_us=pace.start_us, end_us=pace.end_us, step_us=_STEPS_US[pace.why])
        for pace in [*case.paces, *of_document]
        if _STEPS_US[pace.why] < step_us
    }
    return Plan(
        signals=template.signals,
        start_us=part.start_us,
        end_us=part.end_us,
        step_us=step_us,
        paces=tuple(sorted(paces, key=lambda p: (p.start_us, p.step_us, p.end_us or 0))),
        zone=zone,
        events={event.key: event.at_us for event in reversed(case.events) if event.key in _JUDGED},
        cooled=cooled(case.events),
        bypass=spans_of(case.events, *BYPASS),
        held=spans(case, part.bed),
        expected=expected & frozenset(template.signals),
    )


def _alone(whole: Part, others: Iterable[Part]) -> Part:
    """Without the times of others."""
    start_us, end_us, told_us = whole.start_us, whole.end_us, whole.told_us
    for other in others:
        if other.bed != whole.bed:
            continue
        if (other.told_us, other.case) > (told_us, whole.case):
            end_us = first(end_us, other.start_us if other.start_us > told_us else other.told_us)
        else:
            start_us = max(start_us, min(told_us if other.end_us is None else other.end_us, told_us))
    return replace(whole, start_us=start_us, end_us=end_us)
