"""Modbus RTU and TCP: room climate, warming cabinets, fluid warmers and whatever has a register map."""

from collections.abc import Callable, Iterable, Sequence

from collector.driver import DriverSpec, Evidence, Line, Model, Simulated
from collector.model import AlarmCondition, Channel
from collector.session import Source
from collector.transport.base import Port
from drivers.modbus.options import Options
from drivers.modbus.simulated import EXAMPLE, MAP


def _source(options: Options, port: Port, standing: Sequence[AlarmCondition]) -> Source:
    from drivers.modbus.source import ModbusSource  # noqa: PLC0415  a library that the other drivers do without

    return ModbusSource(options, port, standing)


def _peer(device: Simulated, port: Port, clock: Callable[[], float]) -> Source:
    from drivers.modbus.peer import ModbusPeer  # noqa: PLC0415  the same

    return ModbusPeer(device, port, clock)


def _channels() -> Iterable[Channel]:
    return [register.channel for register in MAP.registers]


SPEC = DriverSpec(
    name="modbus",
    vendor="Modbus",
    title="Modbus RTU / Modbus TCP",
    models=(
        Model(
            name="any device with a register map: room climate, warming cabinets, warmers", evidence=Evidence.ASSUMED
        ),
    ),
    parts={
        "frames": Evidence.VENDOR_DOCUMENT,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.VENDOR_DOCUMENT,
        "alarms": Evidence.ASSUMED,
    },
    lines=(
        Line(
            scheme="serial",
            settings={"baud": "9600", "parity": "N", "bytesize": "8", "stopbits": "1"},
            speeds=(19_200, 4_800, 38_400, 115_200),
        ),
        Line(scheme="tcp", port=502),
    ),
    options=Options,
    source=_source,
    peer=_peer,
    example=EXAMPLE,
    channels=_channels,
)
