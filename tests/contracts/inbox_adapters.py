"""What every adapter of the inbox makes of a hospital's stories: the same events, whatever they were written in.

A test class gives the fixture `adapted`: events, written as its sender would, are read again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from charting.inbox.events import Booking, Code, HospitalEvent, Kind, Person, Place
from charting.inbox.places import PlaceRow, Places

Adapted = Callable[[Sequence[HospitalEvent]], Sequence[HospitalEvent]]

WARD, OR3, OR5, PACU = "SURG7^0712^2^HOSP", "OR^OR3^3^HOSP", "OR^OR5^5^HOSP", "PACU^PACU^4^HOSP"
SITE = Places(
    [
        PlaceRow(told="OR^OR3", bed="OR-03"),
        PlaceRow(told="OR^OR5", bed="OR-05"),
        PlaceRow(told="PACU^PACU^4", bed="PACU-4"),
    ],
    {"OR-03": "or", "OR-05": "or", "PACU-4": "pacu"},
)
BEDS = {OR3: ("OR-03", "or"), OR5: ("OR-05", "or"), PACU: ("PACU-4", "pacu")}
"""What it comes to."""
ROLES = {"主刀医师": "surgeon", "麻醉医师": "anaesthetist", "巡回护士": "circulating_nurse"}
ZHANG = {"name": "张测试", "sex": "male", "birth_date": "1970-01-01"}
EAU, ED4, ED5, CHAIR, GONE = (
    "EAU^UCH T00 EAU BY02^BY02-08", "ED^NON COVID MAJORS 04^04-NON COVID MAJORS",
    "ED^NON COVID MAJORS 05^05-NON COVID MAJORS", "ED^UCHED RAT CHAIR^RAT-CHAIR", "ED^SHOULD DELETE^DELETE",
)  # fmt: skip


def us(local: str) -> int:
    """A time in China as µs since 1970 UTC."""
    return round(datetime.fromisoformat(f"{local}+08:00").timestamp()) * 1_000_000


def at(told: str) -> Place:
    bed, area = BEDS.get(told, ("", ""))
    return Place(told=told, bed=bed, area=area)


def event(
    kind: Kind,
    key: str,
    occurred: str,
    *,
    recorded: str = "",
    place: str = "",
    prior: str = "",
    booking: Booking | None = None,
    patient: Mapping[str, str] = ZHANG,
    number: str = "P0000123",
    visit: str = "ZY0000456",
    old_number: str = "",
) -> HospitalEvent:
    return HospitalEvent(
        kind=kind, key=key, occurred_us=us(occurred), recorded_us=us(recorded or occurred), number=number, visit=visit,
        old_number=old_number, patient=patient, place=at(place) if place else None, prior=at(prior) if prior else None,
        booking=booking,
    )  # fmt: skip


def booking(start: str, place: str, **more: object) -> Booking:
    made = Booking(
        id="SS-9001",
        place=at(place),
        start_us=us(start),
        minutes=90,
        procedures=(Code(code="51.23", text="腹腔镜胆囊切除术", system="ICD9CM"),),
        diagnoses=(Code(code="K80.2", text="胆囊结石", system="ICD10"),),
        staff=(
            Person(name="李测试", role="surgeon", told_role="主刀医师", id="D0007"),
            Person(name="王测试", role="anaesthetist", told_role="麻醉医师", id="D0042"),
        ),
    )
    return replace(made, **more)  # type: ignore[arg-type]


DAY = (
    event("admit", "HIS-1", "2026-03-04 10:15:00", place=WARD),
    event("book", "HIS-2", "2026-03-04 16:00:00", booking=booking("2026-03-05 09:00:00", OR3)),
    event("transfer", "HIS-3", "2026-03-05 08:40:00", place=OR3, prior=WARD),
    event("cancel_transfer", "HIS-4", "2026-03-05 08:42:00", place=WARD, prior=OR3),
    event("rebook", "HIS-5", "2026-03-05 08:45:00", booking=booking("2026-03-05 09:30:00", OR5)),
    event("transfer", "HIS-6", "2026-03-05 09:10:00", place=OR5, prior=WARD),
    event("transfer", "HIS-7", "2026-03-05 11:20:00", place=PACU, prior=OR5),
    event("merge", "HIS-8", "2026-03-05 12:00:00", old_number="P0000999", visit=""),
    event("discharge", "HIS-9", "2026-03-07 10:00:00", place=WARD),
)
"""The worked day of the fact sheet hl7-adt-billing §8."""


def _public(*steps: tuple[Kind, str, str]) -> Sequence[HospitalEvent]:
    """One step an hour, each written down an hour later, as those samples have it."""
    prior, made = "", []
    for hour, (kind, place, before) in enumerate(steps, 11):
        made.append(
            event(
                kind, f"31644-{hour}", f"2013-02-11 {hour}:00:52", recorded=f"2013-02-11 {hour + 1}:00:52",
                place=place, prior=before or (prior if kind == "transfer" else ""), number="40800000",
                visit="123412341234", patient={"name": "ORANGE", "sex": "female"},
            )
        )  # fmt: skip
        prior = place
    return made


STORIES: Mapping[str, Sequence[HospitalEvent]] = {
    "day": DAY,
    "moves": _public(
        ("admit", CHAIR, ""), ("transfer", ED5, ""), ("transfer", ED4, ""), ("transfer", ED5, ""),
        ("transfer", ED4, ""), ("transfer", EAU, ""), ("discharge", EAU, ""),
    ),
    "admission cancelled": _public(
        ("admit", GONE, ""), ("cancel_admit", GONE, ""), ("admit", CHAIR, ""), ("transfer", ED5, ""),
        ("discharge", ED5, ""),
    ),
    "transfer cancelled": _public(
        ("admit", CHAIR, ""), ("transfer", ED5, ""), ("transfer", GONE, ""), ("cancel_transfer", ED5, GONE),
        ("transfer", ED4, ED5), ("discharge", ED4, ""),
    ),
    "discharge cancelled": _public(
        ("admit", CHAIR, ""), ("transfer", ED5, ""), ("discharge", ED5, ""), ("cancel_discharge", ED5, ""),
        ("discharge", ED5, ""),
    ),
    "bookings": (
        event("book", "1", "2026-03-04 16:00:00", booking=booking("2026-03-05 09:00:00", OR3, urgent=True)),
        event("revise", "2", "2026-03-04 17:00:00", booking=booking("2026-03-05 09:00:00", OR3, minutes=120)),
        event("cancel_booking", "3", "2026-03-04 18:00:00", booking=booking("2026-03-05 09:00:00", OR3)),
        event("no_show", "4", "2026-03-05 09:30:00", booking=booking("2026-03-05 09:00:00", OR3)),
    ),
    "patient": (
        event("pre_admit", "1", "2026-03-03 08:00:00", place=WARD),
        event("update", "2", "2026-03-03 09:00:00", patient={"name": "欧阳珅", "sex": "female"}),
        event("update", "3", "2026-03-03 10:00:00", patient={"name": "A & B <C> | ^ ~ \\"}),
    ),
}  # fmt: skip
"""Hospital days as what happened, written by hand: the day of the fact sheet, the public sequences (§1), and more."""


class InboxAdapters:
    @pytest.mark.parametrize("story", STORIES)
    def test_a_story_is_the_same_whatever_it_was_written_in(self, adapted: Adapted, story: str) -> None:
        told = STORIES[story]
        assert [replace(each, key="") for each in adapted(told)] == [replace(each, key="") for each in told]

    def test_what_was_read_once_has_the_same_key_again_and_others_have_others(self, adapted: Adapted) -> None:
        first, again = ([each.key for each in adapted(DAY)] for _ in range(2))
        assert first == again
        assert len(set(first)) == len(DAY)
