"""A case's row in the lists, from the case. Pure."""

from charting.case.state import Case
from charting.trail.trail import CaseRow


def row_of(case: Case) -> CaseRow:
    """`temporary` stays after a nameless patient was identified: both lead to the case."""
    procedures = {c.use: c.term.zh for c in reversed(case.coded)}
    return CaseRow(
        case=case.id,
        state=case.state,
        bed=case.bed,
        area=case.area,
        opened_us=case.opened_us,
        closed_us=case.closed_us,
        number=case.patient.number,
        name=case.patient.name,
        temporary=next((p.temporary for p in case.identities if p.temporary), ""),
        procedure=procedures.get("procedure") or procedures.get("planned_procedure", ""),
        is_test=case.is_test,
        held=bool(case.held),
        last=case.last,
    )
