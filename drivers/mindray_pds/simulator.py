"""The monitor's side of the dialogue (fact sheet mindray-and-chinese-hl7 §1)."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from collector.hl7 import mllp
from collector.hl7.message import compose
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    DeviceIdentity,
    Event,
    Observation,
    Priority,
    Quality,
)
from drivers.mindray_pds import bedside, frames, tables
from drivers.mindray_pds.bedside import Alarm
from drivers.mindray_pds.frames import ECHO, HEADER, QUERY, Framer, Heard
from drivers.mindray_pds.requests import NUMBERS, PHYSIOLOGICAL, TECHNICAL, WAVES
from drivers.mindray_pds.zmw import encode
from drivers.patient import Patient

PERIOD_S = 1.0
ENCODING = "gb18030"
FORGET_S = 10.0
"""A client that sends no echo for so long is dropped (§1.1): it has to ask anew."""
_NUMBERS = tables.numbers()


class Simulator:
    """One connection. deaf_s: queries before it are lost; silent: from when until when it says nothing, in s."""

    def __init__(
        self,
        *,
        patient: Patient,
        epoch_us: int = 0,
        deaf_s: float = 0.5,
        silent: tuple[float, float] = (math.inf, math.inf),
    ) -> None:
        self._patient = patient
        self._epoch_us = epoch_us
        self._deaf_s = deaf_s
        self._silent = silent
        self._framer = Framer("ascii")
        self._start_s: float | None = None
        self._due_s = 0.0
        self._introduced = False
        self._heard_s = 0.0
        self._asked: set[str] = set()
        self._waves: tuple[int, ...] = ()
        self._told_waves: set[int] = set()
        self._cuff_s: float | None = None
        self._alarms: dict[str, Mapping[str, Alarm]] = {}
        self._out = b""

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        for item in self._framer.feed(data):
            if isinstance(item, Heard):
                self._heard_s = time_s
                if item.kind == QUERY and time_s >= self._deaf_s:
                    self._obey(item)
        return ()

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return -math.inf if self._start_s is None else self._start_s + self._due_s

    def expire(self, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        if time_s < self._due_s:
            return ()
        said: list[Event] = [] if self._introduced else self._introduce()
        self._due_s += PERIOD_S * math.ceil((time_s - self._due_s + 1e-9) / PERIOD_S)
        if self._silent[0] <= time_s < self._silent[1]:
            return said
        if time_s - self._heard_s > FORGET_S:
            self._asked, self._waves = set(), ()
        self._send(ECHO)
        if NUMBERS in self._asked:
            said += self._tell_numbers(time_s)
            said += self._tell_cuff(time_s)
        if self._waves and time_s >= PERIOD_S:
            said += self._tell_waves(time_s)
        for what, number in ((PHYSIOLOGICAL, "2"), (TECHNICAL, "4")):
            if what in self._asked:
                said += self._tell_alarms(number, time_s)
        return said

    def close(self, now: float) -> None:
        """It has no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _time(self, now: float) -> float:
        if self._start_s is None:
            self._start_s = now
        return now - self._start_s

    def _obey(self, query: Heard) -> None:
        for row in query.message.all("QRF"):
            what = row.component(5, 2)
            self._asked.add(what)
            if what == WAVES:
                asked = {int(number) for number in row.components(5)[4].split("&") if number}
                self._waves = tuple(sorted({*self._waves, *(asked & bedside.WAVES.keys())}))

    def _send(self, kind: str, *segments: str, waves: bytes = b"") -> None:
        text = "".join(f"{segment}\r" for segment in segments).encode(ENCODING)
        self._out += mllp.frame(HEADER % kind.encode() + text + waves)

    def _introduce(self) -> list[Event]:
        self._introduced = True
        who = bedside.WHO
        self._send(
            frames.PATIENT,
            f"PID|||{bedside.GUID}||{compose(who.family, who.given)}||{who.birth_date}|{who.sex}|",
            "PV1||I|^^OR&3&3232235786&4601&&1|||||||||||||||A|||",
            "OBR||||Mindray Monitor|||0|",
            *(_row(row.number, row.text, kind=row.type) for row in bedside.ENTERED),
        )
        return [
            DeviceIdentity(manufacturer="Mindray", serial=bedside.GUID),
            who,
            Observation(channel=tables.LOCATION, value="OR 3"),
            *(_said(row.number, row.value) for row in bedside.ENTERED if row.number in _NUMBERS),
        ]

    def _tell_numbers(self, time_s: float) -> list[Event]:
        texts = bedside.numbers(self._patient.vitals(time_s))
        self._send(frames.PERIODIC, *(_row(number, text) for number, text in texts.items()))
        return [_said(number, _value(text)) for number, text in texts.items()]

    def _tell_cuff(self, time_s: float) -> list[Event]:
        cuff = self._patient.cuff(time_s)
        if cuff is None or cuff.time_s == self._cuff_s:
            return []
        self._cuff_s = cuff.time_s
        texts = bedside.cuff(cuff)
        moment, moment_us = self._moment(cuff.time_s)
        self._send(
            frames.APERIODIC,
            *(
                _row(number, text, f"||APERIODIC|{'0' * 14 if _value(text) is None else moment}")
                for number, text in texts.items()
            ),
        )
        return [_said(number, _value(text), moment_us) for number, text in texts.items()]

    def _tell_waves(self, time_s: float) -> list[Event]:
        """The second that ends now."""
        segments, said = b"", []
        for number in self._waves:
            size, counts = bedside.wave(self._patient, number, time_s - PERIOD_S)
            segments += frames.WAVE + encode(number, size, counts) + b"\r"
            said.append(bedside.piece(number, counts, goes_on=number in self._told_waves))
            self._told_waves.add(number)
        self._send(frames.WAVES, waves=segments)
        return [*said]

    def _tell_alarms(self, number: str, time_s: float) -> list[Event]:
        """The list when it changes, and that there are no more."""
        now, before = bedside.alarms(number, self._patient.vitals(time_s)), self._alarms.get(number)
        if now == before:
            return []
        self._alarms[number] = now
        moment, moment_us = self._moment(time_s)
        rows = [f"OBX||CE|{number}|{one.level}|{one.id}^{one.text}||||||F|||{moment}|" for one in now.values()]
        kind, status = (frames.PHYSIOLOGICAL, "2040") if number == "2" else (frames.TECHNICAL, "2041")
        self._send(kind, *rows, *((f"OBX||CE|{status}^||0^||||||F",) if not now else ()))
        before = before or {}
        said: list[Event] = [] if now else [_said(status, "0")]
        said += [_condition(number, before[key], AlarmPhase.END, None) for key in before if key not in now]
        said += [_condition(number, now[key], AlarmPhase.START, moment_us) for key in now if key not in before]
        return said

    def _moment(self, time_s: float) -> tuple[str, int]:
        """14 digits of the monitor's clock, and the same in µs."""
        at_us = self._epoch_us + round(((self._start_s or 0.0) + time_s) * 1_000_000)
        at_us -= at_us % 1_000_000
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us):%Y%m%d%H%M%S}", at_us


def _row(number: str, text: str, rest: str = "", *, kind: str = "NM") -> str:
    return f"OBX||{kind}|{number}^|{bedside.MODULES.get(number, '')}|{text}||||||F{rest}"


def _value(text: str) -> float | None:
    return None if float(text) == bedside.MISSING else float(text)


def _said(number: str, value: float | str | None, time_us: int | None = None) -> Observation:
    return Observation(
        channel=_NUMBERS[number].channel,
        value=value,
        quality=Quality.NOT_AVAILABLE if value is None else Quality.VALID,
        device_time_us=None if value is None else time_us,
    )


def _condition(number: str, alarm: Alarm, phase: AlarmPhase, time_us: int | None) -> AlarmCondition:
    return AlarmCondition(
        source=f"{number}/{alarm.id}",
        type=AlarmType.PHYSIOLOGICAL if number == "2" else AlarmType.TECHNICAL,
        priority=Priority.MEDIUM,
        phase=phase,
        code=alarm.code,
        text=alarm.text,
        device_priority=alarm.marks,
        device_time_us=time_us,
    )
