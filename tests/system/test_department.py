"""`vitalsd department` and `vitalsd qc` as a person types them: the numbers that qc prints are the truth beside it."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.system.command import run

CASES = 300


def _made(dsn: str, truth: Path) -> Any:
    done = run("department", "--cases", str(CASES), "--seed", "4", "--out", dsn, "--truth", truth, timeout_s=600)
    assert done.returncode == 0, done.stderr
    assert f"cases: {CASES}, of which" in done.stdout
    assert f"truth: {truth}" in done.stdout
    return json.loads(truth.read_text(encoding="utf-8"))


def _counted(dsn: str) -> Any:
    done = run("qc", dsn, "--from", "2026-01-01", "--to", "2026-12-31", "--edition", "all", "--json", timeout_s=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _compare(told: Any, counted: Any) -> None:
    results = {result["key"]: result for result in counted["results"]}
    assert counted["cases"] == told["cases"]
    assert counted["figures"] == told["figures"]
    for code, count in told["indicators"].items():
        found = results[code]
        said = (found["n"], found["d"], found["unknown"], found["pending"])
        if found["unavailable"]:
            assert not count["numerator"]
            continue
        assert said == (count["numerator"], count["denominator"], count["indeterminate"], count["pending"]), code
    assert sum(count["numerator"] > 0 for count in told["indicators"].values()) > 50


def test_a_department_in_a_file_and_its_numbers(tmp_path: Path) -> None:
    dsn, truth = f"sqlite:///{tmp_path / 'charting.db'}", tmp_path / "truth.json"
    _compare(_made(dsn, truth), _counted(dsn))
    assert run("audit", dsn, "verify").stdout.splitlines()[-1] == "whole"
    before = truth.read_bytes()
    for arguments, why in (
        ((), "holds cases already"),
        (("--truth", truth), "is there already"),
        (("--truth", tmp_path / "no" / "truth.json"), "holds cases already"),
    ):
        again = run("department", "--cases", "5", "--out", dsn, *arguments)
        assert (again.returncode, again.stdout) == (2, "")
        assert why in again.stderr
        assert "Traceback" not in again.stderr
    assert truth.read_bytes() == before
    assert not (tmp_path / "charting.db.truth.json").exists()


def test_a_truth_that_cannot_be_written_leaves_an_empty_charting(tmp_path: Path) -> None:
    dsn = f"sqlite:///{tmp_path / 'charting.db'}"
    done = run("department", "--cases", "5", "--out", dsn, "--truth", tmp_path / "no" / "truth.json")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "truth.json" in done.stderr
    assert "cases: 0" in run("audit", dsn, "verify").stdout
    assert run("department", "--cases", "5", "--out", dsn).returncode == 0
    assert (tmp_path / "charting.db.truth.json").exists()


@pytest.mark.parametrize("server", ["timescale"], indirect=True)
def test_a_department_on_a_server(database: str, tmp_path: Path) -> None:
    refused = run("department", "--cases", "5", "--out", database, "--truth", tmp_path / "refused.json")
    assert (refused.returncode, "vitalsd migrate" in refused.stderr) == (2, True)
    assert run("migrate", database).returncode == 0
    told = _made(database, tmp_path / "truth.json")
    _compare(told, _counted(database))
    with psycopg.connect(database) as connection:
        (kept,) = connection.execute("select count(*) from charting.case_fact where anchor_us is not null").fetchone()  # type: ignore[misc]
    assert kept <= CASES
