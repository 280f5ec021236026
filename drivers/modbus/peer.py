"""A simulated device on a real line: pymodbus's server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from collector.driver import Simulated
from collector.errors import LinkError
from collector.model import AlarmCondition, AlarmPhase, Event, Frame, Observation
from collector.transport.base import Port
from drivers.modbus import simulated
from drivers.modbus.blocks import Kind
from drivers.modbus.options import Alarm, Register

_FUNCTIONS = {1: Kind.COIL, 2: Kind.DISCRETE, 3: Kind.HOLDING, 4: Kind.INPUT}
_PLACES = 32
"""In each table, all of them readable."""


class ModbusPeer:
    """Answers whoever asks; what it says is its values at that time. It refuses to be written to."""

    def __init__(self, device: Simulated, port: Port, clock: Callable[[], float]) -> None:
        del device  # a room has no patient
        self._port = port
        self._clock = clock
        self._zero_s: float | None = None
        self._active: set[str] = set()
        self._told: asyncio.Queue[Sequence[Event]] = asyncio.Queue()
        self._server: ModbusSerialServer | ModbusTcpServer | None = None

    async def open(self) -> None:
        """Return when it can be reached. Raises LinkError."""
        bits = [SimData(0, values=[False] * _PLACES, datatype=DataType.BITS)]
        registers = [SimData(0, values=[0] * _PLACES, datatype=DataType.REGISTERS)]
        device = SimDevice(id=1, simdata=(bits, bits, registers, registers), action=self._answer)
        settings = self._port.settings
        if self._port.scheme == "serial":
            self._server = ModbusSerialServer(
                device,
                port=self._port.path,
                baudrate=int(settings.get("baud", "9600")),
                parity=settings.get("parity", "N"),
                ignore_missing_devices=True,
            )
        else:
            self._server = ModbusTcpServer(device, address=(self._port.host, self._port.number))
        try:
            await self._server.serve_forever(background=True)
        except (OSError, RuntimeError) as error:
            raise LinkError(f"{self._port.text}: cannot be a device there: {error}") from error

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        while True:
            yield await self._told.get()

    async def close(self) -> None:
        """Be gone."""
        if self._server is not None:
            with contextlib.suppress(OSError):
                await self._server.shutdown()  # type: ignore[no-untyped-call]

    async def _answer(
        self, function: int, first: int, address: int, count: int, registers: list[int], written: object
    ) -> ExcCodes | None:
        """Set the registers of a table to what they are now, and tell those that are asked for."""
        kind = _FUNCTIONS.get(function)
        if kind is None or written is not None:
            return ExcCodes.ILLEGAL_FUNCTION
        now_s = self._clock()
        self._zero_s = now_s if self._zero_s is None else self._zero_s
        values = simulated.numbers(now_s - self._zero_s)
        registers[:] = [0] * len(registers)
        told: list[Event] = [Frame(offset=0, length=0, kind=kind.value)]
        places: Sequence[Register | Alarm] = (*simulated.MAP.registers, *simulated.MAP.alarms)
        for place in places:
            if place.kind is not kind:
                continue
            value = values[place.source]
            for at, word in enumerate(simulated.words(place, value), start=place.address):
                if kind.is_bit:
                    registers[at // 16 - first] |= word << at % 16
                else:
                    registers[at - first] |= word
            if address <= place.address < address + count * (16 if kind.is_bit else 1):
                told += self._tell(place, value)
        self._told.put_nowait(told)
        return None

    def _tell(self, place: Register | Alarm, value: float) -> Sequence[Event]:
        if isinstance(place, Register):
            return (Observation(channel=place.channel, value=simulated.said(place, value)),)
        if bool(value) == (place.source in self._active):
            return ()
        self._active ^= {place.source}
        return (
            AlarmCondition(
                source=place.source,
                type=place.type,
                priority=place.priority,
                phase=AlarmPhase.START if value else AlarmPhase.END,
                text=place.text,
            ),
        )
