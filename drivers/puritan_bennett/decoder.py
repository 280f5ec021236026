"""Replies and lines → events, with what has to be remembered between them. Source: puritan-bennett-840 §3, §4."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from collector.clock import from_datetime
from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    Priority,
    Quality,
    Rejected,
    Waveform,
)
from drivers.puritan_bennett.frames import BreathEnd, BreathStart, Reply, Sample
from drivers.puritan_bennett.tables import FIRST, Alarm, Kind, Layout, Value, layout, source

MANUFACTURER = "Puritan Bennett"
POLL_US = 2_000_000
"""Nominal time between two replies."""
QUIET = frozenset(("NORMAL", "RESET"))
PRIORITIES = {
    "LOW": Priority.LOW,
    "MEDIUM": Priority.MEDIUM,
    "HIGH": Priority.HIGH,
    "ALARM": Priority.HIGH,
    "ALERT": Priority.HIGH,
}
"""The words of an alarm field (§3). ALARM and ALERT tell no priority: they count as high."""
OFF = "OFF"
PIECE = 25
"""Samples are handed on so many at a time: half a second."""
SCALE = 0.001

FLOW = Channel(code="MDC_FLOW_AWAY", source="flow", unit="L/min")
PRESSURE = Channel(code="MDC_PRESS_AWAY", source="pressure", unit="cm[H2O]")
BREATH = Channel(code="VND_PB_BREATH_NUMBER", source="BS", unit="1")
OUTSIDE = "outside"
"""A line that belongs to a breath whose start was not heard."""

_NUMBER = re.compile(r"[+-]?\d{1,6}(?:\.\d{0,6})?|[+-]?\.\d{1,6}")
_RATIO = re.compile(r"(\d{1,4}(?:\.\d{1,4})?):(\d{1,4}(?:\.\d{1,4})?)")
_MONTHS = {
    name: number
    for number, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)  # noqa: SIM905
}
_MINUTE = timedelta(minutes=1)


class Decoder:
    """Reads what is heard. `standing`: alarms of an earlier dialogue; the first reply continues or ends them."""

    def __init__(self, waveform_hz: float, standing: Sequence[AlarmCondition] = ()) -> None:
        self._waveform_hz = waveform_hz
        self._alarms = {one.source: one for one in standing}
        self._unheard = set(self._alarms)
        self._told: dict[Channel, float | str | None] = {}
        self._identity = ""
        self._moment: datetime | None = None
        self._tick_us = 0
        self._samples: list[tuple[int, int]] = []
        self._offset = 0
        self._length = 0
        self._in_breath = False
        self._joined = False

    def reply(self, reply: Reply) -> list[Event]:
        self._tick_us += POLL_US
        known = layout(reply.letter)
        out: list[Event] = [
            Frame(offset=reply.offset, length=reply.length, kind=f"MISC{reply.letter}", tick_us=self._tick_us)
        ]
        texts = {number: field.strip() for number, field in enumerate(reply.fields, FIRST)}
        out += self._who(texts.get(known.id, ""))
        out += self._when(known, texts)
        active: dict[str, AlarmCondition] = {}
        for number, text in texts.items():
            if number in known.aside:
                continue
            name = source(reply.letter, number)
            field = known.fields.get(number) or _unknown(name, text)
            if isinstance(field, Value):
                out += self._value(field, text)
            elif text in PRIORITIES:
                active[name] = _condition(field, text)
            elif text and text not in QUIET:
                out.append(Observation(channel=Channel(code=field.code, source=name, unit=""), value=text))
        return out + self._conditions(active, f"MISC{reply.letter}:")

    def start(self, line: BreathStart) -> list[Event]:
        """A breath begins; how it joins the one before it, nobody has described."""
        out = self.flush()
        self._in_breath, self._joined = True, False
        out.append(Frame(offset=line.offset, length=line.length, kind="BS", tick_us=self._tick_us))
        return [*out, Observation(channel=BREATH, value=float(line.number))]

    def sample(self, line: Sample) -> list[Event]:
        if not self._in_breath:
            return [Rejected(offset=line.offset, length=line.length, reason=OUTSIDE)]
        if not self._samples:
            self._offset = line.offset
        self._length = line.offset + line.length - self._offset
        self._samples.append((line.flow, line.pressure))
        return self.flush() if len(self._samples) >= PIECE else []

    def end(self, line: BreathEnd) -> list[Event]:
        if not self._in_breath:
            return [Rejected(offset=line.offset, length=line.length, reason=OUTSIDE)]
        out = self.flush()
        self._in_breath = False
        return [*out, Frame(offset=line.offset, length=line.length, kind="BE", tick_us=self._tick_us)]

    def broken(self) -> list[Event]:
        """Bytes were lost: the next samples that mean something are those of the next breath."""
        out = self.flush()
        self._in_breath = False
        return out

    def flush(self) -> list[Event]:
        """The samples that have not been handed on yet."""
        if not self._samples:
            return []
        samples, self._samples = np.array(self._samples, dtype="<i4"), []
        self._tick_us += round(len(samples) * 1_000_000 / self._waveform_hz)
        out: list[Event] = [
            Frame(offset=self._offset, length=self._length, kind="samples", tick_us=self._tick_us),
        ]
        out += [
            Waveform(
                channel=channel,
                rate_hz=self._waveform_hz,
                data=samples[:, column].tobytes(),
                scale=SCALE,
                gap_samples=0 if self._joined else None,
                start_us=round(-len(samples) * 1_000_000 / self._waveform_hz),
            )
            for column, channel in enumerate((FLOW, PRESSURE))
        ]
        self._joined = True
        return out

    def _who(self, text: str) -> list[Event]:
        if not text or text == self._identity:
            return []
        self._identity = text
        model, _, serial = text.partition(" ")
        return [DeviceIdentity(manufacturer=MANUFACTURER, model=model, serial=serial.strip())]

    def _when(self, known: Layout, texts: dict[int, str]) -> list[Event]:
        """The clock has no seconds: it is told where it has just gone on by a minute."""
        before, self._moment = self._moment, _moment(texts.get(known.date, ""), texts.get(known.time, ""))
        if before is None or self._moment is None or self._moment - before != _MINUTE:
            return []
        return [DeviceClock(time_us=from_datetime(self._moment))]

    def _value(self, field: Value, text: str) -> list[Event]:
        channel, kind = field.channel, field.kind
        if not text:
            # all blanks: does not apply; told once where there was something before
            before = self._told.pop(channel, None)
            return [] if before is None else [_nothing(channel)]
        value, quality = _read(kind, text)
        repeat = kind is Kind.MANOEUVRE and value is not None and self._told.get(channel) == value
        standing = kind is Kind.MANOEUVRE and value is not None and channel not in self._told
        if kind is Kind.MANOEUVRE and value == 0:
            quality = Quality.QUESTIONABLE
        self._told[channel] = value
        return [Observation(channel=channel, value=value, quality=quality, repeat=repeat, standing=standing)]

    def _conditions(self, active: dict[str, AlarmCondition], reply: str) -> list[Event]:
        """Start, change and end of the alarms of one kind of reply."""
        before = {name: one for name, one in self._alarms.items() if name.startswith(reply)}
        out: list[Event] = []
        for name, one in active.items():
            if name not in before:
                out.append(one)
            elif name in self._unheard or one.priority is not before[name].priority:
                out.append(replace(one, phase=AlarmPhase.CONTINUE))
        ended = [name for name in before if name not in active]
        out += [replace(before[name], phase=AlarmPhase.END) for name in ended]
        self._alarms = {name: one for name, one in self._alarms.items() if name not in ended} | active
        self._unheard -= before.keys()
        return out


def _unknown(name: str, text: str) -> Value | Alarm:
    """A field that no table has, by what it holds."""
    if text in PRIORITIES:
        return Alarm(source=name, code=UNMAPPED, type=AlarmType.PHYSIOLOGICAL)
    return Value(channel=Channel(code=UNMAPPED, source=name, unit=""), kind=Kind.TEXT)


def _condition(field: Alarm, text: str) -> AlarmCondition:
    return AlarmCondition(
        source=field.source,
        type=field.type,
        priority=PRIORITIES[text],
        phase=AlarmPhase.START,
        code=field.code,
        device_priority=text,
    )


def _nothing(channel: Channel) -> Observation:
    return Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)


def _read(kind: Kind, text: str) -> tuple[float | str | None, Quality]:
    if kind is Kind.TEXT:
        return text, Quality.VALID
    if kind is Kind.RATIO:
        match = _RATIO.fullmatch(text)
        if match is not None and float(match[2]):
            return float(match[1]) / float(match[2]), Quality.VALID
    elif _NUMBER.fullmatch(text):
        return float(text), Quality.VALID
    return None, Quality.NOT_AVAILABLE if text == OFF else Quality.INVALID


def _moment(date: str, time: str) -> datetime | None:
    """`NOV 22 2011`, `14:47` (§3)."""
    try:
        month, day, year = date.split()
        hour, minute = time.split(":")
        return datetime(int(year), _MONTHS[month.upper()], int(day), int(hour), int(minute), tzinfo=UTC)
    except (ValueError, KeyError, OverflowError):
        return None
