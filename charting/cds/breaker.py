"""Whoever fails again and again is left alone for a while. Any thread may call."""

from collections.abc import Callable
from threading import Lock

FAILURES = 5
PAUSE_US = 60_000_000


class Breaker:
    """Of one service. After FAILURES in a row it pauses; then one is tried, and each further failure pauses again."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._lock = Lock()
        self._failures = 0
        self._until_us = 0

    @property
    def pauses(self) -> bool:
        with self._lock:
            since_us = self._until_us - PAUSE_US
            return since_us <= self._now_us() < self._until_us  # a clock that was set back pauses nobody

    def good(self) -> None:
        with self._lock:
            self._failures = self._until_us = 0

    def bad(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._until_us = self._now_us() + PAUSE_US
