"""Facts and numbers of indicators in words, zh or en. Pure."""

import math
from collections.abc import Mapping, Sequence

from alarms.temperature import sites
from charting.quality.facts import Facts
from charting.quality.results import Result
from charting.reports.charts import UNITS, written
from charting.reports.words import said, table

LISTED = ("numerator", "unknown", "pending")
"""Sides of a result whose members are listed: the others are the rest of the denominator."""
SECTIONS: Mapping[str, Sequence[str]] = {
    "anaesthesia": (
        "performed", "entered", "cancelled", "incised", "elective", "offsite", "visited", "ga", "neuraxial", "block",
        "technique", "asa", "airway", "tube", "labour", "vaginal", "cranial", "throat",
    ),
    "temperature": (
        "monitored", "monitoring", "site", "core", "usable", "hypothermia", "hypothermia_rule", "cooled", "warmed",
        "nadir_c", "below_36_min", "below_355_min", "below_35_min", "auc36", "twa36", "valid_share",
        "first_hour_drop_c", "at_incision_c", "at_end_c", "recovery_min", "room_c",
    ),
    "pacu": ("pacu", "pacu_h", "pacu_measured", "pacu_first_c", "icu", "icu_planned"),
    "blood": ("transfused", "autologous", "blood_ml", "autologous_ml"),
    "events": (
        "tooth", "aspiration", "aspiration_severe", "airway_unplanned", "arrest", "arrest_24h", "allergy",
        "extubated", "reintubated", "central_line", "central_line_harm",
    ),
    "followup": (
        "awareness", "analgesia", "vas", "nerve", "hoarse", "coma", "died", "died_start", "died_after_h",
        "died_start_h",
    ),
}  # fmt: skip
"""Facts as a case's quality sheet tells them."""

_WORDED = frozenset({"technique", "monitoring", "core", "hypothermia", "hypothermia_rule"})
_DIGITS = {"°C": 2, "°C·h": 3, "min": 0, "h": 1, "mL": 0}


def unit_of(fact: str) -> str:
    row = table().get(f"fact.unit.{fact}")
    return row["en"] if row else ""


def is_known(facts: Facts, fact: str) -> bool:
    value = getattr(facts, fact)
    return value is not None and value != "" and not (isinstance(value, float) and math.isnan(value))


def told(facts: Facts, fact: str, lang: str) -> str:
    """What a fact is: yes, no, a number with its unit, a word; "–" for a number or a text that is not known."""
    value = getattr(facts, fact)
    if value is None or isinstance(value, bool):
        return said(f"three.{'unknown' if value is None else 'yes' if value else 'no'}", lang)
    if not is_known(facts, fact):
        return "–"
    if isinstance(value, str):
        word = "rule" if fact == "hypothermia_rule" else fact
        if fact == "site" and value in sites():
            return sites()[value].zh if lang == "zh" else sites()[value].en
        return said(f"{word}.{value}", lang) if fact in _WORDED else value
    unit = unit_of(fact)
    if unit == "%":
        return f"{value:.0%}".replace("%", " %")
    digits = _DIGITS.get(unit)
    number = f"{value:g}" if digits is None else f"{value:.{digits}f}"
    return f"{number} {unit}".rstrip()


def facts_of(result: Result) -> Sequence[str]:
    """The facts on which an indicator hangs, in the order in which a case's sheet tells them."""
    named = {
        name
        for expression in (result.indicator.population, result.indicator.event)
        if expression is not None
        for name in expression.names
    }
    return [fact for facts in SECTIONS.values() for fact in facts if fact in named]


def count(number: float | None) -> str:
    """A number of cases, patients or heads."""
    return "–" if number is None else f"{number:,.10g}"


def value_of(result: Result) -> str:
    """The number that an indicator shows, with its multiplier's sign; "" where it is unavailable."""
    value = result.value
    if value is None:
        return ""
    if result.indicator.kind == "count":
        return count(value)
    if result.indicator.kind == "ratio" and result.indicator.times == 1:
        return f"{value:.2f}" if value < 1000 else count(round(value))
    return written(value, result.indicator.times)


def interval_of(result: Result) -> str:
    ends = result.interval
    if ends is None:
        return ""
    low, high = (written(end, result.indicator.times).split(" ")[0] for end in ends)
    return f"{low} – {high} {UNITS.get(result.indicator.times, '')}".rstrip()


def coverage_of(result: Result) -> str:
    share = result.coverage
    return "–" if share is None else f"{math.floor(share * 1000) / 10:.1f} %"


def name_of(result: Result, lang: str) -> str:
    """The indicator's name, with its group's and its variant's."""
    indicator = result.indicator
    group = next((g for g in indicator.groups if g.value == result.group), None)
    variant = next((v for v in indicator.variants if v.name == result.variant), None)
    parts = [indicator.name[lang], *(str(getattr(part, lang)) for part in (group, variant) if part is not None)]
    return " · ".join(parts)


def parameters_of(result: Result, lang: str) -> str:
    """The numbers and words that the indicator was counted with."""
    return ", ".join(
        f"{said(f'quality.parameter.{key}', lang)}: {_value(value, lang)}" for key, value in result.parameters.items()
    )


def _value(value: float | bool | str, lang: str) -> str:
    """A word of a site's own catalogue stays as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    word = f"parameter.value.{str(value).lower()}"
    return said(word, lang) if word in table() else str(value)


def why_of(result: Result, lang: str) -> str:
    """Why there is no number; "" where there is one."""
    return said("report.unavailable", lang, why=said(result.unavailable, lang)) if result.unavailable else ""
