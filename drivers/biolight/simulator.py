"""The monitor's side of the dialogue (fact sheet mindray-and-chinese-hl7 §8)."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from collector.hl7 import mllp
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Association,
    AssociationState,
    DeviceClock,
    Event,
    Observation,
    Priority,
    Quality,
)
from drivers.biolight import tables
from drivers.biolight.frames import QUERY, Framer, Heard
from drivers.patient import Patient, Vitals

PERIOD_S = 1.0
MINUTE_US = 60_000_000
_HEADER = "MSH|^~\\&|||||||{type}|{kind}|P|2.3.1|\r"
_NAMES: Mapping[str, str] = {
    "1/0": "HR", "2/0": "SpO2", "3/0": "NIBPs", "3/1": "NIBPm", "3/2": "NIBPd", "4/0": "Resp", "11/0": "PR",
    "50/0": "T1", "51/0": "T2",
}  # fmt: skip
_LOW_SPO2 = "2^0/1"
"""An alarm as this simulator numbers it: no number of a monitor's is known."""


class Simulator:
    """One connection. silent: from when until when it sends nothing, in seconds."""

    def __init__(
        self, *, patient: Patient, epoch_us: int = 0, silent: tuple[float, float] = (math.inf, math.inf)
    ) -> None:
        self._patient = patient
        self._epoch_us = epoch_us
        self._silent = silent
        self._framer = Framer("ascii")
        self._start_s: float | None = None
        self._due_s = 0.0
        self._asked = False
        self._alarmed: bool | None = None
        self._minute_us: int | None = None
        self._cuff: Mapping[str, str] = {}
        self._out = b""

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        self._start(now)
        said: list[Event] = []
        for item in self._framer.feed(data):
            if isinstance(item, Heard) and item.kind == QUERY and not self._asked:
                self._asked = True
                segments = ("MSA|AA|RP01||", "QRD||R|I|QCM2010|||||RES|", "QRF|CMS||||0&0^1^1^0^1|")
                self._send("QY11", *segments, event="ORF^R04")
                said.append(Association(state=AssociationState.ESTABLISHED, reason="AA"))
        return said

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return -math.inf if self._start_s is None else self._start_s + self._due_s

    def expire(self, now: float) -> Sequence[Event]:
        time_s = now - self._start(now)
        if time_s < self._due_s:
            return ()
        self._due_s += PERIOD_S * math.ceil((time_s - self._due_s + 1e-9) / PERIOD_S)
        if self._silent[0] <= time_s < self._silent[1]:
            return ()
        said: list[Event] = []
        if self._asked:
            said += self._tell_values(time_s)
            said += self._tell_alarms(self._patient.vitals(time_s))
        self._send("HR01")
        return said

    def close(self, now: float) -> None:
        """It has no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _start(self, now: float) -> float:
        if self._start_s is None:
            self._start_s = now
        return self._start_s

    def _send(self, kind: str, *segments: str, event: str = "ORU^R01") -> None:
        text = _HEADER.format(type=event, kind=kind) + "".join(f"{segment}\r" for segment in segments)
        self._out += mllp.frame(text.encode("ascii"))

    def _tell_values(self, time_s: float) -> list[Event]:
        minute, minute_us = self._minute(time_s)
        cuff = self._patient.cuff(time_s)
        texts = dict(_numbers(self._patient.vitals(time_s)))
        stamps = dict.fromkeys(texts, (minute, minute_us))
        if cuff is not None:
            pressures = {"3/0": cuff.sys_mmhg, "3/1": cuff.mean_mmhg, "3/2": cuff.dia_mmhg}
            texts |= {source: _text(value) for source, value in pressures.items()}
            stamps |= dict.fromkeys(pressures, self._minute(cuff.time_s))
        self._send("RP01", *(_row(source, text, stamps[source][0]) for source, text in texts.items()))
        said: list[Event] = []
        if self._minute_us not in {None, minute_us}:
            said.append(DeviceClock(time_us=minute_us))
        self._minute_us = minute_us
        measured = {source: text for source, text in texts.items() if source.startswith("3/")}
        new, self._cuff = measured != self._cuff, measured
        for source, text in texts.items():
            if source not in measured:
                said.append(_said(source, text))
            elif new and text:
                said.append(_said(source, text, stamps[source][1]))
        return said

    def _tell_alarms(self, vitals: Vitals) -> list[Event]:
        """One alarm, told as a list when it comes and goes."""
        low, before = vitals.spo2_pct < 90.0, self._alarmed
        if low == before:
            return []
        self._alarmed = low
        where, _, number = _LOW_SPO2.partition("/")
        self._send("AP01", *([f"OBX||NM|{where}||{number}||||||F"] if low else []))
        if not low and not before:
            return []
        return [
            AlarmCondition(
                source=f"AP01/{_LOW_SPO2}",
                type=AlarmType.PHYSIOLOGICAL,
                priority=Priority.HIGH,
                phase=AlarmPhase.START if low else AlarmPhase.END,
                code="MDC_PULS_OXIM_SAT_O2",
                text=f"{where} {number}",
            )
        ]

    def _minute(self, time_s: float) -> tuple[str, int]:
        """12 digits of the monitor's clock, and the same in µs."""
        at_us = self._epoch_us + round(((self._start_s or 0.0) + time_s) * 1_000_000)
        at_us -= at_us % MINUTE_US
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us):%Y%m%d%H%M}", at_us


def _numbers(v: Vitals) -> Mapping[str, str]:
    return {
        "1/0": _text(v.ecg_rate_per_min),
        "2/0": _text(v.spo2_pct),
        "4/0": _text(v.resp_rate_per_min),
        "11/0": _text(v.pulse_rate_per_min),
        "50/0": _text(v.temp_core_cel * 100.0),
        "51/0": _text(v.temp_skin_cel * 100.0),
    }


def _text(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.0f}"


def _row(source: str, text: str, minute: str) -> str:
    module, _, number = source.partition("/")
    return f"OBX||NM|{module}|{number}^{_NAMES[source]}|{text}||||||F|||{minute}|"


def _said(source: str, text: str, time_us: int | None = None) -> Observation:
    number = tables.numbers()[source]
    if not text:
        return Observation(channel=number.channel, value=None, quality=Quality.NOT_AVAILABLE)
    return Observation(channel=number.channel, value=float(text) / number.divisor, device_time_us=time_us)
