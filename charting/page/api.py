"""`GET /api/now`: what the page shows, as JSON with stable keys.

Times are RFC 3339 UTC with microseconds, ages are seconds at `time`.

    bed, time, zone, demo, unsaved_since (null, or since when the gateway's disk takes nothing)
    server     state: "none" (the bed has none) | "reached" | "away"; away_since (null, or since when the gateway tells
               that it is not reached: after a minute); local (true: the page says that the bed works alone)
    devices[]  device, driver, manufacturer, model, state, since, cause, last_frame, last_frame_age_s, frames, rejected,
               clock_offset_s, patient (name and ids as the device tells them now; null: it tells none),
               alarms: "standing" | "none_reported" | "unknown" (the link is down, or was and an alarm of before has not
               been told again)
    values[]   code, name, label, value (a number or null), text (as the page writes it; null: no value), unit (UCUM),
               unit_text, quality, demo, role, site, source, device, time, age_s, old (age_s > limit_s), limit_s,
               saved (false: only in the gateway's memory)
    alarms[]   those that stand: device ("vitalsd": the gateway's own), source, type, priority, highest (since its
               onset), device_priority, code, name, text (as sent), demo, since (its onset), age_s, told (its last
               change, by arrival), device_time (the digits of the device's clock taken as UTC; null where it told
               none), presence: "present" | "unknown" (its device was interrupted since and has not told it again),
               presence_since, known (it is present), seen (null, or by and at: a person has seen it on our page)
    ended[]    the same of those that are over, the newest first, presence "ended", or "unknown" where it was given up
    alarm_page null, or how long alarms took from their arrival to a page: count, p50_s, p95_s, worst_s
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from alarms.board import Alarm, Presence
from charting.page.now import Now, Value
from charting.page.words import Words
from collector.clock import rfc3339
from collector.codes import Parameter
from collector.model import PatientIdentity
from collector.status import DeviceState, DeviceStatus
from collector.units import display


def as_json(now: Now, words: Words, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    return {
        "bed": now.bed,
        "time": rfc3339(now.at_us),
        "zone": now.zone,
        "demo": now.demo,
        "unsaved_since": None if now.unsaved is None else rfc3339(now.unsaved.since_us),
        "server": {
            "state": now.server,
            "away_since": None if now.away_us is None else rfc3339(now.away_us),
            "local": now.local,
        },
        "devices": [_device(device, now) for device in now.devices],
        "values": [_value(value, words, parameters) for value in now.values],
        "alarms": [_alarm(one, now, words, parameters) for one in now.alarms.standing],
        "ended": [_alarm(one, now, words, parameters) for one in now.alarms.ended],
        "alarm_page": None if now.latency is None else asdict(now.latency),
    }


def alarm_state(device: DeviceStatus, now: Now) -> str:
    """What is known of a device's alarms: "unknown" where the link is down, never "none" for want of knowing."""
    if device.state is not DeviceState.RECEIVING:
        return "unknown"
    presences = {one.presence for one in now.alarms.standing if one.device == device.device}
    if Presence.PRESENT in presences:
        return "standing"
    return "unknown" if presences else "none_reported"


def patient_of(device: DeviceStatus) -> PatientIdentity | None:
    """Whom a device that is received says its patient to be; None where it tells neither a name nor an id."""
    who = device.patient
    told = who is not None and (who.name or any(map(str.strip, who.ids.values())))
    return who if told and device.state is DeviceState.RECEIVING else None


def _device(device: DeviceStatus, now: Now) -> dict[str, Any]:
    last_us, who = device.last_frame_us, patient_of(device)
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
        "patient": None if who is None else {"name": who.name, "ids": dict(who.ids)},
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


def _alarm(one: Alarm, now: Now, words: Words, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    alarm = one.alarm
    return {
        "device": one.device,
        "source": alarm.source,
        "type": alarm.type,
        "priority": alarm.priority,
        "highest": one.highest,
        "device_priority": alarm.device_priority,
        "code": alarm.code,
        "name": words.name(parameters, alarm.code, alarm.source),
        "text": alarm.text,
        "demo": alarm.demo,
        "since": rfc3339(one.onset_us),
        "age_s": max(0.0, (now.at_us - one.onset_us) / 1e6),
        "told": rfc3339(one.told_us),
        "device_time": None if alarm.device_time_us is None else rfc3339(alarm.device_time_us),
        "presence": one.presence,
        "presence_since": rfc3339(one.since_us),
        "known": one.presence is Presence.PRESENT,
        "seen": None if one.seen is None else {"by": one.seen.by, "at": rfc3339(one.seen.at_us)},
    }
