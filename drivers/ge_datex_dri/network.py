"""Records of the S/5 network that a serial line does not carry (fact sheet ge-datex-dri §8, confidence medium)."""

import struct
from collections.abc import Sequence

from collector.model import DeviceIdentity, Event, PatientIdentity
from drivers.ge_datex_dri.frames import Record

LOGIN, PATIENT = 0, 6
DEVICES = {
    2: "ANE", 3: "ANE+ARK", 9: "LM", 10: "ICU", 13: "Cardiocap 5", 27: "FM, B20-B40, B1x5", 35: "FM light",
    36: "CARESCAPE ANE", 37: "CARESCAPE ICU", 38: "CARESCAPE NICU", 39: "CARESCAPE PACU", 40: "CARESCAPE ED",
}  # fmt: skip
MANUFACTURER = "GE Datex-Ohmeda"

_LOGIN = struct.Struct("<6xhh")
_PATIENT = struct.Struct("<30s40s40s30s4h4h4hh")
_SEXES = {1: "male", 2: "female"}
_CHARSET = "latin-1"


def events(record: Record) -> Sequence[Event] | None:
    """What a network record says of device or patient; None: a sub-record does not fit into it."""
    found: list[Event] = []
    for kind, at in record.parts:
        layout = {LOGIN: _LOGIN, PATIENT: _PATIENT}.get(kind)
        if layout is None:
            continue
        if at + layout.size > len(record.data):
            return None
        fields = layout.unpack_from(record.data, at)
        found.append(_device(*fields) if kind == LOGIN else _patient(*fields))
    return found


def _device(device: int, level: int) -> DeviceIdentity:
    return DeviceIdentity(
        manufacturer=MANUFACTURER, model=DEVICES.get(device, f"type {device}"), software=software(level)
    )


def software(level: int) -> str:
    """What the level of the interface tells of the monitor's software."""
    return f"DRI level {level}"


def _patient(first: bytes, last: bytes, number: bytes, middle: bytes, sex: int, *numbers: int) -> PatientIdentity:
    _, _, _, height_mm, _, weight_100g, _, year, month, day, _, _ = numbers
    patient_id = _text(number)
    return PatientIdentity(
        ids={"patient_id": patient_id} if patient_id else {},
        family=_text(last),
        given=" ".join(filter(None, (_text(first), _text(middle)))),
        sex=_SEXES.get(sex, ""),
        birth_date=f"{year:04}-{month:02}-{day:02}" if year > 0 and 1 <= month <= 12 and 1 <= day <= 31 else "",
        height_cm=height_mm / 10 if height_mm > 0 else None,
        weight_kg=weight_100g / 10 if weight_100g > 0 else None,
    )


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode(_CHARSET).strip()
