"""The simulated year of a department: backed up, restored, and not one row differs."""

from pathlib import Path

import pytest

from charting.backup.configured import job_of
from charting.backup.folder import backups, read
from charting.backup.run import run_backup, run_restore
from charting.department.run import run_department
from charting.store.audit import verify
from charting.store.migrate import migrate as migrate_charting
from collector.migrate import migrate
from collector.progress import counter
from tests.charting.backup.conftest import bare
from tests.store.delivering import rows

CASES = 12_000
EQUAL = "select count(*), md5(string_agg(hash, '' order by seq)) from charting.entry"


@pytest.mark.soak
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("server", ["timescale"], indirect=True)
def test_a_whole_year_is_restored_without_a_difference(database: str, server: str, tmp_path: Path) -> None:
    migrate(database)
    migrate_charting(database)
    truth = tmp_path / "truth.json"
    run_department(database, cases=CASES, seed=20_260_101, year=2026, truth_file=truth, counter=counter)
    told: list[str] = []
    run_backup(job_of(database, tmp_path), told.append)
    assert told[-1].endswith(": restored for trial, 0 differences")
    (backup,) = backups(tmp_path)
    counts = {table.name: table.rows for table in read(backup.path).tables}
    assert counts["charting.case_row"] == counts["charting.case_fact"] >= CASES
    with bare(server) as dsn:
        run_restore(backup.path, dsn, told.append)
        assert rows(dsn, EQUAL) == rows(database, EQUAL)
        assert rows(dsn, EQUAL)[0][0] == counts["charting.entry"] > 50 * CASES
        assert verify(dsn).whole
