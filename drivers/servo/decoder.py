"""Replies, blocks and samples → events, with what has to be remembered between them. Knows nothing of who asked.

Source: fact sheet getinge-servo §2-§4, §6.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from collector.clock import from_datetime
from collector.model import (
    AlarmCondition,
    Channel,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Quality,
    Rejected,
    Waveform,
)
from drivers.servo import tables
from drivers.servo.alarms import Alarms
from drivers.servo.definition import Definition
from drivers.servo.items import Block, Curves, Fault
from drivers.servo.tables import ALARMS, BREATH, CURVE, MISSING, Entry

MANUFACTURER = "Getinge"
STANDBY = 17
"""The error of a ventilator in standby (§2)."""
STATE = Channel(code="VND_GETINGE_STATE", source="ER17", unit="")
PHASE = Channel(code="VND_GETINGE_RESP_PHASE", source="81", unit="1")
"""1 inspiration, 2 pause, 3 expiration, with the samples."""
PHASE_SCALE = 1 / 16
POLL_US = 2_000_000
"""Nominal time from one reading of breath values to the next, where no samples tell the time."""
DEFINITION = "definition"
"""A block of another number of values than was asked for: nobody knows what they are."""

_IDENTITY = re.compile(rb"(Servo-[a-z]+)([01])")
_CLOCK = re.compile(rb"\d{12}")
_PATIENT = re.compile(rb"(.{20})(\d{10})")
_NOBODY = b"-" * 30
_CENTURY = 90
"""Years from 90 on are 19xx (manual §1.4.3)."""


class Decoder:
    """Reads what a Servo says, by a definition. `standing`: alarms of an earlier dialogue."""

    def __init__(self, definition: Definition, standing: Sequence[AlarmCondition] = ()) -> None:
        self.definition = definition
        self._alarms = Alarms(standing)
        self._present: tuple[Entry, ...] = ()
        self._settings: dict[int, Channel] = {}
        self._model = ""
        self._serial = ""
        self._software = ""
        self._gaps: dict[Channel, int | None] = {}
        self.tick_us = 0

    def curves(self, item: Curves) -> list[Event]:
        """Samples of all curves, and the phase of the breath as one more."""
        period_us = self.definition.sampling_ms * 1000
        self.tick_us += len(item.samples) * period_us
        out: list[Event] = [Frame(offset=item.offset, length=item.length, kind="curves", tick_us=self.tick_us)]
        if not self.definition.numbers[CURVE]:
            return [*out, Rejected(offset=item.offset, length=item.length, reason=DEFINITION)]
        if not item.joined:
            self._gaps.clear()
        sure = item.verified and CURVE not in self.definition.guessed
        quality = Quality.VALID if sure else Quality.QUESTIONABLE
        counts = np.array(item.samples, dtype="<i4").T
        for entry, column in zip(self.definition.of(CURVE), counts, strict=True):
            scale = float(1 if entry.gain is None else entry.gain)
            out += self._wave(entry.channel, column, column != MISSING, quality, scale, float(-entry.offset))
        phases = np.array([phase or 0 for phase in item.phases], dtype="<i4")
        return [*out, *self._wave(PHASE, phases, phases != 0, quality, PHASE_SCALE, 0.0)]

    def block(self, item: Block) -> list[Event]:
        """Values of breath or settings, or states of alarms, of a stream."""
        frame = Frame(offset=item.offset, length=item.length, kind=f"block {item.letter}", tick_us=self.tick_us)
        letter = ALARMS if item.letter == "A" else item.letter
        if len(item.values) != len(self.definition.numbers[letter]):
            return [frame, Rejected(offset=item.offset, length=item.length, reason=DEFINITION)]
        return [frame, *self._values(letter, item.values)]

    def fault(self, item: Fault) -> list[Event]:
        frame = Frame(offset=item.offset, length=item.length, kind=f"error {item.code}", tick_us=self.tick_us)
        return [frame, *(self._standby() if item.code == STANDBY else ())]

    def error(self, code: int) -> list[Event]:
        """What an ASCII error says of the device."""
        return self._standby() if code == STANDBY else []

    def fits(self, letter: str, text: bytes) -> bool:
        """Whether a reply may be the answer to RADAB, RADAS or RADAE."""
        count = len(self.definition.numbers[letter])
        form = rb"[012]" if letter == ALARMS else rb"\d{4}"
        return count > 0 and re.fullmatch(rb"(?:%s){%d}" % (form, count), text) is not None

    def listed(self, letter: str, text: bytes) -> list[Event]:
        """The answer to RADAB, RADAS or RADAE, which fits."""
        if letter == BREATH:
            self.tick_us += POLL_US
        return self._values(letter, [digit - 0x30 for digit in text] if letter == ALARMS else tables.raws(text))

    def type(self, text: bytes) -> list[Event] | None:
        """The answer to RCTY: the model; None: it is none."""
        match = _IDENTITY.fullmatch(text)
        if match is None:
            return None
        self._model = match[1].decode()
        return []

    def serial(self, text: bytes) -> list[Event]:
        """The answer to RSEN; "0" is none."""
        self._serial = "" if text == b"0" else text.decode("latin-1").strip()
        return [self._identity()]

    def software(self, text: bytes) -> list[Event]:
        """The answer to RSWV: module and version of each module."""
        modules = [module.split(",") for module in text.decode("latin-1").split(";")[1:] if module]
        self._software = " ".join(f"{fields[0]}:{fields[1].strip()}" for fields in modules if len(fields) > 1)
        return [self._identity()]

    def clock(self, text: bytes) -> list[Event] | None:
        """The answer to RTIM; None: it is none."""
        if not _CLOCK.fullmatch(text):
            return None
        year, month, day, hour, minute, second = (int(text[at : at + 2]) for at in range(0, 12, 2))
        try:
            time = datetime(year + (1900 if year >= _CENTURY else 2000), month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            return None
        return [DeviceClock(time_us=from_datetime(time))]

    def patient(self, text: bytes) -> list[Event] | None:
        """The answer to RPAI; None: it is none."""
        if text == _NOBODY:
            return [PatientIdentity(state="empty")]
        match = _PATIENT.fullmatch(text)
        if match is None:
            return None
        return [PatientIdentity(ids={"patient_id": match[1].decode("latin-1").strip()}, state="admitted")]

    def _standby(self) -> list[Event]:
        """Nothing is measured any more, and nothing alarms. Told each time: a state is a value, and ages."""
        gone = [entry.channel for entry in self._present]
        self._present = ()
        out: list[Event] = [Observation(channel=STATE, value="standby")]
        out += [Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE) for channel in gone]
        return out + self._alarms.none()

    def _identity(self) -> DeviceIdentity:
        return DeviceIdentity(
            manufacturer=MANUFACTURER, model=self._model, serial=self._serial, software=self._software
        )

    def _values(self, letter: str, raws: Sequence[int]) -> list[Event]:
        if letter == ALARMS:
            return self._alarms.events(self.definition.numbers[ALARMS], raws)
        entries = self.definition.of(letter)
        raw_mode = dict(zip(self.definition.numbers[letter], raws, strict=True)).get(tables.MODE, MISSING)
        mode = None if raw_mode == MISSING else raw_mode
        out: list[Event] = [Observation(channel=STATE, value="ventilating")] if letter == BREATH else []
        for entry, raw in zip(entries, raws, strict=True):
            value, quality = entry.value(raw)
            if letter in self.definition.guessed and quality is Quality.VALID:
                quality = Quality.QUESTIONABLE
            channel = tables.setting(entry, mode)
            before = self._settings.get(entry.number, channel)
            if before != channel:
                out.append(Observation(channel=before, value=None, quality=Quality.NOT_AVAILABLE))
            self._settings[entry.number] = channel
            out.append(Observation(channel=channel, value=value, quality=quality))
        if letter == BREATH:
            self._present = tuple(entries)
        return out

    def _wave(
        self,
        channel: Channel,
        counts: "np.ndarray[tuple[int], np.dtype[np.int32]]",
        there: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
        quality: Quality,
        scale: float,
        offset: float,
    ) -> list[Event]:
        """Runs of samples that are there, of at most a second each."""
        rate_hz, total = self.definition.rate_hz, len(counts)
        edges = np.flatnonzero(np.diff(there.astype(np.int8))) + 1
        out: list[Event] = []
        gap = self._gaps.get(channel)
        for start, end in zip([0, *edges], [*edges, total], strict=True):
            if not there[start]:
                gap = None if gap is None else gap + int(end - start)
                continue
            most = max(1, int(rate_hz))
            for first in range(int(start), int(end), most):
                piece = counts[first : min(first + most, int(end))]
                out.append(
                    Waveform(
                        channel=channel,
                        rate_hz=rate_hz,
                        data=piece.astype("<i4").tobytes(),
                        scale=scale,
                        offset=offset,
                        quality=quality,
                        gap_samples=gap,
                        start_us=round((first - total) * 1_000_000 / rate_hz),
                    )
                )
                gap = 0
        self._gaps[channel] = gap
        return out
