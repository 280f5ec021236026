"""The quality report for a terminal and for programs: lines of text in zh or en, and JSON. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from charting.case.clock import local
from charting.quality.figures import figure_kinds
from charting.quality.report import QualityReport
from charting.quality.results import Member, Result
from charting.reports import telling
from charting.reports.terminal import aligned, columns
from charting.reports.words import said

_COLUMNS = ("indicator", "numerator", "denominator", "value", "interval", "coverage", "unknown", "pending")


def lines(report: QualityReport, *, lang: str, zone: str, listed: bool = False) -> Iterator[str]:
    """`listed`: under each number the cases of its members, a member a line."""
    yield from _about(report, lang, zone)
    for edition in report.editions:
        yield ""
        yield said(f"report.edition.{edition}", lang)
        found = [r for r in report.results if r.indicator.edition == edition]
        rows = [[said(f"report.{column}", lang) for column in _COLUMNS], *(_row(r, lang) for r in found)]
        wide = [max(columns(row[n]) for row in rows) for n in range(len(_COLUMNS))]
        yield aligned(rows[0], wide)
        for result, row in zip(found, rows[1:], strict=True):
            yield aligned(row, wide)
            yield from (f"    {line}" for line in _below(result, lang))
            if listed:
                yield from (f"      {line}" for line in _members(result, lang))


def to_json(report: QualityReport, *, zone: str, listed: bool = False) -> Mapping[str, Any]:
    """`n`, `d`, `value`, `interval` are null where a number is unavailable; `listed`: members as lists of cases."""
    period = report.period
    return {
        "period": {
            "name": period.name,
            "start": local(period.start_us, zone).isoformat(),
            "end": local(period.end_us, zone).isoformat(),
        },
        "made": local(report.made_us, zone).isoformat(),
        "department": report.department,
        "editions": list(report.editions),
        "cases": report.cases,
        "unanchored": report.unanchored,
        "figures": dict(report.figures),
        "rules": list(report.rules),
        "results": [_result_json(result, listed=listed) for result in report.results],
    }


def _about(report: QualityReport, lang: str, zone: str) -> Iterator[str]:
    def word(key: str) -> str:
        return said(f"report.{key}", lang)

    period = report.period
    ends = " – ".join(f"{local(at_us, zone):%Y-%m-%d %H:%M}" for at_us in (period.start_us, period.end_us))
    yield word("quality")
    yield f"{word('period')}: {period.name} ({ends}, {zone})"
    yield f"{word('department')}: {report.department or word('all_departments')}"
    yield f"{word('cases')}: {report.cases} ({word('unanchored')}: {report.unanchored})"
    told = ", ".join(f"{getattr(figure_kinds()[k], lang)} = {v:g}" for k, v in report.figures.items())
    yield f"{word('figures')}: {told or word('figure_missing')}"
    yield f"{word('rules')}: {', '.join(report.rules)}"


def _row(result: Result, lang: str) -> Sequence[str]:
    lacks = bool(result.unavailable)
    return (
        f"{result.key}  {telling.name_of(result, lang)}",
        "–" if lacks else telling.count(result.n),
        "–" if lacks else telling.count(result.d),
        "–" if lacks else telling.value_of(result),
        telling.interval_of(result),
        telling.coverage_of(result),
        str(len(result.unknown)),
        str(len(result.pending)),
    )


def _below(result: Result, lang: str) -> Iterator[str]:
    if result.unavailable:
        yield telling.why_of(result, lang)
    if result.parameters:
        told = ", ".join(f"{said(f'quality.parameter.{k}', lang)} = {_plain(v)}" for k, v in result.parameters.items())
        yield f"{said('report.parameters', lang)}: {told}"


def _members(result: Result, lang: str) -> Iterator[str]:
    for side in telling.LISTED[1:] if result.unavailable else telling.LISTED:
        for member in getattr(result, side):
            yield f"{said(f'report.side.{side}', lang)}  {' '.join(member.cases)}"


def _plain(value: float | bool | str) -> str:
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value).lower()


def _result_json(result: Result, *, listed: bool) -> Mapping[str, Any]:
    indicator, lacks = result.indicator, bool(result.unavailable)
    told: dict[str, Any] = {
        "key": result.key,
        "edition": indicator.edition,
        "code": indicator.code,
        "number": indicator.number,
        "group": result.group,
        "variant": result.variant,
        "name": {lang: telling.name_of(result, lang) for lang in ("zh", "en")},
        "kind": indicator.kind,
        "unit": indicator.unit,
        "times": indicator.times,
        "parameters": dict(result.parameters),
        "n": None if lacks else result.n,
        "d": None if lacks else result.d,
        "value": result.value,
        "interval": None if result.interval is None else list(result.interval),
        "coverage": result.coverage,
        "unknown": len(result.unknown),
        "pending": len(result.pending),
        "happened": None if result.happened is None else len(result.happened),
        "unavailable": result.unavailable,
        "reason": {lang: telling.why_of(result, lang) for lang in ("zh", "en")},
    }
    if listed:
        told["members"] = {side: _cases(getattr(result, side)) for side in ("denominator", *telling.LISTED)}
    return told


def _cases(members: Sequence[Member]) -> Sequence[Sequence[str]]:
    return [list(member.cases) for member in members]
