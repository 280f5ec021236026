"""What leaves for the hospital's other systems: destinations, messages, and what a person may do about them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from charting.outbox.parcel import Sent, State
from charting.outbox.post import Queue, line_of
from charting.outbox.readable import readable
from charting.web.context import Context, Here
from charting.web.problems import Problem

router = APIRouter(prefix="/api/exchange", tags=["exchange"])

Key = Annotated[str, Query(min_length=1, max_length=400, description="What a message is called, as lists have it")]
Said = Annotated[str, Field(min_length=1, max_length=200, description="Without names or numbers of patients")]


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class DestinationOut(BaseModel):
    """Where messages go. `up` null: nothing has been sent there since the service started."""

    name: str
    configured: bool = Field(description="Where it is, is known, be it by a subscription that stands")
    takes: list[str]
    secret: bool = Field(description="By TLS")
    up: bool | None
    since_us: int | None
    why: str = Field(description="Why it was not up")
    waiting: int
    parked: int
    oldest_us: int | None = Field(description="When the oldest of those that wait was made")


class ParcelLine(Out):
    """A message; nothing in it is of a patient but the id of the case."""

    key: str
    seq: int
    to: str
    kind: str
    lane: str
    case: str
    control: str
    state: State
    made_us: int
    next_us: int
    attempts: int
    reason: str
    size: int = Field(description="Bytes; 0: let go of, as it is long done with")


class LogLine(BaseModel):
    at_us: int
    what: str = Field(description="answered, unanswered, parked, expired, resent, withdrawn; after a colon more of it")
    by: str


class ParcelOut(ParcelLine):
    """`body`, `answer`: as text, for who may read records; else empty."""

    content_type: str
    until_us: int | None
    answered_us: int | None
    answer_size: int
    body: str
    answer: str
    log: list[LogLine]


class Act(BaseModel):
    key: Annotated[str, Field(min_length=1, max_length=400)]
    reason: Said


@router.get("/destinations")
def list_destinations(here: Here) -> list[DestinationOut]:
    """The configured ones, and whatever else messages are for; those in trouble first."""
    here.need("exchange")
    exchange = here.department.exchange
    queues, standing = exchange.outbox.queues(), exchange.courier.standing
    takes = {each.name: each.takes for each in exchange.destinations}
    found = []
    for name in dict.fromkeys([*takes, *queues, *standing]):
        queue = queues.get(name, Queue(waiting=0, parked=0, oldest_us=None))
        stands, address = standing.get(name), exchange.courier.to(name)
        found.append(
            DestinationOut(
                name=name,
                configured=address is not None,
                takes=list(takes.get(name, ())),
                secret=address is not None and address.url.startswith(("mllps:", "https:")),
                up=stands.up if stands else None,
                since_us=stands.since_us if stands else None,
                why=stands.why if stands else "",
                waiting=queue.waiting,
                parked=queue.parked,
                oldest_us=queue.oldest_us,
            )
        )
    return sorted(found, key=lambda each: (not each.parked, each.up is not False, not each.waiting))


@router.get("/parcels")
def list_parcels(
    here: Here,
    to: Annotated[str, Query(max_length=100, description="Only to this destination")] = "",
    state: Annotated[State | None, Query(description="Only in this state")] = None,
    text: Annotated[str, Query(max_length=100, description="In key, control id, kind or case")] = "",
    before: Annotated[int | None, Query(ge=0, le=2**53, description="Only of smaller numbers")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[ParcelLine]:
    """Messages, newest first."""
    here.need("exchange")
    found = here.department.exchange.outbox.lines(to=to, state=state, text=text, before=before, limit=limit)
    return [ParcelLine.model_validate(line) for line in found]


@router.get("/parcel")
def get_parcel(here: Here, key: Key) -> ParcelOut:
    """One message with what became of it."""
    here.need("exchange")
    return parcel_out(here, key)


@router.post("/parcel/resend")
def resend_parcel(here: Here, asked: Act) -> ParcelOut:
    """Send it now, or once more: the same bytes, so that a receiver who has it takes it for what it is."""
    return _done(here, asked, here.department.exchange.outbox.resend)


@router.post("/parcel/withdraw")
def withdraw_parcel(here: Here, asked: Act) -> ParcelOut:
    """It need not leave; those behind it in its lane may."""
    return _done(here, asked, here.department.exchange.outbox.withdraw)


def parcel_out(here: Context, key: str) -> ParcelOut:
    """Raises Problem 404."""
    sent = here.department.exchange.outbox.find(key)
    if sent is None:
        raise Problem(404, "unknown")
    return _out(here, sent)


def may(sent: ParcelLine) -> Collection[str]:
    """What a person can do about it."""
    resend = sent.state is not State.EXPIRED and sent.size > 0
    return [*(["resend"] if resend else []), *(["withdraw"] if sent.state in {State.WAITING, State.PARKED} else [])]


def _out(here: Context, sent: Sent) -> ParcelOut:
    parcel, reads = sent.parcel, here.can("read")
    return ParcelOut(
        **asdict(line_of(sent)),
        content_type=parcel.content_type,
        until_us=parcel.until_us,
        answered_us=sent.answered_us,
        answer_size=len(sent.answer),
        body=readable(parcel.body, parcel.content_type) if reads else "",
        answer=readable(sent.answer, parcel.content_type) if reads else "",
        log=_log(sent.log),
    )


def _log(log: Sequence[tuple[int, str, str]]) -> list[LogLine]:
    return [LogLine(at_us=at_us, what=what, by=by) for at_us, what, by in log]


def _done(here: Context, asked: Act, do: Callable[[str, str, str], bool]) -> ParcelOut:
    """Raises Problem 404, and 409 for a message with which that cannot be done as it stands."""
    here.need("exchange")
    found = parcel_out(here, asked.key)
    if not do(asked.key, here.actor.account, asked.reason):
        raise Problem(409, "outbox.not_so")
    here.department.exchange.courier.hurry(found.to)
    return parcel_out(here, asked.key)
