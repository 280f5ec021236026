"""The device's side of the dialogue (fact sheet small-devices §4): a Capnostream 20 with Nellcor oximetry."""

import math
import struct
from collections.abc import Mapping, Sequence

import numpy as np

from collector.driver import Simulated
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    DeviceClock,
    DeviceIdentity,
    Event,
    Observation,
    PatientIdentity,
    Quality,
    Waveform,
)
from drivers.capnostream import meanings, messages
from drivers.capnostream.frames import Framer, Message, encode
from drivers.capnostream.meanings import ACTIVE_CO2, ACTIVE_SPO2, ALARMS, LIMITS, NUMBERS, UNITS
from drivers.patient import Patient, Vitals

LINK_S = 5.0
"""Without a command for so long the device stops sending."""
SAMPLE_S, NUMERICS_S = 0.05, 1.0
MAX_LATE_S = 5.0
"""A clock that jumps further is not followed sample by sample."""
DRY_MMHG = 760.0 - 47.0
DEVICE = b"V04.50 02/24/2008 B255001234  "
PATIENT_ID = "SIM-0001"
LIMIT_VALUES = bytes((60, 15, 30, 5, 8, 100, 85, 140, 50))
NO_FILTERLINE = 0x41


class CapnostreamSimulator:
    """A device that sends while it is enabled and the host is alive.

    unit: the units byte. silent: from when to when it is switched off.
    """

    def __init__(
        self, simulated: Simulated, *, unit: int = 1, silent: tuple[float, float] = (math.inf, math.inf)
    ) -> None:
        self._patient: Patient = simulated.patient
        self._epoch_us = simulated.epoch_us
        self._unit = unit
        self._silent = silent
        self._framer = Framer(wary=False)
        self._start_s: float | None = None
        self._out = b""
        self._enabled = False
        self._link_s = -math.inf
        self._wave_s = self._numerics_s = math.inf
        self._number = 0
        self._standing: frozenset[str] = frozenset()

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        said: list[Event] = []
        for item in self._framer.feed(data):
            if isinstance(item, Message) and not self._off(time_s):
                self._link_s = time_s
                said += self._obey(item.code, time_s)
        return said

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        due_s = min(self._wave_s, self._numerics_s)
        return None if self._start_s is None or math.isinf(due_s) else self._start_s + due_s

    def expire(self, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        if time_s - self._link_s > LINK_S or self._off(time_s):
            self._stop()
            return ()
        if time_s - min(self._wave_s, self._numerics_s) > MAX_LATE_S:
            self._wave_s = self._numerics_s = time_s
        said: list[Event] = []
        while min(self._wave_s, self._numerics_s) <= time_s:
            if self._numerics_s <= self._wave_s:
                said += self._tell_numerics(self._numerics_s)
                self._numerics_s += NUMERICS_S
            else:
                said += self._tell_sample(self._wave_s)
                self._wave_s += SAMPLE_S
        return said

    def close(self, now: float) -> None:
        """A device says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _time(self, now: float) -> float:
        if self._start_s is None:
            self._start_s = now
        return now - self._start_s

    def _off(self, time_s: float) -> bool:
        return self._silent[0] <= time_s < self._silent[1]

    def _stop(self) -> None:
        self._enabled = False
        self._wave_s = self._numerics_s = math.inf

    def _obey(self, code: int, time_s: float) -> Sequence[Event]:
        if code == messages.ENABLE:
            self._enabled = True
            self._out += encode(messages.DEVICE, DEVICE)
            return (
                DeviceIdentity(
                    manufacturer="Oridion", model="Capnostream", serial="B255001234", software="04.50 02/24/2008"
                ),
            )
        if not self._enabled:
            return ()
        match code:
            case messages.DISABLE | messages.STOP:
                self._stop()
            case messages.START if math.isinf(self._wave_s):
                self._wave_s, self._numerics_s = time_s + SAMPLE_S, time_s + NUMERICS_S
            case messages.ASK_REVISION:
                self._out += encode(messages.REVISION, b"C\x03")
                return (Observation(channel=meanings.PROTOCOL, value="C3"),)
            case messages.ASK_PATIENT:
                self._out += encode(messages.PATIENT, PATIENT_ID.encode("ascii").ljust(20))
                return (PatientIdentity(ids={"patient_id": PATIENT_ID}),)
        return ()

    def _tell_sample(self, time_s: float) -> list[Event]:
        said: list[Event] = []
        status, count = NO_FILTERLINE, 0
        if "co2" in self._patient.waves and not math.isnan(self._patient.vitals(time_s // 1.0).etco2_pct):
            pct = float(self._patient.wave("co2", time_s, 1, 20.0)[0])
            count, status = max(0, min(0xFEFF, round(256 * self._co2(pct)))), 0
            breaths = self._patient.breaths(np.array([time_s - SAMPLE_S, time_s]))
            if int(breaths[1]) > int(breaths[0]):
                status |= meanings.END_OF_BREATH
                said.append(Observation(channel=meanings.BREATH, value=1.0))
            said.append(
                Waveform(
                    channel=meanings.wave(UNITS[self._unit]), rate_hz=20.0, data=struct.pack("<i", count), scale=1 / 256
                )
            )
        self._out += encode(messages.WAVE, bytes((self._number, count >> 8, count & 0xFF, status)))
        self._number = (self._number + 1) & 0xFF
        return said

    def _co2(self, pct: float) -> float:
        return {1: pct * DRY_MMHG / 100.0, 2: pct * DRY_MMHG * 0.001333224, 3: pct}[self._unit]

    def _tell_numerics(self, time_s: float) -> list[Event]:
        now = self._patient.vitals(time_s)
        measured = self._patient.measured
        values = [
            _byte(self._co2(now.etco2_pct) if "etco2_pct" in measured else math.nan),
            _byte(self._co2(now.fico2_pct) if "fico2_pct" in measured else math.nan),
            _byte(now.airway_rate_per_min if "airway_rate_per_min" in measured else math.nan),
            _byte(now.spo2_pct if "spo2_pct" in measured else math.nan),
            _byte(now.pulse_rate_per_min if "pulse_rate_per_min" in measured else math.nan),
        ]
        co2, spo2 = alarms(now)
        slow = 0x08 if co2 or spo2 & 0x1F else 0
        clock_s = (self._epoch_us + round((self._start_s or 0.0) * 1e6) + round(time_s * 1e6)) // 1_000_000
        payload = (
            clock_s.to_bytes(4, "big")
            + bytes((*values, slow, 0, 0, 0, co2, spo2, 0))
            + LIMIT_VALUES
            + bytes((self._unit, 0))
        )
        self._out += encode(messages.NUMERICS, payload)
        said: list[Event] = [DeviceClock(time_us=clock_s * 1_000_000)]
        for number in (*NUMBERS, *LIMITS):
            byte = payload[number.place]
            sure = number.unit or self._unit == 1
            channel = number.channel(UNITS[self._unit]) if sure else number.unscaled()
            nothing = byte == meanings.NO_VALUE
            value, quality = (None, Quality.NOT_AVAILABLE) if nothing else (float(byte), Quality.VALID)
            said.append(Observation(channel=channel, value=value, quality=quality))
        return said + self._changes({ACTIVE_CO2: co2, ACTIVE_SPO2: spo2})

    def _changes(self, bytes_: Mapping[int, int]) -> list[AlarmCondition]:
        bits = {bit.source: bit for place, byte in bytes_.items() for bit in ALARMS[place] if byte & bit.mask}
        known = {bit.source: bit for place in ALARMS for bit in ALARMS[place]}
        ended = [(source, AlarmPhase.END) for source in sorted(self._standing - bits.keys())]
        begun = [(source, AlarmPhase.START) for source in bits if source not in self._standing]
        self._standing = frozenset(bits)
        return [
            AlarmCondition(
                source=source,
                type=known[source].type,
                priority=known[source].priority,
                phase=phase,
                code=known[source].code,
            )
            for source, phase in (*ended, *begun)
        ]


def alarms(now: Vitals) -> tuple[int, int]:
    """The alarm bytes of CO2 and SpO2: what is beyond LIMIT_VALUES, and sensors that are not there."""
    et = now.etco2_pct * DRY_MMHG / 100.0
    co2 = 0x02 * (et > 60.0) | 0x04 * (et < 15.0)
    co2 |= 0x08 * (now.airway_rate_per_min > 30.0) | 0x10 * (now.airway_rate_per_min < 5.0)
    spo2 = 0x04 * (now.spo2_pct < 85.0)
    spo2 |= 0x08 * (now.pulse_rate_per_min > 140.0) | 0x10 * (now.pulse_rate_per_min < 50.0)
    return co2, spo2 | 0x20 * math.isnan(now.spo2_pct)


def _byte(value: float) -> int:
    return meanings.NO_VALUE if math.isnan(value) else max(0, min(254, round(value)))
