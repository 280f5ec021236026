"""What was measured in a period: frozen values, as they are kept and given to programs (charting.inspection.report).

Times are µs since 1970 UTC, days are the site's (ISO). What could not be measured is None, or not in its list, and
stands among the report's `unmeasured`.
"""

from dataclasses import dataclass, field

from charting.inspection.spans import Tally
from charting.inspection.trends import Trend


@dataclass(frozen=True, slots=True, kw_only=True)
class DayState:
    """Seconds of a day on which a gateway was down, told nothing, or was not in service; it was up for the rest."""

    day: str
    down_s: float
    silent_s: float
    outside_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A measure by day: the least and the largest of all, and of the last day the mean; how it goes."""

    low: float
    high: float
    last: float
    trend: Trend | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Of the journal's file system, bytes. `lows`: of each day the lowest free. `full_in_days`: as it went so far."""

    size: float
    lowest: float
    last: float
    lows: tuple[tuple[str, float], ...]
    trend: Trend | None
    full_in_days: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalState:
    """`oldest_s`: age of the oldest entry that a server lacked. `behind_s`: how much older than all the time for which
    the server was not reached or the gateway was down since then. Then how long the disk took nothing, the file was
    nearly full, and data were given up.
    """

    largest_bytes: float | None
    pending: float | None
    oldest_s: float | None
    behind_s: float | None
    unsaved: Tally
    nearly_full: Tally
    full: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """`steps`: how often the system clock was set, and by how much at most. `error_s`: the kernel's bound at its
    largest. `drift_ppm`: mean of the day on which it was farthest from 0.
    """

    unsynchronised: Tally
    steps: int
    largest_step_s: float
    error_s: float | None
    drift_ppm: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """A server that a bed did not reach while other beds did: its own network."""

    sink: str
    alone: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """How often the program began anew, and on the day on which it did most often ("": never)."""

    times: int
    day: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """`since_us`: first heard of ever; None: never. `watched_s`: of the period, since then. `share`: up, of the time of
    which it is known; None: of none.
    """

    bed: str
    since_us: int | None
    watched_s: float
    down: Tally
    silent: Tally
    share: float | None
    starts: Starts
    days: tuple[DayState, ...]
    version: str
    memory: Level | None
    processor: Level | None
    disk: Disk | None
    journal: JournalState
    clock: ClockState
    unreached: tuple[Unreached, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Why a device was not received (a code VND_VITALSD_LINK_…), while its gateway is known to have run."""

    cause: str
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedDay:
    day: str
    frames: float
    rejected: float
    rejected_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """`lost`: it went silent in a case and came back in it. `cases`: at its bed; `missed`: those in which it was not
    received at all. Frames, rejected and restarts: None where no gateway counts them. `worst`: the days with the most
    rejected runs. `offset_s`: its clock minus ours, read in UTC or in
    the site's zone, whichever is nearer; the last one.
    """

    bed: str
    device: str
    manufacturer: str
    model: str
    serial: str
    software: str
    gaps: tuple[Gap, ...]
    lost: Tally
    cases: int
    missed: int
    frames: float | None
    rejected: float | None
    rejected_bytes: float | None
    worst: tuple[RejectedDay, ...]
    restarts: float | None
    offset_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A server that at least half of the beds did not reach at the same time."""

    sink: str
    start_us: int
    end_us: int
    beds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """`beds`: that told of it; first and last."""

    version: str
    beds: tuple[str, ...]
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A technical condition that stood at the end, since `since_us`, and for so long as its gateway was heard of."""

    bed: str
    device: str
    source: str
    code: str
    priority: str
    text: str
    since_us: int
    stood_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Of backups, or of trial restores. `without_s`: the longest time of the period without one that was good."""

    times: int
    failed: int
    last_ok_us: int | None
    last_bytes: int | None
    without_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """How many browsers showed pages of a version, and when the last was seen."""

    version: str
    browsers: int
    seen_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Of whom, and until when it holds."""

    name: str
    until_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`name` with its schema. Rows as the server estimates them; `dead`: of which nobody needs any more."""

    name: str
    table_bytes: int
    index_bytes: int
    rows: int
    dead: int
    sequential: int
    by_index: int
    vacuumed_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypertable:
    """`uncompressed_us`: up to where its oldest chunk that is not compressed reaches."""

    name: str
    size_bytes: int
    chunks: int
    compressed: int
    compresses: bool
    uncompressed_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`text`: its beginning, without the texts in it."""

    text: str
    calls: int
    mean_ms: float
    total_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """`edition`: sqlite, postgresql, apache or timescale. `statements` None: the server keeps no statistics of
    them; `sees_all`: those of other logins, too.

    `grown_per_day`: bytes of the period's chunks a day. `found`: share of blocks found in memory, of so many asked for.
    `age`: of the oldest transaction number, and from which on the server cleans up by itself. `parked`: rows in the
    period that no table would take.
    """

    edition: str
    version: str
    size_bytes: int
    grown_per_day: float | None
    tables: tuple[Table, ...]
    hypertables: tuple[Hypertable, ...]
    statements: tuple[Statement, ...] | None
    sees_all: bool
    found: float | None
    asked: int
    connections: int | None
    most_connections: int | None
    age: int | None
    most_age: int | None
    parked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """`skew`: how long gateways ran more than one version at once, and which. `overdue`: periods of performance reports
    that were due and are not there. `unplanned`: years of the period of which no public holidays are known.
    """

    gateways: tuple[Gateway, ...] = ()
    devices: tuple[Device, ...] = ()
    outages: tuple[Outage, ...] = ()
    versions: tuple[Version, ...] = ()
    skew: Tally = field(default_factory=Tally)
    skewed: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    backups: Runs | None = None
    restores: Runs | None = None
    pages: tuple[Pages, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    database: Database | None = None
    overdue: tuple[str, ...] = ()
    unplanned: tuple[int, ...] = ()
