"""Into which cell of a document's grid a value of a person's own goes: by the marks of devices' values. Pure."""

from charting.case.state import Case, Document
from charting.case.whereabouts import Part
from charting.fill.plan import marks
from charting.filler.parts import plan
from charting.templates.template import Template


def mark_of(case: Case, document: Document, template: Template, at_us: int, zone: str) -> int:
    """The mark that stands for a time; where the grid changes, of several the closest one."""
    if template.grid is None:
        raise ValueError("a form has no grid")
    step_us = template.grid.step_s * 1_000_000
    whole = plan(case, document, template, Part(bed="", start_us=0, end_us=None), zone, frozenset())
    near = marks(whole, at_us - step_us, at_us + step_us + 1)
    within = [m for m in near for start_us, end_us in [m.period_us] if start_us <= at_us < end_us]
    return min(within or near, key=lambda m: (m.step_us, abs(m.mark_us - at_us))).mark_us
