"""What the hospital's other systems told, and what was done about it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from charting.case.words import said, words
from charting.inbox.messages import Done, Message, MessageState, again
from charting.web import models
from charting.web.context import Context, Here
from charting.web.problems import Problem

router = APIRouter(prefix="/api/messages", tags=["messages"])

Seq = Annotated[int, Path(ge=1, le=2**53)]


class MessageOut(BaseModel):
    """A message. Patients' numbers, their case and the text are for who may read cases; to others they are empty."""

    seq: int
    source: str
    key: str = Field(description="By which its sender tells it from others (MSH-10)")
    kind: str = Field(description="As ADT^A02")
    received_us: int
    occurred_us: int | None
    state: MessageState
    done: list[str] = Field(description="What was done about it, or why not, in the asker's language")
    number: str
    visit: str
    case: str


class MessageWhole(MessageOut):
    body: str


def message_out(here: Context, message: Message) -> MessageOut:
    reads = here.can("read")
    return MessageOut(
        seq=message.seq,
        source=message.source,
        key=message.key,
        kind=message.kind,
        received_us=message.received_us,
        occurred_us=message.occurred_us,
        state=message.state,
        done=[told(here, done) for done in message.done],
        number=message.number if reads else "",
        visit=message.visit if reads else "",
        case=message.case if reads else "",
    )


def told(here: Context, done: Done) -> str:
    kind, _, key = done.key.partition(":")
    if kind == "refused" and key in words():
        return said(key, here.lang, done.params)
    return here.words(done.key, **done.params)


def body_of(message: Message) -> str:
    """Line by line."""
    for codec in ("utf-8", "gb18030"):
        try:
            return message.body.decode(codec).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    return message.body.decode("latin-1").replace("\r", "\n")


@router.get("")
def list_messages(
    here: Here,
    state: MessageState | None = None,
    text: Annotated[models.Line, Query(description="Part of a number, a visit, a key or a kind")] = "",
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[MessageOut]:
    """The newest first."""
    here.need("exchange")
    if text:
        here.need("read")
    kept = here.department.exchange.messages
    return [message_out(here, m) for m in kept.latest(state=state, text=text, before=before, limit=limit)]


@router.get("/{seq}")
def get_message(here: Here, seq: Seq) -> MessageWhole:
    """With its text, which tells of a patient."""
    here.need("exchange")
    here.need("read")
    message = found(here, seq)
    return MessageWhole(**message_out(here, message).model_dump(), body=body_of(message))


@router.post("/{seq}/again")
def process_again(here: Here, seq: Seq) -> MessageOut:
    """Look at it anew, once what was in its way is mended, as the table of places."""
    here.need("exchange")
    message = again(here.department.exchange.messages, found(here, seq))
    return message_out(here, message)


def found(here: Context, seq: int) -> Message:
    message = here.department.exchange.messages.find(seq)
    if message is None:
        raise Problem(404, "unknown")
    return message
