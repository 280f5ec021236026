"""The dialogue with a GE / Datex-Ohmeda monitor (fact sheet ge-datex-dri §4)."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from collector.model import AlarmCondition, DeviceIdentity, Event, Frame, Rejected
from drivers.ge_datex_dri import network, requests
from drivers.ge_datex_dri.alarms import Alarms
from drivers.ge_datex_dri.frames import ALARM, EVENT, KINDS, NETWORK, PHYSIOLOGICAL, WAVEFORM, Framer, Record
from drivers.ge_datex_dri.options import WAVE_NUMBERS, Options
from drivers.ge_datex_dri.physiology import Physiology
from drivers.ge_datex_dri.waves import Waves

FIRST_LEVEL = 0
FALLBACK_LEVELS = (9, 8, 7)
"""Some monitors answer only requests of a level that they like; others have used these (§3)."""
ANSWER_S = 2.0
"""Nothing at all heard for so long after a request: the monitor does not like its level. Waves come within 1 s."""
RETRY_S = 10.0
RETRY_INTERVALS = 3
"""A monitor that was switched off has forgotten what was asked: ask again after 3 intervals, at least 10 s (§4.1)."""
RETRY_EXTRA_S = 60.0
"""The same for what some monitors never send: auxiliary records, trends, alarms."""
ALARMS_QUIET_S = 300.0
"""Alarm records come on changes only. After so long without one, one is asked for: no request is acknowledged (§1)."""
TREND_S = {"10s": 10, "60s": 60}
TREND_KIND = {"10s": requests.TREND_10S, "60s": requests.TREND_60S}


@dataclass(slots=True, kw_only=True)
class _Wanted:
    """Something to ask for with `request`, and when that is due: `retry_s` after a request, `quiet_s` after a record.

    main_type, kind: of the records that bring it and of their sub-records; kind None: of any.
    """

    request: Callable[..., bytes]
    main_type: int
    kind: int | None = None
    retry_s: float
    quiet_s: float
    due: float = -math.inf

    def brought_by(self, record: Record) -> bool:
        return record.main_type == self.main_type and (
            self.kind is None or any(kind == self.kind for kind, _ in record.parts)
        )


class DatexSession:
    """Asks for values, waves and alarms, and for each of them again when it stays away."""

    def __init__(self, options: Options, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._framer = Framer()
        self._physiology = Physiology()
        self._waves = Waves(self._physiology.label, options.ecg12_uv)
        self._alarms = Alarms(options.alarm_encoding, standing)
        self._readers: Mapping[int, Callable[[Record], Sequence[Event] | None]] = {
            PHYSIOLOGICAL: self._physiology.events,
            WAVEFORM: self._waves.events,
            ALARM: self._alarms.events,
            NETWORK: network.events,
            EVENT: lambda _: (),
        }
        self._level = -1
        self._out = b""
        self._levels: tuple[int, ...] = ()
        self._fallback_due = math.inf
        self._wanted = tuple(_wanted(options))
        self._displayed = next(wanted for wanted in self._wanted if wanted.kind == requests.DISPLAYED)

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        found: list[Event] = []
        for item in self._framer.feed(data):
            if isinstance(item, Rejected):
                found.append(item)
            else:
                self._read(item, now, found)
        return found

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return min(self._fallback_due, *(wanted.due for wanted in self._wanted))

    def expire(self, now: float) -> Sequence[Event]:
        if now >= self._displayed.due:
            self._levels = self._levels or (FIRST_LEVEL,)
            self._fallback_due = now + ANSWER_S
            for wanted in self._wanted:
                if wanted.main_type != WAVEFORM:  # a request for waves would interrupt them
                    wanted.due = now
        if now >= self._fallback_due:
            self._fallback_due = math.inf
            self._levels = (FIRST_LEVEL, *FALLBACK_LEVELS)
            for wanted in self._wanted:
                wanted.due = now
        for wanted in self._wanted:
            if now >= wanted.due:
                wanted.due = now + wanted.retry_s
                self._out += b"".join(wanted.request(level=level) for level in self._levels)
        return ()

    def close(self, now: float) -> None:  # noqa: ARG002  the contract's
        for level in self._levels:
            self._out += b"".join(self._stops(level))

    def finish(self) -> Sequence[Event]:
        return self._framer.finish()

    def _read(self, record: Record, now: float, found: list[Event]) -> None:
        request = any(kind == requests.REQUEST for kind, _ in record.parts) and record.main_type != NETWORK
        events = () if request else self._readers[record.main_type](record)
        if events is None:
            found.append(Rejected(offset=record.offset, length=record.length, reason="sub_record"))
            return
        found.append(
            Frame(
                offset=record.offset,
                length=record.length,
                kind="request" if request else KINDS[record.main_type],
                tick_us=record.time_s * 1_000_000 or None,
            )
        )
        if request:
            return
        if record.level != self._level:
            self._level = record.level
            found.append(DeviceIdentity(manufacturer=network.MANUFACTURER, software=network.software(record.level)))
        found += events
        self._heard(record, now)

    def _heard(self, record: Record, now: float) -> None:
        """Data have come, so what was asked for is on its way."""
        self._fallback_due = math.inf
        if self._levels:
            for wanted in self._wanted:
                if wanted.brought_by(record):
                    wanted.due = now + wanted.quiet_s

    def _stops(self, level: int) -> Iterator[bytes]:
        options = self._options
        if options.alarms:
            yield requests.alarms(requests.ALARM_LEAVE, level=level)
        if options.waves:
            yield requests.waves((), level=level)
        for kind in (*(TREND_KIND[trend] for trend in options.trends), requests.AUXILIARY, requests.DISPLAYED):
            yield requests.physiological(kind, requests.STOP, level=level)


def _wanted(options: Options) -> Iterator[_Wanted]:
    """What the options ask for. Auxiliary records first: they tell when values beside them were measured."""

    def values(kind: int, interval_s: int, classes: Sequence[str] = (), least_s: float = RETRY_EXTRA_S) -> _Wanted:
        request = partial(requests.physiological, kind, interval_s, classes)
        retry_s = max(least_s, RETRY_INTERVALS * interval_s)
        return _Wanted(request=request, main_type=PHYSIOLOGICAL, kind=kind, retry_s=retry_s, quiet_s=retry_s)

    if options.auxiliary:
        yield values(requests.AUXILIARY, options.interval_s)
    yield values(requests.DISPLAYED, options.interval_s, options.classes, RETRY_S)
    for trend in options.trends:
        yield values(TREND_KIND[trend], TREND_S[trend], options.classes)
    if options.alarms:
        request = partial(requests.alarms, requests.ALARM_CHANGES)
        yield _Wanted(request=request, main_type=ALARM, retry_s=RETRY_EXTRA_S, quiet_s=ALARMS_QUIET_S)
    if options.waves:
        request = partial(requests.waves, [WAVE_NUMBERS[name] for name in options.waves])
        yield _Wanted(request=request, main_type=WAVEFORM, retry_s=RETRY_S, quiet_s=RETRY_S)
