"""The same on real servers: a quarter with every fault in TimescaleDB, and a sound month in a plain PostgreSQL."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from charting.inspecting import installation, make_due
from charting.inspection.due import before
from charting.inspection.report import Report
from charting.store.migrate import migrate as migrate_charting
from collector.cli import app
from collector.migrate import migrate
from tests.charting.inspection.faults import FAULTS, SIMULATED_ONLY, Truth, inject
from tests.charting.inspection.quarter import DAY, ZONE, Quarter
from tests.charting.inspection.stores import certificate, fill_server
from tests.timescale import database as new_database

CHARTING = """
[charting]
listen = "127.0.0.1:0"
database = "{dsn}"
site = "示例医院"
beds = [{beds}]

[tls]
cert = "{cert}"
key = "{key}"
"""


@dataclass(frozen=True, kw_only=True)
class Filled:
    quarter: Quarter
    config: Path
    dsn: str


@contextmanager
def filled(server: str, folder: Path, quarter: Quarter) -> Iterator[Filled]:
    with new_database(server) as dsn:
        migrate(dsn)
        migrate_charting(dsn)
        fill_server(quarter, dsn)
        cert, key = certificate(folder, quarter.now_us + round(quarter.certificate_days * DAY))
        beds = ", ".join(f'{{ id = "{bed}" }}' for bed in quarter.beds)
        charting = f"{dsn} options='-c role=vitalsd_chart'"
        config = folder / "charting.toml"
        config.write_text(CHARTING.format(dsn=charting, beds=beds, cert=cert, key=key), encoding="utf-8")
        yield Filled(quarter=quarter, config=config, dsn=dsn)


@pytest.fixture(scope="module")
def faulty(timescale: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Filled, list[Truth]]]:
    quarter = Quarter(name="2026-Q3", seed=11)
    quarter.statements += [
        "create extension pg_stat_statements",
        "grant pg_read_all_stats to vitalsd_chart",
        "select pg_stat_statements_reset()",
    ]
    truth = inject(quarter, [name for name in FAULTS if name not in SIMULATED_ONLY | {"holidays"}])
    with filled(timescale, tmp_path_factory.mktemp("faulty"), quarter) as made:
        yield made, list(truth)


def inspected(of: Filled) -> Report:
    with installation(None, of.config) as opened:
        return opened.report("inspection", of.quarter.period, of.quarter.now_us)


def test_every_fault_of_a_quarter_in_timescale_is_found_and_no_other(faulty: tuple[Filled, list[Truth]]) -> None:
    of, truth = faulty
    told = inspected(of)
    assert sorted((f.rule, f.bed, f.device) for f in told.findings) == truth
    database = told.measured.database
    assert database is not None
    assert database.edition == "apache"
    assert {h.name for h in database.hypertables} == {"obs", "wave", "condition", "minute"}
    assert database.grown_per_day is not None
    lacks = {each.key for each in told.unmeasured}
    assert lacks == {"gateway", "compression", "server_disk"}  # OR-09 was never there
    (statement,) = [s for s in database.statements or () if s.mean_ms >= 1000]
    assert statement.text == "select pg_sleep($1)"


def test_nothing_is_found_of_a_quarter_in_a_plain_postgresql(postgres15: str, tmp_path: Path) -> None:
    with filled(postgres15, tmp_path, Quarter(name="2026-09", seed=12)) as of:
        told = inspected(of)
        assert told.findings == ()
        assert {each.key for each in told.unmeasured} == {"grown", "statements", "compression", "server_disk"}


def test_what_is_due_is_made_once_and_kept(faulty: tuple[Filled, list[Truth]], tmp_path: Path) -> None:
    of, _ = faulty
    week = before(of.quarter.day(92), ZONE)  # the first day after the quarter is 国庆节
    with installation(None, of.config) as opened:
        now_us = of.quarter.period.end_us + DAY
        made = [(each.kind, each.period.name) for each in make_due(opened, tmp_path, now_us)]
        assert made == [
            ("inspection", name) for name in ("2026-06", "2026-07", "2026-08", "2026-09", "2026-Q2", "2026-Q3")
        ] + [("performance", "2026-Q3")]
        assert list(make_due(opened, tmp_path, now_us)) == []
        assert opened.records is not None
        assert ("performance", week.name) not in opened.records.there()
        assert list(make_due(opened, None, now_us - 3 * DAY))
        kept = next(each for each in opened.records.kept() if each.period == "2026-Q3" and each.kind == "inspection")
        report = opened.records.report(kept.id)
        assert report is not None
        assert report.period == of.quarter.period
    assert sorted(file.name for file in tmp_path.glob("*Q3*")) == [
        f"{kind}-2026-Q3-{lang}.pdf" for kind in ("inspection", "performance") for lang in ("en", "zh")
    ]


def test_the_command_tells_and_draws(faulty: tuple[Filled, list[Truth]], tmp_path: Path) -> None:
    of, truth = faulty
    file = tmp_path / "report.pdf"
    run = CliRunner()
    asked = ["inspect", "--period", "2026-Q3", "--config", str(of.config)]
    told = run.invoke(app, [*asked, "--json", "--pdf", str(file), "--lang", "zh"])
    assert told.exit_code == 0, told.output
    said = json.loads(told.stdout)
    ours = {rule for rule, _, _ in truth}
    assert {finding["rule"] for finding in said["findings"]} >= ours - {"certificate_expiring"}
    assert file.read_bytes().startswith(b"%PDF")
    lines = run.invoke(app, [*asked, "--performance"]).stdout.splitlines()
    assert lines[0] == "Database performance 2026-Q3"
    with psycopg.connect(of.dsn) as connection:
        (rows,) = connection.execute("select count(*) from charting.inspection where body <> '{}'").fetchone() or (0,)
    assert rows == 7
