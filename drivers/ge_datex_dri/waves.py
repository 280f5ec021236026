"""Waveform records → runs of samples (fact sheet ge-datex-dri §6)."""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from collector.model import UNMAPPED, Channel, Event, Observation, Quality
from drivers.ge_datex_dri import words
from drivers.ge_datex_dri.ecg12 import ECG12, Ecg12
from drivers.ge_datex_dri.frames import Record
from drivers.ge_datex_dri.modules import AGENTS, PRESSURE_CODES, PRESSURE_OTHER, PRESSURE_SITES
from drivers.ge_datex_dri.runs import Run

GAP, LEAD_OFF = 1 << 0, 1 << 3
FLAGS = 0b1100
"""Of the status word only gap, pacer and lead off are tested: real monitors fill the other bits (§6)."""
CLOCK_SLACK_S = 2.0
"""Records whose clocks differ more than this from what their samples last do not continue each other."""
RATE_STEP_HZ = 25
"""All rates of §6 are multiples of it: how the rate of a type that the sheet does not know is told from the others'."""
HEADER = struct.Struct("<hHH")

_NEVER = (-2, 0)

_ECG_LEADS = ("", "I", "II", "III", "AVR", "AVL", "AVF", "V")
_LEAD_SHIFT = {"ecg1": 8, "ecg2": 4, "ecg3": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A wave type: value in `unit` = sample × scale. `code` may depend on the label of `group` (see `code_of`)."""

    name: str
    rate_hz: int
    code: str
    unit: str
    scale: float
    group: str = ""


def _ecg(n: int) -> Wave:
    return Wave(name=f"ecg{n}", rate_hz=300, code="MDC_ECG_ELEC_POTL", unit="uV", scale=1.0, group="ecg")


def _pressure(n: int) -> Wave:
    return Wave(name=f"p{n}", rate_hz=100, code=PRESSURE_OTHER, unit="mm[Hg]", scale=0.01, group=f"p{n}")


def _eeg(n: int, rate_hz: int, suffix: str = "") -> Wave:
    return Wave(name=f"eeg{n}{suffix}", rate_hz=rate_hz, code="MDC_EEG_ELEC_POTL_CRTX", unit="uV", scale=0.1)


WAVES: Mapping[int, Wave] = {
    **{n: _ecg(n) for n in (1, 2, 3)},
    **{3 + n: _pressure(n) for n in (1, 2, 3, 4)},
    8: Wave(name="pleth", rate_hz=100, code="MDC_PULS_OXIM_PLETH", unit="%", scale=0.01),
    9: Wave(name="co2", rate_hz=25, code="MDC_CONC_AWAY_CO2", unit="%", scale=0.01),
    10: Wave(name="o2", rate_hz=25, code="MDC_CONC_AWAY_O2", unit="%", scale=0.01),
    11: Wave(name="n2o", rate_hz=25, code="MDC_CONC_AWAY_N2O", unit="%", scale=0.01),
    12: Wave(name="agent", rate_hz=25, code="MDC_CONC_AWAY_AGENT", unit="%", scale=0.01, group="aa"),
    13: Wave(name="paw", rate_hz=25, code="MDC_PRESS_AWAY", unit="cm[H2O]", scale=0.1),
    14: Wave(name="flow", rate_hz=25, code="MDC_FLOW_AWAY", unit="L/min", scale=0.1),
    15: Wave(name="resp", rate_hz=25, code="MDC_IMPED_TTHOR", unit="Ohm", scale=0.01),
    16: _pressure(5),
    17: _pressure(6),
    **{17 + n: _eeg(n, 100) for n in (1, 2, 3, 4)},
    23: Wave(name="volume", rate_hz=25, code="MDC_VOL_AWAY", unit="mL", scale=1.0),
    24: Wave(name="tono", rate_hz=25, code="VND_GE_WAVE_TONO_PRESS", unit="mbar", scale=0.1),
    29: Wave(name="loop", rate_hz=25, code="VND_GE_WAVE_SPIRO_LOOP", unit="1", scale=1.0),
    32: Wave(name="entropy", rate_hz=100, code="VND_GE_WAVE_ENTROPY", unit="uV", scale=0.1),
    35: Wave(name="bis", rate_hz=300, code="VND_GE_WAVE_BIS", unit="uV", scale=1.0),
    36: _pressure(7),
    37: _pressure(8),
    38: Wave(name="pleth2", rate_hz=100, code="MDC_PULS_OXIM_PLETH", unit="%", scale=0.01),
    39: Wave(name="resp100", rate_hz=100, code="MDC_IMPED_TTHOR", unit="Ohm", scale=0.01),
    **{39 + n: _eeg(n, 200, "_200hz") for n in (1, 2, 3, 4)},
}
"""By sub-record type; the table of §6. 40-43 are known from another implementation only."""


class Waves:
    """Reads waveform records of one dialogue. `label` gives the label word of a displayed group (0: unknown).

    A round of records brings each type once, in several records where one does not hold them. A type continues from
    round to round while no record is lost and the clocks agree.
    `ecg12_uv`: µV per count of the 12-lead ECG; None: not verified on the device.
    """

    def __init__(self, label: Callable[[str], int], ecg12_uv: int | None) -> None:
        self._label = label
        self._ecg12 = Ecg12(ecg12_uv)
        self._runs: dict[int, Run] = {}
        self._told: dict[int, int] = {}
        self._number = -1
        self._round = 0
        self._last: dict[int, tuple[int, int]] = {}

    def events(self, record: Record) -> Sequence[Event] | None:
        """What the record says; None: a sub-record does not fit into it."""
        data = record.data
        parts: list[tuple[int, int, int, int]] = []
        for kind, at in record.parts:
            if at + HEADER.size > len(data):
                return None
            n, status, _ = HEADER.unpack_from(data, at)
            if n < 0 or at + HEADER.size + 2 * n > len(data):
                return None
            parts.append((kind, at, n, status))
        if record.number != (self._number + 1) & 0xFF:
            self._last.clear()
        self._number = record.number
        if any(self._last.get(kind, _NEVER)[0] == self._round for kind, *_ in parts):
            self._round += 1
        seconds = max((n / WAVES[kind].rate_hz for kind, _, n, _ in parts if kind in WAVES), default=0.0)
        found: list[Event] = []
        for kind, at, n, status in parts:
            last_round, last_s = self._last.get(kind, _NEVER)
            lasted = abs(record.time_s - last_s - seconds) <= CLOCK_SLACK_S
            follows = last_round == self._round - 1 and lasted and not status & GAP
            self._last[kind] = self._round, record.time_s
            if kind == ECG12:
                found += self._ecg12.events(data[at:], follows=follows)
                continue
            run = self._run(kind, self._runs.get(kind) if follows else None, n, seconds)
            if run is not None:
                self._runs[kind] = run
                found += self._state(kind, status)
                samples = np.frombuffer(data, "<i2", count=n, offset=at + HEADER.size)
                found += run.take(samples, Quality.INVALID if status & LEAD_OFF else Quality.VALID)
        return found

    def _run(self, kind: int, before: Run | None, n: int, seconds: float) -> Run | None:
        """The run that a sub-record continues or begins; None: nothing tells its rate."""
        wave = WAVES.get(kind)
        if wave is None:
            rate_hz = round(n / seconds / RATE_STEP_HZ) * RATE_STEP_HZ if seconds else 0
            channel = Channel(code=UNMAPPED, source=f"wave.{kind}", unit="1")
            return Run(channel, rate_hz, 1.0) if rate_hz and (before is None or before.rate_hz != rate_hz) else before
        code, site = code_of(wave, self._label(wave.group) if wave.group else 0)
        if before is not None and before.channel.code == code and before.channel.site == site:
            return before
        return Run(Channel(code=code, source=f"wave.{wave.name}", unit=wave.unit, site=site), wave.rate_hz, wave.scale)

    def _state(self, kind: int, status: int) -> Sequence[Observation]:
        if self._told.get(kind) == status & FLAGS:
            return ()
        self._told[kind] = status & FLAGS
        wave = WAVES.get(kind)
        channel = Channel(code="VND_GE_STATUS", source=f"wave.{wave.name if wave else kind}.status", unit="")
        return (Observation(channel=channel, value=words.flags(words.WAVE_FLAGS, status)),)


def code_of(wave: Wave, label: int) -> tuple[str, str]:
    """Code and body site of a wave whose group has this label word."""
    if wave.group == "ecg":
        lead = label >> _LEAD_SHIFT[wave.name] & 15
        return (f"{wave.code}_{_ECG_LEADS[lead]}" if 0 < lead < len(_ECG_LEADS) else wave.code), ""
    if wave.group == "aa":
        return (f"MDC_CONC_AWAY_{AGENTS[label]}" if label in AGENTS else wave.code), ""
    return PRESSURE_CODES.get(label, wave.code), PRESSURE_SITES.get(label, "")
