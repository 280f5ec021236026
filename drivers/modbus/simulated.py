"""The simulated devices of a room: its climate, a warming cabinet and a fluid warmer, as registers. Pure."""

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from drivers.modbus.options import Alarm, Options, Register
from drivers.modbus.readings import FORMATS, ORDERS

_TENTHS = {"type": "int16", "scale": 0.1, "invalid": [-32768]}
_CABINET = "VND_VITALSD_WARMING_CABINET_TEMPERATURE"
EXAMPLE: Mapping[str, Any] = {
    "poll_s": 2.0,
    "registers": [
        {"kind": "input", "address": 0, "source": "room.temperature", "code": "VND_VITALSD_ROOM_TEMPERATURE",
         "unit": "Cel", **_TENTHS},
        {"kind": "input", "address": 1, "source": "room.humidity", "code": "VND_VITALSD_ROOM_HUMIDITY",
         "unit": "%", **_TENTHS},
        {"kind": "input", "address": 2, "source": "room.pressure", "code": "VND_VITALSD_ROOM_PRESSURE",
         "unit": "Pa", "type": "float32"},
        {"kind": "input", "address": 10, "source": "warmer.temperature", "unit": "Cel",
         "code": "VND_VITALSD_FLUID_WARMER_TEMPERATURE", **_TENTHS},
        {"kind": "holding", "address": 0, "source": "cabinet.temperature", "code": _CABINET, "unit": "Cel",
         "type": "int32", "order": "CDAB", "scale": 0.001},
        {"kind": "holding", "address": 2, "source": "cabinet.set", "code": _CABINET, "unit": "Cel", "role": "set",
         "type": "uint16"},
        {"kind": "discrete", "address": 0, "source": "cabinet.door", "code": "VND_VITALSD_DOOR",
         "words": {"0": "closed", "1": "open"}},
    ],
    "alarms": [
        {"kind": "input", "address": 11, "bit": 3, "source": "warmer.overtemperature", "priority": "high",
         "text": "Fluid warmer: over temperature"},
        {"kind": "discrete", "address": 0, "source": "cabinet.open", "priority": "low",
         "text": "Warming cabinet: door open"},
    ],
}  # fmt: skip
"""Its map."""

MAP = Options.model_validate(EXAMPLE)

_OPENED_EVERY_S, _OPEN_S = 300.0, 20.0
_HOT_EVERY_S, _HOT_S = 900.0, 30.0


def numbers(time_s: float) -> Mapping[str, float]:
    """What is measured at a time, by source: values in their units, 0 or 1 of a bit."""
    is_open = time_s % _OPENED_EVERY_S < _OPEN_S
    is_hot = time_s % _HOT_EVERY_S < _HOT_S
    return {
        "room.temperature": 22.0 + 0.4 * math.sin(time_s / 300.0),
        "room.humidity": 47.0 + 2.0 * math.sin(time_s / 500.0),
        "room.pressure": 12.0 + 1.5 * math.sin(time_s / 20.0),
        "warmer.temperature": 43.5 if is_hot else 40.0 + 0.6 * math.sin(time_s / 15.0),
        "cabinet.temperature": 39.8 + 0.15 * math.sin(time_s / 60.0) - 1.5 * is_open,
        "cabinet.set": 40.0,
        "cabinet.door": is_open,
        "warmer.overtemperature": is_hot,
        "cabinet.open": is_open,
    }


def said(register: Register, value: float) -> float | str:
    """The value as the register holds it, in its unit."""
    if register.words:
        return register.words[int(value)]
    if register.type == "float32":
        number: float = struct.unpack(">f", struct.pack(">f", value))[0]
        return number
    return round(round((value - register.offset) / register.scale) * register.scale + register.offset, 6)


def words(register: Register | Alarm, value: float) -> Sequence[int]:
    """The registers that hold a value, or its bit."""
    if isinstance(register, Alarm):
        return (int(value == register.when) << (register.bit or 0),)
    if register.kind.is_bit:
        return (int(value),)
    number = (value - register.offset) / register.scale
    data = struct.pack(FORMATS[register.type], number if register.type == "float32" else round(number))
    places = [at for at in ORDERS[register.order] if at < len(data)]
    ordered = bytes(data[places.index(at)] for at in range(len(data)))
    return struct.unpack(f">{len(data) // 2}H", ordered)
