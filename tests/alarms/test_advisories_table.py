"""advisories.toml: whole, in both languages, and advising."""

import re
from string import Formatter

import pytest

from alarms.advisories import Level, Rule, rules, text, why
from alarms.conditions import CONDITIONS

CLINICAL = {
    "TMP-NOSITE": "reminder", "TMP-PRE": "reminder", "TMP-36": "advisory", "TMP-25": "advisory", "TMP-355": "low",
    "TMP-35": "medium", "TMP-34": "medium", "TMP-34-32": "high", "TMP-FALL": "advisory", "TMP-HOT": "low",
    "TMP-HOT-39": "medium", "TMP-MH": "medium", "TMP-PACU-LOW": "task", "TMP-PACU-NONE": "task",
    "TMP-PACU-EXIT": "task", "TMP-TECH": "information", "ICU-377": "advisory", "ICU-TARGET": "low",
    "ICU-REWARM": "advisory", "ICU-FEVER": "information",
}  # fmt: skip
"""Classes as clinical.md §2.7 and §2.8 print them."""

WHY = ("cleared", "expired", "cooled", "moved", "unknown", "cap", "room_in", "pacu_in", "etco2", "after_arrest")


def test_every_rule_of_the_text_with_its_class() -> None:
    assert {rule.id: rule.level for rule in rules().values()} == {k: Level(v) for k, v in CLINICAL.items()}


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.id)
def test_a_rule_is_whole(rule: Rule) -> None:
    assert rule.condition in CONDITIONS
    assert rule.source.startswith("§2.")
    assert rule.areas
    assert rule.suppressed is rule.id.startswith("TMP-")
    assert "考虑" in rule.zh
    assert "consider" in rule.en
    assert re.search("[一-鿿]", rule.zh)
    named = [{name for _, name, _, _ in Formatter().parse(said) if name} for said in (rule.zh, rule.en)]
    assert named[0] == named[1]


def test_every_condition_is_some_rule_s() -> None:
    assert set(CONDITIONS) == {rule.condition for rule in rules().values()}


def test_what_is_said_is_written_in_both_languages() -> None:
    said = {"site": "axilla", "reason": "probe_out"}
    assert text("TMP-TECH", "zh", said) == "体温探头（腋下）：脱出，考虑检查"
    assert text("TMP-TECH", "en", said) == "Temperature probe (axilla): out, consider checking it"
    assert text("TMP-HOT", "en", {"c": "38.2", "warming": "unknown"}).startswith("38.2 °C (warming: not documented)")
    assert "– °C" in text("TMP-36", "zh", {"level": "advisory"})


@pytest.mark.parametrize("key", WHY)
def test_why_in_both_languages(key: str) -> None:
    assert re.search("[一-鿿]", why(key, "zh"))
    assert why(key, "en") not in ("", key)
