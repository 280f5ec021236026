"""What is odd about a case: told to people, never mended (clinical.md §0). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from charting.case.clock import SiteClock
from charting.case.events import events
from charting.case.state import Case
from charting.case.stays import Overlap
from charting.case.words import said


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWarning:
    """`key`: a row of words.csv; `params`: per language what its text names; `document`, `item`: where."""

    key: str
    params: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    document: str = ""
    item: str = ""

    def text(self, lang: str) -> str:
        """What a person reads, in zh or en."""
        return said(self.key, lang, self.params.get(lang))


def warnings_of(case: Case, clock: SiteClock, overlaps: Sequence[Overlap]) -> Sequence[CaseWarning]:
    return [*_order(case, clock)]


def _order(case: Case, clock: SiteClock) -> Iterator[CaseWarning]:
    known = [(events()[e.key], e) for e in case.events if e.key in events()]
    ranked = sorted(((k.order, k, e) for k, e in known if k.order is not None), key=lambda r: r[0])
    for (_, before, first), (_, after, then) in zip(ranked, ranked[1:], strict=False):
        if then.at_us < first.at_us:
            yield CaseWarning(
                key="events_out_of_order",
                params={
                    "zh": {"first": before.zh, "then": after.zh, "time": clock.written(then.at_us)},
                    "en": {"first": before.en, "then": after.en, "time": clock.written(then.at_us)},
                },
            )
