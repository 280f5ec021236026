"""What the simulated monitor says: sub-records, and the same as events."""

import struct
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from collector.model import AlarmCondition, AlarmPhase, AlarmType, Channel, Event, Observation, Quality, Waveform
from drivers.ge_datex_dri import alarms, bedside, words
from drivers.ge_datex_dri.classes import CLASSES
from drivers.ge_datex_dri.groups import MISSING
from drivers.ge_datex_dri.layout import DATA_BYTES, NO_VALUE, Choice, Group
from drivers.ge_datex_dri.physiology import PREFIXES
from drivers.ge_datex_dri.requests import AUXILIARY, CLASS_BITS
from drivers.ge_datex_dri.waves import WAVES, code_of
from drivers.patient import Patient

Part = tuple[int, bytes]
Clock = Callable[[float], int]
"""Seconds of the simulation → seconds of the monitor's wall clock."""
NO_SILENCE, SOUND_ON = 0, 1
GAP_STATUS, USUAL_STATUS = 1 << 0, 1 << 1 | 1 << 10
"""A wave's status: a gap before it; and the bits that a real monitor sets besides (§6)."""
COUNTER_SHIFT, COUNTER = 4, 60
SAMPLE_LIMIT = 31_999


class ValueSpeech:
    """Physiological sub-records. `absent`: groups ("basic.p1") without a module, whose fields are `empty`;
    `overrides`: raw fields by source ("basic.spo2.pr"); `fill`: the byte of all reserved places.
    """

    def __init__(
        self,
        patient: Patient,
        clock: Clock,
        level: int,
        *,
        absent: frozenset[str] = frozenset(),
        overrides: Mapping[str, int] | None = None,
        empty: int = bedside.ABSENT,
        fill: int = 0,
    ) -> None:
        self._patient = patient
        self._clock = clock
        self._level = level
        self._absent = absent
        self._overrides = overrides or {}
        self._empty = empty
        self._fill = fill
        self._states: dict[str, str] = {}
        self._cuffs: dict[str, float | None] = {}
        self._unmeasured: set[str] = set()
        self._stamped_s: float | None = None

    def sub_records(self, kind: int, mask: int, time_s: float) -> tuple[list[Part], list[Event]]:
        """Sub-records of `kind` for the classes of `mask`."""
        measured = bedside.groups(self._patient, time_s)
        parts: list[Part] = []
        said: list[Event] = []
        for number, (name, groups) in enumerate(CLASSES.items()):
            if bool(mask & CLASS_BITS[name]) == (name == "basic"):
                continue
            area = bytearray((self._fill,)) * DATA_BYTES
            for group in groups:
                key = f"{name}.{group.name}"
                one = None if key in self._absent else measured.get(key)
                said += self._group(group, one, f"{PREFIXES[kind]}{name}.", area, time_s)
            end = struct.pack("<BBH", 0, self._fill, number << 8 | self._level << 4 | kind)
            parts.append((kind, struct.pack("<I", self._clock(time_s)) + area + end))
        return parts, said

    def auxiliary(self, time_s: float) -> Part:
        """The auxiliary sub-record, which tells the time of the cuff from now on."""
        cuff = self._patient.cuff(time_s)
        self._stamped_s = None if cuff is None else cuff.time_s
        stamp_s = 0 if self._stamped_s is None else self._clock(self._stamped_s)
        return AUXILIARY, struct.pack("<IhIIh98x", stamp_s, 0, 0, 0, 0)

    def _group(
        self, group: Group, one: bedside.Measured | None, prefix: str, area: bytearray, time_s: float
    ) -> list[Event]:
        """Write the group into its class's data area and say what it says."""
        numbers = [self._empty] * len(group.fields)
        if one:
            sources = [source(prefix, group, item.name) for item in group.fields]
            numbers = [
                self._overrides.get(at, one.fields.get(item.name, bedside.ABSENT))
                for at, item in zip(sources, group.fields, strict=True)
            ]
        header = struct.pack("<IH", one.status if one else 0, one.label if one else 0)
        raw = header + struct.pack(f"<{len(numbers)}h", *numbers)
        raw = raw.ljust(group.size + (group.tail[1] - group.tail[0] if group.tail else 0), b"\0")
        area[group.offset : group.offset + group.size] = raw[: group.size]
        if group.tail:
            area[slice(*group.tail)] = raw[group.size :]
        if one is None:
            return []
        said: list[Event] = [*self._changed(group, raw, prefix)]
        repeat, time_us = self._episode(prefix, time_s) if group.episodes else (False, None)
        for number, item in zip(numbers, group.fields, strict=True):
            code = item.code.pick(one.status, one.label, self._level) if isinstance(item.code, Choice) else item.code
            if number > NO_VALUE or not code.quiet:
                at = source(prefix, group, item.name)
                again = repeat if number > NO_VALUE else bool(group.episodes) and at in self._unmeasured
                (self._unmeasured.discard if number > NO_VALUE else self._unmeasured.add)(at)
                said.append(
                    Observation(
                        channel=Channel(code=code.code, source=at, unit=item.unit, site=code.site),
                        value=number / item.divisor if number > NO_VALUE else None,
                        quality=Quality.VALID if number > NO_VALUE else MISSING.get(number, Quality.NOT_AVAILABLE),
                        repeat=again,
                        device_time_us=time_us if number > NO_VALUE else None,
                    )
                )
        return said

    def _changed(self, group: Group, raw: bytes, prefix: str) -> Sequence[Observation]:
        found: list[Observation] = []
        for state in group.states:
            at, text = source(prefix, group, state.name), state.text(raw)
            if self._states.get(at) != text:
                self._states[at] = text
                found.append(Observation(channel=Channel(code=state.code, source=at, unit=""), value=text))
        return found

    def _episode(self, prefix: str, time_s: float) -> tuple[bool, int | None]:
        """Whether the cuff's reading has been told before, and when it was where that is told beside it."""
        cuff = self._patient.cuff(time_s)
        if cuff is None or self._cuffs.get(prefix) == cuff.time_s:
            return True, None
        self._cuffs[prefix] = cuff.time_s
        return False, (self._clock(cuff.time_s) * 1_000_000 or None) if self._stamped_s == cuff.time_s else None


class WaveSpeech:
    """Waveform sub-records from `start_s` on, a record every `period_s`. `told`: types whose state was told before."""

    def __init__(self, patient: Patient, types: Sequence[int], start_s: float, period_s: float, told: set[int]) -> None:
        self._patient = patient
        self._types = types
        self._start_s = start_s
        self._period_s = period_s
        self._codes: dict[int, tuple[str, str]] = {}
        self._told = told
        self._count = 0
        self._lost = 0
        self.due_s = start_s + period_s

    def sub_records(self, *, labelled: bool, lost: int) -> tuple[list[Part], list[Event]]:
        """The next record. `labelled`: displayed values were sent, so labels are known; `lost`: wave records so far."""
        parts: list[Part] = []
        said: list[Event] = []
        for kind in self._types:
            wave = WAVES[kind]
            first = int(self._count * self._period_s * wave.rate_hz + 1e-6)
            n = int((self._count + 1) * self._period_s * wave.rate_hz + 1e-6) - first
            raw = bedside.samples(self._patient, kind, self._start_s + first / wave.rate_hz, n)
            raw = [max(-SAMPLE_LIMIT, min(SAMPLE_LIMIT, value)) for value in raw]
            status = USUAL_STATUS | self._count % COUNTER << COUNTER_SHIFT | (self._count == 0) * GAP_STATUS
            parts.append((kind, struct.pack(f"<hHH{n}h", n, status, 0, *raw)))
            if kind not in self._told:
                self._told.add(kind)
                channel = Channel(code="VND_GE_STATUS", source=f"wave.{wave.name}.status", unit="")
                said.append(Observation(channel=channel, value="none"))
            code = code_of(wave, bedside.LABELS.get(wave.group, 0) if labelled else 0)
            follows = self._codes.get(kind) == code and lost == self._lost
            self._codes[kind] = code
            said.append(
                Waveform(
                    channel=Channel(code=code[0], source=f"wave.{wave.name}", unit=wave.unit, site=code[1]),
                    rate_hz=float(wave.rate_hz),
                    data=np.array(raw, dtype="<i4").tobytes(),
                    scale=wave.scale,
                    gap_samples=0 if follows else None,
                    start_us=round(-n * 1_000_000 / wave.rate_hz),
                )
            )
        self._count += 1
        self._lost = lost
        self.due_s = self._start_s + (self._count + 1) * self._period_s
        return parts, said


class AlarmSpeech:
    """Alarm status sub-records."""

    def __init__(self) -> None:
        self._told: Mapping[bytes, int] | None = None

    def differs(self, sounding: Mapping[bytes, int]) -> bool:
        return self._told != sounding

    def sub_records(self, sounding: Mapping[bytes, int]) -> tuple[list[Part], list[Event]]:
        """The status while these alarms sound, text → colour, with 16-bit enumerations."""
        before, self._told = self._told, sounding
        listed = sorted(sounding.items(), key=lambda item: -item[1])[: alarms.SLOTS]
        slots = [*listed, *((b"", 0) for _ in range(alarms.SLOTS - len(listed)))]
        part = struct.pack("<hh4xH", 0, SOUND_ON, NO_SILENCE)
        part += b"".join(struct.pack("<80sHHH12x", text, 0, color, 0) for text, color in slots) + bytes(10)
        said: list[Event] = []
        if before is None:
            said.append(
                Observation(channel=Channel(code="VND_GE_ALARM_SOUND", source="alarm.sound", unit=""), value="on")
            )
            silence = Channel(code="VND_GE_ALARM_SILENCE", source="alarm.silence", unit="")
            said.append(Observation(channel=silence, value=words.SILENCES[NO_SILENCE]))
        before = before or {}
        said += [_condition(text, before[text], AlarmPhase.END) for text in before if text not in sounding]
        for text, color in listed:
            if before.get(text) != color:
                said.append(_condition(text, color, AlarmPhase.CONTINUE if text in before else AlarmPhase.START))
        return [(alarms.STATUS, part)], said


def source(prefix: str, group: Group, name: str) -> str:
    return prefix + (name if "." in name else f"{group.name}.{name}")


def _condition(text: bytes, color: int, phase: AlarmPhase) -> AlarmCondition:
    return AlarmCondition(
        source=text.decode(),
        type=AlarmType.PHYSIOLOGICAL,
        priority=alarms.PRIORITIES[color],
        phase=phase,
        text=text.decode(),
        device_priority=alarms.COLORS[color],
    )
