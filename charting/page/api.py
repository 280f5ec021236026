"""`GET /api/now`: what the page shows, as JSON with stable keys.

Times are RFC 3339 UTC with microseconds, ages are seconds at `time`.

    bed, time, zone, demo, unsaved_since (null, or since when the gateway's disk takes nothing)
    devices[]  device, driver, manufacturer, model, state, since, cause, last_frame, last_frame_age_s, frames, rejected,
               clock_offset_s, alarms: "standing" | "none_reported" | "unknown" (the link is down)
    values[]   code, name, label, value (a number or null), text (as the page writes it; null: no value), unit (UCUM),
               unit_text, quality, demo, role, site, source, device, time, age_s, old (age_s > limit_s), limit_s,
               saved (false: only in the gateway's memory)
    alarms[]   device, source, type, priority, device_priority, code, name, text (as sent), demo, since, age_s,
               known (false: reported before its link was interrupted)
"""

from collections.abc import Mapping
from typing import Any

from charting.page.now import Now, Standing, Value
from charting.page.words import Words
from collector.clock import rfc3339
from collector.codes import Parameter
from collector.status import DeviceState, DeviceStatus
from collector.units import display


def as_json(now: Now, words: Words, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    return {
        "bed": now.bed,
        "time": rfc3339(now.at_us),
        "zone": now.zone,
        "demo": now.demo,
        "unsaved_since": None if now.unsaved is None else rfc3339(now.unsaved.since_us),
        "devices": [_device(device, now) for device in now.devices],
        "values": [_value(value, words, parameters) for value in now.values],
        "alarms": [_alarm(standing, words, parameters) for standing in now.alarms],
    }


def alarm_state(device: DeviceStatus, now: Now) -> str:
    """What is known of a device's alarms: "unknown" where the link is down, never "none" for want of knowing."""
    if device.state is not DeviceState.RECEIVING:
        return "unknown"
    return "standing" if any(s.device == device.device and s.known for s in now.alarms) else "none_reported"


def _device(device: DeviceStatus, now: Now) -> dict[str, Any]:
    last_us = device.last_frame_us
    return {
        "device": device.device,
        "driver": device.driver,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "state": device.state,
        "since": rfc3339(device.since_us),
        "cause": device.cause,
        "last_frame": None if last_us is None else rfc3339(last_us),
        "last_frame_age_s": None if last_us is None else (now.at_us - last_us) / 1e6,
        "frames": device.frames,
        "rejected": device.rejected,
        "clock_offset_s": device.clock_offset_s,
        "alarms": alarm_state(device, now),
    }


def _value(value: Value, words: Words, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    reading = value.reading
    channel = reading.series.channel
    return {
        "code": channel.code,
        "name": words.name(parameters, channel.code, channel.source),
        "label": value.place.label,
        "value": reading.value,
        "text": value.text,
        "unit": channel.unit,
        "unit_text": display(channel.unit),
        "quality": reading.quality,
        "demo": reading.demo,
        "role": channel.role,
        "site": channel.site,
        "source": channel.source,
        "device": reading.series.device,
        "time": rfc3339(reading.time_us),
        "age_s": value.age_s,
        "old": value.old,
        "limit_s": value.limit_s,
        "saved": value.saved,
    }


def _alarm(standing: Standing, words: Words, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    alarm = standing.alarm
    return {
        "device": standing.device,
        "source": alarm.source,
        "type": alarm.type,
        "priority": alarm.priority,
        "device_priority": alarm.device_priority,
        "code": alarm.code,
        "name": words.name(parameters, alarm.code, alarm.source),
        "text": alarm.text,
        "demo": alarm.demo,
        "since": rfc3339(standing.onset_us),
        "age_s": standing.age_s,
        "known": standing.known,
    }
