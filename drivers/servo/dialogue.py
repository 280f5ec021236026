"""The host's side: greeting, configuration, what is asked for, and when. What is heard is read elsewhere.

Source: fact sheet getinge-servo §2-§4. Nothing is ever set on the ventilator: RCTY and HO change the mode of its
interface, SPVE and SDAD say what the interface tells.
"""

import math
import re
from collections import deque
from enum import Enum, auto

from drivers.servo.definition import Definition
from drivers.servo.items import EOT, ESC, command
from drivers.servo.options import Options
from drivers.servo.tables import ALARMS, BREATH, CURVE, SETTINGS

GREETING = bytes((ESC,)) + b"HO" + bytes((EOT,))
"""ESC stops a stream; HO leads back to basic mode, from wherever the interface is (§2)."""
HELLO, TYPE, VERSION, CONFIGURATION, CLOCK, STREAM = b"HO", b"RCTY", b"RHVE", b"RCCO", b"RTIM", b"RADC"
SERIAL, SOFTWARE, PATIENT, ALARM = b"RSEN", b"RSWV", b"RPAI", b"RALO"
READ = {ALARMS: b"RADAE", SETTINGS: b"RADAS", BREATH: b"RADAB"}
"""In this order: the first two refuse in standby, where the last one may tell the last breath before it (§3)."""
DEFINE = b"SDAD"

ANSWER_S = 2.0
"""An answer begins within 0.5 s (§1), and its characters follow each other: so long without one is too long."""
LONGEST_S = 20.0
"""An answer has come after so long: the configuration of 400 channels takes 17 s at 9600 baud."""
ATTEMPTS = 2
RETRY_S = 3.0
"""Between two greetings to a device that is not there."""
SETTLE_S = 0.5
"""A new definition is active after so long (§3)."""
STANDBY_S = 2.0
"""In standby the device is asked so often whether it still is."""
STOP_S = 1.0
"""A stream has ended so long after it was told to, or its end was lost."""
STILL_S = 3.0
"""Curves come all the time: a stream without a byte for so long has died."""

INVALID, SYNTAX, RANGE, UNCONFIGURED, STANDBY, CHECKSUM, FULL = 10, 11, 12, 16, 17, 18, 19
"""Errors (§2)."""


class Phase(Enum):
    GREETING = auto()
    SETUP = auto()
    POLLING = auto()
    STREAMING = auto()
    STOPPING = auto()
    STANDBY = auto()
    CLOSED = auto()


class Dialogue:
    """`now` is in seconds. Times are kept as "due at"; infinity is never."""

    def __init__(self, options: Options, definition: Definition) -> None:
        """`definition`: what to read of a device that does not tell what it has."""
        self._options = options
        self._definition = definition
        self._phase = Phase.GREETING
        self._out = bytearray()
        self._queue: deque[bytes] = deque()
        self._asked: bytes | None = None
        self._attempt = 0
        self._heard_at = -math.inf
        self._due = -math.inf
        self._give_up_at = math.inf
        self._refresh_at = math.inf
        self._clock_at = -math.inf

    @property
    def asked(self) -> bytes | None:
        """The command whose answer is awaited."""
        return self._asked

    def outgoing(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def heard(self, now: float) -> None:
        """Bytes have come."""
        self._heard_at = now

    @property
    def definition(self) -> Definition:
        """What is read, as far as the device has taken it."""
        return self._definition

    def configured(self, definition: Definition) -> None:
        """The device has told what it has: what is to be read of it."""
        self._definition = definition

    def deadline(self) -> float:
        if self._phase is Phase.CLOSED:
            return math.inf
        if self._asked is not None and self._phase is not Phase.GREETING:
            return min(max(self._due, self._heard_at + ANSWER_S), self._give_up_at)
        if self._phase is Phase.STREAMING:
            return min(max(self._due, self._heard_at + STILL_S), self._refresh_at)
        return self._due

    def expire(self, now: float) -> bool:
        """Send what is due at `now`; True: the dialogue begins anew, and what was unfinished is void."""
        if now < self.deadline() or self._phase is Phase.CLOSED:
            return False
        if self._phase is Phase.GREETING or self._asked is not None:
            if self._phase is not Phase.GREETING and self._attempt < ATTEMPTS and now < self._give_up_at:
                self._send(now)
                return False
            return self._greet(now)
        if self._phase is Phase.STREAMING:
            if now < self._refresh_at:
                return self._greet(now)
            self._stop(now)
            return False
        self._go_on(now)
        return False

    def answered(self, text: bytes, now: float) -> None:
        """The answer to what was asked has come, and says something."""
        asked, self._asked = self._asked, None
        if asked == HELLO:
            self._phase = Phase.SETUP
            self._clock_at = now
            self._queue = deque((TYPE, VERSION, CONFIGURATION, SERIAL, SOFTWARE, CLOCK, PATIENT))
        elif asked == VERSION and re.fullmatch(rb"\d{3}", text):
            self._queue.appendleft(b"SPVE" + text)
        elif asked == ALARM and self._phase is not Phase.POLLING:
            self._phase = Phase.SETUP
        self._next(now)
        if asked is not None and asked.startswith(DEFINE) and self._asked is None:
            self._due = now + SETTLE_S

    def refused(self, code: int, now: float, *, basic: bool) -> None:
        """The answer is an error."""
        asked = self._asked
        if asked is None:
            return
        if basic and asked != HELLO:
            self._again(now)
        elif code in {CHECKSUM, FULL} and self._attempt < ATTEMPTS:
            self._due = now + SETTLE_S  # and then the same once more
        elif code == STANDBY:
            self.standby(now)
        elif code == UNCONFIGURED or asked in {HELLO, TYPE}:
            self._again(now)
        else:
            self._asked = None
            if asked.startswith(DEFINE) and code in {SYNTAX, RANGE}:
                self._shorten(chr(asked[len(DEFINE)]))
            self._next(now)

    def flowing(self, now: float) -> None:
        """Something of a stream has come."""
        if self._asked == STREAM:
            self._asked = None
            self._phase = Phase.STREAMING
            self._due = now + STILL_S
            self._refresh_at = now + self._options.refresh_s

    def ended(self, now: float) -> None:
        """The stream has ended: as it was told to, or for standby, or because it was too slow for what was asked."""
        if self._phase is Phase.STOPPING:
            self._go_on(now)
        elif self._phase is Phase.STREAMING:
            self._ask(ALARM, now)

    def standby(self, now: float) -> None:
        """The ventilator is in standby: it tells nothing until it ventilates."""
        self._asked = None
        self._phase = Phase.STANDBY
        self._queue.clear()
        self._due = now + STANDBY_S

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's
        """Stop the stream, and leave the interface in the mode that it is switched on in."""
        if self._phase is not Phase.CLOSED:
            self._out += GREETING
        self._phase = Phase.CLOSED
        self._asked = None

    def _greet(self, now: float) -> bool:
        self._phase = Phase.GREETING
        self._queue.clear()
        self._asked = HELLO
        self._attempt = 1
        self._out += GREETING
        self._due = now + RETRY_S
        self._heard_at = -math.inf
        return True

    def _again(self, now: float) -> None:
        """The interface is not in the state that it should be in: begin anew, but not at once."""
        self._phase = Phase.GREETING
        self._asked = None
        self._queue.clear()
        self._due = now + RETRY_S

    def _ask(self, text: bytes, now: float) -> None:
        self._asked, self._attempt = text, 0
        self._give_up_at = now + LONGEST_S
        self._send(now)

    def _send(self, now: float) -> None:
        self._attempt += 1
        self._out += command(self._asked or b"")
        self._due = now + ANSWER_S

    def _next(self, now: float) -> None:
        if not self._queue and self._phase is Phase.SETUP:
            self._phase = Phase.POLLING
            self._queue.extend(self._define(letter) for letter, numbers in self._definition.numbers.items() if numbers)
        if self._queue:
            self._ask(self._queue.popleft(), now)
        else:
            self._due = now if self._definition.numbers[CURVE] else now + self._options.poll_s

    def _define(self, letter: str) -> bytes:
        return DEFINE + letter.encode() + b"".join(b"%03d" % number for number in self._definition.numbers[letter])

    def _go_on(self, now: float) -> None:
        """A pause is over."""
        numbers = self._definition.numbers
        if self._phase is Phase.STANDBY:
            self._ask(ALARM, now)
        elif self._phase is Phase.STOPPING:
            self._phase = Phase.POLLING
            self._ask(CLOCK, now)
        elif numbers[CURVE]:
            self._ask(STREAM, now)
        else:
            self._queue.extend(READ[letter] for letter in READ if numbers[letter])
            if not (numbers[ALARMS] or numbers[SETTINGS]):
                self._queue.appendleft(ALARM)
            if now >= self._clock_at + self._options.refresh_s:
                self._clock_at = now
                self._queue.append(CLOCK)
            self._ask(self._queue.popleft(), now)

    def _stop(self, now: float) -> None:
        self._phase = Phase.STOPPING
        self._refresh_at = math.inf
        self._out.append(ESC)
        self._due = now + STOP_S

    def _shorten(self, letter: str) -> None:
        """The device does not take so many channels of a kind: half of them."""
        self._definition = self._definition.shortened(letter)
        if self._definition.numbers[letter]:
            self._queue.appendleft(self._define(letter))
