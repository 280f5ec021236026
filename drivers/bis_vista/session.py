"""The dialogue with a BIS monitor: data are switched on once, and again when they stay away (small-devices §1)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from collector.model import AlarmCondition, Event, Rejected
from drivers.bis_vista import requests
from drivers.bis_vista.decoder import Decoder
from drivers.bis_vista.frames import DATA, Framer, Packet
from drivers.bis_vista.options import Options

PACE_S = 0.5
"""Between two requests: time for the answer to the first."""
QUIET_S = 3.0
"""Processed data come every second. So long without: the monitor has been switched off or on, and has forgotten all."""
RETRY_S = 10.0
"""For what was asked for and has not come: a monitor may not have it."""


@dataclass(slots=True, kw_only=True)
class _Wanted:
    """A request, the messages that answer it, and when it is due: `quiet_s` after an answer, `retry_s` after a request.

    off: what ends it.
    """

    message: int
    data: bytes = b""
    answers: frozenset[int] = frozenset()
    retry_s: float = RETRY_S
    quiet_s: float = QUIET_S
    off: int | None = None
    due: float = -math.inf


class BisSession:
    """Asks for the revision, processed variables, texts and the raw EEG."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._framer = Framer()
        self._decoder = Decoder(standing)
        self._wanted = tuple(_wanted(options))
        self._processed = next(one for one in self._wanted if one.message == requests.PROCESSED_ON)
        self._queue: list[_Wanted] = []
        self._next = -math.inf
        self._sent = 0
        self._out = b""

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        found: list[Event] = []
        for item in self._framer.feed(data):
            if isinstance(item, Rejected):
                self._decoder.lose()
                found.append(item)
            else:
                self._heard(item, now)
                found += self._decoder.events(item)
        return found

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float:
        return self._next if self._queue else max(self._next, min(one.due for one in self._wanted))

    def expire(self, now: float) -> Sequence[Event]:
        if now < self._next:
            return ()
        if now >= self._processed.due:
            self._queue = list(self._wanted)
        else:
            self._queue += [one for one in self._wanted if now >= one.due]
        for one in self._queue:
            one.due = math.inf
        if self._queue:
            one = self._queue.pop(0)
            one.due = now + one.retry_s
            self._next = now + PACE_S
            self._send(one.message, one.data)
        return ()

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's
        if self._sent:
            for one in self._wanted:
                if one.off is not None:
                    self._send(one.off)

    def finish(self) -> Sequence[Event]:
        return self._framer.finish()

    def _send(self, message: int, data: bytes = b"") -> None:
        self._out += requests.request(message, data, sequence=self._sent, number=self._sent)
        self._sent += 1

    def _heard(self, packet: Packet, now: float) -> None:
        if packet.kind == DATA and self._sent:
            for one in self._wanted:
                if packet.message in one.answers:
                    one.due = now + one.quiet_s


def _wanted(options: Options) -> Sequence[_Wanted]:
    found = [
        _Wanted(
            message=requests.PROCESSED_ON,
            data=requests.processed(spectra=options.spectra),
            answers=frozenset({requests.PROCESSED, requests.PROCESSED_SPECTRA, requests.EXTRA, requests.EXTRA_SPECTRA}),
            off=requests.PROCESSED_OFF,
        ),
        _Wanted(message=requests.REVISION_SEND, answers=frozenset({requests.REVISION}), quiet_s=math.inf),
    ]
    if options.extra:
        found.insert(0, _Wanted(message=requests.EXTRA_ON, retry_s=math.inf, off=requests.EXTRA_OFF))
    if options.messages:
        found += [
            _Wanted(message=requests.EVENT_ON, retry_s=math.inf, off=requests.EVENT_OFF),
            _Wanted(message=requests.ERROR_ON, retry_s=math.inf, off=requests.ERROR_OFF),
            _Wanted(message=requests.IMPEDANCE_ON, retry_s=math.inf, off=requests.IMPEDANCE_OFF),
        ]
    if options.eeg:
        found.append(
            _Wanted(
                message=requests.RAW_ON,
                data=requests.RAW_DATA,
                answers=frozenset({requests.RAW}),
                off=requests.RAW_OFF,
            )
        )
    return found
