"""What carries parcels to one destination, and what can become of an attempt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from charting.outbox.parcel import Parcel

LARGEST_ANSWER = 1 << 20
"""Bytes that are kept of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a destination is. `url`, `ca`, `answer_s`: as charting.outbox.config.Destination has them.

    `charset`: codec of answers that do not say theirs. `authorize`: headers that a request by HTTP to a URL gets;
    called in a thread, and may raise VitalsdError where there are none now.
    """

    url: str
    ca: Path | None = None
    answer_s: float = 10.0
    charset: str = "utf-8"
    authorize: Callable[[str], Mapping[str, str]] = field(default=lambda _: {}, compare=False)


Places = Callable[[str], Address | None]
"""Where the destination of a name is; None: it is none of these. Called in a thread, before each run of parcels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The receiver has it."""

    answer: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The receiver does not take it as it is. `reason` holds nothing of a patient."""

    reason: str
    answer: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """It has left, and nobody knows whether it was received. `after_s`: the receiver asks for so much time."""

    reason: str
    after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """The receiver was not reached: nothing has left."""

    reason: str


Outcome = Answered | Refused | Unanswered | Away


class Wire(Protocol):
    """A way to one destination; one parcel at a time."""

    async def send(self, parcel: Parcel) -> Outcome:
        """Send it once. Cancelled: as Unanswered."""

    async def close(self) -> None: ...
