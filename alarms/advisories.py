"""Advisories of our own (clinical.md §2.7, §2.8; anti-fatigue §4.3): never a device's alarm, and no order. Pure.

The rules are the rows of advisories.toml. Nothing here delays, lowers or hides what a device says.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from alarms.situation import Area, Situation, Three

__all__ = ["Advice", "Advisor", "Area", "Held", "Level", "Situation", "Three", "Told"]

Phase = Literal["start", "end"]


class Level(StrEnum):
    """The class of an advisory, most urgent first. TASK: something to do; INFORMATION: a badge, interrupts nobody."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    ADVISORY = "advisory"
    REMINDER = "reminder"
    TASK = "task"
    INFORMATION = "information"


class Told(Protocol):
    """What was advised before, as a case keeps it (charting's `Advised` is one)."""

    @property
    def rule(self) -> str: ...

    @property
    def phase(self) -> Phase: ...

    @property
    def at_us(self) -> int: ...

    @property
    def said(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """An advisory begins or ends. `said`: the numbers that made it so, as the rule's text names them; `why` of an end:
    cleared, expired, cooled, moved, unknown.
    """

    rule: str
    phase: Phase
    at_us: int
    level: Level
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A rule that would speak and does not: `why` it is held back (a key of [why] in advisories.toml)."""

    rule: str
    why: str


class Advisor:
    """The advisories of one case. It remembers nothing but what was told: from `told` it goes on where it was."""

    def __init__(self, told: Iterable[Told] = ()) -> None:
        raise NotImplementedError

    def step(self, situation: Situation) -> Sequence[Advice]:
        """What begins and ends now; keep each with the case. Call it each minute or so, times never going back."""
        raise NotImplementedError

    @property
    def standing(self) -> Sequence[Advice]:
        """Those that stand, as they began, the most urgent first: one bundle to show."""
        raise NotImplementedError

    @property
    def held(self) -> Sequence[Held]:
        """Of the last step: what would have been said but for something that is not known, or for the rate cap."""
        raise NotImplementedError
