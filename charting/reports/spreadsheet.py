"""The quality report as sheets of a workbook: a sheet per edition, lists of cases, temperatures, definitions. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from charting.case.clock import local
from charting.quality.facts import Facts
from charting.quality.figures import figure_kinds
from charting.quality.report import QualityReport
from charting.quality.results import Result
from charting.reports import telling
from charting.reports.charts import UNITS
from charting.reports.quality import DECISIONS
from charting.reports.temperature import GROUPS, Temperature
from charting.reports.words import said
from charting.reports.xlsx import Cell, Column, Sheet, Value

MOST = 20_000
"""Members that are listed at most: some 5 s of work. Of a longer period they are exported month by month."""


def sheets(
    report: QualityReport,
    *,
    lang: str,
    site: str,
    zone: str,
    temperature: Temperature | None = None,
    cases: Mapping[str, Facts] | None = None,
) -> Sequence[Sheet]:
    """`cases`: facts by case, for the lists of cases (in their place a note, where there are more than MOST); None:
    without them, for who may not read cases.
    """
    made = [_about(report, lang, site, zone)]
    for edition in report.editions:
        found = [r for r in report.results if r.indicator.edition == edition]
        made.append(_edition(edition, found, lang))
    if temperature is not None:
        made += [_months(temperature, lang), *_groups(temperature, lang), _measures(temperature, lang)]
    if cases is not None:
        made.append(_lists(report, cases, lang, zone))
    made.append(_definitions(report, lang))
    return made


def _about(report: QualityReport, lang: str, site: str, zone: str) -> Sheet:
    def word(key: str) -> str:
        return said(f"report.{key}", lang)

    lines: list[list[Value]] = [
        [Cell(value=site, strong=True)],
        [Cell(value=word("quality"), strong=True), report.period.name],
        [],
        [word("period"), local(report.period.start_us, zone), local(report.period.end_us, zone), zone],
        [word("department"), report.department or word("all_departments")],
        [word("cases"), report.cases],
        [word("unanchored"), report.unanchored, word("anchors")],
        [word("editions"), *(word(f"edition.{e}") for e in report.editions)],
        [word("view"), word("view.anaesthesia")],
        *[[getattr(kind, lang), report.figures.get(key, word("figure_missing"))]
          for key, kind in figure_kinds().items()],
        [word("rules"), *report.rules],
        [word("made"), local(report.made_us, zone)],
        [],
        [word("disclaimer")],
        [Cell(value=word("decisions"), strong=True)],
    ]  # fmt: skip
    lines += [[word(key)] for key in DECISIONS]
    return Sheet(name=word("overview"), above=lines, widths=(34, 22, 22))


def _edition(edition: str, results: Sequence[Result], lang: str) -> Sheet:
    def column(key: str, width: float, form: str = "") -> Column:
        return Column(title=said(f"report.{key}", lang), width=width, format=form)

    low, high = f"{said('report.interval', lang)} ↓", f"{said('report.interval', lang)} ↑"
    columns = [
        column("number", 6), column("code", 13), column("indicator", 38), column("counting", 9),
        column("numerator", 10, "#,##0"), column("denominator", 10, "#,##0"), column("value", 12),
        Column(title=low, width=12), Column(title=high, width=12), column("unknown", 10, "#,##0"),
        column("pending", 9, "#,##0"), column("happened", 10, "#,##0"), column("coverage", 10, "0.0%"),
        column("why", 34), column("parameters", 24), column("level", 18),
    ]  # fmt: skip
    return Sheet(name=said(f"report.edition.{edition}", lang), columns=columns,
                 rows=[_row(result, lang) for result in results])  # fmt: skip


def _row(result: Result, lang: str) -> Sequence[Value]:
    indicator, lacks = result.indicator, bool(result.unavailable)
    form = "#,##0" if indicator.kind == "count" else f'0.00" {UNITS.get(indicator.times, "")}"'
    low, high = result.interval or (None, None)
    return [
        indicator.number,
        indicator.code,
        telling.name_of(result, lang),
        said(f"report.unit.{indicator.unit}", lang),
        None if lacks else result.n,
        None if lacks else result.d,
        Cell(value=result.value, format=form, strong=True),
        Cell(value=low, format=form),
        Cell(value=high, format=form),
        len(result.unknown),
        len(result.pending) if indicator.finding else None,
        None if result.happened is None else len(result.happened),
        result.coverage,
        said(result.unavailable, lang) if lacks else "",
        telling.parameters_of(result, lang),
        said(f"report.level.{indicator.level}", lang),
    ]


def _lists(report: QualityReport, cases: Mapping[str, Facts], lang: str, zone: str) -> Sheet:
    titles = ("code", "indicator", "side", "patient_key", "case", "anchor", "room", "department", "technique")
    widths = (13, 36, 12, 20, 36, 18, 12, 16, 16)
    columns = [
        Column(title=said(f"report.{key}", lang), width=width) for key, width in zip(titles, widths, strict=True)
    ]
    listed = sum(len(getattr(result, side)) for result in report.results for side in telling.LISTED)
    if listed > MOST:
        return Sheet(name=said("report.lists", lang), above=[[said("report.lists_long", lang, n=listed, most=MOST)]])
    rows = [row for result in report.results for row in _listed(result, cases, lang, zone)]
    return Sheet(name=said("report.lists", lang), columns=columns, rows=rows)


def _listed(result: Result, cases: Mapping[str, Facts], lang: str, zone: str) -> Iterator[Sequence[Value]]:
    for side in telling.LISTED:
        for member in getattr(result, side):
            for case in member.cases:
                facts = cases.get(case)
                yield [
                    result.indicator.code,
                    telling.name_of(result, lang),
                    said(f"report.side.{side}", lang),
                    facts.patient.partition(":")[2] if facts else "",
                    case,
                    local(facts.anchor_us, zone) if facts else None,
                    facts.room if facts else "",
                    facts.department if facts else "",
                    said(f"technique.{facts.technique}", lang) if facts else "",
                ]


def _months(found: Temperature, lang: str) -> Sheet:
    return _rates(said("report.months_title", lang), said("report.period", lang), found.months, found, lang)


def _groups(found: Temperature, lang: str) -> Iterator[Sheet]:
    for fact in GROUPS:
        named = {
            said(f"technique.{name}", lang) if fact == "technique" else name: results
            for name, results in found.groups.get(fact, {}).items()
        }
        title = said(f"report.by.{fact}", lang)
        yield _rates(title, said(f"fact.{fact}", lang), named, found, lang)


def _rates(
    name: str, first: str, rows: Mapping[str, Mapping[str, Result]], found: Temperature, lang: str
) -> Sheet:  # fmt: skip
    columns = [Column(title=first, width=16)]
    for result in found.whole.values():
        title = f"{result.indicator.code} {result.indicator.name[lang]}"
        columns += [
            Column(title=f"{title} · {said('report.numerator', lang)}", width=14, format="#,##0"),
            Column(title=f"{title} · {said('report.denominator', lang)}", width=14, format="#,##0"),
            Column(title=title, width=16, format=f'0.00" {UNITS.get(result.indicator.times, "")}"'),
        ]
    made: list[list[Value]] = []
    for key, results in rows.items():
        row: list[Value] = [key]
        for code in found.whole:
            result = results[code]
            row += [len(result.numerator), len(result.denominator), result.value]
        made.append(row)
    return Sheet(name=name, columns=columns, rows=made)


def _measures(found: Temperature, lang: str) -> Sheet:
    titles = [said("report.measure", lang), "", said("report.n", lang), said("report.middle", lang), "Q1", "Q3",
              "min", "max"]  # fmt: skip
    rows: list[list[Value]] = [
        [said(f"fact.{fact}", lang), telling.unit_of(fact), told.n, *(
            value * (100 if telling.unit_of(fact) == "%" else 1)
            for value in (told.middle, told.q1, told.q3, told.low, told.high)
        )]
        for fact, told in found.measures.items()
    ]  # fmt: skip
    columns = [
        Column(title=t, width=40 if n == 0 else 10, format="0.00" if n > 2 else "") for n, t in enumerate(titles)
    ]
    return Sheet(name=said("report.measures_title", lang), columns=columns, rows=rows)


def _definitions(report: QualityReport, lang: str) -> Sheet:
    titles = ("code", "indicator", "above", "below", "window", "exclusions", "note", "grade", "source")
    columns = [
        Column(title=said(f"report.{key}", lang), width=width)
        for key, width in zip(titles, (13, 30, 36, 32, 28, 30, 48, 8, 14), strict=True)
    ]
    found = {r.indicator.code: r.indicator for r in report.results}
    rows: list[list[Value]] = [
        [i.code, i.name[lang], *(text.get(lang, "") for text in (i.above, i.below, i.window, i.exclusions, i.note)),
         i.grade, i.source]
        for i in found.values()
    ]  # fmt: skip
    return Sheet(name=said("report.definitions", lang), columns=columns, rows=rows)
