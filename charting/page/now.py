"""The bed now: what is shown, how old it is, and which alarms stand. Pure, but for what `Bedside` has seen before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from alarms.board import Alarm
from alarms.follower import Alarms, Follower
from alarms.latency import Latency, Summary
from alarms.technical import SINK, about
from charting.page.layout import Place, place
from charting.page.paces import Paces
from collector.codes import Parameter
from collector.model import Reading, Series, WavePiece
from collector.series import SeriesReader
from collector.status import DeviceStatus, Unsaved
from collector.technical import GATEWAY
from collector.timescale import READER

SECOND_US = 1_000_000
GONE_US = 3600 * SECOND_US
"""What has not been heard for so long leaves the page: it may be another patient's."""
WAVE_SPAN_US = 13 * SECOND_US
"""10 s are shown, 2 s behind the newest sample, in pieces of at most 1 s."""

# Where our clock was set back, an hour is lived twice, and what the first time left there is not of now.
_SOON_US = 2 * SECOND_US
"""No piece of now begins later than so much after now: a run may have drifted from its arrival by less."""
_AHEAD_US = 14 * SECOND_US
_WATCHED_US = 10 * SECOND_US
"""Who looks this often and so far ahead sees all that an earlier time has left before it comes near."""

LOCAL_US = 120 * SECOND_US
"""So long without its server the bed says that it works alone (clinical.md §6)."""


class Server(StrEnum):
    """What is known of the server that is to keep the bed's data. NONE: there is none; UNKNOWN: nobody watches it."""

    NONE = "none"
    REACHED = "reached"
    AWAY = "away"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A reading as it is shown. `text` is None where there is no value; `old`: its age has passed `limit_s`; `saved`:
    the gateway has it on its disk.

    `age_s`: how far its time is from now. One ahead of now was stored before our clock was set back; it is no newer.
    """

    reading: Reading
    place: Place
    text: str | None
    age_s: float
    limit_s: float
    saved: bool = True

    @property
    def old(self) -> bool:
        return self.age_s > self.limit_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """Everything that the page shows at one time, in its order. unsaved: what the gateway's disk does not take.

    latency: how long alarms took to the pages until now, None where it was not measured.
    away_us: since when the gateway tells that its server is not reached, None where it does not (it waits a minute).
    """

    bed: str
    zone: str
    at_us: int
    devices: tuple[DeviceStatus, ...]
    values: tuple[Value, ...]
    alarms: Alarms
    waves: tuple[Series, ...]
    pieces: tuple[WavePiece, ...]
    demo: bool
    unsaved: Unsaved | None = None
    latency: Summary | None = None
    server: Server = Server.NONE

    @property
    def away_us(self) -> int | None:
        if self.server in {Server.NONE, Server.REACHED}:
            return None
        return next((one.onset_us for one in self.alarms.standing if _is_of_server(one)), None)

    @property
    def local(self) -> bool:
        """Whether the bed works alone: its server has not been reached for LOCAL_US."""
        return self.away_us is not None and self.at_us - self.away_us >= LOCAL_US


@dataclass(slots=True, kw_only=True)
class Bedside:
    """Looks at one bed through a reader; remembers which waves there were.

    alarms, latency: of this bed, shared with who else looks. Calls block on the reader and must not overlap.
    """

    bed: str
    zone: str
    reader: SeriesReader
    parameters: Mapping[str, Parameter]
    alarms: Follower
    latency: Latency
    _paces: Paces = field(init=False)
    _waves: dict[Series, int] = field(default_factory=dict)
    _left: set[tuple[Series, int]] = field(default_factory=set)
    _ahead: bool = False
    _looked_us: int | None = None

    def __post_init__(self) -> None:
        self._paces = Paces(bed=self.bed, reader=self.reader)

    def look(
        self,
        devices: Sequence[DeviceStatus],
        now_us: int,
        unsaved: Unsaved | None = None,
        server: Server = Server.NONE,
    ) -> Now:
        """Read what is to be shown at `now_us` (µs since 1970 UTC). Raises what the reader raises."""
        latest = self.reader.latest(self.bed)
        self._paces.look(latest, now_us)
        values = [self._value(reading, now_us, unsaved) for reading in latest]
        values = [value for value in values if value.age_s * SECOND_US < GONE_US]
        values.sort(key=_order)
        alarms = self.alarms.follow(devices, now_us)
        pieces = self._pieces(now_us)
        self._looked_us = now_us
        return Now(
            bed=self.bed,
            zone=self.zone,
            at_us=now_us,
            devices=tuple(devices),
            values=tuple(values),
            alarms=alarms,
            waves=self._seen(pieces, now_us),
            pieces=pieces,
            demo=any(v.reading.demo for v in values)
            or any(p.demo for p in pieces)
            or any(a.alarm.demo for a in alarms.standing),
            unsaved=unsaved,
            latency=self.latency.summary(),
            server=server,
        )

    def _value(self, reading: Reading, now_us: int, unsaved: Unsaved | None) -> Value:
        where = place(reading.series.channel.code)
        return Value(
            reading=reading,
            place=where,
            text=where.written(reading),
            age_s=abs(now_us - reading.time_us) / SECOND_US,
            limit_s=self._paces.limit_s(reading),
            saved=unsaved is None or reading.series not in unsaved.series,
        )

    def _pieces(self, now_us: int) -> tuple[WavePiece, ...]:
        """The pieces of the last seconds that are of now."""
        found = self.reader.waves(self.bed, (), now_us - WAVE_SPAN_US, now_us + _AHEAD_US)
        ahead = {(p.series, p.start_us) for p in found if p.start_us > now_us + _SOON_US}
        watched = self._looked_us is not None and 0 <= now_us - self._looked_us <= _WATCHED_US
        if not watched and (ahead or self._ahead):
            self._left = {(p.series, p.start_us) for p in found}
        elif self._left or ahead:
            self._left = ahead | {(p.series, p.start_us) for p in found if (p.series, p.start_us) in self._left}
        self._ahead = bool(ahead)
        return tuple(p for p in found if p.start_us < now_us + SECOND_US and (p.series, p.start_us) not in self._left)

    def _seen(self, pieces: Iterable[WavePiece], now_us: int) -> tuple[Series, ...]:
        for piece in pieces:
            self._waves[piece.series] = max(piece.start_us, self._waves.get(piece.series, 0))
        self._waves = {series: at for series, at in self._waves.items() if now_us - at < GONE_US}
        return tuple(sorted(self._waves, key=series_order))


def _is_of_server(one: Alarm) -> bool:
    found = about(one.alarm.source) if one.device == GATEWAY else None
    return found is not None and (found.kind, found.name) == (SINK, READER)


def series_order(series: Series) -> tuple[int, str, str, str, str]:
    channel = series.channel
    return place(channel.code).order, channel.code, series.device, channel.site, channel.source


def _order(value: Value) -> tuple[tuple[int, str, str, str, str], str]:
    series = value.reading.series
    return series_order(series), series.channel.role
