"""A value of a person's own stands at the mark at which devices' values of that time stand, in the site's zone."""

from dataclasses import replace
from datetime import datetime

import pytest

from charting.case.clock import SiteClock
from charting.trail.contents import Pace
from tests.charting.web.hospital import Hospital

KOLKATA = "+05:30"


def us(said: str) -> int:
    return round(datetime.fromisoformat(said).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("at", "mark"),
    [
        ("2026-11-24T10:29:00", "2026-11-24T10:00:00"),
        ("2026-11-24T10:30:00", "2026-11-24T11:00:00"),
        ("2026-11-24T11:04:00", "2026-11-24T11:00:00"),
        ("2026-11-24T10:04:59", "2026-11-24T10:00:00"),
    ],
)
async def test_hours_are_the_sites_own(at: str, mark: str) -> None:
    hospital = Hospital()
    hospital.opened(bed="ICU-01", minutes=300)
    hospital.desk.start(hospital.actor("icu_nurse"), "c1", template="icu_flowsheet", document="d1")
    clock = SiteClock(now_us=hospital.clock.now_us, zone="Asia/Kolkata")
    hospital.app.state.department = replace(hospital.department, clock=clock)
    async with hospital.client("icu_nurse") as client:
        answer = await client.get("/api/records/c1/d1/mark", params={"at_us": us(at + KOLKATA)})
        assert answer.json() == {"mark_us": us(mark + KOLKATA)}


@pytest.mark.parametrize(
    ("at", "mark"),
    [
        ("13:32:29", "13:30:00"),
        ("13:32:30", "13:35:00"),
        ("14:02:10", "14:03:00"),
        ("14:02:59", "14:03:00"),
        ("14:16:00", "14:15:00"),
    ],
)
async def test_a_minute_has_its_own_mark_while_rescue_is_on(at: str, mark: str) -> None:
    hospital = Hospital()
    hospital.recorded()
    day = "2026-11-24T"
    rescue = Pace(why="rescue", start_us=us(day + "14:00:00+08:00"), end_us=us(day + "14:15:00+08:00"))
    hospital.desk.set(hospital.actor("anaesthetist"), "c1", item="p", after=0, content=rescue)
    async with hospital.client("anaesthetist") as client:
        answer = await client.get("/api/records/c1/d1/mark", params={"at_us": us(f"{day}{at}+08:00")})
        assert answer.json() == {"mark_us": us(f"{day}{mark}+08:00")}
