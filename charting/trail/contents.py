"""What an item of a record says: frozen values. Times are µs since 1970 UTC; `kind` tells them apart when stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A term of a code library, as it was when it was chosen: the record stays readable when the library changes."""

    library: str
    version: str
    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Who the patient is, as known at that time. Empty: not known. `birth_date` is ISO; `age` as told without one.

    `temporary`: the name that a nameless patient is called by (急诊-日期-序号).
    """

    number: str = ""
    visit: str = ""
    temporary: str = ""
    name: str = ""
    sex: Literal["", "male", "female", "other"] = ""
    birth_date: str = ""
    age: str = ""
    height_cm: float | None = None
    weight_kg: float | None = None
    blood_group: Literal["", "A", "B", "O", "AB"] = ""
    rhesus: Literal["", "positive", "negative"] = ""
    allergies: str = ""
    department: str = ""
    ward: str = ""
    ward_bed: str = ""
    kind: Literal["patient"] = "patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A point of the event model (clinical.md §0), by its key in events.csv, or "note" with a text."""

    key: str
    at_us: int
    note: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["event"] = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Who was on the case, as what, from when to when. `account` is empty for people who do not sign in."""

    role: str
    name: str
    account: str = ""
    in_us: int
    out_us: int | None = None
    kind: Literal["attendance"] = "attendance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A term chosen for a use.

    `use`: planned_procedure, procedure, insurance_procedure (the insurance's code, where a procedure has several),
    diagnosis_before, diagnosis_after, technique, position, asa.
    """

    use: str
    term: Term
    kind: Literal["coded"] = "coded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The grid is closer for a time: each minute while 抢救 (rescue) is on, 15 minutes on an ICU flowsheet (close)."""

    why: Literal["rescue", "close"]
    start_us: int
    end_us: int | None = None
    kind: Literal["pace"] = "pace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charted:
    """A value that a person has put into a cell. `accepted`: a device's value that he confirmed: held, excursion.

    `site`: of a temperature, where it was measured (a name of alarms/sites.csv; "": not said).
    """

    signal: str
    mark_us: int
    time_us: int
    value: float
    unit: str
    accepted: Literal["", "held", "excursion"] = ""
    site: str = ""
    kind: Literal["charted"] = "charted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bolus:
    drug: Term
    dose: float
    unit: str
    route: str
    at_us: int
    note: str = ""
    kind: Literal["bolus"] = "bolus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """From `at_us` on it ran at `rate` of the infusion's unit; 0 is a pause."""

    at_us: int
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Infusion:
    """A drug, gas or vapour given over a time: start, each change, stop. `device`: the pump that told it."""

    what: Literal["drug", "gas", "vapour"]
    drug: Term
    unit: str
    rates: tuple[Rate, ...]
    stop_us: int | None = None
    route: str = ""
    concentration: str = ""
    total: float | None = None
    total_unit: str = ""
    device: str = ""
    kind: Literal["infusion"] = "infusion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Intake (fluid, blood product) or output (urine, blood loss, drain, …) of `ml` between two times.

    `group`: crystalloid, colloid, blood, autologous, drug, other, urine, blood_loss, drain, gastric, other_out.
    `reaction`: to a transfusion.
    """

    way: Literal["in", "out"]
    group: str
    what: str
    ml: float
    start_us: int
    end_us: int | None = None
    code: str = ""
    reaction: str = ""
    kind: Literal["volume"] = "volume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumable:
    term: Term
    n: float
    at_us: int
    lot: str = ""
    udi: str = ""
    kind: Literal["consumable"] = "consumable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controlled:
    """What became of a controlled drug of one lot (clinical.md §7): of `ampoules` opened, each of `size`, so much was
    given and wasted, all in `unit`; `empties` were returned. Given and wasted are what was drawn up.
    """

    drug: Term
    lot: str
    ampoules: int
    size: float
    unit: str
    given: float
    wasted: float
    empties: int
    at_us: int
    note: str = ""
    kind: Literal["controlled"] = "controlled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breathing:
    """How the patient breathes from `at_us` on (DE06.00.208.00)."""

    at_us: int
    way: Literal["spontaneous", "assisted", "controlled"]
    mode: str = ""
    kind: Literal["breathing"] = "breathing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A score with its parts, by the scale's name in scores.csv."""

    scale: str
    at_us: int
    parts: Mapping[str, int]
    total: int
    kind: Literal["score"] = "score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A field of the document's template."""

    field: str
    value: str | float | bool | tuple[str, ...]
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Free text at a time; `handover`: the mark between two shifts, with who took over."""

    at_us: int
    text: str
    handover: str = ""
    kind: Literal["remark"] = "remark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warming:
    """What warmed the patient, or kept him warm, from start to end (clinical.md §2.6). `passive`: blankets alone.

    `set_c`: what it was set to, °C. `ml`: how much fluid or blood went through a warmer.
    """

    device: Literal["forced_air", "water", "resistive", "fluid", "radiant", "passive"]
    start_us: int
    end_us: int | None = None
    region: str = ""
    set_c: float | None = None
    ml: float | None = None
    kind: Literal["warming"] = "warming"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a person states of a case for quality: by its key in findings.csv, that it was so or that it was not.

    Unsaid is neither. `details`: what findings.csv asks beside it.
    """

    key: str
    value: Literal["yes", "no"]
    at_us: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    kind: Literal["finding"] = "finding"


Content = (
    Patient | Event | Attendance | Coded | Pace | Charted | Bolus | Infusion | Volume | Consumable | Breathing | Score
    | Answer | Remark | Warming | Finding | Controlled
)  # fmt: skip
