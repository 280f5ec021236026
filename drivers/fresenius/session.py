"""The dialogue with a base and its modules, or with a pump that stands alone (small-devices §13)."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from collector.model import AlarmCondition, Event, Frame, Rejected
from drivers.fresenius import pumps
from drivers.fresenius.frames import ACK, ENQ, NAK, Framer, Message, Signal
from drivers.fresenius.options import Options
from drivers.fresenius.pumps import Pumps
from drivers.fresenius.requests import MODULES, Address, Command, Courtesy, Variable, acknowledgement, framed

ANSWER_S = 1.0
ATTEMPTS = 2
"""A reply comes within so long, or the command is sent once more."""
AGAIN_S = 3.0
"""After a device that did not answer at all."""
DRUG_S = 30.0
"""The drug of a pump is asked for again so often."""
MAX_NAKS = 3
"""A message that comes damaged so often in a row is not asked for again: it may be of a kind that nobody knows."""
MAX_OUTGOING = 1024
"""What nobody takes away (a recording) is dropped beyond this."""

VALUES = (
    Variable.ALARM, Variable.RATE, Variable.ERROR, Variable.BOLUS_RATE, Variable.MODE, Variable.VOLUME,
    Variable.BOLUS_VOLUME,
)  # fmt: skip
FEW = (Variable.ALARM, Variable.RATE, Variable.VOLUME)
"""Of a pump that refuses one of the others."""
REPORTED = (Variable.ALARM, Variable.RATE, Variable.MODE)
PLACES = (Variable.MODULES_OR_TYPE,)

_BASE_CLOSED = "0D"
_CLOSED = {"1E", "0E"}
"""The session with the base is not open; the one with the module is not, or the module is not reached."""
_VARIABLE = {"04", "0A", "0B"}
"""Syntax, or an identifier that is not used or not correct."""
_WRONG_ADDRESS = "4"
_BY_TEXT = {address.text: address for address in Address}


@dataclass(frozen=True, slots=True)
class Step:
    """A command that is to be sent."""

    command: Command
    address: Address
    variables: tuple[Variable, ...] = ()


class FreseniusSession:
    """One command at a time. What comes unasked is read and acknowledged as well."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._framer = Framer()
        self._pumps = Pumps(standing)
        self._out = b""
        self._root = Address.BASE
        self._connected: set[Address] = set()
        self._few: set[Address] = set()
        self._drug_at: dict[Address, float] = {}
        self._steps: deque[Step] = deque()
        self._asked: Step | None = None
        self._attempt = 0
        self._answer_by = math.inf
        self._next_at = -math.inf
        self._round_at = -math.inf
        self._rounds = 0
        self._ever_asked = False
        self._naks = 0
        self._placed: frozenset[str] = frozenset()

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        found: list[Event] = []
        for item in self._framer.feed(data):
            if isinstance(item, Rejected):
                found.append(item)
                self._damaged(item.reason)
            elif isinstance(item, Signal):
                self._signal(item, now)
            else:
                self._message(item, now, found)
        return found

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        due = min(self._answer_by, self._next_at)
        return None if due == math.inf else due

    def expire(self, now: float) -> Sequence[Event]:
        found: list[Event] = []
        if now >= self._answer_by:
            self._late(now, found)
        if now >= self._next_at and self._asked is None:
            self._go_on(now)
        return found

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's
        """Disconnect, as the protocol wants it."""
        if self._root in self._connected:
            self._send(framed(Command.DISCONNECT, self._root))
        self._connected.clear()
        self._steps.clear()
        self._asked = None
        self._answer_by = self._next_at = math.inf

    def finish(self) -> Sequence[Event]:
        return self._framer.finish()

    def _send(self, data: bytes) -> None:
        if len(self._out) + len(data) <= MAX_OUTGOING:
            self._out += data

    def _go_on(self, now: float) -> None:
        """Send what is next; after a round wait until the next is due."""
        if not self._steps and now >= self._round_at:
            self._plan(now)
        if not self._steps:
            self._next_at = self._round_at
            return
        self._asked, self._attempt = self._steps.popleft(), 0
        self._ask(now)

    def _ask(self, now: float) -> None:
        assert self._asked is not None
        self._attempt += 1
        self._ever_asked = True
        self._send(framed(self._asked.command, self._asked.address, self._asked.variables))
        self._answer_by, self._next_at = now + ANSWER_S, math.inf

    def _plan(self, now: float) -> None:
        """One round: who is there, then each pump's values; a pump that is new is asked what it is."""
        self._round_at = now + self._options.poll_s
        if self._root not in self._connected:
            self._steps.append(Step(Command.CONNECT, self._root))
        elif self._root is Address.BASE:
            self._steps.append(Step(Command.READ, Address.BASE, PLACES))
            for address in MODULES:
                if address.text in self._pumps.modules:
                    self._plan_pump(address, now)
                else:
                    self._connected.discard(address)
        else:
            self._plan_pump(Address.ALONE, now)

    def _plan_pump(self, address: Address, now: float) -> None:
        if address not in self._connected:
            self._steps.append(Step(Command.CONNECT, address))
            return
        if now >= self._drug_at.get(address, -math.inf):
            self._drug_at[address] = now + DRUG_S
            self._steps.append(Step(Command.READ_DRUG, address))
        self._steps.append(Step(Command.READ, address, FEW if address in self._few else VALUES))

    def _greet(self, address: Address, now: float) -> None:
        """A pump is connected."""
        self._drug_at.pop(address, None)
        self._steps.appendleft(Step(Command.READ_FIXED, address, PLACES))
        if self._options.spontaneous:
            self._steps.append(Step(Command.REPORT, address, REPORTED))
        else:
            self._steps.append(Step(Command.REPORT_NOTHING, address))
        self._round_at = now

    def _late(self, now: float, found: list[Event]) -> None:
        """No reply has come in time."""
        if self._attempt < ATTEMPTS:
            self._ask(now)
            return
        step, self._asked, self._answer_by = self._asked, None, math.inf
        self._next_at = now
        if step is not None and step.address is not self._root:
            self._lost(step.address, found)
        else:
            self._restart(now)

    def _lost(self, address: Address, found: list[Event]) -> None:
        """A pump is not reached: connect it anew in the next round."""
        self._connected.discard(address)
        self._few.discard(address)
        self._steps = deque(step for step in self._steps if step.address is not address)
        found += self._pumps.silent(address.text)

    def _restart(self, now: float) -> None:
        """The base is not reached, or there is none: try the other."""
        if self._root not in self._connected:
            self._root = Address.ALONE if self._root is Address.BASE else Address.BASE
        self._connected.clear()
        self._few.clear()
        self._steps.clear()
        self._round_at = self._next_at = now + AGAIN_S

    def _damaged(self, reason: str) -> None:
        if reason in {"layout", "checksum"} and self._naks < MAX_NAKS:
            self._naks += 1
            self._send(Courtesy.NAK_CHECK.value)

    def _signal(self, signal: Signal, now: float) -> None:
        if signal.code == ENQ:
            self._send(Courtesy.ALIVE.value)
        elif signal.code == NAK and self._asked is not None:
            if signal.error == _WRONG_ADDRESS:
                self._attempt = ATTEMPTS
            self._answer_by = now if self._attempt >= ATTEMPTS else min(self._answer_by, now + ANSWER_S / 2)
        elif signal.code == ACK and self._asked is not None:
            self._answer_by = now + ANSWER_S

    def _message(self, message: Message, now: float, found: list[Event]) -> None:
        self._naks = 0
        if message.word not in _KINDS:
            found.append(Frame(offset=message.offset, length=message.length, kind="request", tick_us=self._tick_us))
            return
        address = _BY_TEXT[message.address]
        step = self._asked if self._asked is not None and self._asked.address is address else None
        told = self._told(message, step)
        if told is None:
            found.append(Rejected(offset=message.offset, length=message.length, reason="variables"))
        else:
            kind = _KINDS[message.word]
            found.append(Frame(offset=message.offset, length=message.length, kind=kind, tick_us=self._tick_us))
            found += told
        self._send(Courtesy.ACK.value)
        if message.word == "E":
            self._send(acknowledgement(address))
        elif message.word in {"C", "I"} and step is not None:
            self._answered(step, (message.text or "") if message.word == "I" else "", now, found)

    def _told(self, message: Message, step: Step | None) -> Sequence[Event] | None:
        """What a message of the device says; None: nobody asked for such a text."""
        address, text = message.address, message.text or ""
        asked = step.command if step is not None and message.word == "C" else None
        if asked is Command.READ_DRUG:
            return list(self._pumps.drug(address, text))
        if not text or message.word == "I":
            return ()
        if asked is Command.READ_FIXED or pumps.are_variables(text):
            self._rounds += message.word == "C" and address in {"", pumps.BASE}
            return list(self._pumps.variables(address, text))
        if message.word == "C" and not self._ever_asked:
            return list(self._pumps.drug(address, text))
        return None

    @property
    def _tick_us(self) -> int:
        """The protocol has no time: rounds of the base, or of a pump that stands alone, by their nominal period."""
        return round(self._rounds * self._options.poll_s * 1_000_000)

    def _answered(self, step: Step, error: str, now: float, found: list[Event]) -> None:
        self._asked, self._answer_by, self._next_at = None, math.inf, now
        root = step.address is self._root
        if not error and step.command is Command.CONNECT:
            self._connected.add(step.address)
            if step.address is Address.BASE:
                self._round_at = now
            else:
                self._greet(step.address, now)
        elif not error and step.address is Address.BASE and self._placed != self._pumps.modules:
            self._placed = self._pumps.modules
            self._round_at = now
        elif error in _VARIABLE and step.command is Command.READ:
            self._few.add(step.address)
        elif (
            error == _BASE_CLOSED or (root and error and step.command is Command.CONNECT) or (root and error in _CLOSED)
        ):
            self._restart(now)
        elif error in _CLOSED or (error and step.command is Command.CONNECT):
            self._lost(step.address, found)


_KINDS = {"C": "reply", "I": "error", "E": "spontaneous", "M": "adjustment"}
