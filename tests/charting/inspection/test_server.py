"""The same on real servers: a quarter with every fault in TimescaleDB, and a sound month in a plain PostgreSQL."""

import json
from collections.abc import Iterator, Sequence
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

EVERY_US = 750_000_000
"""Less to write than of real gateways, and still no silence."""
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

    @property
    def as_charting(self) -> str:
        """With no more rights than the charting service has."""
        return f"{self.dsn} options='-c role=vitalsd_chart'"


@contextmanager
def filled(server: str, folder: Path, quarter: Quarter) -> Iterator[Filled]:
    with new_database(server) as dsn:
        migrate(dsn)
        migrate_charting(dsn)
        fill_server(quarter, dsn)
        cert, key = certificate(folder, quarter.now_us + round(quarter.certificate_days * DAY))
        beds = ", ".join(f'{{ id = "{bed}" }}' for bed in quarter.beds)
        config = folder / "charting.toml"
        config.write_text(CHARTING.format(dsn=dsn, beds=beds, cert=cert, key=key), encoding="utf-8")
        yield Filled(quarter=quarter, config=config, dsn=dsn)


def inspected(of: Filled, dsn: str | None = None) -> Report:
    with installation(dsn, of.config) as opened:
        return opened.report("inspection", of.quarter.period, of.quarter.now_us)


@pytest.mark.timeout(300)
def test_every_fault_of_a_quarter_in_timescale_is_found_and_no_other(timescale: str, tmp_path: Path) -> None:
    """One test: workers share no quarter, and to write one takes as long as all the rest."""
    quarter = Quarter(name="2026-Q3", seed=11, every_us=EVERY_US)
    quarter.statements += ["create extension pg_stat_statements", "select pg_stat_statements_reset()"]
    truth = inject(quarter, [name for name in FAULTS if name not in SIMULATED_ONLY | {"holidays"}])
    with filled(timescale, tmp_path, quarter) as of:
        finds(of, truth)
        makes_what_is_due_once(of, tmp_path)
        is_commanded(of, tmp_path)


def finds(of: Filled, truth: Sequence[Truth]) -> None:
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
    quarter = Quarter(name="2026-09", seed=12, every_us=EVERY_US)
    quarter.beds.append("ICU-02")
    with filled(postgres15, tmp_path, quarter) as of:
        with psycopg.connect(of.dsn) as connection:  # a bed whose data a feed brings
            connection.execute(
                "insert into vitalsd.channel(bed, device, code, source, role, site, unit)"
                " values ('ICU-02', 'monitor', 'MDC_ECG_HEART_RATE', '1', 'measured', '', '/min')"
            )
            connection.execute(
                "insert into vitalsd.obs select vitalsd.moment(%s), 60, max(id), 0, 'V', false from vitalsd.channel",
                (of.quarter.period.start_us + DAY,),
            )
        told = inspected(of, of.as_charting)
        assert told.findings == ()
        assert len(told.measured.gateways) == 4
        assert {each.key for each in told.unmeasured} == {"fed", "grown", "statements", "compression", "server_disk"}


def makes_what_is_due_once(of: Filled, tmp_path: Path) -> None:
    week = before(of.quarter.day(92), ZONE)  # the first day after the quarter is 国庆节
    there = [("inspection", name) for name in ("2026-06", "2026-07", "2026-08", "2026-09", "2026-Q2")]
    with psycopg.connect(of.dsn) as connection, connection.cursor() as cursor:
        cursor.executemany("insert into charting.inspection values (gen_random_uuid(), %s, %s, 0, '{}')", there)
    with installation(of.as_charting, of.config) as opened:
        now_us = of.quarter.period.end_us + DAY
        made = [(each.kind, each.period.name) for each in make_due(opened, tmp_path, now_us)]
        assert made == [("inspection", "2026-Q3"), ("performance", "2026-Q3")]
        assert list(make_due(opened, tmp_path, now_us)) == []
        assert opened.records is not None
        assert ("performance", week.name) not in opened.records.there()
        (early,) = make_due(opened, None, of.quarter.period.end_us - DAY)
        assert (early.kind, early.period) == ("performance", week)
        kept = next(each for each in opened.records.kept() if each.period == "2026-Q3" and each.kind == "inspection")
        report = opened.records.report(kept.id)
        assert report is not None
        assert report.period == of.quarter.period
    assert sorted(file.name for file in tmp_path.glob("*Q3*")) == [
        f"{kind}-2026-Q3-{lang}.pdf" for kind in ("inspection", "performance") for lang in ("en", "zh")
    ]


def is_commanded(of: Filled, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    run = CliRunner()
    asked = ["inspect", "--period", "2026-09-28..2026-09-30", "--config", str(of.config)]
    told = run.invoke(app, [*asked, "--json", "--pdf", str(file), "--lang", "zh"])
    assert told.exit_code == 0, told.output
    said = json.loads(told.stdout)
    assert said["period"]["name"] == "2026-09-28..2026-09-30"
    beds = {finding["bed"] for finding in said["findings"] if finding["rule"] in {"gateway_absent", "gateway_silent"}}
    assert beds == {"OR-09", "OR-03"}
    assert file.read_bytes().startswith(b"%PDF")
    lines = run.invoke(app, [*asked, "--performance"]).stdout.splitlines()
    assert lines[0] == "Database performance 2026-09-28..2026-09-30"
    with psycopg.connect(of.dsn) as connection:
        (rows,) = connection.execute("select count(*) from charting.inspection where body <> '{}'").fetchone() or (0,)
    assert rows == 3  # what was due, and nothing else
