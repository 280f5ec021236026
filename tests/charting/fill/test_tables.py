"""The tables of filling agree with the dictionaries, with each other and with the code."""

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import pytest

import alarms
import charting.case
import charting.fill
import charting.filler
from alarms.temperature import Limits
from charting.fill.fill import FILTER
from charting.fill.rules import Action, names, numbers, rules
from charting.fill.signals import find, signals
from charting.fill.types import Cause
from collector.codes import dictionary
from collector.driver import drivers
from collector.model import Role
from collector.units import convert, display

CODE = [
    path.read_text(encoding="utf-8")
    for folder in (
        charting.case.__path__[0],
        charting.fill.__path__[0],
        charting.filler.__path__[0],
        alarms.__path__[0],
    )
    for path in sorted(Path(folder).glob("*.py"))
]


def rows(package: str, name: str) -> Sequence[Mapping[str, str]]:
    with files(package).joinpath(name).open("r", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def units() -> Mapping[str, str]:
    """The usual unit of every code that anything can send."""
    found = {p.refid: p.unit for p in dictionary()}
    for spec in drivers().values():
        found |= {p.refid: p.unit for p in spec.parameters}
    return found


def test_every_code_is_known_and_its_unit_can_be_charted() -> None:
    known = units()
    for signal in signals().values():
        for code in signal.codes:
            if known[code] != signal.unit:
                assert convert(1.0, known[code], signal.unit, ambient_mmhg=760) != 1.0


def test_signals_are_unique_and_named_in_both_languages() -> None:
    table = rows("charting.fill", "signals.csv")
    assert len({row["signal"] for row in table}) == len(table)
    for signal in signals().values():
        assert re.search(r"[一-鿿]", signal.zh) or signal.zh.isupper()
        assert signal.en
        assert signal.kind in ("continuous", "cuff", "temperature", "setting")
        assert signal.gaps in ("any", "first", "no")
        display(signal.unit)


UNTOLD: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("draeger-medibus", "hamilton", "mindray-sv300", "puritan-bennett", "servo"), frozenset()),
    "ge-ohmeda": frozenset({"peep", "compliance", "fio2_set", "psupp_set"}),
}
"""Rows that a ventilator does not tell."""


@pytest.mark.parametrize("name", UNTOLD)
def test_what_a_ventilator_tells_has_its_row(name: str) -> None:
    wanted = "vt mv rr ppeak pmean pplat peep compliance vt_set rate_set peep_set fio2_set psupp_set"
    told = {(channel.code, channel.role) for channel in drivers()[name].channels()}
    found = {
        row
        for row, signal in signals().items()
        for code in signal.codes
        if (code, Role.SET if signal.kind == "setting" else Role.MEASURED) in told
    }
    assert set(wanted.split()) - found == UNTOLD[name]


def test_soft_limits_lie_within_the_hard_ones() -> None:
    for signal in signals().values():
        limits = [signal.hard_low, signal.soft_low, signal.soft_high, signal.hard_high]
        given = [limit for limit in limits if limit is not None]
        assert given == sorted(given)


def test_a_rule_for_every_limit() -> None:
    for signal in signals().values():
        if signal.kind != "temperature":
            for side in ("low", "high"):
                if getattr(signal, f"hard_{side}") is not None:
                    assert rules()[f"{signal.rules}.hard_{side}"].action is Action.DROP
                if getattr(signal, f"soft_{side}") is not None:
                    assert rules()[f"{signal.rules}.soft_{side}"].action is Action.HOLD


def test_rules_are_unique_and_explained_in_both_languages() -> None:
    table = rows("charting.fill", "rules.csv")
    assert len({row["rule"] for row in table}) == len(table)
    assert names()[1:] == tuple(row["rule"] for row in table)
    for rule in rules().values():
        assert re.search(r"[一-鿿]", rule.zh)
        assert rule.en.isascii() or "°" in rule.en or "–" in rule.en


def test_every_rule_of_the_table_is_in_the_code_and_the_other_way_round() -> None:
    """Limits' rules are made of the set and the side."""
    told = {
        name
        for text in CODE
        for name in re.findall(r'"((?:abp|nibp|hr|spo2|etco2|rr|vent|bis|temp|unit|device|patient)\.[a-z_0-9]+)"', text)
    }
    limits = re.compile(r"\.(hard|soft)_(low|high)$")
    qualities = {f"device.{word}" for word in ("invalid", "calibrating", "overflow", "underflow")}
    assert told - qualities <= set(rules())
    assert {name for name in rules() if not limits.search(name)} <= told | qualities


def test_every_number_is_used() -> None:
    for name, table in numbers().items():
        for number in table:
            if (name, number) not in UNUSED:
                assert any(f'["{number}"]' in text for text in CODE), (name, number)


UNUSED = {("grid", "half_window_min")}
"""Said for the reader: it is what a window of whole minutes is made of."""


def test_numbers_of_temperatures_change_with_the_version_of_their_set() -> None:
    """They stand in alarms.temperature: whoever changes one gives [temp] another version, and both here."""
    digest = hashlib.sha256(repr(Limits()).encode()).hexdigest()[:12]
    assert (FILTER.split()[-1], digest) == ("temp/4", "0dcb90712081")


def test_the_filter_names_every_set() -> None:
    assert FILTER.split()[0] == "fill"
    assert dict(part.split("/") for part in FILTER.split()[1:]) == {
        **dict.fromkeys(numbers(), "1"),
        **dict.fromkeys(("hr", "spo2", "etco2"), "2"),
        "abp": "3",
        "temp": "4",
    }


@pytest.mark.parametrize("row", rows("charting.fill", "texts.csv"), ids=lambda row: row["key"] + row["kind"])
def test_words_of_causes(row: Mapping[str, str]) -> None:
    re.compile(row["words"])
    if row["kind"] == "cause":
        assert row["key"] in {cause.value for cause in Cause}
    else:
        assert row["key"] in signals()


def test_sites_name_known_codes() -> None:
    known = units()
    for row in rows("alarms", "sites.csv"):
        assert all(known[code] == "Cel" for code in row["codes"].split())


def test_an_unknown_signal_is_named() -> None:
    with pytest.raises(KeyError, match="pulsus"):
        find(["hr", "pulsus"])


def test_skin_is_no_code_of_a_body_s_temperature_row() -> None:
    """It is read, so that a core that is the skin's is found; `by_site` never charts it."""
    assert "MDC_TEMP_SKIN" in signals()["temp"].codes
