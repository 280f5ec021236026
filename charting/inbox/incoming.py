"""All ways in: listeners of HL7, HTTP, views; and the inbox behind them."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from charting.desk import Desk
from charting.inbox.config import InboxSection
from charting.inbox.hl7_door import Hl7Door, hl7_source
from charting.inbox.hl7_events import Hl7Reading
from charting.inbox.http_door import HttpDoor
from charting.inbox.http_door import source as http_source
from charting.inbox.http_events import HttpReading
from charting.inbox.inbox import Inbox, Source
from charting.inbox.listener import Listener, Peer
from charting.inbox.listening import ListenerSection
from charting.inbox.messages import Messages
from charting.inbox.places import Places
from charting.inbox.rows import View
from charting.inbox.view import ViewSource
from charting.metrics import Metrics
from charting.outbox.following import Cursors
from collector.hl7.message import CHARSETS


class Incoming:
    def __init__(
        self,
        section: InboxSection,
        messages: Messages,
        cursors: Cursors,
        desk: Desk,
        areas: Mapping[str, str],
        *,
        metrics: Metrics | None = None,
    ) -> None:
        """`areas`: of our beds."""
        self._section = section
        self._places = Places(section.places, areas)
        zone, now_us = desk.clock.zone, desk.clock.now_us
        read = {each.name: self._hl7(each, zone) for each in section.listener}
        templates = {each.name: each.read_by for each in section.http}
        templates |= {each.name: each.read_by for each in section.view}
        posted = {n: HttpReading(template=t, zone=zone, places=self._places) for n, t in templates.items()}
        sources: dict[str, Source] = {name: hl7_source(reading) for name, reading in read.items()}
        sources |= {name: http_source(reading) for name, reading in posted.items()}
        self.inbox = Inbox(messages, desk, sources, icu_apart=section.icu_apart, metrics=metrics)
        self.doors = {each.name: HttpDoor(self.inbox, each, posted[each.name]) for each in section.http}
        self.listeners = [
            Listener(each, _handle(Hl7Door(self.inbox, each.name, read[each.name].codec, now_us)), metrics)
            for each in section.listener
        ]
        self.views = [
            ViewSource(
                each.name,
                View(dsn=each.full_dsn, query=each.query, zone=zone, timeout_s=each.timeout_s),
                cursors,
                self.inbox.take,
                now_us,
                interval_s=each.interval_s,
                again_s=each.again_s,
                metrics=metrics,
            )
            for each in section.view
        ]

    def lives(self, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        """What runs until `stop`."""
        running = [self.inbox.run(stop), *(each.run(stop) for each in self.listeners)]
        return [*running, *(each.run(stop) for each in self.views)]

    def _hl7(self, listener: ListenerSection, zone: str) -> Hl7Reading:
        section = self._section
        return Hl7Reading(
            zone=zone,
            places=self._places,
            id_type=section.id_type,
            codec=CHARSETS[listener.charset],
            roles=section.roles,
            surgery=section.surgery,
            application=section.application,
            facility=section.facility,
            update_moves=section.update_moves,
        )


def _handle(door: Hl7Door) -> Callable[[bytes, Peer], Coroutine[Any, Any, bytes | None]]:
    async def handle(message: bytes, _: Peer) -> bytes | None:
        return await asyncio.to_thread(door.take, message)

    return handle
