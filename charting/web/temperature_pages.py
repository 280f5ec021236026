"""The department's temperature page, and the cases behind its bars."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from charting.quality.facts import Facts
from charting.quality.results import Result
from charting.reports import telling
from charting.reports.temperature import COLD_ROOM_C, MEASURES, RATES, Temperature, is_told
from charting.reports.temperature_charts import Link, charts
from charting.reports.words import said
from charting.web.api.quality import patients
from charting.web.context import Context, Here
from charting.web.problems import Problem
from charting.web.quality_asked import Asked, AskedFor, NarrowedFor, Side, list_href
from charting.web.quality_pages import PAGE, filters
from charting.web.shell import page

router = APIRouter(prefix="/quality/temperature", include_in_schema=False)

_TEXTS = ("monitoring", "core", "hypothermia")
"""Facts that are texts, whose values a list can be asked for."""


@router.get("")
def temperature_page(here: Here, request: Request, ask: AskedFor) -> Response:
    """Rates by month and by group, distributions, rooms; every point leads to its cases."""
    here.need("quality")
    current = here.department.counting.refresh()
    found = here.department.counting.temperature(ask.chosen)
    drawn = charts(found, here.lang, _link(ask) if here.can("read") else _nowhere)
    rest = ("drop", "nadir", "below", "twa", "pacu", "rooms", "monitoring", "core")
    return page(
        here,
        request,
        "temperature.html",
        still=True,
        **filters(here, ask),
        current=current,
        found=found,
        tiles=[_tile(here, ask, found.whole[code]) for code in RATES if code in found.whole],
        months=[chart.svg() for name, chart in drawn.items() if name.startswith("months.")],
        funnels=[chart.svg() for name, chart in drawn.items() if name.startswith("funnel.")],
        distributions=[drawn[name].svg() for name in rest],
        cold=[name for name, told in found.rooms.items() if told.middle < COLD_ROOM_C],
        measures=_measures(here, found),
        theatres=_theatres(here, ask, found),
        codes=[found.whole[code] for code in RATES if code in found.whole],
    )


def _nowhere(**_: object) -> str:
    return ""


def _link(ask: Asked) -> Link:
    def href(**what: object) -> str:
        """A list of members of a result (`code`, `side`), else of cases with a fact."""
        told = {key: str(value) for key, value in what.items()}
        code = told.pop("code", "")
        path = f"/quality/{quote(code)}" if code else "/quality/temperature/cases"
        return f"{path}?{ask.query(**told)}"

    return href


def _tile(here: Context, ask: Asked, result: Result) -> Mapping[str, object]:
    def opens(side: Side) -> str:
        return list_href(ask, result, side) if here.can("read") else ""

    return {
        "name": telling.name_of(result, here.lang),
        "code": result.indicator.code,
        "unit": said(f"report.unit.{result.indicator.unit}", here.lang),
        "parameters": telling.parameters_of(result, here.lang),
        "coverage": telling.coverage_of(result),
        "value": telling.value_of(result),
        "why": telling.why_of(result, here.lang),
        "interval": telling.interval_of(result),
        "n": len(result.numerator),
        "d": len(result.denominator),
        "n_href": opens("numerator"),
        "d_href": opens("denominator"),
        "unknown": len(result.unknown),
        "unknown_href": opens("unknown"),
    }


def _measures(here: Context, found: Temperature) -> Sequence[Sequence[str]]:
    rows = []
    for fact, told in found.measures.items():
        unit = telling.unit_of(fact)
        times, digits = (100, 0) if unit == "%" else (1, 0 if unit == "min" else 2)
        numbers = [told.middle, told.q1, told.q3, told.low, told.high]
        middle, q1, q3, low, high = (f"{value * times:.{digits}f}" for value in numbers)
        rows.append([said(f"fact.{fact}", here.lang), unit, str(told.n), middle, f"{q1} – {q3}", f"{low} – {high}"])
    return rows


def _theatres(here: Context, ask: Asked, found: Temperature) -> Sequence[Mapping[str, object]]:
    link = _link(ask)
    rows = []
    for room, results in found.groups.get("room", {}).items():
        air = found.rooms.get(room)
        rows.append({
            "room": room,
            "air": "–" if air is None else f"{air.middle:.1f} °C",
            "cold": air is not None and air.middle < COLD_ROOM_C,
            "rates": [
                _rate(results[code], link(code=code, side="numerator", room=room) if here.can("read") else "")
                for code in RATES
                if code in found.whole
            ],
        })  # fmt: skip
    return rows


def _rate(result: Result, href: str) -> Mapping[str, str]:
    if result.unavailable:
        return {"text": "–", "href": ""}
    return {"text": f"{telling.value_of(result)} ({len(result.numerator)}/{len(result.denominator)})", "href": href}


@router.get("/cases")
def cases_page(
    here: Here,
    request: Request,
    ask: NarrowedFor,
    fact: Annotated[str, Query(max_length=40)],
    value: Annotated[str, Query(max_length=40)] = "",
    low: float = -math.inf,
    high: float = math.inf,
    ga: Annotated[str, Query(pattern="^(yes)?$", description="General anaesthetics only")] = "",
    first: Annotated[int, Query(alias="at", ge=0, le=10_000_000)] = 0,
) -> Response:
    """Performed cases whose number of temperature lies in [low, high), or whose fact has this value."""
    here.need("quality")
    here.need("read")
    if fact not in (*MEASURES, *_TEXTS):
        raise Problem(404, "unknown")
    here.department.counting.refresh()
    found = [
        f
        for f in here.department.counting.facts(ask.chosen)
        if f.performed and (f.ga or not ga) and _holds(f, fact, value, low, high)
    ]
    shown = found[first : first + PAGE]
    named = patients(here, [f.case for f in shown])
    again = {"fact": fact, "value": value, "ga": ga}
    again |= {} if math.isinf(low) else {"low": f"{low:g}"}
    again |= {} if math.isinf(high) else {"high": f"{high:g}"}
    link = _link(ask)
    return page(
        here,
        request,
        "temperature_cases.html",
        still=True,
        **filters(here, ask),
        what=_what(here, fact, value, low, high),
        number=len(found),
        rows=[_case(here, f, fact, *named.get(f.case, ("", ""))) for f in shown],
        fact_key=fact,
        fact=said(f"fact.{fact}", here.lang),
        first=first,
        last=first + len(shown),
        earlier=link(**again, at=first - PAGE) if first else "",
        later=link(**again, at=first + PAGE) if first + PAGE < len(found) else "",
        narrowed=[part for part in (ask.chosen.department, ask.chosen.room) if part],
    )


def _holds(facts: Facts, fact: str, value: str, low: float, high: float) -> bool:
    said_ = getattr(facts, fact)
    if fact in _TEXTS:
        return bool(said_ == value)
    return is_told(facts, fact) and not math.isnan(said_) and low <= said_ < high


def _what(here: Context, fact: str, value: str, low: float, high: float) -> str:
    name = said(f"fact.{fact}", here.lang)
    if fact in _TEXTS:
        return here.words("quality.value_of", name=name, value=said(f"{fact}.{value}", here.lang))
    if math.isinf(low) and math.isinf(high):
        return name
    ends = ["…" if math.isinf(end) else f"{end:g}" if end > 1e-6 or end <= 0 else "> 0" for end in (low, high)]
    return here.words("quality.range_of", name=name, low=ends[0], high=ends[1], unit=telling.unit_of(fact))


def _case(here: Context, facts: Facts, fact: str, number: str, name: str) -> Mapping[str, object]:
    return {
        "case": facts.case,
        "patient": name or number,
        "number": number,
        "at": here.say.day(facts.anchor_us),
        "room": facts.room,
        "department": facts.department,
        "technique": said(f"technique.{facts.technique}", here.lang),
        "value": telling.told(facts, fact, here.lang),
        "hypothermia": said(f"hypothermia.{facts.hypothermia}", here.lang),
        "nadir": telling.told(facts, "nadir_c", here.lang),
    }
