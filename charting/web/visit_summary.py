"""What an anaesthetic was, in a few lines for whoever visits the patient: what was done and given, what went wrong."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from charting.case.checks import LIBRARY_OF
from charting.case.state import Case
from charting.trail.contents import Bolus, Content, Infusion, Remark
from charting.web.context import Context
from charting.web.said import number
from collector.units import display

_TIMES = frozenset({"t_anes_start", "t_anes_end", "t_tube_in", "t_tube_out", "t_icu_in", "t_death"})


def summary(here: Context, case: Case) -> Iterator[tuple[str, str]]:
    """What each line is, and what it says; "" where there is nothing to say."""
    words, say, lang = here.words, here.say, here.lang
    for use in (
        u for u in LIBRARY_OF if u in {"technique", "asa", "procedure", "planned_procedure", "diagnosis_before"}
    ):
        yield words(f"use.{use}"), "; ".join(words.of(c.term) for c in case.coded if c.use == use)
    yield words("patient.allergies"), case.patient.allergies
    times = [e for e in case.events if e.key in _TIMES]
    yield words("visit.times"), "; ".join(say.content(e) for e in times)
    items = [i.content for d in case.documents.values() for i in d.items.values()]
    yield words("visit.drugs"), "; ".join(_drugs(items, lang))
    problems: list[Content] = [f for f in case.findings if f.value == "yes"]
    problems += (e for e in case.events if e.key == "note")
    problems += (c for c in items if isinstance(c, Remark))
    yield words("visit.problems"), "; ".join(say.content(c) for c in problems)


def _drugs(items: Sequence[object], lang: str) -> Iterator[str]:
    """Each drug once: what was given at a time in all, and what ran."""
    given: defaultdict[tuple[str, str], float] = defaultdict(float)
    for content in items:
        if isinstance(content, Bolus):
            given[_named(content, lang), content.unit] += content.dose
    yield from (f"{name} {number(dose)} {display(unit)}" for (name, unit), dose in given.items())
    told = {name for name, _ in given}
    running = dict.fromkeys(_named(c, lang) for c in items if isinstance(c, Infusion))
    yield from (name for name in running if name not in told)


def _named(content: Bolus | Infusion, lang: str) -> str:
    return content.drug.zh if lang == "zh" else content.drug.en
