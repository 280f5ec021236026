"""What stands of a case: its advisories, as its trail tells them, and its temperature now. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alarms.advisories import Lang, Level, rules, text
from alarms.board import Seen
from alarms.hypothermia.rule import run_minutes
from alarms.hypothermia.types import Course, Outcome
from alarms.temperature import MINUTE_US, Site, sites
from charting.case.state import Case
from charting.trail.entries import Advised
from collector.technical import GATEWAY

SNOOZE_US = 30 * MINUTE_US
"""For so long an advisory that somebody has put off, with a reason, is not in the way."""
SOURCE = "advisory:"
"""How the source begins under which an advisory is seen; its device is the gateway's name."""

_URGENCY = {level.value: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An advisory of a case that began and has not ended. `put_off_us`: until when, `why`: for which reason."""

    case: str
    rule: str
    level: str
    since_us: int
    said: Mapping[str, str]
    seen: Seen | None = None
    put_off_us: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmth:
    """A case's temperature by the rule of the indicator (clinical.md §2.2), so far. °C; nan: none.

    `at_us`, `site`: when and where the last value that counts was measured; `run_min`: of the run below 36.0 °C that it
    ends; `cooled`: on purpose, or on bypass.
    """

    value_c: float
    at_us: int | None
    site: Site | None
    run_min: float
    nadir_c: float
    nadir_us: int | None
    outcome: Outcome
    cooled: bool


def standing(case: Case, now_us: int) -> Sequence[Standing]:
    """Of an open case, the most urgent first, then as they began."""
    if case.state != "open":
        return []
    last: dict[str, Advised] = {}
    for advised in case.advised:
        last.pop(advised.rule, None)
        last[advised.rule] = advised
    found = [_standing(case, advised, now_us) for advised in last.values() if advised.phase == "start"]
    return sorted(found, key=lambda each: _URGENCY.get(each.level, len(_URGENCY)))


def _standing(case: Case, advised: Advised, now_us: int) -> Standing:
    source = f"{SOURCE}{advised.rule}"
    marks = [
        (Seen(by=by, at_us=at_us), said.note)
        for said, by, at_us in case.seen
        if (said.device, said.source, said.onset_us) == (GATEWAY, source, advised.at_us)
    ]
    put_off = [(seen.at_us + SNOOZE_US, note) for seen, note in marks if note and now_us < seen.at_us + SNOOZE_US]
    until_us, why = put_off[-1] if put_off else (None, "")
    return Standing(
        case=case.id,
        rule=advised.rule,
        level=level_of(advised.rule),
        since_us=advised.at_us,
        said=advised.said,
        seen=marks[-1][0] if marks else None,
        put_off_us=until_us,
        why=why,
    )


def level_of(rule: str) -> str:
    """Its class; "" for a rule of another version."""
    return rules()[rule].level if rule in rules() else ""


def text_of(rule: str, said: Mapping[str, str], lang: Lang) -> str:
    """What an advisory says to people; of a rule of another version its name."""
    return text(rule, lang, said) if rule in rules() else rule


def warmth(course: Course) -> Warmth:
    """Where the thermometers that count are spot ones, of the last reading."""
    series, spots = course.series, course.spots
    value_c, at_us, site = float("nan"), None, None
    if series.minute.size:
        value_c, at_us = float(series.value[-1]), int(series.minute[-1]) * MINUTE_US
        site = course.channels[int(series.channel[-1])].site
    if spots and (at_us is None or spots[-1][0] > at_us + MINUTE_US):
        (at_us, value_c), site = spots[-1], sites().get(course.site)
    return Warmth(
        value_c=value_c,
        at_us=at_us,
        site=site,
        run_min=run_minutes(series.minute, series.value),
        nadir_c=course.metrics.nadir_c,
        nadir_us=course.metrics.nadir_us,
        outcome=course.outcome,
        cooled=course.cooled,
    )
