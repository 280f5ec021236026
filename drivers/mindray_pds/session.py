"""The dialogue with a Mindray monitor on port 4601 (fact sheet mindray-and-chinese-hl7 §1.1).

We dial, wait, ask once, and send an echo each second. Nothing is ever acknowledged.
"""

import math
from collections.abc import Iterator, Sequence

from collector.hl7 import times
from collector.model import (
    AlarmCondition,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    PatientIdentity,
    Priority,
    Rejected,
)
from drivers.mindray_pds import requests
from drivers.mindray_pds.alarms import Alarms
from drivers.mindray_pds.frames import ASKED, ECHO, KINDS, OTHER, PERIODIC, QUERY, Framer, Heard
from drivers.mindray_pds.identity import identities
from drivers.mindray_pds.options import Options
from drivers.mindray_pds.values import SECOND_DIGITS, Values, location
from drivers.mindray_pds.waves import SECOND_US, Waves

ECHO_S = 1.0
ANSWER_S = 10.0
"""Without values for so long they are asked for again: a query that comes too early is lost (§1.1)."""


class PdsSession:
    """datagrams: each receive is one datagram, such as a beacon."""

    def __init__(self, options: Options, datagrams: bool, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._datagrams = datagrams
        self._framer = Framer(options.encoding)
        self._values = Values(options)
        self._alarms = Alarms(standing, Priority(options.technical_priority))
        self._waves = Waves()
        self._identities: dict[type, DeviceIdentity | PatientIdentity] = {}
        self._seconds = 0
        self._ids: set[str] = set()
        self._out = b""
        self._echo_due = -math.inf
        self._query_due = -math.inf
        self._queries = 0

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        found: list[Event] = []
        items = [*self._framer.feed(data)]
        if self._datagrams:
            items += self._framer.finish()
        for item in items:
            self._take(item, now, found)
        return found

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return min(self._echo_due, self._query_due)

    def expire(self, now: float) -> Sequence[Event]:
        if math.isinf(self._query_due):
            self._query_due = now + self._options.query_delay_s
        if now >= self._echo_due:
            self._echo_due = now + ECHO_S
            self._out += requests.ECHO_FRAME
        if now >= self._query_due:
            self._query_due = now + ANSWER_S
            self._queries += 1
            self._out += requests.query(self._queries, self._options)
        return ()

    def close(self, now: float) -> None:
        """The protocol has no farewell: the monitor forgets a client whose connection ends."""

    def finish(self) -> Sequence[Event]:
        found: list[Event] = []
        for item in self._framer.finish():
            self._take(item, 0.0, found)
        return found

    def _take(self, item: Heard | Rejected, now: float, found: list[Event]) -> None:
        if isinstance(item, Rejected):
            self._waves.lose()
            found.append(item)
            return
        events = list(self._events(item))
        found.append(
            Frame(
                offset=item.offset,
                length=item.length,
                kind=KINDS.get(item.kind, OTHER),
                tick_us=max(self._seconds, self._waves.seconds) * SECOND_US,
            )
        )
        found += events
        if self._queries and item.kind in ASKED:
            self._query_due = max(self._query_due, now + ANSWER_S)

    def _events(self, heard: Heard) -> Iterator[Event]:
        message = heard.message
        if heard.kind in {ECHO, QUERY}:
            return
        moment = times.parse(message.first("OBR").field(7))
        if moment and moment.told == SECOND_DIGITS:
            yield DeviceClock(time_us=moment.digits_us)
        for identity in identities(message):
            if self._identities.get(type(identity)) != identity:
                self._identities[type(identity)] = identity
                yield identity
        yield from location(message)
        self._count(heard)
        yield from self._values.observations(message)
        yield from self._alarms.conditions(message)
        yield from self._waves.events(heard)

    def _count(self, heard: Heard) -> None:
        """The protocol has no ticks. Values come each second, in one message or several: a second has gone by when one
        of them comes again.
        """
        if heard.kind != PERIODIC:
            return
        ids = {row.component(3) for row in heard.message.all("OBX")}
        if not ids.isdisjoint(self._ids) or not self._ids:
            self._seconds += 1
            self._ids = set()
        self._ids |= ids
