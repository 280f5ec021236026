"""Where messages, what was read in them, and the operation list are kept: one contract; in memory here, in a database
in charting.store.inbox; the same suite.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Literal, Protocol

from pydantic import TypeAdapter

from charting.inbox.events import HospitalEvent
from charting.inbox.operations import Operation

MessageState = Literal["new", "done", "ignored", "waiting", "failed"]
"""new: not looked at yet. ignored: nothing of it is for us. waiting: it cannot be done now, and is tried again.
failed: a person has to look."""
STATES: Sequence[MessageState] = ("new", "done", "ignored", "waiting", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done about a message, or why not: a row of words.csv, and what its text names. Nobody's name."""

    key: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`key`: by which its sender tells it from others; with "#2" behind it where it was another one's already."""

    seq: int
    source: str
    key: str
    received_us: int
    body: bytes
    kind: str = ""
    occurred_us: int | None = None
    number: str = ""
    visit: str = ""
    case: str = ""
    state: MessageState = "new"
    done: Sequence[Done] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as it was read in message `seq`; its key is made one among those of all sources."""

    seq: int
    event: HospitalEvent


Keeping = Literal["new", "same", "other"]


class Messages(Protocol):
    """Calls block; any thread may call. When one returns, what it was given is kept, whatever happens."""

    def keep(self, source: str, key: str, body: bytes, same: Callable[[bytes], bool]) -> tuple[int, Keeping]:
        """A message as it came: its number, and whether it is new, was there already, or another is there under its
        key (`same` compares): then it is kept beside it, as failed.
        """

    def read(self, seq: int, events: Sequence[HospitalEvent]) -> None:
        """What was read in it, instead of what was before."""

    def settle(self, message: Message) -> None:
        """How it stands now: all but its body, source and key."""

    def find(self, seq: int) -> Message | None: ...

    def of_state(self, state: MessageState, limit: int = 200, after: int = 0) -> Sequence[Message]:
        """Those beyond a seq, the oldest first."""

    def latest(
        self, *, state: MessageState | None = None, text: str = "", before: int | None = None, limit: int = 100
    ) -> Sequence[Message]:
        """The newest first; `text` in number, visit, key or kind."""

    def counts(self) -> Mapping[MessageState, int]:
        """Messages by state."""

    def of_visit(self, visit: str) -> Sequence[Event]: ...

    def of_numbers(self, numbers: Collection[str]) -> Sequence[Event]:
        """Events of these patients, merges of them on either side."""

    def of_booking(self, booking: str) -> Sequence[Event]: ...

    def put(self, operation: Operation) -> None:
        """As it stands now; the case that was opened of it stays."""

    def begin(self, booking: str, case: str) -> None:
        """A case was opened of it."""

    def operation(self, booking: str) -> Operation | None: ...

    def operations(self, since_us: int, until_us: int) -> Sequence[Operation]:
        """Those that start then, by time."""


def of_patient(messages: Messages, number: str, *, is_test: bool) -> Sequence[Event]:
    """All of a patient's events, under whatever numbers he has had; those that only try are apart."""
    known: set[str] = set()
    numbers = {number} - {""}
    found: Sequence[Event] = []
    while numbers - known:
        known |= numbers
        found = [e for e in messages.of_numbers(known) if e.event.is_test == is_test]
        numbers = {n for e in found if e.event.kind == "merge" for n in (e.event.number, e.event.old_number) if n}
    return found


def again(messages: Messages, message: Message) -> Message:
    """A person has mended what was in its way: it is looked at anew."""
    fresh = replace(message, state="new")
    messages.settle(fresh)
    return fresh


_EVENT: TypeAdapter[HospitalEvent] = TypeAdapter(HospitalEvent)
_OPERATION: TypeAdapter[Operation] = TypeAdapter(Operation)
_DONE: TypeAdapter[tuple[Done, ...]] = TypeAdapter(tuple[Done, ...])


def event_json(event: HospitalEvent) -> str:
    return _EVENT.dump_json(event, exclude_defaults=True, warnings=False).decode()


def event_of(text: str) -> HospitalEvent:
    return _EVENT.validate_json(text)


def operation_json(operation: Operation) -> str:
    return _OPERATION.dump_json(operation, exclude_defaults=True, warnings=False).decode()


def stored_operation(text: str, case: str) -> Operation:
    return replace(_OPERATION.validate_json(text), case=case)


def done_json(done: Iterable[Done]) -> str:
    return json.dumps([{"key": each.key, "params": dict(each.params)} for each in done], ensure_ascii=False)


def done_of(text: str) -> Sequence[Done]:
    return _DONE.validate_json(text)


class MemoryMessages:
    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._messages: dict[int, Message] = {}
        self._events: dict[int, Sequence[HospitalEvent]] = {}
        self._operations: dict[str, Operation] = {}
        self._cases: dict[str, str] = {}
        self._lock = Lock()

    def keep(self, source: str, key: str, body: bytes, same: Callable[[bytes], bool]) -> tuple[int, Keeping]:
        with self._lock:
            known = [m for m in self._messages.values() if m.source == source and m.key.partition("#")[0] == key]
            for message in known:
                if message.body == body or same(message.body):
                    return message.seq, "same"
            seq = len(self._messages) + 1
            own = key if not known else f"{key}#{len(known) + 1}"
            self._messages[seq] = Message(seq=seq, source=source, key=own, received_us=self._now_us(), body=body)
            return seq, "other" if known else "new"

    def read(self, seq: int, events: Sequence[HospitalEvent]) -> None:
        with self._lock:
            self._events[seq] = [event_of(event_json(event)) for event in events]

    def settle(self, message: Message) -> None:
        with self._lock:
            self._messages[message.seq] = message

    def find(self, seq: int) -> Message | None:
        with self._lock:
            return self._messages.get(seq)

    def of_state(self, state: MessageState, limit: int = 200, after: int = 0) -> Sequence[Message]:
        with self._lock:
            return [m for seq, m in sorted(self._messages.items()) if m.state == state and seq > after][:limit]

    def latest(
        self, *, state: MessageState | None = None, text: str = "", before: int | None = None, limit: int = 100
    ) -> Sequence[Message]:
        with self._lock:
            found = [
                m
                for seq, m in sorted(self._messages.items(), reverse=True)
                if (state is None or m.state == state)
                and (before is None or seq < before)
                and any(text in said for said in (m.number, m.visit, m.key, m.kind))
            ]
        return found[:limit]

    def counts(self) -> Mapping[MessageState, int]:
        with self._lock:
            return Counter(message.state for message in self._messages.values())

    def _where(self, wanted: Callable[[HospitalEvent], bool]) -> Sequence[Event]:
        with self._lock:
            return [Event(seq=seq, event=e) for seq, told in sorted(self._events.items()) for e in told if wanted(e)]

    def of_visit(self, visit: str) -> Sequence[Event]:
        return self._where(lambda e: e.visit == visit)

    def of_numbers(self, numbers: Collection[str]) -> Sequence[Event]:
        return self._where(lambda e: e.number in numbers or e.old_number in numbers)

    def of_booking(self, booking: str) -> Sequence[Event]:
        return self._where(lambda e: e.booking is not None and e.booking.id == booking)

    def put(self, operation: Operation) -> None:
        with self._lock:
            self._operations[operation.id] = operation

    def begin(self, booking: str, case: str) -> None:
        with self._lock:
            self._cases[booking] = case

    def operation(self, booking: str) -> Operation | None:
        with self._lock:
            found = self._operations.get(booking)
            return None if found is None else replace(found, case=self._cases.get(booking, ""))

    def operations(self, since_us: int, until_us: int) -> Sequence[Operation]:
        with self._lock:
            found = [
                replace(op, case=self._cases.get(id_, ""))
                for id_, op in self._operations.items()
                if op.start_us is not None and since_us <= op.start_us < until_us
            ]
        return sorted(found, key=lambda op: (op.start_us or 0, op.id))
