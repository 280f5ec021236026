"""The dialogue with a Mindray ventilator or anaesthesia machine (fact sheet mindray-and-chinese-hl7 §6).

It is asked for measured values each cycle and for settings now and then, one request at a time.
"""

import math
import re
from collections.abc import Iterator, Sequence

from collector.model import Channel, Event, Frame, Observation, Quality, Rejected
from drivers.mindray_sv300 import tables
from drivers.mindray_sv300.frames import MEASURED, SETTINGS, Framer, Reply, request
from drivers.mindray_sv300.options import Options

ANSWER_S = 2.0
"""Without a reply for so long a request is lost: the longest reply takes 0.24 s at 57600 baud."""
KINDS = {MEASURED: "measured", SETTINGS: "settings"}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_NO_NUMBER = re.compile(r"[-.]*")
"""Blank is "not available" (§6). Dashes are assumed to say the same: screens show them."""


class Sv300Session:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._channels = tables.channels(options.pressure_unit, options.co2_unit)
        self._framer = Framer()
        self._out = b""
        self._due = self._settings_due = -math.inf
        self._asked: int | None = None
        self._asked_at = -math.inf
        self._polls = 0
        self._told: dict[int, frozenset[Channel]] = {MEASURED: frozenset(), SETTINGS: frozenset()}

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        found: list[Event] = []
        for item in self._framer.feed(data):
            if isinstance(item, Rejected):
                found.append(item)
            else:
                found += self._read(item)
                if item.command == self._asked:
                    self._asked = None
                    self._due = max(now, self._asked_at + self._options.poll_s)
        return found

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return self._due

    def expire(self, now: float) -> Sequence[Event]:
        if now >= self._due:
            self._asked = MEASURED
            if now >= self._settings_due:
                self._asked = SETTINGS
                self._settings_due = now + self._options.settings_s
            self._asked_at, self._due = now, now + ANSWER_S
            self._out += request(self._asked)
        return ()

    def close(self, now: float) -> None:
        """The protocol has no farewell."""

    def finish(self) -> Sequence[Event]:
        return self._framer.finish()

    def _read(self, reply: Reply) -> Iterator[Event]:
        """A reply has no time of its own: measured ones come in the rhythm of the polls."""
        self._polls += reply.command == MEASURED
        tick_us = round(self._polls * self._options.poll_s * 1_000_000)
        yield Frame(offset=reply.offset, length=reply.length, kind=KINDS[reply.command], tick_us=tick_us)
        values = [one for code, text in reply.values for one in self._values(reply.command, code, text.strip())]
        yield from values
        here = frozenset(one.channel for one in values)
        for channel in sorted(self._told[reply.command] - here, key=lambda channel: channel.source):
            yield Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
        self._told[reply.command] = frozenset(one.channel for one in values if one.value is not None)

    def _values(self, command: int, code: int, text: str) -> Iterator[Observation]:
        unknown = tables.unknown(command, code)
        channel = self._channels.get((command, code), unknown)
        if _NUMBER.fullmatch(text):
            yield Observation(channel=channel, value=float(text))
        elif _NO_NUMBER.fullmatch(text):
            yield Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
        else:
            if channel != unknown:
                yield Observation(channel=channel, value=None, quality=Quality.INVALID)
            yield Observation(channel=unknown, value=text)
