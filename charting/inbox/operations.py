"""The operation list, as the fold of all that was told of each booking. Pure (fact sheet hl7-adt-billing §2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from charting.inbox.events import Booking, Code, HospitalEvent, Person, Place
from charting.inbox.timeline import in_order

CANCELS = frozenset({"cancel_booking", "no_show", "cancel_request"})
KINDS = frozenset({"book", "rebook", "revise", "request", *CANCELS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A booking as it stands. `state`: requested, booked, cancelled, no_show; whether it has begun the case says.

    `case`: which was opened of it. `number`, `visit`, `patient`: as last told with it.
    """

    id: str
    state: str
    number: str = ""
    visit: str = ""
    patient: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None
    start_us: int | None = None
    minutes: int | None = None
    procedures: tuple[Code, ...] = ()
    diagnoses: tuple[Code, ...] = ()
    staff: tuple[Person, ...] = ()
    urgent: bool | None = None
    note: str = ""
    is_test: bool = False
    case: str = ""

    @property
    def bed(self) -> str:
        return self.place.bed if self.place else ""


_STATES = {"request": "requested", "cancel_booking": "cancelled", "cancel_request": "cancelled", "no_show": "no_show"}


def operation_of(events: Iterable[HospitalEvent], case: str = "") -> Operation | None:
    """Events of one booking; None where there are none. Those that only try count where there are no others."""
    made: Operation | None = None
    ordered = in_order(events)
    for event in [e for e in ordered if not e.is_test] or ordered:
        told = event.booking
        if told is None or event.kind not in KINDS:
            continue
        before = made or Operation(id=told.id, state="booked", case=case)
        if event.number and before.number and event.number != before.number:
            before = replace(before, visit="", patient={}, procedures=(), diagnoses=(), urgent=None, note="")
        made = Operation(
            id=before.id,
            state=_state(before.state if made else "", event.kind),
            number=event.number or before.number,
            visit=event.visit or before.visit,
            patient={**before.patient, **event.patient},
            place=told.place or before.place,
            start_us=before.start_us if told.start_us is None else told.start_us,
            minutes=before.minutes if told.minutes is None else told.minutes,
            procedures=tuple(told.procedures) or before.procedures,
            diagnoses=tuple(told.diagnoses) or before.diagnoses,
            staff=_staff(before.staff, told),
            urgent=before.urgent if told.urgent is None else told.urgent,
            note=told.note or before.note,
            is_test=before.is_test or event.is_test,
            case=case,
        )
    return made


def _state(before: str, kind: str) -> str:
    """A change of a cancelled booking does not bring it back; a new booking does."""
    if kind in _STATES:
        return "booked" if kind == "request" and before == "booked" else _STATES[kind]
    if kind == "book" or before not in {"cancelled", "no_show"}:
        return "booked"
    return before


def _staff(before: Iterable[Person], told: Booking) -> tuple[Person, ...]:
    """Who is told takes the place of those who had his role."""
    roles = {person.told_role for person in told.staff}
    return (*(p for p in before if p.told_role not in roles), *(p for p in told.staff if p.name or p.id))
