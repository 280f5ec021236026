"""Time: UTC inside, integer microseconds; the machine's own clock, and the clock of a recording."""

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RESTART_US = 60_000_000
"""A device's ticks that fall back by more than this have started anew (fact sheet philips-intellivue §9)."""


def from_datetime(moment: datetime) -> int:
    """µs since 1970 UTC. Raises ValueError for a naive time."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)


def rfc3339(time_us: int) -> str:
    """RFC 3339 UTC with microseconds: 2026-11-24T00:21:36.000000Z."""
    return to_datetime(time_us).isoformat(timespec="microseconds").replace("+00:00", "Z")


class MachineClock:
    """A UTC anchor plus the machine's monotonic clock: a step of the system clock does not move it."""

    def __init__(self) -> None:
        self._anchor_us = time.time_ns() // 1000 - time.monotonic_ns() // 1000

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def utc_us(self) -> int:
        return self._anchor_us + time.monotonic_ns() // 1000


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
