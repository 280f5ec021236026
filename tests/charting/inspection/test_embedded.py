"""An embedded installation, with what there is: a charting file and a bed's journal, by the command as it is typed."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collector.cli import app
from collector.errors import UsageError
from collector.health import Reports, State
from collector.journal import Journal
from collector.links import absence
from collector.technical import Technical

DAY_US = 86_400_000_000
START_US = int(datetime(2026, 9, 10, tzinfo=UTC).timestamp()) * 1_000_000
EVERY_US = 300_000_000
OFF = range(100, 130)
"""Reports that were not made: the gateway was off for two and a half hours."""
CONFIG = """
[charting]
listen = "127.0.0.1:0"
database = "sqlite:///{database}"
site = "Example"
beds = [{{ id = "OR-01", journal = "{journal}" }}, {{ id = "OR-02", journal = "{other}" }}]
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, empty: Path) -> Path:
    """Two days of the first bed; the second one's journal is not there."""
    folder = tmp_path_factory.mktemp("site")
    made = Journal.open(folder / "journal.db", ["timescale"])
    reports = Reports("OR-01")
    for n in range(576):
        at_us = START_US + n * EVERY_US
        state = State(version="0.6.0", uptime_s=n * 300.0, processor_s=n * 9.0, memory_bytes=90 << 20,
                      disk_free_bytes=40 << 30, disk_bytes=64 << 30, journal_bytes=1 << 20)  # fmt: skip
        if n not in OFF:
            made.append(reports.report(state, [], at_us))
        if n == OFF.stop:
            made.append(absence(Technical("OR-01", lambda: 0), at_us - len(OFF) * EVERY_US, at_us))
    made.close()
    shutil.copy(empty, folder / "charting.db")
    file = folder / "charting.toml"
    file.write_text(
        CONFIG.format(database=folder / "charting.db", journal=folder / "journal.db", other=folder / "none.db")
    )
    return file


def test_the_command_inspects_a_file_and_journals(config: Path) -> None:
    told = CliRunner().invoke(app, ["inspect", "--config", str(config), "--period", "2026-09-10..2026-09-11", "--json"])
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    gateway, other = report["measured"]["gateways"]
    assert gateway["down"] == {"times": 1, "total_s": 9000.0, "longest_s": 9000.0, "standing": False}
    assert gateway["watched_s"] == 40 * 3600  # since 08:00 of Shanghai
    assert gateway["share"] == pytest.approx(1 - 2.5 / 40)
    assert gateway["disk"]["lowest"] == 40 << 30
    assert other["since_us"] is None
    assert report["measured"]["database"]["edition"] == "sqlite"
    found = {(finding["rule"], finding["bed"]) for finding in report["findings"]}
    assert found == {("gateway_down", "OR-01"), ("gateway_absent", "OR-02")}
    lacks = {each["key"]: each["about"] for each in report["unmeasured"]}
    assert lacks["clock"] == "OR-01"
    assert {"certificates", "cases", "embedded", "grown"} <= set(lacks)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--due"], "give a DSN, or --config FILE"),
        ([], "give either --period or --due"),
        (["--period", "2026-13", "--config", "CONFIG"], "'2026-13' is no period"),
        (["--period", "2199", "--config", "CONFIG"], "2199 has not begun"),
        (["--period", "2026-09", "sqlite:///none.db"], "none.db: no such file"),
        (["--period", "2026-09", "--config", "CONFIG", "--pdf", "/proc/none/x.pdf"], "cannot be written"),
    ],
)
def test_mistakes_are_told(config: Path, arguments: list[str], reason: str) -> None:
    typed = [str(config) if each == "CONFIG" else each for each in arguments]
    told = CliRunner().invoke(app, ["inspect", *typed])
    assert isinstance(told.exception, UsageError)
    assert reason in str(told.exception)
