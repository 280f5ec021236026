"""The session: what is heard goes to the decoder, what it calls for to the dialogue."""

import re
from collections.abc import Sequence

from collector.model import AlarmCondition, Event, Frame, Rejected
from drivers.servo import tables
from drivers.servo.decoder import Decoder
from drivers.servo.definition import Definition, assumed, told
from drivers.servo.dialogue import (
    ALARM,
    CLOCK,
    CONFIGURATION,
    HELLO,
    PATIENT,
    READ,
    SERIAL,
    SOFTWARE,
    TYPE,
    Dialogue,
)
from drivers.servo.frames import Framer
from drivers.servo.items import Block, Curves, Ended, Fault, Item, Reply
from drivers.servo.options import Options
from drivers.servo.tables import ALARMS, BREATH, CURVE, SETTINGS

_GREETED = b"900PCI"
_LETTERS = {text: letter for letter, text in READ.items()}


class ServoSession:
    """A Servo's computer interface, from the host's side."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        definition = assumed(options)
        self._framer = Framer()
        self._decoder = Decoder(definition, standing)
        self._dialogue = Dialogue(options, definition)
        self._asks = False
        self._configured = False
        self._read_by(definition)

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        self._dialogue.heard(now)
        return [event for item in self._framer.feed(data) for event in self._take(item, now)]

    def outgoing(self) -> bytes:
        return self._dialogue.outgoing()

    def deadline(self) -> float:
        return self._dialogue.deadline()

    def expire(self, now: float) -> Sequence[Event]:
        if not self._asks:
            self._asks = True
            self._read_by(self._decoder.definition)
        if not self._dialogue.expire(now):
            return ()
        return [event for item in self._framer.abandon() for event in self._take(item, now)]

    def close(self, now: float) -> None:
        self._dialogue.close(now)

    def finish(self) -> Sequence[Event]:
        return [event for item in self._framer.finish() for event in self._take(item, 0.0)]

    def _read_by(self, definition: Definition) -> None:
        self._decoder.definition = definition
        counts = {letter: len(numbers) for letter, numbers in definition.numbers.items()}
        self._framer.configure(
            None if self._options.waves is None and not (self._asks or self._configured) else counts[CURVE],
            definition.rate_hz,
            {**counts, "A": counts[ALARMS]},
        )

    def _guess(self, letter: str, count: int) -> None:
        """A recording without its configuration holds so many channels of a letter."""
        named = {CURVE: self._options.waves, BREATH: self._options.breath, SETTINGS: self._options.settings}
        definition = self._decoder.definition
        if self._asks or self._configured or named[letter] is not None or len(definition.numbers[letter]) == count:
            return
        self._read_by(definition.guess(letter, count, self._options.protocol_version))

    def _follow(self) -> None:
        """The device has not taken all that it was to be read by."""
        if self._dialogue.definition is not self._decoder.definition:
            self._read_by(self._dialogue.definition)

    def _take(self, item: Item, now: float) -> Sequence[Event]:
        match item:
            case Curves():
                self._dialogue.flowing(now)
                self._guess(CURVE, len(item.samples[0]))
                return self._decoder.curves(item)
            case Block():
                self._dialogue.flowing(now)
                if item.letter in {BREATH, SETTINGS}:
                    self._guess(item.letter, len(item.values))
                return self._decoder.block(item)
            case Fault():
                events = self._decoder.fault(item)
                self._dialogue.refused(item.code, now, basic=False)
                return events
            case Ended():
                self._framer.interrupt()
                self._dialogue.ended(now)
                return [Frame(offset=item.offset, length=item.length, kind="end", tick_us=self._decoder.tick_us)]
            case Reply():
                return self._reply(item, now)
            case Rejected():
                return (item,)

    def _reply(self, reply: Reply, now: float) -> Sequence[Event]:
        self._framer.interrupt()
        text, asked = reply.text, self._dialogue.asked
        frame = Frame(offset=reply.offset, length=reply.length, kind="reply", tick_us=self._decoder.tick_us)
        if _ERROR.fullmatch(text):
            events = self._decoder.error(int(text[2:]))
            self._dialogue.refused(int(text[2:]), now, basic=not reply.checked)
            self._follow()
        elif not self._asks:
            events = self._heard(text)
        elif asked is None or (asked == HELLO) != (text == _GREETED):
            events = []
        else:
            found = self._answer(asked, text)
            if found is None:
                return [frame, Rejected(offset=reply.offset, length=reply.length, reason="answer")]
            events = found
            self._dialogue.answered(text, now)
        return [frame, *events]

    def _answer(self, asked: bytes, text: bytes) -> list[Event] | None:
        """What an answer says; None: it cannot be the answer to this."""
        decoder = self._decoder
        if asked in _LETTERS:
            letter = _LETTERS[asked]
            return decoder.listed(letter, text) if decoder.fits(letter, text) else None
        if asked == TYPE:
            return decoder.type(text)
        if asked == CONFIGURATION:
            return [] if self._configure(text) else None
        if asked == CLOCK:
            return decoder.clock(text)
        if asked == SERIAL:
            return decoder.serial(text)
        if asked == SOFTWARE:
            return decoder.software(text)
        if asked == PATIENT:
            return decoder.patient(text)
        return [] if asked != ALARM or text in _SUMMARY else None

    def _heard(self, text: bytes) -> list[Event]:
        """A reply of a recording, where nobody knows what was asked: by its form, where it can be only one thing."""
        if self._configure(text):
            return []
        decoder = self._decoder
        told = [letter for letter in READ if decoder.fits(letter, text)]
        clock = decoder.clock(text)
        if len(told) == 1 and clock is None:
            return decoder.listed(told[0], text)
        return (None if told else clock) or decoder.type(text) or []

    def _configure(self, text: bytes) -> bool:
        listed = tables.parse(text)
        if listed is None:
            return False
        definition = told(self._options, *listed)
        self._configured = True
        self._dialogue.configured(definition)
        self._read_by(definition)
        return True


_ERROR = re.compile(rb"ER\d\d")
_SUMMARY = frozenset((b"0", b"1", b"2"))
