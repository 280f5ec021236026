"""The monitor's side of the dialogue (fact sheet small-devices §1): a VISTA with a Quatro sensor on the patient."""

import math
import struct
from collections.abc import Callable, Mapping, Sequence

from collector.driver import Simulated
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    DeviceIdentity,
    Event,
    Observation,
    Priority,
    Quality,
    Waveform,
)
from drivers.bis_vista import requests, variables
from drivers.bis_vista.frames import DATA, Framer, Packet, acknowledge, encode
from drivers.patient import Patient

HOST = 255
"""The routing of what the monitor sends."""
PERIOD_S, RAW_S = 1.0, 0.125
SAMPLES = requests.RATE_HZ // 8
GAIN, PER, OFFSET, OFFSET_PER = 50_043_788, 10**9, -32_311_703, 10_000
"""Of a real monitor: µV per count and the count of 0 µV."""
ABSENT = -32768
LEAD_OFF = 4
MAX_LATE = 40
"""Packets at once at most: a clock that jumps is not followed packet by packet."""
REVISION = bytes((3, 22, 0, 0, 3, 22, 0, 0, 1, 13, 0, 0, 1, 9, 0, 0, 0x39, 0x30, 0, 0x42, 1, 0, 0, 0, 0xD2, 4, 0, 0x56))
"""System 3.22, host 3.22, engine 1.13, protocol 1.9, BISx B12345, hardware 1.0, monitor V1234."""


class BisSimulator:
    """A monitor that sends what it has been asked for.

    marks: seconds → text of an event that somebody marks then. silent: from when to when it says nothing, and has
    forgotten all requests when it is back.
    """

    def __init__(
        self,
        simulated: Simulated,
        *,
        marks: Sequence[tuple[float, str]] = (),
        silent: tuple[float, float] = (math.inf, math.inf),
    ) -> None:
        self._patient: Patient = simulated.patient
        self._marks = list(marks)
        self._silent = silent
        self._framer = Framer()
        self._start_s: float | None = None
        self._out = b""
        self._sequence = 22_845
        self._numbers: dict[int, int] = {}
        self._processed_s = self._raw_s = math.inf
        self._spectra = self._extra = self._events = False
        self._lead_off = False

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        said: list[Event] = []
        for item in self._framer.feed(data):
            if isinstance(item, Packet) and item.kind == DATA and not self._mute(time_s):
                self._out += acknowledge(item.sequence)
                said += self._obey(item, time_s)
        return said

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        due_s = min(self._processed_s, self._raw_s)
        return None if self._start_s is None or math.isinf(due_s) else self._start_s + due_s

    def expire(self, now: float) -> Sequence[Event]:
        time_s = self._time(now)
        if self._mute(time_s):
            self._processed_s = self._raw_s = math.inf
            self._events = self._extra = False
            return ()
        said: list[Event] = []
        if time_s - min(self._processed_s, self._raw_s) > MAX_LATE * RAW_S:
            self._processed_s = min(self._processed_s, time_s) if math.isfinite(self._processed_s) else math.inf
            self._raw_s = time_s if math.isfinite(self._raw_s) else math.inf
        while min(self._processed_s, self._raw_s) <= time_s:
            if self._raw_s <= self._processed_s:
                said += self._tell_raw(self._raw_s)
                self._raw_s += RAW_S
            else:
                said += self._tell_processed(self._processed_s)
                self._processed_s += PERIOD_S
        while self._events and self._marks and self._marks[0][0] <= time_s:
            text = self._marks.pop(0)[1]
            self._tell(requests.EVENT, text.encode("ascii").ljust(31, b"\0"))
            said.append(Observation(channel=variables.TEXTS[requests.EVENT], value=text))
        return said

    def close(self, now: float) -> None:
        """A monitor says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _time(self, now: float) -> float:
        if self._start_s is None:
            self._start_s = now
        return now - self._start_s

    def _mute(self, time_s: float) -> bool:
        return self._silent[0] <= time_s < self._silent[1]

    def _obey(self, packet: Packet, time_s: float) -> Sequence[Event]:
        switch = _SWITCHES.get(packet.message)
        if switch is not None:
            switch(self, packet.data, time_s)
        elif packet.message == requests.REVISION_SEND:
            self._tell(requests.REVISION, REVISION)
            return (
                DeviceIdentity(
                    manufacturer="Aspect Medical Systems", model="BIS VISTA", serial="V1234", software="3.22"
                ),
                *(
                    Observation(channel=channel, value=text)
                    for channel, text in zip(
                        variables.REVISIONS, ("3.22.0.0", "1.13.0.0", "1.9.0.0", "57.48.0.66", "1.0.0.0"), strict=True
                    )
                ),
            )
        return ()

    def _switch_processed(self, data: bytes, time_s: float) -> None:
        self._spectra = data[:1] == b"\x01"
        self._processed_s = time_s + PERIOD_S

    def _stop_processed(self, _: bytes, __: float) -> None:
        self._processed_s = math.inf

    def _switch_raw(self, _: bytes, time_s: float) -> None:
        self._raw_s = time_s + RAW_S

    def _stop_raw(self, _: bytes, __: float) -> None:
        self._raw_s = math.inf

    def _switch_extra(self, _: bytes, __: float) -> None:
        self._extra = True

    def _switch_events(self, _: bytes, __: float) -> None:
        self._events = True

    def _tell(self, message: int, data: bytes) -> None:
        number = self._numbers.get(message, 0)
        self._out += encode(message, data, routing=HOST, sequence=self._sequence, number=number)
        self._numbers[message] = (number + 1) & 0xFFFF
        self._sequence = (self._sequence + 1) & 0xFFFF

    def _tell_processed(self, time_s: float) -> list[Event]:
        raws = measured(self._patient, time_s)
        off = raws["bis"] == ABSENT
        result = LEAD_OFF if off else 0
        data = variables.HEAD.pack(
            10, 1, 27, 1, 2, 0, GAIN, PER, OFFSET, OFFSET_PER, 41, result, 38, result,
            1, 2, 1, 0, 2, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF,
        )  # fmt: skip
        fields = [raws.get(name, 0) for name in _ORDER]
        for _ in variables.TRENDS:
            data += variables.EXTRA_TREND.pack(*fields, *_UNUSED) if self._extra else variables.TREND.pack(*fields[:10])
        if self._spectra:
            data += variables.SPECTRA.pack(2, variables.BINS, *(6000 - 50 * n for n in range(60)), *[0] * 60)
        self._tell(_MESSAGES[self._extra, self._spectra], data)
        said: list[Event] = [
            Observation(channel=channel, value=ohms, quality=Quality.QUESTIONABLE if off else Quality.VALID)
            for channel, ohms in zip(variables.OHMS, (4100.0, 3800.0), strict=True)
        ]
        if off != self._lead_off:
            self._lead_off = off
            phase = AlarmPhase.START if off else AlarmPhase.END
            said += [_lead_off(n, phase) for n in (1, 2)]
        for trend in variables.TRENDS:
            for field in variables.FIELDS:
                raw = raws.get(field.name)
                if field.name in {"bis_alt", "bis_alt2"} or raw is None or (field.rare and not self._extra):
                    continue
                value, quality = (
                    (None, Quality.NOT_AVAILABLE) if raw == ABSENT else (raw / field.divisor, Quality.VALID)
                )
                said.append(Observation(channel=field.channel(trend), value=value, quality=quality))
        return said

    def _tell_raw(self, time_s: float) -> list[Event]:
        n = SAMPLES
        if "eeg" in self._patient.waves:
            micro = self._patient.wave("eeg", max(0.0, time_s - RAW_S), n, float(requests.RATE_HZ))
            counts = [round(float(one) * PER / GAIN + OFFSET / OFFSET_PER) for one in micro]
        else:
            counts = [round(OFFSET / OFFSET_PER)] * n
        pairs = [max(-32767, min(32767, count)) for count in counts for _ in range(2)]
        self._tell(requests.RAW, struct.pack(f"<HH{2 * n}h", 2, requests.RATE_HZ, *pairs))
        data = struct.pack(f"<{n}i", *pairs[::2])
        return [
            Waveform(
                channel=channel,
                rate_hz=float(requests.RATE_HZ),
                data=data,
                scale=GAIN / PER,
                offset=-(GAIN / PER) * (OFFSET / OFFSET_PER),
                start_us=-125_000,
            )
            for channel in variables.EEG[:2]
        ]


_ORDER = (
    "sr", "sef95", "bis_bits", "bis", "bis_alt", "bis_alt2", "total_power", "emg", "sqi", "artifact", "burst_count",
)  # fmt: skip
_UNUSED = (0,) * 5
_MESSAGES: Mapping[tuple[bool, bool], int] = {
    (False, False): requests.PROCESSED,
    (False, True): requests.PROCESSED_SPECTRA,
    (True, False): requests.EXTRA,
    (True, True): requests.EXTRA_SPECTRA,
}
_SWITCHES: Mapping[int, Callable[[BisSimulator, bytes, float], None]] = {
    requests.PROCESSED_ON: BisSimulator._switch_processed,  # noqa: SLF001
    requests.PROCESSED_OFF: BisSimulator._stop_processed,  # noqa: SLF001
    requests.RAW_ON: BisSimulator._switch_raw,  # noqa: SLF001
    requests.RAW_OFF: BisSimulator._stop_raw,  # noqa: SLF001
    requests.EXTRA_ON: BisSimulator._switch_extra,  # noqa: SLF001
    requests.EVENT_ON: BisSimulator._switch_events,  # noqa: SLF001
}


def measured(patient: Patient, time_s: float) -> Mapping[str, int]:
    """Raw fields by name: BIS and EMG from the patient's entropies; what is not measured of him has no value."""
    now = patient.vitals(time_s)
    state = now.state_entropy if "state_entropy" in patient.measured else math.nan
    muscle = now.response_entropy - state
    if math.isnan(muscle):
        return {**dict.fromkeys(_ORDER, ABSENT), "sqi": 0, "bis_bits": 0, "artifact": 0}
    return {
        "sr": 0,
        "sef95": round(100 * (8.0 + state / 6.0)),
        "bis_bits": 0x040C,
        "bis": round(10 * min(98.0, state * 98.0 / 91.0)),
        "bis_alt": ABSENT,
        "bis_alt2": ABSENT,
        "total_power": round(100 * (75.0 - state / 5.0)),
        "emg": round(100 * (26.0 + muscle)),
        "sqi": 965,
        "artifact": 0,
        "burst_count": 0,
    }


def _lead_off(n: int, phase: AlarmPhase) -> AlarmCondition:
    return AlarmCondition(
        source=f"impedance{n}.lead_off",
        type=AlarmType.TECHNICAL,
        priority=Priority.MEDIUM,
        phase=phase,
        code="VND_ASPECT_ALARM_LEAD_OFF",
    )
