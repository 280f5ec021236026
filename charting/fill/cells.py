"""Cells of continuous signals and of temperatures, from their minutes, and what their medians hide. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from charting.fill.minutes import NONE, Minutes
from charting.fill.plan import MINUTE_US, Mark
from charting.fill.rules import Action, filter_name, names, numbers, rules
from charting.fill.signals import Signal
from charting.fill.streams import SECOND_US, lasting_us, runs
from charting.fill.types import Cell, CellState, Excursion, Minute

_HOUR_US = 60 * MINUTE_US
_HOLE_US = 90 * SECOND_US


def cells(table: Minutes, marks: Sequence[Mark]) -> Iterator[Cell]:
    """The cells of these marks, where any number came in their window at all."""
    for mark in marks:
        found = _temperature(table, mark) if table.signal.kind == "temperature" else _median(table, mark)
        if found is not None:
            yield found


def _median(table: Minutes, mark: Mark) -> Cell | None:
    start_us, end_us = mark.window_us
    at = np.arange(
        max(start_us // MINUTE_US - table.first, 0), min(end_us // MINUTE_US - table.first, table.value.size)
    )
    good = at[table.source[at] != NONE]
    if not good.size:
        return _empty(table, mark, at.tolist())
    return _cell(table, mark, at.tolist(), good.tolist(), float(np.median(table.value[good])), mark.mark_us)


def _temperature(table: Minutes, mark: Mark) -> Cell | None:
    """The last valid minute before the mark; an hourly mark looks further back, and then a little ahead."""
    n = numbers()["temp"]
    hourly = mark.step_us >= _HOUR_US
    reach = int(n["reach_min"] if hourly else n["old_min"])
    m = mark.mark_us // MINUTE_US - table.first
    last = [i for i in range(max(m - reach, 0), min(m, table.value.size)) if table.source[i] != NONE][-1:]
    if not last and hourly:
        last = [i for i in range(max(m, 0), min(m + reach, table.value.size)) if table.source[i] != NONE][:1]
    if not last:
        return _empty(table, mark, range(max(m - reach, 0), min(m, table.value.size)))
    i = last[0]
    return _cell(table, mark, last, last, float(table.value[i]), (table.first + i) * MINUTE_US)


def _cell(table: Minutes, mark: Mark, window: Sequence[int], good: Sequence[int], value: float, time_us: int) -> Cell:
    state, rule = judged(table.signal, value, [names()[i] for i in table.doubt[good].tolist()])
    sources = Counter(table.source[good].tolist())
    stream = table.streams[min(sources, key=lambda i: (-sources[i], i))]
    return Cell(
        signal=table.signal.id,
        mark_us=mark.mark_us,
        time_us=time_us,
        value=value,
        unit=table.signal.unit,
        state=state,
        rule=rule,
        code=stream.code,
        device=stream.device,
        source=stream.source,
        site=stream.site,
        minutes=tuple(
            Minute(minute_us=(table.first + i) * MINUTE_US, median=float(table.value[i]), n=int(table.count[i]))
            for i in good
        ),
        dropped=_dropped(table, window),
        demo=bool(table.demo[good].any()),
        filter=filter_name(),
    )


def _empty(table: Minutes, mark: Mark, window: Sequence[int]) -> Cell | None:
    dropped = _dropped(table, window)
    if not dropped:
        return None
    window_end_us = (table.first + window[-1] + 1) * MINUTE_US
    stream = next(s for s in table.streams if s.told((table.first + window[0]) * MINUTE_US, window_end_us))
    return Cell(
        signal=table.signal.id,
        mark_us=mark.mark_us,
        time_us=mark.mark_us,
        value=None,
        unit=table.signal.unit,
        state=CellState.EMPTY,
        rule=max(sorted(dropped), key=lambda rule: dropped[rule]),
        code=stream.code,
        device=stream.device,
        source=stream.source,
        site=stream.site,
        dropped=dropped,
        filter=filter_name(),
    )


def _dropped(table: Minutes, window: Sequence[int]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for i in window:
        total.update(table.dropped.get(i, {}))
    return dict(sorted(total.items()))


def judged(signal: Signal, value: float, doubts: Sequence[str]) -> tuple[CellState, str]:
    """State and rule of a value, by its soft limits, then by what doubts its minutes ("" for none).

    A rule that holds counts when it doubts half of the minutes, one that marks when it doubts any.
    """
    if signal.soft_low is not None and value < signal.soft_low:
        return CellState.HELD, f"{signal.rules}.soft_low"
    if signal.soft_high is not None and value > signal.soft_high:
        return CellState.HELD, f"{signal.rules}.soft_high"
    told = Counter(rule for rule in doubts if rule)
    holding = sorted(rule for rule in told if rules()[rule].action is Action.HOLD)
    if 2 * sum(told[rule] for rule in holding) >= len(doubts) and holding:
        return CellState.HELD, max(holding, key=lambda rule: told[rule])
    marking = sorted(told)
    return CellState.CHARTED, max(marking, key=lambda rule: told[rule]) if marking else ""


def within(table: Minutes) -> NDArray[np.bool_]:
    """Minutes whose median is within the soft limits, shape (n,)."""
    signal = table.signal
    low = -np.inf if signal.soft_low is None else signal.soft_low
    high = np.inf if signal.soft_high is None else signal.soft_high
    return np.asarray((table.value >= low) & (table.value <= high))


def excursions(table: Minutes, of: Sequence[Cell], marks: Sequence[Mark]) -> Iterator[Excursion]:
    """Of each cell what its median hides: the farthest run below and the farthest above, of at least 60 s."""
    signal = table.signal
    if signal.deviation is None and signal.soft_low is None and signal.soft_high is None:
        return
    values = {cell.mark_us: cell.value for cell in of}
    time_us, value = table.readings()
    least_us = int(numbers()["excursion"]["min_s"]) * SECOND_US
    for mark in marks:
        middle = values.get(mark.mark_us)
        if middle is None:
            continue
        first, end = (int(i) for i in np.searchsorted(time_us, mark.period_us))
        inside, when = value[first:end], time_us[first:end]
        low, high = _bounds(signal, middle)
        if not inside.size or (inside.min() >= low and inside.max() <= high):
            continue
        for beyond, extreme in ((inside < low, np.min), (inside > high, np.max)):
            long = [
                (float(extreme(inside[a:b])), int(when[a]), int(when[a]) + lasting)
                for a, b in runs(beyond, when, _HOLE_US)
                if (lasting := lasting_us(when, a, b)) >= least_us
            ]
            if long:
                peak, start_us, end_us = max(long, key=lambda run: abs(run[0] - middle))
                yield Excursion(
                    signal=signal.id,
                    mark_us=mark.mark_us,
                    start_us=start_us,
                    end_us=end_us,
                    extreme=peak,
                    unit=signal.unit,
                )


def _bounds(signal: Signal, middle: float) -> tuple[float, float]:
    """Below and above which a reading is an excursion; a soft limit that the median is beyond hides nothing."""
    away = np.inf if signal.deviation is None else signal.deviation
    low, high = middle - away, middle + away
    if signal.soft_low is not None and middle >= signal.soft_low:
        low = max(low, signal.soft_low)
    if signal.soft_high is not None and middle <= signal.soft_high:
        high = min(high, signal.soft_high)
    return low, high
