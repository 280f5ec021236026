"""The log of faults and wishes: who may report, answer and archive, and what is there. Any thread may call."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Literal

from charting.accounts.actor import Actor
from charting.accounts.rights import allows
from charting.case.book import TRIES, Casebook, checked_id
from charting.case.checks import AHEAD_US, MAX_TEXT, check_texts, check_time
from charting.case.refusals import Unknown
from charting.faults.config import FaultsSection
from charting.faults.refusals import FaultRefusal
from charting.faults.ticket import Done, Promise, State, Ticket, fold, promises
from charting.trail.entries import SYSTEM, Body, TicketOpened, TicketStep
from charting.trail.trail import Stale

KINDS = ("ticket_opened", "ticket_step")
REPORT, ANSWER = "report_fault", "answer_fault"

What = Literal["fault", "wish"]
Step = Literal["answer", "arrive", "resolve", "decline", "reopen", "archive", "note"]

MOST_TITLE = 120

_FROM: Mapping[str, frozenset[State]] = {
    "answer": frozenset({State.OPEN}),
    "arrive": frozenset({State.OPEN, State.ANSWERED}),
    "resolve": frozenset({State.OPEN, State.ANSWERED}),
    "decline": frozenset({State.OPEN, State.ANSWERED}),
    "reopen": frozenset({State.RESOLVED, State.DECLINED}),
    "archive": frozenset({State.RESOLVED, State.DECLINED}),
    "note": frozenset(State) - {State.ARCHIVED},
}
"""Step → the states in which it can be done."""

_BY_WHO_REPORTED = frozenset({"reopen", "archive", "note"})
"""Who reported it says whether it is well; `answer_fault` has the others."""

_ENDS = frozenset({"resolve", "decline"})
_WITH_TEXT = frozenset({"resolve", "decline", "reopen", "note"})


class FaultLog:
    def __init__(self, book: Casebook, contract: FaultsSection) -> None:
        self.contract = contract
        self._book = book
        self._trail = book.trail
        self._lock = Lock()
        self._last = 0
        self._tickets: dict[str, Ticket] = {}

    def tickets(self) -> Sequence[Ticket]:
        """All, in the order of their opening."""
        return list(self._known().values())

    def ticket(self, id_: str) -> Ticket:
        """Raises Unknown."""
        found = self._known().get(id_)
        if found is None:
            raise Unknown("ticket_unknown")
        return found

    def promises(self, ticket: Ticket) -> Sequence[Promise]:
        return promises(ticket, self.contract, self._book.clock.now_us())

    def report(
        self, actor: Actor, id_: str, *, what: What, title: str, text: str = "", bed: str = "", device: str = ""
    ) -> Ticket:
        """A new one; sent again it is the same one. Raises NotAllowed, Impossible."""
        self._book.require(actor, REPORT)
        check_texts((title, text, bed, device))
        if not title.strip() or len(title) > MOST_TITLE:
            raise FaultRefusal("faults.refused.title", most=str(MOST_TITLE))
        opened = TicketOpened(
            ticket=checked_id(id_), what=what, title=title.strip(), text=text.strip(), bed=bed, device=device
        )

        def decide(known: Ticket | None) -> TicketOpened | None:
            if known is not None and (known.by, known.opened) != (actor.account, opened):
                raise FaultRefusal("faults.refused.taken")
            return opened if known is None else None

        return self._append(actor.account, id_, decide)

    def step(self, actor: Actor, id_: str, step: Step, *, text: str = "", at_us: int | None = None) -> Ticket:
        """What was done about it, now or (`at_us`) before that. Raises NotAllowed, Impossible, Unknown."""
        check_texts(text)
        said, now_us = text.strip()[:MAX_TEXT], self._book.clock.now_us()
        at = now_us if at_us is None else at_us
        check_time(self._book.clock, at)

        def decide(known: Ticket | None) -> TicketStep | None:
            if known is None:
                raise Unknown("ticket_unknown")
            if not may(actor, known, step):
                raise FaultRefusal("faults.refused.not_yours")
            first_us = known.since_us if step in _ENDS else known.at_us
            made = TicketStep(ticket=id_, step=step, at_us=max(at, first_us), text=said)
            if known.steps and _is_same(known.steps[-1], actor, made, timed=at_us is not None):
                return None
            if known.state not in _FROM[step]:
                raise FaultRefusal(f"faults.refused.{known.state}")
            if not first_us - AHEAD_US <= at:
                raise FaultRefusal("faults.refused.before", time=self._book.clock.written(first_us))
            if step in _WITH_TEXT and not said:
                raise FaultRefusal("faults.refused.no_text")
            return made

        if step not in _BY_WHO_REPORTED or self.ticket(id_).by != actor.account:
            self._book.require(actor, ANSWER)
        return self._append(actor.account, id_, decide)

    def tell(self, opened: TicketOpened) -> Ticket:
        """A trouble that stands is reported by itself, once."""
        return self._append(SYSTEM, opened.ticket, lambda known: opened if known is None else None)

    def follow(self, id_: str, step: Literal["clear", "again"], at_us: int) -> Ticket:
        """A trouble went, or came again, by itself."""

        def decide(known: Ticket | None) -> TicketStep | None:
            if known is None or known.state is State.ARCHIVED or (known.cleared_us is None) is (step == "again"):
                return None
            return TicketStep(ticket=id_, step=step, at_us=at_us)

        return self._append(SYSTEM, id_, decide)

    def _append(self, account: str, id_: str, decide: Callable[[Ticket | None], Body | None]) -> Ticket:
        for _ in range(TRIES):
            whole = self._trail.last()
            body = decide(self._known().get(id_))
            if body is None:
                return self.ticket(id_)
            try:
                self._trail.append(account, "", [body], whole=whole)
            except Stale:
                continue
            return self.ticket(id_)
        raise FaultRefusal("faults.refused.busy")

    def _known(self) -> Mapping[str, Ticket]:
        with self._lock:
            last = self._trail.last()
            if last > self._last:
                found = list(self._trail.all(self._last, KINDS))
                self._tickets = fold(found, self._tickets)
                self._last = max(last, found[-1].seq if found else 0)
            return self._tickets


def _is_same(done: Done, actor: Actor, made: TicketStep, *, timed: bool) -> bool:
    """Sent again; where it tells another time it is not."""
    same = (done.step, done.by, done.text) == (made.step, actor.account, made.text)
    return same and (not timed or done.at_us == made.at_us)


def may(actor: Actor, ticket: Ticket, step: str) -> bool:
    """Whether he may do that: who answers does not archive what somebody else reported, unless he is the head."""
    if step in _BY_WHO_REPORTED and ticket.by == actor.account:
        return True
    if step == "archive" and ticket.by != SYSTEM:
        return allows(actor, ANSWER) and "head" in actor.roles
    return allows(actor, ANSWER)


def open_to(actor: Actor, ticket: Ticket) -> Sequence[str]:
    """Steps that he can do now."""
    return [step for step, states in _FROM.items() if ticket.state in states and may(actor, ticket, step)]
