"""The site's time: what is now, and how a time is written for people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def local(at_us: int, zone: str) -> datetime:
    """`at_us`: µs since 1970 UTC; `zone`: an IANA name."""
    return (_EPOCH + timedelta(microseconds=at_us)).astimezone(ZoneInfo(zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteClock:
    """`now_us`: µs since 1970 UTC; `zone`: an IANA name."""

    now_us: Callable[[], int]
    zone: str

    def local(self, at_us: int) -> datetime:
        return local(at_us, self.zone)

    def written(self, at_us: int) -> str:
        """Local date and time to the minute."""
        return f"{self.local(at_us):%Y-%m-%d %H:%M}"

    def day(self, at_us: int) -> str:
        """The local day as YYYYMMDD."""
        return f"{self.local(at_us):%Y%m%d}"
