"""The device's side: a computer interface with its modes, definitions and stream. Source: getinge-servo §2-§4, §9."""

import math
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from collector.clock import to_datetime
from collector.driver import Simulated
from collector.model import DeviceClock, DeviceIdentity, Event, Observation, PatientIdentity, Waveform
from drivers.patient import Patient
from drivers.servo import tables
from drivers.servo.alarms import Alarms
from drivers.servo.decoder import MANUFACTURER, STATE
from drivers.servo.definition import MOST
from drivers.servo.items import END, EOT, ERROR, ESC, checksum, command
from drivers.servo.tables import ALARMS, BREATH, CURVE, MISSING, SETTINGS, Entry
from drivers.servo.transmitter import Transmitter, block
from drivers.servo.ventilator import RATE_HZ, VERSION, Faults, Ventilator, configuration

MODEL, SERIAL = "Servo-i", "51234"
SOFTWARE = "001:8.00.01 006:8.00.01"
BURST_S = 0.1
"""How often samples are sent."""
ALARM_S = 0.5
"""How often alarms are looked at (manual §1.9)."""
START_S = 8.0
"""After a restart nothing answers for so long."""
MAX_COMMAND = 400
INVALID, SYNTAX, RANGE, UNCONFIGURED, STANDBY, CHECKSUM = 10, 11, 12, 16, 17, 18

_DEFINE = re.compile(rb"SDAD([CBSE])((?:\d{3})*)")
_LETTERS = {b"RADAB": BREATH, b"RADAS": SETTINGS, b"RADAE": ALARMS}


class ServoSimulator:
    """A simulated Servo-i; its events are what it has said."""

    def __init__(self, simulated: Simulated, faults: Faults | None = None) -> None:
        patient: Patient = simulated.patient
        self._faults = faults or Faults()
        self._epoch_us = simulated.epoch_us
        self._ventilator = Ventilator(patient, self._faults)
        self._in = bytearray()
        self._out = bytearray()
        self._zero: float | None = None
        self._dead_until = -math.inf
        self._restart_at = math.inf
        self._burst_at = math.inf
        self._replies = 0
        self._plain: Mapping[bytes, Callable[[float], tuple[bytes, list[Event]]]] = {
            b"": lambda _: (b"*", []),
            b"RCTY": lambda _: (MODEL.encode() + b"0", []),
            b"RHVE": lambda _: (b"%03d" % VERSION, []),
            b"RPVE": lambda _: (b"%03d" % self._version, []),
            b"RCCO": lambda _: (configuration(), []),
            b"RSEN": lambda _: (SERIAL.encode(), [self._identity("")]),
            b"RSWV": lambda _: (_software(), [self._identity(SOFTWARE)]),
            b"RPAI": lambda _: (b"-" * 30, [PatientIdentity(state="empty")]),
            b"RTIM": self._clock,
        }
        self._start()

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        self._begin(now)
        if now < self._dead_until:
            return ()
        said: list[Event] = []
        for byte in data:
            if byte == ESC:
                self._in.clear()
                said += self._stop()
            elif self._streaming:
                continue  # all else is ignored while it streams
            elif byte == EOT:
                text = bytes(self._in)
                self._in.clear()
                said += self._command(text, now)
            elif len(self._in) < MAX_COMMAND:
                self._in.append(byte)
        return said

    def outgoing(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def deadline(self) -> float | None:
        if self._zero is None:
            return -math.inf
        due = self._burst_at if self._streaming else math.inf
        return min(due, self._restart_at)

    def expire(self, now: float) -> Sequence[Event]:
        self._begin(now)
        if now >= self._restart_at:
            self._restart_at = math.inf
            self._dead_until = now + START_S
            self._start()
        if not self._streaming or now < self._burst_at:
            return ()
        self._burst_at = now + BURST_S
        return self._burst(self._time_s(now))

    def close(self, now: float) -> None:
        """Nothing: a device that is switched off says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _begin(self, now: float) -> None:
        if self._zero is None:
            self._zero = now
            self._restart_at = now + self._faults.restart_at_s

    def _start(self) -> None:
        """As it is switched on."""
        self._extended = False
        self._version = 1
        self._numbers: dict[str, tuple[int, ...]] = dict.fromkeys(MOST, ())
        self._alarms = Alarms()
        self._streaming = False
        self._transmitter = Transmitter()
        self._burst_at = self._alarms_at = math.inf
        self._sampled_s = 0.0
        self._breath = 0
        self._states: list[int] = []

    def _time_s(self, now: float) -> float:
        return now - (self._zero or 0.0)

    def _entries(self, letter: str) -> list[Entry]:
        return [tables.entry(number, self._version) for number in self._numbers[letter]]

    def _command(self, text: bytes, now: float) -> list[Event]:
        if text == b"HO":
            self._start()
            self._out += b"900PCI" + bytes((EOT,))
            return []
        if not self._extended:
            if text != b"RCTY1C":
                self._out += b"ER10" + bytes((EOT,))
                return []
            self._start()
            self._extended = True
        body, told = text[:-2], text[-2:]
        if text and told != b"%02X" % checksum(body):
            return self._error(CHECKSUM)
        return self._extended_command(body, now)

    def _extended_command(self, text: bytes, now: float) -> list[Event]:
        time_s = self._time_s(now)
        if text in self._plain:
            reply, said = self._plain[text](now)
            self._reply(reply)
            return said
        if text.startswith(b"SPVE"):
            return self._choose(text[4:])
        if match := _DEFINE.fullmatch(text):
            return self._define(match[1].decode(), match[2])
        if text in {b"RADC", b"RALO", *_LETTERS} and self._ventilator.standby(time_s):
            if text == b"RADC":
                self._fault(STANDBY)
                return [Observation(channel=STATE, value="standby")]
            return [*self._error(STANDBY), Observation(channel=STATE, value="standby")]
        if text == b"RALO":
            self._reply(b"%d" % self._ventilator.alarms([tables.SUMMARY], time_s)[0])
            return []
        if text in _LETTERS:
            return self._read(_LETTERS[text], time_s)
        return self._stream(now) if text == b"RADC" else self._error(INVALID)

    def _choose(self, digits: bytes) -> list[Event]:
        if not re.fullmatch(rb"\d{3}", digits):
            return self._error(SYNTAX)
        if not 1 <= int(digits) <= VERSION:
            return self._error(RANGE)
        self._version = int(digits)
        self._numbers = dict.fromkeys(MOST, ())
        self._reply(b"*")
        return []

    def _define(self, letter: str, digits: bytes) -> list[Event]:
        numbers = tuple(int(digits[at : at + 3]) for at in range(0, len(digits), 3))
        if len(numbers) > MOST[letter] or not all(tables.known(number) for number in numbers):
            return self._error(RANGE)
        self._numbers[letter] = numbers
        self._reply(b"*")
        return []

    def _read(self, letter: str, time_s: float) -> list[Event]:
        if not self._numbers[letter]:
            return self._error(UNCONFIGURED)
        if letter == ALARMS:
            states = self._ventilator.alarms(self._numbers[ALARMS], time_s)
            self._reply(b"".join(b"%d" % state for state in states))
            return self._alarms.events(self._numbers[ALARMS], states)
        raws, said = self._values(letter, time_s)
        self._reply(b"".join(b"9999" if value == MISSING else b"%04d" % value for value in raws))
        return said

    def _values(self, letter: str, time_s: float) -> tuple[list[int], list[Event]]:
        entries = self._entries(letter)
        raws = self._ventilator.settings(entries) if letter == SETTINGS else self._ventilator.breath(entries, time_s)
        said: list[Event] = [Observation(channel=STATE, value="ventilating")] if letter == BREATH else []
        for entry, one in zip(entries, raws, strict=True):
            value, quality = entry.value(one)
            said.append(Observation(channel=entry.channel, value=value, quality=quality))
        return raws, said

    def _stream(self, now: float) -> list[Event]:
        if not self._numbers[CURVE]:
            self._fault(UNCONFIGURED)
            return []
        self._streaming = True
        self._transmitter = Transmitter()
        self._sampled_s = self._time_s(now)
        self._burst_at = now + BURST_S
        self._breath = self._ventilator.breaths(self._sampled_s, 1)[0]
        said: list[Event] = []
        if self._numbers[SETTINGS]:
            raws, said = self._values(SETTINGS, self._sampled_s)
            self._out += block(b"S", raws)
        self._states = []
        self._alarms_at = self._sampled_s
        return said + self._alarm(self._sampled_s)

    def _alarm(self, time_s: float) -> list[Event]:
        if not self._numbers[ALARMS] or time_s < self._alarms_at:
            return []
        self._alarms_at = time_s + ALARM_S
        states = self._ventilator.alarms(self._numbers[ALARMS], time_s)
        if states == self._states:
            return []
        self._states = states
        self._out += self._transmitter.interrupt() + block(b"E", states, 1)
        return self._alarms.events(self._numbers[ALARMS], states)

    def _burst(self, until_s: float) -> list[Event]:
        if self._ventilator.standby(until_s):
            return self._stop()
        start_s, n = self._sampled_s, int((until_s - self._sampled_s) * RATE_HZ)
        if n <= 0:
            return []
        self._sampled_s += n / RATE_HZ
        said = self._alarm(start_s)
        entries = self._entries(CURVE)
        rows = self._ventilator.samples(entries, start_s, n)
        breaths, phases = self._ventilator.breaths(start_s, n), self._ventilator.phases(start_s, n)
        for index, row in enumerate(rows):
            if breaths[index] != self._breath and self._numbers[BREATH]:
                raws, told = self._values(BREATH, start_s + index / RATE_HZ)
                self._out += self._transmitter.interrupt() + block(b"B", raws)
                said += told
            self._breath = breaths[index]
            self._out += self._transmitter.samples(row, phases[index])
        for entry, column in zip(entries, zip(*rows, strict=True), strict=True):
            if MISSING not in column:
                said.append(
                    Waveform(
                        channel=entry.channel,
                        rate_hz=RATE_HZ,
                        data=np.array(column, dtype="<i4").tobytes(),
                        scale=float(entry.gain or 1),
                        offset=float(-entry.offset),
                        gap_samples=0,
                    )
                )
        return said

    def _stop(self) -> list[Event]:
        if self._streaming:
            self._streaming = False
            self._out += self._transmitter.interrupt() + bytes((END,))
        return []

    def _clock(self, now: float) -> tuple[bytes, list[Event]]:
        time_us = (self._epoch_us + round(now * 1e6)) // 1_000_000 * 1_000_000
        return to_datetime(time_us).strftime("%y%m%d%H%M%S").encode(), [DeviceClock(time_us=time_us)]

    def _identity(self, software: str) -> DeviceIdentity:
        return DeviceIdentity(manufacturer=MANUFACTURER, model=MODEL, serial=SERIAL, software=software)

    def _error(self, code: int) -> list[Event]:
        self._reply(b"ER%d" % code)
        return []

    def _fault(self, code: int) -> None:
        body = bytes((ERROR, code, END))
        self._out += body + bytes((checksum(body),))

    def _reply(self, text: bytes) -> None:
        self._replies += 1
        whole = command(text)
        every = self._faults.corrupt_every
        self._out += whole[:-2] + b"?" + whole[-1:] if every and self._replies % every == 0 else whole


def _software() -> bytes:
    modules = ";".join(f"{one.replace(':', ',')},-,-,00000,{'-' * 14}" for one in SOFTWARE.split(" "))
    return f"{MODEL},en ,-,001;{modules};".encode()
