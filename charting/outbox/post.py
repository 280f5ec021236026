"""The outbox as the courier and the people see it who look after it: whose turn it is, and what became of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from charting.outbox.parcel import Outbox, Sent, State

OPEN = (State.WAITING, State.PARKED)
"""Not done with."""

NEVER_US = 2**62
"""The turn of what a person has to decide about first."""

LOG_LINES = 100
"""Of a parcel's log its beginning and so many lines are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What is not done with at one destination. `oldest_us`: when the oldest of those that wait was made."""

    waiting: int
    parked: int
    oldest_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A parcel in a list: without what it holds. `size`: bytes of it."""

    key: str
    seq: int
    to: str
    kind: str
    lane: str
    case: str
    control: str
    state: State
    made_us: int
    next_us: int
    attempts: int
    reason: str
    size: int


def line_of(sent: Sent) -> Line:
    parcel = sent.parcel
    return Line(
        key=parcel.key,
        seq=sent.seq,
        to=parcel.to,
        kind=parcel.kind,
        lane=parcel.lane,
        case=parcel.case,
        control=parcel.control,
        state=sent.state,
        made_us=sent.made_us,
        next_us=sent.next_us,
        attempts=sent.attempts,
        reason=sent.reason,
        size=len(parcel.body),
    )


class Post(Outbox, Protocol):
    """Calls block; any thread may call. What cannot be done to a parcel as it stands is not done: False."""

    def listen(self, told: Callable[[], None]) -> None:
        """`told` is called, in whichever thread, each time after something may have become due by a call."""

    def queues(self) -> Mapping[str, Queue]:
        """By destination; of those that have something open."""

    def ready(self) -> Mapping[str, int]:
        """When the first of those that wait may leave, were it not for others in its lane; by destination."""

    def due(self, to: str, limit: int) -> Sequence[Line]:
        """Those that may leave now: no other before them in their lane is parked or has to wait longer.

        Who has waited longest comes first, but none before others of its lane. Of one lane there may be several: who
        sends them stops at the first that is not answered.
        """

    def begin(self, key: str) -> Sent | None:
        """It is about to leave once more, and is counted. None: it is not to leave, any longer."""

    def answer(self, key: str, answer: bytes, *, told: bool) -> None:
        """The receiver has it. `told`: nobody here waits for what it answered."""

    def again(self, key: str, next_us: int, reason: str) -> None:
        """Nobody has answered: not before `next_us`."""

    def park(self, key: str, reason: str, answer: bytes = b"") -> None:
        """The receiver refuses it."""

    def expire(self) -> Sequence[Line]:
        """Those that wait and are of no use any longer do not leave; returns them."""

    def untold(self, limit: int) -> Sequence[Sent]:
        """Answered, and whoever waits for that has not taken it; oldest first."""

    def tell(self, key: str) -> None:
        """Whoever waits for the answer has it."""

    def resend(self, key: str, by: str, why: str) -> bool:
        """It leaves now, with the same bytes: parked, waiting, answered or withdrawn, with its content still kept."""

    def withdraw(self, key: str, by: str, why: str) -> bool:
        """It need not leave: waiting or parked."""

    def lines(
        self, *, to: str = "", state: State | None = None, text: str = "", before: int | None = None, limit: int = 100
    ) -> Sequence[Line]:
        """Newest first. `text`: in key, control, kind or case."""

    def forget(self, before_us: int) -> int:
        """Of what was made before a time and is done with: those with a time limit go, of others the content.

        Returns how many. A key is known as long as its parcel may be put again: for ever, where no time limits it.
        """


def logged(log: Sequence[tuple[int, str, str]], at_us: int, what: str, by: str = "") -> Sequence[tuple[int, str, str]]:
    """A log with one more line; what happens over and over stands once, as of its first time."""
    if log and log[-1][1:] == (what, by):
        return log
    grown = (*log, (at_us, what, by))
    return grown if len(grown) <= LOG_LINES else (grown[0], *grown[-LOG_LINES + 1 :])


def said(what: str, why: str) -> str:
    """A line of the log: a word, and what there is to say to it."""
    return f"{what}: {why}" if why else what
