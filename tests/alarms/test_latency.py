"""How long alarms take to the page: from what pages tell, by the nearest rank."""

import pytest

from alarms.latency import PENDING, WINDOW, Latency, Summary
from collector.clock import Step

T0_US = 1_795_501_123_000_000


def measured(latency: Latency, *milliseconds: int) -> Summary | None:
    for ms in milliseconds:
        latency.shown([latency.sent(T0_US)], T0_US + 1000 * ms)
    return latency.summary()


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert Latency().summary() is None


@pytest.mark.parametrize(
    ("milliseconds", "p50", "p95", "worst"),
    [
        ([700], 0.7, 0.7, 0.7),
        ([200, 900], 0.2, 0.9, 0.9),
        (list(range(100, 0, -1)), 0.050, 0.095, 0.100),
        ([100] * 19 + [5_000], 0.1, 0.1, 5.0),
        ([100] * 18 + [5_000] * 2, 0.1, 5.0, 5.0),
    ],
)
def test_the_values_are_real_measurements(milliseconds: list[int], p50: float, p95: float, worst: float) -> None:
    summary = measured(Latency(), *milliseconds)
    assert summary == Summary(count=len(milliseconds), p50_s=p50, p95_s=p95, worst_s=worst)


def test_each_is_told_on() -> None:
    found: list[float] = []
    measured(Latency(found.append), 200, 900)
    assert found == [0.2, 0.9]


def test_a_page_tells_only_of_what_it_was_sent_and_once() -> None:
    latency = Latency()
    number = latency.sent(T0_US)
    latency.shown([number + 1, 0, -1], T0_US + 1)
    assert latency.summary() is None
    latency.shown([number, number], T0_US + 500_000)
    latency.shown([number], T0_US + 900_000)
    assert latency.summary() == Summary(count=1, p50_s=0.5, p95_s=0.5, worst_s=0.5)


def test_the_window_moves_on() -> None:
    summary = measured(Latency(), 9_000, *[100] * WINDOW)
    assert summary == Summary(count=WINDOW, p50_s=0.1, p95_s=0.1, worst_s=0.1)


def test_what_no_page_tells_of_is_forgotten() -> None:
    latency = Latency()
    first, *_ = [latency.sent(T0_US) for _ in range(PENDING + 1)]
    latency.shown([first], T0_US + 1)
    assert latency.summary() is None


def test_a_clock_that_is_set_measures_nothing() -> None:
    latency = Latency()
    number = latency.sent(T0_US)
    latency.stepped(Step(old_offset_us=0, new_offset_us=5, monotonic_us=0))
    latency.shown([number], T0_US + 1)
    assert latency.summary() is None
    latency.shown([latency.sent(T0_US)], T0_US - 1)
    assert latency.summary() is None
