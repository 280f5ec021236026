"""Puts the parts together that speak with the hospital's other systems; the service and the web have them from here."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from charting.cds.support import DecisionSupport
from charting.charges.keeping import Charges, MemoryCharges
from charting.charges.parts import Charging
from charting.codes.front_page import FrontPages
from charting.fhir.clients import ClientStore, MemoryClients
from charting.fhir.keeping import MemorySubscriptions, SubscriptionStore
from charting.fhir.parts import Fhir
from charting.inbox.http_door import HttpDoor
from charting.inbox.incoming import Incoming
from charting.inbox.messages import MemoryMessages, Messages
from charting.metrics import Metrics
from charting.outbox.config import Destination
from charting.outbox.configured import configured
from charting.outbox.courier import Courier, Hook
from charting.outbox.following import Cursors, MemoryCursors
from charting.outbox.memory import MemoryOutbox
from charting.outbox.post import Post
from charting.outbox.wire import Places
from charting.results.parts import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where the parts keep what they must not forget."""

    outbox: Post
    cursors: Cursors
    messages: Messages
    clients: ClientStore
    charges: Charges
    subscriptions: SubscriptionStore


def in_memory(now_us: Callable[[], int]) -> Kept:
    """For tests and for trying things out; in a database: charting.store.exchange."""
    return Kept(
        outbox=MemoryOutbox(now_us),
        cursors=MemoryCursors(),
        messages=MemoryMessages(now_us),
        clients=MemoryClients(),
        charges=MemoryCharges(),
        subscriptions=MemorySubscriptions(),
    )


class Exchange:
    def __init__(
        self,
        kept: Kept,
        now_us: Callable[[], int],
        *,
        destinations: Sequence[Destination] = (),
        incoming: Incoming | None = None,
        cds: DecisionSupport | None = None,
        results: Results | None = None,
        front_pages: FrontPages | None = None,
        fhir: Fhir | None = None,
        charging: Charging | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.outbox = kept.outbox
        self.cursors = kept.cursors
        self.messages = kept.messages
        self.incoming = incoming
        self.doors: Mapping[str, HttpDoor] = incoming.doors if incoming else {}
        self.destinations = destinations
        self.cds = cds
        self.results = results
        self.front_pages = front_pages
        self.charging = charging
        self.fhir = fhir
        places: Sequence[Places] = [
            configured(destinations),
            *([cds.place] if cds else []),
            *([fhir.subscriptions.place] if fhir else []),
        ]
        on_answer: Mapping[str, Hook] = {
            **(cds.on_answer if cds else {}),
            **(fhir.subscriptions.on_answer if fhir else {}),
        }
        names = [each.name for each in destinations]
        self.courier = Courier(self.outbox, places, now_us, names=names, on_answer=on_answer, metrics=metrics)
        if cds:
            cds.hurry(self.courier.hurry)

    def lives(self, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        """What runs beside the pages until `stop`, and then ends by itself with what it is doing."""
        return [
            self.courier.run(stop),
            *(self.incoming.lives(stop) if self.incoming else []),
            *(self.cds.lives(stop) if self.cds else []),
            *(self.results.lives(stop) if self.results else []),
            *(self.charging.lives(stop) if self.charging else []),
            *(self.fhir.subscriptions.lives(stop) if self.fhir else []),
        ]
