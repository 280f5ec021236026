"""What happened to a patient, as it was decided: the record is written from it, and the truth told. Frozen values.

Times are µs since 1970 UTC, minutes of temperatures count from `Story.zero_us`. None and "" are what nobody has said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from charting.department.mix import Device, Operation, Technique
from charting.department.three import Three

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

Place = Literal["or", "pacu"]
"""In whose record it is written: the anaesthesia record, or the PACU's."""
Awareness = Literal["no", "suspected", "yes", "not_applicable"]
Consciousness = Literal["awake", "drowsy", "sedated"]
Late = Literal["", "no", "yes", "unknown"]
"""What a visit after 72 h was told; unknown: not reached."""
Outcome = Literal["event", "no_event", "indeterminate", "unmapped", "unmonitored"]
Heating = Literal["forced_air", "water", "resistive", "fluid", "radiant", "passive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A patient at an admission (`visit`)."""

    number: str
    visit: str
    name: str
    sex: Literal["male", "female"]
    born: str
    age: int
    weight_kg: float
    height_cm: float
    temporary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """Where he is from `at_us` on."""

    bed: str
    area: str
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    role: str
    account: str
    name: str
    in_us: int
    out_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tube:
    """An airway device. `cause`: of events.csv. `out_us`: None where nobody has written that it came out."""

    device: Device
    in_us: int
    planned: Three = True
    cause: str = ""
    out_us: int | None = None
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Somebody has said at `said_us` whether he goes to the ICU; what is said later replaces it."""

    planned: bool
    said_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding, entered at `said_us` by somebody with `role`."""

    yes: bool
    said_us: int
    at_us: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    role: str = "anaesthetist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The visit before; `signed_us`: when it was finished, None: never."""

    visit_us: int
    signed_us: int | None
    icu_planned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """The visit after 24 h, and (`late_us`) the one after 72 h."""

    visit_us: int
    awareness: Awareness
    consciousness: Consciousness
    vas: float
    late_us: int | None = None
    hoarse: Late = ""
    nerve: Late = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analgesia:
    """Run by anaesthesia. `vas`: at rest after 24 h; None: nobody has asked, and the follow-up stays unsigned."""

    route: Literal["pcia", "pcea", "pcna"]
    started_us: int
    asked_us: int
    vas: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    code: str
    dose: float
    unit: str
    route: str
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fluid:
    """`group` as in charting.trail.contents.Volume."""

    code: str
    group: str
    way: Literal["in", "out"]
    ml: float
    start_us: int
    end_us: int | None
    place: Place = "or"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmth:
    device: Heating
    start_us: int
    end_us: int
    place: Place = "or"
    ml: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What somebody read off and charted by hand: a temperature with its site, or another signal of signals.csv."""

    time_us: int
    value: float
    site: str
    place: Place
    signal: str = "temp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """What a thermometer said wrongly, from a minute on for so many. It changes no answer.

    warm_up: it starts at `size` and nears the truth; out: it falls towards the room; lying: it falls to `size` and
    stays there; spike: one minute at `size`; step: off by `size`; hole: nothing.
    """

    kind: Literal["warm_up", "out", "lying", "spike", "step", "hole"]
    minute: int
    minutes: int
    size: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A thermometer that was in, or on, the patient from a minute to another.

    `values`: what it would say by minute (spot: at `at`) without artefacts, °C.
    """

    bed: str
    code: str
    site: str
    first: int
    values: tuple[float, ...]
    source: str = "T1"
    at: tuple[int, ...] = ()
    device: str = "monitor"
    fahrenheit: bool = False
    doubted: bool = False
    artefacts: tuple[Artefact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperature:
    """`outcome`: what clinical.md §2.2 must say of it. `monitored`: a valid one in the room. `pacu_first_c`: the first
    valid one after arrival in the PACU; None: nobody has measured. `kind`: of which design it is.
    """

    kind: str
    outcome: Outcome
    monitored: bool
    pacu_first_c: float | None = None
    probes: tuple[Probe, ...] = ()
    readings: tuple[Reading, ...] = ()
    room_c: float = 22.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`events`: the event model of clinical.md §0 as far as it was written down, but for tubes and the ICU plan.

    `planned`: the technique that the visit before had in mind. `signed_us`: when its author (`author`) signed the
    anaesthesia record; None: not yet. `signs`: what was charted that suggests the findings `suspected`. `room_to`,
    `pacu_to`: where he went; "" where nobody wrote it. `merged`: who he turned out to be, and when that was told.
    """

    case: str
    person: Person
    operation: Operation
    techniques: tuple[Technique, ...]
    planned: Technique
    asa: str
    emergency: bool
    opened_us: int
    opened_by: str
    beds: tuple[Bed, ...]
    closed_us: int
    zero_us: int
    events: Mapping[str, int]
    crew: tuple[Presence, ...]
    author: str
    temperature: Temperature
    signed_us: int | None = None
    is_test: bool = False
    discarded_us: int | None = None
    merged: tuple[tuple[int, Person], ...] = ()
    tubes: tuple[Tube, ...] = ()
    plans: tuple[Plan, ...] = ()
    findings: Mapping[str, Found] = field(default_factory=dict)
    before: Before | None = None
    after: After | None = None
    analgesia: Analgesia | None = None
    drugs: tuple[Drug, ...] = ()
    fluids: tuple[Fluid, ...] = ()
    warmth: tuple[Warmth, ...] = ()
    signs: tuple[Reading, ...] = ()
    suspected: frozenset[str] = frozenset()
    room_to: str = ""
    pacu_to: str = ""
    cancel_reason: str = ""

    @property
    def who(self) -> Person:
        """The patient as he is known in the end."""
        return self.merged[-1][1] if self.merged else self.person

    @property
    def counts(self) -> bool:
        return not self.is_test and self.discarded_us is None

    @property
    def is_ga(self) -> bool:
        return any(technique.ga for technique in self.techniques)

    def at(self, key: str) -> int | None:
        return self.events.get(key)

    def stating(self, key: str, found: Found | None) -> "Story":
        """With a finding; None: nobody states it."""
        return self if found is None else replace(self, findings={**self.findings, key: found})
