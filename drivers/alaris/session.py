"""Asking a pump, one question at a time (fact sheet small-devices §14). It never tells the pump anything."""

import math
from collections import deque
from collections.abc import Sequence

from collector.model import AlarmCondition, DeviceIdentity, Event, Frame, Rejected
from drivers.alaris.alarms import Alarms
from drivers.alaris.frames import Framer, Message
from drivers.alaris.options import Options
from drivers.alaris.queries import FRAMES, Query
from drivers.alaris.replies import ALARM_AT, observations

ANSWER_S = 0.5
ATTEMPTS = 2
"""Time-out of an answer, and one retry."""
SLOW_S = 60.0
"""How often is asked what a person changes seldom."""
SKIP_S = 60.0
"""A question that this pump has never answered, in two rounds in which it answered others, is left out for so long."""

FAST = (Query.INFUSION, Query.VTBI, Query.RATE)
SLOW = (Query.SERIAL, Query.PROTOCOL, Query.SYRINGE, Query.MAX_RATE)
INSTEAD = Query.VOLUME
"""Asked only of a pump that does not answer INF, which holds it."""

_BY_NAME = {query.value: query for query in Query}


class AlarisSession:
    """Reads answers, also those that it has not asked for; asks in rounds."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._poll_s = options.poll_s
        self._framer = Framer()
        self._alarms = Alarms(standing)
        self._identity = DeviceIdentity(manufacturer="Alaris")
        self._out: deque[Query] = deque()
        self._round: deque[Query] = deque()
        self._due: dict[Query, float] = {}
        self._skipped: dict[Query, float] = {}
        self._known: set[Query] = set()
        self._unanswered: set[Query] = set()
        self._unanswered_before: set[Query] = set()
        self._asked: Query | None = None
        self._attempt = 0
        self._sent_at = -math.inf
        self._round_at = -math.inf
        self._answered = False
        self._closed = False

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        return [event for item in self._framer.feed(data) for event in self._take(item, now)]

    def outgoing(self) -> bytes:
        """The questions that are due. Only members of Query have a form in which they can leave."""
        out = b"".join(FRAMES[query] for query in self._out)
        self._out.clear()
        return out

    def deadline(self) -> float | None:
        if self._closed:
            return None
        if self._asked is not None:
            return self._sent_at + ANSWER_S
        return -math.inf if self._round else self._round_at

    def expire(self, now: float) -> Sequence[Event]:
        if self._closed:
            return ()
        if self._asked is not None:
            if now < self._sent_at + ANSWER_S:
                return ()
            if self._attempt < ATTEMPTS:
                self._ask(self._asked, self._attempt + 1, now)
                return ()
            self._unanswered.add(self._asked)
            self._asked = None
        if not self._round and now >= self._round_at:
            self._begin(now)
        if self._round:
            self._ask(self._round.popleft(), 1, now)
        return ()

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's
        """Nothing was changed, so nothing is taken back."""
        self._closed = True
        self._out.clear()

    def finish(self) -> Sequence[Event]:
        return self._framer.finish()

    def _begin(self, now: float) -> None:
        """A round; of everything where the one before had no answer at all: the pump may be another one."""
        if self._answered:
            never = (self._unanswered & self._unanswered_before) - self._known
            self._skipped.update(dict.fromkeys(never, now + SKIP_S))
            self._unanswered_before = self._unanswered
        else:
            self._due.clear()
            self._skipped.clear()
            self._unanswered_before = set()
        self._unanswered, self._answered = set(), False
        wanted = [*(query for query in SLOW if now >= self._due.get(query, -math.inf)), *FAST]
        if self._is_skipped(Query.INFUSION, now):
            wanted.append(INSTEAD)
        self._round.extend(query for query in wanted if not self._is_skipped(query, now))
        self._round_at += self._poll_s
        if self._round_at <= now:
            self._round_at = now + self._poll_s

    def _is_skipped(self, query: Query, now: float) -> bool:
        return now < self._skipped.get(query, -math.inf)

    def _ask(self, query: Query, attempt: int, now: float) -> None:
        self._asked, self._attempt, self._sent_at = query, attempt, now
        self._out.append(query)
        if len(self._out) > ATTEMPTS:  # nobody takes them away: a recording
            self._out.popleft()

    def _take(self, item: Message | Rejected, now: float) -> Sequence[Event]:
        if isinstance(item, Rejected):
            return (item,)
        query = _BY_NAME.get(item.name)
        answer = query is not None and bool(item.fields)
        kind = item.name if answer else "question" if query is not None else "other"
        frame = Frame(offset=item.offset, length=item.length, kind=kind)
        if query is None or not answer:
            return (frame,)
        if query is self._asked:
            self._asked = None
            self._answered = True
            self._known.add(query)
            self._due[query] = now + SLOW_S
        return [frame, *self._device(query, item.fields), *observations(query, item.fields), *self._alarm(query, item)]

    def _alarm(self, query: Query, message: Message) -> Sequence[AlarmCondition]:
        if query is not Query.INFUSION or len(message.fields) < ALARM_AT:
            return ()
        return self._alarms.changes(message.fields[ALARM_AT - 1].strip())

    def _device(self, query: Query, fields: Sequence[str]) -> Sequence[DeviceIdentity]:
        """The device, where it tells something new of itself. Another serial number is another pump."""
        before = self._identity
        text = fields[0].strip()
        if query in {Query.SERIAL, Query.INFUSION} and text and text != before.serial:
            software = before.software if not before.serial else ""
            self._identity = DeviceIdentity(manufacturer=before.manufacturer, serial=text, software=software)
        elif query is Query.PROTOCOL:
            self._identity = DeviceIdentity(manufacturer=before.manufacturer, serial=before.serial, software=text)
        return (self._identity,) if self._identity != before else ()
