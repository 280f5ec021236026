"""Captured bytes → events, and events → the JSON lines of design §5."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from collector.clock import rfc3339
from collector.driver import DriverSpec
from collector.model import (
    UNMAPPED,
    AlarmCondition,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Rejected,
    Waveform,
)
from collector.recording import Recording

WAVE_DECIMALS = 6
"""Finer than any scale of the protocols; hides the binary noise of count × scale."""


@dataclass(slots=True, kw_only=True)
class Summary:
    """What a recording held. `unmapped`: observations whose code nobody knows."""

    frames: int = 0
    rejected: int = 0
    observations: int = 0
    waveform_samples: int = 0
    unmapped: int = 0

    def count(self, event: Event) -> None:
        if isinstance(event, Observation):
            self.observations += 1
            self.unmapped += event.channel.code == UNMAPPED
        elif isinstance(event, Waveform):
            self.waveform_samples += len(event.data) // 4
        elif isinstance(event, Frame):
            self.frames += 1
        elif isinstance(event, Rejected):
            self.rejected += 1

    def json(self) -> str:
        return json.dumps({key: getattr(self, key) for key in Summary.__slots__})


def decode(spec: DriverSpec, recording: Recording) -> Iterator[Event]:
    """The events of a recording with the driver's default options. Raises UsageError for a file that is not hex."""
    session = spec.dialogue(spec.options(), recording.datagrams)
    for chunk in recording.chunks():
        yield from session.receive(chunk, 0.0)
    yield from session.finish()


def line(event: Event) -> str | None:
    """The event as `decode` prints it; None for what is no statement about patient or device."""
    fields: dict[str, Any]
    match event:
        case Observation():
            channel = event.channel
            fields = {
                "kind": "observation",
                "code": channel.code,
                "source": channel.source,
                "role": channel.role,
                "value": event.value,
                "unit": channel.unit,
                "quality": event.quality,
                "demo": event.demo,
                "repeat": event.repeat,
                "device_time": _time(event.device_time_us),
            }
            if channel.site:
                fields["site"] = channel.site
        case Waveform():
            fields = {
                "kind": "waveform",
                "code": event.channel.code,
                "source": event.channel.source,
                "rate_hz": event.rate_hz,
                "unit": event.channel.unit,
                "quality": event.quality,
                "demo": event.demo,
                "start": None,
                "gap_samples": event.gap_samples,
                "values": event.values.round(WAVE_DECIMALS).tolist(),
            }
        case AlarmCondition():
            fields = {
                "kind": "alarm",
                "source": event.source,
                "type": event.type,
                "priority": event.priority,
                "device_priority": event.device_priority,
                "phase": event.phase,
                "code": event.code,
                "text": event.text,
                "demo": event.demo,
                "device_time": _time(event.device_time_us),
            }
        case DeviceIdentity():
            fields = {
                "kind": "device",
                "manufacturer": event.manufacturer,
                "model": event.model,
                "serial": event.serial,
                "software": event.software,
            }
        case PatientIdentity():
            fields = {"kind": "patient", **{key: getattr(event, key) for key in PatientIdentity.__slots__}}
            fields["ids"] = dict(event.ids)
        case Rejected():
            fields = {"kind": "rejected", "offset": event.offset, "length": event.length, "reason": event.reason}
        case _:
            return None
    return json.dumps(fields, ensure_ascii=False, allow_nan=False)


def _time(time_us: int | None) -> str | None:
    return None if time_us is None else rfc3339(time_us)
