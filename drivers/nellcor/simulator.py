"""The instrument's side: a line every 2 s, a heading every 25 lines (fact sheet small-devices §7)."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from collector.driver import Simulated
from collector.model import Channel, DeviceClock, DeviceIdentity, Event, Frame, Observation, Quality
from drivers.nellcor.alarms import KINDS, Alarms
from drivers.nellcor.channels import AMPLITUDE, NUMBERS, PULSE, SPO2, STATUS, WORDS
from drivers.nellcor.lines import MONTHS
from drivers.patient import Vitals

PERIOD_S = 2.0
LINES_PER_HEADING = 25
MODEL, SOFTWARE = "N-560", "1.56.00"
SPO2_LOW, SPO2_HIGH, PULSE_LOW, PULSE_HIGH = 90, 100, 50, 120
AMPLITUDE_PER_PCT = 15.0
"""The pulse amplitude has no unit: 48 at a perfusion index of 3.2 %."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NellcorSimulator:
    """An instrument that is switched on at the first call. `silent_s`: when it says nothing, in its own seconds.

    Where its sensor was off it searches for a pulse first, and shows zeros meanwhile.
    """

    def __init__(self, simulated: Simulated, silent_s: Sequence[tuple[float, float]] = ()) -> None:
        self._patient = simulated.patient
        self._epoch_us = simulated.epoch_us
        self._silent_s = silent_s
        self._alarms = Alarms()
        self._start_s: float | None = None
        self._due_s = -math.inf
        self._lines = 0
        self._off = False
        self._status = False
        self._out = bytearray()
        self._at = 0

    def receive(self, data: bytes, now: float) -> Sequence[Event]:  # noqa: ARG002  it does not listen
        return ()

    def outgoing(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def deadline(self) -> float:
        return self._due_s

    def expire(self, now: float) -> Sequence[Event]:
        if self._start_s is None:
            self._start_s = self._due_s = now
        if now < self._due_s:
            return ()
        self._due_s += PERIOD_S * (1 + (now - self._due_s) // PERIOD_S)
        time_s = now - self._start_s
        if any(start <= time_s < end for start, end in self._silent_s):
            return ()
        headings = self._headings() if self._lines % LINES_PER_HEADING == 0 else []
        self._lines += 1
        return [*headings, *self._data(now, self._patient.vitals(time_s))]

    def close(self, now: float) -> None:
        """It says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _headings(self) -> list[Event]:
        limits = f"SpO2 Limit: {SPO2_LOW}-{SPO2_HIGH}%    PR Limit: {PULSE_LOW}-{PULSE_HIGH}BPM"
        numbers = (SPO2_LOW, SPO2_HIGH, PULSE_LOW, PULSE_HIGH, 0)
        said = [Observation(channel=c, value=float(n)) for c, n in zip(NUMBERS.values(), numbers, strict=True)]
        said.insert(-1, Observation(channel=WORDS["mode"], value="ADULT"))
        return [
            self._print(f"{MODEL}    VERSION {SOFTWARE}    CRC:XXXX  {limits}", "heading"),
            DeviceIdentity(manufacturer="Nellcor", model=MODEL, software=SOFTWARE),
            self._print(f"{'ADULT':>34}            0SAT-S ", "mode"),
            self._print("TIME                 %SpO2   BPM     PA     Status", "title"),
            *said,
        ]

    def _data(self, now: float, vitals: Vitals) -> list[Event]:
        clock_us = (self._epoch_us + round(now * 1e6)) // 1_000_000 * 1_000_000
        at = EPOCH + timedelta(microseconds=clock_us)
        off = math.isnan(vitals.spo2_pct)
        searching, self._off = self._off and not off, off
        codes: tuple[str, ...]
        spo2, pulse, amplitude, codes = "---", "---", "---", ("SO",)
        if searching:
            spo2, pulse, codes = "0", "0", ("PS",)
        elif not off:
            spo2, pulse = f"{vitals.spo2_pct:.0f}", f"{vitals.pulse_rate_per_min:.0f}"
            amplitude = f"{vitals.perfusion_pct * AMPLITUDE_PER_PCT:.0f}"
            codes = _codes(int(spo2), int(pulse))
        stars = ["*" if {low, high} & set(codes) else " " for low, high in (("SL", "SH"), ("PL", "PH"))]
        status = "".join(f"{code} " for code in codes).ljust(17)
        line = (
            f"{at:%d}-{MONTHS[at.month - 1]}-{at:%y %H:%M:%S}"
            f"{spo2:>6}{stars[0]}{pulse:>7}{stars[1]}{amplitude:>7}    {status}"
        )
        frame = self._print(line, "data", clock_us)
        values = ((SPO2, spo2), (PULSE, pulse), (AMPLITUDE, amplitude))
        said: list[Event] = [frame, DeviceClock(time_us=clock_us), *(_shown(c, text) for c, text in values)]
        if codes:
            said.append(Observation(channel=STATUS, value=" ".join(codes)))
        elif self._status:
            said.append(Observation(channel=STATUS, value=None, quality=Quality.NOT_AVAILABLE))
        self._status = bool(codes)
        return [*said, *self._alarms.changes([code for code in codes if code in KINDS])]

    def _print(self, line: str, kind: str, tick_us: int | None = None) -> Frame:
        data = line.encode("ascii")
        self._out += data + b"\r\n"
        frame = Frame(offset=self._at, length=len(data), kind=kind, tick_us=tick_us)
        self._at += len(data) + 2
        return frame


def _codes(spo2: int, pulse: int) -> tuple[str, ...]:
    beyond = (
        ("SH", spo2 > SPO2_HIGH),
        ("SL", spo2 < SPO2_LOW),
        ("PH", pulse > PULSE_HIGH),
        ("PL", pulse < PULSE_LOW),
    )
    return tuple(code for code, is_beyond in beyond if is_beyond)


def _shown(channel: Channel, text: str) -> Observation:
    """What a column says: dashes are no value, zeros none that was measured."""
    if text == "---":
        return Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
    if text == "0":
        return Observation(channel=channel, value=None, quality=Quality.INVALID)
    return Observation(channel=channel, value=float(text))
