"""What is read from a message: one contract for all forms in which a hospital tells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from charting.inbox.events import HospitalEvent


class UnreadableError(ValueError):
    """A message whose meaning cannot be made out. `why`: a row `inbox.why.…` of words.csv."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """`kind`: as its sender names it (ADT^A02). `ignored`: why nothing of it is for us (a row `inbox.why.…`)."""

    kind: str
    events: Sequence[HospitalEvent] = ()
    ignored: str = ""


Reader = Callable[[bytes], Read]
"""A message as it came → what it tells. Raises ValueError whose text says nothing of a patient."""
