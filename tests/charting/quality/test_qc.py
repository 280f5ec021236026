"""`vitalsd qc`, as a person types it, on the department that was written by hand."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from collector.cli import app
from collector.errors import UsageError
from tests.charting.quality.hand import DATA, copied, department
from tests.system.command import run

EXPECTED: Mapping[str, Any] = tomllib.loads((DATA / "expected.toml").read_text(encoding="utf-8"))["november"]
NOVEMBER = ("--from", "2026-11-01", "--to", "2026-11-30")


def here(*arguments: str) -> Result:
    """In this process: what it prints, and the error that would be the caller's mistake."""
    return CliRunner().invoke(app, ["qc", *arguments])


@pytest.fixture(scope="module")
def dsn(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = f"sqlite:///{tmp_path_factory.mktemp('department') / 'charting.db'}"
    database = open_database(found, make=True)
    copied(department(), lambda now_us: DatabaseTrail(database, now_us))
    database.close()
    return found


def test_every_edition_as_json_with_its_cases_and_as_files(dsn: str, tmp_path: Path) -> None:
    pages, book = tmp_path / "november.pdf", tmp_path / "november.xlsx"
    ended = run("qc", dsn, *NOVEMBER, "--edition", "all", "--json", "--list", "--lang", "zh", "--pdf", str(pages),
                "--xlsx", str(book))  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["period"] == {
        "name": "2026-11", "start": "2026-11-01T00:00:00+08:00", "end": "2026-12-01T00:00:00+08:00",
    }  # fmt: skip
    assert (told["cases"], told["unanchored"], told["department"], told["figures"]) == (36, 2, "", {})
    results = {each["key"]: each for each in told["results"]}
    assert set(results) == set(EXPECTED)
    for key, each in results.items():
        if each["unavailable"]:
            assert (each["n"], each["d"], each["value"]) == (None, None, None)
            assert each["reason"]["zh"]
        else:
            assert sorted("+".join(cases) for cases in each["members"]["numerator"]) == sorted(
                EXPECTED[key]["numerator"]
            )
            assert each["n"] == len(each["members"]["numerator"])
            assert each["unknown"] == len(each["members"]["unknown"]) == len(EXPECTED[key].get("unknown", []))
    assert {key for key, each in results.items() if each["unavailable"]} == {
        "AQI-DNR-01", "AQI-ACC-02", "AQI-EPD-26", "2015-01",
    }  # fmt: skip
    assert pages.read_bytes().startswith(b"%PDF")
    assert book.read_bytes().startswith(b"PK")


def test_a_table_for_people(dsn: str) -> None:
    told = here(dsn, *NOVEMBER, "--list", "--department", "骨科")
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert "Department: 骨科" in lines
    assert "Period: 2026-11 (2026-11-01 00:00 – 2026-12-01 00:00, Asia/Shanghai)" in lines
    nerves = next(n for n, line in enumerate(lines) if line.startswith("AQI-ISN-22"))
    name = "AQI-ISN-22  Severe nerve complication after regional anaesthesia"
    assert lines[nerves].startswith(name)
    assert lines[nerves].removeprefix(name).split()[:4] == ["2", "3", "6666.7", "‱"]
    assert [line.strip() for line in lines[nerves + 1 : nerves + 3]] == ["numerator  c32", "numerator  c33"]
    births = next(n for n, line in enumerate(lines) if line.startswith("AQI-EPD-26"))
    assert "a figure of the whole" in lines[births + 1]


def test_columns_stand_under_each_other_in_chinese(dsn: str) -> None:
    told = here(dsn, *NOVEMBER, "--lang", "zh", "--edition", "tender").output.splitlines()
    rows = [line for line in told if line.startswith("T-")]
    assert len({sum(2 if ord(c) > 0x2E7F else 1 for c in row) for row in rows}) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--from", "2026-11-31", "--to", "2026-12-01"), "'2026-11-31' is no day"),
        (("--from", "2026-11-02", "--to", "2026-11-01"), "ends before it begins"),
        ((*NOVEMBER, "--edition", "2023"), "edition '2023': expected one of 2022, 2015, tender, icu"),
        ((*NOVEMBER, "--department", "骨料"), "department '骨料': expected one of "),
        ((*NOVEMBER, "--department", "骨料"), "骨科"),
        (
            ("--from", "2020-01-01", "--to", "2020-01-31", "--department", "骨科"),
            "department '骨科': no case names one",
        ),
        ((*NOVEMBER, "--xlsx", "/nowhere/file.xlsx"), "/nowhere/file.xlsx: cannot be written"),
        ((*NOVEMBER, "--config", "/nowhere/charting.toml"), "/nowhere/charting.toml"),
    ],
)
def test_the_callers_mistakes(dsn: str, arguments: tuple[str, ...], told: str) -> None:
    found = here(dsn, *arguments).exception
    assert isinstance(found, UsageError)
    assert told in str(found)


def test_a_mistake_ends_with_2_and_a_line(tmp_path: Path) -> None:
    ended = run("qc", f"sqlite:///{tmp_path / 'none.db'}", *NOVEMBER)
    assert (ended.returncode, ended.stderr) == (2, f"vitalsd: {tmp_path / 'none.db'}: no such file\n")


def test_a_sites_own_file(dsn: str, tmp_path: Path) -> None:
    own, config = tmp_path / "own.toml", tmp_path / "charting.toml"
    own.write_text('[[indicator]]\ncode = "AQI-IDP-18"\nparameters = { limit_h = 3 }\n', encoding="utf-8")
    config.write_text(
        '[charting]\nlisten = "127.0.0.1:0"\ndatabase = "sqlite:////var/lib/vitalsd/charting.db"\nsite = "示例医院"\n'
        'zone = "Asia/Tokyo"\nbeds = [{ id = "OR-03", journal = "/var/lib/vitalsd/OR-03/journal.db" }]\n'
        f'[quality]\ncatalogue = "{own}"\n',
        encoding="utf-8",
    )
    told = json.loads(here(dsn, *NOVEMBER, "--json", "--config", str(config)).output)
    delayed = next(each for each in told["results"] if each["key"] == "AQI-IDP-18")
    assert (delayed["n"], delayed["parameters"]) == (2, {"limit_h": 3.0})
    assert told["period"]["start"] == "2026-11-01T00:00:00+09:00"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_sites_own_edition_is_called_what_the_site_calls_it(dsn: str, tmp_path: Path, lang: str) -> None:
    own, config = tmp_path / "own.toml", tmp_path / "charting.toml"
    own.write_text(
        '[[indicator]]\ncode = "OWN-1"\nedition = "本院"\nnumber = 1\nname = { zh = "麻醉例次", en = "Anaesthetics" }\n'
        'kind = "count"\nunit = "C"\nabove = { zh = "例次", en = "cases" }\npopulation = "performed"\n'
        'event = "performed"\nlevel = "auto"\ngrade = "D"\nsource = "own"\n',
        encoding="utf-8",
    )
    config.write_text(
        '[charting]\nlisten = "127.0.0.1:0"\ndatabase = "sqlite:////var/lib/vitalsd/charting.db"\nsite = "示例医院"\n'
        'beds = [{ id = "OR-03", journal = "/var/lib/vitalsd/OR-03/journal.db" }]\n'
        f'[quality]\ncatalogue = "{own}"\n',
        encoding="utf-8",
    )
    told = here(dsn, *NOVEMBER, "--edition", "本院", "--lang", lang, "--config", str(config)).output.splitlines()
    assert "本院" in told
