"""The department of 40 cases and what is reported of its November."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from charting.quality.deriver import Deriver
from charting.quality.facts import Facts
from charting.quality.keeping import MemoryFacts
from charting.quality.loader import load
from charting.quality.periods import period
from charting.quality.report import QualityReport, report
from charting.reports.temperature import Temperature, temperature
from charting.trail.trail import MemoryTrail
from tests.charting.quality.hand import LIBRARIES, department

ZONE, SITE = "Asia/Shanghai", "示范医院"
NOVEMBER = period("2026-11", ZONE)
MADE_US = NOVEMBER.end_us + 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class November:
    trail: MemoryTrail
    facts: Sequence[Facts]
    report: QualityReport
    temperature: Temperature


@cache
def november() -> November:
    made = department()
    keeper = MemoryFacts(made.trail)
    Deriver(made.trail, LIBRARIES, keeper).refresh()
    facts = keeper.between(0, 2**62)
    found = report(
        facts,
        load(),
        NOVEMBER,
        editions=load().editions,
        figures={"anaesthesia_doctors": 20.0, "vaginal_births": 25.0},
        made_us=MADE_US,
    )
    drawn = temperature(facts, load(), NOVEMBER, zone=ZONE, made_us=MADE_US)
    return November(trail=made.trail, facts=facts, report=found, temperature=drawn)
