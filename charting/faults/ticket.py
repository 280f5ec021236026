"""A fault or a wish as the entries of the audit trail make it, and its times against the contract's. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from charting.faults.config import FaultsSection
from charting.trail.entries import Entry, TicketOpened, TicketStep

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


class State(StrEnum):
    """open: nobody has answered. declined: it is no fault, or will not be changed."""

    OPEN = "open"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    DECLINED = "declined"
    ARCHIVED = "archived"


class Verdict(StrEnum):
    """Of a promise. unneeded: it was over before anybody had to."""

    KEPT = "kept"
    LATE = "late"
    RUNNING = "running"
    OVERDUE = "overdue"
    UNNEEDED = "unneeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A step as it was entered. `at_us`: when it was, as said; `entered_us`: when that was entered."""

    step: str
    by: str
    at_us: int
    entered_us: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """`steps` in the order of their entering. `clears`: the alarm that it came of is gone, and since when."""

    id: str
    opened: TicketOpened
    by: str
    at_us: int
    steps: Sequence[Done] = ()

    @property
    def state(self) -> State:
        return self._stands[0]

    @property
    def since_us(self) -> int:
        """Since when it has been open: reported, or open again, by a person or because what was resolved came back."""
        return self._stands[1]

    @property
    def _stands(self) -> tuple[State, int]:
        state, since_us = State.OPEN, self.at_us
        for done in self.steps:
            back = done.step == "reopen" or (done.step == "again" and state is State.RESOLVED)
            state = State.ANSWERED if back else _STATES.get(done.step, state)
            since_us = done.at_us if back else since_us
        return state, since_us

    @property
    def is_open(self) -> bool:
        """Somebody has still to do something."""
        return self.state in {State.OPEN, State.ANSWERED}

    @property
    def cleared_us(self) -> int | None:
        """Since when the trouble that it came of is gone; None: it stands, or a person reported it."""
        told = [done for done in self.steps if done.step in {"clear", "again"}]
        return told[-1].at_us if told and told[-1].step == "clear" else None

    def first_us(self, *steps: str) -> int | None:
        """When one of these was done first."""
        return min((done.at_us for done in self.steps if done.step in steps), default=None)

    @property
    def ended_us(self) -> int | None:
        """When it was resolved or declined, as it stands now."""
        ends = [done.at_us for done in self.steps if done.step in {"resolve", "decline"}]
        return ends[-1] if ends and not self.is_open else None


_STATES: Mapping[str, State] = {
    "answer": State.ANSWERED, "arrive": State.ANSWERED, "resolve": State.RESOLVED, "decline": State.DECLINED,
    "archive": State.ARCHIVED,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One of the contract's times. `took_us`: None while it is not done."""

    key: str
    limit_us: int
    due_us: int
    took_us: int | None
    verdict: Verdict


def promises(ticket: Ticket, contract: FaultsSection, now_us: int) -> Sequence[Promise]:
    """answer, arrive, resolve of a fault; answer, change of a wish. What came back counts until it is well again.

    Nobody need come to a fault that is over before somebody had to be there.
    """
    end_us = ticket.ended_us
    answered = ticket.first_us("answer", "arrive", "resolve", "decline")
    if ticket.opened.what == "wish":
        return [
            _promise("answer", contract.wish_answer_hours * HOUR_US, ticket, answered, now_us),
            _promise("change", contract.wish_change_hours * HOUR_US, ticket, end_us, now_us),
        ]
    arrived = ticket.first_us("arrive")
    arrival = _promise("arrive", contract.arrive_hours * HOUR_US, ticket, arrived, now_us)
    if arrived is None and end_us is not None:
        arrival = replace(arrival, verdict=Verdict.UNNEEDED if end_us <= arrival.due_us else Verdict.LATE)
    return [
        _promise("answer", contract.answer_minutes * MINUTE_US, ticket, answered, now_us),
        arrival,
        _promise("resolve", contract.resolve_hours * HOUR_US, ticket, end_us, now_us),
    ]


def _promise(key: str, limit_us: int, ticket: Ticket, done_us: int | None, now_us: int) -> Promise:
    due_us = ticket.at_us + limit_us
    if done_us is None:
        verdict = Verdict.RUNNING if now_us <= due_us else Verdict.OVERDUE
    else:
        verdict = Verdict.KEPT if done_us <= due_us else Verdict.LATE
    took_us = None if done_us is None else done_us - ticket.at_us
    return Promise(key=key, limit_us=limit_us, due_us=due_us, took_us=took_us, verdict=verdict)


def fold(entries: Iterable[Entry], known: Mapping[str, Ticket]) -> dict[str, Ticket]:
    """The tickets with these entries, in the order of their opening."""
    found = dict(known)
    for entry in entries:
        body = entry.body
        if isinstance(body, TicketOpened) and body.ticket not in found:
            found[body.ticket] = Ticket(id=body.ticket, opened=body, by=entry.actor, at_us=entry.at_us)
        elif isinstance(body, TicketStep) and body.ticket in found:
            before = found[body.ticket]
            done = Done(step=body.step, by=entry.actor, at_us=body.at_us, entered_us=entry.at_us, text=body.text)
            found[body.ticket] = replace(before, steps=(*before.steps, done))
    return found
