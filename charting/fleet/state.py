"""What is known of the fleet at one time: frozen values. Times are µs since 1970 UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from alarms.board import Alarm

SECOND_US = 1_000_000
HALTED_US = 30 * SECOND_US
"""What was looked at so long ago is not of now: the look itself stands still."""


class Level(StrEnum):
    """How much a bed needs somebody, the worst first."""

    BAD = "bad"
    WARN = "warn"
    NOTE = "note"

    @property
    def rank(self) -> int:
        return list(Level).index(self)


class Heard(StrEnum):
    """Whether a bed's gateway is heard. UNREAD: what is stored of it cannot be read; UNKNOWN: nobody has looked yet, or
    the watch stands still; BEHIND: it is heard again, what it told meanwhile is on its way.
    """

    HEARD = "heard"
    BEHIND = "behind"
    SILENT = "silent"
    UNREAD = "unread"
    UNKNOWN = "unknown"
    NEVER = "never"


class Link(StrEnum):
    """Whether a device is received. LOST: its gateway says that it is not; OFF: the same where no case is open, as of
    one that is switched off; GONE: it tells nothing more, while others of the bed do, and nothing is told of its link;
    UNKNOWN: its gateway is not heard.
    """

    RECEIVED = "received"
    LOST = "lost"
    OFF = "off"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that a gateway told of itself, and when. `old`: too long ago to be taken for now."""

    value: float
    at_us: int
    old: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """`fault`: code of why it is not received; `since_us`: since when; `last_us`: of its last value.

    `offset_s`: its clock minus its gateway's, read in UTC or in the site's zone, whichever is nearer. Of the last
    report, None where it tells none: `frames`, `rejected` (runs of bytes that are no frame), `rejected_bytes`,
    `restarts` (of its driver).
    """

    name: str
    model: str
    link: Link
    fault: str = ""
    since_us: int | None = None
    last_us: int | None = None
    offset_s: Figure | None = None
    frames: int | None = None
    rejected: int | None = None
    rejected_bytes: int | None = None
    restarts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """What it told of itself last; None: it has not, or its last report does not hold it.

    `reported_us`: of the last report, `old`: it is too old. `skew`: by how many minor versions it is ahead of this
    service; None: not known, or another major version.
    """

    reported_us: int | None = None
    old: bool = False
    version: str = ""
    skew: int | None = None
    uptime_s: Figure | None = None
    memory_bytes: Figure | None = None
    processor_pct: Figure | None = None
    disk_free_bytes: Figure | None = None
    disk_bytes: Figure | None = None
    journal_bytes: Figure | None = None
    pending: Figure | None = None
    oldest_s: Figure | None = None
    clock_error_s: Figure | None = None
    clock_drift_ppm: Figure | None = None

    @property
    def started_us(self) -> int | None:
        """When its daemon began, as it told."""
        up = self.uptime_s
        return None if up is None else up.at_us - round(up.value * SECOND_US)

    @property
    def free(self) -> float | None:
        """Of the disk, 0 to 1."""
        if self.disk_free_bytes is None or self.disk_bytes is None or not self.disk_bytes.value:
            return None
        return self.disk_free_bytes.value / self.disk_bytes.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """`key`: of the words, with `said` in it; `alarm`: the condition that it is."""

    level: Level
    key: str
    said: Mapping[str, str] = field(default_factory=dict)
    since_us: int | None = None
    alarm: Alarm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BedState:
    """`configured`: in this service's file; `used`: a case is open there; `last_us`: of the newest of all that it told.

    `synchronised`: its clock, None where that is not known; `saved`: what it receives is kept on its disk.
    """

    bed: str
    configured: bool
    used: bool
    heard: Heard
    heard_us: int | None
    last_us: int | None
    gateway: Gateway
    devices: Sequence[DeviceState]
    synchronised: bool | None
    saved: bool | None
    troubles: Sequence[Trouble]

    @property
    def level(self) -> Level | None:
        """Of the worst; None: nothing is wrong that is known."""
        return self.troubles[0].level if self.troubles else None
