"""Facts made by hand, of a November in Shanghai."""

from typing import Any

from charting.quality.facts import Facts
from charting.quality.loader import load
from charting.quality.periods import Period, period
from charting.quality.report import QualityReport, report
from charting.quality.results import Result

ZONE = "Asia/Shanghai"
NOVEMBER = period("2026-11", ZONE)
EDITIONS = "2022 2015 tender icu"
HOUR_US = 3_600_000_000


def facts(case: str, patient: str = "", *, hour: float = 24.0, **said: Any) -> Facts:
    """A case that was anaesthetised so many hours into November; `said`: what of it is known."""
    anchor_us = NOVEMBER.start_us + round(hour * HOUR_US)
    return Facts(
        case=case,
        last=1,
        patient=patient or f"case:{case}",
        anchor_us=anchor_us,
        anchor=said.pop("anchor", "t_anes_start"),
        **{"performed": True, **said},
    )


def reported(*cases: Facts, of: Period = NOVEMBER, editions: str = EDITIONS, **more: Any) -> QualityReport:
    return report(cases, load(), of, editions=editions.split(), made_us=of.end_us, **{"figures": {}, **more})


def counted(key: str, *cases: Facts, **more: Any) -> Result:
    found = reported(*cases, **more).result(key)
    assert found is not None
    return found


def keys(members: Any) -> list[str]:
    return [m.key for m in members]
