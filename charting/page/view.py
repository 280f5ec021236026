"""The page as HTML: a shell, and the parts that are sent again whenever they change. Pure; everything is escaped.

Ages are not written here: elements carry `data-t` (ms since 1970 UTC) and `data-limit` (s), and page.js writes the age
against the server's clock, so that a part changes only when what it says changes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from zoneinfo import ZoneInfo

from charting.page.alarms import AlarmView
from charting.page.chart import GRIDS
from charting.page.layout import GROUPS, place
from charting.page.now import Now, Value
from charting.page.tiles import Tile, arrange
from charting.page.words import Lang, Words
from collector.ages import age
from collector.clock import clock_error_s, to_datetime
from collector.codes import Parameter
from collector.model import UNMAPPED, Quality, Role, Series
from collector.status import DeviceState, DeviceStatus
from collector.units import display

_SHELL_WORDS = (
    "title", "live", "lost", "fault", "script", "now", "waves", "alarms", "alarms_note", "devices", "chart", "values",
    "texts", "settings", "footer", "log", "log_note",
)  # fmt: skip
_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
CLOCK_OFF_S = 2.0
"""A device's clock that is off by less is not worth a word on the page."""


@cache
def _shell() -> Template:
    return Template(files("charting.page").joinpath("shell.html").read_text(encoding="utf-8"))


class View:
    """Writes one bed's page in one language."""

    def __init__(self, words: Words, parameters: Mapping[str, Parameter], zone: str) -> None:
        self._words = words
        self._parameters = parameters
        self._zone = ZoneInfo(zone)
        self._alarms = AlarmView(words, parameters, self._clock)

    def parts(self, now: Now) -> Mapping[str, str]:
        """Id of an element → its content."""
        tiles, rest = arrange(now.values)
        numbers = [value for value in rest if value.reading.text is None]
        texts = [value for value in rest if value.reading.text is not None]
        steady = [value for value in now.values if value.reading.series.channel.role is not Role.MEASURED]
        return {
            "bar": f"<p>{escape(self._words('demo_bar'))}</p>" if now.demo else "",
            "unsaved": self._unsaved(now),
            "server": self._server(now),
            "tiles": "".join(self._tile(tile) for tile in tiles) or self._empty("none_yet"),
            "loudest": self._alarms.loudest(now),
            "alarms": self._alarms.standing(now),
            "latency": self._alarms.latency(now),
            "log": self._alarms.log(now.alarms.ended),
            "devices": "".join(self._device(device, now.at_us) for device in now.devices) or self._empty("no_devices"),
            "waves": self._waves(now),
            "values": self._groups(numbers),
            "texts": self._groups(texts),
            "settings": self._groups(steady),
        }

    def page(self, now: Now, hours: int, chart: str, version: str) -> str:
        """The whole page of this version, with the chart (an SVG element) drawn in it."""
        words = self._words
        other = Lang.EN if words.lang is Lang.ZH else Lang.ZH
        ranges = "".join(
            f'<a href="?lang={words.lang}&amp;hours={h}"{" aria-current=page" if h == hours else ""}>'
            f"{h} {escape(words('hours'))}</a>"
            for h in GRIDS
        )
        return _shell().substitute(
            {key: escape(words(key)) for key in _SHELL_WORDS},
            **{f"part_{key}": part for key, part in self.parts(now).items()},
            part_chart=chart,
            ranges=ranges,
            print=escape(words("print.link")),
            downtime=escape(words("downtime.link")),
            blank=escape(words("print.blank")),
            bed=escape(now.bed),
            zone=escape(now.zone),
            hours=hours,
            version=version,
            lang=words.lang,
            tag="zh-CN" if words.lang is Lang.ZH else "en",
            other=other,
            other_name="English" if other is Lang.EN else "中文",
            at=now.at_us // 1000,
            clock=self._clock(now.at_us, "%Y-%m-%d %H:%M:%S"),
        )

    def _clock(self, time_us: int, form: str = "%H:%M:%S") -> str:
        return f"{to_datetime(time_us).astimezone(self._zone):{form}}"

    def _empty(self, key: str) -> str:
        return f'<p class="empty">{escape(self._words(key))}</p>'

    def _tag(self, kind: str, key: str) -> str:
        return f'<span class="tag {kind}">{escape(self._words(key))}</span>'

    def _age(self, time_us: int) -> str:
        return f'<time class="age" data-t="{time_us // 1000}">{self._clock(time_us)}</time>'

    def _unsaved(self, now: Now) -> str:
        if now.unsaved is None:
            return ""
        since = self._age(now.unsaved.since_us)
        return f'<p class="shout" role="alert">{escape(self._words("unsaved_bar"))} {since}</p>'

    def _server(self, now: Now) -> str:
        """That the bed works alone, and what to print then."""
        if now.away_us is None or not now.local:
            return ""
        words = self._words
        return (
            f'<p class="shout" role="alert">{escape(words("server.local"))} {self._age(now.away_us)} '
            f'<a href="downtime?lang={words.lang}">{escape(words("downtime.link"))}</a></p>'
        )

    def _mark(self, quality: Quality, demo: bool, saved: bool) -> str:
        tag = self._tag(f"q {quality}", f"quality.{quality}")
        return tag + (self._tag("demo", "demo") if demo else "") + ("" if saved else self._tag("unsaved", "unsaved"))

    def _tile(self, tile: Tile) -> str:
        reading = tile.oldest.reading
        channel = reading.series.channel
        name = self._words(f"tile.{tile.place.tile}") if tile.paired else self._name(reading.series)
        where = f'<span class="site">{escape(self._words.site(channel.site))}</span>' if channel.site else ""
        at = (
            f'<span class="at">{escape(self._words("measured_at"))} {self._clock(reading.time_us, "%H:%M")}</span>'
            if age(channel.code).episodic
            else ""
        )
        mean = f"<small>({escape(tile.mean)})</small>" if tile.mean is not None else ""
        kind = f"{' wide' if tile.paired else ''} t-{tile.place.tone}{' old' if tile.oldest.old else ''}"
        label = tile.place.label
        said = name.lower() == label.translate(_PLAIN).lower()
        return (
            f'<article class="tile{kind}" data-t="{reading.time_us // 1000}" data-limit="{tile.oldest.limit_s:g}">'
            f"<h3><b>{escape(label)}</b><span>{'' if said else escape(name)}</span>"
            f"<i>{escape(display(channel.unit))}</i></h3>"
            f'<p class="num"><span data-last="{escape(self._words("last"))}">{escape(tile.text)}{mean}</span></p>'
            f'<p class="meta">{self._mark(tile.quality, tile.demo, tile.oldest.saved)}{self._tag("was", "old")}'
            f"{where}{at}"
            f'<span class="dev">{escape(reading.series.device)}</span>{self._age(reading.time_us)}</p></article>'
        )

    def _name(self, series: Series) -> str:
        return self._words.name(self._parameters, series.channel.code, series.channel.source)

    def _groups(self, values: Sequence[Value]) -> str:
        same = Counter(_told_apart_by(value) for value in values)
        found: dict[str, list[Value]] = {group: [] for group in GROUPS}
        for value in values:
            found[value.place.group].append(value)
        return "".join(
            f"<table><caption>{escape(self._words(f'group.{group}'))}</caption>"
            f"<tbody>{''.join(self._row(v, same[_told_apart_by(v)] > 1) for v in members)}</tbody></table>"
            for group, members in found.items()
            if members
        ) or self._empty("none_yet")

    def _row(self, value: Value, ambiguous: bool) -> str:
        reading = value.reading
        channel = reading.series.channel
        name = self._name(reading.series)
        extra = [self._words.site(channel.site)] if channel.site else []
        role = self._words(f"role.{channel.role}")
        if channel.role is not Role.MEASURED and role not in name:
            extra.append(role)
        if ambiguous and channel.code != UNMAPPED:
            extra.append(channel.source)
        more = "".join(f"<small>{escape(word)}</small>" for word in extra)
        text = "– –" if value.text is None else value.text
        return (
            f'<tr class="{"old" if value.old else ""}" data-t="{reading.time_us // 1000}" '
            f'data-limit="{value.limit_s:g}" title="{escape(f"{channel.code} · {channel.source}")}">'
            f"<th scope=row>{escape(name)}{more}</th>"
            f'<td class="val"><b>{escape(text)}</b> <i>{escape(display(channel.unit))}</i></td>'
            f'<td class="mark">{self._mark(reading.quality, reading.demo, value.saved)}{self._tag("was", "old")}</td>'
            f'<td class="dev">{escape(reading.series.device)}</td>'
            f'<td class="since">{self._age(reading.time_us)}</td></tr>'
        )

    def _waves(self, now: Now) -> str:
        demo = {piece.series for piece in now.pieces if piece.demo}
        return "".join(self._wave(series, series in demo) for series in now.waves) or self._empty("no_waves")

    def _wave(self, series: Series, demo: bool) -> str:
        channel = series.channel
        where = place(channel.code)
        tag = self._tag("demo", "demo") if demo else ""
        return (
            f'<div class="wave t-{where.tone}"><p><b>{escape(self._name(series))}</b>'
            f"<small>{escape(' · '.join(filter(None, (display(channel.unit), series.device))))}</small>{tag}</p>"
            f'<canvas data-wave="{escape(wave_key(series))}"></canvas></div>'
        )

    def _device(self, device: DeviceStatus, now_us: int) -> str:
        words = self._words
        good = device.state is DeviceState.RECEIVING
        who = " ".join(filter(None, (device.manufacturer, device.model))) or device.driver
        last = self._age(device.last_frame_us) if device.last_frame_us is not None else escape(words("never"))
        lines = [f"{escape(words('last_frame'))} {last}"]
        if device.rejected:
            lines.append(f"{escape(words('rejected'))} {device.rejected}")
        if device.clock_offset_s is not None:
            wrong_s = clock_error_s(device.clock_offset_s, now_us, self._zone)
            if abs(wrong_s) >= CLOCK_OFF_S:
                lines.append(f"{escape(words('clock'))} {wrong_s:+.0f} s")
        told = self._alarms.patient(device)
        patient = f'<p class="patient">{escape(told)}</p>' if told else ""
        hint = words.hint(device.state)
        causes = "".join(
            f'<p class="cause">{escape(cause)}</p>' for cause in (hint, device.cause) if cause and not good
        )
        return (
            f'<article class="device s-{device.state}">'
            f"<h3><b>{escape(device.device)}</b><span>{escape(who)}</span></h3>"
            f'<p class="state"><i aria-hidden="true"></i>{escape(words(f"state.{device.state}"))} '
            f"<small>{escape(words('for'))} {self._age(device.since_us)}</small></p>"
            f'<p class="facts">{" · ".join(lines)}</p>{patient}{causes}</article>'
        )


def wave_key(series: Series) -> str:
    """Tells a wave from all others of the bed."""
    return f"{series.device}|{series.channel.code}|{series.channel.source}"


def _told_apart_by(value: Value) -> tuple[str, str, str, str]:
    series = value.reading.series
    return series.device, series.channel.code, series.channel.role, series.channel.site


def wave_samples(now: Now, sent: Mapping[str, int]) -> Iterable[tuple[str, int, Sequence[object]]]:
    """(key, start_us, what page.js reads) of each piece that begins after what has been sent of its wave."""
    for piece in now.pieces:
        key = wave_key(piece.series)
        sent_us = sent.get(key, 0)
        if piece.start_us > sent_us or sent_us > now.at_us:  # what was sent from ahead of now: our clock was set back
            drawn = piece.quality in (Quality.VALID, Quality.QUESTIONABLE)
            counts = memoryview(piece.data).cast("i").tolist() if drawn else []
            yield key, piece.start_us, [
                key, piece.start_us / 1000, piece.rate_hz, piece.scale, piece.offset, counts, piece.quality,
            ]  # fmt: skip
