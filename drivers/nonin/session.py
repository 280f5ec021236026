"""Listening to an oximeter; the Bluetooth ones are first asked for the format (fact sheet small-devices §5)."""

import math
from collections.abc import Sequence

from collector.model import AlarmCondition, Event, Rejected
from drivers.nonin import requests
from drivers.nonin.decoder import Decoder
from drivers.nonin.frames import SERIAL_REPLY, Framer, Item, Packet
from drivers.nonin.options import Options

LISTEN_S = 1.0
"""At first: a device that sends the format already is not asked."""
RETRY_S = 5.0
"""A device that does not answer, or sends another format, is asked so often."""
QUIET_S = 3.0
"""Packets come three times a second. So long without, the format is asked for anew."""
SERIAL_TRIES = 3


class NoninSession:
    """Reads packets. Asks for format 7 while none come, and then for the serial number, where `ask` says so."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._framer = Framer()
        self._decoder = Decoder(options, standing)
        self._format = requests.FORMATS.get(options.ask, b"")
        self._format_due = -math.inf
        self._serial_due = math.inf
        self._tries = SERIAL_TRIES
        self._out = b""

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        return [event for item in self._framer.feed(data) for event in self._take(item, now)]

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return min(self._format_due, self._serial_due) if self._format else None

    def expire(self, now: float) -> Sequence[Event]:
        if math.isinf(self._format_due):
            self._format_due = now + LISTEN_S
        elif self._format and now >= self._format_due:
            self._format_due, self._serial_due = now + RETRY_S, math.inf
            self._out += self._format
        elif self._format and now >= self._serial_due:
            self._tries -= 1
            self._serial_due = now + RETRY_S if self._tries else math.inf
            self._out += requests.SERIAL
        return ()

    def close(self, now: float) -> None:
        """The device goes on talking."""

    def finish(self) -> Sequence[Event]:
        return [event for item in self._framer.finish() for event in self._take(item, 0.0)]

    def _take(self, item: Item, now: float) -> Sequence[Event]:
        if isinstance(item, Rejected):
            return (item,)
        if isinstance(item, Packet):
            self._format_due = now + QUIET_S
            if self._tries and math.isinf(self._serial_due):
                self._serial_due = now
            return self._decoder.packet(item)
        if item.code == SERIAL_REPLY:
            self._tries, self._serial_due = 0, math.inf
        return self._decoder.reply(item)
