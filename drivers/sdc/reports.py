"""What a device describes and reports, copied out of the library's containers: frozen values of plain types.

Words are those of BICEPS (IEEE 11073-10207): validity Vld, Qst, …; times are microseconds of the device's clock since
1970, or None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric's descriptor. code, unit: 11073-10101 numbers, None where there is none; name: its concept's.

    category: Msrmt, Clc, Set, Preset, Rcmm, Unspec. intermittent: measured now and then. period_s: from one sample to
    the next of a wave, 0 of all others.
    """

    handle: str
    code: int | None
    name: str = ""
    unit: int | None = None
    unit_name: str = ""
    category: str = "Msrmt"
    intermittent: bool = False
    is_text: bool = False
    period_s: float = 0.0
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """An alert condition's descriptor. kind: Phy, Tec, Oth; priority: None, Lo, Me, Hi; sources: handles."""

    handle: str
    code: int | None
    name: str
    kind: str
    priority: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A metric's state. validity "": it has no value at all, not even a reason."""

    handle: str
    value: Decimal | str | None = None
    validity: str = ""
    mode: str = "Real"
    time_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """A wave's state; time_us: of the first sample."""

    handle: str
    samples: tuple[Decimal, ...]
    validity: str = "Vld"
    mode: str = "Real"
    time_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """An alert condition's state. priority "": as described; monitored: All, LoOff, HiOff, None, "" without limits."""

    handle: str
    present: bool
    active: bool = True
    priority: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    monitored: str = ""
    time_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A patient context. association: No, Pre, Assoc, Dis; ids: root of the numbering to the number."""

    handle: str
    association: str
    ids: Mapping[str, str] = field(default_factory=dict)
    family: str = ""
    given: str = ""
    sex: str = ""
    birth_date: str = ""
    category: str = ""
    height_cm: float | None = None
    weight_kg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A location context. parts: facility, building, floor, point of care, room and bed, those that are told."""

    handle: str
    association: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The device's clock when it was asked."""

    time_us: int


State = Value | Samples | Presence | Person | Place | Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """States that came together. kind: what carried them. first: all that there are, when the device is heard first."""

    kind: str
    states: tuple[State, ...] = ()
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Descriptors that are new or changed, and handles that are gone."""

    described: tuple[Metric | Condition, ...] = ()
    gone: tuple[str, ...] = ()
