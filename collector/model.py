"""What a device says and what is stored of it: frozen values, no I/O (design: types that carry the design).

Times are integer microseconds. `_us` of an absolute time counts from 1970-01-01T00:00:00Z.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Quality(StrEnum):
    """MeasurementValidity of IEEE 11073-10207. A missing value carries one of these; it is never 0 or NaN."""

    VALID = "valid"
    QUESTIONABLE = "questionable"
    INVALID = "invalid"
    CALIBRATING = "calibrating"
    OVERFLOW = "overflow"
    UNDERFLOW = "underflow"
    NOT_AVAILABLE = "not_available"


class Role(StrEnum):
    MEASURED = "measured"
    SET = "set"
    LIMIT_LOW = "limit_low"
    LIMIT_HIGH = "limit_high"


class AlarmType(StrEnum):
    PHYSIOLOGICAL = "physiological"
    TECHNICAL = "technical"


class Priority(StrEnum):
    """Priorities of IEC 60601-1-8, as the device gave them; never lowered."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFORMATION = "information"

    @property
    def rank(self) -> int:
        """0 is the highest."""
        return _RANKS[self]


_RANKS = {priority: rank for rank, priority in enumerate(Priority)}


class AlarmPhase(StrEnum):
    START = "start"
    CONTINUE = "continue"
    END = "end"


class AssociationState(StrEnum):
    ESTABLISHED = "established"
    REFUSED = "refused"
    ENDED = "ended"


UNMAPPED = "MDC_UNMAPPED"
"""The code of a parameter that nobody knows; captured and counted all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Identity of a signal within one device.

    `code` is a refid of codes.csv, a driver's `VND_<MAKER>_<NAME>` or UNMAPPED; `source` the device's own id for the
    signal; `unit` a UCUM code ("1" for a pure number, "" for text); `site` a body site where the code does not fix it.
    """

    code: str
    source: str
    unit: str
    role: Role = Role.MEASURED
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One whole message was understood. Comes before the events that it carried.

    `offset` and `length` locate it in the input as received (escapes and flags included). `tick_us` is the device's
    own running time, or frame number × nominal period where the protocol has none; only differences mean something.
    None: the frame says nothing of time. `location`: where the patient lies of whom it speaks, in the device's words,
    on a connection that speaks for several. `digest` (63 bits), of a message that is sent again until it is
    acknowledged: the same number, the same message.
    """

    offset: int
    length: int
    kind: str
    tick_us: int | None = None
    location: str = ""
    digest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Bytes that are no valid message. `reason` is one of a driver's few fixed words, used as a metric label."""

    offset: int
    length: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One value of one channel at one time.

    `value` is in the channel's unit, in the form that the device sent; None means "no value" and `quality` says why.
    `repeat`: a measurement that the device merely sends again. `standing`: one that the device showed when it was first
    heard, and of which it does not tell when it was. `device_time_us`: the device's own wall clock time of an episodic
    value (its zone unknown, the digits taken as UTC), None where it told none.
    """

    channel: Channel
    value: float | str | None
    quality: Quality = Quality.VALID
    demo: bool = False
    repeat: bool = False
    standing: bool = False
    device_time_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """A run of samples without a gap inside it.

    `data`: raw counts as little-endian int32. Value in `channel.unit` = count × scale + offset.
    `gap_samples`: sample periods missing between the end of this channel's last piece and this one; 0 continues it
    exactly, None is not known (first piece, lost frame, link restarted).
    `start_us`: time of the first sample relative to the frame that carried it (usually ≤ 0).
    Only what the device sent as samples is in it: control codes and invalid marks split the run.
    """

    channel: Channel
    rate_hz: float
    data: bytes
    scale: float = 1.0
    offset: float = 0.0
    quality: Quality = Quality.VALID
    demo: bool = False
    gap_samples: int | None = None
    start_us: int = 0

    @property
    def counts(self) -> NDArray[np.int32]:
        return np.frombuffer(self.data, dtype="<i4")

    @property
    def values(self) -> NDArray[np.float64]:
        """Samples in `channel.unit`, shape (n,)."""
        return self.counts.astype(np.float64) * self.scale + self.offset


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCondition:
    """An alarm condition of the device, in the terms of IEC 60601-1-8.

    `source` is the device's own id of the condition, the same from start to end; `text` as sent; `device_priority` the
    device's own word or number for the priority. `location`: as Frame has it, of one that stood in an earlier dialogue
    on a connection that speaks for several; it is no part of the condition.
    """

    source: str
    type: AlarmType
    priority: Priority
    phase: AlarmPhase
    code: str = UNMAPPED
    text: str = ""
    device_priority: str = ""
    demo: bool = False
    device_time_us: int | None = None
    location: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceIdentity:
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    software: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientIdentity:
    """What the device says of its patient. Journaled, never logged.

    `ids` maps the device's word for an id ("patient_id", "encounter_id", …) to the id. `state` is the device's word
    (admitted, pre_admitted, discharged, empty).
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    family: str = ""
    given: str = ""
    sex: str = ""
    birth_date: str = ""
    category: str = ""
    height_cm: float | None = None
    weight_kg: float | None = None
    state: str = ""

    @property
    def name(self) -> str:
        """Family and given name as told; empty where there is none."""
        return " ".join(filter(None, (self.family.strip(), self.given.strip())))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClock:
    """The device's wall clock as it told it in the frame before this event; digits taken as UTC."""

    time_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """The dialogue has been established, refused or ended, with the reason in the protocol's own words."""

    state: AssociationState
    reason: str = ""


Event = (
    Frame
    | Rejected
    | Observation
    | Waveform
    | AlarmCondition
    | DeviceIdentity
    | PatientIdentity
    | DeviceClock
    | Association
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A channel of one device at one bed: what a stored value belongs to."""

    bed: str
    device: str
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A stored value: `value` a finite number or None, `text` a text or None, never both."""

    series: Series
    time_us: int
    value: float | None
    text: str | None
    quality: Quality
    demo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WavePiece:
    """A stored run of samples; `data`, `scale` and `offset` as in Waveform."""

    series: Series
    start_us: int
    rate_hz: float
    data: bytes
    scale: float
    offset: float
    quality: Quality
    demo: bool

    @property
    def n(self) -> int:
        return len(self.data) // 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A stored change of an alarm condition: the store keeps onset and end of each (bed, device, source, onset)."""

    bed: str
    device: str
    time_us: int
    alarm: AlarmCondition


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A stored identity: what a device said of itself or of its patient at a time."""

    bed: str
    device: str
    time_us: int
    identity: DeviceIdentity | PatientIdentity


Entry = Reading | WavePiece | Condition | Identity
