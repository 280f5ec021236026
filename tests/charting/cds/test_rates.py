"""How often cards are set aside, counted by hand."""

from collections.abc import Iterator

from charting.quality.cards import rates
from charting.quality.periods import period
from charting.trail.contents import Patient
from charting.trail.entries import Body, CardAnswered, Discarded, Entry, Opened
from tests.charting.cds.cards import told

ZONE = "Asia/Shanghai"
LAST_OF_OCTOBER_US = 1_793_462_399_999_999
"""2026-10-31T15:59:59.999999Z, the last microsecond of October in Shanghai."""
DAY_US = 86_400_000_000


def entries(*said: tuple[int, str, Body]) -> Iterator[Entry]:
    for seq, (at_us, case, body) in enumerate(said, start=1):
        yield Entry(seq=seq, at_us=at_us, actor="x", case=case, body=body)


def answered(number: int, reason: str = "") -> CardAnswered:
    return CardAnswered(service="cdss", card=told(number).card, accepted=not reason, reason=reason)


def test_a_card_counts_in_its_month_with_its_last_answer() -> None:
    october, november = LAST_OF_OCTOBER_US, LAST_OF_OCTOBER_US + 1
    opened = Opened(bed="OR-03", area="or", at_us=0, patient=Patient())
    kept = list(
        entries(
            (october, "a", opened),
            (october, "a", told(1)),
            (november, "a", told(2, version="1.3")),
            (november, "b", told(2)),  # the same card, of another case
            (november, "b", told(3, rule="allergy")),
            (november, "void", told(4)),
            (november + DAY_US, "a", answered(1)),
            (november + DAY_US, "a", answered(2, "known")),
            (november + DAY_US, "b", answered(2, "other")),
            (november + 2 * DAY_US, "b", answered(2)),
            (november + 2 * DAY_US, "void", Discarded(reason="x")),
            (november + 40 * DAY_US, "a", answered(1, "known")),
        )
    )
    found = [
        (r.month, r.rule, r.told, r.accepted, r.set_aside, r.unanswered, r.override_rate, list(r.reasons))
        for r in rates(kept, period("2026-Q4", ZONE), ZONE)
    ]
    assert found == [
        ("2026-10", "opioid-dose", 1, 0, 1, 0, 1.0, [("known", 1)]),
        ("2026-11", "allergy", 1, 0, 0, 1, None, []),
        ("2026-11", "opioid-dose", 2, 1, 1, 0, 0.5, [("known", 1)]),
    ]
    assert [r.told for r in rates(kept, period("2026-10", ZONE), ZONE)] == [1]
    assert list(rates(kept, period("2026-11", ZONE), ZONE)[1].versions) == ["1.2", "1.3"]
