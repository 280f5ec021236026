"""Takes what the hospital tells: kept first, then understood, then done; each step again where it was cut off.

A message is read into events (charting.inbox.reading); those of a visit make where the patient was
(charting.inbox.timeline), those of a booking what is planned (charting.inbox.operations); cases and the operation list
are brought to that. Nothing is added up: the same messages lead to the same cases, in whatever order they come and
wherever the machine stopped.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import product
from threading import Lock

from charting.accounts.actor import HIS
from charting.apart import repeat
from charting.case.checks import EARLIEST_US
from charting.case.clock import HOUR_US
from charting.case.refusals import Refusal
from charting.desk import Desk
from charting.inbox.cases import Cases, Wanted, changes
from charting.inbox.events import HospitalEvent
from charting.inbox.messages import STATES, Done, Event, Keeping, Message, Messages, MessageState, of_patient
from charting.inbox.operations import CANCELS, KINDS, operation_of
from charting.inbox.reading import Reader, UnreadableError
from charting.inbox.timeline import (
    Episode,
    Identity,
    Sojourn,
    ends_of,
    episodes,
    identity_of,
    in_order,
    is_loose,
    visit_of,
)
from charting.metrics import Metrics
from charting.trail.entries import HospitalSays
from collector.errors import VitalsdError
from collector.logs import Link, logger

LOOK_S = 1.0
AT_ONCE = 100
"""Messages of one look."""
DAY_US = 24 * HOUR_US
"""What is said to be so far ahead tells of a wrong clock; what has waited so long needs a person."""
MOST = 200
"""Characters of what something is found by: a number, a visit, a booking, a message's key. A database's index takes no
endless ones."""
_PLACES = {"admit", "transfer", "cancel_transfer"}
"""Kinds of events that may bring a patient somewhere."""


def by_content(body: bytes) -> str:
    """The key of a message whose sender gives it none."""
    return sha256(body).hexdigest()


def differ(_: bytes, __: bytes) -> bool:
    """Of two messages that differ in their bytes: they are not the same."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where messages come from. `key`: by which its sender tells them apart; `same`: whether two that differ in their
    bytes are one all the same. Neither raises anything.
    """

    read: Reader
    key: Callable[[bytes], str] = by_content
    same: Callable[[bytes, bytes], bool] = differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """`keeping`: new, same (it was there already), other (another one has its key: it is kept, and not believed)."""

    seq: int
    keeping: Keeping


class Inbox:
    """Any thread may call `take`; one looks at a time."""

    def __init__(
        self,
        messages: Messages,
        desk: Desk,
        sources: Mapping[str, Source],
        *,
        icu_apart: bool,
        metrics: Metrics | None = None,
    ) -> None:
        self.messages = messages
        self.sources = dict(sources)
        self._desk = desk
        self._cases = Cases(desk)
        self._icu_apart = icu_apart
        self._looking = Lock()
        self._counted = (metrics or Metrics()).inbox_messages
        for source, state in product(self.sources, STATES[1:]):
            self._counted.labels(source, state)
        self._tried = -1
        self._waited = 0  # of those that wait, which was tried last
        self._log = logger(part="inbox")
        self._link = Link(self._log, "looking at messages")

    def take(self, source: str, raw: bytes) -> Taken:
        """Keep a message; when it returns it is kept, and will be looked at. Raises KeyError for no source of ours,
        StoreError.
        """
        known = self.sources[source]
        key = known.key(raw).replace("#", "%23")
        key = key if len(key) <= MOST else by_content(key.encode())
        seq, keeping = self.messages.keep(source, key, raw, lambda other: known.same(raw, other))
        return Taken(seq=seq, keeping=keeping)

    async def run(self, stop: asyncio.Event) -> None:
        await repeat(self.look, LOOK_S, stop, self._link)

    def look(self) -> bool:
        """Do what is new, then what waited, if anything has happened since; whether there may be more.

        Raises StoreError: the rest stays new.
        """
        with self._looking:
            found = self.messages.of_state("new", AT_ONCE)
            for message in found:
                self._process(message)
            if len(found) == AT_ONCE:
                return True
            if found or self._waited or self._tried != self._desk.trail.last():
                tried = self._desk.trail.last()
                waiting = self.messages.of_state("waiting", AT_ONCE, self._waited)
                for message in waiting:
                    self._process(message)
                self._waited = waiting[-1].seq if len(waiting) == AT_ONCE else 0
                self._tried = tried
            return bool(self._waited)

    def _process(self, message: Message) -> None:
        try:
            done = self._done(message)
        except VitalsdError:
            raise
        except ValueError as error:
            why = f"inbox.why.{error.why}" if isinstance(error, UnreadableError) else "inbox.why.unreadable"
            done = replace(message, state="failed", done=(Done(key=why, params={"text": str(error)[:200]}),))
        except Exception as error:  # noqa: BLE001  one message that nobody foresaw must not hold up all others
            self._log.error("a message could not be processed", seq=message.seq, error=type(error).__name__)
            done = replace(message, state="failed", done=(Done(key="inbox.why.internal"),))
        if done != message:
            self._keep(message, done)

    def _keep(self, before: Message, message: Message) -> None:
        self.messages.settle(message)
        if message.state != before.state:
            self._counted.labels(message.source, message.state).inc()

    def _done(self, message: Message) -> Message:
        source = self.sources.get(message.source)
        if source is None:
            return replace(message, state="failed", done=(Done(key="inbox.why.no_source"),))
        if "#" in message.key and not message.done:  # a person may say that it is to be believed
            return replace(message, state="failed", done=(Done(key="inbox.why.other"),))
        read = source.read(message.body)
        if not read.events:
            why = Done(key=f"inbox.why.{read.ignored or 'nothing'}")
            return replace(message, kind=read.kind[:MOST], state="ignored", done=(why,))
        events = [replace(event, visit=event.visit or _unnumbered(event)) for event in _keyed(message, read.events)]
        _check(events, message.received_us)
        self.messages.read(message.seq, events)
        reason = f"{message.source}/{message.key}"
        done: list[Done] = []
        waits: list[Done] = []
        cases: list[str] = []
        told = [*events, *self._touched(events, message.seq)]
        for booking in dict.fromkeys(e.booking.id for e in told if e.booking is not None):
            done += self._plan(booking, events, reason)
        for visit in dict.fromkeys(e.visit for e in told if e.kind not in KINDS and e.visit):
            self._settle(visit, message.seq, reason, done, waits, cases)
        first = events[0]
        return replace(
            message,
            kind=read.kind[:MOST],
            occurred_us=first.occurred_us,
            number=first.number,
            visit="" if first.visit.startswith("#") else first.visit,
            case=next(iter(cases), ""),
            state=self._state(message, waits),
            done=tuple(_once([*done, *waits]) or [Done(key="inbox.did.nothing")]),
        )

    def _state(self, message: Message, waits: Sequence[Done]) -> MessageState:
        if not waits:
            return "done"
        return "waiting" if self._desk.clock.now_us() - message.received_us < DAY_US else "failed"

    def _touched(self, events: Sequence[HospitalEvent], seq: int) -> Sequence[HospitalEvent]:
        """All that was told of the patients of whom a message changes what is known, or of whom one told that he left
        and not of which visit.
        """
        found: list[HospitalEvent] = []
        for number, is_test in dict.fromkeys((e.number, e.is_test) for e in events if e.number):
            his = of_patient(self.messages, number, is_test=is_test)
            without = identity_of((e.event for e in his if e.seq != seq), number)
            if without != identity_of((e.event for e in his), number) or any(is_loose(e.event) for e in his):
                found += [e.event for e in his]
        return found

    def _settle(self, visit: str, seq: int, reason: str, done: list[Done], waits: list[Done], cases: list[str]) -> None:
        """A visit of each patient who has had its number, and of who only tries, apart."""
        for told, another_us in [*self._patients(visit, is_test=False), *self._patients(visit, is_test=True)]:
            number = next((e.number for e in reversed(in_order(e.event for e in told)) if e.number), "")
            patient = of_patient(self.messages, number, is_test=told[0].event.is_test)
            ends, name = ends_of(e.event for e in patient), "#" if visit.startswith("#") else visit
            own = [e for e in told if e.event.key not in ends] + [e for e in patient if ends.get(e.event.key) == [name]]
            truth = visit_of(e.event for e in own)
            before = visit_of(e.event for e in own if e.seq != seq)
            found = self._episodes(truth.sojourns), self._episodes(before.sojourns)
            wanted = Wanted(
                visit=visit,
                identity=identity_of([*(e.event for e in patient), *(e.event for e in own)], number),
                episodes=found[0],
                keys=[e.event.key for e in own if e.event.kind in _PLACES],
                is_test=told[0].event.is_test,
                another_us=another_us,
            )
            done += changes(found[1], found[0])
            settled = self._cases.settle(wanted, reason)
            waits += settled.waits
            cases += settled.cases
            if any(e.seq == seq and len(ends.get(e.event.key, ())) > 1 for e in told):
                waits.append(Done(key="inbox.why.which_visit"))

    def _patients(self, visit: str, *, is_test: bool) -> Sequence[tuple[Sequence[Event], int]]:
        """The events of a visit by patient, and since when it is another one's, 0: it is not. What names nobody is of
        whom the visit was then.
        """
        found: list[tuple[frozenset[str], list[Event]]] = []
        told = self._of_visit(visit, is_test=is_test)
        for event in sorted(told, key=lambda e: (not e.event.number, e.event.occurred_us, e.seq)):
            number = event.event.number
            own = [of for numbers, of in found if number in numbers]
            if not number and found:
                before = [of for _, of in found if of[0].event.occurred_us <= event.event.occurred_us]
                own = before[-1:] or [found[0][1]]
            if own:
                own[0].append(event)
            else:
                found.append((self._identity(number, is_test=is_test).numbers, [event]))
        return [(of, _another_us(of, [o for _, o in found if o is not of])) for _, of in found]

    def _of_visit(self, visit: str, *, is_test: bool) -> Sequence[Event]:
        """Of one that nobody has numbered: under all of the patient's numbers."""
        visits = [visit]
        if visit.startswith("#"):
            visits = [f"#{number}" for number in sorted(self._identity(visit[1:], is_test=is_test).numbers)]
        told = [e for each in visits for e in self.messages.of_visit(each)]
        return [e for e in told if e.event.kind not in KINDS and e.event.is_test == is_test]

    def _identity(self, number: str, *, is_test: bool) -> Identity:
        return identity_of((e.event for e in of_patient(self.messages, number, is_test=is_test)), number)

    def _episodes(self, sojourns: Sequence[Sojourn]) -> Sequence[Episode]:
        return episodes(sojourns, icu_apart=self._icu_apart)

    def _plan(self, booking: str, events: Sequence[HospitalEvent], reason: str) -> list[Done]:
        before = self.messages.operation(booking)
        told = [e.event for e in self.messages.of_booking(booking)]
        left = {(n, t): self._identity(n, is_test=t).number for n, t in {(e.number, e.is_test) for e in told}}
        made = operation_of((replace(e, number=left[e.number, e.is_test]) for e in told), before.case if before else "")
        last = next((e for e in reversed(events) if e.booking is not None and e.booking.id == booking), None)
        if made is None or (last is not None and made.is_test != last.is_test):
            return []
        self.messages.put(made)
        if last is None:
            return []
        if made.case and made.state in {"cancelled", "no_show"} and last.kind in CANCELS:
            with suppress(Refusal):
                says = HospitalSays(what="booking_cancelled", at_us=last.occurred_us, reason=reason)
                self._desk.hear(HIS, made.case, says)
            return [Done(key="inbox.did.begun", params={"booking": booking})]
        return [Done(key=f"inbox.did.{made.state}", params={"booking": booking, "bed": made.bed or "–"})]


def _keyed(message: Message, events: Sequence[HospitalEvent]) -> Sequence[HospitalEvent]:
    """With keys other than those of all other messages, also of one that has another's key; and told apart where they
    have their message's key alone, or none. What we count stands before what senders write, who could write the same.
    """
    key, again, n = message.key.partition("#")
    seen = Counter[str]()
    made = []
    for event in events:
        own = event.key or key
        seen[own] += 1
        made.append(replace(event, key=f"{message.source}/{seen[own]}{again}{n}/{own}"))
    return made


def _unnumbered(event: HospitalEvent) -> str:
    """A visit that nobody has numbered goes by its patient's number."""
    return f"#{event.number}" if event.number and event.kind not in KINDS else ""


def _another_us(own: Sequence[Event], others: Sequence[Sequence[Event]]) -> int:
    """When, after all that was told of a patient, another was first told under the same visit."""
    last = max(e.event.occurred_us for e in own)
    return min((at for of in others if (at := of[0].event.occurred_us) > last), default=0)


def _once(told: Sequence[Done]) -> Sequence[Done]:
    return [each for n, each in enumerate(told) if each not in told[:n]]


def _check(events: Sequence[HospitalEvent], received_us: int) -> None:
    """Raises UnreadableError."""
    for event in events:
        found_by = [event.number, event.old_number, event.visit, event.booking.id if event.booking else ""]
        if any(len(text) > MOST for text in found_by):
            raise UnreadableError("too_long")
        if not all(EARLIEST_US <= at <= received_us + DAY_US for at in (event.occurred_us, event.recorded_us)):
            raise UnreadableError("wrong_time")
