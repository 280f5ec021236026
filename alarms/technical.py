"""Technical conditions of the gateway's own about what it is told: silent signals, sites that cannot be, servers. Pure.

Each returns the changes of its conditions, for its caller to journal; a link, the clock and the journal tell their own
(collector.links, collector.timekeeping, collector.journal.watch). Seconds are of a clock that never goes back.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from alarms.temperature import Core, Limits, site_of
from collector.ages import age, signal_names
from collector.links import LATE_US
from collector.model import Condition, Entry, Priority, Reading, Role, Series
from collector.status import DeviceState, DeviceStatus, SinkStatus
from collector.technical import Technical
from collector.units import convert

SIGNAL, SITE, UNMAPPED, SINK = "signal", "site", "unmapped", "sink"
"""Kinds of conditions: how their sources begin."""

MISSING_CODE = "VND_VITALSD_SIGNAL_MISSING"
SINK_CODE = "VND_VITALSD_SINK_UNREACHED"
SITE_CODE = "VND_VITALSD_TEMP_SITE"
UNMAPPED_CODE = "VND_VITALSD_TEMP_UNMAPPED"

TREND_S = 30.0
"""A trend that is silent for longer is told (clinical.md §4.2); a link after 10 s (collector.links)."""
USUAL = 3.0
"""Silent for so many of its usual intervals; a signal that comes each minute is not missed after 30 s."""
EPISODE_USUAL = 1.5
CYCLE_S = 900.0
"""Who measures at most so far apart is cycling; a single measurement is not followed by one that is missed."""
GIVEN_UP_S = 3_600.0
"""What has been missing for so long is no signal of this patient any more: as on the page (charting.page.now)."""
RECALLED_S = 600.0
"""What the journal has is missed after a restart where it is not older."""
_SAME_S = 0.5
"""Readings closer than this are parts of one measurement."""
_INTERVALS = 5
_ENOUGH, _ENOUGH_EPISODES = 3, 2

SITE_S = 300.0
"""As the national rule's difference of two sites (clinical.md §2.1)."""
_FRESH_S = 60.0
UNREACHED_S = 60.0
_UNITS = frozenset({"Cel", "[degF]", "K"})


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a condition is about: of a signal its name or code and its site, of a sink its name."""

    kind: str
    name: str
    site: str
    device: str


def about(source: str) -> About | None:
    """None for the source of a condition that is not of this module."""
    kind, _, rest = source.partition(":")
    parts = rest.split(":")
    if kind not in {SIGNAL, SITE, UNMAPPED, SINK} or len(parts) != len(("name", "site", "device")):
        return None
    name, site, device = map(unquote, parts)
    return About(kind=kind, name=name, site=site, device=device)


def _source(kind: str, name: str, site: str, device: str) -> str:
    return ":".join([kind, *(part.replace("%", "%25").replace(":", "%3A") for part in (name, site, device))])


@dataclass(slots=True)
class _Heard:
    """`valued`: it was told with a value last. `known`: it was there before this life. `usual`: the last intervals."""

    last_s: float
    priority: Priority
    episodic: bool
    limit_s: float
    valued: bool = True
    counted_s: float | None = None
    known: bool = False
    usual: deque[float] = field(default_factory=lambda: deque(maxlen=_INTERVALS))

    def missed_after_s(self) -> float | None:
        """Silent for longer it is missing; None where nothing says that it comes again."""
        if self.episodic:
            last = list(self.usual)[-_ENOUGH_EPISODES:]
            cycles = len(last) == _ENOUGH_EPISODES and max(last) <= CYCLE_S
            return max(self.limit_s, EPISODE_USUAL * max(last)) if cycles else self.limit_s if self.known else None
        if len(self.usual) >= _ENOUGH:
            return max(TREND_S, USUAL * sorted(self.usual)[len(self.usual) // 2])
        return TREND_S if self.known else None


class Signals:
    """The signals of one bed's devices that were there; one that is silent while its device is received is missing.

    last: the last readings that the journal has of this bed, so that a restart hides no missing one.
    """

    def __init__(self, technical: Technical, last: Iterable[Reading], now_us: int, now_s: float) -> None:
        self._technical = technical
        self._heard: dict[str, _Heard] = {}
        self._received_s: dict[str, float] = {}
        self._start_s = now_s
        left = set(technical.standing(f"{SIGNAL}:"))
        for reading in last:
            source, ago_s = _signal(reading), (now_us - reading.time_us) / 1e6
            stood = source in left
            if source and 0 <= ago_s < (GIVEN_UP_S if stood else RECALLED_S):
                heard = self._heard.setdefault(source, _of(reading, now_s - ago_s))
                heard.last_s = max(heard.last_s, now_s - ago_s)
                heard.known = stood or not heard.episodic

    def hear(self, entries: Iterable[Entry], now_s: float) -> None:
        """These were told."""
        for entry in entries:
            if isinstance(entry, Reading) and (source := _signal(entry)):
                self._hear(source, entry, now_s)

    def look(self, devices: Iterable[DeviceStatus], now_us: int, now_s: float) -> Sequence[Condition]:
        """Changes of the conditions of the signals of these devices. What has no link has no condition of its own."""
        changes: list[Condition] = []
        receiving = {device.device for device in devices if device.state is DeviceState.RECEIVING}
        self._received_s = {device: self._received_s.get(device, now_s) for device in receiving}
        self._heard = {source: heard for source, heard in self._heard.items() if now_s - heard.last_s < GIVEN_UP_S}
        missing = {source for source, heard in self._heard.items() if self._is_missing(source, heard, now_s)}
        for source in self._technical.standing(f"{SIGNAL}:"):
            if source not in missing and not self._is_left(source, now_s):
                changes += self._technical.cleared(source)
        for source in missing:
            heard = self._heard[source]
            since_us = now_us - round((now_s - heard.last_s) * 1e6)
            changes += self._technical.raised(
                source, _missing(source), heard.priority, code=MISSING_CODE, since_us=since_us
            )
        return changes

    def _hear(self, source: str, reading: Reading, now_s: float) -> None:
        heard = self._heard.get(source)
        if heard is None:
            heard = self._heard[source] = _of(reading, now_s)
        if heard.counted_s is None:
            heard.counted_s = now_s
        elif now_s - heard.counted_s >= _SAME_S:
            heard.usual.append(now_s - heard.counted_s)
            heard.counted_s = now_s
            heard.valued = False
        heard.last_s = now_s
        heard.valued = heard.valued or reading.value is not None

    def _is_missing(self, source: str, heard: _Heard, now_s: float) -> bool:
        found = about(source)
        since_s = self._received_s.get(found.device) if found is not None else None
        limit_s = heard.missed_after_s()
        if since_s is None or limit_s is None or not heard.valued or now_s - heard.last_s <= limit_s:
            return False
        stands = source in self._technical.standing(f"{SIGNAL}:")
        return stands or now_s - since_s > (TREND_S if heard.episodic else limit_s)

    def _is_left(self, source: str, now_s: float) -> bool:
        """Of a last life's, its device has had no time yet to be received."""
        heard = self._heard.get(source)
        return heard is not None and heard.last_s < self._start_s and now_s - self._start_s < LATE_US / 1e6


class Sites:
    """The temperatures of one bed: a core one that cannot be, and one of which nobody says where it is measured."""

    def __init__(self, technical: Technical, now_s: float) -> None:
        self._technical = technical
        self._start_s = now_s
        self._last: dict[Series, tuple[float, float]] = {}
        self._near_s: dict[Series, float] = {}

    def hear(self, entries: Iterable[Entry], now_s: float) -> None:
        """These were told."""
        for entry in entries:
            if isinstance(entry, Reading) and entry.value is not None and _is_temperature(entry.series):
                self._last[entry.series] = convert(entry.value, entry.series.channel.unit, "Cel"), now_s

    def look(self, now_s: float) -> Sequence[Condition]:
        """Changes of the conditions, of what is being told now."""
        self._last = {series: last for series, last in self._last.items() if now_s - last[1] <= _FRESH_S}
        found: dict[str, tuple[str, Priority, str]] = {}
        near_s: dict[Series, float] = {}
        for series, (celsius, _) in self._last.items():
            channel, site = series.channel, site_of(series.channel.code, series.channel.site)
            key = channel.code, channel.source, series.device
            if site is not None and site.core is Core.UNKNOWN:
                text = f"{series.device}: nobody has told where {channel.source} measures"
                found[_source(UNMAPPED, *key)] = text, Priority.INFORMATION, UNMAPPED_CODE
            if site is not None and site.core is Core.CORE and self._like_skin(celsius):
                near_s[series] = self._near_s.get(series, now_s)
                if now_s - near_s[series] >= SITE_S or _source(SITE, *key) in self._technical.standing(f"{SITE}:"):
                    text = f"{series.device}: {site.en} is as cold as the skin; is the probe there?"
                    found[_source(SITE, *key)] = text, Priority.LOW, SITE_CODE
        self._near_s = near_s
        changes: list[Condition] = []
        for source in (*self._technical.standing(f"{SITE}:"), *self._technical.standing(f"{UNMAPPED}:")):
            if source not in found and now_s - self._start_s > _FRESH_S:
                changes += self._technical.cleared(source)
        for source, (text, priority, code) in found.items():
            changes += self._technical.raised(source, text, priority, code=code)
        return changes

    def _like_skin(self, celsius: float) -> bool:
        """Step 10 of §2.4."""
        limits = Limits()
        skins = [value for series, (value, _) in self._last.items() if _site_name(series) == "skin"]
        return celsius < limits.site_low and any(abs(celsius - skin) <= limits.site_near for skin in skins)


class Sinks:
    """Servers that are to keep the bed's data, each with the priority of its being unreached.

    What they do not take waits in the journal: nothing is lost before that is full, which has a condition of its own.
    """

    def __init__(self, technical: Technical, priorities: Mapping[str, Priority], now_s: float) -> None:
        self._technical = technical
        self._priorities = priorities
        self._reached_s = dict.fromkeys(priorities, now_s)

    def look(self, statuses: Mapping[str, SinkStatus], now_us: int, now_s: float) -> Sequence[Condition]:
        """Changes of the conditions of these sinks."""
        changes: list[Condition] = []
        self._reached_s.update((name, now_s) for name in self._priorities if statuses[name].connected)
        lost_s = {_source(SINK, name, "", ""): (name, now_s - at_s) for name, at_s in self._reached_s.items()}
        for source in self._technical.standing(f"{SINK}:"):
            if source not in lost_s or not lost_s[source][1]:
                changes += self._technical.cleared(source)
        for source, (name, for_s) in lost_s.items():
            if for_s >= UNREACHED_S:
                text, priority = f"{name}: the server is not reached", self._priorities[name]
                since_us = now_us - round(for_s * 1e6)
                changes += self._technical.raised(source, text, priority, code=SINK_CODE, since_us=since_us)
        return changes


class Watched:
    """All of these of one bed; the same arguments."""

    def __init__(
        self,
        technical: Technical,
        last: Iterable[Reading],
        sinks: Mapping[str, Priority],
        now_us: int,
        now_s: float,
    ) -> None:
        self._signals = Signals(technical, last, now_us, now_s)
        self._sites = Sites(technical, now_s)
        self._sinks = Sinks(technical, sinks, now_s)

    def hear(self, entries: Sequence[Entry], now_s: float) -> None:
        """These were told."""
        self._signals.hear(entries, now_s)
        self._sites.hear(entries, now_s)

    def look(
        self, devices: Sequence[DeviceStatus], sinks: Mapping[str, SinkStatus], now_us: int, now_s: float
    ) -> Sequence[Condition]:
        return [
            *self._signals.look(devices, now_us, now_s),
            *self._sites.look(now_s),
            *self._sinks.look(sinks, now_us, now_s),
        ]


def _signal(reading: Reading) -> str:
    """The source of the condition of a reading's signal; empty where nobody waits for it."""
    channel = reading.series.channel
    found = age(channel.code)
    if found.missing is None or channel.role is not Role.MEASURED or reading.text is not None:
        return ""
    return _source(SIGNAL, found.signal or channel.code, channel.site, reading.series.device)


def _of(reading: Reading, now_s: float) -> _Heard:
    found = age(reading.series.channel.code)
    return _Heard(
        last_s=now_s,
        priority=found.missing or Priority.LOW,
        episodic=found.episodic,
        limit_s=found.limit_s,
        valued=reading.value is not None,
    )


def _missing(source: str) -> str:
    found = about(source)
    if found is None:
        return source
    _, name = signal_names(found.name)
    return f"{found.device}: {' '.join(filter(None, (name, found.site)))} is missing"


def _is_temperature(series: Series) -> bool:
    channel = series.channel
    return channel.role is Role.MEASURED and site_of(channel.code, channel.site) is not None and channel.unit in _UNITS


def _site_name(series: Series) -> str:
    site = site_of(series.channel.code, series.channel.site)
    return site.name if site is not None else ""
