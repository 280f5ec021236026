"""What the bed prints when there is no server: its last 24 hours on A4, black on white. Data in, HTML text out."""

from collections.abc import Mapping
from html import escape

from charting.page.cells import cell, columns, name
from charting.page.chart import MINUTE_US, Chart, read, tracks
from charting.page.draw import INK, draw
from charting.page.printed import document
from charting.page.words import Words
from collector.codes import Parameter
from collector.series import SeriesReader
from collector.units import display

HOURS = 24
CHART_HOURS = 4
"""Of one page: a column each 5 minutes, as on a paper record."""
_HOUR_US = 60 * MINUTE_US


def paper(
    reader: SeriesReader, bed: str, zone: str, now_us: int, words: Words, parameters: Mapping[str, Parameter]
) -> str:
    """The whole document: a page of values by hour, then a page for each CHART_HOURS, the oldest first.

    Raises what the reader raises.
    """
    day = read(reader, bed, zone, HOURS, now_us)
    charts = [read(reader, bed, zone, CHART_HOURS, now_us, back) for back in reversed(range(HOURS // CHART_HOURS))]
    bodies = [_table(day, words), *(draw(chart, words, parameters, INK) for chart in charts)]
    demo = any(track.demo for chart in (day, *charts) for track in tracks(chart))
    pages = [_page(body, n, len(bodies), day, words, demo) for n, body in enumerate(bodies, 1)]
    return document(f"{bed} · {words('print.title')}", pages, words, upright=False)


def _page(body: str, number: int, pages: int, day: Chart, words: Words, demo: bool) -> str:
    mark = '<b class="demo">演示 DEMO</b>' if demo else ""
    of = words("print.page").format(n=number, m=pages)
    return (
        f'<section class="page"><header><h1>{escape(day.bed)} · {escape(words("print.title"))} '
        f"<small>{escape(words('print.hours'))}</small></h1>{mark}<p>{escape(words('print.person'))}</p></header>"
        f'<div class="body">{body}</div><footer><span>{escape(words("print.note"))}</span>'
        f"<span>{escape(words('print.printed'))} {day.local(day.now_us):%Y-%m-%d %H:%M} {escape(day.zone)} · "
        f"{escape(of)}</span></footer></section>"
    )


def _table(day: Chart, words: Words) -> str:
    """Rows are hours, columns what was measured."""
    found = columns(tracks(day))
    heads = "".join(
        f"<th scope=col>{escape(name(of, words))}<small>{escape(display(of[0].series.channel.unit))}</small></th>"
        for of in found
    )
    rows = ""
    for start_us in range(day.start_us, min(day.end_us, day.now_us), _HOUR_US):
        cells = "".join(cell(of, start_us, _HOUR_US, day) for of in found)
        rows += f"<tr><th scope=row>{day.local(start_us):%m-%d %H:%M}</th>{cells}</tr>"
    return (
        f'<table class="hours"><caption>{escape(words("print.table"))}</caption><thead><tr>'
        f"<th scope=col>{escape(words('print.time'))}</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="key">{escape(words("print.table_note"))}</p>'
    )
