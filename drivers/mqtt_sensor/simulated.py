"""Two simulated patches: what each publishes at a time. Pure."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from collector.model import Channel, Event, Frame, Observation, Quality
from drivers.patient import Vitals

EXAMPLE: Mapping[str, Any] = {
    "values": [
        {"path": "data.temp[0]", "code": "MDC_TEMP_AXIL", "unit": "Cel"},
        {"path": "data.hr", "code": "MDC_ECG_HEART_RATE", "unit": "/min"},
        {"path": "data.spo2", "code": "MDC_PULS_OXIM_SAT_O2", "unit": "%"},
    ],
    "time": "ts",
    "quality": "state",
    "qualities": {"ok": "valid", "moving": "questionable", "off": "not_available"},
    "battery": "battery",
}
"""The options that read them."""

TOPIC = "patch/+/vitals"
PATCHES = ("P-0417", "P-0418")
PERIOD_S = 1.0

_BELOW_CORE_CEL = 0.4
"""An armpit is that much colder than the core, with the arm at the side."""


def message(patch: str, vitals: Vitals, time_s: float, clock_us: int) -> Mapping[str, Any]:
    """What a patch publishes; `clock_us`: its own wall clock."""
    return {
        "ts": clock_us // 1_000,
        "id": patch,
        "state": "moving" if time_s % 120.0 < 10.0 else "ok",
        "battery": max(5, 96 - int(time_s / 900.0)),
        "data": {
            "temp": [_told(vitals.temp_core_cel - _BELOW_CORE_CEL, 2)],
            "hr": _told(vitals.ecg_rate_per_min, 0),
            "spo2": _told(vitals.spo2_pct, 1),
        },
    }


def said(patch: str, document: Mapping[str, Any]) -> Sequence[Event]:
    """The same as events."""
    data, time_us = document["data"], document["ts"] * 1_000
    quality = Quality.QUESTIONABLE if document["state"] == "moving" else Quality.VALID
    found: list[Event] = [Frame(offset=0, length=0, kind="message")]
    for code, unit, value in (
        ("MDC_TEMP_AXIL", "Cel", data["temp"][0]),
        ("MDC_ECG_HEART_RATE", "/min", data["hr"]),
        ("MDC_PULS_OXIM_SAT_O2", "%", data["spo2"]),
    ):
        found.append(
            Observation(
                channel=Channel(code=code, source=patch, unit=unit),
                value=value,
                quality=Quality.NOT_AVAILABLE if value is None else quality,
                device_time_us=time_us,
            )
        )
    battery = Channel(code="VND_VITALSD_SENSOR_BATTERY", source=patch, unit="%")
    return [*found, Observation(channel=battery, value=document["battery"])]


def _told(value: float, decimals: int) -> float | None:
    return None if math.isnan(value) else round(value, decimals)
