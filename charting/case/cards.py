"""Cards of decision support: they are kept with the case, and people accept them or set them aside.

Nothing else comes of either: a card changes no record.
"""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from charting.accounts.actor import Actor
from charting.case.book import Casebook, check_kept
from charting.case.checks import check_texts
from charting.case.refusals import Impossible, Unknown
from charting.case.state import Case
from charting.trail.entries import SYSTEM, CardAnswered, CardTold

_SERVICES = Actor(account=SYSTEM, name=SYSTEM, roles=frozenset())


@cache
def setting_aside() -> Mapping[str, Mapping[str, str]]:
    """Code → language → text of why a card is set aside, in the order in which they are offered."""
    with files("charting.case").joinpath("setting_aside.csv").open("r", encoding="utf-8") as text:
        return {row["code"]: row for row in csv.DictReader(text)}


def is_told(case: Case, card: CardTold) -> bool:
    """Whether the case has the card, or one that says the same for the same reason."""
    said = _said(card)
    return (card.service, card.card) in case.cards or any(_said(known) == said for known, _ in case.cards.values())


def _said(card: CardTold) -> tuple[str, ...]:
    return card.service, card.hook, card.reason, card.rule, card.summary


class Cards(Casebook):
    def tell_cards(self, case: str, cards: Sequence[CardTold]) -> Case:
        """Keep what is not told yet. Raises Unknown; Impossible for a case that is void."""

        def decide(known: Case) -> list[CardTold]:
            check_kept(known)
            fresh: dict[tuple[str, ...], CardTold] = {}
            for card in cards:
                if not is_told(known, card):
                    fresh.setdefault(_said(card), card)
            return list({(card.service, card.card): card for card in fresh.values()}.values())

        return self._act(_SERVICES, case, "tell_cards", decide)

    def answer_card(self, actor: Actor, case: str, answered: CardAnswered) -> Case:
        """A person has considered a card; again, he has changed his mind. Whoever sets aside says why."""
        check_texts(answered)

        def decide(known: Case) -> list[CardAnswered]:
            self._allow(actor, "advice")
            check_kept(known)
            key = answered.service, answered.card
            if key not in known.cards:
                raise Unknown("card_unknown")
            card, _ = known.cards[key]
            offered = {*setting_aside(), *(reason.code for reason in card.reasons)}
            if answered.accepted and (answered.reason or answered.text):
                raise Impossible("malformed")
            lacks = answered.reason == "other" and not answered.text.strip()
            if not answered.accepted and (answered.reason not in offered or lacks):
                raise Impossible("reason_missing")
            before = known.card_answers.get(key)
            return [] if before is not None and before[0] == answered else [answered]

        return self._act(actor, case, "answer_card", decide)
