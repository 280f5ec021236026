"""Quality pages: the indicators of a period, who counts, candidates, figures, frozen months. The API says the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from charting.quality.figures import figure_kinds
from charting.quality.freeze import Difference, compare, frozen, snapshot
from charting.quality.report import QualityReport
from charting.quality.results import Member, Result
from charting.reports import telling
from charting.reports.quality import DECISIONS
from charting.reports.words import said
from charting.web.api.quality import Code, Name, candidates, kept_of, patients, whole_month
from charting.web.context import Context, Here
from charting.web.quality_asked import (
    SIDES,
    Asked,
    AskedFor,
    NarrowedFor,
    Side,
    choices,
    list_href,
    members,
    neighbours,
    result_of,
)
from charting.web.shell import page

router = APIRouter(prefix="/quality", include_in_schema=False)

PAGE = 100
"""Members on one page of a list."""
_DAY_US = 86_400_000_000
_NAMED = 20
"""As many moved cases are named; of more their number is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number on the page; `href`: the list that it opens to."""

    text: str
    href: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A result as the page shows it. `first`: of its indicator; the others are its further groups and variants."""

    result: Result
    first: bool
    name: str
    numbers: Mapping[str, Number]
    value: str
    interval: str
    coverage: str
    why: str
    parameters: str


def _page(here: Context, request: Request, template: str, /, **values: object) -> Response:
    """One that stands still: its numbers do not change under the reader's eyes."""
    return page(here, request, template, still=True, **values)


def filters(here: Context, ask: Asked) -> Mapping[str, object]:
    """What the form above a quality page offers."""
    counting = here.department.counting
    return {
        "ask": ask,
        "periods": choices(here, ask),
        "departments": counting.departments(ask.period),
        "editions": counting.catalogue.editions,
        "near": {key: f"?{ask.query(period=name)}" for key, name in neighbours(ask, here.clock.zone).items()},
        "first_day": f"{here.clock.local(ask.period.start_us):%Y-%m-%d}",
        "last_day": f"{here.clock.local(ask.period.end_us - 1):%Y-%m-%d}",
        "said": lambda key, **params: said(key, here.lang, **params),
    }


@router.get("")
def quality(here: Here, request: Request, ask: AskedFor) -> Response:
    """The indicators of a period."""
    here.need("quality")
    current = here.department.counting.refresh()
    report = here.department.counting.report(ask.chosen)
    kept = frozen(here.trail, ask.period.name) if ask.period.is_month else []
    editions = [e for e in report.editions if ask.edition in {"all", e}]
    return _page(
        here,
        request,
        "quality.html",
        **filters(here, ask),
        report=report,
        current=current,
        tables=[(edition, list(_rows(here, ask, report, edition))) for edition in editions],
        figures=[
            (getattr(kind, here.lang), telling.count(report.figures[key]) if key in report.figures else "")
            for key, kind in figure_kinds().items()
        ],
        kept=kept,
        may_freeze=here.can("freeze") and ask.period.is_month and ask.period.end_us <= here.now_us(),
        decisions=DECISIONS,
        waiting=sum(len(f.candidates) for f in here.department.counting.facts(ask.chosen)),
    )


def _rows(here: Context, ask: Asked, report: QualityReport, edition: str) -> Iterator[Row]:
    before = ""
    for result in report.results:
        if result.indicator.edition != edition:
            continue
        yield _row(here, ask, result, first=result.indicator.code != before)
        before = result.indicator.code


def _row(here: Context, ask: Asked, result: Result, *, first: bool) -> Row:
    indicator, lacks = result.indicator, bool(result.unavailable)
    counted = indicator.kind == "count"
    return Row(
        result=result,
        first=first,
        name=telling.name_of(result, here.lang),
        numbers={
            "numerator": Number(text="–") if lacks else _number(here, ask, result, "numerator", result.n),
            "denominator": Number(text="–")
            if lacks or counted
            else _number(here, ask, result, "denominator", result.d or 0.0),
            "unknown": _number(here, ask, result, "unknown", len(result.unknown)),
            "pending": _number(here, ask, result, "pending", len(result.pending))
            if indicator.finding
            else Number(text="–"),
            "happened": Number(text="–")
            if result.happened is None
            else _number(here, ask, result, "happened", len(result.happened)),
        },
        value=telling.value_of(result),
        interval=telling.interval_of(result) if ask.interval else "",
        coverage=telling.coverage_of(result),
        why=telling.why_of(result, here.lang),
        parameters=telling.parameters_of(result, here.lang),
    )


def _number(here: Context, ask: Asked, result: Result, side: Side, number: float) -> Number:
    """A figure that somebody has told has no list."""
    figure = {"numerator": result.indicator.numerator_figure, "denominator": result.indicator.denominator_figure}
    opens = here.can("read") and number > 0 and not figure.get(side)
    strong = number > 0 and side in {"unknown", "pending"}
    return Number(text=telling.count(number), href=list_href(ask, result, side) if opens else "", strong=strong)


@router.get("/candidates")
def candidates_page(here: Here, request: Request, ask: AskedFor) -> Response:
    """The work list of what waits for a clinician."""
    here.need("quality")
    here.need("read")
    here.department.counting.refresh()
    now_us = here.now_us()
    found = [
        {**candidate.model_dump(), "days": max(0, (now_us - candidate.at_us) // _DAY_US)}
        for candidate in candidates(here, ask)
    ]
    return _page(here, request, "quality_candidates.html", **filters(here, ask), candidates=found)


@router.get("/figures")
def figures_page(
    here: Here, request: Request, year: Annotated[str, Query(pattern=r"^(20\d\d)?$")] = ""
) -> Response:  # fmt: skip
    """Numbers from outside, a year at a time."""
    here.need("quality")
    now = f"{here.clock.local(here.now_us()):%Y}"
    chosen = year or now
    told = here.department.counting.figures().told
    kinds = [
        {
            "kind": kind,
            "name": getattr(kind, here.lang),
            "parts": [
                (of, told.get((kind.key, of)))
                for of in ([chosen] if kind.per == "year" else [f"{chosen}-{month:02}" for month in range(1, 13)])
            ],
        }
        for kind in figure_kinds().values()
    ]
    years = sorted({chosen, *(str(int(now) - back) for back in range(-1, 4))}, reverse=True)
    return _page(
        here, request, "quality_figures.html", kinds=kinds, year=chosen, years=years, may_tell=here.can("figures")
    )


@router.get("/frozen")
def frozen_page(here: Here, request: Request) -> Response:
    here.need("quality")
    return _page(here, request, "quality_frozen.html", kept=list(reversed(frozen(here.trail))))


@router.get("/frozen/{seq}")
def compare_page(here: Here, request: Request, seq: int) -> Response:
    """A frozen month against what is known of it now."""
    here.need("quality")
    here.department.counting.refresh()
    kept = kept_of(here, seq)
    now = whole_month(here, kept.snapshot.period)
    after = snapshot(now)
    found = {result.key: result for result in now.results}
    names = {key: telling.name_of(result, here.lang) for key, result in found.items()}
    differences = [_difference(here, each, names) for each in compare(kept.snapshot, after)]
    return _page(
        here,
        request,
        "quality_compare.html",
        kept=kept,
        now=after,
        differences=differences,
        rules_differ=tuple(kept.snapshot.rules) != tuple(after.rules),
    )


def _difference(here: Context, found: Difference, names: Mapping[str, str]) -> Mapping[str, object]:
    def told(standing: object) -> str:
        n, d, why = (getattr(standing, name, None) for name in ("n", "d", "unavailable"))
        if standing is None or n is None:
            return "–"
        if why:
            below = "" if d is None else f" · {said('report.denominator', here.lang)} {telling.count(d)}"
            return said("report.unavailable", here.lang, why=said(str(why), here.lang)) + below
        unknown = len(getattr(standing, "unknown", ()))
        counted = telling.count(n) if d is None else f"{telling.count(n)} / {telling.count(d)}"
        more = f" · {said('report.side.unknown', here.lang)} {unknown}" if unknown else ""
        return counted + more

    return {
        "key": found.key,
        "name": names.get(found.key, found.key),
        "before": told(found.before),
        "after": told(found.after),
        "moved": [
            (word, [_called(here, case) for case in cases[:_NAMED]] if here.can("read") else [], len(cases))
            for word, cases in (
                ("came", found.came),
                ("went", found.went),
                ("came_below", found.denominator_came),
                ("went_below", found.denominator_went),
                ("came_unknown", found.unknown_came),
                ("went_unknown", found.unknown_went),
            )
            if cases
        ],
    }


def _called(here: Context, case: str) -> tuple[str, str]:
    """The case, and what people call it by: its patient's name or number."""
    number, name = patients(here, [case]).get(case, ("", ""))
    return case, name or number or case


@router.get("/{code}")
def list_page(
    here: Here,
    request: Request,
    code: Code,
    ask: NarrowedFor,
    side: Side = "numerator",
    group: Name = "",
    variant: Name = "",
    first: Annotated[int, Query(alias="at", ge=0, le=10_000_000)] = 0,
) -> Response:
    """Who is on a side of a number: as many rows as it says, a page at a time."""
    here.need("quality")
    here.need("read")
    here.department.counting.refresh()
    result = result_of(here, ask, code, group, variant)
    found = members(result, side)
    shown = found[first : first + PAGE]
    return _page(
        here,
        request,
        "quality_list.html",
        **filters(here, ask),
        result=result,
        name=telling.name_of(result, here.lang),
        side=side,
        sides=[
            (each, len(members(result, each)), list_href(ask, result, each))
            for each in SIDES
            if each != "happened" or result.happened is not None
            if each != "pending" or result.indicator.finding
        ],
        number=len(found),
        rows=_members(here, ask, result, shown, first),
        first=first,
        last=first + len(shown),
        earlier=list_href(ask, result, side, at=str(first - PAGE)) if first else "",
        later=list_href(ask, result, side, at=str(first + PAGE)) if first + PAGE < len(found) else "",
        narrowed=_narrowed(here, ask),
        value=telling.value_of(result),
        why=telling.why_of(result, here.lang),
        coverage=telling.coverage_of(result),
        parameters=telling.parameters_of(result, here.lang),
    )


def _narrowed(here: Context, ask: Asked) -> Sequence[str]:
    chosen = ask.chosen
    technique = said(f"technique.{chosen.technique}", here.lang) if chosen.technique else ""
    return [part for part in (chosen.department, chosen.room, technique) if part]


def _members(
    here: Context, ask: Asked, result: Result, shown: Sequence[Member], first: int
) -> Sequence[Mapping[str, object]]:
    cases = here.department.counting.by_case(ask.period)
    named = patients(here, [case for member in shown for case in member.cases])
    asked = telling.facts_of(result)
    rows = []
    for place, member in enumerate(shown, first + 1):
        number, name = named.get(member.cases[0], ("", ""))
        rows.append({
            "place": place,
            "patient": name or number,
            "number": number,
            "cases": [
                {
                    "case": case,
                    "at": here.say.day(cases[case].anchor_us),
                    "anchor": said(f"anchor.{cases[case].anchor}", here.lang),
                    "anchor_odd": cases[case].anchor != "t_anes_start",
                    "room": cases[case].room,
                    "department": cases[case].department,
                    "facts": [
                        (said(f"fact.{fact}", here.lang), telling.told(cases[case], fact, here.lang)) for fact in asked
                    ],
                    "pending": result.indicator.finding in cases[case].candidates,
                }
                for case in member.cases
            ],
        })  # fmt: skip
    return rows
