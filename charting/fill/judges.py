"""Artefact rules on readings (clinical.md §3.3): each drops readings, or doubts them, by its name. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from charting.fill.plan import Spans
from charting.fill.pressures import judge_abp
from charting.fill.rules import numbers, rules
from charting.fill.signals import Signal, signals
from charting.fill.streams import MINUTE_US, SECOND_US, Stream, lasting_us, latest, limit, runs
from collector.series import Points

SQI = "MDC_EEG_SIGNAL_QUALITY_INDEX"
HELPERS: Mapping[str, tuple[str, ...]] = {
    "hr": ("hr",),
    "abp": ("abp_sys", "abp_dia", "abp_mean", "nibp_sys", "nibp_dia", "nibp_mean", "hr"),
    "spo2": ("pi", "hr", "nibp_sys"),
    "etco2": ("rr", "ppeak"),
    "rr": ("etco2", "ppeak"),
    "vent": ("etco2", "rr", "ppeak"),
    "gas": ("etco2", "rr", "ppeak"),
    "agent": ("etco2", "rr", "ppeak"),
}
"""Signals that the rules of a set look at, beside their own."""

_HOLE_US = 15 * SECOND_US
_BESIDE_US = 10 * SECOND_US
_MINUTELY_US = MINUTE_US
_OLD_US = 10 * MINUTE_US
"""What was measured longer before says nothing of a jump."""
_NOTHING = 0.5


@dataclass(slots=True, kw_only=True, eq=False)
class Bed:
    """The streams of each signal by class, in order of preference; `quality`: of the EEG; times of the event model;
    `bypass`: when a machine is the heart.
    """

    streams: Mapping[str, Sequence[tuple[str, Stream]]]
    quality: Sequence[Points] = ()
    events: Mapping[str, int] = field(default_factory=dict)
    bypass: Spans = ()

    def of(self, signal: str, name: str = "") -> list[Stream]:
        return [stream for class_, stream in self.streams.get(signal, ()) if name in ("", class_)]


def judge(bed: Bed) -> None:
    """Judge every stream of the bed, in an order in which rules find judged what they look at."""
    known = signals()
    rates = [id_ for id_ in ("hr", "pulse") if id_ in bed.streams]
    for id_ in rates:
        _judge_rate(bed, id_)
    for id_, streams in bed.streams.items():
        if known[id_].rules not in ("abp", "nibp", "temp", "spo2", "etco2"):
            for _, stream in streams:
                limit(stream, known[id_])
    if any(id_.startswith("abp") for id_ in bed.streams):
        judge_abp(bed.streams, bed.bypass)
    if "spo2" in bed.streams:
        _judge_spo2(bed, known["spo2"])
    if "etco2" in bed.streams:
        _judge_etco2(bed, known["etco2"])
        _judge_circuit(bed)
    for stream in bed.of("bis"):
        _judge_bis(stream, bed.quality)


def _judge_rate(bed: Bed, id_: str) -> None:
    n = numbers()["hr"]
    pulses = bed.of(id_, "spo2")
    for stream in bed.of(id_, "ecg"):
        for pulse in pulses[:1]:
            _diathermy(stream, pulse)
    streams = bed.of(id_)
    for stream in streams:
        if stream.time_us.size:
            stream.drop(spikes(stream, n["spike"], n["spike_max_s"]), "hr.spike")
    starts = [_switched_on(stream, [o for o in streams if o is not stream]) for stream in streams]
    for stream, since in zip(streams, starts, strict=True):
        for start_us in since:
            soon = (stream.time_us >= start_us) & (stream.time_us < start_us + n["switch_s"] * SECOND_US)
            stream.drop(soon, "hr.switch")


def _diathermy(stream: Stream, pulse: Stream) -> None:
    """ECG far above a pulse that stays as it was, for less than a minute: the pulse counts."""
    n = numbers()["hr"]
    good = pulse.valid
    time_us, value = pulse.time_us[good], pulse.value[good]
    beside = latest(time_us, value, stream.time_us, _BESIDE_US)
    with np.errstate(invalid="ignore"):
        high = stream.valid & (stream.value > n["diathermy_factor"] * beside)
    for first, end in runs(high, stream.time_us, _HOLE_US):
        if lasting_us(stream.time_us, first, end) < n["diathermy_max_s"] * SECOND_US:
            around = slice(
                int(np.searchsorted(time_us, stream.time_us[first] - _BESIDE_US)),
                int(np.searchsorted(time_us, stream.time_us[end - 1] + _BESIDE_US, side="right")),
            )
            if np.ptp(value[around]) <= n["diathermy_stable"]:
                mask = np.zeros(stream.time_us.size, dtype=bool)
                mask[first:end] = high[first:end]
                stream.drop(mask, "hr.diathermy")


def _switched_on(stream: Stream, others: Sequence[Stream]) -> list[int]:
    """Times at which the stream came back, while another one had stood in for it."""
    within_us = int(numbers()["hr"]["switch_s"]) * SECOND_US
    time_us = stream.time_us[stream.valid]
    if time_us.size < 2:
        return []
    back = np.flatnonzero(np.diff(time_us, prepend=time_us[0] - 2 * within_us) > within_us)
    dense = np.append(np.diff(time_us), within_us + 1)[back] <= within_us / 2
    found = []
    for start_us in time_us[back[dense]].tolist():
        for other in others:
            seen = other.valid
            first, last = np.searchsorted(other.time_us, (start_us - within_us, start_us))
            if seen[first:last].any():
                found.append(start_us)
                break
    return found


def spikes(stream: Stream, by: float, longest_s: float, *, down: bool = False) -> NDArray[np.bool_]:
    """Readings that leave by more than `by` what was before (of late) and what comes after, for at most so long."""
    out = np.zeros(stream.time_us.size, dtype=bool)
    at = np.flatnonzero(stream.valid)
    value, time_us = stream.value[at], stream.time_us[at]
    if value.size < 3 or float(np.ptp(value)) <= by:
        return out
    longest, n = int(longest_s * SECOND_US), value.size
    most = int(longest_s)
    for length in range(1, min(most, n - 2) + 1):
        before, after = value[: n - length - 1], value[length + 1 :]
        short = time_us[length + 1 :] - time_us[1 : n - length] <= longest
        late = time_us[1 : n - length] - time_us[: n - length - 1] <= _OLD_US
        back = short & late & (np.abs(before - after) < by)
        if not back.any():
            continue
        for i in range(length):
            inside = value[1 + i : n - length + i]
            away = np.minimum(before, after) - inside > by
            if not down:
                away = away | (inside - np.maximum(before, after) > by)
            back = back & away
        for i in range(length):
            out[at[1 + i : n - length + i][back]] = True
    return out


def _judge_spo2(bed: Bed, signal: Signal) -> None:
    n = numbers()["spo2"]
    cuffs = sorted({int(t) for stream in bed.of("nibp_sys") for t in stream.time_us[stream.valid]})
    for stream in bed.of("spo2"):
        if not stream.time_us.size:
            continue
        stream.drop(stream.value == 0, "spo2.zero")
        limit(stream, signal)
        stream.drop(spikes(stream, n["drop"], n["drop_max_s"], down=True), "spo2.drop")
        for cuff_us in cuffs:
            _cuffed(stream, cuff_us, n)
        with np.errstate(invalid="ignore"):
            for pi in (s for s in bed.of("pi") if s.device == stream.device):
                perfusion = latest(pi.time_us[pi.valid], pi.value[pi.valid], stream.time_us, _MINUTELY_US)
                stream.doubt(perfusion < n["low_perfusion"], "spo2.low_perfusion")
            for pulse in (s for s in bed.of("hr", "spo2") if s.device == stream.device):
                rate = latest(pulse.time_us[pulse.valid], pulse.value[pulse.valid], stream.time_us, _BESIDE_US)
                for ecg in bed.of("hr", "ecg")[:1]:
                    heart = latest(ecg.time_us[ecg.valid], ecg.value[ecg.valid], stream.time_us, _BESIDE_US)
                    stream.doubt(np.abs(rate - heart) > n["mismatch"], "spo2.rate_mismatch")


def _cuffed(stream: Stream, cuff_us: int, n: Mapping[str, float]) -> None:
    """The saturation falls while a cuff inflates, and is back when it is open: the probe is on the same arm."""
    start_us = cuff_us - int(n["cuff_s"]) * SECOND_US
    open_us = cuff_us + int(n["cuff_after_s"]) * SECOND_US
    edges = (start_us - 2 * MINUTE_US, start_us, open_us, open_us + MINUTE_US)
    a, b, c, d = (int(i) for i in np.searchsorted(stream.time_us, edges))
    valid = stream.valid
    before, during, after = (stream.value[p][valid[p]] for p in (slice(a, b), slice(b, c), slice(c, d)))
    if not (before.size and during.size and after.size):
        return
    lower = float(np.median(before)) - n["cuff_drop"]
    if during.min() < lower <= np.median(after):
        mask = np.zeros(stream.time_us.size, dtype=bool)
        mask[b:c] = stream.value[b:c] < lower
        stream.drop(mask & valid, "spo2.cuff")


def _judge_etco2(bed: Bed, signal: Signal) -> None:
    n = numbers()["etco2"]
    tube_in, tube_out = bed.events.get("t_tube_in"), bed.events.get("t_tube_out")
    for stream in bed.of("etco2"):
        if not stream.time_us.size:
            continue
        with np.errstate(invalid="ignore"):
            nothing = stream.valid & (stream.value >= 0) & (stream.value < _NOTHING)
            low = stream.valid & (stream.value >= 0) & (stream.value < n["calibration"])
        if tube_in is not None:
            stream.drop(nothing & (stream.time_us < tube_in), "etco2.no_airway")
        if tube_out is not None and (tube_in is None or tube_out > tube_in):
            stream.drop(nothing & (stream.time_us >= tube_out), "etco2.no_airway")
        running = _running(bed, stream.time_us)
        for first, end in runs(nothing & running & stream.valid, stream.time_us, _HOLE_US):
            if lasting_us(stream.time_us, first, end) >= n["disconnect_s"] * SECOND_US:
                mask = np.zeros(stream.time_us.size, dtype=bool)
                mask[first:end] = True
                stream.drop(mask, "etco2.disconnect")
        for rate in (s for s in bed.of("rr", "co2") if s.device == stream.device):
            known = ~np.isnan(rate.value)
            breaths = latest(rate.time_us[known], rate.value[known], stream.time_us, _BESIDE_US)
            stream.drop(low & (breaths == 0), "etco2.calibration")
        stream.drop(nothing, "etco2.zero")
        limit(stream, signal)
        stream.drop(spikes(stream, n["spike"], n["spike_max_s"]), "etco2.spike")


def _running(bed: Bed, time_us: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a ventilator tells pressures or breaths at these times."""
    out = np.zeros(time_us.size, dtype=bool)
    with np.errstate(invalid="ignore"):
        for stream, above in [*((s, 5.0) for s in bed.of("ppeak")), *((s, 0.0) for s in bed.of("rr", "vent"))]:
            out |= latest(stream.time_us, stream.value, time_us, 2 * _HOLE_US) > above
    return out


def _judge_circuit(bed: Bed) -> None:
    """What is told of the circuit while it is open is none of the patient's; a rate of 0 without an airway neither."""
    open_, off = rules()["etco2.disconnect"].number, rules()["etco2.no_airway"].number
    for co2 in bed.of("etco2"):
        said = co2.dropped.astype(np.float64)
        if not np.isin(co2.dropped, (open_, off)).any():
            continue
        for rate in bed.of("rr", "co2"):
            state = latest(co2.time_us, said, rate.time_us, _BESIDE_US)
            rate.drop((rate.value == 0) & ((state == open_) | (state == off)), "rr.no_airway")
        for id_ in bed.streams:
            if signals()[id_].rules in ("vent", "gas", "agent"):
                for stream in bed.of(id_):
                    state = latest(co2.time_us, said, stream.time_us, _BESIDE_US)
                    stream.drop(state == open_, "vent.disconnect")


def _judge_bis(stream: Stream, quality: Sequence[Points]) -> None:
    for one in quality:
        if one.series.device == stream.device:
            known = ~np.isnan(one.value)
            sqi = latest(one.time_us[known], one.value[known], stream.time_us, 2 * _HOLE_US)
            with np.errstate(invalid="ignore"):
                stream.doubt(sqi < numbers()["bis"]["sqi"], "bis.sqi")
