"""What services answer: checked, kept with the case, and told back what people made of it. Calls block."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from charting.case.cards import setting_aside
from charting.case.refusals import Refusal
from charting.cds.answer import Card, Refused, check
from charting.cds.asking import JSON, QUESTION, destination, service_of
from charting.cds.inputs import inputs
from charting.cds.services import Services
from charting.cds.times import us_of
from charting.desk import Desk
from charting.metrics import Metrics
from charting.outbox.parcel import Outbox, Parcel
from charting.trail.entries import CardAnswered, CardLink, CardReason, CardTold, Entry
from collector.clock import rfc3339

FEEDBACK = "cds-feedback"
"""Kind of the parcels that tell a service what became of its card."""
ANSWERED = frozenset({"card_answered"})
"""Of entries that are told back."""
MOST_OPEN = 40
"""Cards of one service that wait for an answer in a case: of more none is kept."""
_KEPT_US = 7 * 86_400_000_000
"""So long after it a service may still be told."""


class Answers:
    """Any thread may call."""

    def __init__(self, desk: Desk, outbox: Outbox, services: Services, metrics: Metrics) -> None:
        self._desk = desk
        self._outbox = outbox
        self._services = services
        self._metrics = metrics

    def take(self, parcel: Parcel, body: bytes) -> None:
        """A service has answered a question. Of what is no answer nothing is kept, and it is counted.

        Raises VitalsdError for a database that is away: then it is taken again.
        """
        service = service_of(parcel.to)
        if service not in self._services.breakers:
            return  # asked before the configuration was changed
        try:
            checked = check(body)
        except Refused as refused:
            self.failed(parcel.to, parcel.kind, str(refused))
            return
        self._services.breakers[service].good()
        self._metrics.cds_questions.labels(service, "answered").inc()
        for why in checked.refused:
            self._metrics.cds_cards.labels(service, f"refused: {why}").inc()
        if not checked.cards:
            return
        question = json.loads(parcel.body, parse_float=str, parse_int=str)
        told = [_told(card, service, parcel, question) for card in checked.cards]
        try:
            before = self._desk.case(parcel.case)
            waiting = sum(key[0] == service and key not in before.card_answers for key in before.cards)
            many = told[max(MOST_OPEN - waiting, 0) :]
            told = told[: len(told) - len(many)]
            after = self._desk.tell_cards(parcel.case, told)
        except Refusal:
            return  # the case was opened by mistake
        if many:
            self._metrics.cds_cards.labels(service, "refused: many").inc(len(many))
        fresh = len(after.cards.keys() - before.cards.keys())
        self._metrics.cds_cards.labels(service, "told").inc(fresh)
        self._metrics.cds_cards.labels(service, "repeated").inc(len(told) - fresh)

    def failed(self, to: str, kind: str, why: str) -> None:
        """What has left was not answered, or not with cards: there are none."""
        service = service_of(to)
        if kind == QUESTION:
            self._services.breakers[service].bad()
        self._metrics.cds_questions.labels(service or to, f"failed: {why}").inc()

    def act(self, entries: Sequence[Entry]) -> None:
        """What people have answered is told to whose card it was."""
        made = [
            self._desk.apart.trying(entry.case, partial(self._feedback, entry, entry.body))
            for entry in entries
            if isinstance(entry.body, CardAnswered) and entry.body.service in self._services.breakers
        ]
        self._outbox.put([parcel for parcel in made if parcel is not None])

    def _feedback(self, entry: Entry, answered: CardAnswered) -> Parcel:
        card, _ = self._desk.case(entry.case).cards[answered.service, answered.card]
        said: dict[str, Any] = {
            "card": answered.card,
            "outcome": "accepted" if answered.accepted else "overridden",
            "outcomeTimestamp": rfc3339(entry.at_us),
        }
        if not answered.accepted:
            said["overrideReason"] = _reason(card, answered)
        return Parcel(
            key=f"{FEEDBACK}:{entry.seq}",
            to=destination(answered.service),
            kind=FEEDBACK,
            body=json.dumps({"feedback": [said]}, ensure_ascii=False).encode(),
            content_type=JSON,
            path=f"/cds-services/{card.endpoint}/feedback",
            lane=FEEDBACK,
            case=entry.case,
            until_us=entry.at_us + _KEPT_US,
        )


def _reason(card: CardTold, answered: CardAnswered) -> Mapping[str, Any]:
    """Who answered is not told: the service asks about its rules, not about people."""
    own = next((each for each in card.reasons if each.code == answered.reason), None)
    if own is not None:
        coded = {"code": own.code, "system": own.system, "display": own.display}
    else:
        coded = {
            "code": answered.reason,
            "system": "urn:vitalsd:setting-aside",
            "display": setting_aside()[answered.reason]["en"],
        }
    told: dict[str, Any] = {"reason": {name: value for name, value in coded.items() if value}}
    return {**told, "userComment": answered.text} if answered.text else told


def _told(card: Card, service: str, parcel: Parcel, question: Mapping[str, Any]) -> CardTold:
    topic, said = card.source.topic, question["extension"]
    endpoint = parcel.path.rpartition("/")[2]
    return CardTold(
        service=service,
        endpoint=endpoint,
        card=card.uuid,
        hook=question["hook"],
        reason=said["reason"],
        rule=topic.code if topic else endpoint,
        version=(topic.version if topic else None) or said["version"],
        indicator=card.indicator,
        summary=card.summary,
        detail=card.detail or "",
        source=card.source.label,
        source_url=card.source.url or "",
        suggestions=tuple(each.label for each in card.suggestions or ()),
        links=tuple(CardLink(label=each.label, url=each.url) for each in card.links or ()),
        reasons=tuple(
            CardReason(code=each.code, display=each.display, system=each.system or "")
            for each in card.overrideReasons or ()
        ),
        inputs=tuple(inputs(question)),
        asked_us=us_of(said["asked"]) or 0,
    )
