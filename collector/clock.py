"""Time: UTC inside, integer microseconds; the machine's own clock, and the clock of a recording."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVER_US = 4_000_000_000_000_000
"""The year 2096: the end of a period without one. What a clock that was set back has written lies ahead of now."""
RESTART_US = 60_000_000
"""A device's ticks that fall back by more than this have started anew (fact sheet philips-intellivue §9)."""

STEP_US = 100_000
"""A system clock that is further from ours was set. NTP's slewing moves the monotonic clock as well, so that only steps
show; NTP steps from 128 ms, and reading two clocks errs by far less."""

_READS = 3
_TOGETHER_US = 10_000
"""Clocks that were not read within this time are not compared: the process was held up between the two."""


def from_datetime(moment: datetime) -> int:
    """µs since 1970 UTC. Raises ValueError for a naive time."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def clock_error_s(offset_s: float, at_us: int, zone: tzinfo) -> float:
    """By how much a device's clock is wrong that was measured with its digits taken as UTC (model.DeviceClock): it may
    as well show the site's time; the nearer of both.
    """
    ahead = to_datetime(at_us).astimezone(zone).utcoffset() or timedelta()
    return min(offset_s, offset_s - ahead.total_seconds(), key=abs)


def to_datetime(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)


def rfc3339(time_us: int) -> str:
    """RFC 3339 UTC with microseconds: 2026-11-24T00:21:36.000000Z."""
    return to_datetime(time_us).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The system clock was set. Offsets: what added to the monotonic clock gave UTC before, and gives it now.

    `monotonic_us`: when it was found. A machine that slept shows the same: its monotonic clock stood still.
    """

    old_offset_us: int
    new_offset_us: int
    monotonic_us: int

    @property
    def size_us(self) -> int:
        """New minus old: negative where time went back."""
        return self.new_offset_us - self.old_offset_us

    @property
    def old_utc_us(self) -> int:
        return self.old_offset_us + self.monotonic_us

    @property
    def new_utc_us(self) -> int:
        return self.new_offset_us + self.monotonic_us


class MachineClock:
    """A UTC anchor plus the machine's monotonic clock: a step of the system clock moves it only through `step`."""

    def __init__(
        self, wall_ns: Callable[[], int] = time.time_ns, monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._anchor_us, _ = self._compared()

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        return self._monotonic_ns() / 1e9

    def utc_us(self) -> int:
        return self._anchor_us + self._monotonic_ns() // 1000

    def step(self) -> Step | None:
        """Follow the system clock if it was set since the last call; None where it was not."""
        offset_us, within_us = self._compared()
        if within_us > _TOGETHER_US or abs(offset_us - self._anchor_us) <= STEP_US:
            return None
        step = Step(old_offset_us=self._anchor_us, new_offset_us=offset_us, monotonic_us=self._monotonic_ns() // 1000)
        self._anchor_us = offset_us
        return step

    def _compared(self) -> tuple[int, int]:
        """System clock minus monotonic clock, and within which time both were read, µs: the closest of some reads."""
        reads = []
        for _ in range(_READS):
            before_ns, wall_ns, after_ns = self._monotonic_ns(), self._wall_ns(), self._monotonic_ns()
            reads.append((after_ns - before_ns, wall_ns - (before_ns + after_ns) // 2))
        within_ns, offset_ns = min(reads)
        return offset_ns // 1000, within_ns // 1000


class RecordingClock:
    """Arrival times of a recording: start plus the position that the device's ticks give, never the wall clock."""

    def __init__(self, start_us: int) -> None:
        self.utc_us = start_us
        self._base_us: int | None = None

    def tick(self, tick_us: int | None) -> None:
        """A frame with these ticks has come; None leaves the position where it is."""
        if tick_us is None:
            return
        if self._base_us is None or self._base_us + tick_us < self.utc_us - RESTART_US:
            self._base_us = self.utc_us - tick_us
        self.utc_us = self._base_us + tick_us
