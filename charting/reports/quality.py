"""The quality report as A4 pages: facts, indicators, temperatures, decisions, definitions. Pure: data in, SVG out."""

from collections.abc import Sequence
from dataclasses import dataclass

from charting.case.clock import local
from charting.quality.figures import figure_kinds
from charting.quality.report import QualityReport
from charting.quality.results import Result
from charting.reports import page, telling
from charting.reports.canvas import Chart
from charting.reports.temperature import GROUPS, HYPOTHERMIC, MONITORED, PACU_COLD, WARMED, Temperature
from charting.reports.temperature_charts import charts
from charting.reports.words import said
from charting.sheet.flow import Flow
from charting.sheet.paper import ALERT, FAINT, HOUR, INK, LEFT, RIGHT, RULE, TOP, Paper
from charting.sheet.text import BOLD, width, wrap

_WIDE = RIGHT - LEFT
_COLUMNS = (("number", 60.0), ("indicator", 740.0), ("numerator", 150.0), ("denominator", 150.0), ("value", 190.0),
            ("interval", 250.0), ("unknown", 130.0), ("pending", 120.0), ("coverage", 130.0))  # fmt: skip
"""Of the table of indicators: key of words.csv and width; together the page's."""
_NUMERIC = 2
DECISIONS = (
    "anchoring",
    "dedupe",
    "missing",
    "followup",
    "candidates",
    "icu_plan",
    "smoothing",
    "indeterminate",
    "sites",
)
"""What is decided where the sources are silent (grade D), as the report says it: keys of words.csv."""


@dataclass(frozen=True, kw_only=True)
class _Scene:
    report: QualityReport
    lang: str
    site: str
    zone: str

    def __call__(self, key: str, **params: object) -> str:
        return said(f"report.{key}", self.lang, **params)

    def moment(self, at_us: int) -> str:
        return f"{local(at_us, self.zone):%Y-%m-%d %H:%M}"

    @property
    def department(self) -> str:
        return self.report.department or self("all_departments")


def pages(
    report: QualityReport, *, lang: str, site: str, zone: str, temperature: Temperature | None = None
) -> list[str]:
    """The report's results in its editions; with `temperature` its charts. `lang`: zh or en; `zone`: IANA name."""
    scene = _Scene(report=report, lang=lang, site=site, zone=zone)
    flow = Flow(lambda index: _begin(scene, index), page.FOOT, 1)
    _cover(scene, flow)
    for edition in report.editions:
        _edition(scene, flow, edition, [r for r in report.results if r.indicator.edition == edition])
    if temperature is not None:
        _temperature(scene, flow, temperature)
    _heading(scene, flow, "decisions", 200)
    for key in DECISIONS:
        flow.note(f"· {scene(key)}", fill=INK, size=23)
        flow.paper.y += 6
    _definitions(scene, flow)
    for number, paper in enumerate(flow.papers, 1):
        _end(scene, paper, number, len(flow.papers))
    return [paper.svg() for paper in flow.papers]


def _begin(scene: _Scene, index: int) -> Paper:
    paper = Paper(index, label=f"{scene('quality')} {index}")
    paper.y = TOP
    if index > 1:
        paper.text(LEFT, paper.y + 24, f"{scene.site}  {scene('quality')}", size=22, fill=FAINT)
        told = f"{scene.report.period.name} · {scene.department}"
        paper.text(RIGHT, paper.y + 24, told, size=22, anchor="end", fill=FAINT)
        paper.lines([(LEFT, paper.y + 36, RIGHT, paper.y + 36)], HOUR, 1.5)
        paper.y += 46
    return paper


def _end(scene: _Scene, paper: Paper, number: int, of: int) -> None:
    made = f"{scene('made')} {scene.moment(scene.report.made_us)} {scene.zone}"
    page.end(paper, made=" | ".join((*scene.report.rules, made)), number=scene("page", n=number, m=of))


def _cover(scene: _Scene, flow: Flow) -> None:
    paper, report = flow.paper, scene.report
    paper.y += 50
    paper.text(LEFT, paper.y, scene.site, size=32, fill=FAINT)
    paper.y += 66
    paper.text(LEFT, paper.y, scene("quality"), size=54, bold=True)
    paper.text(RIGHT, paper.y, report.period.name, size=54, bold=True, anchor="end")
    paper.y += 30
    paper.lines([(LEFT, paper.y, RIGHT, paper.y)], INK, 4)
    end_us = report.period.end_us - 1
    figures = [
        f"{getattr(kind, scene.lang)}: "
        + (telling.count(report.figures[key]) if key in report.figures else scene("figure_missing"))
        for key, kind in figure_kinds().items()
    ]
    facts = [
        ("period", f"{scene.moment(report.period.start_us)} – {scene.moment(end_us)}  ({scene.zone})"),
        ("department", scene.department),
        ("cases", f"{report.cases}   ({scene('unanchored')}: {report.unanchored}; {scene('anchors')})"),
        ("editions", "; ".join(said(f"report.edition.{e}", scene.lang) for e in report.editions)),
        ("view", scene("view.anaesthesia")),
        ("figures", "; ".join(figures)),
        ("rules", "; ".join(report.rules)),
        ("made", scene.moment(report.made_us)),
    ]
    for key, value in facts:
        lines = wrap(value, (_WIDE - 330) / 24)
        paper.text(LEFT, paper.y + 40, scene(key), size=24, fill=FAINT)
        for line in lines:
            paper.text(LEFT + 320, paper.y + 40, line, size=24)
            paper.y += 34
        paper.y += 8
    paper.y += 16
    flow.note(scene("disclaimer"), size=22)


def _edition(scene: _Scene, flow: Flow, edition: str, results: Sequence[Result]) -> None:
    _heading(scene, flow, f"edition.{edition}", 200)
    _titles(scene, flow.paper)
    before = ""
    for result in results:
        lines = wrap(telling.name_of(result, scene.lang), (_COLUMNS[1][1] - 16) / 24)
        high = 34.0 * len(lines) + 34
        papers = len(flow.papers)
        flow.need(high + 6)
        if len(flow.papers) > papers:
            _titles(scene, flow.paper)
        _result(scene, flow.paper, result, lines, high, first=result.indicator.code != before)
        before = result.indicator.code


def _heading(scene: _Scene, flow: Flow, key: str, after: float) -> None:
    """With room for so much after it, and some before it."""
    flow.need(after + 70)
    flow.paper.y += 22
    flow.heading(scene(key), size=30, after=after)


def _titles(scene: _Scene, paper: Paper) -> None:
    x = LEFT
    for n, (key, wide) in enumerate(_COLUMNS):
        how = {"anchor": "end"} if n >= _NUMERIC else {}
        paper.fitted(x + (wide - 8 if how else 2), paper.y + 30, scene(key), wide - 12, size=21, fill=FAINT, **how)
        x += wide
    paper.y += 42
    paper.lines([(LEFT, paper.y, RIGHT, paper.y)], HOUR, 2)


def _result(scene: _Scene, paper: Paper, result: Result, lines: Sequence[str], high: float, *, first: bool) -> None:
    """`first`: of its indicator; the others are its further groups and variants."""
    indicator, top = result.indicator, paper.y
    indent = 0 if first else 24
    edges = [LEFT]
    for _, wide in _COLUMNS:
        edges.append(edges[-1] + wide)
    if first:
        paper.text(edges[0] + 2, top + 34, str(indicator.number), size=24, fill=FAINT)
    for n, line in enumerate(lines):
        paper.text(edges[1] + 2 + indent, top + 34 + 34 * n, line, size=24, bold=first)
    below = [indicator.code, scene(f"unit.{indicator.unit}"), scene(f"level.{indicator.level}")]
    parameters = telling.parameters_of(result, scene.lang)
    paper.fitted(edges[1] + 2 + indent, top + 30 + 34 * len(lines),
                 " · ".join([*below, *([parameters] if parameters else [])]), _COLUMNS[1][1] - 40, size=20,
                 fill=FAINT)  # fmt: skip
    base = top + 34
    why = telling.why_of(result, scene.lang)
    if why:
        room = edges[6] - edges[2] - 20
        for n, line in enumerate(wrap(why, room / 22)[:2]):
            paper.text(edges[2] + 16, base + 30 * n, line, size=22, fill=ALERT)
    else:
        told = [
            "" if indicator.kind == "count" else telling.count(result.n),
            telling.count(result.d),
            telling.value_of(result),
            telling.interval_of(result),
        ]
        for n, text in enumerate(told, _NUMERIC):
            bold = n == 4
            _figure(paper, edges[n + 1] - 8, base, text, _COLUMNS[n][1] - 10, bold=bold)
    for n, text in ((6, str(len(result.unknown))), (7, str(len(result.pending)) if indicator.finding else "–"),
                    (8, telling.coverage_of(result))):  # fmt: skip
        strong = n < 8 and text not in {"0", "–"}
        paper.text(edges[n + 1] - 8, base, text, size=23, anchor="end", bold=strong, fill=INK if strong else FAINT)
    paper.y += high
    paper.lines([(LEFT, paper.y, RIGHT, paper.y)], RULE, 1.2)


def _figure(paper: Paper, right: float, base: float, text: str, room: float, *, bold: bool) -> None:
    """‱ stands by itself: few fonts have it, and a line that holds it would get another font as a whole."""
    size = 26.0 if bold else 24.0
    if text.endswith("‱"):
        paper.text(right, base, "‱", size=size, anchor="end", bold=bold)
        text, right, room = text[:-1].rstrip(), right - size * 1.3, room - size * 1.3
    wide = width(text) * size * (BOLD if bold else 1.0)
    paper.text(right, base, text, size=size, anchor="end", bold=bold, squeeze=min(1.0, room / wide) if wide else 1.0)


def _temperature(scene: _Scene, flow: Flow, found: Temperature) -> None:
    drawn = charts(found, scene.lang)
    flow.need(10_000)
    flow.heading(said("report.temperature", scene.lang), size=36)
    _block(
        scene, flow, "months_title", scene("run_read"), [c for name, c in drawn.items() if name.startswith("months.")]
    )
    _block(
        scene,
        flow,
        "funnels_title",
        scene("funnel_read"),
        [c for name, c in drawn.items() if name.startswith("funnel.")],
    )
    rest = ("drop", "nadir", "below", "twa", "pacu", "rooms", "monitoring", "core")
    without = scene("without_cooled", n=found.cooled)
    _block(scene, flow, "distributions_title", without, [drawn[name] for name in rest])
    _measures(scene, flow, found)
    for fact in GROUPS:
        _compared(scene, flow, found, fact)


def _block(scene: _Scene, flow: Flow, title: str, note: str, drawn: Sequence[Chart]) -> None:
    """Charts two to a row."""
    rows = [drawn[n : n + 2] for n in range(0, len(drawn), 2)]
    if not rows:
        return
    _heading(scene, flow, title, max(c.high for c in rows[0]) + 60)
    flow.note(note)
    for row in rows:
        high = max(chart.high for chart in row) + 30
        flow.need(high)
        paper = flow.paper
        paper.y += 20
        for n, chart in enumerate(row):
            paper.raw(f'<g transform="translate({LEFT + n * (_WIDE - chart.wide):g} {paper.y:g})">{chart.body}</g>')
        paper.y += high - 20


def _measures(scene: _Scene, flow: Flow, found: Temperature) -> None:
    rows = []
    for fact, told in found.measures.items():
        unit, digits, times = telling.unit_of(fact), 2, 1
        if unit in {"min", "%"}:
            digits, times = (0, 1) if unit == "min" else (0, 100)
        middle, q1, q3, low, high = (
            f"{value * times:.{digits}f}" for value in (told.middle, told.q1, told.q3, told.low, told.high)
        )
        rows.append([said(f"fact.{fact}", scene.lang), unit, str(told.n), middle, f"{q1} – {q3}", f"{low} – {high}"])
    if not rows:
        return
    _heading(scene, flow, "measures_title", 300)
    titles = [scene("measure"), "", scene("n"), scene("middle"), scene("range"), scene("extremes")]
    flow.table((7, 1.2, 1.6, 2, 3, 3), titles, rows, numeric=frozenset({2, 3, 4, 5}))


def _compared(scene: _Scene, flow: Flow, found: Temperature, fact: str) -> None:
    codes = [code for code in (MONITORED, WARMED, HYPOTHERMIC, PACU_COLD) if code in found.whole]
    groups = found.groups.get(fact, {})
    if not groups or not codes:
        return
    rows = []
    for name, results in groups.items():
        shown = said(f"technique.{name}", scene.lang) if fact == "technique" else name
        cells = [shown]
        for code in codes:
            result = results[code]
            cells.append(f"{telling.value_of(result)}  ({len(result.numerator)}/{len(result.denominator)})"
                         if not result.unavailable else "–")  # fmt: skip
        if fact == "room":
            room = found.rooms.get(name)
            cells.append(f"{room.middle:.1f} °C" if room else "–")
        rows.append(cells)
    titles = [scene(f"by.{fact}"), *(found.whole[code].indicator.name[scene.lang] for code in codes)]
    if fact == "room":
        titles.append(said("fact.room_c", scene.lang))
    _heading(scene, flow, f"by.{fact}", 260)
    widths = (2.2, *(3.0 for _ in codes), *((2.0,) if fact == "room" else ()))
    flow.table(widths, titles, rows, numeric=frozenset(range(1, len(titles))))


def _definitions(scene: _Scene, flow: Flow) -> None:
    indicators = list(dict.fromkeys(r.indicator.code for r in scene.report.results))
    found = {r.indicator.code: r.indicator for r in scene.report.results}
    rows = []
    for code in indicators:
        indicator = found[code]
        more = [indicator.window.get(scene.lang, ""), indicator.exclusions.get(scene.lang, ""),
                indicator.note.get(scene.lang, "")]  # fmt: skip
        labels = [scene("window"), scene("exclusions"), scene("note")]
        note = "\n".join(f"{label}: {text}" for label, text in zip(labels, more, strict=True) if text)
        rows.append([
            f"{code}\n{indicator.name[scene.lang]}",
            indicator.above.get(scene.lang, ""),
            indicator.below.get(scene.lang, "–"),
            note,
            f"{indicator.grade}\n{indicator.source}",
        ])  # fmt: skip
    flow.need(10_000)
    flow.heading(scene("definitions"), size=36)
    flow.note(scene("grade_read"))
    titles = [scene("indicator"), scene("above"), scene("below"), scene("note"), scene("grade")]
    flow.table((4.2, 4.6, 3.8, 5.6, 1.2), titles, rows)
