"""What stands of a booking."""

from charting.inbox.events import Booking, Code, HospitalEvent, Person
from charting.inbox.operations import operation_of

STONES, SURGEON = Code(code="K80.2"), Person(name="Li", role="surgeon", told_role="SURGEON")


def test_whose_booking_becomes_another_patients_has_nothing_of_the_first() -> None:
    first = HospitalEvent(
        kind="book", key="1", occurred_us=1, recorded_us=1, number="X", visit="7",
        patient={"name": "RED", "allergies": "penicillin", "birth_date": "1970-01-01"},
        booking=Booking(
            id="9", start_us=5, procedures=(STONES,), diagnoses=(STONES,), staff=(SURGEON,), urgent=True, note="latex"
        ),
    )  # fmt: skip
    then = HospitalEvent(
        kind="revise",
        key="2",
        occurred_us=2,
        recorded_us=2,
        number="Y",
        patient={"name": "GREEN"},
        booking=Booking(id="9"),
    )
    for events in ([first, then], [then, first]):
        made = operation_of(events)
        assert made is not None
        assert (made.number, made.visit, made.patient) == ("Y", "", {"name": "GREEN"})
        assert (made.procedures, made.diagnoses, made.urgent, made.note) == ((), (), None, "")
        assert (made.start_us, made.staff) == (5, (SURGEON,))
