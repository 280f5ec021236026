"""What a line of data holds (fact sheet small-devices §7)."""

from dataclasses import dataclass

from collector.lines import Line

MAX_LINE_BYTES = 256
"""The longest line known, a heading, has 90 characters; more than twice that is no line and is not kept."""
SECOND_US = 1_000_000
GAP_US = 10 * SECOND_US
"""A line every 2 s: one whose clock is further from the line before is believed when the next one follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A line of data. `time_us`: the device's clock; values as sent, without their asterisks; `codes`: of the status.

    beyond_spo2, beyond_pulse: an asterisk stands behind the value, which is beyond its alarm limits.
    """

    line: Line
    time_us: int
    spo2: str
    beyond_spo2: bool
    pulse: str
    beyond_pulse: bool
    amplitude: str
    codes: tuple[str, ...]

    def follows(self, before: "Reading") -> bool:
        """Whether it is plausibly the next line of the same device."""
        return 0 <= self.time_us - before.time_us <= GAP_US
