"""The state of a bed's alarms as far as we know it: what devices and the gateway have told, never more. Pure.

A device's priority stays as it gave it; nothing is delayed, silenced or cleared for it. While its link is down what it
told last is unknown, not over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from collector.model import AlarmCondition, Condition


class Presence(StrEnum):
    """unknown: it was present when its device was last heard."""

    PRESENT = "present"
    UNKNOWN = "unknown"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A person has seen it on our page: it stays where it is, and nothing reaches the device."""

    by: str
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm condition from its onset on. Times are µs since 1970 UTC, of the gateway's clock.

    `alarm`: as its device told it last; `highest`: no later change was told with a higher priority than it.
    """

    bed: str
    device: str
    alarm: AlarmCondition
    onset_us: int
    told_us: int
    presence: Presence
    since_us: int
    """Since when it is in this presence."""
    seen: Seen | None = None


class Board:
    """One bed's alarms. `hear` and `link` return what has changed by them, at once."""

    def hear(self, condition: Condition) -> Sequence[Alarm]:
        raise NotImplementedError

    def link(self, device: str, *, up: bool, at_us: int) -> Sequence[Alarm]:
        """The link of a device came up or went down."""
        raise NotImplementedError

    def see(self, device: str, source: str, onset_us: int, seen: Seen) -> Sequence[Alarm]:
        raise NotImplementedError

    def standing(self) -> Sequence[Alarm]:
        """Present and unknown ones: highest priority first, then the newest."""
        raise NotImplementedError

    def ended(self) -> Iterable[Alarm]:
        """Those that are over, the newest first, at most so many as are kept."""
        raise NotImplementedError
