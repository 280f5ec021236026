"""The host's side of the link: initialising, requests one at a time, answers to the device, keep-alive, farewell.

Source: fact sheet draeger-medibus §3, §4, §6. It only decides what is sent and when; what is heard is read elsewhere.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from drivers.draeger_medibus import tables
from drivers.draeger_medibus.frames import DC1, MAX_COMMAND, NAK, Message, command, response
from drivers.draeger_medibus.options import Options
from drivers.draeger_medibus.replies import HOST_ID, Stream

IDENTITY = HOST_ID.encode() + b"'vitalsd'01.00:04.00"
"""Cicero B and Evita 4 insist on a full answer to 52H; 04.00 is the MEDIBUS revision that a host follows (§4)."""
CONFIGURE_AFTER_S = 0.2
"""4AH is silently ignored sooner after the answer to 52H (§4)."""
SILENCE_S = 3.0
"""A link without a byte for this long has failed; also the pause between two ICC (§4)."""
ANSWER_S = 10.0
"""The whole answer has come after this long, or it never comes; also the longest pause between two ICC (§4)."""
ATTEMPTS = 2
"""How often a command is sent before it is let go, or the link counts as lost."""
RETRY_S = 600.0
"""What has never been answered on this link is tried again after this long."""
NOP_S = 2.0
"""An idle host says so (§4)."""
ENABLE_S = 5.0
"""Streams are enabled anew this often: the sync commands are not answered (§6)."""
HOLD_S = 3.0
"""DC3 follows DC1 within this time, or the link is initialised anew (§2)."""
MAX_OUTGOING = 16 * MAX_COMMAND
"""Answers that nobody takes away (a recording) are dropped beyond this."""

FAST = (tables.MEASURED, tables.ALARMS, tables.MEASURED_2, tables.ALARMS_2)
SLOW = (tables.SETTINGS, tables.TEXTS, tables.LOW, tables.HIGH, tables.LOW_2, tables.HIGH_2, tables.MOMENT)
"""Each round asks for all of FAST and the next of SLOW."""

KEYED = frozenset((b"8210", b"8200", b"8230", b"8240", b"8250", b"8260"))
LINKED = KEYED | {b"7012"}
"""Devices that document 6AH: active keys and channel, and besides those the link's software (§5, §8)."""


class Phase(Enum):
    INITIALISING = auto()
    RUNNING = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Request:
    code: int
    argument: bytes = b""


class Dialogue:
    """`now` is in seconds. Times are kept as "due at"; infinity is never."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._phase = Phase.INITIALISING
        self._out = bytearray()
        self._setup: deque[Request] = deque()
        self._round: deque[Request] = deque()
        self._slow = 0
        self._keyed = False
        self._answered: set[int] = set()
        self._unsupported: set[Request] = set()
        self._retry_at = math.inf
        self._spoiled: list[Request] = []
        self._asked: Request | None = None
        self._attempt = 0
        self._damaged = False
        self._first_asked_at = -math.inf
        self._asked_at = -math.inf
        self._heard_at = -math.inf
        self._came_at = -math.inf
        self._initialise_at = -math.inf
        self._configure_at = -math.inf
        self._round_at = -math.inf
        self._sent_at = -math.inf
        self._enable_at = math.inf
        self._resume_by = math.inf
        self._mask = 0

    def outgoing(self) -> bytes:
        """What is to be sent; nothing while the device has asked for silence."""
        if self._resume_by < math.inf:
            return b""
        out = bytes(self._out)
        self._out.clear()
        return out

    def heard(self, now: float) -> None:
        """A slow byte has come: a message is under way."""
        self._heard_at = now

    def control(self, code: int, now: float) -> None:
        """DC1 stops this side, DC3 lets it go on."""
        self._resume_by = now + HOLD_S if code == DC1 else math.inf

    def corrupt_command(self, now: float) -> None:
        """A command of the device has come damaged."""
        self._send(NAK, now)

    def corrupt_response(self, now: float) -> None:
        """A command or its answer has come damaged on one of the sides."""
        self._damaged = True
        if self._attempt < ATTEMPTS:
            self._again(now)
        else:
            self._give_up(now)

    def enable_again(self, now: float) -> None:
        """The device says that a realtime record of this side was corrupt."""
        self._enable_at = min(self._enable_at, now)

    def command(self, code: int, now: float) -> None:
        """A command of the device: every one is answered, known or not."""
        self._came(now)
        self._send(response(code, IDENTITY if code == tables.IDENTIFY else b""), now)
        match code:
            case _ if self._phase is Phase.CLOSED:
                pass
            case tables.INITIALISE:
                self._start(now)
            case tables.IDENTIFY:
                self._configure_at = now + CONFIGURE_AFTER_S
                self._setup = deque([*self._filters(), *(r for r in self._setup if r.code != tables.CONFIGURE)])
            case tables.WAVES_CHANGED:
                self._enable_at = math.inf
                self._plan(Request(tables.WAVES))
            case tables.TIME_CHANGED:
                self._plan(Request(tables.MOMENT))
            case tables.STOP:
                self._stop(now)

    def response(self, message: Message, now: float) -> None:
        """An answer of the device; the next request may go out unless it answers something else."""
        self._came(now)
        if message.code == tables.NAK:
            self.corrupt_response(now)
            return
        if message.code == tables.INITIALISE and self._phase is Phase.INITIALISING:
            self._start(now)
            return
        if self._asked is None or message.code != self._asked.code:
            return
        self._asked = None
        self._answered.add(message.code)
        match message.code:
            case tables.IDENTIFY:
                self._keyed = message.data[:4] in KEYED
                if message.data[:4] in LINKED:
                    digits = b"345" if self._keyed else b"3"
                    for digit in digits:
                        self._plan(Request(tables.DEVICE_SPECIFIC, bytes((digit,))))
            case tables.CONFIGURE_WAVES:
                self._enable_at = now

    def configure(self, streams: Sequence[tuple[bytes, int]]) -> None:
        """Ask for these codes as streams 1, 2, … with their multipliers; none: no realtime data."""
        self._mask = (1 << len(streams)) - 1
        self._setup = deque(request for request in self._setup if request.code != tables.CONFIGURE_WAVES)
        if streams:
            self._plan(Request(tables.CONFIGURE_WAVES, b"".join(b"%s%02X" % pair for pair in streams)))

    def deadline(self) -> float:
        """When expire() is due at the latest."""
        due = min(self._resume_by, self._next_at())
        if self._phase is Phase.RUNNING:
            due = min(due, self._enable_at, math.inf if self._asked else self._sent_at + NOP_S)
        return due

    def expire(self, now: float) -> None:
        """Send what is due at `now`."""
        if self._phase is Phase.CLOSED:
            return
        if now >= self._resume_by:
            self._resume_by = math.inf
            self._restart(now)
        if self._phase is Phase.INITIALISING:
            if now >= self._next_at():
                self._initialise_at = now
                self._send(command(tables.INITIALISE), now)
            return
        if self._asked is not None and now >= self._next_at():
            if self._attempt < ATTEMPTS:
                self._again(now)
            elif self._came_at < self._first_asked_at:
                self._restart(now)
                return
            else:
                self._give_up(now)
        if self._asked is None:
            self._ask(self._next(now), now)
        if now >= self._enable_at:
            self._enable(now)
            self._enable_at = now + ENABLE_S
        if self._asked is None and now >= self._sent_at + NOP_S:
            self._send(command(tables.NOP), now)

    def close(self, now: float) -> None:
        """STOP, so that the device raises no alarm (§4), after the streams have been switched off."""
        self._resume_by = math.inf
        if self._phase is Phase.RUNNING:
            if self._mask:
                self._mask = 0
                self._enable(now)
            self._send(command(tables.STOP), now)
        self._phase = Phase.CLOSED
        self._asked = None

    def _next_at(self) -> float:
        if self._phase is Phase.CLOSED:
            return math.inf
        if self._phase is Phase.INITIALISING:
            # 3 s where nothing is heard, up to 10 s where bytes come but no whole message (§4)
            return min(max(self._initialise_at, self._heard_at) + SILENCE_S, self._initialise_at + ANSWER_S)
        if self._asked is not None:
            return min(max(self._asked_at, self._heard_at) + SILENCE_S, self._asked_at + ANSWER_S)
        if self._setup:
            return self._configure_at if self._setup[0].code == tables.CONFIGURE else -math.inf
        return -math.inf if self._round else self._round_at

    def _next(self, now: float) -> Request | None:
        while self._setup:
            if self._setup[0].code == tables.CONFIGURE and now < self._configure_at:
                return None
            request = self._setup.popleft()
            if request not in self._unsupported:
                return request
        if now >= self._retry_at:
            self._retry_at = math.inf
            self._setup.extend(self._unsupported)
            self._unsupported.clear()
            return self._next(now)
        if not self._round and now >= self._round_at:
            self._round_at += self._options.poll_s
            if self._round_at <= now:
                self._round_at = now + self._options.poll_s
            polls = (Request(code) for code in (*FAST, SLOW[self._slow]))
            self._round.extend(dict.fromkeys((*polls, *self._spoiled)))
            self._spoiled.clear()
            self._slow = (self._slow + 1) % len(SLOW)
            if self._keyed and not self._slow:
                self._setup.append(Request(tables.DEVICE_SPECIFIC, b"2"))
        while self._round:
            request = self._round.popleft()
            if request not in self._unsupported:
                return request
        return None

    def _start(self, now: float) -> None:
        """The link has been initialised by either side: everything that was configured is lost (§4)."""
        self._phase = Phase.RUNNING
        self._asked = None
        self._answered.clear()
        self._unsupported.clear()
        self._retry_at = math.inf
        self._spoiled.clear()
        self._round.clear()
        self._enable_at = math.inf
        self._mask = 0
        self._configure_at = now + CONFIGURE_AFTER_S
        self._setup = deque((Request(tables.IDENTIFY), *self._filters()))
        if self._options.waves:
            self._setup.append(Request(tables.WAVES))
        self._round_at = now

    def _restart(self, now: float) -> None:
        """Nothing answers any more: initialise anew, at once."""
        self._phase = Phase.INITIALISING
        self._asked = None
        self._initialise_at = now
        self._out.clear()
        self._send(command(tables.INITIALISE), now)

    def _stop(self, now: float) -> None:
        """The device has ended the link; it is offered a new one as at the start."""
        if self._phase is Phase.RUNNING:
            self._phase = Phase.INITIALISING
            self._asked = None
            self._initialise_at = now

    def _filters(self) -> list[Request]:
        """4AH for every type: its codes, or none, which is all of them."""
        types = (tables.MEASURED, tables.ALARMS, tables.SETTINGS, tables.TEXTS, tables.MEASURED_2, tables.ALARMS_2)
        only = {int(kind, 16): "".join(codes).encode() for kind, codes in self._options.only.items()}
        return [Request(tables.CONFIGURE, bytes((kind,)) + only.get(kind, b"")) for kind in types]

    def _came(self, now: float) -> None:
        """A whole message has come; none is under way now."""
        self._came_at = now
        self._heard_at = -math.inf

    def _plan(self, request: Request) -> None:
        if request not in self._setup:
            self._setup.append(request)

    def _ask(self, request: Request | None, now: float) -> None:
        self._asked = request
        self._attempt = 0
        self._damaged = False
        self._first_asked_at = now
        self._again(now)

    def _again(self, now: float) -> None:
        if self._asked is not None:
            self._attempt += 1
            self._asked_at = now
            self._send(command(self._asked.code, self._asked.argument), now)

    def _give_up(self, now: float) -> None:
        """The device lives: what it has never answered is not asked for a while, the rest in its turn.

        Damage is noise on the line and no sign of an unknown command (§3): the next round asks again.
        """
        if self._asked is not None and self._damaged:
            # 54H holds for one offer of streams: it follows from the answer to 53H
            again = Request(tables.WAVES) if self._asked.code == tables.CONFIGURE_WAVES else self._asked
            self._spoiled.append(again)
        elif self._asked is not None and self._asked.code not in self._answered:
            self._unsupported.add(self._asked)
            self._retry_at = min(self._retry_at, now + RETRY_S)
        self._asked = None

    def _enable(self, now: float) -> None:
        groups = math.ceil(self._options.max_streams / 4)
        pairs = b"".join(bytes((0xC1 + i, 0xC0 | self._mask >> 4 * i & 0x0F)) for i in range(groups))
        self._send(b"\xd0" + pairs + b"\xc0\xc0", now)

    def _send(self, data: bytes, now: float) -> None:
        self._sent_at = now
        if len(self._out) + len(data) <= MAX_OUTGOING:
            self._out += data


def choose(offered: Sequence[Stream], options: Options) -> list[tuple[bytes, int]]:
    """Which of the offered realtime codes to ask for, with the multiplier that keeps their rate in bounds."""
    by_code = {stream.code.decode("ascii"): stream for stream in offered}
    shortest_us = 1_000_000 / options.max_wave_rate_hz
    return [
        (by_code[code].code, min(255, math.ceil(shortest_us / by_code[code].interval_us)))
        for code in options.waves
        if code in by_code
    ][: options.max_streams]
