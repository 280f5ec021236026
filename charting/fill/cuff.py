"""Cuff pressures (clinical.md §3.2, §3.3): one inflation is one measurement, charted once at its own time. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charting.fill.cells import judged
from charting.fill.plan import MINUTE_US, Mark
from charting.fill.pressures import disordered, small_pulse
from charting.fill.rules import filter_name, names, numbers
from charting.fill.signals import signals
from charting.fill.streams import SECOND_US, Stream
from charting.fill.types import Cell, CellState, Minute

PARTS = ("nibp_sys", "nibp_dia", "nibp_mean")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inflation:
    """One measurement of one device. `values`, `streams`: by signal, as far as told; `rule`: why it failed, else ""."""

    time_us: int
    device: str
    values: Mapping[str, float]
    streams: Mapping[str, Stream]
    doubt: str
    rule: str
    demo: bool

    @property
    def valid(self) -> bool:
        return not self.rule


def inflations(streams: Mapping[str, Sequence[tuple[str, Stream]]]) -> list[Inflation]:
    """All measurements among the streams, in order of time. That no value is shown is none."""
    together_us = int(numbers()["nibp"]["together_s"] * SECOND_US)
    devices = sorted({stream.device for part in PARTS for _, stream in streams.get(part, ())})
    found = []
    for device in devices:
        told = sorted(
            (int(stream.time_us[i]), place, part, order, i, stream)
            for place, part in enumerate(PARTS)
            for order, (_, stream) in enumerate(streams.get(part, ()))
            if stream.device == device
            for i in np.flatnonzero(_telling(stream)).tolist()
        )
        group: list[tuple[int, int, str, int, int, Stream]] = []
        for one in told:
            if group and one[0] - group[0][0] > together_us:
                found.append(_inflation(device, group))
                group = []
            group.append(one)
        if group:
            found.append(_inflation(device, group))
    return sorted(found, key=lambda f: (f.time_us, f.device))


def _telling(stream: Stream) -> NDArray[np.bool_]:
    """Readings that tell of a measurement: a number, or that it failed."""
    shown = stream.dropped != names().index("device.not_available")
    return np.asarray(shown | ~np.isnan(stream.value))


def _inflation(device: str, group: Sequence[tuple[int, int, str, int, int, Stream]]) -> Inflation:
    values: dict[str, float] = {}
    used: dict[str, Stream] = {}
    rule, doubt, demo = "", "", False
    for _, _, part, _, i, stream in sorted(group, key=lambda g: (g[1], g[3], g[0])):
        if part not in used:
            used[part] = stream
            rule = rule or names()[stream.dropped[i]]
            doubt = doubt or names()[stream.doubted[i]]
            demo = demo or bool(stream.demo[i])
            if not np.isnan(stream.value[i]):
                values[part] = float(stream.value[i])
    return Inflation(
        time_us=group[0][0],
        device=device,
        values=values,
        streams=used,
        doubt=doubt,
        rule=rule or _failed(values),
        demo=demo,
    )


def _failed(values: Mapping[str, float]) -> str:
    if "nibp_sys" not in values or "nibp_dia" not in values:
        return "nibp.incomplete"
    for part, value in values.items():
        signal = signals()[part]
        if signal.hard_low is not None and value < signal.hard_low:
            return "nibp.hard_low"
        if signal.hard_high is not None and value > signal.hard_high:
            return "nibp.hard_high"
    sys, dia, mean = (np.array([values.get(part, np.nan)]) for part in PARTS)
    if disordered(sys, dia, mean)[0]:
        return "nibp.order"
    if sys[0] - dia[0] < numbers()["nibp"]["pulse"] or small_pulse(sys, dia)[0]:
        return "nibp.pulse_pressure"
    return ""


def strip(streams: Mapping[str, Sequence[tuple[str, Stream]]], found: Sequence[Inflation]) -> None:
    """Drop in the streams what belongs to a failed inflation, so that no rule compares with it."""
    together_us = int(numbers()["nibp"]["together_s"] * SECOND_US)
    for inflation in found:
        for part in PARTS if inflation.rule else ():
            for _, stream in streams.get(part, ()):
                if stream.device == inflation.device:
                    at = stream.time_us - inflation.time_us
                    stream.drop((at >= 0) & (at <= together_us), inflation.rule)


def cells(
    found: Sequence[Inflation], marks: Sequence[Mark], wanted: Sequence[str], since_us: int, until_us: int
) -> Iterator[Cell]:
    """Every inflation once: at the mark that it is nearest to, or at its own minute where another is nearer.

    `marks` reach beyond [since_us, until_us) as far as an inflation may; cells come of those within it.
    """
    best = _nearest(found, marks)
    grid = {mark.mark_us for mark in marks}
    taken: set[tuple[int, bool]] = set()
    for i, inflation in enumerate(found):
        mark_us = best.get(i)
        if mark_us is None:
            minute_us = inflation.time_us // MINUTE_US * MINUTE_US
            free = minute_us not in grid and (minute_us, True) not in taken
            taken.add((minute_us, True))
            mark_us = minute_us if free else inflation.time_us
            if not inflation.valid:
                continue
        if since_us <= mark_us < until_us:
            yield from (cell for part in wanted if (cell := _cell(inflation, part, mark_us)) is not None)


def _nearest(found: Sequence[Inflation], marks: Sequence[Mark]) -> dict[int, int]:
    """Inflation → the mark that takes it: the nearest one that is valid, else the nearest that failed."""
    reach_us = int(numbers()["nibp"]["reach_min"]) * MINUTE_US
    at = np.array([mark.mark_us for mark in marks], dtype=np.int64)
    best: dict[int, tuple[bool, int, int]] = {}
    for i, inflation in enumerate(found):
        if not at.size:
            break
        right = int(np.searchsorted(at, inflation.time_us))
        near = min(
            (k for k in (right - 1, right) if 0 <= k < at.size), key=lambda k: abs(int(at[k]) - inflation.time_us)
        )
        away = abs(int(at[near]) - inflation.time_us)
        if away <= min(marks[near].step_us // 2, reach_us):
            rank = (not inflation.valid, away, i)
            if near not in best or rank < best[near]:
                best[near] = rank
    return {rank[2]: int(at[near]) for near, rank in best.items()}


def _cell(inflation: Inflation, part: str, mark_us: int) -> Cell | None:
    signal = signals()[part]
    stream = inflation.streams.get(part) or next(iter(inflation.streams.values()))
    value = inflation.values.get(part)
    if value is None and inflation.valid:
        return None
    minute_us = inflation.time_us // MINUTE_US * MINUTE_US
    state, rule = CellState.EMPTY, inflation.rule
    if inflation.valid and value is not None:
        states = [(*judged(signals()[p], v, [inflation.doubt]), p) for p, v in sorted(inflation.values.items())]
        state, rule, _ = next((s for s in states if s[0] is CellState.HELD), states[0])
    return Cell(
        signal=part,
        mark_us=mark_us,
        time_us=mark_us if abs(inflation.time_us - mark_us) <= MINUTE_US else inflation.time_us,
        value=value if inflation.valid else None,
        unit=signal.unit,
        state=state,
        rule=rule,
        code=stream.code,
        device=inflation.device,
        source=stream.source,
        site=stream.site,
        minutes=(Minute(minute_us=minute_us, median=value, n=1),) if inflation.valid and value is not None else (),
        dropped={} if inflation.valid else {inflation.rule: 1},
        demo=inflation.demo,
        filter=filter_name(),
    )
