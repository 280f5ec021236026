"""Messages and records → events, with what has to be remembered between them. Knows nothing of who asked.

Source: fact sheet draeger-medibus §4-§8, §10.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    Association,
    AssociationState,
    Channel,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Quality,
    Rejected,
)
from drivers.draeger_medibus import replies, tables
from drivers.draeger_medibus.frames import Message, Record
from drivers.draeger_medibus.tables import Edition
from drivers.draeger_medibus.waves import Waves

_ALARMS = {f"{command:02X}".encode(): command for command in (tables.ALARMS, tables.ALARMS_2, tables.ALARMS_3)}

FRAME_US = 200_000
"""Nominal period of a response: the five polls a second of this driver. While samples come, their own time is taken."""

LAYOUT = "layout"

CUFF = (b"8C", b"91", b"96")
CUFF_AGE = b"92"
"""The cuff pressures, and the minutes since they were taken (§14 T1)."""

MODE = Channel(code="MDC_VENT_MODE", source="2A", unit="")
"""The ventilation mode: all mode texts that hold now, together (§5)."""
DEVICE_ID = Channel(code="VND_DRAEGER_DEVICE_ID", source="52:id", unit="")
REVISION = Channel(code="VND_DRAEGER_MEDIBUS_REVISION", source="52:revision", unit="")
SPECIFIC: Mapping[bytes, Channel] = {
    b"3": Channel(code="VND_DRAEGER_LINK_SOFTWARE", source="6A:3", unit=""),
    b"4": Channel(code="VND_DRAEGER_PATIENT_TYPE", source="6A:4", unit=""),
    b"5": Channel(code="VND_DRAEGER_CHANNEL", source="6A:5", unit=""),
}
KEYS, PATIENT_TYPE = b"2", b"4"
"""What 6AH was asked for (§8)."""

SIMULATION, FIRST_NAME, LAST_NAME = b"62", b"60", b"61"
SEXES: Mapping[bytes, str] = {b"42": "female", b"43": "male"}
CATEGORIES: Mapping[bytes, str] = {b"20": "adult", b"3A": "paediatric", b"21": "neonatal"}
"""Texts that say something of the patient or of the whole device (§14 T5)."""
WEIGHT, HEIGHT = b"4B", b"83"
"""Settings that say something of the patient (§14 T3)."""
PATIENT_TYPES: Mapping[str, str] = {"Adult": "adult", "Paediatric": "paediatric", "Neonates": "neonatal"}


class Decoder:
    """Reads what a device says, whether or not this session has asked for it.

    `standing`: alarms of earlier lists; those that a new dialogue lists as well continue.
    """

    def __init__(self, standing: Sequence[AlarmCondition] = ()) -> None:
        self.waves = Waves()
        self._tables = tables.tables(Edition.UNKNOWN)
        self._present: dict[int, dict[bytes, Channel]] = {}
        self._alarms: dict[int, dict[bytes, AlarmCondition]] = {}
        for condition in standing:
            command, _, code = condition.source.encode("ascii", errors="replace").partition(b":")
            self._alarms.setdefault(_ALARMS.get(command, 0), {})[code] = condition
        self._interrupted()
        self._mode = ""
        self._cuff: dict[bytes, float | None] = {}
        self._cuff_age: float | None = None
        self._patient = PatientIdentity()
        self._demo = False
        self._associated = False
        self._served = False
        self._tick_us = 0
        self._sampled = False

    def message(self, message: Message) -> list[Event]:
        """A slow message, in either direction: a recording may hold both."""
        code, data = message.code, message.data
        if message.command:
            frame = Frame(
                offset=message.offset, length=message.length, kind=f"command {code:02X}", tick_us=self._tick_us
            )
            return [frame, *self._command(code, data)]
        if not self._sampled:
            self._tick_us += FRAME_US
        self._sampled = False
        out: list[Event] = [
            Frame(offset=message.offset, length=message.length, kind=f"{code:02X}", tick_us=self._tick_us)
        ]
        unread = 0
        match code:
            case tables.MEASURED | tables.MEASURED_2 | tables.LOW | tables.LOW_2 | tables.HIGH | tables.HIGH_2:
                values, unread = replies.fields(data, replies.VALUE_BYTES)
                out += self._numbers(code, values, whole=not unread)
            case tables.SETTINGS:
                values, unread = replies.fields(data, replies.SETTING_BYTES)
                out += self._numbers(code, values, whole=not unread)
                out += self._measures(dict(values), whole=not unread)
            case tables.ALARMS | tables.ALARMS_2 | tables.ALARMS_3:
                active, unread = replies.alarms(data)
                out += self._conditions(code, active, whole=not unread)
            case tables.TEXTS:
                texts, unread = replies.texts(data)
                out += self._texts(texts, whole=not unread)
            case tables.DEVICE_SPECIFIC if data:
                out += self._specific(data[:1], data[1:])
            case tables.MOMENT if data:
                time_us = replies.moment(data)
                if time_us is None:
                    unread = len(data)
                else:
                    out.append(DeviceClock(time_us=time_us))
            case tables.INITIALISE:
                out += self._established()
            case tables.IDENTIFY if data:
                identification = replies.identification(data)
                if identification is None:
                    unread = len(data)
                elif identification.id != replies.HOST_ID:
                    out += self._identity(identification)
            case tables.WAVES:
                offered, unread = replies.streams(data)
                self.waves.offered = tuple(offered)
            case tables.CONFIGURE_WAVES:
                out += self.flush()
                self.waves.configured()
            case tables.STOP:
                out += self._ended("STOP")
        self._served |= code != tables.INITIALISE
        if unread:
            out.append(Rejected(offset=message.offset, length=message.length, reason=LAYOUT))
        return out

    def record(self, record: Record) -> Sequence[Event]:
        """A realtime record; its samples are handed on in pieces."""
        advance_us, rejected = self.waves.add(record)
        if rejected is not None:
            return (rejected,)
        self._tick_us += advance_us
        self._sampled |= advance_us > 0
        return self.flush() if self.waves.full() else ()

    def flush(self) -> list[Event]:
        """The samples that have not been handed on yet."""
        return self.waves.flush(self._tick_us)

    def assign(self, streams: Sequence[tuple[bytes, int]]) -> None:
        """Streams 1, 2, … are to carry these codes, each with its multiplier, once the device has answered 54H."""
        channels = {code: self._tables.waves.get(code) or tables.unknown_wave(code) for code, _ in streams}
        self.waves.assign(streams, channels)

    def _command(self, code: int, data: bytes) -> list[Event]:
        out: list[Event] = []
        match code:
            case tables.INITIALISE:
                out += self._ended("ICC") if self._associated and self._served else self.flush()
                out += self._established()
                self.waves.forget()
            case tables.CONFIGURE_WAVES:
                self.assign(replies.pairs(data))
            case tables.STOP:
                out += self._ended("STOP")
        return out

    def _established(self) -> list[Event]:
        if self._associated:
            return []
        self._associated = True
        self._served = False
        return [Association(state=AssociationState.ESTABLISHED)]

    def _ended(self, reason: str) -> list[Event]:
        self._associated = False
        self._interrupted()
        return [*self.flush(), Association(state=AssociationState.ENDED, reason=reason)]

    def _interrupted(self) -> None:
        """What stands in the lists of the next dialogue is told, also where it has not changed."""
        for active in self._alarms.values():
            active.update((code, replace(c, phase=AlarmPhase.CONTINUE)) for code, c in active.items())

    def _observation(self, channel: Channel, value: float | str | None) -> Observation:
        quality = Quality.NOT_AVAILABLE if value is None else Quality.VALID
        return Observation(channel=channel, value=value, quality=quality, demo=self._demo)

    def _gone(self, command: int, now: dict[bytes, Channel], *, whole: bool) -> list[Event]:
        """What this list held before and holds no more. A list that was not read to its end proves no absence."""
        before = self._present.get(command, {})
        if not whole:
            self._present[command] = before | now
            return []
        self._present[command] = now
        return [self._observation(channel, None) for code, channel in before.items() if now.get(code) != channel]

    def _numbers(self, command: int, values: list[tuple[bytes, bytes]], *, whole: bool) -> list[Event]:
        known = self._tables.numbers.get(command, {})
        entries = [(code, known.get(code) or tables.unknown_number(command, code), field) for code, field in values]
        out = self._gone(command, {code: entry.channel for code, entry, _ in entries}, whole=whole)
        told, first = self._cuff_told(dict(values), whole=whole) if command == tables.MEASURED else (set(), set())
        for code, entry, field in entries:
            if entry.text:
                out.append(self._observation(entry.channel, field.decode("ascii", "replace").strip() or None))
                continue
            value, quality = replies.number(field)
            out.append(
                Observation(
                    channel=entry.channel,
                    value=value,
                    quality=quality,
                    demo=self._demo,
                    repeat=value is not None and code in told,
                    standing=value is not None and code in first,
                )
            )
        return out

    def _cuff_told(self, fields: Mapping[bytes, bytes], *, whole: bool) -> tuple[set[bytes], set[bytes]]:
        """Which cuff pressures were told before, and which stood before this device was heard.

        A measurement is the one told before where no pressure has changed and its age has not fallen. One that is left
        out is for the moment invalid (§5) and may be the same when it is back; where no age can tell, it is taken for
        new. A list that was not read to its end says nothing of the pressures that it lacks.
        """
        read = {code: replies.number(fields[code])[0] for code in (*CUFF, CUFF_AGE) if code in fields}
        age = read.pop(CUFF_AGE, None)
        now = {code: value for code, value in read.items() if value is not None}
        fallen = age is not None and self._cuff_age is not None and age < self._cuff_age
        before = self._cuff
        anew = fallen or any(before.get(code) not in (value, None) for code, value in now.items())
        if anew:
            before = dict.fromkeys(CUFF)
        if anew or age is not None:
            self._cuff_age = age
        absent = dict.fromkeys(CUFF) if whole else {}
        self._cuff = (before | absent if self._cuff_age is None else absent | before) | now
        return {code for code in now if before.get(code) == now[code]}, now.keys() - before.keys()

    def _measures(self, fields: Mapping[bytes, bytes], *, whole: bool) -> list[Event]:
        before = PatientIdentity() if whole else self._patient
        weight = replies.number(fields[WEIGHT])[0] if WEIGHT in fields else before.weight_kg
        height = replies.number(fields[HEIGHT])[0] if HEIGHT in fields else before.height_cm
        return self._patient_is(replace(self._patient, weight_kg=weight, height_cm=height))

    def _conditions(self, command: int, active: list[replies.ActiveAlarm], *, whole: bool) -> list[Event]:
        before = self._alarms.get(command, {})
        known = self._tables.alarms.get(command, {})
        now: dict[bytes, AlarmCondition] = {}
        out: list[Event] = []
        for alarm in sorted(active, key=lambda alarm: -alarm.priority):
            if alarm.code in now:
                continue  # the same condition under a second phrase, at a lower priority
            entry = known.get(alarm.code) or tables.unknown_alarm(command, alarm.code)
            condition = AlarmCondition(
                source=entry.source,
                type=entry.type,
                priority=tables.priority(alarm.priority),
                phase=AlarmPhase.START,
                code=entry.code,
                text=alarm.phrase,
                device_priority=str(alarm.priority),
                demo=self._demo,
            )
            now[alarm.code] = condition
            if alarm.code not in before:
                out.append(condition)
            elif condition != before[alarm.code]:
                out.append(replace(condition, phase=AlarmPhase.CONTINUE))
        if whole:
            out += [replace(before[code], phase=AlarmPhase.END) for code in before if code not in now]
            self._alarms[command] = now
        else:
            self._alarms[command] = before | now
        return out

    def _texts(self, texts: list[tuple[bytes, str]], *, whole: bool) -> list[Event]:
        known = self._tables.texts[tables.TEXTS]
        said = dict(texts)
        if whole:
            self._demo = self.waves.demo = SIMULATION in said
        entries = [
            (code, known.get(code) or tables.unknown_text(tables.TEXTS, code), text)
            for code, text in texts
            if code not in {FIRST_NAME, LAST_NAME}
        ]
        out = self._gone(tables.TEXTS, {code: entry.channel for code, entry, _ in entries}, whole=whole)
        out += [self._observation(entry.channel, text or None) for _, entry, text in entries]
        mode = " + ".join(text for _, entry, text in entries if entry.mode and text)
        if whole and (mode or self._mode):
            out.append(self._observation(MODE, mode or None))
            self._mode = mode
        before = PatientIdentity() if whole else self._patient
        category = next((word for code, word in CATEGORIES.items() if code in said), "")
        return out + self._patient_is(
            replace(
                self._patient,
                given=said.get(FIRST_NAME, before.given),
                family=said.get(LAST_NAME, before.family),
                sex=next((word for code, word in SEXES.items() if code in said), before.sex),
                category=category or self._patient.category,
            )
        )

    def _specific(self, asked: bytes, data: bytes) -> list[Event]:
        text = data.decode("ascii", "replace").strip()
        if asked == KEYS:
            known = self._tables.texts[tables.DEVICE_SPECIFIC]
            keys = [data[start : start + 2] for start in range(0, len(data) - 1, 2)]
            entries = {
                code: (known.get(code) or tables.unknown_text(tables.DEVICE_SPECIFIC, code)).channel for code in keys
            }
            out = self._gone(tables.DEVICE_SPECIFIC, entries, whole=True)
            return out + [self._observation(channel, 1.0) for channel in entries.values()]
        if asked not in SPECIFIC:
            return []
        found: list[Event] = [self._observation(SPECIFIC[asked], text or None)]
        if asked == PATIENT_TYPE:
            found += self._patient_is(replace(self._patient, category=PATIENT_TYPES.get(text, text)))
        return found

    def _identity(self, told: replies.Identification) -> list[Event]:
        self._tables = tables.tables(Edition.MEDIBUS_X if told.medibus_x else Edition.MEDIBUS)
        return [
            DeviceIdentity(manufacturer="Dräger", model=told.name, software=told.device_revision),
            self._observation(DEVICE_ID, told.id),
            self._observation(REVISION, told.medibus_revision),
        ]

    def _patient_is(self, patient: PatientIdentity) -> list[Event]:
        if patient == self._patient:
            return []
        self._patient = patient
        return [patient]
