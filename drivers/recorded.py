"""A patient who was recorded: the numbers of a WFDB record, played as a simulated patient's.

Header and format 16 as PhysioNet's header(5) and signal(5) describe them. Samples of 0 and −32768 are "no value", as in
the MIMIC II numerics (captures/waveforms/SOURCES.md).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collector.errors import UsageError
from drivers.patient import CUFF_FIRST_S, CUFF_PERIOD_S, Cuff, Patient, Vitals

PREFIX = "wfdb:"
SLOWEST_WAVE_HZ = 1.0
"""A record of more samples a second holds waves, not numbers."""
MOST_SAMPLES = 10_000_000
"""Of all signals: three years of ten numbers a minute. A header may say anything."""

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "HR": ("ecg_rate_per_min", "heart_rate_per_min"),
    "PULSE": ("pulse_rate_per_min",),
    "ABPSYS": ("art_sys_mmhg",),
    "ABPDIAS": ("art_dia_mmhg",),
    "ABPMEAN": ("art_mean_mmhg",),
    "CVP": ("cvp_mmhg",),
    "RESP": ("resp_rate_per_min",),
    "SPO2": ("spo2_pct",),
}
_CUFF = ("NBPSYS", "NBPDIAS", "NBPMEAN")
_GAIN = re.compile(r"(?P<gain>[-+.\deE]+)(?:\((?P<baseline>-?\d+)\))?(?:/\S+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """A record's numbers: one of each signal every period_s, by its name in capitals; NaN: no value."""

    period_s: float
    signals: Mapping[str, NDArray[np.float64]]


class Recorded(Patient):
    """Each number holds for its period; a cuff pressure was measured in the middle of its own. There are no waves."""

    def __init__(self, numbers: Numbers) -> None:
        super().__init__()
        self.waves = frozenset()
        self.measured = frozenset(name for key in numbers.signals for name in _FIELDS.get(key, ()))
        self._period_s = numbers.period_s
        self._signals = numbers.signals
        nothing = np.full(len(next(iter(numbers.signals.values()))), np.nan)
        self._cuffs = np.stack([numbers.signals.get(name, nothing) for name in _CUFF])
        self._inflations = np.flatnonzero(~np.isnan(self._cuffs).all(axis=0))

    def vitals(self, time_s: float) -> Vitals:
        index = int(time_s // self._period_s)
        values = dict.fromkeys((field.name for field in fields(Vitals)), np.nan)
        for name, names in _FIELDS.items():
            signal = self._signals.get(name)
            if signal is not None and 0 <= index < len(signal):
                values |= dict.fromkeys(names, float(signal[index]))
        return Vitals(**values)

    def cuff(self, time_s: float, first_s: float = CUFF_FIRST_S, period_s: float = CUFF_PERIOD_S) -> Cuff | None:
        """As recorded, whatever a device's habit is."""
        del first_s, period_s
        until = int(np.searchsorted((self._inflations + 0.5) * self._period_s, time_s, side="right"))
        if until == 0:
            return None
        index = self._inflations[until - 1]
        sys, dia, mean = (float(value) for value in self._cuffs[:, index])
        at_s = float((index + 0.5) * self._period_s)
        return Cuff(time_s=at_s, sys_mmhg=sys, dia_mmhg=dia, mean_mmhg=mean, rate_per_min=np.nan)


def patient(scenario: str = "stable", seed: int = 0) -> Patient:
    """The patient of a scenario, or (wfdb:FILE) of a record. Raises UsageError."""
    if scenario.startswith(PREFIX):
        return Recorded(read(Path(scenario.removeprefix(PREFIX))))
    return Patient(scenario, seed)


def read(record: Path) -> Numbers:
    """The numbers of a WFDB record, named with or without .hea. Raises UsageError with the file and what is wrong."""
    header = record if record.suffix == ".hea" else record.with_name(f"{record.name}.hea")
    try:
        lines = header.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{header}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UsageError(f"{header}: not the header of a WFDB record") from None
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    try:
        _, count, rate, length, *_ = rows[0]
        signals, hz, n = int(count), float(rate.partition("/")[0]), int(length)
        told = [_Signal.of(row) for row in rows[1 : signals + 1]]
    except (IndexError, ValueError):
        raise UsageError(f"{header}: not the header of a WFDB record") from None
    if not 0 < hz <= SLOWEST_WAVE_HZ:
        raise UsageError(f"{header}: a record of waves ({hz:g} samples a second); expected one of numbers")
    if len(told) != signals or n <= 0 or not 0 < signals * n <= MOST_SAMPLES:
        raise UsageError(f"{header}: {len(told)} signals of {n} samples; expected as many as its first line says")
    if len({one.file for one in told}) != 1 or any(one.form != "16" for one in told):
        raise UsageError(f"{header}: expected all signals in one file, in format 16")
    known = {*_FIELDS, *_CUFF} & {one.name for one in told}
    if not known:
        raise UsageError(f"{header}: no signal that can be played; known are {', '.join((*_FIELDS, *_CUFF))}")
    raw = _samples(header.with_name(Path(told[0].file).name), n, signals)
    values = {one.name: one.values(raw[:, column]) for column, one in enumerate(told) if one.name in known}
    return Numbers(period_s=round(1.0 / hz, 6), signals=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signal:
    """A signal's line of a header."""

    file: str
    form: str
    gain: float
    baseline: int
    name: str

    @classmethod
    def of(cls, row: list[str]) -> "_Signal":
        """Raises ValueError, IndexError."""
        file, form, gain = row[:3]
        found = _GAIN.fullmatch(gain)
        if found is None or float(found["gain"]) == 0:
            raise ValueError(gain)
        zero = int(row[4])
        baseline = zero if found["baseline"] is None else int(found["baseline"])
        return cls(file=file, form=form, gain=float(found["gain"]), baseline=baseline, name=" ".join(row[8:]).upper())

    def values(self, raw: NDArray[np.int16]) -> NDArray[np.float64]:
        values = (raw.astype(np.float64) - self.baseline) / self.gain
        return np.where((raw == 0) | (raw == np.iinfo(np.int16).min), np.nan, values)


def _samples(file: Path, n: int, signals: int) -> NDArray[np.int16]:
    """Shape (n, signals)."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    if len(data) < 2 * n * signals:
        raise UsageError(f"{file}: {len(data)} bytes; its header says {2 * n * signals}")
    return np.frombuffer(data, "<i2", n * signals).reshape(n, signals)
