"""The dialogue of the polling protocol: one request at a time, and what is asked next (fact sheet hamilton §1)."""

import math
from collections import deque
from collections.abc import Iterator, Sequence

from collector.model import AlarmCondition, Event, Frame, Rejected, Role
from drivers.hamilton import tables
from drivers.hamilton.decoder import ERROR, Decoder, read
from drivers.hamilton.frames import REQUEST_BYTES, WAVE_BYTES, Framer, Packet, packet
from drivers.hamilton.options import Options

INTERVAL_S = 0.04
"""Between requests: the ventilator needs 32 ms, another program waits 36 ms (§1)."""
ANSWER_S = 0.5
"""A reply has come after this long, or it never comes: 32 ms, 13 bytes at 9600 baud, and a slow serial server."""
ATTEMPTS = 2
RETRY_S = 60.0
"""What the ventilator does not have is asked for again after so long: an option may have been plugged in."""
CLOCK_S = 60.0
SLOW_SHARE = 6
"""Of the settings and limits, how many are asked for in each round: all of them in some 20 s."""
FRAME_US = 40_000
"""Nominal period of replies; the protocol has no ticks."""

FIRST = (tables.MODE, tables.NUMBER, *tables.SOFTWARE)
FAST = (*tables.alarms(), *(one for one, item in tables.items().items() if item.channel.role is Role.MEASURED))
SLOW = tuple(one for one, item in tables.items().items() if item.channel.role is not Role.MEASURED)
CLOCK = (tables.SECOND, tables.YEAR, tables.MONTH, tables.DAY, tables.HOUR, tables.MINUTE, tables.SECOND)

UNASKED, ECHO = "unasked", "echo"


class PollingSession:
    """Asks for all values and alarms in each round, for some of the settings, and for the clock once a minute.

    A reply is read by the request that is outstanding. In a recording nobody asks: there a reply's own id counts, or
    the request before it where the recording holds both directions.
    """

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._poll_s = options.poll_s
        self._framer = Framer()
        self._decoder = Decoder(options.co2_unit, standing)
        self._out = b""
        self._live = False
        self._closed = False
        self._asked: int | None = None
        self._asked_at = -math.inf
        self._attempt = 0
        self._queue: deque[int] = deque()
        self._slow: Iterator[Sequence[int]] = iter(())
        self._began = False
        self._round_at = -math.inf
        self._clock_at = -math.inf
        self._lacking: dict[int, float] = {}
        self._answering = False
        self._frames = 0

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        found: list[Event] = []
        for item in self._framer.feed(data):
            found += (item,) if isinstance(item, Rejected) else self._packet(item, now)
        return found

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        if self._closed:
            return None
        if self._asked is not None:
            return self._asked_at + ANSWER_S
        return max(self._asked_at + INTERVAL_S, -math.inf if self._queue else self._round_at)

    def expire(self, now: float) -> Sequence[Event]:
        self._live = True
        due = self.deadline()
        if due is None or now < due:
            return ()
        found: Sequence[Event] = ()
        if self._asked is not None:
            if self._attempt < ATTEMPTS:
                self._ask(self._asked, now)
                return ()
            found = self._unanswered(self._asked, now)
        if not self._queue:
            self._queue.extend(one for one in self._round(now) if self._lacking.get(one, -math.inf) <= now)
        if self._queue:
            self._attempt = 0
            self._ask(self._queue.popleft(), now)
        return found

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's
        """Nothing more is asked; the protocol has no farewell."""
        self._closed = True

    def finish(self) -> Sequence[Event]:
        return self._framer.finish()

    def _packet(self, one: Packet, now: float) -> Sequence[Event]:
        if len(one.content) == REQUEST_BYTES:
            if self._live:
                return (Rejected(offset=one.offset, length=one.length, reason=ECHO),)
            self._asked = one.content[0]
            return (self._frame(one, "request"),)
        asked = self._asked
        if self._live and asked is None:
            return (Rejected(offset=one.offset, length=one.length, reason=UNASKED),)
        if one.content == ERROR:
            self._answered()
            if asked is None:
                return (self._frame(one, "error"),)
            self._lacking[asked] = now + RETRY_S
            return self._frame(one, "error"), *self._decoder.missing(asked)
        if len(one.content) == WAVE_BYTES:
            if self._live and one.content[0] != asked:
                return (Rejected(offset=one.offset, length=one.length, reason=UNASKED),)
            return (self._frame(one, "waves"),)
        found = read(one.content, asked)
        if found is None and not self._live:
            found = read(one.content, None)
        if found is None:
            return (Rejected(offset=one.offset, length=one.length, reason=UNASKED),)
        self._answered()
        return self._frame(one, "reply"), *self._decoder.reply(*found, now if self._live else None)

    def _frame(self, one: Packet, kind: str) -> Frame:
        self._frames += 1
        return Frame(offset=one.offset, length=one.length, kind=kind, tick_us=self._frames * FRAME_US)

    def _answered(self) -> None:
        self._asked = None
        self._answering = True

    def _unanswered(self, one: int, now: float) -> Sequence[Event]:
        """An id that alone brings no answer is one that the ventilator lacks.

        Two in a row: it is off, and may come back with other options.
        """
        self._asked = None
        if self._answering:
            self._answering = False
            self._lacking[one] = now + RETRY_S
            return self._decoder.missing(one)
        self._lacking.clear()
        self._clock_at = -math.inf
        self._began = False
        return ()

    def _round(self, now: float) -> Iterator[int]:
        self._round_at = now + self._poll_s
        if not self._began:
            self._began = True
            yield from FIRST
        yield from FAST
        share = next(self._slow, None)
        if share is None:
            self._slow = iter([SLOW[at : at + SLOW_SHARE] for at in range(0, len(SLOW), SLOW_SHARE)])
            share = next(self._slow)
        yield from share
        if now >= self._clock_at:
            self._clock_at = now + CLOCK_S
            yield from CLOCK

    def _ask(self, one: int, now: float) -> None:
        self._asked, self._asked_at = one, now
        self._attempt += 1
        self._out = packet(bytes((one,)))
