"""Rows of values as observations (fact sheet mindray-and-chinese-hl7 §8).

Every row carries a time without seconds. Whether that of a cuff pressure is when it was measured or merely when it was
sent, nobody has told. So where it is the minute of the other rows it says nothing, and a measurement is then new by its
values alone; one of an earlier minute is its own.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from collector.hl7 import times
from collector.hl7.message import Message, Segment
from collector.model import Channel, DeviceClock, Observation, Quality
from drivers.biolight import tables
from drivers.biolight.frames import VALUES

MINUTE_DIGITS = 12
NO_VALUES = frozenset({32767.0, 65535.0})
"""And what is negative: none of the known parameters can be. Assumed; no sample shows how "no value" is written."""
NUMERIC = "NM"
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{0,9})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    number: tables.Number
    value: float | str | None
    quality: Quality
    time_us: int | None


class Values:
    """Remembers the last cuff pressures and the last minute of the monitor's clock."""

    def __init__(self) -> None:
        self._minute_us: int | None = None
        self._last: dict[str, float] = {}
        self._last_us: int | None = None
        self._empty: set[str] = set()

    def events(self, message: Message) -> Iterator[DeviceClock | Observation]:
        """The clock is told when its minute begins: that is when it is known best."""
        rows = [_read(row, message.control_id) for row in message.all("OBX")]
        minute_us = max((row.time_us for row in rows if row.time_us and not row.number.episode), default=None)
        if minute_us is not None and minute_us != self._minute_us:
            if self._minute_us is not None:
                yield DeviceClock(time_us=minute_us)
            self._minute_us = minute_us
        again, first = self._cuff([row for row in rows if row.number.episode])
        for row in rows:
            source = row.number.channel.source
            if not row.number.episode:
                yield Observation(channel=row.number.channel, value=row.value, quality=row.quality)
            elif row.value is None:
                yield Observation(
                    channel=row.number.channel, value=None, quality=row.quality, repeat=source in self._empty
                )
                self._empty.add(source)
            else:
                self._empty.discard(source)
                yield Observation(
                    channel=row.number.channel,
                    value=row.value,
                    repeat=again,
                    standing=first and row.time_us in {None, self._minute_us},
                    device_time_us=row.time_us,
                )

    def _cuff(self, rows: Sequence[_Row]) -> tuple[bool, bool]:
        """Whether the pressures are those of before, and whether they are the first: all of them together."""
        values = {row.number.channel.source: row.value for row in rows if isinstance(row.value, float)}
        if not values:
            return False, False
        first = not self._last
        own_us = next((row.time_us for row in rows if row.time_us not in {None, self._minute_us}), None)
        again = not first and values.items() <= self._last.items() and own_us in {None, self._last_us}
        if not again:
            self._last = {**self._last, **values}
            self._last_us = own_us or self._minute_us
        return again, first


def _read(row: Segment, kind: str) -> _Row:
    source = f"{row.component(3).strip()}/{row.component(4).strip()}".removesuffix("/")
    name = row.component(4, 2).strip().lower()
    number = (tables.numbers().get(source) or tables.names().get(name)) if kind == VALUES else None
    text = row.component(5).strip()
    found = times.parse(row.field(14))
    time_us = found.digits_us if found and found.told >= MINUTE_DIGITS else None
    if number is None:
        unknown = tables.Number(channel=tables.unknown(source if kind == VALUES else f"{kind}/{source}"))
        words = next((word.strip() for word in reversed(row.components(5)) if word.strip()), None)
        value = float(text) if row.field(2) == NUMERIC and _NUMBER.fullmatch(text) else words
        quality = Quality.NOT_AVAILABLE if value is None else Quality.VALID
        return _Row(number=unknown, value=value, quality=quality, time_us=time_us)
    if source not in tables.numbers():
        number = replace(number, channel=replace(number.channel, source=source))
    if text and not _NUMBER.fullmatch(text):
        return _Row(number=number, value=None, quality=Quality.INVALID, time_us=time_us)
    if not text or float(text) < 0.0 or float(text) in NO_VALUES:
        return _Row(number=number, value=None, quality=Quality.NOT_AVAILABLE, time_us=time_us)
    scaled = float(text) / number.divisor
    number = replace(number, channel=_unit(number.channel, scaled))
    return _Row(number=number, value=scaled, quality=Quality.VALID, time_us=time_us)


def _unit(channel: Channel, value: float) -> Channel:
    warm = channel.source in tables.TEMPERATURES and value > tables.WARMEST_CEL
    return replace(channel, unit=tables.FAHRENHEIT) if warm else channel
