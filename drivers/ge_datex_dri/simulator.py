"""The monitor's side of the dialogue (fact sheet ge-datex-dri §4, §10)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from collector.model import Event
from drivers.ge_datex_dri import bedside, requests
from drivers.ge_datex_dri.frames import (
    ALARM,
    HEADER_BYTES,
    MAX_RECORD_BYTES,
    PARTS,
    PHYSIOLOGICAL,
    WAVEFORM,
    Framer,
    Record,
    encode,
)
from drivers.ge_datex_dri.requests import ALARM_REQUEST, AUXILIARY, DISPLAYED, PHYSIOLOGICAL_REQUEST, WAVE_REQUEST
from drivers.ge_datex_dri.speech import AlarmSpeech, Part, ValueSpeech, WaveSpeech
from drivers.ge_datex_dri.waves import HEADER, WAVES
from drivers.patient import Patient, Vitals

SINGLE_S = 5.0
"""Single requests that come faster are ignored (§4.1)."""
CHANGES_S = 2.0
"""Alarm changes come at least so far apart (§4.3)."""
PERIODS_S = (1.0, 0.5, 0.25, 0.2, 1 / 6, 0.125)
"""Of waveform records; the longest whose record is not too long (§6)."""
LISTED_TYPES = 8


@dataclass(slots=True)
class _Periodic:
    """A request for physiological data that stands."""

    interval_s: float
    mask: int
    due_s: float


class Simulator:
    """A monitor that does what it is asked.

    level: its DRI level; accepts: request levels that it answers (all if none); modern: CARESCAPE with software 3;
    case: a patient case is started; absent, empty, overrides, fill: see ValueSpeech; alarms: text → colour of what
    sounds; lost: which of its frames (0, 1, …) the line swallows; noise: bytes before every frame; power_cycles_s,
    waves_stop_s: when it forgets all requests, or the one for waves (as after 2 s without CTS), in its seconds.
    """

    def __init__(
        self,
        *,
        patient: Patient,
        epoch_us: int = 0,
        level: int = 10,
        accepts: frozenset[int] = frozenset(),
        modern: bool = False,
        case: bool = True,
        absent: frozenset[str] = frozenset(),
        empty: int = bedside.ABSENT,
        overrides: Mapping[str, int] | None = None,
        fill: int = 0,
        alarms: Callable[[Vitals], Mapping[bytes, int]] = bedside.alarms,
        lost: frozenset[int] = frozenset(),
        noise: bytes = b"",
        power_cycles_s: Sequence[float] = (),
        waves_stop_s: Sequence[float] = (),
    ) -> None:
        self._patient = patient
        self._epoch_us = epoch_us
        self._level = level
        self._accepts = accepts
        self._modern = modern
        self._case = case
        self._alarms = alarms
        self._absent = {name.partition(".")[2] for name in absent}
        self._lost = lost
        self._noise = noise
        self._power_cycles_s = list(power_cycles_s)
        self._waves_stop_s = list(waves_stop_s)
        self._framer = Framer()
        self._values = ValueSpeech(
            patient, self._clock_s, level, absent=absent, overrides=overrides, empty=empty, fill=fill
        )
        self._alarm_speech = AlarmSpeech()
        self._start_s: float | None = None
        self._out = b""
        self._frames = 0
        self._numbers = {PHYSIOLOGICAL: 0, WAVEFORM: 0, ALARM: 0}
        self._waves_lost = 0
        self._wave_states: set[int] = set()
        self._shown = False
        self._single_s = -math.inf
        self._periodic: dict[int, _Periodic] = {}
        self._waves: Sequence[WaveSpeech] = ()
        self._alarms_due_s = math.inf

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        said: list[Event] = []
        for item in self._framer.feed(data):
            if isinstance(item, Record) and (not self._accepts or item.level in self._accepts):
                said += self._obey(item, time_s)
        return said

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        due_s = min(
            self._alarms_due_s,
            *(waves.due_s for waves in self._waves),
            *(one.due_s for one in self._periodic.values()),
            math.inf,
        )
        return None if self._start_s is None or math.isinf(due_s) else self._start_s + due_s

    def expire(self, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        said: list[Event] = []
        due = {kind: one for kind, one in self._periodic.items() if one.due_s <= time_s}
        for kind in due.keys() - {AUXILIARY}:
            stands = kind == DISPLAYED or (self._case and DISPLAYED in self._periodic)
            if stands:
                said += self._tell_values(
                    kind, due[kind].mask, time_s, auxiliary=kind == DISPLAYED and AUXILIARY in due
                )
        if AUXILIARY in due and DISPLAYED not in due:
            number = self._number(PHYSIOLOGICAL)
            if number is not None:
                self._send(PHYSIOLOGICAL, number, [self._values.auxiliary(time_s)], time_s)
        for one in due.values():
            one.due_s += one.interval_s * math.ceil((time_s - one.due_s + 1e-9) / one.interval_s)
        while any(waves.due_s <= time_s for waves in self._waves):
            for waves in self._waves:
                said += self._tell_waves(waves)
        if self._alarms_due_s <= time_s:
            self._alarms_due_s = time_s + CHANGES_S
            said += self._tell_alarms(time_s, always=False)
        return said

    def close(self, now: float) -> None:
        """A monitor says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _time(self, now: float) -> float:
        """Seconds since the first call, when the patient's time begins; faults that are due happen."""
        if self._start_s is None:
            self._start_s = now
        time_s = now - self._start_s
        if self._power_cycles_s and time_s >= self._power_cycles_s[0]:
            self._power_cycles_s.pop(0)
            self._periodic.clear()
            self._waves, self._alarms_due_s = (), math.inf
        if self._waves_stop_s and time_s >= self._waves_stop_s[0]:
            self._waves_stop_s.pop(0)
            self._waves = ()
        return time_s

    def _clock_s(self, time_s: float) -> int:
        return (self._epoch_us + round((self._start_s or 0.0) * 1e6) + round(time_s * 1e6)) // 1_000_000

    def _obey(self, record: Record, time_s: float) -> Sequence[Event]:
        for kind, at in record.parts:
            body = record.data[at:]
            if kind != requests.REQUEST:
                continue
            if record.main_type == PHYSIOLOGICAL and len(body) >= PHYSIOLOGICAL_REQUEST.size:
                wanted, interval_s, mask, _ = PHYSIOLOGICAL_REQUEST.unpack_from(body)
                return self._ask_values(wanted, interval_s, mask, time_s)
            if record.main_type == WAVEFORM and len(body) >= WAVE_REQUEST.size:
                self._ask_waves(*WAVE_REQUEST.unpack_from(body), time_s=time_s)
            elif record.main_type == ALARM and len(body) >= ALARM_REQUEST.size:
                return self._ask_alarms(*ALARM_REQUEST.unpack_from(body), time_s=time_s)
        return ()

    def _ask_values(self, kind: int, interval_s: int, mask: int, time_s: float) -> Sequence[Event]:
        if kind not in {DISPLAYED, requests.TREND_10S, requests.TREND_60S, AUXILIARY}:
            return ()
        if interval_s == requests.STOP:
            self._periodic.pop(kind, None)
        elif interval_s > 0:
            first_s = time_s if kind in {DISPLAYED, AUXILIARY} else time_s + interval_s
            self._periodic[kind] = _Periodic(interval_s, mask, first_s)
        elif interval_s == requests.SINGLE and kind == DISPLAYED and time_s - self._single_s >= SINGLE_S:
            self._single_s = time_s
            return self._tell_values(kind, mask, time_s, auxiliary=False)
        return ()

    def _ask_waves(self, stop: int, _: int, listed: bytes, more: bytes, __: int, *, time_s: float) -> None:
        self._waves = ()
        if stop:
            return
        wanted = listed.partition(b"\xff")[0]
        if self._modern and len(wanted) == LISTED_TYPES:
            wanted += more.partition(b"\xff")[0].rstrip(b"\0")
        types: list[int] = []
        for kind in wanted:
            total_hz = sum(WAVES[one].rate_hz for one in types)
            if kind in types or kind not in bedside.DRAWN or bedside.DRAWN[kind][0] in self._absent:
                continue
            if bedside.DRAWN[kind][1] not in self._patient.waves:
                continue
            if self._modern or total_hz + WAVES[kind].rate_hz <= requests.WAVE_LIMIT_HZ:
                types.append(kind)
        groups = [types[n : n + PARTS] for n in range(0, len(types), PARTS)]
        period_s = max((_period_s(group) for group in groups), default=0.0)
        self._waves = [WaveSpeech(self._patient, group, time_s, period_s, self._wave_states) for group in groups]

    def _ask_alarms(self, command: int, *, time_s: float) -> Sequence[Event]:
        if command == requests.ALARM_LEAVE:
            self._alarms_due_s = math.inf
        elif command == requests.ALARM_CHANGES:
            self._alarms_due_s = time_s + CHANGES_S
        return self._tell_alarms(time_s, always=True) if command != requests.ALARM_LEAVE else ()

    def _tell_values(self, kind: int, mask: int, time_s: float, *, auxiliary: bool) -> Sequence[Event]:
        number = self._number(PHYSIOLOGICAL)
        if number is None:
            return ()
        stamps = [self._values.auxiliary(time_s)] if auxiliary else []
        parts, said = self._values.sub_records(kind, mask, time_s)
        self._shown |= kind == DISPLAYED and not mask & requests.CLASS_BITS["basic"]
        self._send(PHYSIOLOGICAL, number, [*parts, *stamps], time_s)
        return said

    def _tell_waves(self, waves: WaveSpeech) -> Sequence[Event]:
        time_s, number = waves.due_s, self._number(WAVEFORM)
        parts, said = waves.sub_records(labelled=self._shown, lost=self._waves_lost)
        if number is None:
            self._waves_lost += 1
            return ()
        self._send(WAVEFORM, number, parts, time_s)
        return said

    def _tell_alarms(self, time_s: float, *, always: bool) -> Sequence[Event]:
        sounding = self._alarms(self._patient.vitals(time_s))
        if not always and not self._alarm_speech.differs(sounding):
            return ()
        number = self._number(ALARM)
        if number is None:
            return ()
        parts, said = self._alarm_speech.sub_records(sounding)
        self._send(ALARM, number, parts, time_s)
        return said

    def _number(self, main_type: int) -> int | None:
        """The number of the next record of its type; None: the line swallows it."""
        number, self._numbers[main_type] = self._numbers[main_type], (self._numbers[main_type] + 1) & 0xFF
        frame, self._frames = self._frames, self._frames + 1
        return None if frame in self._lost else number

    def _send(self, main_type: int, number: int, parts: Sequence[Part], time_s: float) -> None:
        self._out += self._noise
        self._out += encode(main_type, parts, number=number, level=self._level, time_s=self._clock_s(time_s))


def _period_s(types: Sequence[int]) -> float:
    for period_s in PERIODS_S:
        length = sum(HEADER.size + 2 * math.ceil(WAVES[kind].rate_hz * period_s) for kind in types)
        if HEADER_BYTES + length <= MAX_RECORD_BYTES:
            return period_s
    return PERIODS_S[-1]
