"""The acts of a story through the real desk, as the people who did them."""

from dataclasses import replace

from charting.accounts.actor import Actor
from charting.case.state import Case, Document, Item
from charting.department.acts import Act
from charting.department.people import staff
from charting.desk import Desk
from charting.trail.entries import (
    SYSTEM,
    Closed,
    Discarded,
    Merged,
    Moved,
    Opened,
    Set,
    Signed,
    Started,
    Thermometry,
    UnlockAnswered,
    UnlockAsked,
    Voided,
)
from tests.charting.clock import Clock


def act(desk: Desk, clock: Clock, said: Act) -> None:
    """Raises the desk's Refusal."""
    clock.at_us = max(clock.at_us, said.at_us)
    who, case = _actor(said.account), said.case
    match said.body:
        case Opened() as body:
            desk.open(
                who, bed=body.bed, area=body.area, patient=body.patient, at_us=body.at_us, emergency=body.emergency,
                is_test=body.is_test, case=case,
            )  # fmt: skip
        case Moved() as body:
            desk.move(who, case, bed=body.bed, area=body.area, at_us=body.at_us)
        case Merged() as body:
            desk.merge(who, case, patient=body.patient, reason=body.reason)
        case Closed() as body:
            desk.close(who, case, at_us=body.at_us)
        case Discarded() as body:
            desk.discard(who, case, reason=body.reason)
        case Started() as body:
            desk.start(who, case, template=body.template, document=body.document, start_us=body.start_us)
        case Set() as body:
            desk.set(
                who, case, document=body.document, item=body.item, after=body.after, content=body.content,
                reason=body.reason,
            )  # fmt: skip
        case Voided() as body:
            desk.void(who, case, document=body.document, item=body.item, after=body.after, reason=body.reason)
        case Signed() as body:
            desk.sign(who, case, document=body.document, slot=body.slot)
        case UnlockAsked() as body:
            desk.ask_unlock(who, case, document=body.document, reason=body.reason)
        case UnlockAnswered() as body:
            desk.answer_unlock(who, case, document=body.document, granted=body.granted, reason=body.reason)
        case Thermometry() as body:
            desk.measure(case, body)
        case _:
            raise AssertionError(said.body.kind)


def _actor(account: str) -> Actor:
    if account == SYSTEM:
        return Actor(account=SYSTEM, name=SYSTEM, roles=frozenset())
    return staff().actor(account)


def plain(case: Case) -> Case:
    """A case without its places in the trail."""
    return replace(
        case,
        last=0,
        last_hash="",
        items={id_: _item(item) for id_, item in case.items.items()},
        documents={id_: _document(document) for id_, document in case.documents.items()},
    )


def _document(document: Document) -> Document:
    return replace(document, items={id_: _item(item) for id_, item in document.items.items()})


def _item(item: Item) -> Item:
    return replace(item, versions=tuple(replace(version, seq=0) for version in item.versions))
