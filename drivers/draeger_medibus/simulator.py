"""The device's side of MEDIBUS: a state machine that obeys any host, with faults to be switched on by tests.

Source: fact sheet draeger-medibus §4, §6, §11. What it measures stands in workstation.py.
"""

import math
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from collector.driver import Simulated
from collector.model import Association, AssociationState, Event, Rejected
from drivers.draeger_medibus import replies, tables
from drivers.draeger_medibus.frames import (
    COMMAND_CHECKSUM,
    DC1,
    DC3,
    NAK,
    Framer,
    Message,
    Record,
    command,
    response,
)
from drivers.draeger_medibus.speaker import Faults, Speaker
from drivers.draeger_medibus.transmitter import Transmitter
from drivers.draeger_medibus.workstation import EVITA_XL, Model
from drivers.patient import Patient

ICC_S = 3.0
SILENCE_S = 3.0
IDLE_S = 2.0
IGNORE_CONFIGURE_S = 0.2
"""Times of §4."""
PAUSE_S = 1.0
BURST_S = 0.04
"""How long DC1 lasts; how often samples are sent."""
ASK_S = 10.0
"""When the device asks its own questions."""
WEAVE_BYTES = 40
"""Responses longer than this have samples and an embedded command put between their bytes."""


@dataclass(slots=True)
class _Link:
    """What an ICC makes the device forget."""

    initialised: bool = False
    identified_at: float = math.inf
    only: dict[int, frozenset[bytes]] = field(default_factory=dict)


class MedibusSimulator:
    """A simulated Dräger device; its events are what it has said."""

    def __init__(self, simulated: Simulated, *, model: Model = EVITA_XL, faults: Faults | None = None) -> None:
        patient: Patient = simulated.patient
        self._faults = faults or Faults()
        self._epoch_us = simulated.epoch_us
        self._rng = random.Random(simulated.seed)  # noqa: S311  where to put a byte, not a secret
        self._framer = Framer()
        self._link = _Link()
        self._channels = tables.tables(model.edition).waves
        self._speaker = Speaker(model, patient, self._faults)
        offers = [offer for offer in model.offers if offer.wave in patient.waves]
        self._transmitter = Transmitter(offers, patient, self._faults.skip_every)
        self._out = bytearray()
        self._zero: float | None = None
        self._icc_at = -math.inf
        self._heard_at = -math.inf
        self._sent_at = -math.inf
        self._burst_at = math.inf
        self._responses = 0
        self._happenings = deque(self._plan())

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        self._begin(now)
        if any(byte < 0x80 for byte in data):
            self._heard_at = now
        said: list[Event] = []
        for item in self._framer.feed(data):
            if isinstance(item, Message):
                said += self._command(item, now) if item.command else self._answer(item, now)
            elif isinstance(item, Record):
                self._transmitter.enable(item, self._time_s(now))
                self._burst_at = now if self._transmitter.running else math.inf
            elif isinstance(item, Rejected) and item.reason == COMMAND_CHECKSUM:
                self._send(NAK, now)
        return said

    def outgoing(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def deadline(self) -> float | None:
        if self._zero is None:
            return -math.inf
        due = self._happenings[0][0] + self._zero if self._happenings else math.inf
        if not self._link.initialised:
            return min(due, self._icc_at + ICC_S)
        return min(due, self._heard_at + SILENCE_S, self._sent_at + IDLE_S, self._burst_at)

    def expire(self, now: float) -> Sequence[Event]:
        self._begin(now)
        said: list[Event] = []
        while self._happenings and now - (self._zero or 0.0) >= self._happenings[0][0]:
            said += self._happen(self._happenings.popleft()[1], now)
        if self._link.initialised and now >= self._heard_at + SILENCE_S:
            said += self._reset("silence")
        if not self._link.initialised:
            if now >= self._icc_at + ICC_S:
                self._icc_at = now
                self._send(command(tables.INITIALISE), now)
            return said
        if now >= self._burst_at:
            said += self._burst(now)
        if now >= self._sent_at + IDLE_S:
            self._send(command(tables.NOP), now)
        return said

    def close(self, now: float) -> None:
        """Nothing: a device that is switched off says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _begin(self, now: float) -> None:
        if self._zero is None:
            self._zero = self._heard_at = now

    def _time_s(self, now: float) -> float:
        return now - (self._zero or 0.0)

    def _plan(self) -> list[tuple[float, bytes]]:
        faults = self._faults
        plan = [
            (faults.pause_at_s, bytes((DC1,))),
            (faults.pause_at_s + PAUSE_S, bytes((DC3,))),
            (faults.reset_at_s, command(tables.INITIALISE)),
            (faults.streams_change_at_s, command(tables.WAVES_CHANGED)),
            (faults.time_change_at_s, command(tables.TIME_CHANGED)),
            *((ASK_S, command(code)) for code in faults.asks),
        ]
        return sorted(event for event in plan if event[0] < math.inf)

    def _happen(self, message: bytes, now: float) -> list[Event]:
        if message == command(tables.INITIALISE):
            return self._reset("ICC")
        if message == command(tables.WAVES_CHANGED):
            self._transmitter.forget()
            self._burst_at = math.inf
        self._send(message, now)
        return []

    def _reset(self, reason: str) -> list[Event]:
        """Configuration and streams are forgotten; the ICC goes out anew."""
        had, self._link = self._link.initialised, _Link()
        self._transmitter.forget()
        self._burst_at = math.inf
        self._icc_at = -math.inf
        return [Association(state=AssociationState.ENDED, reason=reason)] if had else []

    def _answer(self, message: Message, now: float) -> list[Event]:
        if message.code == tables.INITIALISE and not self._link.initialised:
            self._link.initialised = True
            self._send(command(tables.IDENTIFY), now)
            return [Association(state=AssociationState.ESTABLISHED)]
        if message.code == tables.IDENTIFY and (replies.identification(message.data) or not self._faults.strict):
            self._link.identified_at = now
        return []

    def _command(self, message: Message, now: float) -> list[Event]:
        code = message.code
        if code == tables.INITIALISE:
            said = self._reset("ICC")
            self._link.initialised = True
            whole, asks = response(code), command(tables.IDENTIFY)
            self._send(whole[:3] + asks + whole[3:] if self._faults.embed else whole + asks, now)
            return [*said, Association(state=AssociationState.ESTABLISHED)]
        if code == tables.STOP:
            self._send(response(code), now)
            said = self._reset("STOP")
            self._icc_at = now
            return said
        if code == tables.CONFIGURE and message.data and now >= self._link.identified_at + IGNORE_CONFIGURE_S:
            kind, codes = replies.codes(message.data)
            self._link.only[kind] = frozenset(codes)
        elif code == tables.CONFIGURE_WAVES:
            self._transmitter.configure(replies.pairs(message.data), self._channels)
            self._burst_at = math.inf
        return self._reply(code, message.data, now)

    def _reply(self, code: int, argument: bytes, now: float) -> list[Event]:
        self._responses += 1
        if self._faults.corrupt_every and self._responses % self._faults.corrupt_every == 0:
            self._send(response(code)[:-3] + b"ZZ\r", now)
            return []
        only = self._link.only.get(_FILTER.get(code, code), frozenset())
        clock_us = self._epoch_us + round(now * 1e6)
        data, said = self._speaker.reply(code, argument, only, self._time_s(now), clock_us)
        whole = response(code, data)
        if len(whole) > WEAVE_BYTES:
            said = self._burst(now) + said  # the samples go between the bytes of the response
            whole = self._weave(whole)
        self._send(whole, now)
        return said

    def _weave(self, whole: bytes) -> bytes:
        """Realtime bytes that wait, and an embedded NOP, at random places of a response; neither is in its sum."""
        samples, self._out = bytes(self._out), bytearray()
        nop = command(tables.NOP) if self._faults.embed else b""
        cuts = sorted(self._rng.randrange(1, len(whole)) for _ in range(3))
        parts = (whole[: cuts[0]], samples, whole[cuts[0] : cuts[1]], nop, whole[cuts[1] :])
        return b"".join(parts)

    def _burst(self, now: float) -> list[Event]:
        if not self._transmitter.running:
            return []
        self._burst_at = now + BURST_S
        burst, said = self._transmitter.burst(self._time_s(now))
        self._out += burst
        return said

    def _send(self, data: bytes, now: float) -> None:
        self._out += data
        self._sent_at = now


_FILTER = {
    tables.LOW: tables.MEASURED,
    tables.HIGH: tables.MEASURED,
    tables.LOW_2: tables.MEASURED_2,
    tables.HIGH_2: tables.MEASURED_2,
}
"""4AH for measured data filters the limits as well (§5)."""
