"""Values that go into the hypothermia rule and come out of it. Frozen, no I/O. Times are µs since 1970 UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from alarms.temperature import Screened, Site

VERSION = "hypothermia/2"
"""Of the rule; kept with each outcome."""

Spans = tuple[tuple[int, int | None], ...]
"""Times from start to end; None: still."""


class Mode(StrEnum):
    """Belongs to the channel (§2.2 step 6): streamed by a device, entered by hand or episodic, or not known."""

    CONTINUOUS = "continuous"
    SPOT = "spot"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """§2.2 step 7. UNMAPPED: temperatures of unknown site only; UNMONITORED: none that could count."""

    EVENT = "event"
    NO_EVENT = "no_event"
    INDETERMINATE = "indeterminate"
    UNMAPPED = "unmapped"
    UNMONITORED = "unmonitored"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Channel:
    """One thermometer's readings, arrays of shape (n,). `name` tells it from others.

    value: °C, NaN for none; usable: the device does not doubt it.
    """

    name: str
    site: Site
    mode: Mode
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    usable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From into the room to back on the ward, or to the ICU's handover, half-open; `end_us` None: still going on.

    `cooled`: cooled on purpose or on bypass; `ends_us`: when a tube or the patient left (§2.4 step 7); `room`: minute
    of 1970 → °C of the air.
    """

    start_us: int
    end_us: int | None = None
    cooled: Spans = ()
    ends_us: tuple[int, ...] = ()
    room: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """The QC series: minutes with a value, in order, arrays of shape (n,).

    minute: whole minutes since 1970, int64; raw: °C, the bin's median; value: °C, the centred 5-min median; channel:
    place in `Course.channels` of the thermometer that counted.
    """

    minute: NDArray[np.int64]
    raw: NDArray[np.float64]
    value: NDArray[np.float64]
    channel: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of lows: start and end (half-open for a continuous one, its last reading for a spot one), and its minutes.

    `bridged_min`: minutes without a value that are counted in it.
    """

    start_us: int
    end_us: int
    minutes: float
    bridged_min: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """§2.5, on the QC series; nan where there is nothing to say. °C, minutes, °C·h; shares 0 to 1.

    The nadir is that of the rule that was judged: where it is the spot rule, of the spot readings.
    """

    nadir_c: float
    nadir_us: int | None
    below_min: Mapping[float, float]
    """Threshold (36.0, 35.5, 35.0) → minutes below it."""
    auc36: float
    twa36: float
    valid_min: float
    valid_share: float
    """Of the window; nan while it is going on."""
    recovery_min: float
    """From the nadir to the first bin ≥ 36.0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """What the rule says of a window, with its evidence.

    `longest`: the longest run of lows, event or not; `rule`: by which rule it is an event, else which was judged;
    `site`: of the channel that gave most of the run, or of what counted, "" where nothing did. `cooled`: some of the
    window was; then it is out of the numerator, not of the denominator. `screened`: each channel's minutes in the
    window (of a spot channel each reading) with what was excluded and why, in the order of `channels`; `spots`: times
    and values of spot readings that count, in order. `channels`: as given, each in order of time; `modes`: how each was
    judged.
    """

    outcome: Outcome
    rule: Mode
    longest: Run | None
    site: str
    cooled: bool
    series: Series
    spots: Sequence[tuple[int, float]]
    metrics: Metrics
    window: Window
    channels: Sequence[Channel]
    modes: Sequence[Mode]
    screened: Sequence[Screened]
    version: str = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One valid temperature, °C; `at_us`: of a continuous channel the start of its minute."""

    at_us: int
    value: float
    site: Site
