"""The hospital's operation list, as far as it asks for visits."""

from collections.abc import Sequence

from charting.case.clock import SiteClock
from charting.inbox.messages import Messages
from charting.inbox.operations import Operation
from charting.inbox.patients import told
from charting.trail.contents import Patient
from charting.visits.round import Bookings, Planned


def booked(messages: Messages, clock: SiteClock) -> Bookings:
    """Elective operations: an emergency is not visited the day before."""

    def planned(since_us: int, until_us: int) -> Sequence[Planned]:
        found = messages.operations(since_us, until_us)
        return [
            _planned(op, op.start_us, clock)
            for op in found
            if op.start_us is not None and op.state in {"booked", "requested"} and not (op.urgent or op.is_test)
        ]

    return planned


def _planned(operation: Operation, start_us: int, clock: SiteClock) -> Planned:
    return Planned(
        id=operation.id,
        case=operation.case,
        start_us=start_us,
        patient=told(
            Patient(), operation.patient, number=operation.number, visit=operation.visit, kept=frozenset(), clock=clock
        ),
        procedure="; ".join(code.text or code.code for code in operation.procedures),
    )
