"""Numbers of a printed table: what was measured, in cells of equal time. Pure; everything is escaped."""

from collections.abc import Sequence
from html import escape

import numpy as np

from charting.page.chart import Chart, Track
from charting.page.layout import place
from charting.page.words import Words

Column = tuple[Track, ...]
"""What stands in one cell: a value, or a pressure's systolic and diastolic one."""


def columns(found: Sequence[Track]) -> list[Column]:
    """What stands together: a pressure's two values; of what is drawn and written as a row as well, the row."""
    rows = {track.series for track in found if track.line.panel == "rows"}
    together: dict[object, Column] = {}
    for track in found:
        if track.line.panel != "rows" and track.series in rows:
            continue
        key = (track.line.lane, track.series.device) if track.line.symbol in {"vee", "caret"} else track.series
        together[key] = (*together.get(key, ()), track)
    return list(together.values())


def name(of: Column, words: Words) -> str:
    channel = of[0].series.channel
    found = of[0].line.lane or place(channel.code).label
    return f"{found} {words.site(channel.site)}" if channel.site else found


def cell(of: Column, start_us: int, step_us: int, chart: Chart) -> str:
    """The values from start_us on, as a <td>; hatched where none came in all of this time and some were due."""
    end_us = start_us + step_us
    if of[0].span_us:
        chosen = [track.chosen(start_us, step_us, end_us) for track in of]
        texts = ["" if not found else _number(track, found[0][1]) for track, found in zip(of, chosen, strict=True)]
        text = "/".join(texts) if all(texts) else ""
    else:
        text = _last_together(of, start_us, end_us, chart)
    if text:
        return f"<td>{text}</td>"
    until_us = min(end_us, chart.now_us)
    missing = any(a <= start_us and until_us <= b for track in of for a, b in track.gaps(start_us, until_us))
    return '<td class="gap"></td>' if missing else "<td></td>"


def _last_together(of: Column, start_us: int, end_us: int, chart: Chart) -> str:
    """The last values that were measured at one time, and when: never of two inflations."""
    times = set.intersection(*(set(track.time_us.tolist()) for track in of))
    last_us = max((t for t in times if start_us <= t < end_us), default=None)
    if last_us is None:
        return ""
    texts = [_number(track, int(np.flatnonzero(track.time_us == last_us)[0])) for track in of]
    return f"{'/'.join(texts)}<small>{chart.local(last_us):%H:%M}</small>"


def _number(track: Track, index: int) -> str:
    channel = track.series.channel
    sure = "" if track.sure[index] else "?"
    return escape(place(channel.code).number(float(track.value[index]), channel.unit) + sure)
