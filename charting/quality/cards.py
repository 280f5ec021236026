"""How often the cards of decision support are set aside, by month, service and rule (clinical.md §7). Pure.

A card counts in the month in which it was told, with its last answer, whenever that came. Cases that were opened by
mistake, or to try things out, count nowhere.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from charting.case.clock import local
from charting.quality.periods import Period
from charting.trail.entries import CardAnswered, CardTold, Discarded, Entry, Opened

KINDS = ("opened", "card_told", "card_answered", "discarded")
"""Of the entries that are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`reasons`: code and how often, the most frequent first; `displays`: of codes that are the service's own."""

    month: str
    service: str
    rule: str
    versions: Sequence[str]
    told: int
    accepted: int
    set_aside: int
    reasons: Sequence[tuple[str, int]]
    displays: Mapping[str, str]

    @property
    def unanswered(self) -> int:
        return self.told - self.accepted - self.set_aside

    @property
    def override_rate(self) -> float | None:
        """Of those that were answered; None: none was."""
        answered = self.accepted + self.set_aside
        return self.set_aside / answered if answered else None


def rates(entries: Iterable[Entry], period: Period, zone: str) -> Sequence[Rate]:
    """By month, then by service and rule. `entries`: all of KINDS, in order."""
    told: dict[tuple[str, str, str], tuple[CardTold, int]] = {}
    answers: dict[tuple[str, str, str], CardAnswered] = {}
    void: set[str] = set()
    for entry in entries:
        match entry.body:
            case CardTold() as card:
                told[entry.case, card.service, card.card] = card, entry.at_us
            case CardAnswered() as answer:
                answers[entry.case, answer.service, answer.card] = answer
            case Discarded() | Opened(is_test=True):
                void.add(entry.case)
            case _:
                pass
    groups: dict[tuple[str, str, str], list[tuple[CardTold, CardAnswered | None]]] = {}
    for key, (card, at_us) in told.items():
        if key[0] not in void and period.start_us <= at_us < period.end_us:
            month = f"{local(at_us, zone):%Y-%m}"
            groups.setdefault((month, card.service, card.rule), []).append((card, answers.get(key)))
    return [_rate(key, groups[key]) for key in sorted(groups)]


def _rate(key: tuple[str, str, str], found: Sequence[tuple[CardTold, CardAnswered | None]]) -> Rate:
    month, service, rule = key
    answered = [answer for _, answer in found if answer is not None]
    aside = Counter(answer.reason for answer in answered if not answer.accepted)
    return Rate(
        month=month,
        service=service,
        rule=rule,
        versions=sorted({card.version for card, _ in found}),
        told=len(found),
        accepted=sum(answer.accepted for answer in answered),
        set_aside=aside.total(),
        reasons=sorted(aside.items(), key=lambda each: (-each[1], each[0])),
        displays={each.code: each.display for card, _ in found for each in card.reasons},
    )
