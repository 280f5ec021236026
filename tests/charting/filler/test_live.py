"""What was filled minute by minute is what is filled at once afterwards: a restart changes nothing."""

from dataclasses import replace

import numpy as np
import pytest

from charting.trail.contents import Event, Pace
from collector.model import Quality, Reading
from tests.charting.fill.bed import START_US
from tests.charting.fill.test_grid import bed
from tests.charting.filler.department import BED, DOCTOR, Ward
from tests.charting.filler.made import T0_US, at

MINUTES = 110


def readings(seed: int) -> list[Reading]:
    """Odd series of two monitors, in order of time."""
    return sorted(
        (
            Reading(
                series=replace(points.series, bed=BED),
                time_us=time_us - START_US + T0_US,
                value=None if np.isnan(value) else value,
                text=None,
                quality=Quality(quality),
                demo=False,
            )
            for points in bed(seed, MINUTES)
            for time_us, value, quality in zip(
                points.time_us.tolist(), points.value.tolist(), points.quality.tolist(), strict=True
            )
        ),
        key=lambda reading: reading.time_us,
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_restart_after_a_live_case_changes_nothing(seed: int) -> None:
    """Through a cut network, a rescue that is told late, a tube that is told to have come out, and the case's end."""
    ward, coming = Ward(), readings(seed)
    ward.open()
    ward.record()
    random = np.random.default_rng(seed)
    cut = int(random.integers(10, 60))
    back = cut + int(random.integers(0, 15))
    for minute in range(MINUTES + 2):
        ward.now = minute + 0.2
        reached_us = at(cut if cut <= minute < back else ward.now) - 2_000_000
        come = sum(reading.time_us < reached_us for reading in coming)
        ward.beds.stores[BED].readings += coming[:come]
        del coming[:come]
        if minute == 30:
            rescue = Pace(start_us=at(20.5), end_us=at(33), why="rescue")
            ward.desk.set(DOCTOR, "case", item="rescue", after=0, content=rescue)
        if minute == 90:
            ward.desk.set(DOCTOR, "case", item="out", after=0, content=Event(key="t_tube_out", at_us=at(88)))
        ward.look(ward.now)
    ward.desk.close(DOCTOR, "case", at_us=at(MINUTES + 1))
    for minute in range(MINUTES + 2, MINUTES + 20):
        ward.look(minute + 0.2)
    assert ward.document().items
    ward.filler = ward.new_filler()
    assert ward.look(MINUTES + 21) == []


def test_a_rescue_makes_marks_of_each_minute_and_only_while_it_lasts() -> None:
    """Switched on and off in the middle of a cell, as the minutes come."""
    ward = Ward()
    ward.open()
    ward.record()
    for minute in range(60):
        ward.beat(minute, minute + 1, 60.0 + minute)
        ward.now = minute + 1.2
        if minute == 13:
            on = Pace(start_us=at(13.4), end_us=None, why="rescue")
            ward.desk.set(DOCTOR, "case", item="rescue", after=0, content=on)
        if minute == 24:
            off = Pace(start_us=at(13.4), end_us=at(24.6), why="rescue")
            ward.desk.set(DOCTOR, "case", item="rescue", after=1, content=off)
        ward.look(ward.now)
    found = {mark: value for mark, value in ward.values("hr").items() if value is not None}
    assert set(found) == {*range(2, 13, 5), *range(14, 25), *range(27, 58, 5)}
    assert [found[mark] for mark in (12, 14, 24, 27)] == [71.0, 73.0, 83.0, 86.0]
