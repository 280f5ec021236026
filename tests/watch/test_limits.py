"""The fleet's page, the inspection and the alerts take the same for a trouble."""

import re
from pathlib import Path

import pytest

from charting.fleet import judge
from charting.inspection.rules import rules
from charting.web.fleet_pages import RUN_OLD_US

ALERTS = (Path(__file__).parents[2] / "config" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
INSPECTED = {rule.id: rule.limits for rule in rules()}


def limit(alert: str) -> float:
    """The last number of its expression; a product is one."""
    found = re.search(rf"alert: {alert}\n *expr: .*[<>] ([0-9.]+)(?: \* ([0-9.]+))?$", ALERTS, re.MULTILINE)
    assert found is not None
    return float(found[1]) * float(found[2] or 1)


@pytest.mark.parametrize(
    ("alert", "limits"),
    [
        ("VitalsdDiskNearlyFull", [judge.DISK_WARN, INSPECTED["disk_low"]["share"]]),
        ("VitalsdDiskFull", [judge.DISK_BAD]),
        ("VitalsdClockError", [judge.CLOCK_ERROR_S]),
        ("VitalsdClockDrift", [judge.DRIFT_PPM / 1e6, INSPECTED["clock_drift"]["ppm"] / 1e6]),
        ("VitalsdDeviceClockWrong", [judge.OFFSET_S, INSPECTED["device_clock"]["offset_s"]]),
        ("VitalsdJournalOld", [judge.OLDEST_BAD_S]),
        ("VitalsdCertificateExpiring", [INSPECTED["certificate_expiring"]["days"] * 86_400]),
        ("VitalsdBackupOld", [RUN_OLD_US["backup"] / 1e6]),
        ("VitalsdRestoreTestOld", [RUN_OLD_US["restore_test"] / 1e6, INSPECTED["restore_missing"]["days"] * 86_400]),
    ],
)
def test_limits_are_the_same_everywhere(alert: str, limits: list[float]) -> None:
    assert limits == pytest.approx([limit(alert)] * len(limits))


def test_gateways_may_run_two_versions_for_as_long() -> None:
    found = re.search(r"alert: VitalsdVersionsDiffer\n.*\n *for: ([0-9]+)d", ALERTS)
    assert found is not None
    assert INSPECTED["version_skew"]["days"] == int(found[1])
