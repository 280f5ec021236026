"""The operation list: who is planned where, and checking a patient in."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from charting.inbox.checkin import CheckIn
from charting.inbox.events import Code, Person
from charting.inbox.operations import Operation
from charting.web import models
from charting.web.context import Context, Here
from charting.web.views import CaseOut

router = APIRouter(prefix="/api/bookings", tags=["bookings"])


class BookingOut(BaseModel):
    """A booking as it stands. `place`: as the hospital writes it; `bed`: ours, where the site's table knows it."""

    booking: str
    state: str = Field(description="requested, booked, cancelled or no_show; with a case it has begun")
    case: str
    number: str
    visit: str
    name: str
    bed: str
    place: str
    start_us: int | None
    minutes: int | None
    procedures: list[Code]
    diagnoses: list[Code]
    staff: list[Person]
    urgent: bool | None
    note: str


class CheckInAsked(models.Asked):
    booking: Annotated[str, Field(min_length=1, max_length=200)]
    bed: models.BedId
    at_us: models.TimeUs | None = Field(None, description="Since when; None: now")
    case: models.Id = Field(description="The id that the caller made (uuid4 hex): sent twice, it is one case")


class ConfirmAsked(models.Asked):
    at_us: models.TimeUs | None = Field(None, description="When he was seen there; None: now")


def booking_out(operation: Operation) -> BookingOut:
    return BookingOut(
        booking=operation.id,
        state=operation.state,
        case=operation.case,
        number=operation.number,
        visit=operation.visit,
        name=operation.patient.get("name", ""),
        bed=operation.bed,
        place=operation.place.told if operation.place else "",
        start_us=operation.start_us,
        minutes=operation.minutes,
        procedures=list(operation.procedures),
        diagnoses=list(operation.diagnoses),
        staff=list(operation.staff),
        urgent=operation.urgent,
        note=operation.note,
    )


def check_in(here: Context) -> CheckIn:
    return CheckIn(here.desk, here.department.exchange.messages)


@router.get("")
def list_bookings(
    here: Here,
    since_us: Annotated[models.TimeUs, Query(description="Those that start from then on")],
    until_us: Annotated[models.TimeUs, Query(description="and before then")],
) -> list[BookingOut]:
    """By their start."""
    here.need("read")
    return [booking_out(op) for op in here.department.exchange.messages.operations(since_us, until_us)]


@router.post("/check-in", status_code=201)
def check_in_patient(here: Here, asked: CheckInAsked) -> CaseOut:
    """The patient of a booking is at a bed: a case with who he is, what is planned, and who is to be there."""
    here.need("open_case")
    area = here.bed(asked.bed).area
    made = check_in(here).open(here.actor, asked.booking, bed=asked.bed, area=area, case=asked.case, at_us=asked.at_us)
    return here.case_out(made)


@router.post("/confirm/{case}")
def confirm_case(here: Here, case: models.Id, asked: ConfirmAsked) -> CaseOut:
    """A person has seen the patient at the bed that a message of the hospital has told."""
    here.need("open_case")
    at_us = here.now_us() if asked.at_us is None else asked.at_us
    return here.case_out(check_in(here).confirm(here.actor, case, at_us=at_us))
