"""What is published of a bed over MQTT. Pure.

The contract. Every message is retained, of QoS 1, JSON in UTF-8, and with MQTT 5 of content type application/json:

    PREFIX/BED/status                                 {"state":"online","version":…,"since":…}; at a clean stop, and as
                                                      the last will, {"state":"offline"}: what else stands is then old
    PREFIX/BED/DEVICE/state                           state and cause of a device's life since a time; last_frame is the
                                                      last one at that message; published whenever another state begins
    PREFIX/BED/DEVICE/vitals/CODE/ROLE/SOURCE         the last reading of a channel: the columns of the view `vitals`
    PREFIX/BED/DEVICE/conditions/SOURCE               the last change of an alarm condition; phase "end" ends it; with
                                                      "pcd04", the same as an IHE PCD-04 report: id and parent (null in
                                                      the first one of the alarm), event (code, text), source, phase
                                                      (start, continue, update, escalate, deescalate, end), state,
                                                      inactivation ("alert-acknowledged" once a person has seen it at
                                                      the bed: published anew then, as an update), priority (PH, PM, PL,
                                                      PN), type (SP, ST; SA: an advisory of ours)

PREFIX is `vitalsd` unless configured. Each other level is a name as it is configured or as the device told it, but for
characters that mean something to MQTT or that a broker may refuse (/ + # $ % and control characters): they are written
like in a URL (%2F), so that urllib.parse.unquote of a level gives the name. Times are RFC 3339 UTC with microseconds or
null. A reading without a value is published too, with value null and its quality.

Readings and changes come in the order of the journal, each at least once: after a lost connection or a restart the last
ones come again. After each connection the last reading of a channel and the last change of a condition are told again
where nothing newer was. What is older than an hour is not published, but for the last change of a condition; and with
MQTT 5 a reading is forgotten by the broker an hour after its time, because what was not heard of for so long may be
another patient's. With 3.1.1 it stays: look at its time.

Waveforms are not published, and what devices say of their patients is not.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from collector.clock import rfc3339
from collector.model import Condition, Reading
from collector.status import DeviceStatus

READER = "mqtt"
"""The sink's name among the durable readers of a journal."""

PATIENCE_S = 3_600
"""How long a reading is worth publishing, and stands at a broker of MQTT 5."""

LAST_WILL = '{"state":"offline"}'

_NON_CHARACTERS = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
_ESCAPED = re.compile(f"[/+#$%\x00-\x1f\x7f-\x9f\ufdd0-\ufdef{_NON_CHARACTERS}]")
"""MQTT 5 §1.5.4, §4.7: separator, wildcards, NUL, and what a server may take for malformed; % marks an escape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`expiry_s`: how long the broker keeps it, where the protocol can say so."""

    topic: str
    payload: str
    expiry_s: int | None = None


@lru_cache(4_096)
def level(name: str) -> str:
    """A name as one level of a topic."""
    return _ESCAPED.sub(lambda found: quote(found[0], safe=""), name)


def status_topic(prefix: str, bed: str) -> str:
    return f"{prefix}/{level(bed)}/status"


def online(prefix: str, bed: str, version: str, since_us: int) -> Message:
    body = {"state": "online", "version": version, "since": rfc3339(since_us)}
    return Message(topic=status_topic(prefix, bed), payload=_json(body))


def offline(prefix: str, bed: str) -> Message:
    return Message(topic=status_topic(prefix, bed), payload=LAST_WILL)


def of_device(prefix: str, bed: str, status: DeviceStatus) -> Message:
    body = {
        "bed": bed,
        "device": status.device,
        "driver": status.driver,
        "manufacturer": status.manufacturer,
        "model": status.model,
        "state": status.state.value,
        "since": rfc3339(status.since_us),
        "cause": status.cause,
        "last_frame": _time(status.last_frame_us),
    }
    return Message(topic=f"{prefix}/{level(bed)}/{level(status.device)}/state", payload=_json(body))


def of_reading(prefix: str, reading: Reading, now_us: int) -> Message | None:
    """None where it is no longer worth publishing."""
    left_s = PATIENCE_S - abs(now_us - reading.time_us) // 1_000_000
    if left_s <= 0:
        return None
    series, channel = reading.series, reading.series.channel
    body = {
        "time": rfc3339(reading.time_us),
        "bed": series.bed,
        "device": series.device,
        "code": channel.code,
        "source": channel.source,
        "role": channel.role.value,
        "site": channel.site,
        "value": reading.value,
        "text": reading.text,
        "unit": channel.unit,
        "quality": reading.quality.value,
        "demo": reading.demo,
    }
    path = f"vitals/{level(channel.code)}/{channel.role.value}/{level(channel.source)}"
    topic = f"{prefix}/{level(series.bed)}/{level(series.device)}/{path}"
    return Message(topic=topic, payload=_json(body), expiry_s=left_s)


def of_condition(prefix: str, condition: Condition, pcd04: Mapping[str, object] | None = None) -> Message:
    """`pcd04`: its report in that shape, where somebody makes one."""
    alarm = condition.alarm
    body = {
        "time": rfc3339(condition.time_us),
        "bed": condition.bed,
        "device": condition.device,
        "source": alarm.source,
        "type": alarm.type.value,
        "priority": alarm.priority.value,
        "phase": alarm.phase.value,
        "code": alarm.code,
        "text": alarm.text,
        "device_priority": alarm.device_priority,
        "demo": alarm.demo,
        "device_time": _time(alarm.device_time_us),
        **({} if pcd04 is None else {"pcd04": pcd04}),
    }
    topic = f"{prefix}/{level(condition.bed)}/{level(condition.device)}/conditions/{level(alarm.source)}"
    return Message(topic=topic, payload=_json(body))


def fresh(time_us: int, now_us: int) -> bool:
    """Whether something of that time is published; a time to come counts like one that is past."""
    return abs(now_us - time_us) < PATIENCE_S * 1_000_000


def _time(time_us: int | None) -> str | None:
    return None if time_us is None else rfc3339(time_us)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _json(body: Mapping[str, object]) -> str:
    return _encode(body)
