"""What an inspection finds in a simulated period is what was injected into it, and nothing else."""

import re
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from charting.inspection.conditions import CONDITIONS
from charting.inspection.holidays import Holidays, holidays
from charting.inspection.measure import Site, measured
from charting.inspection.report import Report, from_text, report, to_text
from charting.inspection.rules import rules
from charting.store.inspections import DatabaseInspections
from charting.store.migrate import open_database
from tests.charting.inspection.faults import FAULTS, Truth, inject
from tests.charting.inspection.quarter import DAY, ZONE, Quarter
from tests.charting.inspection.stores import certificate, fill_charting, journals

CHINESE = re.compile("[\u4e00-\u9fff]")


def inspected(quarter: Quarter, folder: Path, empty: Path) -> Report:
    """By the code of an embedded installation."""
    file = Path(shutil.copy(empty, folder / "charting.db"))
    fill_charting(quarter, file)
    files, _ = certificate(folder, quarter.now_us + round(quarter.certificate_days * DAY))
    site = Site(name="Example", zone=ZONE, beds=quarter.beds, holidays=known(quarter), certificates={"tls.cert": files})
    database = open_database(f"sqlite:///{file}")
    try:
        records = DatabaseInspections(database)
        made, lacks = measured(quarter.period, site, journals(quarter), records, quarter.database)
    finally:
        database.close()
    return report("inspection", quarter.period, made, lacks, site=site.name, zone=ZONE, made_us=quarter.now_us)


def known(quarter: Quarter) -> Holidays:
    return holidays() if quarter.holidays_known else {2031: {"labour_day": date(2031, 5, 1)}}


def found(told: Report) -> Sequence[Truth]:
    return sorted((finding.rule, finding.bed, finding.device) for finding in told.findings)


@pytest.mark.parametrize("name", ["2026-Q3", "2026-09"])
def test_nothing_is_found_where_nothing_is_wrong(name: str, tmp_path: Path, empty: Path) -> None:
    told = inspected(Quarter(name=name, seed=1), tmp_path, empty)
    assert found(told) == []
    share = [gateway.share for gateway in told.measured.gateways]
    assert all(each is not None and 0.9999 < each < 1.0 for each in share)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_fault_of_a_quarter_is_found_and_no_other(seed: int, tmp_path: Path, empty: Path) -> None:
    quarter = Quarter(name="2026-Q3", seed=seed)
    truth = inject(quarter, list(FAULTS))
    assert found(inspected(quarter, tmp_path, empty)) == truth


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_alone_is_found_alone(fault: str, tmp_path: Path, empty: Path) -> None:
    quarter = Quarter(name="2026-09", seed=7)
    truth = inject(quarter, [fault])
    if fault == "performance":  # of the one before 国庆节
        assert quarter.performances == []
    assert found(inspected(quarter, tmp_path, empty)) == truth


def test_every_rule_has_a_fault_and_every_finding_speaks_two_languages(tmp_path: Path, empty: Path) -> None:
    assert {rule.id for rule in rules()} == set(CONDITIONS)
    quarter = Quarter(name="2026-Q3", seed=4)
    inject(quarter, list(FAULTS))
    told = inspected(quarter, tmp_path, empty)
    assert {finding.rule for finding in told.findings} == set(CONDITIONS)
    for finding in told.findings:
        for told_ in (finding.text, finding.advice):
            assert CHINESE.search(told_["zh"])
            assert not CHINESE.search(told_["en"])


def test_a_report_is_read_as_it_was_kept(tmp_path: Path, empty: Path) -> None:
    quarter = Quarter(name="2026-09", seed=5)
    inject(quarter, ["outage", "bloat", "uncompressed", "slow"])
    told = inspected(quarter, tmp_path, empty)
    assert from_text(to_text(told)) == told
