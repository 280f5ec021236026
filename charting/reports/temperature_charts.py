"""The temperature page's charts, in their order. Pure; the same for a page of a browser and of paper."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from charting.quality.results import Result
from charting.reports.canvas import Chart
from charting.reports.charts import Bar, Point, Spread, bars, funnel, histogram, run_chart, spreads
from charting.reports.temperature import (
    COLD_ROOM_C,
    HYPOTHERMIC,
    MONITORED,
    PACU_COLD,
    RATES,
    WARMED,
    Temperature,
    edges,
)
from charting.reports.words import said

Link = Callable[..., str]
"""Where a point leads to, by what its list is asked for (code, side, period, room, fact, …); "": nowhere."""

_NOTHING = 1e-9
_MINUTES = (0.0, _NOTHING, 30.0, 60.0, 120.0, 240.0, math.inf)
_DEPTHS = (0.0, _NOTHING, 0.1, 0.25, 0.5, 1.0, math.inf)
"""Ends of bands, min and °C; half-open."""
_MONITORING = ("continuous", "spot", "none")
_CORE = ("core", "near_core", "unknown")
_FUNNELS = ((HYPOTHERMIC, "room"), (HYPOTHERMIC, "department"), (HYPOTHERMIC, "technique"), (MONITORED, "room"),
            (WARMED, "room"), (PACU_COLD, "room"))  # fmt: skip


def nowhere(**_: object) -> str:
    """On paper nothing leads anywhere."""
    return ""


def charts(found: Temperature, lang: str, link: Link = nowhere) -> Mapping[str, Chart]:
    """Name of a chart → the chart; a rate that the catalogue does not have has none."""
    drawn = {f"months.{code}": _months(found, code, lang, link) for code in RATES if code in found.whole}
    drawn |= {
        f"funnel.{code}.{fact}": _funnel(found, code, fact, lang, link)
        for code, fact in _FUNNELS
        if code in found.whole
    }
    return {
        **drawn,
        "drop": _histogram(found, "first_hour_drop_c", 0.25, lang, link),
        "nadir": _histogram(found, "nadir_c", 0.25, lang, link, [(36.0, "36.0 °C")]),
        "below": _bands(found, "below_36_min", _MINUTES, lang, link),
        "twa": _bands(found, "twa36", _DEPTHS, lang, link),
        "pacu": _histogram(found, "pacu_first_c", 0.25, lang, link, [(36.0, "36.0"), (35.5, "35.5")]),
        "rooms": _rooms(found, lang, link),
        "monitoring": _kinds(found, "monitoring", _MONITORING, lang, link, ga=True),
        "core": _kinds(found, "core", _CORE, lang, link, ga=False),
    }


def _name(result: Result, lang: str) -> str:
    return result.indicator.name[lang]


def _below_line(result: Result, lang: str) -> str:
    """What is counted, of whom."""
    unit = said(f"report.unit.{result.indicator.unit}", lang)
    return f"{result.indicator.code} · {unit} ÷ {result.indicator.below.get(lang, '')}"


def _months(found: Temperature, code: str, lang: str, link: Link) -> Chart:
    whole = found.whole[code]
    points = [
        _point(results[code], name[5:], link(code=code, side="numerator", period=name))
        for name, results in found.months.items()
    ]
    names = list(found.months)
    title = f"{_name(whole, lang)}  {names[0]} – {names[-1]}"
    return run_chart(points, title=title, below=_below_line(whole, lang), times=whole.indicator.times, lang=lang)


def _point(result: Result, name: str, href: str) -> Point:
    """Where there is no number there is no point: what nobody knows is not 0."""
    if result.unavailable:
        return Point(name=name, n=0, d=0)
    return Point(name=name, n=len(result.numerator), d=len(result.denominator), href=href)


def _funnel(found: Temperature, code: str, fact: str, lang: str, link: Link) -> Chart:
    whole = found.whole[code]
    points = [
        _point(
            results[code],
            said(f"technique.{name}", lang) if fact == "technique" else name,
            link(code=code, side="numerator", **{fact: name}),
        )
        for name, results in found.groups[fact].items()
    ]
    by = said(f"report.by.{fact}", lang)
    return funnel(points, title=f"{_name(whole, lang)}: {by}", below=_below_line(whole, lang),
                  times=whole.indicator.times, lang=lang)  # fmt: skip


def _histogram(
    found: Temperature, fact: str, step: float, lang: str, link: Link, lines: Sequence[tuple[float, str]] = ()
) -> Chart:
    unit = said(f"fact.unit.{fact}", lang)
    ends = edges(found.values(fact), step)
    drawn = [
        Bar(
            name=f"{low:g} – {high:g} {unit}",
            value=n,
            href=link(fact=fact, low=f"{low:g}", high=f"{high:g}") if n else "",
            strong=_is_cold(fact, low),
        )
        for low, high, n in zip(ends, ends[1:], found.within(fact, ends), strict=False)
    ]
    told = found.measures.get(fact)
    below = said("report.no_values", lang)
    if told is not None:
        below = said("report.quartiles", lang, n=told.n, middle=f"{told.middle:.2f}", q1=f"{told.q1:.2f}",
                     q3=f"{told.q3:.2f}", unit=unit)  # fmt: skip
    return histogram(drawn, ends, title=said(f"fact.{fact}", lang), below=below, unit=unit, lang=lang, lines=lines)


def _is_cold(fact: str, low: float) -> bool:
    return low < 36.0 if fact in {"nadir_c", "pacu_first_c"} else low >= 0.0


def _bands(found: Temperature, fact: str, ends: Sequence[float], lang: str, link: Link) -> Chart:
    """How many cases lie in each band; the first is those that have nothing of it."""
    unit, counted, drawn = said(f"fact.unit.{fact}", lang), found.within(fact, ends), []
    for (low, high), n in zip(pairwise(ends), counted, strict=True):
        name = "0" if low == 0 else f"< {high:g}" if low < _NOTHING * 2 else f"{low:g} – {high:g}"
        name = f"≥ {low:g}" if math.isinf(high) else name
        href = link(fact=fact, low=f"{low:g}", high=f"{high:g}") if n else ""
        drawn.append(Bar(name=f"{name} {unit}", value=n, text=_share(n, sum(counted)), href=href, strong=low > 0))
    below = said("report.of_cases", lang, n=sum(counted))
    return bars(drawn, title=said(f"fact.{fact}", lang), below=below, lang=lang, high=480)


def _kinds(found: Temperature, fact: str, values: Sequence[str], lang: str, link: Link, *, ga: bool) -> Chart:
    counted = [(value, n) for value, n in found.counted(fact, values, ga=ga) if n or value != "unknown"]
    whole = sum(n for _, n in counted)
    only = {"ga": "yes"} if ga else {}
    drawn = [
        Bar(
            name=said(f"{fact}.{value}", lang),
            value=n,
            text=_share(n, whole),
            href=link(fact=fact, value=value, **only) if n else "",
            strong=value not in {"none", "unknown"},
        )
        for value, n in counted
    ]
    below = said("report.of_general" if ga else "report.of_cases", lang, n=whole)
    return bars(drawn, title=said(f"fact.{fact}", lang), below=below, lang=lang, high=280)


def _share(n: int, of: int) -> str:
    return f"{n} ({n / of:.0%})".replace("%", " %") if of else str(n)


def _rooms(found: Temperature, lang: str, link: Link) -> Chart:
    drawn = [
        Spread(
            name=name,
            low=told.low,
            q1=told.q1,
            middle=told.middle,
            q3=told.q3,
            high=told.high,
            n=told.n,
            href=link(fact="room_c", room=name),
        )
        for name, told in found.rooms.items()
    ]
    cold = f"{COLD_ROOM_C:g} °C"
    return spreads(drawn, title=said("report.rooms", lang), below=said("report.rooms_below", lang), unit="°C",
                   lang=lang, lines=[(COLD_ROOM_C, cold)])  # fmt: skip
