"""A clock that a test sets."""

from tests.journal.entries import T0_US


class Clock:
    """Stands at `at_us` until somebody moves it."""

    def __init__(self, at_us: int = T0_US) -> None:
        self.at_us = at_us

    def now_us(self) -> int:
        return self.at_us

    def go(self, seconds: float) -> None:
        self.at_us += round(seconds * 1_000_000)
