"""What filling says of a record: cells, gaps and excursions. Frozen values, no I/O. Times are µs since 1970 UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CellState(StrEnum):
    """charted: stands in the record; held: offered, a person must confirm it; empty: readings came, none is usable."""

    CHARTED = "charted"
    HELD = "held"
    EMPTY = "empty"


class Cause(StrEnum):
    """Why a signal is missing."""

    CABLE = "cable"
    DEVICE_OFF = "device_off"
    NO_PATIENT = "no_patient"
    NETWORK = "network"
    GATEWAY_DOWN = "gateway_down"
    ARTEFACT = "artefact"
    HELD = "held"
    """The device said that its patient is another: a person has not yet decided."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """The valid readings of one whole minute: their median, in the cell's unit, and how many they were."""

    minute_us: int
    median: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What the devices say of one signal at one mark of the grid.

    `signal` is a row of signals.csv. `time_us`: the mark, or the value's own time (a cuff pressure, a temperature).
    `value` in the UCUM `unit`, None where state is empty. `rule`: the rule that holds or doubts it, or left most out
    of an empty one. `dropped`: rule → readings of the window that it left out. `minutes`: what the value is the median
    of; of an episodic value the minute of the reading. `code`, `device`, `source`, `site`: the channel that gave most
    of the minutes. `filter`: names and versions of all that was applied.
    """

    signal: str
    mark_us: int
    time_us: int
    value: float | None
    unit: str
    state: CellState = CellState.CHARTED
    rule: str = ""
    code: str = ""
    device: str = ""
    source: str = ""
    site: str = ""
    minutes: tuple[Minute, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    demo: bool = False
    filter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A signal was missing in [start_us, end_us), whole minutes (a cuff: from when it was due).

    `certain`: the cause was told by a device or by the gateway; else it is the likely one. `evidence`: the rule's name
    for an artefact, else what was seen, in English, for a person.
    """

    signal: str
    start_us: int
    end_us: int
    cause: Cause
    certain: bool = True
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excursion:
    """Of a cell's window, what its median hides: values of valid readings beyond a limit for at least 60 s."""

    signal: str
    mark_us: int
    start_us: int
    end_us: int
    extreme: float
    unit: str
