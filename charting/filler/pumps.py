"""Infusions as the pumps tell them. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from charting.trail.contents import Infusion, Rate, Term
from collector.model import Quality, Reading, Role, Series
from collector.series import Points

RATE_CODES = ("MDC_FLOW_FLUID_PUMP", "MDC_FLOW_FLUID_PUMP_CURRENT")
NAME_CODE = "MDC_DRUG_NAME_POINTER"
ITEM = "pump:"
"""How the ids of their items begin."""
SILENT_US = 5 * 60_000_000
"""A pump that says nothing for longer has ended when it was last heard: what it did since nobody knows."""


def infusions(
    rates: Sequence[Points], names: Iterable[Reading], start_us: int, until_us: int
) -> Mapping[str, Infusion]:
    """Id of an item → what a pump gave in [start_us, until_us): from the first flow on, with each change of its rate.

    Rates are those that the pump has measured, where it tells both. The drug is what the pump calls it, a name without
    a code until a person chooses the term; without a name it is the pump's own. Another name begins another infusion;
    only the first one told in a run reaches back to its beginning. Of a device that tells names of several channels
    nobody knows which one is whose, unless their sources name the pump ("50111/INSOL" beside "50111/INRT"): none is
    taken.
    """
    found: dict[str, Infusion] = {}
    told = sorted((r for r in names if r.text), key=lambda r: r.time_us)
    for points in _best(rates):
        series = points.series
        good = np.isfinite(points.value) & np.isin(points.quality, (Quality.VALID.value, Quality.QUESTIONABLE.value))
        good &= (points.time_us >= start_us) & (points.time_us < until_us)
        times, values = points.time_us[good], points.value[good]
        named = [r for r in told if r.series.device == series.device and _of_one_pump(r.series, series)]
        calls = [(r.time_us, r.text) for r in named] if len({r.series for r in named}) == 1 else []
        for run in np.split(np.arange(times.size), np.flatnonzero(np.diff(times) > SILENT_US) + 1):
            for part, name, end_us in _by_name(run, times, calls):
                given = part[np.cumsum(values[part] != 0) > 0]
                if not given.size:
                    continue
                changes = given[np.concatenate(([True], np.diff(values[given]) != 0))]
                last_us = int(times[given[-1]])
                found[_item(series, int(times[given[0]]))] = Infusion(
                    what="drug",
                    drug=_named(name, " ".join((series.device, ".".join(_pump(series)))).strip()),
                    unit=series.channel.unit,
                    rates=tuple(Rate(at_us=int(times[i]), rate=float(values[i])) for i in changes),
                    stop_us=end_us if end_us is not None else last_us if until_us - last_us > SILENT_US else None,
                    device=series.device,
                )
    return found


def _by_name(
    run: NDArray[np.int64], times: NDArray[np.int64], calls: Sequence[tuple[int, str | None]]
) -> Iterator[tuple[NDArray[np.int64], str | None, int | None]]:
    """Parts of a run by the name in force, and when another name ended each; `calls` in order of time."""
    if not run.size:
        return
    first_us, last_us = int(times[run[0]]), int(times[run[-1]])
    name = next((text for at_us, text in reversed(calls) if at_us <= first_us), None)
    for at_us, text in calls:
        if not first_us < at_us <= last_us or text == name:
            continue
        if name is not None:
            yield run[times[run] < at_us], name, at_us
            run = run[times[run] >= at_us]
        name = text
    yield run, name, None


def _best(rates: Sequence[Points]) -> Iterable[Points]:
    """Measured rates, and set ones of devices that measure none."""
    measuring = {p.series.device for p in rates if p.series.channel.role is Role.MEASURED}
    for points in rates:
        role = points.series.channel.role
        if role is Role.MEASURED or (role is Role.SET and points.series.device not in measuring):
            yield points


def _pump(series: Series) -> tuple[str, ...]:
    """Which pump of a rack a channel is of: what its source has before the slash, of an IHE path device and module."""
    path = series.channel.source.rpartition("/")[0].split(".")
    return tuple(part for part in path[:2] if part not in {"", "0"})


def _of_one_pump(name: Series, rate: Series) -> bool:
    """False where their sources name two pumps."""
    return all(one == other for one, other in zip(_pump(name), _pump(rate), strict=False))


def _item(series: Series, start_us: int) -> str:
    """The same for the same flow of the same channel; names of devices hold whatever people call them."""
    channel = sha256(f"{series.device}\n{series.channel.source}".encode()).hexdigest()[:16]
    return f"{ITEM}{channel}@{start_us}"


def _named(name: str | None, pump: str) -> Term:
    return Term(library="", version="", code="", zh=name or f"输注泵 {pump}", en=name or f"Pump {pump}")
