"""The dialogue with a GE / Datex-Ohmeda monitor (fact sheet ge-datex-dri §4)."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

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
TREND_S = {"10s": 10, "60s": 60}
TREND_KIND = {"10s": requests.TREND_10S, "60s": requests.TREND_60S}


class DatexSession:
    """Asks for values, waves and alarms, and asks again when they stay away."""

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
        self._retry_s = max(RETRY_S, RETRY_INTERVALS * options.interval_s)
        self._levels: tuple[int, ...] = ()
        self._ask_due = -math.inf
        self._fallback_due = math.inf
        self._waves_due = -math.inf if options.waves else math.inf

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
        return min(self._ask_due, self._fallback_due, self._waves_due)

    def expire(self, now: float) -> Sequence[Event]:
        if now >= self._ask_due:
            self._levels = (FIRST_LEVEL,)
            self._ask_due = now + self._retry_s
            self._fallback_due = now + ANSWER_S
            self._out += b"".join(self._requests(FIRST_LEVEL))
        if now >= self._fallback_due:
            self._fallback_due = math.inf
            self._levels += FALLBACK_LEVELS
            self._out += b"".join(frame for level in FALLBACK_LEVELS for frame in self._requests(level))
            if self._options.waves:
                self._waves_due = now
        if now >= self._waves_due:
            self._waves_due = now + RETRY_S
            self._out += b"".join(self._wave_request(level) for level in self._levels)
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
        self._heard(record.main_type, now)

    def _heard(self, main_type: int, now: float) -> None:
        """Data have come, so what was asked for is on its way."""
        self._fallback_due = math.inf
        if main_type == PHYSIOLOGICAL and self._levels:
            self._ask_due = now + self._retry_s
        elif main_type == WAVEFORM and self._levels and self._options.waves:
            self._waves_due = now + RETRY_S

    def _requests(self, level: int) -> Iterator[bytes]:
        options = self._options
        yield requests.physiological(requests.DISPLAYED, options.interval_s, options.classes, level=level)
        for trend in options.trends:
            yield requests.physiological(TREND_KIND[trend], TREND_S[trend], options.classes, level=level)
        if options.auxiliary:
            yield requests.physiological(requests.AUXILIARY, options.interval_s, level=level)
        if options.alarms:
            yield requests.alarms(requests.ALARM_CHANGES, level=level)

    def _wave_request(self, level: int) -> bytes:
        return requests.waves([WAVE_NUMBERS[name] for name in self._options.waves], level=level)

    def _stops(self, level: int) -> Iterator[bytes]:
        options = self._options
        if options.alarms:
            yield requests.alarms(requests.ALARM_LEAVE, level=level)
        if options.waves:
            yield requests.waves((), level=level)
        for kind in (*(TREND_KIND[trend] for trend in options.trends), requests.AUXILIARY, requests.DISPLAYED):
            yield requests.physiological(kind, requests.STOP, level=level)
