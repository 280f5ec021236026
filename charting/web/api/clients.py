"""Tokens of the hospital's programs, and what these have subscribed to: for an administrator."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from charting.fhir.clients import LONGEST_DAYS, RIGHT, Client
from charting.fhir.endpoint import origin
from charting.fhir.parts import Fhir
from charting.fhir.subscription import Subscription
from charting.web.context import Context, Here
from charting.web.problems import Problem

router = APIRouter(prefix="/api/clients", tags=["clients"])

ClientId = Annotated[str, Path(max_length=32, description="A program's token")]
SubscriptionId = Annotated[str, Path(max_length=32, description="A subscription")]


class NewClient(BaseModel):
    name: str = Field(max_length=64)
    scopes: list[str] | str = Field(description="SMART scopes, and inbox.write; a text: with blanks or lines between")
    days: int = Field(ge=1, le=LONGEST_DAYS, description="So long its token is worth something")
    patient: str = Field("", max_length=64, description="Number of the only one whom it may read (patient/ scopes)")


class ClientOut(BaseModel):
    id: str
    name: str
    scopes: list[str]
    bound: bool = Field(description="To one patient")
    active: bool
    made_us: int
    until_us: int | None
    used_us: int | None


class MadeClient(ClientOut):
    token: str = Field(description="Told once")


class SubscriptionOut(BaseModel):
    id: str
    client: str
    topic: str
    place: str
    state: str
    reason: str
    events: int
    waiting: int = Field(description="Events that are not in the outbox yet")


def fhir_of(here: Context) -> Fhir:
    if here.department.exchange.fhir is None:
        raise Problem(404, "unknown")
    return here.department.exchange.fhir


def client_out(client: Client) -> ClientOut:
    return ClientOut(
        id=client.id,
        name=client.name,
        scopes=list(client.scopes),
        bound=bool(client.patient),
        active=client.active,
        made_us=client.made_us,
        until_us=client.until_us,
        used_us=client.used_us,
    )


def subscription_out(kept: Subscription) -> SubscriptionOut:
    return SubscriptionOut(
        id=kept.id,
        client=kept.client,
        topic=kept.topic.name,
        place=origin(kept.wanted.endpoint),
        state=kept.state,
        reason=kept.reason,
        events=kept.events,
        waiting=kept.events - kept.sent,
    )


@router.get("")
def list_clients(here: Here) -> list[ClientOut]:
    return [client_out(each) for each in fhir_of(here).clients.all(here.actor)]


@router.post("", status_code=201)
def make_client(here: Here, asked: NewClient) -> MadeClient:
    """A new token. The answer holds it: it is kept nowhere, and told never again."""
    scopes = asked.scopes.split() if isinstance(asked.scopes, str) else asked.scopes
    made, token = fhir_of(here).clients.make(
        here.actor, name=asked.name, scopes=scopes, days=asked.days, patient=asked.patient
    )
    return MadeClient(**client_out(made).model_dump(), token=token)


@router.delete("/{client}")
def end_client(here: Here, client: ClientId) -> ClientOut:
    """Its token is worth nothing from now on; what it has subscribed to ends."""
    return client_out(fhir_of(here).clients.end(here.actor, client))


@router.get("/subscriptions")
def list_subscriptions(here: Here) -> list[SubscriptionOut]:
    here.need(RIGHT)
    return [subscription_out(each) for each in fhir_of(here).subscriptions.all()]


@router.post("/subscriptions/{subscription}/handshake")
def shake_again(here: Here, subscription: SubscriptionId) -> list[SubscriptionOut]:
    """A new handshake; when it is answered, what was refused leaves again."""
    here.need(RIGHT)
    fhir_of(here).subscriptions.again(subscription, here.actor.account)
    return list_subscriptions(here)
