"""A system clock and a monotonic clock that a test moves by hand."""

from dataclasses import dataclass

from collector.clock import MachineClock

T0_US = 1_795_501_123_400_000
"""2026-11-24T06:18:43.4Z."""


@dataclass(slots=True)
class Clocks:
    """Both in µs. Time passes on both; only the system clock can be set."""

    wall_us: int = T0_US
    monotonic_us: int = 77_000_123

    def machine(self) -> MachineClock:
        return MachineClock(lambda: self.wall_us * 1000, lambda: self.monotonic_us * 1000)

    def wait(self, seconds: float, ppm: float = 0.0) -> None:
        """ppm: by how much NTP slews, which the kernel applies to both clocks alike."""
        us = round(seconds * (1e6 + ppm))
        self.wall_us += us
        self.monotonic_us += us

    def set(self, seconds: float) -> None:
        self.wall_us += round(seconds * 1e6)
