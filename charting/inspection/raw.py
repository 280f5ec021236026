"""What an inspection reads of the stores, before anything is made of it: frozen values. Times are µs since 1970 UTC."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from charting.quality.periods import Period
from collector.health import Health
from collector.model import AlarmPhase

SILENT_S = 900.0
"""A gateway that tells nothing of itself for longer: of three reports in a row none has come."""

DAILY = (
    Health.MEMORY, Health.PROCESSOR, Health.DISK_FREE, Health.DISK_SIZE, Health.JOURNAL_SIZE, Health.JOURNAL_PENDING,
    Health.JOURNAL_OLDEST, Health.CLOCK_ERROR, Health.CLOCK_DRIFT, Health.FRAMES, Health.REJECTED,
    Health.REJECTED_BYTES, Health.RESTARTS,
)  # fmt: skip
STEP = "VND_VITALSD_CLOCK_STEP"
OFFSET = "VND_VITALSD_CLOCK_OFFSET"

SOURCES = r"^(gateway|clock-sync|journal-unsaved|journal-nearly-full|journal-full|(link|sink):.*)$"
"""Of the gateway's own conditions those of which the times are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When a gateway told of itself: first ever; in the period first and last, None: never in it."""

    bed: str
    ever_us: int
    first_us: int | None
    last_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    bed: str
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """How often a gateway's program began on a day of the site's; without the first time in the period."""

    bed: str
    day: date
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Readings of one signal on a day of the site's: how many, the least, the largest, their sum.

    `about`: the device, or the gateway itself.
    """

    bed: str
    about: str
    code: str
    day: date
    n: int
    low: float
    high: float
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRun:
    """A gateway told this version from the first to the last of these times, and none between."""

    bed: str
    version: str
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """The device's clock minus ours, s; the digits of its clock taken as UTC."""

    bed: str
    device: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Of a condition of the gateway's own."""

    bed: str
    source: str
    at_us: int
    phase: AlarmPhase
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A technical condition of which no end was told; as it was told last. `since_us`: its beginning."""

    bed: str
    device: str
    source: str
    since_us: int
    priority: str
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a device said of itself."""

    bed: str
    device: str
    manufacturer: str
    model: str
    serial: str
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A case at a bed; `end_us` None: it is open."""

    bed: str
    start_us: int
    end_us: int | None


class Store(Protocol):
    """Where series and conditions of the beds are. A period's start is in it, its end is not."""

    def heard(self, period: Period) -> Sequence[Heard]: ...

    def told(self, period: Period, beds: Sequence[str]) -> Collection[str]:
        """Those of these beds of which there is any reading."""

    def silences(self, period: Period) -> Sequence[Silence]:
        """Longer than SILENT_S, between two readings of the period."""

    def starts(self, period: Period, zone: str) -> Sequence[Starts]:
        """Days on which there was one."""

    def days(self, period: Period, zone: str) -> Sequence[Day]:
        """Of DAILY and STEP."""

    def versions(self, period: Period) -> Sequence[VersionRun]: ...

    def offsets(self, period: Period) -> Sequence[Offset]:
        """The last one of each device."""

    def changes(self, period: Period) -> Sequence[Change]:
        """Of SOURCES, of each source in the order in which they came, the last one before the period first."""

    def standing(self, end_us: int) -> Sequence[Standing]: ...

    def identities(self, end_us: int) -> Sequence[Told]: ...

    def dropped_us(self) -> int | None:
        """Up to where readings are no longer kept; None: nothing was dropped."""
