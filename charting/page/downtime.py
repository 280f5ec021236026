"""The downtime sheet: what a bed knows when its server is away, and a blank record to go on with. Data in, HTML out.

Upright A4, black on white: what is known on the first page (on more where it is much), the blank record on the last.
"""

from collections.abc import Mapping, Sequence
from html import escape

from charting.page.alarms import MARKS, AlarmView
from charting.page.api import alarm_state, patient_of
from charting.page.blank import Printed, blank
from charting.page.cells import cell, columns, name
from charting.page.chart import MINUTE_US, Chart, read, tracks
from charting.page.draw import INK, draw
from charting.page.form import form
from charting.page.now import GONE_US, Now, Value
from charting.page.patients import changed_us
from charting.page.printed import document
from charting.page.tiles import Tile, arrange
from charting.page.words import Words
from collector.codes import Parameter
from collector.model import Quality, Role
from collector.series import SeriesReader
from collector.units import display

STEP_US = 5 * MINUTE_US
"""Of a column of the last hour's numbers: as a paper record has them."""

BEFORE = "†"
"""Beside what was measured before a device told of another patient."""


def downtime(now: Now, reader: SeriesReader, kind: str, words: Words, parameters: Mapping[str, Parameter]) -> str:
    """The sheet of one bed, as a document that its page serves. Raises what the reader raises."""
    return document(title(now.bed, words), sheet(now, reader, kind, words, parameters), words)


def title(bed: str, words: Words) -> str:
    return f"{bed} · {words('downtime.title')}"


def sheet(
    now: Now,
    reader: SeriesReader,
    kind: str,
    words: Words,
    parameters: Mapping[str, Parameter],
    seen_us: int | None = None,
) -> Sequence[str]:
    """Its pages. kind: the bed's (or, pacu, icu, feed). Raises what the reader raises.

    seen_us: when the gateway's program was last known to run, where it is not the one that makes the sheet.
    """
    hour = read(reader, now.bed, now.zone, 1, now.at_us)
    changes = changed_us(reader.identities(now.bed, 0, now.at_us + 1))
    known = _Known(now, hour, changes, words, parameters).page(seen_us)
    told = {value.reading.series.channel.code for value in now.values}
    record = form(kind, words, told | {track.series.channel.code for track in tracks(hour)})
    at = hour.local(now.at_us)
    into_s = (at.hour * 3_600 + at.minute * 60 + at.second) % record.step_s
    first = hour.local(now.at_us - into_s * 1_000_000)
    return [known, blank(record, words, Printed(bed=now.bed, at=at, first=first))]


class _Known:
    def __init__(
        self, now: Now, hour: Chart, changes: Mapping[str, int], words: Words, parameters: Mapping[str, Parameter]
    ) -> None:
        self._now = now
        self._hour = hour
        self._changes = {device: at_us for device, at_us in changes.items() if now.at_us - at_us < GONE_US}
        self._own_us = max(self._changes.values(), default=0)
        self._words = words
        self._parameters = parameters
        self._alarms = AlarmView(words, parameters, self._clock)

    def page(self, seen_us: int | None) -> str:
        """A table whose head comes again on each page of paper."""
        now, words, found = self._now, self._words, tracks(self._hour)
        demo = now.demo or any(track.demo for track in found)
        mark = '<b class="demo">演示 DEMO</b>' if demo else ""
        until = f"{words('downtime.until')} {self._hour.local(now.at_us):%Y-%m-%d %H:%M:%S} {now.zone}"
        head = f"<h1>{escape(title(now.bed, words))}</h1>{mark}<p>{escape(until)}</p>"
        body = [
            self._whose(),
            f'<p class="state">{escape(self._server(seen_us))}</p>',
            self._part("devices", "".join(self._devices())),
            self._part("alarms", "".join(self._standing()) or f"<li>{escape(words('downtime.no_alarms'))}</li>"),
            self._values(),
            self._part("hour", self._numbers(), "div"),
            f'<div class="chart">{draw(self._hour, words, self._parameters, INK, rows=False)}</div>',
        ]
        return (
            '<section class="page flow"><table><thead><tr><td><header>'
            f"{head}</header></td></tr></thead><tbody><tr><td>{''.join(body)}"
            f'<p class="key">{escape(words("print.note"))}</p></td></tr></tbody></table></section>'
        )

    def _clock(self, time_us: int) -> str:
        return f"{self._hour.local(time_us):%H:%M:%S}"

    def _part(self, key: str, content: str, element: str = "ul") -> str:
        return f'<h2>{escape(self._words(f"downtime.{key}"))}</h2><{element} class="{key}">{content}</{element}>'

    def _whose(self) -> str:
        """As each device that tells of a patient has him, and lines to write on: a person looks at the wristband."""
        named = [device for device in self._now.devices if patient_of(device)]
        said = [f"{self._alarms.patient(device)} ({device.device})" for device in named] or [
            f"{self._words('patient')} {self._words('patient.none')}"
        ]
        changed = [
            self._words("downtime.changed").format(device=device, time=self._clock(at_us), mark=BEFORE)
            for device, at_us in self._changes.items()
        ]
        told = "".join(f"<p>{escape(text)}</p>" for text in said)
        warned = "".join(f"<p><b>{escape(text)}</b></p>" for text in changed)
        return f'<div class="whose">{told}{warned}<p>{escape(self._words("print.person"))}</p></div>'

    def _server(self, seen_us: int | None) -> str:
        now, words = self._now, self._words
        if now.away_us is not None:
            text = words("server.away_since").format(time=f"{self._hour.local(now.away_us):%Y-%m-%d %H:%M:%S}")
        else:
            text = words(f"server.{now.server}")
        if seen_us is None:
            return text
        seen = words("downtime.seen").format(time=f"{self._hour.local(seen_us):%Y-%m-%d %H:%M:%S}")
        return f"{text} · {seen}"

    def _devices(self) -> Sequence[str]:
        words, now = self._words, self._now
        found = []
        for device in now.devices:
            last = words("never") if device.last_frame_us is None else self._clock(device.last_frame_us)
            alarms = f" · {words('alarms_unknown')}" if alarm_state(device, now) == "unknown" else ""
            text = f"{words(f'state.{device.state}')} · {words('last_frame')} {last}{alarms}"
            found.append(f"<li><b>{escape(device.device)}</b> {escape(text)}</li>")
        return found

    def _standing(self) -> Sequence[str]:
        words = self._words
        found = []
        for one in self._now.alarms.standing:
            text, device = self._alarms.said(one)
            parts = [words(f"priority.{one.alarm.priority}"), device, f"{words('since')} {self._clock(one.onset_us)}"]
            parts += [text for _, text in self._alarms.marks(one)]
            mark = MARKS[one.alarm.priority]
            found.append(f"<li><b>{mark} {escape(text)}</b> {escape(' · '.join(filter(None, parts)))}</li>")
        return found

    def _values(self) -> str:
        shown, rest = arrange(self._now.values)
        steady = [v for v in self._now.values if v.reading.series.channel.role is not Role.MEASURED]
        measured = [*map(self._tile, shown), *map(self._value, rest)]
        none = f"<li>{escape(self._words('none_yet'))}</li>"
        return self._part("values", "".join(measured) or none) + (
            self._part("settings", "".join(map(self._value, steady))) if steady else ""
        )

    def _tile(self, tile: Tile) -> str:
        value = tile.oldest
        called = self._words(f"tile.{tile.place.tile}") if tile.paired else self._name(value)
        text = tile.text if tile.mean is None else f"{tile.text} ({tile.mean})"
        return self._entry(called, text, value, tile.quality)

    def _value(self, value: Value) -> str:
        role = value.reading.series.channel.role
        said = self._words(f"role.{role}")
        called = self._name(value)
        if role is not Role.MEASURED and said not in called:
            called = f"{called} {said}"
        return self._entry(called, "– –" if value.text is None else value.text, value, value.reading.quality)

    def _name(self, value: Value) -> str:
        channel = value.reading.series.channel
        return self._words.name(self._parameters, channel.code, channel.source)

    def _entry(self, called: str, text: str, value: Value, quality: Quality) -> str:
        """A value is never without its age; what is old or doubtful says so."""
        channel, words = value.reading.series.channel, self._words
        site = f" {words.site(channel.site)}" if channel.site else ""
        marks = [_ago(value.age_s)]
        marks += [BEFORE] * (value.reading.time_us < self._own_us)
        marks += [words("old")] * value.old
        marks += [words(f"quality.{quality}")] * (quality is not Quality.VALID)
        marks += [] if value.saved else [words("unsaved")]
        kind = ' class="old"' if value.old else ""
        return (
            f"<li{kind}><span>{escape(called + site)}</span><b>{escape(text)} "
            f"<i>{escape(display(channel.unit))}</i></b><small>{escape(' · '.join(marks))}</small></li>"
        )

    def _numbers(self) -> str:
        hour = self._hour
        starts = range(hour.start_us, hour.end_us, STEP_US)
        marks = [BEFORE if start < self._own_us else "" for start in starts]
        times = "".join(
            f"<th scope=col>{hour.local(at):%H:%M}{mark}</th>" for at, mark in zip(starts, marks, strict=True)
        )
        rows = ""
        for of in columns(tracks(hour)):
            unit = display(of[0].series.channel.unit)
            cells = "".join(cell(of, start, STEP_US, hour) for start in starts)
            rows += f"<tr><th scope=row>{escape(name(of, self._words))} <i>{escape(unit)}</i></th>{cells}</tr>"
        words = self._words
        return (
            f'<table class="hours"><thead><tr><th scope=col>{escape(words("print.time"))}</th>{times}</tr></thead>'
            f'<tbody>{rows}</tbody></table><p class="key">{escape(words("downtime.hour_note"))}</p>'
        )


def _ago(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min"
