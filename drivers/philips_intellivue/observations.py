"""Poll results → observations and waveforms (fact sheet philips-intellivue §4.4, §7, §9)."""

from collections.abc import Mapping

from collector.model import Event, Observation, Quality, Waveform
from drivers.philips_intellivue.objects import BLOCK_TICKS, Known, Objects
from drivers.philips_intellivue.pdu import (
    ENUMERATION,
    NUMERIC,
    TICKS_PER_SECOND,
    US_PER_TICK,
    WAVE,
    Choice,
    Entry,
    Poll,
)
from drivers.philips_intellivue.values import NOT_REAL, U16, absolute_time, quality, reading, ticks_between, u32

_MEASURED_AT, _MEASURED_AT_TICKS = 0x0990, 0x0991
"""By the wall clock, as of a cuff; by relative time, as of ST: measured every 15 s, sent every second (§6)."""
MAX_EPISODIC = 1024
"""Channels with a time of measurement are some twenty; more come only from damaged input."""
CLOCK_DRIFT = 0.0005
"""How much faster than ours the monitor's clock may run: five times what a poor crystal does."""

_UNSCALED = 1.0, 0.0

_OBJECT_ID, _OBJECT_ID_AND_VALUE = 1, 4
"""Choices of an enumeration (§7.3)."""
_ID_AND_VALUE = 8


class Decoder:
    """Turns the results of one monitor into events, and keeps what later results need."""

    def __init__(self) -> None:
        self._objects = Objects()
        self._measured: dict[tuple[int, int | None], tuple[int | bytes, float | None, Quality]] = {}
        self._zero_us: int | None = None
        self._delay = Delay()

    def restart(self) -> None:
        """A new association: handles, scales and positions of waves mean nothing any more."""
        self._objects.clear()
        self._delay = Delay()
        self._zero_us = None

    def clock(self, wall_us: int, tick_us: int) -> None:
        """The monitor's wall clock at an unwrapped relative time: it is by the last one told that times are dated."""
        self._zero_us = wall_us - tick_us

    def poll(self, result: Poll, ticks: int, now: float) -> list[Event]:
        """The events of a result whose relative time, unwrapped, is `ticks`."""
        events: list[Event] = []
        if result.object_class == NUMERIC:
            for entry in result.entries:
                known = self._objects.of(NUMERIC, entry)
                if entry.numerics:
                    self._numerics(known, entry, ticks, events)
        elif result.object_class == WAVE:
            start_us = None
            for entry in result.entries:
                known = self._objects.of(WAVE, entry)
                if entry.arrays:
                    if start_us is None:
                        start_us = self._delay.start_us(ticks, now)
                    _waves(known, entry, ticks, start_us, events)
        elif result.object_class == ENUMERATION:
            for entry in result.entries:
                known = self._objects.of(ENUMERATION, entry)
                for choice in entry.choices:
                    _enumeration(known, choice, events)
        return events

    def _numerics(self, known: Known, entry: Entry, ticks: int, events: list[Event]) -> None:
        stamp, time_us = self._stamp(entry.attributes, ticks)
        for physio, state, unit, raw in entry.numerics:
            value, worth = reading(raw, state)
            channel = known.numeric_channel(physio, unit)
            if stamp is None:
                events.append(Observation(channel=channel, value=value, quality=worth, demo=bool(state & NOT_REAL)))
                continue
            key, now = (physio, known.label), (stamp, value, worth)
            before = self._measured.get(key)
            if len(self._measured) >= MAX_EPISODIC:
                self._measured.clear()
            self._measured[key] = now
            withdrawn = value is None and before is not None and before != now and before[0] == stamp
            events.append(
                Observation(
                    channel=channel,
                    value=value,
                    quality=worth,
                    demo=bool(state & NOT_REAL),
                    repeat=before == now,
                    standing=before is None and time_us is None,
                    device_time_us=None if withdrawn else time_us,  # nothing was measured at that time
                )
            )

    def _stamp(self, attributes: Mapping[int, bytes], ticks: int) -> tuple[int | bytes | None, int | None]:
        """What tells a measurement from the next one, None if it is continuous; the monitor's wall clock then."""
        told, measured = attributes.get(_MEASURED_AT), u32(attributes.get(_MEASURED_AT_TICKS))
        time_us = absolute_time(told)
        if time_us is not None or measured is None:
            return told, time_us
        if self._zero_us is None:
            return measured, None
        return measured, self._zero_us + (ticks + ticks_between(ticks, measured)) * US_PER_TICK


class Delay:
    """How old a block is when it arrives: on LAN the four blocks of a cycle come as one burst (§4.4)."""

    def __init__(self) -> None:
        self._least: float | None = None
        self._at = 0.0

    def start_us(self, ticks: int, now: float) -> int:
        """The block's start relative to its arrival, ≤ 0, by the least delayed block so far."""
        lag = now - ticks / TICKS_PER_SECOND
        if self._least is None:
            self._least = lag
        self._least = min(lag, self._least + CLOCK_DRIFT * (now - self._at))
        self._at = now
        return round((self._least - lag) * 1_000_000)


def _waves(known: Known, entry: Entry, ticks: int, start_us: int, events: list[Event]) -> None:
    """Nothing for a block that has come before: polls that replace each other overlap (§13.18)."""
    if ticks in known.recent:
        return
    known.recent.append(ticks)
    scale, offset = known.scale or _UNSCALED
    for physio, state, data in entry.arrays:
        n, runs = known.runs(physio, state, data)
        if not n:
            continue
        period = known.period or BLOCK_TICKS / n
        rate_hz = TICKS_PER_SECOND / period
        channel = known.wave_channel(physio)
        for first, counts, worth in runs:
            start = ticks + first * period
            expected = known.expected(physio, channel)
            events.append(
                Waveform(
                    channel=channel,
                    rate_hz=rate_hz,
                    data=counts,
                    scale=scale,
                    offset=offset,
                    quality=worth,
                    demo=bool(state & NOT_REAL),
                    gap_samples=0 if start == expected else _gap(expected, start, period),
                    start_us=start_us + round(first * period * US_PER_TICK) if first else start_us,
                )
            )
            known.next_ticks[physio] = channel, start + len(counts) // 4 * period


def _gap(expected: float | None, start: float, period: float) -> int | None:
    """Samples that are missing before `start`; None where that is not a whole number of them, or time went back."""
    if expected is None or start < expected:
        return None
    gap = (start - expected) / period
    return int(gap) if gap.is_integer() else None


def _enumeration(known: Known, choice: Choice, events: list[Event]) -> None:
    """The chosen object id as four hex digits: no source names them (§7.3). Unknown choices as the bytes sent."""
    physio, state, kind, content = choice
    demo, worth = bool(state & NOT_REAL), quality(state)
    text = content[:2].hex().upper() if kind in (_OBJECT_ID, _OBJECT_ID_AND_VALUE) else content.hex().upper()
    events.append(
        Observation(
            channel=known.text_channel(physio), value=text or None, quality=worth if text else _absent(worth), demo=demo
        )
    )
    if kind == _OBJECT_ID_AND_VALUE and len(content) == _ID_AND_VALUE:
        raw = int.from_bytes(content[2:6], "big")
        value, worth = reading(raw, state)
        unit = U16.unpack_from(content, 6)[0]
        events.append(Observation(channel=known.numeric_channel(physio, unit), value=value, quality=worth, demo=demo))


def _absent(worth: Quality) -> Quality:
    return Quality.NOT_AVAILABLE if worth is Quality.VALID else worth
