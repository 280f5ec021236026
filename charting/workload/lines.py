"""What was counted for whom, with every factor, and what was not counted, with the reason. Frozen values, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from charting.trail.contents import Term
from charting.workload.spans import Span

EXTRA = "extra"
"""The stage of lines that are points for one thing done."""

_FACTOR, _SCORE = Decimal("0.0001"), Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """`value` to 4 decimals: what is shown is what was multiplied. `what`: from what it comes, by name: codes of
    techniques, a class, an area, minutes …; never a patient's own data.
    """

    key: str
    value: Decimal
    what: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The station score (站台分值) of a person on a case, in one stage and role: the product of its factors.

    `score`: to 3 decimals. `at_us`: the time by which it belongs to a month. `spans`: his minutes there, within the
    clock. `relayed`: he took over, or handed over. Of an extra `stage` is EXTRA and `role` its key; it has no minutes.
    """

    case: str
    at_us: int
    person: str
    name: str
    account: str
    stage: str
    role: str
    factors: tuple[Factor, ...]
    score: Decimal
    spans: tuple[Span, ...] = ()
    relayed: bool = False

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """Tells lines of one month apart; several visits of a case have times of their own."""
        return self.case, self.person, self.stage, self.role, self.at_us if self.stage == EXTRA else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """`key` of words.csv (`workload.reason.…`), and what it names."""

    key: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that is not counted yet. `document`: which is to be signed. `people` (person → name) wait for it."""

    case: str
    at_us: int
    stage: str
    document: str
    reasons: tuple[Reason, ...]
    people: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """How people recognise a case: when and where, and what was done; nothing of the patient.

    `start_us` to `end_us`: anaesthesia, else the stay in the room, as far as they are known.
    """

    case: str
    start_us: int
    end_us: int | None
    room: str
    procedures: tuple[Term, ...]
    techniques: tuple[Term, ...]
    emergency: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    lines: tuple[Line, ...]
    waiting: tuple[Waiting, ...]
    labels: Mapping[str, Label]


def shown(value: Decimal) -> Decimal:
    """A factor as it is shown and multiplied."""
    return value.quantize(_FACTOR, ROUND_HALF_UP)


def product(factors: tuple[Factor, ...]) -> Decimal:
    """The score."""
    made = Decimal(1)
    for each in factors:
        made *= each.value
    return made.quantize(_SCORE, ROUND_HALF_UP)
