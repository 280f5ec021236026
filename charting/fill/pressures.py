"""Artefacts of an arterial line (clinical.md §3.3): if one of systolic, diastolic, mean is artefact, all three are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charting.fill.plan import Spans, during
from charting.fill.rules import numbers
from charting.fill.signals import signals
from charting.fill.streams import MINUTE_US, SECOND_US, Stream, lasting_us, latest, medians, nearest, runs

Streams = Mapping[str, Sequence[tuple[str, Stream]]]
PARTS = ("abp_sys", "abp_dia", "abp_mean")
_TOGETHER_US = 2 * SECOND_US
_HOLE_US = 15 * SECOND_US


@dataclass(slots=True, kw_only=True, eq=False)
class _Line:
    """Three streams of one line on common times; values NaN where a part is missing or the device doubts it."""

    parts: tuple[Stream | None, ...]
    time_us: NDArray[np.int64]
    values: tuple[NDArray[np.float64], ...]

    def each(self, mask: NDArray[np.bool_]) -> list[tuple[Stream, NDArray[np.bool_]]]:
        """The streams, with the mask at their own times."""
        return [
            (part, mask if self.aligned(part) else mask[np.searchsorted(self.time_us, part.time_us)])
            for part in self.parts
            if part is not None
        ]

    def aligned(self, part: Stream) -> bool:
        return np.array_equal(part.time_us, self.time_us)

    def drop(self, mask: NDArray[np.bool_], rule: str) -> None:
        if mask.any():
            for part, own in self.each(mask):
                part.drop(own, rule)

    def doubt(self, mask: NDArray[np.bool_], rule: str) -> None:
        if mask.any():
            for part, own in self.each(mask):
                part.doubt(own, rule)


def small_pulse(sys: NDArray[np.float64], dia: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The published table [S31]: the pulse pressure is too small for the systolic, or a pressure is 10 or less."""
    pulse = sys - dia
    return np.asarray(
        ((sys > 200) & (pulse < 50))
        | ((sys > 150) & (sys <= 200) & (pulse < 30))
        | ((sys >= 100) & (sys <= 150) & (pulse < 15))
        | ((sys < 100) & (pulse < 10))
        | (sys <= 10)
        | (dia <= 10)
    )


def weak_pulse(sys: NDArray[np.float64], dia: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The table's row of low pressures: an artefact, or a heart that hardly beats. A person must say which (§3.2)."""
    return np.asarray((sys < 100) & (sys - dia < 10) & (sys > 10) & (dia > 10))


def disordered(sys: NDArray[np.float64], dia: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Not systolic > mean > diastolic; a part that is missing disturbs nothing."""
    return np.asarray((sys <= dia) | (sys <= mean) | (mean <= dia))


def judge_abp(streams: Streams, bypass: Spans = ()) -> None:
    """Judge each arterial line among the streams, by the cuff and the heart rate beside it.

    On `bypass` there is no pulse: that systolic and diastolic are nearly the same is the patient's own pressure.
    """
    with np.errstate(invalid="ignore"):
        for line in _lines(streams):
            _artefacts(line, streams, ~during(bypass, line.time_us))
            _changes(_line(line.parts), streams)


def _lines(streams: Streams) -> list[_Line]:
    found: dict[tuple[str, str, int], list[Stream | None]] = {}
    for at, part in enumerate(PARTS):
        seen: dict[tuple[str, str], int] = {}
        for name, stream in streams.get(part, ()):
            n = seen[name, stream.device] = seen.get((name, stream.device), -1) + 1
            found.setdefault((name, stream.device, n), [None, None, None])[at] = stream
    return [_line(parts) for _, parts in sorted(found.items())]


def _line(parts: Sequence[Stream | None]) -> _Line:
    known = [part for part in parts if part is not None]
    time_us = known[0].time_us
    if not all(np.array_equal(part.time_us, time_us) for part in known[1:]) or np.any(np.diff(time_us) == 0):
        time_us = np.unique(np.concatenate([part.time_us for part in known]))
    values = tuple(
        np.full(time_us.size, np.nan)
        if part is None
        else nearest(part.time_us, np.where(part.valid, part.value, np.nan), time_us, _TOGETHER_US)
        for part in parts
    )
    return _Line(parts=tuple(parts), time_us=time_us, values=values)


def _artefacts(line: _Line, streams: Streams, beating: NDArray[np.bool_]) -> None:
    n = numbers()["abp"]
    sys, dia, mean = line.values
    pulse = sys - dia
    plateau = (sys > n["flush_above"]) & (pulse < n["flush_pulse"])
    for first, end in runs(plateau, line.time_us, _HOLE_US):
        if n["flush_min_s"] * SECOND_US <= lasting_us(line.time_us, first, end) <= n["flush_max_s"] * SECOND_US:
            flush = np.zeros(plateau.size, dtype=bool)
            flush[first:end] = True
            line.drop(flush, "abp.flush")
    line.drop((np.abs(mean) <= n["zero_mean"]) & (pulse < n["zero_pulse"]), "abp.zeroed")
    cuff_sys, cuff_dia = (_cuff(streams, part, line.time_us) for part in ("nibp_sys", "nibp_dia"))
    line.drop(beating & (pulse < n["damped_pulse"]) & (cuff_sys - sys >= n["damped_lower"]), "abp.damped")
    line.drop(beating & disordered(sys, dia, mean), "abp.order")
    weak = weak_pulse(sys, dia)
    line.drop(beating & small_pulse(sys, dia) & ~weak, "abp.pulse_pressure")
    line.doubt(beating & weak, "abp.weak_pulse")
    for part, value in zip(PARTS, line.values, strict=True):
        signal = signals()[part]
        if signal.hard_low is not None:
            line.drop(value < signal.hard_low, "abp.hard_low")
        if signal.hard_high is not None:
            line.drop(value > signal.hard_high, "abp.hard_high")
    resonant = (sys - cuff_sys > n["resonance"]) & (cuff_dia - dia > n["resonance"])
    line.doubt(resonant, "abp.resonance")


def _cuff(streams: Streams, part: str, at_us: NDArray[np.int64]) -> NDArray[np.float64]:
    """The last cuff pressure, as long as it may be compared with."""
    old_us = int(numbers()["abp"]["cuff_age_min"]) * MINUTE_US
    out = np.full(at_us.size, np.nan)
    for _, stream in streams.get(part, ()):
        told = latest(stream.time_us[stream.valid], stream.value[stream.valid], at_us, old_us)
        out = np.where(np.isnan(out), told, out)
    return out


def _changes(line: _Line, streams: Streams) -> None:
    """Changes from minute to minute that are not the patient's: back at once, or a mean that moves alone."""
    if line.time_us.size == 0:
        return
    n = numbers()["abp"]
    first = int(line.time_us[0]) // MINUTE_US
    minute = line.time_us // MINUTE_US - first
    size = int(minute[-1]) + 1
    by_minute = [medians(minute[~np.isnan(value)], value[~np.isnan(value)], size)[0] for value in line.values]
    jumped = np.zeros(size, dtype=bool)
    for value, by in zip(by_minute, (n["step_sys"], n["step_dia"], n["step_mean"]), strict=True):
        up, down = value[1:-1] - value[:-2], value[1:-1] - value[2:]
        jumped[1:-1] |= (np.minimum(up, down) >= by) | (np.maximum(up, down) <= -by)
    line.doubt(jumped[minute], "abp.step")
    sys, dia, mean = by_minute
    rate = _rate(streams, first, size)
    moved = np.zeros(size, dtype=bool)
    moved[1:] = (
        (np.abs(np.diff(mean)) >= n["level_mean"])
        & (np.abs(np.diff(sys - dia)) <= n["level_pulse"])
        & (np.abs(np.diff(rate)) <= n["level_rate"])
    )
    line.doubt(moved[minute], "abp.level")


def _rate(streams: Streams, first: int, size: int) -> NDArray[np.float64]:
    """Heart rate by minute, of the first source that has it."""
    out = np.full(size, np.nan)
    for _, stream in streams.get("hr", ()):
        minute = stream.time_us // MINUTE_US - first
        kept = stream.valid & (minute >= 0) & (minute < size)
        told = medians(minute[kept], stream.value[kept], size)[0]
        out = np.where(np.isnan(out), told, out)
    return out
