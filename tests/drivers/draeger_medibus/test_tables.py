"""The code tables, against the fact sheet's own lists where it is at hand."""

import csv
import re
from collections import Counter
from importlib.resources import files

import pytest

from collector.codes import by_refid
from drivers.draeger_medibus.tables import Edition, parameters, tables
from tests.shared import capture


def rows(name: str) -> list[dict[str, str]]:
    with files("drivers.draeger_medibus").joinpath(name).open(encoding="utf-8") as text:
        return list(csv.DictReader(text))


def codes(name: str, command: str = "") -> set[str]:
    return {row["code"] for row in rows(name) if row.get("command", "") == command}


@pytest.mark.parametrize(
    ("name", "command", "count"),
    [
        ("numbers.csv", "24", 190),
        ("numbers.csv", "2B", 80),
        ("numbers.csv", "29", 96),
        ("waves.csv", "", 25),
        ("texts.csv", "2A", 139 + 7),  # and the modes that only the ICU sheet has (2D-33)
        ("alarms.csv", "27", 232),
        ("alarms.csv", "2E", 157 + 6),  # and the alarms that only the ICU sheet has
    ],
)
def test_every_code_of_the_sheet_is_there(name: str, command: str, count: int) -> None:
    assert len(codes(name, command)) == count


def test_one_meaning_for_each_code_of_an_edition() -> None:
    for name in ("numbers.csv", "waves.csv", "texts.csv", "alarms.csv"):
        for edition in ("4", "X"):
            found = Counter(
                (row.get("command"), row["code"]) for row in rows(name) if row.get("edition", "") in {"", edition}
            )
            assert [key for key, times in found.items() if times > 1] == []


def test_codes_that_changed_have_both_meanings_or_are_told_apart_by_name() -> None:
    """Fact sheet §10, where both editions have a meaning."""
    changed = {(row["command"], row["code"]) for name in ("numbers.csv", "texts.csv", "alarms.csv")
               for row in rows(name) if row["edition"]}  # fmt: skip
    assert changed == {
        ("24", "06"), ("24", "8B"), ("29", "17"), ("2A", "0D"), ("2A", "5D"),
        ("27", "40"), ("27", "63"), ("27", "79"), ("27", "BB"), ("27", "BF"), ("27", "C5"),
    }  # fmt: skip


def test_every_refid_is_known() -> None:
    known = set(by_refid()) | {parameter.refid for parameter in parameters()}
    for name in ("numbers.csv", "waves.csv", "texts.csv", "alarms.csv"):
        assert {row["refid"] for row in rows(name)} <= known


def test_every_own_parameter_is_used() -> None:
    used = {row["refid"] for name in ("numbers.csv", "waves.csv", "texts.csv", "alarms.csv") for row in rows(name)}
    alone = {"RESP_PHASE", "DEVICE_ID", "MEDIBUS_REVISION", "LINK_SOFTWARE", "PATIENT_TYPE", "CHANNEL"}
    assert {parameter.refid for parameter in parameters()} - used == {f"VND_DRAEGER_{name}" for name in alone}


@pytest.mark.parametrize(
    ("code", "refid", "unit"),
    [
        # fact sheet §14 T1
        ("08", "MDC_RES_AWAY", "mbar/(L/s)"),
        ("64", "MDC_FLOW_O2_CONSUMP", "10.mL/min"),
        ("73", "MDC_PRESS_AWAY_MEAN", "mbar"),
        ("76", "MDC_FLOW_AWAY_INSP_MAX", "mL/s"),
        ("B1", "MDC_CONC_AWAY_SEVOFL_ET", "%"),
        ("59", "MDC_CONC_AWAY_SEVOFL_ET", "kPa"),
        ("E6", "MDC_CONC_AWAY_CO2_ET", "mm[Hg]"),
        ("F2", "MDC_MASS_BODY_ACTUAL", "g"),
    ],
)
def test_units_are_those_that_the_device_sends(code: str, refid: str, unit: str) -> None:
    channel = tables(Edition.MEDIBUS_X).numbers[0x24][code.encode()].channel
    assert (channel.code, channel.unit) == (refid, unit)


def test_the_priorities_are_the_sheets() -> None:
    sheet = capture("..", "protocols", "draeger-medibus.md").read_text(encoding="utf-8")
    section = sheet.partition("## 13")[2].partition("## 14")[0]
    listed = re.findall(r"^\| ([12]) \| ([0-9A-F]{2}) \| [^|]* \| `([^`]*)`[^|]* \| ([^|]*) \|$", section, re.MULTILINE)
    assert len(listed) > 90
    told = {(row["command"], row["code"]): row for row in rows("alarms.csv") if row["edition"] != "X"}
    for page, code, phrase, priorities in listed:
        row = told["27" if page == "1" else "2E", code]
        assert row["priorities"] == priorities.strip()
        assert row["phrase_icu"].startswith(phrase)
