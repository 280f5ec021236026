"""The page's tables against the types and dictionaries that they speak of."""

import csv
import re
from enum import StrEnum
from importlib.resources import files

import pytest

from charting.page.axes import AXES
from charting.page.chart import GRIDS, lines
from charting.page.draw import COLOURS
from charting.page.glyphs import glyph
from charting.page.layout import GROUPS, place
from charting.page.words import Lang, Words, chosen
from collector.ages import age, signal_names
from collector.codes import by_refid
from collector.model import AlarmType, Priority, Quality, Role
from collector.status import DeviceState

PAGE = files("charting.page")


def table(name: str) -> list[dict[str, str]]:
    with PAGE.joinpath(name).open("r", encoding="utf-8") as text:
        return list(csv.DictReader(text))


@pytest.mark.parametrize(
    ("kind", "words"),
    [("quality", Quality), ("role", Role), ("priority", Priority), ("type", AlarmType), ("state", DeviceState)],
)
@pytest.mark.parametrize("lang", list(Lang))
def test_every_word_of_the_model_is_in_both_languages(lang: Lang, kind: str, words: type[StrEnum]) -> None:
    assert all(Words(lang)(f"{kind}.{word}") for word in words)


def test_both_languages_are_full() -> None:
    rows = table("words.csv")
    assert all(row["zh"] and row["en"] for row in rows)
    assert all(re.search(r"[一-鿿]", row["zh"]) for row in rows)
    assert len({row["key"] for row in rows}) == len(rows)


def test_every_group_and_paired_tile_has_a_name() -> None:
    keys = {row["key"] for row in table("words.csv")}
    assert {f"group.{group}" for group in GROUPS} <= keys
    assert {f"tile.{row['tile']}" for row in table("layout.csv") if row["part"]} <= keys


@pytest.mark.parametrize(
    ("code", "value", "unit", "shown"),
    [
        ("MDC_VOL_AWAY_TIDAL_EXP", 0.482, "L", "0.48"), ("MDC_VOL_AWAY_TIDAL_EXP", 481.6, "mL", "482"),
        ("MDC_VENT_VOL_TIDAL_SETTING", 0.5, "L", "0.50"), ("MDC_VOL_AWAY_TIDAL_PER_IBW", 6.44, "mL/kg", "6.4"),
        ("MDC_ECG_AMPL_ST_II", -0.06, "mV", "-0.06"), ("MDC_ECG_AMPL_ST_II", -0.6, "mm", "-0.6"),
        ("MDC_RATE_DOSE", 0.004, "ug/kg/min", "0.004"), ("MDC_CONC_DRUG", 0.016, "mg/mL", "0.016"),
    ],
)  # fmt: skip
def test_a_number_has_the_decimals_of_its_unit(code: str, value: float, unit: str, shown: str) -> None:
    assert place(code).number(value, unit) == shown


@pytest.mark.parametrize(
    ("code", "limit_s", "episodic"),
    [("MDC_ECG_HEART_RATE", 10, False), ("MDC_PRESS_CUFF_X", 360, True), ("VND_MAKER_PRESS_CUFF_X", 360, True),
     ("MDC_PULS_RATE_NON_INV", 360, True), ("MDC_UNMAPPED", 10, False)],
)  # fmt: skip
def test_ages_by_whole_code_and_by_its_beginning(code: str, limit_s: float, episodic: bool) -> None:
    assert (age(code).limit_s, age(code).episodic) == (limit_s, episodic)


def test_every_signal_that_is_missed_has_a_name() -> None:
    with files("collector").joinpath("ages.csv").open("r", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    missed = [row for row in rows if row["missing"]]
    assert {row["missing"] for row in missed} <= set(Priority)
    assert all(
        re.search(r"[一-鿿]", zh) and en for row in missed for zh, en in [signal_names(row["signal"] or row["code"])]
    )
    assert not [row for row in rows if row["signal"] and not row["missing"]]


def test_the_layout_names_parameters_that_there_are() -> None:
    known = by_refid()
    for row in table("layout.csv"):
        if row["code"].endswith("*"):
            assert row["code"].startswith("VND_") or any(code.startswith(row["code"][:-1]) for code in known), row[
                "code"
            ]
        else:
            assert row["code"] in known or row["code"].startswith("VND_"), row["code"]


def test_the_layout_uses_known_groups_and_colours_and_names_no_code_twice() -> None:
    rows = table("layout.csv")
    assert {row["group"] for row in rows} <= set(GROUPS)
    assert {row["tone"] for row in rows} <= set(COLOURS)
    assert len({row["code"] for row in rows}) == len(rows)


def test_the_chart_uses_known_parameters_symbols_axes_and_colours() -> None:
    known = by_refid()
    for line in lines():
        assert all(code in known or code.startswith("VND_") for code in line.codes), line
        assert line.tone in COLOURS
        assert all(AXES[axis].panel == line.panel for axis in line.axes)
        if line.panel != "rows":
            assert glyph(line.symbol, 0, 0, "#000")


def test_screen_and_drawing_have_the_same_colours() -> None:
    css = PAGE.joinpath("static", "page.css").read_text(encoding="utf-8")
    assert dict(re.findall(r"\.t-(\w+) \{ --tone: (#\w+); \}", css)) == dict(COLOURS)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", list(COLOURS.values()))
def test_colours_can_be_read_on_white(colour: str) -> None:
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5, "WCAG 2.2 §1.4.3"


def test_columns_of_every_chart_fit_into_its_hours() -> None:
    for hours, grid in GRIDS.items():
        assert hours * 60 % grid.number == 0
        assert grid.number % grid.column == 0 == grid.label % grid.column


@pytest.mark.parametrize(
    ("asked", "accept", "lang"),
    [
        ("en", "zh-CN", Lang.EN),
        ("zh", "en", Lang.ZH),
        ("fr", "en-GB,en;q=0.9", Lang.EN),
        (None, "", Lang.ZH),
        (None, "de,fr;q=0.5", Lang.ZH),
        (None, "de, en;q=0.3, zh;q=0.4", Lang.ZH),
        (None, "en;q=0.8, zh;q=0.4", Lang.EN),
        (None, "en;q=0", Lang.ZH),
        (None, "en;q=x", Lang.ZH),
    ],
)
def test_language_is_what_is_asked_for_else_what_the_browser_prefers_else_chinese(
    asked: str | None, accept: str, lang: Lang
) -> None:
    assert chosen(asked, accept) is lang
