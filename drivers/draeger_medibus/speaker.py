"""What the simulated device answers to each poll, as bytes and as the events that they say."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from collector.clock import to_datetime
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    Channel,
    DeviceClock,
    DeviceIdentity,
    Event,
    Observation,
    PatientIdentity,
    Quality,
)
from drivers.draeger_medibus import tables
from drivers.draeger_medibus.decoder import (
    CATEGORIES,
    DEVICE_ID,
    HEIGHT,
    MODE,
    PATIENT_TYPE,
    PATIENT_TYPES,
    REVISION,
    SEXES,
    SPECIFIC,
    WEIGHT,
)
from drivers.draeger_medibus.frames import ETX
from drivers.draeger_medibus.workstation import Condition, Model, Moment, Reading, render
from drivers.patient import Patient

PHRASE_BYTES = 12
SHORTHAND = {"SPO2 $&  '@ ": "SPO2 LOW ALARM"}
"""A phrase as it is sent, and what it means."""
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAI", "JUN", "JUL", "AUG", "SEP", "OKT", "NOV", "DEZ")
"""§5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What a device may do to its host (§11).

    embed: 52H stands inside the ICC response, a NOP inside long responses. strict: 52H must be answered in full. omit:
    codes left out of measured data from omit_from_s on. negative: Pmin is −8, blanks after the minus. shorthand: an
    alarm phrase of 12 characters with shorthand. long_text: a text of 32 characters. corrupt_every: each n-th response
    has a wrong checksum. skip_every: each n-th record lacks its last sample. pause_at_s: DC1, a second later DC3.
    reset_at_s: it starts anew. streams_change_at_s: 56H. time_change_at_s: 49H. asks: commands of its own (a Fabius
    sends 24H and 2AH).
    """

    embed: bool = True
    strict: bool = True
    omit: frozenset[str] = frozenset()
    omit_from_s: float = 0.0
    negative: bool = False
    shorthand: bool = False
    long_text: bool = False
    corrupt_every: int = 0
    skip_every: int = 0
    pause_at_s: float = math.inf
    reset_at_s: float = math.inf
    streams_change_at_s: float = math.inf
    time_change_at_s: float = math.inf
    asks: tuple[int, ...] = ()


Reply = tuple[bytes, list[Event]]


class Speaker:
    """One device's measurements, settings, alarms and texts, from its patient."""

    def __init__(self, model: Model, patient: Patient, faults: Faults) -> None:
        self._model = model
        self._patient = patient
        self._offers = [offer for offer in model.offers if offer.wave in patient.waves]
        self._faults = faults
        self._tables = tables.tables(model.edition)
        self._told: dict[int, dict[str, Channel]] = {}
        self._alarms: dict[int, dict[str, AlarmCondition]] = {}
        self._person = PatientIdentity()

    def reply(self, code: int, argument: bytes, only: frozenset[bytes], time_s: float, clock_us: int) -> Reply:
        """The data of the answer to a command, restricted to the codes `only` (none: all), and what they say."""
        moment = Moment(self._patient, time_s, self._patient.vitals(time_s))

        def wanted(name: str) -> bool:
            return not only or name.encode() in only

        match code:
            case tables.ALARMS | tables.ALARMS_2:
                return self._conditions(code, moment, wanted)
            case tables.TEXTS:
                return self._texts(wanted)
            case tables.MOMENT:
                time = to_datetime(clock_us)
                text = f"{time:%H:%M:%S}{time:%d}-{MONTHS[time.month - 1]}-{time:%y}"
                return text.encode(), [DeviceClock(time_us=clock_us // 1_000_000 * 1_000_000)]
            case tables.IDENTIFY:
                return self._identify()
            case tables.WAVES:
                return b"".join(offer.entry() for offer in self._offers), []
            case tables.DEVICE_SPECIFIC:
                return self._specific(argument)
            case _ if code in self._model.readings:
                return self._numbers(code, moment, wanted)
        return b"", []

    def _numbers(self, code: int, moment: Moment, wanted: Callable[[str], bool]) -> Reply:
        data = bytearray()
        values: dict[str, float] = {}
        for reading in self._model.readings[code]:
            field = self._field(code, reading, moment)
            if field is not None and wanted(reading.code):
                data += reading.code.encode() + field
                values[reading.code] = float(field.replace(b" ", b""))
        known = self._tables.numbers[code]
        channels = {name: known[name.encode()].channel for name in values}
        said = self._gone(code, channels)
        said += [Observation(channel=channels[name], value=value) for name, value in values.items()]
        if code == tables.SETTINGS:
            weight, height = values.get(WEIGHT.decode()), values.get(HEIGHT.decode())
            said += self._is(replace(self._person, weight_kg=weight, height_cm=height))
        return bytes(data), said

    def _field(self, code: int, reading: Reading, moment: Moment) -> bytes | None:
        faults = self._faults
        if code == tables.MEASURED and reading.code in faults.omit and moment.time_s >= faults.omit_from_s:
            return None
        if faults.negative and (code, reading.code) == (tables.MEASURED, "71"):
            return render(reading.mask, -8.0)
        value = reading.read(moment)
        return None if value is None or math.isnan(value) else render(reading.mask, value)

    def _conditions(self, code: int, moment: Moment, wanted: Callable[[str], bool]) -> Reply:
        active = [c for c in self._model.conditions if c.command == code and c.holds(moment) and wanted(c.code)]
        if self._faults.shorthand and code == tables.ALARMS:
            active = [Condition(code, "07", 28, next(iter(SHORTHAND)), lambda _: True)]
        data = bytearray()
        now: dict[str, AlarmCondition] = {}
        for condition in active:
            known = self._tables.alarms[code][condition.code.encode()]
            text = condition.phrase[:PHRASE_BYTES]
            data += bytes((0x30 + condition.priority,)) + condition.code.encode() + text.ljust(PHRASE_BYTES).encode()
            now[condition.code] = AlarmCondition(
                source=known.source,
                type=known.type,
                priority=tables.priority(condition.priority),
                phase=AlarmPhase.START,
                code=known.code,
                text=SHORTHAND.get(text, text),
                device_priority=str(condition.priority),
            )
        before = self._alarms.get(code, {})
        self._alarms[code] = now
        said: list[Event] = [alarm for name, alarm in now.items() if name not in before]
        said += [replace(alarm, phase=AlarmPhase.END) for name, alarm in before.items() if name not in now]
        return bytes(data), said

    def _texts(self, wanted: Callable[[str], bool]) -> Reply:
        texts = [text for text in self._model.texts if wanted(text[0])]
        if self._faults.long_text:
            texts.append(("2C", "a language with thirty-two chars"))
        known = self._tables.texts[tables.TEXTS]
        data = b"".join(b"%s%c%s%c" % (name.encode(), 0x30 + len(text), text.encode(), ETX) for name, text in texts)
        entries = {name: known[name.encode()] for name, _ in texts}
        said = self._gone(tables.TEXTS, {name: entry.channel for name, entry in entries.items()})
        said += [Observation(channel=entries[name].channel, value=text) for name, text in texts]
        mode = " + ".join(text for name, text in texts if entries[name].mode)
        if mode:
            said.append(Observation(channel=MODE, value=mode))
        names = {name.encode() for name in entries}
        sex = next((word for code, word in SEXES.items() if code in names), "")
        category = next((word for code, word in CATEGORIES.items() if code in names), self._person.category)
        return data, said + self._is(replace(self._person, sex=sex, category=category))

    def _identify(self) -> Reply:
        id_, name, device, medibus = self._model.identity
        return f"{id_}'{name}'{device}:{medibus}".encode(), [
            DeviceIdentity(manufacturer="Dräger", model=name, software=device),
            Observation(channel=DEVICE_ID, value=id_),
            Observation(channel=REVISION, value=medibus),
        ]

    def _specific(self, argument: bytes) -> Reply:
        text = self._model.specific.get(argument.decode())
        if text is None:
            return b"", []
        if argument in SPECIFIC:
            said: list[Event] = [Observation(channel=SPECIFIC[argument], value=text)]
            if argument == PATIENT_TYPE:
                said += self._is(replace(self._person, category=PATIENT_TYPES[text]))
            return argument + text.encode(), said
        channel = self._tables.texts[tables.DEVICE_SPECIFIC][text.encode()].channel
        return argument + text.encode(), [Observation(channel=channel, value=1.0)]

    def _gone(self, code: int, now: Mapping[str, Channel]) -> list[Event]:
        before, self._told[code] = self._told.get(code, {}), dict(now)
        return [
            Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
            for name, channel in before.items()
            if name not in now
        ]

    def _is(self, person: PatientIdentity) -> list[Event]:
        if person == self._person:
            return []
        self._person = person
        return [person]
