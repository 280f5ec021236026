"""What Prometheus hears of backups."""

from collections.abc import Sequence

import pytest

from charting.measuring import Measuring
from charting.metrics import Metrics
from charting.store.backups import Kind, Part, Run, last_runs, record
from charting.store.database import Database
from charting.store.measures import Measures

HOUR_US = 3_600_000_000


def ran(kind: Kind, hour: int, *reasons: str) -> Run:
    part = Part(name=f"vitals-{hour}", rows=7, size_bytes=hour * 1_000, reasons=reasons)
    return Run(kind=kind, began_us=hour * HOUR_US, ended_us=hour * HOUR_US + 90_000_000, place="/b", parts=(part,))


def told(database: Database, *, backs_up: bool) -> Sequence[str]:
    metrics = Metrics()
    Measuring(Measures(database), metrics, {}, lambda: 0, backs_up=backs_up).look(size=True)
    return [line for line in metrics.text().decode().splitlines() if line.startswith("vitalsd_backup_")]


def test_a_run_is_kept_as_it_was(charting: Database) -> None:
    runs = [ran("backup", 1), ran("backup", 3, "the disk is full", "王"), ran("backup", 2), ran("restore_test", 2)]
    for run in runs:
        record(charting, run)
    found = last_runs(charting)
    assert (found["backup"].last, found["backup"].good) == (runs[1], runs[2])
    assert (found["restore_test"].last, found["restore_test"].good) == (runs[3], runs[3])


@pytest.mark.parametrize("charting_dsn", ["sqlite"], indirect=True)
def test_the_last_good_one_and_whether_the_last_failed(charting: Database) -> None:
    assert told(charting, backs_up=False) == []
    never = 'vitalsd_backup_last_success_timestamp_seconds{kind="%s"} 0.0'
    assert told(charting, backs_up=True) == [never % "backup", never % "restore_test"]
    record(charting, ran("backup", 1))
    record(charting, ran("backup", 2, "no room"))
    record(charting, ran("restore_test", 1, "differs"))
    assert told(charting, backs_up=False) == [
        'vitalsd_backup_last_success_timestamp_seconds{kind="backup"} 3690.0',
        never % "restore_test",
        'vitalsd_backup_last_failed{kind="backup"} 1.0',
        'vitalsd_backup_last_failed{kind="restore_test"} 1.0',
        "vitalsd_backup_size_bytes 1000.0",
    ]
    record(charting, ran("restore_test", 3))
    assert 'vitalsd_backup_last_failed{kind="restore_test"} 0.0' in told(charting, backs_up=False)
