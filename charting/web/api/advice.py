"""Cards of decision support: what services give to be considered, and what people make of it. No order, no alarm."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from charting.case.cards import setting_aside
from charting.case.state import PATIENT_ITEM, CardKey, Case
from charting.cds.texts import host_of
from charting.cds.window import WINDOW_US
from charting.quality.cards import KINDS, Rate, rates
from charting.trail.entries import CardAnswered
from charting.web import models
from charting.web.context import Context, Here
from charting.web.quality_asked import Asked, AskedFor

router = APIRouter(prefix="/api", tags=["advice"])

_URGENCY = {"critical": 0, "warning": 1, "info": 2}


class AnswerCard(models.Asked):
    """`reason`: of the list, or of the card's own; needed to set it aside."""

    service: Annotated[str, Field(min_length=1, max_length=64)]
    card: models.Id
    accepted: bool
    reason: models.Line = ""
    text: Annotated[str, Field(max_length=500)] = ""


class LinkOut(BaseModel):
    label: str
    url: str
    host: str


class ReasonOut(BaseModel):
    code: str
    text: str


class InputOut(BaseModel):
    """What the service was told. `at_us`: when that was so; null: it has no time."""

    name: str
    value: str
    at_us: int | None


class CardOut(BaseModel):
    """A card, as its service wrote it: to be considered by a person, never an order."""

    service: str
    card: str
    rule: str
    version: str
    source: str
    source_url: str
    indicator: str = Field(description="info, warning, critical: the service's, no alarm priority")
    summary: str
    detail: str = Field(description="Markdown, as sent")
    suggestions: list[str] = Field(description="Text: nothing of it is done by itself")
    links: list[LinkOut]
    hook: str
    reason: str = Field(description="Why the service was asked")
    asked_us: int = Field(description="The inputs are of that time")
    told_us: int
    old: bool = Field(description="Nobody has answered, and the data it stands on are of more than 15 min ago")
    patient_changed: bool = Field(description="Who the patient is, or what is known of him, has changed since")
    inputs: list[InputOut]
    answered: bool
    accepted: bool | None = Field(description="null: nobody has answered")
    answer_reason: str
    answer_text: str
    answered_by: str | None
    answered_us: int | None
    reasons: list[ReasonOut] = Field(description="Why it may be set aside")


def cards_of(here: Context, case: Case) -> Sequence[CardOut]:
    """Those that nobody has answered first, the most urgent first, then the newest."""
    found = [_card_out(here, case, key) for key in case.cards]
    return sorted(found, key=lambda each: (each.answered, _URGENCY[each.indicator], -each.told_us))


def _card_out(here: Context, case: Case, key: CardKey) -> CardOut:
    card, told_us = case.cards[key]
    answer = case.card_answers.get(key)
    own = {each.code: each.display for each in card.reasons}
    offered = own | {code: row[here.lang] for code, row in setting_aside().items()}
    return CardOut(
        service=card.service,
        card=card.card,
        rule=card.rule,
        version=card.version,
        source=card.source,
        source_url=card.source_url,
        indicator=card.indicator,
        summary=card.summary,
        detail=card.detail,
        suggestions=list(card.suggestions),
        links=[LinkOut(label=each.label, url=each.url, host=host_of(each.url)) for each in card.links],
        hook=card.hook,
        reason=card.reason,
        asked_us=card.asked_us,
        told_us=told_us,
        old=answer is None and here.now_us() - card.asked_us > WINDOW_US,
        patient_changed=case.items[PATIENT_ITEM].versions[-1].at_us > card.asked_us,
        inputs=[InputOut(name=each.name, value=each.value, at_us=each.at_us) for each in card.inputs],
        answered=answer is not None,
        accepted=answer[0].accepted if answer else None,
        answer_reason=offered.get(answer[0].reason, answer[0].reason) if answer else "",
        answer_text=answer[0].text if answer else "",
        answered_by=here.name_of(answer[1]) if answer else None,
        answered_us=answer[2] if answer else None,
        reasons=[ReasonOut(code=code, text=text) for code, text in offered.items()],
    )


@router.get("/cases/{case}/cards")
def list_cards(here: Here, case: models.Id) -> list[CardOut]:
    """Cards of a case: those that nobody has answered first, the most urgent first."""
    return list(cards_of(here, here.desk.read(here.actor, case)))


@router.post("/cases/{case}/cards/answer")
def answer_card(here: Here, case: models.Id, asked: AnswerCard) -> CardOut:
    """Accept a card, or set it aside with a reason. Nothing else is done by it."""
    answered = CardAnswered(
        service=asked.service, card=asked.card, accepted=asked.accepted, reason=asked.reason, text=asked.text
    )
    found = here.desk.answer_card(here.actor, case, answered)
    return _card_out(here, found, (asked.service, asked.card))


class ReasonsOut(BaseModel):
    reason: str
    text: str
    n: int


class RateOut(BaseModel):
    """Of one rule of one service in a month: how its cards were answered so far."""

    month: str
    service: str
    rule: str
    versions: list[str]
    told: int
    accepted: int
    set_aside: int
    unanswered: int
    override_rate: float | None = Field(description="Set aside of those that were answered; null: none was")
    reasons: list[ReasonsOut] = Field(description="The most frequent first")


@router.get("/advice/rates")
def list_rates(here: Here, ask: AskedFor) -> list[RateOut]:
    """How often cards are set aside, by month, service and rule; of all departments."""
    here.need("quality")
    return rates_out(here, ask)


def rates_out(here: Context, ask: Asked) -> list[RateOut]:
    kept = here.trail.all(kinds=KINDS)
    return [_rate_out(here, each) for each in rates(kept, ask.period, here.clock.zone)]


def _rate_out(here: Context, rate: Rate) -> RateOut:
    known = {code: row[here.lang] for code, row in setting_aside().items()}
    return RateOut(
        month=rate.month,
        service=rate.service,
        rule=rate.rule,
        versions=list(rate.versions),
        told=rate.told,
        accepted=rate.accepted,
        set_aside=rate.set_aside,
        unanswered=rate.unanswered,
        override_rate=rate.override_rate,
        reasons=[
            ReasonsOut(reason=code, text=known[code] if code in known else rate.displays.get(code, code), n=n)
            for code, n in rate.reasons
        ],
    )
