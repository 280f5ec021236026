"""Messages as events. Pure."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from collector.model import Channel, Event, Frame, Observation, Quality, Rejected
from drivers.mqtt_sensor.options import Options, Value
from drivers.mqtt_sensor.paths import find, path

MOST_BYTES = 65_536
"""Of a payload: a sensor's message has some hundred."""
MOST_SENSORS = 1_000
"""Behind one topic: of each, the time of its last message is kept."""
MILLISECONDS = 100_000_000_000
"""A number from here on counts milliseconds since 1970; in seconds it would be the year 5138."""

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?([eE][+-]?\d{1,3})?")
_KEPT = {Quality.VALID, Quality.QUESTIONABLE}
"""Qualities that leave a value standing."""

BATTERY = "VND_VITALSD_SENSOR_BATTERY"


class _WrongError(Exception):
    """Why a message is rejected, in few fixed words."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic with + for any one level. Raises ValueError."""

    text: str

    def __post_init__(self) -> None:
        if not self.text or "#" in self.text or "\0" in self.text:
            raise ValueError("expected mqtt://HOST:PORT/TOPIC, a topic without #, in which + stands for any one level")
        if any("+" in level and level != "+" for level in self.text.split("/")):
            raise ValueError("+ stands for a whole level of the topic, as in ward/+/temperature")

    def sensor(self, topic: str) -> str:
        """What varies in a topic, its levels joined by /; the whole of it where nothing does."""
        levels = zip(self.text.split("/"), topic.split("/"), strict=False)
        return "/".join(told for level, told in levels if level == "+") or topic


class Payloads:
    """What the sensors behind one topic say."""

    def __init__(self, options: Options, topic: Topic) -> None:
        self._options = options
        self._topic = topic
        self._values = [(value, path(value.path)) for value in options.values]
        self._battery, self._quality, self._time = (
            None if text is None else path(text) for text in (options.battery, options.quality, options.time)
        )
        self._last: dict[str, int | None] = {}
        self._bytes = 0

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> Sequence[Event]:
        """The events of a message. retained: the broker kept it, and nobody knows since when."""
        at = self._bytes
        self._bytes += len(payload)
        try:
            told = self._told(self._topic.sensor(topic), payload, retained=retained)
        except _WrongError as error:
            return [Rejected(offset=at, length=len(payload), reason=str(error))]
        return [Frame(offset=at, length=len(payload), kind="message"), *told]

    def _told(self, sensor: str, payload: bytes, *, retained: bool) -> Sequence[Event]:
        if sensor not in self._last and len(self._last) >= MOST_SENSORS:
            raise _WrongError("too many sensors")
        if not payload:  # how a topic is cleared (MQTT 5 §3.3.1.3)
            return [
                Observation(channel=_channel(sensor, value), value=None, quality=Quality.NOT_AVAILABLE)
                for value in self._options.values
            ]
        document = _document(payload)
        time_us = None if self._time is None else _time_us(_at(document, self._time, "no time"))
        repeat = time_us is not None and self._last.get(sensor) == time_us
        quality = self._quality_of(document)
        found: list[Event] = []
        for value, steps in self._values:
            said = _at(document, steps, "no value")
            number = None if said is None else _text(said) if value.unit == "" else _number(said)
            kept = number if quality in _KEPT else None
            found.append(
                Observation(
                    channel=_channel(sensor, value),
                    value=kept,
                    quality=Quality.NOT_AVAILABLE if said is None and quality in _KEPT else quality,
                    repeat=repeat,
                    standing=retained,
                    device_time_us=time_us,
                )
            )
        if self._battery is not None:
            found += _charge(sensor, document, self._battery)
        self._last[sensor] = time_us
        return found

    def _quality_of(self, document: Any) -> Quality:
        if self._quality is None:
            return Quality.VALID
        try:
            word = find(document, self._quality)
        except LookupError:
            return Quality.QUESTIONABLE
        return self._options.qualities.get(_text(word), Quality.QUESTIONABLE)


def _channel(sensor: str, value: Value) -> Channel:
    source = f"{sensor}/{value.name}" if value.name else sensor
    return Channel(code=value.code, source=source, unit=value.unit, role=value.role, site=value.site)


def _document(payload: bytes) -> Any:
    if len(payload) > MOST_BYTES:
        raise _WrongError("too long")
    try:
        return json.loads(payload.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _WrongError("not JSON") from None


def _no_number(text: str) -> NoReturn:
    """NaN and Infinity are no JSON, though the parser knows them."""
    raise ValueError(text)


def _at(document: Any, steps: Sequence[str | int], reason: str) -> Any:
    try:
        return find(document, steps)
    except LookupError:
        raise _WrongError(reason) from None


def _number(said: Any) -> float:
    if isinstance(said, str) and _NUMBER.fullmatch(said.strip()):
        said = float(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or abs(said) > 1e15 or not math.isfinite(said):
        raise _WrongError("not a number")
    return float(said)


def _text(said: Any) -> str:
    return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)


def _time_us(said: Any) -> int:
    """ISO 8601, or a count of seconds or milliseconds since 1970. What has no zone is taken as UTC."""
    try:
        if isinstance(said, str) and not _NUMBER.fullmatch(said):
            moment = datetime.fromisoformat(said)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
            return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)
        count = _number(said)
    except (ValueError, OverflowError, _WrongError):
        raise _WrongError("not a time") from None
    return round(count * (1e3 if count >= MILLISECONDS else 1e6))


def _charge(sensor: str, document: Any, steps: Sequence[str | int]) -> Sequence[Event]:
    """The battery; nothing where the message does not tell."""
    try:
        said = find(document, steps)
        number = None if said is None else _number(said)
    except (LookupError, _WrongError):
        return ()
    channel = Channel(code=BATTERY, source=sensor, unit="%")
    quality = Quality.NOT_AVAILABLE if number is None else Quality.VALID
    return (Observation(channel=channel, value=number, quality=quality),)
