"""What is to leave, what became of it, and where it is kept until then: one contract, in memory here, in a database in
charting.store.outbox; the same suite.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """waiting: for its turn, or for an answer. answered: the receiver has it. parked: a person has to look.

    expired: its time was over before anybody had it. withdrawn: a person decided that it need not leave.
    """

    WAITING = "waiting"
    ANSWERED = "answered"
    PARKED = "parked"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message. `key`: what it is, for ever; a parcel of a known key is the same one, and is not kept again.

    `to`: a destination of the configuration; `kind`: as DFT^P03, fhir-notification, cds-hook; `lane`: those of one lane
    leave in order, and a parked one holds up those behind it ("": it need not wait for any); `control`: by which
    an answer names it (MSH-10: up to 20 characters; else its key). `until_us`: later it is of no use (None: always).
    """

    key: str
    to: str
    kind: str
    body: bytes
    control: str = ""
    content_type: str = "application/hl7-v2"
    path: str = ""
    lane: str = ""
    case: str = ""
    until_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A parcel with what became of it. `log`: what happened to it, newest last: (when, what, by whom)."""

    parcel: Parcel
    seq: int
    state: State
    made_us: int
    next_us: int
    attempts: int = 0
    reason: str = ""
    answer: bytes = b""
    answered_us: int | None = None
    log: Sequence[tuple[int, str, str]] = field(default_factory=tuple)


class Outbox(Protocol):
    """Calls block; any thread may call."""

    def put(self, parcels: Sequence[Parcel]) -> Collection[str]:
        """Keep what is new, in this order; returns the keys of those. When it returns they leave, whatever happens."""

    def find(self, key: str) -> Sent | None: ...

    def of_case(self, case: str) -> Sequence[Sent]:
        """In the order of their making."""

    def states(self) -> Mapping[tuple[str, State], int]:
        """How many parcels there are by destination and state."""
