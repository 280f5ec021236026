"""The machine's own clock: it follows the system clock only in a step that it tells."""

from zoneinfo import ZoneInfo

import pytest

from collector.clock import MachineClock, clock_error_s
from collector.metrics import Metrics
from tests.collector.clocks import T0_US, Clocks

SIZES_S = (3600.0, -3600.0, 0.2, -0.2)


@pytest.mark.parametrize("size_s", SIZES_S)
def test_a_clock_that_was_set_is_followed_once_and_only_when_it_is_asked_for(size_s: float) -> None:
    clocks = Clocks()
    clock = clocks.machine()
    clocks.wait(10)
    assert clock.step() is None
    clocks.set(size_s)
    clocks.wait(1)
    assert clock.utc_us() == T0_US + 11_000_000
    step = clock.step()
    assert step is not None
    assert (step.size_us, step.old_utc_us, step.new_utc_us) == (size_s * 1e6, T0_US + 11_000_000, clocks.wall_us)
    assert clock.utc_us() == clocks.wall_us
    clocks.wait(3600)
    assert clock.utc_us() == clocks.wall_us
    assert clock.step() is None


def test_slewing_is_no_step() -> None:
    clocks = Clocks()
    clock = clocks.machine()
    for _ in range(7200):
        clocks.wait(1, ppm=500)  # the most that the kernel slews
        assert clock.step() is None
    assert clock.utc_us() == clocks.wall_us


def test_small_changes_count_together() -> None:
    clocks = Clocks()
    clock = clocks.machine()
    found = []
    for _ in range(5):
        clocks.set(0.03)
        clocks.wait(1)
        found.append(clock.step())
    (step,) = filter(None, found)
    assert (found.index(step), step.size_us) == (3, 120_000)


def test_a_machine_that_slept_goes_on_with_the_system_clock() -> None:
    clocks = Clocks()
    clock = clocks.machine()
    clocks.set(8 * 3600)  # the monotonic clock has stood still
    step = clock.step()
    assert step is not None
    assert step.size_us == 8 * 3_600_000_000


@pytest.mark.parametrize("times", [2, 3])
def test_a_process_that_is_held_up_between_two_clocks_sees_no_step(times: int) -> None:
    clocks = Clocks()
    waits_s: list[float] = []

    def wall_ns() -> int:
        clocks.wait(waits_s.pop() if waits_s else 0.0)
        return clocks.wall_us * 1000

    clock = MachineClock(wall_ns, lambda: clocks.monotonic_us * 1000)
    waits_s += [0.5] * times
    assert clock.step() is None
    assert clock.utc_us() == clocks.wall_us


def test_a_step_is_measured_where_the_clocks_were_read_together() -> None:
    clocks = Clocks()
    waits_s: list[float] = []

    def wall_ns() -> int:
        clocks.wait(waits_s.pop() if waits_s else 0.0)
        return clocks.wall_us * 1000

    clock = MachineClock(wall_ns, lambda: clocks.monotonic_us * 1000)
    clocks.set(-2.0)
    waits_s += [0.3, 0.0, 0.3]
    step = clock.step()
    assert step is not None
    assert step.size_us == -2_000_000


def test_the_clocks_of_this_machine_agree() -> None:
    clock = MachineClock()
    assert [clock.step() for _ in range(20)] == [None] * 20


@pytest.mark.parametrize(
    ("zone", "offset_s", "wrong_s"),
    [
        ("Asia/Shanghai", 28_812.0, 12.0), ("Asia/Shanghai", -3.0, -3.0), ("Asia/Shanghai", 25_200.0, -3_600.0),
        ("America/New_York", -18_000.0, 0.0), ("UTC", 28_800.0, 28_800.0),
    ],
)  # fmt: skip
def test_a_devices_clock_may_show_the_sites_time(zone: str, offset_s: float, wrong_s: float) -> None:
    assert clock_error_s(offset_s, T0_US, ZoneInfo(zone)) == wrong_s
    metrics = Metrics("OR-1", lambda: T0_US, zone)
    metrics.show_offset("monitor", offset_s)
    assert f'vitalsd_clock_offset_seconds{{bed="OR-1",device="monitor"}} {wrong_s}' in metrics.text().decode()
