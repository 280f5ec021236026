"""A device that tells seldom is not old between two messages; one that tells often is old as before."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from charting.page.now import Bedside
from collector.model import Role, Series
from collector.series import Points
from tests.page.data import HR, NOW_US, SECOND_US, Store, reading, status
from tests.page.test_now import bedside


class Counting(Store):
    """`asked`: how often readings of the past were read."""

    asked = 0

    def points(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Points]:
        type(self).asked += 1
        return super().points(bed, codes, start_us, end_us)


def told(every_s: float, last_s: float, n: int = 6, of: Series = HR) -> Store:
    """Values that come so often, the last one so many seconds ago."""
    times = [NOW_US - round((last_s + every_s * k) * SECOND_US) for k in reversed(range(n))]
    return Counting(readings=[reading(of, time_us, 70.0) for time_us in times])


def old(beside: Bedside, now_us: int = NOW_US) -> tuple[bool, float]:
    (value,) = beside.look((status(),), now_us).values
    return value.old, value.limit_s


@pytest.mark.parametrize(
    ("every_s", "last_s", "expected"),
    [
        (1.0, 10.5, (True, 10.0)),
        (4.0, 10.5, (True, 10.0)),
        (15.0, 14.0, (False, 37.5)),
        (15.0, 37.0, (False, 37.5)),
        (15.0, 38.0, (True, 37.5)),
        (40.0, 59.0, (False, 60.0)),
        (40.0, 61.0, (True, 10.0)),
        (3_600.0, 30.0, (True, 10.0)),
    ],
)
def test_the_limit_follows_what_is_usual(every_s: float, last_s: float, expected: tuple[bool, float]) -> None:
    assert old(bedside(told(every_s, last_s))) == expected


def test_too_few_say_nothing_of_how_often_they_come() -> None:
    assert old(bedside(told(15.0, 14.0, n=3))) == (True, 10.0)
    assert old(bedside(told(15.0, 14.0, n=4))) == (False, 37.5)


def test_one_late_message_changes_nothing() -> None:
    store = told(1.0, 12.0, n=4)
    store.readings.append(reading(HR, NOW_US - 11 * SECOND_US - SECOND_US // 2, 70.0))
    late = reading(HR, NOW_US - 40 * SECOND_US, 70.0)
    assert old(bedside(replace(store, readings=[late, *store.readings]))) == (True, 10.0)


def test_a_device_that_comes_to_tell_more_often_is_old_as_soon_as_any() -> None:
    store = told(15.0, 14.0)
    beside = bedside(store)
    assert old(beside) == (False, 37.5)
    later_us = NOW_US + 90 * SECOND_US
    store.readings += [reading(HR, NOW_US + k * SECOND_US, 70.0) for k in range(80)]
    assert old(beside, later_us + SECOND_US) == (True, 10.0)


def test_limits_and_settings_keep_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counting, "asked", 0)
    limit = replace(HR, channel=replace(HR.channel, role=Role.LIMIT_LOW))
    assert old(bedside(told(15.0, 14.0, of=limit))) == (False, 60.0)
    assert Counting.asked == 0


def test_the_past_is_read_once_for_what_falls_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counting, "asked", 0)
    beside = bedside(told(1.0, 2.0))
    for second in range(120):
        beside.look((status(),), NOW_US + second * SECOND_US)
    assert Counting.asked == 1
