"""Rows of values as observations (fact sheet mindray-and-chinese-hl7 §1.4, §1.5)."""

import re
from collections.abc import Iterator
from dataclasses import replace

from collector.hl7 import times
from collector.hl7.message import Message, Segment
from collector.model import Channel, Observation, Quality
from drivers.mindray_pds import tables
from drivers.mindray_pds.alarms import ALARM_ROWS
from drivers.mindray_pds.options import Options
from drivers.mindray_pds.pressures import SLOTS, Pressures

NO_VALUE = frozenset({-100.0, -1000.0, -10000.0})
APERIODIC = "APERIODIC"
NOT_OBTAINED = "X"
NUMERIC = "NM"
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{0,9})?")
SECOND_DIGITS = 14
CUFF = frozenset({"170", "171", "172", "173"})
"""What a cuff measures together: one that is new makes all of a message new."""
MOST_CHANNELS = 10_000
"""Ids of four digits: what more a broken sender makes up is not remembered."""


class Values:
    """Remembers what episodic values were, in which unit temperatures come, and the labels of pressures."""

    def __init__(self, options: Options) -> None:
        self._known = tables.numbers(options.co2_unit, options.st_unit)
        self._pressures = Pressures()
        self._episodes: dict[str, tuple[float, int | None]] = {}
        self._measured = False
        self._empty: set[str] = set()
        self._channels: dict[str, Channel] = {}
        self._fahrenheit = False

    def observations(self, message: Message) -> Iterator[Observation]:
        rows = message.all("OBX")
        self._pressures.hear(rows, lambda row: _value(row)[0] is not None)
        self._measured = any(self._is_new(row) for row in rows if row.component(3).strip() in CUFF)
        for row in rows:
            number = row.component(3).strip()
            if number not in ALARM_ROWS and number not in tables.IDENTITIES:
                yield from self._row(number, row)

    def _row(self, number: str, row: Segment) -> Iterator[Observation]:
        if number in tables.LIMITS or number in tables.SETTINGS:
            known: tables.Number | None = tables.setting(number, row.component(4), self._known)
        else:
            known = self._known.get(number)
        if known is None:
            numeric = row.field(2) == NUMERIC and bool(_NUMBER.fullmatch(row.component(5).strip()))
            known = tables.Number(channel=tables.unknown(number), text=not numeric, episode=False)
        if known.text:
            yield _text(known.channel, number, row)
            return
        value, quality = _value(row)
        channel = self._channel(number, known.channel, value)
        before = self._channels.get(channel.source, channel)
        if before != channel:
            yield Observation(channel=before, value=None, quality=Quality.NOT_AVAILABLE)
        if len(self._channels) < MOST_CHANNELS:
            self._channels[channel.source] = channel
        if known.episode or row.field(13) == APERIODIC:
            yield self._episode(channel, value, quality, row)
        else:
            yield Observation(channel=channel, value=value, quality=quality)

    def _channel(self, number: str, channel: Channel, value: float | None) -> Channel:
        """The channel with the label of a pressure, or the unit that a temperature must be in."""
        if number in SLOTS:
            return self._pressures.channel(channel)
        if number in tables.TEMPERATURES:
            if value is None:
                return self._channels.get(number, channel)
            self._fahrenheit = value > tables.WARMEST_CEL
        if self._fahrenheit and (number in tables.TEMPERATURES or number == tables.TEMPERATURE_DIFFERENCE):
            return replace(channel, unit=tables.FAHRENHEIT)
        return channel

    def _episode(self, channel: Channel, value: float | None, quality: Quality, row: Segment) -> Observation:
        """A measurement is new when its value or time is; told without a time it is not told again by that."""
        source = channel.source
        if value is None:
            again = source in self._empty
            self._empty.add(source)
            return Observation(channel=channel, value=None, quality=quality, repeat=again)
        self._empty.discard(source)
        time_us = time_of(row)
        again = not (self._measured and source in CUFF) and self._is_last(source, value, time_us)
        first = source not in self._episodes
        if not again and len(self._episodes) < MOST_CHANNELS:
            self._episodes[source] = (value, time_us)
        return Observation(
            channel=channel,
            value=value,
            repeat=again,
            standing=first and time_us is None,
            device_time_us=time_us,
        )

    def _is_new(self, row: Segment) -> bool:
        value, _ = _value(row)
        return value is not None and not self._is_last(row.component(3).strip(), value, time_of(row))

    def _is_last(self, source: str, value: float, time_us: int | None) -> bool:
        before = self._episodes.get(source)
        return before is not None and value == before[0] and time_us in {None, before[1]}


def time_of(row: Segment) -> int | None:
    """OBX-14 in µs, its digits taken as UTC; None for zeros and what is no time to the second."""
    found = times.parse(row.field(14))
    return found.digits_us if found and found.told == SECOND_DIGITS else None


def words(row: Segment) -> str:
    """A coded value's text, or its number where it has none: `1^A`, `2^`."""
    return next((word.strip() for word in reversed(row.components(5)) if word.strip()), "")


def _text(channel: Channel, number: str, row: Segment) -> Observation:
    meaning = tables.WORDS.get(number, {}).get(row.component(5).strip())
    text = meaning or words(row)
    if not text:
        return Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE)
    return Observation(channel=channel, value=text)


def _value(row: Segment) -> tuple[float | None, Quality]:
    text = row.component(5).strip()
    if not text or row.field(11) == NOT_OBTAINED:
        return None, Quality.NOT_AVAILABLE
    if not _NUMBER.fullmatch(text):
        return None, Quality.INVALID
    value = float(text)
    return (None, Quality.NOT_AVAILABLE) if value in NO_VALUE else (value, Quality.VALID)


def location(message: Message) -> Iterator[Observation]:
    """Department and bed of PV1-3, which stand first and second whatever of the rest is left out."""
    parts = message.first("PV1").component(3, 3).strip(), message.first("PV1").component(3, 3, 2).strip()
    if any(parts):
        yield Observation(channel=tables.LOCATION, value=" ".join(filter(None, parts)))
