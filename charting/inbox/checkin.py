"""From the operation list into a case: a person says that the patient is there, and what was planned comes with him."""

from collections.abc import Iterator, Mapping, Sequence

from charting.accounts.actor import Actor
from charting.accounts.rights import allows
from charting.case.checks import LIBRARY_OF
from charting.case.clock import HOUR_US
from charting.case.refusals import Impossible, Unknown
from charting.case.state import Case
from charting.desk import Desk
from charting.inbox.events import Code
from charting.inbox.messages import Messages, of_patient
from charting.inbox.operations import Operation
from charting.inbox.patients import told
from charting.inbox.timeline import identity_of
from charting.trail.contents import Attendance, Coded, Content, Event, Patient

AROUND_US = HOUR_US
"""A booking is offered at a free bed so long before and after its start (fact sheet hl7-adt-billing §3)."""
_OPEN = 100
"""Open cases of one patient that are looked at."""
_DAY_US = 12 * HOUR_US
"""A case that a message has opened is that of the booking of the same patient within so long."""


class CheckIn:
    def __init__(self, desk: Desk, messages: Messages) -> None:
        self._desk = desk
        self._messages = messages

    def open(self, actor: Actor, booking: str, *, bed: str, area: str, case: str, at_us: int | None = None) -> Case:
        """The patient of a booking is here; with `case` sent again it is the same case. Raises Refusal."""
        operation = self._messages.operation(booking)
        if operation is None:
            raise Unknown("booking_unknown")
        if operation.case not in {"", case}:
            raise Impossible("booking_begun")
        if operation.state not in {"booked", "requested"}:
            raise Impossible("booking_cancelled")
        patient = self._patient(operation)
        arrived = self._arrived(patient, is_test=operation.is_test)
        if arrived is not None:
            raise Impossible("booking_arrived", bed=arrived.bed or "–")
        start_us = self._desk.clock.now_us() if at_us is None else at_us
        opened = self._desk.open(
            actor,
            bed=bed,
            area=area,
            patient=patient,
            at_us=start_us,
            is_test=operation.is_test,
            case=case,
        )
        return self._begin(actor, operation, opened)

    def confirm(self, actor: Actor, case: str, *, at_us: int) -> Case:
        """The patient is at the bed that a message has told; what was planned for him comes with it."""
        confirmed = self._desk.confirm(actor, case, at_us=at_us)
        numbers = {identity.number for identity in confirmed.identities} - {""}
        planned = self._messages.operations(confirmed.opened_us - _DAY_US, confirmed.opened_us + _DAY_US)
        his = [op for op in planned if op.number in numbers and op.is_test == confirmed.is_test]
        own = [op for op in his if op.state == "booked" and op.case in {"", case}]
        if not own or any(op.case for op in own):
            return confirmed
        nearest = min(own, key=lambda op: abs((op.start_us or 0) - confirmed.opened_us))
        return self._begin(actor, nearest, confirmed)

    def _arrived(self, patient: Patient, *, is_test: bool) -> Case | None:
        """The case in which a message has brought him and that nobody has confirmed yet: it takes what was planned."""
        rows = self._desk.trail.rows(state="open", number=patient.number, limit=_OPEN) if patient.number else []
        cases = (self._desk.case(row.case) for row in rows)
        return next((case for case in cases if case.provisional and case.is_test == is_test), None)

    def _begin(self, actor: Actor, operation: Operation, case: Case) -> Case:
        self._messages.begin(operation.id, case.id)
        for item, content in self._planned(actor, operation, case):
            if item not in case.items:
                self._desk.set(actor, case.id, item=item, after=0, content=content)
        return self._desk.case(case.id)

    def _patient(self, operation: Operation) -> Patient:
        """With all that was told of him, such as his allergies."""
        events = of_patient(self._messages, operation.number, is_test=operation.is_test)
        identity = identity_of((each.event for each in events), operation.number)
        said: Mapping[str, str] = {**identity.patient, **operation.patient}
        clock = self._desk.clock
        return told(Patient(), said, number=identity.number, visit=operation.visit, kept=frozenset(), clock=clock)

    def _planned(self, actor: Actor, operation: Operation, case: Case) -> Iterator[tuple[str, Content]]:
        """What no library of ours knows, or the actor may not code, is a note in the words of the list."""
        at_us = case.stays[-1].start_us
        unknown: list[str] = []
        for use, codes in (("planned_procedure", operation.procedures), ("diagnosis_before", operation.diagnoses)):
            coded = list(self._coded(actor, use, codes, unknown))
            yield from ((f"booking:{use}:{n}", content) for n, content in enumerate(coded, 1))
        people = [person for person in operation.staff if person.name or person.id]
        for n, person in enumerate(people, 1):
            if person.role and allows(actor, "attendance"):
                yield f"booking:staff:{n}", Attendance(role=person.role, name=person.name or person.id, in_us=at_us)
            else:
                unknown.append(f"{person.told_role} {person.name or person.id}".strip())
        text = "; ".join([*unknown, *([operation.note] if operation.note else [])])
        if text and allows(actor, "event"):
            yield "booking:note", Event(key="note", at_us=at_us, note=" ".join(text.split())[:400])

    def _coded(self, actor: Actor, use: str, codes: Sequence[Code], unknown: list[str]) -> Iterator[Coded]:
        library = self._desk.libraries.current(LIBRARY_OF[use])
        day = f"{self._desk.clock.local(self._desk.clock.now_us()):%Y-%m-%d}"
        for code in codes:
            known = library.codings.get(code.code) if library else None
            if known is not None and known.valid(day) and allows(actor, "code"):
                yield Coded(use=use, term=known.term)
            else:
                unknown.append(" ".join(part for part in (code.code, code.text) if part))
