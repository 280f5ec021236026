"""What happened to a patient or to a booking, whoever told it and in whatever form: frozen values.

Adapters make these (HL7 v2, HTTP, a view of the hospital's database); everything behind them knows no message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "pre_admit", "admit", "transfer", "discharge", "update", "cancel_admit", "cancel_transfer", "cancel_discharge",
    "merge", "book", "rebook", "revise", "cancel_booking", "no_show", "request", "cancel_request",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`told`: as the hospital writes it (point^room^bed); `bed`, `area`: of ours by the site's table, else empty."""

    told: str
    bed: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """`system`: as told. `text`: its name there."""

    code: str
    text: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on the list of an operation. `role`: one of staff.csv where the site's table knows it, else empty."""

    name: str
    role: str = ""
    told_role: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """An operation as it is planned. `id`: the scheduler's own. None, "" and (): not told."""

    id: str
    place: Place | None = None
    start_us: int | None = None
    minutes: int | None = None
    procedures: Sequence[Code] = ()
    diagnoses: Sequence[Code] = ()
    staff: Sequence[Person] = ()
    urgent: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalEvent:
    """One event. `key`: by which its sender tells it from others, or its message alone; "": he does not.

    `occurred_us`: when it was, `recorded_us`: when it was written down, which may be hours later.

    `number`: the patient's, of the configured type; of a merge the one that stays, and `old_number` the one that goes.
    `patient`: what was told of him, attribute of charting.trail.contents.Patient → text; "" erases, what is not there
    stays as it is. `is_test`: the sender says that it is only trying.
    """

    kind: Kind
    key: str
    occurred_us: int
    recorded_us: int
    number: str = ""
    old_number: str = ""
    visit: str = ""
    patient: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None
    prior: Place | None = None
    booking: Booking | None = None
    is_test: bool = False
