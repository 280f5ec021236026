"""Replies of the polling protocol → events, with what has to be remembered between them (fact sheet hamilton §1)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    Channel,
    DeviceClock,
    DeviceIdentity,
    Event,
    Observation,
    Priority,
    Quality,
)
from drivers.hamilton import tables

MANUFACTURER = "Hamilton Medical"
NO_VALUE = frozenset(("9999", "999.9"))
"""What a ventilator sends for a value that it does not have (§1)."""
CLOCK_S = 10.0
"""Six replies tell the time; those that came further apart are not of one minute."""
ERROR = b"RERROR"
"""The reply for an id that is unknown or not available."""

_VALUE = re.compile(r" *[-+]?\d+\.?\d* *| +")
_BARE = re.compile(rb"[ABCRV][0-9A-Za-z]{4,5}")
_NAMED = re.compile(r"[0-9A-Za-z][0-9A-Za-z. ]{4}")
_RATIO = re.compile(r"(?:1:)?([-+]?\d+\.?\d*)")


def read(content: bytes, asked: int | None) -> tuple[int, str] | None:
    """The id of a text reply and its characters; None where it is no reply to `asked`.

    Where nobody knows what was asked (None), the reply's first byte is its id. The ventilator's number begins with a
    letter that is an id as well (A = 65): five letters or digits without a blank or a point are not taken for a value.
    """
    if asked == tables.NUMBER:
        return (asked, content.decode("ascii")) if _BARE.fullmatch(content) else None
    one, text = content[0], content[1:].decode("ascii")
    if one != (one if asked is None else asked) or len(text) != 5:
        return None
    if one in tables.SOFTWARE:
        return (one, text) if _NAMED.fullmatch(text) else None
    if one not in tables.TYPE_A or not _VALUE.fullmatch(text):
        return None
    if asked is None and _BARE.fullmatch(content):
        return None
    return one, text


def number(text: str) -> float | None:
    """A value's characters; None: no value."""
    text = text.strip().rstrip(".")
    return float(text) if text and text not in NO_VALUE else None


def observe(item: tables.Item, text: str) -> Observation:
    """What these characters say of an item; a number where none stands is kept, as text of an unknown id."""
    text = text.strip()
    if not text.strip("-") or text.rstrip(".") in NO_VALUE:
        return Observation(channel=item.channel, value=None, quality=Quality.NOT_AVAILABLE)
    if item.form == "text":
        return Observation(channel=item.channel, value=text)
    found = _RATIO.fullmatch(text)
    if found is None or (item.form == "number" and ":" in text):
        return Observation(channel=tables.unknown(item.channel.source).channel, value=text)
    number = float(found[1])
    if item.form == "ratio":  # 2.0 means 1:2.0 (§3); the ratio is that of inspiration to expiration
        if number <= 0.0:
            return Observation(channel=item.channel, value=None, quality=Quality.INVALID)
        number = 1.0 / number
    return Observation(channel=item.channel, value=number)


class Decoder:
    """`standing`: alarms of an earlier dialogue; one that is on at its first reply continues."""

    def __init__(self, co2_unit: str, standing: Sequence[AlarmCondition] = ()) -> None:
        self._items = dict(tables.items())
        co2 = self._items[tables.CO2]
        self._items[tables.CO2] = replace(co2, channel=replace(co2.channel, unit=co2_unit))
        self._standing = {condition.source: condition for condition in standing}
        self._unheard = set(self._standing)
        self._told: dict[int, Channel] = {}
        self._mode: str | None = None
        self._number = ""
        self._software: dict[int, str] = {}
        self._clock: dict[int, int] = {}
        self._clock_at = 0.0

    def reply(self, one: int, text: str, now: float | None) -> Sequence[Event]:
        """What a reply says. `now` is None where it is not known when it came: then the clock says nothing."""
        if one == tables.NUMBER or one in tables.SOFTWARE:
            return self._identity(one, text.strip())
        if tables.SECOND <= one <= tables.YEAR:
            return () if now is None else self._time(one, number(text), now)
        if one in tables.alarms():
            return self._alarm(one, number(text))
        if one == tables.MODE:
            self._mode = text.strip().rstrip(".")
            text = tables.MODES.get(self._mode, self._mode)
        observation = observe(self._item(one), text)
        gone = self._gone(one) if self._told.get(one) != observation.channel else ()
        if observation.value is None:
            self._told.pop(one, None)
        else:
            self._told[one] = observation.channel
        return *gone, observation

    def missing(self, one: int) -> Sequence[Event]:
        """The ventilator does not have this id: what it had told of it has ended."""
        return (*self._gone(one), *(self._end(str(one)) if one in tables.alarms() else ()))

    def _gone(self, one: int) -> Sequence[Observation]:
        channel = self._told.pop(one, None)
        return () if channel is None else (Observation(channel=channel, value=None, quality=Quality.NOT_AVAILABLE),)

    def _item(self, one: int) -> tables.Item:
        item = self._items.get(one) or tables.unknown(str(one))
        if one not in tables.OTHER_RATES:
            return item
        applies = tables.RATE_SIMV if self._mode in tables.SIMV_MODES else tables.RATE_CMV
        code = tables.SET_RATE if self._mode is not None and one == applies else tables.OTHER_RATES[one]
        return replace(item, channel=replace(item.channel, code=code))

    def _identity(self, one: int, text: str) -> Sequence[Event]:
        if one == tables.NUMBER:
            self._number = text
        else:
            self._software[one] = text
        software = " ".join(version for _, version in sorted(self._software.items()))
        return (DeviceIdentity(manufacturer=MANUFACTURER, serial=self._number, software=software),)

    def _time(self, one: int, value: float | None, now: float) -> Sequence[Event]:
        """The second is asked for first and last: where it has not gone back, all are of one minute."""
        if value is None:
            self._clock.clear()
            return ()
        found, first = int(value), self._clock.get(tables.SECOND)
        clock, self._clock[one] = dict(self._clock), found
        if one != tables.SECOND:
            return ()
        began, self._clock, self._clock_at = self._clock_at, {one: found}, now
        if first is None or len(clock) < tables.YEAR - tables.SECOND + 1 or found < first or now - began > CLOCK_S:
            return ()
        minute, hour, day, month, year = (clock[part] for part in range(tables.MINUTE, tables.YEAR + 1))
        try:
            time = datetime(year + (2000 if year < 100 else 0), month, day, hour, minute, found, tzinfo=UTC)
        except ValueError:
            return ()
        return (DeviceClock(time_us=int(time.timestamp()) * 1_000_000),)

    def _alarm(self, one: int, value: float | None) -> Sequence[AlarmCondition]:
        """Zero is off; what other numbers mean is not documented, nor is a priority: all count as high."""
        strangers = {source for source in self._standing if not source.isdecimal()}
        found = [end for source in sorted(strangers) for end in self._end(source)]
        source = str(one)
        if value is None:
            return found
        if not value:
            return [*found, *self._end(source)]
        alarm, before = tables.alarms()[one], self._standing.get(source)
        condition = AlarmCondition(
            source=source,
            type=alarm.type,
            priority=Priority.HIGH,
            phase=AlarmPhase.START if before is None else AlarmPhase.CONTINUE,
            code=alarm.code,
            text=f"{alarm.text}: {value:g}",
        )
        if before is None or source in self._unheard or before.text != condition.text:
            found.append(condition)
        self._standing[source] = condition
        self._unheard.discard(source)
        return found

    def _end(self, source: str) -> Sequence[AlarmCondition]:
        condition = self._standing.pop(source, None)
        self._unheard.discard(source)
        return () if condition is None else (replace(condition, phase=AlarmPhase.END),)
