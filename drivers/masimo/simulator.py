"""The instrument's side: a line every second (fact sheet small-devices §6)."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from collector.driver import Simulated
from collector.model import Channel, DeviceClock, Event, Frame, Observation, Quality

PERIOD_S = 1.0
SERIAL = "0000145838"
NO_PULSE, NORMAL = "000020", "000800"
"""Exceptions of an instrument whose sensor is off, and of one that measures."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SPO2 = Channel(code="MDC_PULS_OXIM_SAT_O2", source="SPO2", unit="%")
PULSE = Channel(code="MDC_PULS_OXIM_PULS_RATE", source="BPM", unit="/min")
PERFUSION = Channel(code="MDC_BLD_PERF_INDEX", source="PI", unit="%")
PVI = Channel(code="VND_MASIMO_PVI", source="PVI", unit="%")
EXCEPTIONS = Channel(code="VND_MASIMO_EXCEPTION_BITS", source="EXC", unit="")


class MasimoSimulator:
    """An instrument that is switched on at the first call. `silent_s`: when it says nothing, in its own seconds."""

    def __init__(self, simulated: Simulated, silent_s: Sequence[tuple[float, float]] = ()) -> None:
        self._patient = simulated.patient
        self._epoch_us = simulated.epoch_us
        self._silent_s = silent_s
        self._start_s: float | None = None
        self._due_s = -math.inf
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
        return self._line(now, time_s)

    def close(self, now: float) -> None:
        """It says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _line(self, now: float, time_s: float) -> Sequence[Event]:
        clock_us = (self._epoch_us + round(now * 1e6)) // 1_000_000 * 1_000_000
        vitals = self._patient.vitals(time_s)
        pvi = 14.0 + 4.0 * math.sin(time_s / 40.0)
        measures = not math.isnan(vitals.spo2_pct)
        spo2, spo2_said = _digits(SPO2, vitals.spo2_pct, "{:03.0f}", "---")
        pulse, pulse_said = _digits(PULSE, vitals.pulse_rate_per_min, "{:03.0f}", "---")
        perfusion, perfusion_said = _digits(PERFUSION, vitals.perfusion_pct, "{:05.2f}", "--.--")
        variability, variability_said = _digits(PVI, pvi if measures else math.nan, "{:03.0f}", "---")
        exceptions = NORMAL if measures else NO_PULSE
        line = (
            f"{EPOCH + timedelta(microseconds=clock_us):%m/%d/%y %H:%M:%S} SN={SERIAL} SPO2={spo2}% BPM={pulse} "
            f"PI={perfusion}% SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- PVI={variability} ALARM=0000 EXC={exceptions}"
        ).encode("ascii")
        self._out += line + b"\r\n"
        frame = Frame(offset=self._at, length=len(line), kind="line", tick_us=clock_us)
        self._at += len(line) + 2
        said = (spo2_said, pulse_said, perfusion_said, variability_said)
        return [frame, DeviceClock(time_us=clock_us), *said, Observation(channel=EXCEPTIONS, value=exceptions)]


def _digits(channel: Channel, value: float, form: str, dashes: str) -> tuple[str, Observation]:
    """A value as the line shows it, and what that says."""
    if math.isnan(value):
        return dashes, Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
    text = form.format(value)
    return text, Observation(channel=channel, value=float(text))
