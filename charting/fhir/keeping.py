"""Where subscriptions and their events are kept: one contract, in memory here, in a database in charting.store.fhir."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Protocol

from charting.charges.ledger import Charge
from charting.fhir.subscription import Event, State, Subscription


class SubscriptionStore(Protocol):
    """Calls block; any thread may call; each is done whole or not at all."""

    def subscriptions(self) -> Sequence[Subscription]:
        """Oldest first."""

    def subscription(self, id_: str) -> Subscription | None: ...

    def keep(self, new: Subscription) -> None: ...

    def drop(self, id_: str) -> bool:
        """With its events. Return whether there was one."""

    def stand(self, id_: str, state: State, reason: str = "", *, handshake: int | None = None) -> None:
        """How it stands now."""

    def happened(self, id_: str, events: Sequence[Event]) -> None:
        """Number what is new by its cause, in this order, without a hole; what is known stays."""

    def events(self, id_: str, after: int, until: int, limit: int) -> Sequence[Event]:
        """Those with numbers in (after, until], in their order, as far as they are still kept."""

    def sent(self, id_: str, number: int) -> None:
        """Up to this number they are in the outbox."""

    def forget(self, before_us: int) -> None:
        """Drop events that happened before, and are in the outbox; their numbers stay."""

    def posted(self, since_us: int) -> Sequence[Charge]:
        """Lines of bills that were made at a time or later, in their order."""


class MemorySubscriptions:
    """In memory: for tests and for trying things out."""

    def __init__(self) -> None:
        self.charges: list[Charge] = []
        self._kept: dict[str, Subscription] = {}
        self._events: dict[str, list[Event]] = {}
        self._lock = Lock()

    def subscriptions(self) -> Sequence[Subscription]:
        with self._lock:
            return sorted(self._kept.values(), key=lambda each: (each.made_us, each.id))

    def subscription(self, id_: str) -> Subscription | None:
        with self._lock:
            return self._kept.get(id_)

    def keep(self, new: Subscription) -> None:
        with self._lock:
            self._kept[new.id] = new
            self._events[new.id] = []

    def drop(self, id_: str) -> bool:
        with self._lock:
            self._events.pop(id_, None)
            return self._kept.pop(id_, None) is not None

    def stand(self, id_: str, state: State, reason: str = "", *, handshake: int | None = None) -> None:
        with self._lock:
            if id_ in self._kept:
                before = self._kept[id_]
                number = before.handshake if handshake is None else handshake
                self._kept[id_] = replace(before, state=state, reason=reason, handshake=number)

    def happened(self, id_: str, events: Sequence[Event]) -> None:
        with self._lock:
            if id_ not in self._kept:
                return
            known = {each.cause for each in self._events[id_]}
            for event in events:
                if event.cause not in known:
                    known.add(event.cause)
                    number = self._kept[id_].events + 1
                    self._events[id_].append(replace(event, number=number))
                    self._kept[id_] = replace(self._kept[id_], events=number)

    def events(self, id_: str, after: int, until: int, limit: int) -> Sequence[Event]:
        with self._lock:
            return [each for each in self._events.get(id_, ()) if after < each.number <= until][:limit]

    def sent(self, id_: str, number: int) -> None:
        with self._lock:
            if id_ in self._kept:
                self._kept[id_] = replace(self._kept[id_], sent=number)

    def forget(self, before_us: int) -> None:
        with self._lock:
            for id_, events in self._events.items():
                sent = self._kept[id_].sent
                events[:] = [each for each in events if each.at_us >= before_us or each.number > sent]

    def posted(self, since_us: int) -> Sequence[Charge]:
        return [each for each in self.charges if each.made_us >= since_us]
