"""The catalogue against what clinical.md §1 prints, typed here a second time; and what a file may not say."""

import re
from pathlib import Path

import pytest

from charting.config import load as load_config
from charting.quality.catalogue import Catalogue, Indicator
from charting.quality.loader import load, parameters_wrong
from charting.quality.words import words
from collector.errors import UsageError

PRINTED_2022 = """
AQI-DNR-01 H 1      AQI-ACC-02 C 1      AQI-PAO-03 C 100    AQI-PVR-04 C 100    AQI-CRB-05 C 1000   AQI-CRA-06 C 1000
AQI-TMR-07 C 100    AQI-AWR-08 C 100    AQI-ATR-09 P 100    AQI-IHT-10 P 100    AQI-IDI-11 C 1000   AQI-IRA-12 C 10000
AQI-IUA-13 P 1000   AQI-ICA-14 P 10000  AQI-ISA-15 C 10000  AQI-IAG-16 C 1000   AQI-IHP-17 P 100    AQI-IDP-18 P 1000
AQI-IUR-19 P 1000   AQI-IUI-20 P 1000   AQI-ASR-21 P 100    AQI-ISN-22 C 10000  AQI-IHE-23 C 10000  AQI-INC-24 C 10000
AQI-TPM-25 P 10000  AQI-EPD-26 P 100
"""
"""§1.1: code, unit, multiplier."""
GRADE_A = {2, 6, 9, 10, 11, 13, 15, 19, 22, 23, 24}
TENDER_PATIENTS = {3, 5, 6, 9, 10, 11, 12, 13, 14, 15}
"""§1.5, column U: the others count cases."""
TENDER_LEVELS = {"manual": {3, 13, 17, 19, 21, 23}, "semi": {11, 12, 14, 16, 20}}

NEW = """
[[indicator]]
code = "SITE-1"
edition = "site"
number = 1
name = { zh = "全麻占比", en = "General anaesthetics" }
kind = "rate"
unit = "C"
times = 100
above = { zh = "全麻", en = "General" }
below = { zh = "全部", en = "All" }
population = "performed"
event = "ga"
level = "auto"
grade = "D"
source = "the site"
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(tmp_path: Path, text: str) -> list[str]:
    path = file(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        load(path)
    assert all(reason.startswith(f"{path}: ") for reason in refused.value.reasons)
    return [reason.removeprefix(f"{path}: ") for reason in refused.value.reasons]


def of(catalogue: Catalogue, code: str) -> Indicator:
    found = catalogue.indicator(code)
    assert found is not None
    return found


def test_the_26_are_as_printed(catalogue: Catalogue) -> None:
    printed = re.findall(r"(AQI-\S+) ([CPH]) (\d+)", PRINTED_2022)
    assert len(printed) == 26
    assert [(i.code, i.unit, str(int(i.times))) for i in catalogue.of("2022")] == printed
    assert [i.number for i in catalogue.of("2022")] == list(range(1, 27))
    assert {i.number for i in catalogue.of("2022") if i.grade == "A"} == GRADE_A


def test_the_17_are_there_two_of_them_told_by_group(catalogue: Catalogue) -> None:
    edition = catalogue.of("2015")
    assert [i.number for i in edition] == list(range(1, 18))
    assert [g.value for g in of(catalogue, "2015-02").groups] == ["1", "2", "3", "4", "5", "6"]
    assert [g.zh for g in of(catalogue, "2015-04").groups] == [
        "椎管内麻醉", "插管全麻（含喉罩）", "非插管全麻", "复合麻醉", "其他",
    ]  # fmt: skip
    assert {i.code for i in edition if i.by} == {"2015-02", "2015-04"}


def test_the_23_counts_have_the_other_readings_beside_them(catalogue: Catalogue) -> None:
    counts = catalogue.of("tender")
    assert [i.number for i in counts] == list(range(1, 24))
    assert {i.kind for i in counts} == {"count"}
    assert {i.number for i in counts if i.unit == "P"} == TENDER_PATIENTS
    for level, numbers in TENDER_LEVELS.items():
        assert {i.number for i in counts if i.level == level} == numbers
    assert {i.code: [v.name for v in i.variants] for i in counts if i.variants} == {
        "T-02": ["without_labour"],
        "T-04": ["all", "continuous", "spot", "none", "core", "near_core", "other"],
        "T-06": ["measured", "35.5"],
        "T-09": ["3h", "24h"],
        "T-13": ["end"],
        "T-14": ["24h"],
        "T-20": ["severe"],
    }


def test_what_contradicts_edition_2022_stands_beside_it(catalogue: Catalogue) -> None:
    ours, theirs = of(catalogue, "AQI-IUI-20"), of(catalogue, "ICU-14")
    assert (ours.times, theirs.times) == (1000, 100)
    assert ours.population is not None
    assert theirs.population is not None
    assert theirs.population.names - ours.population.names == {"icu"}


def test_everything_is_said_in_both_languages(catalogue: Catalogue) -> None:
    for indicator in catalogue.indicators:
        texts = [indicator.name, indicator.above, indicator.below, indicator.window, indicator.exclusions]
        said = [t for t in [*texts, indicator.note] if t]
        said += [{"zh": group.zh, "en": group.en} for group in indicator.groups]
        said += [{"zh": variant.zh, "en": variant.en} for variant in indicator.variants]
        for text in said:
            assert re.search(r"[\u4e00-\u9fff<>]|^ASA", text["zh"]), (indicator.code, text)
            assert re.search(r"[a-z<>]|^ASA", text["en"]), (indicator.code, text)
            assert not re.search(r"[\u4e00-\u9fff]", text["en"]), (indicator.code, text)
        for name in indicator.parameters:
            assert f"quality.parameter.{name}" in words()


def test_each_counts_what_others_build_on(catalogue: Catalogue) -> None:
    """Whatever a month lacks can be told: an indicator that hangs on facts says which source it needs."""
    for indicator in catalogue.indicators:
        if indicator.event is not None and indicator.event != indicator.population:
            trivial = indicator.event.text == "performed"
            assert indicator.needs or trivial, indicator.code


def test_a_site_changes_a_parameter_and_keeps_the_rest(tmp_path: Path) -> None:
    changed = load(file(tmp_path, '[[indicator]]\ncode = "AQI-IDP-18"\nparameters = { limit_h = 3 }\n'))
    own = of(changed, "AQI-IDP-18")
    assert own.parameters == {"limit_h": 3}
    assert own.name == of(load(), "AQI-IDP-18").name
    assert of(load(), "AQI-IDP-18").parameters == {"limit_h": 2}
    assert changed.version.startswith(f"{load().version}+")
    assert len(changed.indicators) == len(load().indicators)


def test_one_parameter_of_several_is_changed_alone(tmp_path: Path) -> None:
    changed = load(file(tmp_path, '[[indicator]]\ncode = "T-06"\nparameters = { low_c = 35.5 }\n'))
    assert of(changed, "T-06").parameters == {"counted": "low", "low_c": 35.5}


def test_a_site_has_an_indicator_of_its_own(tmp_path: Path) -> None:
    own = load(file(tmp_path, NEW))
    assert [i.code for i in own.of("site")] == ["SITE-1"]
    assert own.editions == ["2022", "2015", "tender", "icu", "site"]


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    text = """
    [[indicator]]
    code = "AQI-IDP-18"
    population = "pacu and"
    parameters = { limit_h = 3, ga = true, spare = 1 }
    times = 0
    colour = "blue"

    [[indicator]]
    code = "AQI-IHP-17"
    event = "pacu_first_c < low"
    at = "t_nowhere"
    needs = "luck"
    finding = "luck"
    by = "ga"
    denominator_figure = "beds"

    [[indicator]]
    code = "T-09"
    variants = [
      { name = "3h", zh = "三", en = "three", parameters = { limit = 3 } },
      { name = "3h", zh = "三", en = "3", parameters = {} },
    ]

    [[indicator]]
    code = "SITE-2"
    edition = "site"
    """
    found = mistakes(tmp_path, text)
    assert {tuple(reason.split(": ")[:2]) for reason in found} == {
        ("AQI-IDP-18", "times"), ("AQI-IDP-18", "colour"), ("AQI-IDP-18", "population"),
        ("AQI-IHP-17", "event"), ("AQI-IHP-17", "at"), ("AQI-IHP-17", "needs"), ("AQI-IHP-17", "finding"),
        ("AQI-IHP-17", "by"), ("AQI-IHP-17", "groups"), ("AQI-IHP-17", "denominator_figure"),
        ("AQI-IHP-17", "parameters.low_c"),
        ("T-09", "variants.3h.limit"), ("T-09", "variants"),
        ("SITE-2", "number"), ("SITE-2", "name"), ("SITE-2", "kind"), ("SITE-2", "unit"), ("SITE-2", "level"),
        ("SITE-2", "grade"), ("SITE-2", "source"), ("SITE-2", "above"),
    }  # fmt: skip
    assert "AQI-IHP-17: event: column 16: 'low' is neither a fact nor a parameter" in found


def test_expressions_and_parameters_that_do_not_fit_are_told(tmp_path: Path) -> None:
    text = """
    [[indicator]]
    code = "AQI-IDP-18"
    population = "pacu and"
    parameters = { ga = true, spare = 1, group = "x" }
    """
    found = mistakes(tmp_path, text)
    assert {tuple(reason.split(": ")[:2]) for reason in found} == {
        ("AQI-IDP-18", "population"), ("AQI-IDP-18", "parameters.ga"), ("AQI-IDP-18", "parameters.spare"),
        ("AQI-IDP-18", "parameters.group"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[indicator]", "Expected"),
        ("indicator = 3", "indicator: expected tables [[indicator]]"),
        ('[[indicator]]\nname = "x"', "indicator 1: code: expected a text"),
        ('colour = "blue"', "colour: no such key"),
        ('[[indicator]]\ncode = "T-01"\n[[indicator]]\ncode = "T-01"', "T-01: told twice"),
        ('[[indicator]]\ncode = "T-01"\ntimes = 100', "kind: a count has no below, denominator_figure or times"),
        ('[[indicator]]\ncode = "AQI-DNR-01"\npopulation = "ga"', "population: expected an expression, but for"),
        ('[[indicator]]\ncode = "T-01"\nevent = ""', "event: expected an expression, or a numerator_figure"),
        (NEW.replace('below = { zh = "全部", en = "All" }', ""), "below: expected texts"),
        (NEW.replace(', en = "General" }', " }"), "above.en"),
        (NEW + 'by = "asa"', "groups: expected with by"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, told: str) -> None:
    assert told in "\n".join(mistakes(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "nowhere.toml")


def test_the_service_refuses_to_start_on_a_wrong_catalogue(tmp_path: Path) -> None:
    own = file(tmp_path, '[[indicator]]\ncode = "T-01"\nevent = "nowhere"\n')
    config = tmp_path / "charting.toml"
    config.write_text(
        '[charting]\nlisten = "127.0.0.1:0"\ndatabase = "sqlite:////var/lib/vitalsd/charting.db"\nsite = "示例医院"\n'
        'beds = [{ id = "OR-03", journal = "/var/lib/vitalsd/OR-03/journal.db" }]\n'
        f'[quality]\ncatalogue = "{own}"\n',
        encoding="utf-8",
    )
    with pytest.raises(UsageError, match=f"quality.catalogue: {own}: T-01: event: column 1: 'nowhere'"):
        load_config(config)
    own.write_text(NEW, encoding="utf-8")
    assert load_config(config).quality.catalogue == own


def test_parameters_are_the_indicators_own_and_of_their_kind(catalogue: Catalogue) -> None:
    t06 = of(catalogue, "T-06")
    assert parameters_wrong(t06, {"low_c": 35.0, "counted": "measured"}) == []
    assert parameters_wrong(t06, {"low_c": "35", "high_c": 40.0}) == [
        "low_c: expected a number",
        "high_c: T-06 has no such parameter",
    ]
