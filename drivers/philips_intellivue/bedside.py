"""What the simulated monitor knows at a time: its objects written for a poll, and the same as events."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from struct import Struct

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    DeviceClock,
    DeviceIdentity,
    Event,
    Observation,
    PatientIdentity,
    Priority,
    Quality,
    Waveform,
)
from drivers.patient import Cuff, Patient, Vitals
from drivers.philips_intellivue import alarms, codes, identity, pdu
from drivers.philips_intellivue.pdu import (
    ALL_GROUPS,
    GROUP_ALARMS,
    GROUP_DYNAMIC,
    GROUP_OBSERVED,
    GROUP_STATIC,
    TICKS_PER_SECOND,
    US_PER_TICK,
)
from drivers.philips_intellivue.results import Written, written
from drivers.philips_intellivue.simulated import NUMERICS, SimulatedNumeric, SimulatedWave
from drivers.philips_intellivue.values import (
    CALIBRATING,
    DEMO,
    INVALID,
    QUESTIONABLE,
    UNAVAILABLE,
    number,
    to_absolute_time,
    to_float,
    to_string,
    to_variable_label,
)

CUFF_FIRST_S, CUFF_PERIOD_S = 5.0, 180.0
MAKER, MODEL, SERIAL, SOFTWARE = "Philips", "SIMULATED", "SIM0001", "0.0"

_NO_TIME = b"\xff" * 8
_RHYTHM, _RHYTHM_HANDLE = 0xD007, 0x82FF
_SINUS = 0x0001
"""An arbitrary object id: no source names those of rhythms."""
_ALARM_HANDLE, _PATIENT_HANDLE = 0x0090, 0x0050
_HEIGHT_CM, _WEIGHT_KG = 175.0, 72.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAlarm:
    """An alarm that is active from start_s to end_s of the patient's time; al_type as in §8."""

    source: int
    event: int
    al_type: int
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """An alarm limit of the simulated monitor: `low` or `high` is passed by the value of this physio id."""

    physio: int
    low: float
    high: float
    name: str


LIMITS = (
    Limit(physio=0x4182, low=45.0, high=120.0, name="HR"),
    Limit(physio=0x4A15, low=85.0, high=180.0, name="ABPs"),
    Limit(physio=0x4BB8, low=94.0, high=101.0, name="SpO₂"),
)
_HIGH_LIMIT, _LOW_LIMIT, _YELLOW = 40, 62, 0x0200


class Bedside:
    """The monitor's measurements of one patient.

    states: physio id → MeasurementState bits to add; with INVALID, UNAVAILABLE or CALIBRATING the value is NaN.
    clock_step: from that time on the wall clock is that many seconds off.
    """

    def __init__(
        self,
        patient: Patient,
        epoch_us: int,
        *,
        demo: bool,
        states: Mapping[int, int],
        extra_alarms: Sequence[SimulatedAlarm],
        clock_step: tuple[float, float],
    ) -> None:
        self._patient = patient
        self._epoch_us = epoch_us
        self._demo = demo
        self._states = states
        self._extra_alarms = extra_alarms
        self._clock_step = clock_step
        self._measured: dict[int, bytes] = {}
        self._zero_us = 0
        self._dates_us: dict[int, tuple[int, int]] = {}
        self._active: dict[int, dict[str, AlarmCondition]] = {}
        self._alarm_changes = 0
        self._specified = False
        self._next_block: dict[int, int] = {}

    @property
    def waves(self) -> frozenset[str]:
        """Names of the patient's waves that there are."""
        return self._patient.waves

    def switch_on(self, now: float) -> None:
        """The wall clock's reading at the monitor's time 0."""
        self._epoch_us += round(now * 1_000_000)

    def state(self, physio: int) -> int:
        return (DEMO if self._demo else 0) | self._states.get(physio, 0)

    def wall_us(self, time_s: float) -> int:
        from_s, step_s = self._clock_step
        shown_s = time_s + (step_s if time_s >= from_s else 0.0)
        return (self._epoch_us + round(shown_s * 1_000_000)) // 1_000_000 * 1_000_000

    def numeric(
        self, one: SimulatedNumeric, time_s: float, ticks: int, *, context: bool, values: bool, said: list[Event]
    ) -> Written:
        attributes = [*one.static(), *one.dynamic()] if context else []
        if not values:
            return written(one.context, one.handle, attributes)
        stamp, time_us, at_s, cuff = None, None, time_s, None
        if one.episodic:
            cuff = self._patient.cuff(time_s, CUFF_FIRST_S, CUFF_PERIOD_S)
            at_s = -1.0 if cuff is None else cuff.time_s
            time_us = None if cuff is None else self.wall_us(at_s)
            stamp = _NO_TIME if time_us is None else to_absolute_time(time_us)
            attributes.append((0x0990, stamp))
        elif one.period_ticks:
            age = int(time_s * TICKS_PER_SECOND) % one.period_ticks
            at_s = (int(time_s * TICKS_PER_SECOND) - age) / TICKS_PER_SECOND
            time_us = self._date_us(one.handle, ticks - age)
            stamp = ((ticks - age) & 0xFFFFFFFF).to_bytes(4, "big")
            attributes.append((0x0991, stamp))
        vitals = _inflated(cuff) if cuff is not None else self._patient.vitals(max(0.0, at_s))
        shown: dict[int, float | None] = {}
        states: dict[int, int] = {}
        for physio, value in one.members.items():
            measured = value(vitals)
            missing = INVALID if cuff is not None else UNAVAILABLE  # an inflation that has failed, or nothing connected
            states[physio] = state = self.state(physio) | (missing if at_s < 0 or math.isnan(measured) else 0)
            shown[physio] = None if state & (INVALID | UNAVAILABLE | CALIBRATING) else measured
            rounded = number(to_float(shown[physio], one.decimals))
            said.append(
                Observation(
                    channel=one.channel(physio),
                    value=rounded,
                    quality=_quality(rounded, state),
                    demo=self._demo,
                    repeat=stamp is not None and self._measured.get(physio) == stamp,
                    standing=stamp is not None and time_us is None and physio not in self._measured,
                    device_time_us=time_us,
                )
            )
            if stamp is not None:
                self._measured[physio] = stamp
        return written(one.context, one.handle, [*attributes, *one.observed(shown, states)])

    def _date_us(self, handle: int, ticks: int) -> int:
        """When an object was measured, by the wall clock that was told last when it was first sent."""
        before = self._dates_us.get(handle)
        if before is None or before[0] != ticks:
            before = self._dates_us[handle] = ticks, self._zero_us + ticks * US_PER_TICK
        return before[1]

    def wave(self, one: SimulatedWave, block: int | None, *, context: bool, said: list[Event]) -> Written:
        """A wave object with its samples of the block that starts that many ticks after the start, or without any."""
        attributes = [*one.static(), *one.dynamic()] if context else []
        if block is None:
            return written(one.context, one.handle, attributes)
        blocks = {physio: one.counts(self._patient, physio, block) for physio in one.members}
        lower, upper = number(one.scale[0]), number(one.scale[1])
        scale = None if lower is None or upper is None else (upper - lower) / (one.scale[3] - one.scale[2])
        for physio, counts in blocks.items():
            expected = self._next_block.get(physio)
            said.append(
                Waveform(
                    channel=one.channel(physio),
                    rate_hz=one.rate_hz,
                    data=counts.tobytes(),
                    scale=scale or 1.0,
                    offset=0.0 if scale is None or lower is None else lower - one.scale[2] * scale,
                    demo=self._demo,
                    gap_samples=None if expected is None else (block - expected) // one.period,
                )
            )
            self._next_block[physio] = block + one.samples * one.period
        return written(one.context, one.handle, [*attributes, *one.observed(blocks, self.state(0))])

    def polled(self, object_class: int, group: int, time_s: float, ticks: int, said: list[Event]) -> list[Written]:
        """The objects of a class other than numerics and waves."""
        context = group in (ALL_GROUPS, GROUP_STATIC, GROUP_DYNAMIC)
        values = group in (ALL_GROUPS, GROUP_OBSERVED)
        match object_class:
            case pdu.MDS:
                return [written(0, 0, self.system(time_s, ticks, said, specification=group == ALL_GROUPS))]
            case pdu.PATIENT:
                return [written(0, _PATIENT_HANDLE, self._demographics(said))]
            case pdu.ALARM_MONITOR:
                listed = self._alarm_lists(time_s, said) if group in (ALL_GROUPS, GROUP_ALARMS) else []
                return [written(1, _ALARM_HANDLE, listed)]
            case pdu.ENUMERATION:
                return [self._rhythm(context=context, values=values, said=said)]
        return []

    def system(self, time_s: float, ticks: int, said: list[Event], *, specification: bool) -> list[tuple[int, bytes]]:
        """The attributes of the monitor itself."""
        mode = 0x2000 if self._demo else 0x4000
        attributes = [
            (0x0986, Struct(">HH").pack(1, 0x114D)),
            (identity.MODEL, to_variable_label(MAKER) + to_variable_label(MODEL)),
            (0x0946, mode.to_bytes(2, "big")),
            (0x091E, to_string("SIM")),
            (0x0987, to_absolute_time(self.wall_us(time_s))),
            (0x098F, (ticks & 0xFFFFFFFF).to_bytes(4, "big")),
        ]
        self._specified |= specification
        device = DeviceIdentity(manufacturer=MAKER, model=MODEL)
        if self._specified:
            device = replace(device, serial=SERIAL, software=SOFTWARE)
        if specification:
            entries = [(1, SERIAL), (4, SOFTWARE)]
            texts = [Struct(">HH").pack(kind, 8) + to_variable_label(text) for kind, text in entries]
            content = b"".join(texts)
            attributes.append((identity.SPECIFICATION, Struct(">HH").pack(len(texts), len(content)) + content))
        said += [device, DeviceClock(time_us=self.wall_us(time_s))]
        self._zero_us = self.wall_us(time_s) - ticks * US_PER_TICK
        return attributes

    def _demographics(self, said: list[Event]) -> list[tuple[int, bytes]]:
        said.append(
            PatientIdentity(
                ids={"patient_id": "SIM-0001"},
                family="Simulated",
                given="Patient",
                sex="male",
                birth_date="1970-01-01",
                category="adult",
                height_cm=_HEIGHT_CM,
                weight_kg=_WEIGHT_KG,
                state="admitted",
            )
        )
        return [
            (identity.PATIENT_STATE, b"\x00\x02"),
            (identity.FAMILY, to_string("Simulated")),
            (identity.GIVEN, to_string("Patient")),
            (identity.PATIENT_ID, to_string("SIM-0001")),
            (identity.SEX, b"\x00\x01"),
            (identity.CATEGORY, b"\x00\x01"),
            (identity.BIRTH_DATE, bytes.fromhex("1970010100000000")),
            (identity.HEIGHT, Struct(">IH").pack(to_float(_HEIGHT_CM, 1), 0x0511)),
            (identity.WEIGHT, Struct(">IH").pack(to_float(_WEIGHT_KG, 1), 0x06C3)),
        ]

    def _rhythm(self, *, context: bool, values: bool, said: list[Event]) -> Written:
        label = codes.SCADA << 16 | _RHYTHM
        attributes = [(0x0924, label.to_bytes(4, "big"))] if context else []
        if values:
            state = self.state(_RHYTHM)
            attributes.append((0x099E, Struct(">HHHHH").pack(_RHYTHM, state, 1, 2, _SINUS)))
            said.append(Observation(channel=codes.channel(_RHYTHM, label, ""), value=f"{_SINUS:04X}", demo=self._demo))
        return written(1, _RHYTHM_HANDLE, attributes)

    def _alarm_lists(self, time_s: float, said: list[Event]) -> list[tuple[int, bytes]]:
        active = [alarm for alarm in self._extra_alarms if alarm.start_s <= time_s < alarm.end_s]
        active += _passed(self._patient.vitals(time_s))
        lists: list[tuple[int, bytes]] = []
        for attribute, mask in ((alarms.PHYSIOLOGICAL, 0xFF00), (alarms.TECHNICAL, 0x00FF)):
            of_kind = [alarm for alarm in active if alarm.al_type & mask]
            entries = b"".join(self._alarm_entry(alarm) for alarm in of_kind)
            lists.append((attribute, Struct(">HH").pack(len(of_kind), len(entries)) + entries))
            self._compare(attribute, [self._condition(alarm, attribute) for alarm in of_kind], said)
        highest = [max((a.al_type & mask for a in active), default=0) for mask in (0xFF00, 0x00FF)]
        alert = Struct(">HHHHH").pack(alarms.DEMO if self._demo else 0, self._alarm_changes & 0xFFFF, *highest, 0)
        return [(0x0916, alert), *lists]

    def _alarm_entry(self, alarm: SimulatedAlarm) -> bytes:
        information = alarms.INFORMATION.pack(0, 0, 0, 0) + to_string(alarm.text)
        state = alarms.DEMO if self._demo else 0
        head = (alarm.source, alarm.event, alarm.al_type, state, 0x0006, 1, _ALARM_HANDLE)
        return alarms.ENTRY.pack(*head, alarms.WITH_TEXT, len(information)) + information

    def _condition(self, alarm: SimulatedAlarm, attribute: int) -> AlarmCondition:
        physiological = attribute == alarms.PHYSIOLOGICAL
        level = alarm.al_type >> 8 if physiological else alarm.al_type
        return AlarmCondition(
            source=f"0006.0001.{_ALARM_HANDLE:04X}/{alarm.source:04X}.{alarm.event:04X}.0000",
            type=AlarmType.PHYSIOLOGICAL if physiological else AlarmType.TECHNICAL,
            priority={4: Priority.HIGH, 2: Priority.MEDIUM, 1: Priority.LOW}[level],
            phase=AlarmPhase.START,
            code=codes.event_code(alarm.event & ~1),
            text=alarm.text,
            device_priority=f"{alarm.al_type:04X}",
            demo=self._demo,
        )

    def _compare(self, attribute: int, conditions: Sequence[AlarmCondition], said: list[Event]) -> None:
        now = {condition.source: condition for condition in conditions}
        before = self._active.get(attribute, {})
        changes: list[Event] = [condition for source, condition in now.items() if source not in before]
        changes += [replace(gone, phase=AlarmPhase.END) for source, gone in before.items() if source not in now]
        self._alarm_changes += len(changes)
        said += changes
        self._active[attribute] = now


def _inflated(cuff: Cuff) -> Vitals:
    """What the cuff has measured, as what the members of its object are read from."""
    return Vitals(art_sys_mmhg=cuff.sys_mmhg, art_dia_mmhg=cuff.dia_mmhg, art_mean_mmhg=cuff.mean_mmhg)


def _passed(vitals: Vitals) -> list[SimulatedAlarm]:
    """The limits that these vitals pass."""
    found = []
    values = {physio: value(vitals) for one in NUMERICS for physio, value in one.members.items() if not one.setting}
    for limit in LIMITS:
        value = values[limit.physio]
        for passed, event, word in (
            (value > limit.high, _HIGH_LIMIT, "HIGH"),
            (value < limit.low, _LOW_LIMIT, "LOW"),
        ):
            if passed:
                text = f"** {limit.name} {word}"
                found.append(
                    SimulatedAlarm(source=limit.physio, event=event, al_type=_YELLOW, text=text, start_s=0.0, end_s=0.0)
                )
    return found


def _quality(value: float | None, state: int) -> Quality:
    if value is None:
        missing = Quality.CALIBRATING if state & CALIBRATING else Quality.NOT_AVAILABLE
        return Quality.INVALID if state & INVALID else missing
    return Quality.QUESTIONABLE if state & QUESTIONABLE else Quality.VALID
