"""The dialogue with a Modbus device. The only file but the peer that knows pymodbus."""

import asyncio
import contextlib
import logging
import os
import termios
from collections.abc import AsyncIterator, Sequence
from typing import Any

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from collector.errors import LinkError, UsageError
from collector.model import AlarmCondition, Event, Frame, Rejected
from collector.transport.base import Port
from drivers.modbus.blocks import Block, Kind, blocks
from drivers.modbus.options import Options
from drivers.modbus.readings import Readings

AGAIN_S = 10.0
"""A request without an answer is repeated so much later: a unit that is off must not slow down the others."""

UNITS = range(1, 248)
"""The addresses of a serial line (Modbus over Serial Line V1.02 §2.2); 0 is everybody, who does not answer."""

_REQUESTS: dict[Kind, type[ModbusPDU]] = {
    Kind.COIL: ReadCoilsRequest,
    Kind.DISCRETE: ReadDiscreteInputsRequest,
    Kind.HOLDING: ReadHoldingRegistersRequest,
    Kind.INPUT: ReadInputRegistersRequest,
}
"""All that is ever asked: functions 1 to 4, which read."""

_EXCEPTIONS = {
    1: "exception 1: illegal function",
    2: "exception 2: illegal address",
    3: "exception 3: illegal value",
    4: "exception 4: device failure",
    5: "exception 5: acknowledge",
    6: "exception 6: busy",
    8: "exception 8: memory parity",
    10: "exception 10: gateway path",
    11: "exception 11: gateway target",
}
"""Modbus Application Protocol V1.1b3 §7."""

_OVERHEAD = {"serial": 5, "tcp": 9}
"""Bytes of a reply besides its data: address, function, count and check sum; or the seven of MBAP instead of address
and sum.
"""

_STRANGER = "not the reply to the request"

_MOST_UNANSWERED = 1_000_000
"""The library closes a connection after some requests without an answer; the runner knows silence itself."""

_CHARACTERS = 3.5
_BITS = 11
"""The pause before a request (Modbus over Serial Line V1.02 §2.5.1.1), in characters of so many bits."""

logging.getLogger("pymodbus.logging").disabled = True
"""What goes wrong it raises too."""


class ModbusSource:
    """Reads the map round by round. Raises UsageError where a serial line cannot have one of the map's units.

    One request is under way at a time and none is repeated. On a serial line nothing in a reply tells which registers
    it is of: one that comes too late would pass for the next one's. So after a request without an answer the line is
    left alone for as long again, and what comes meanwhile is rejected. Over TCP the transaction's number tells.
    """

    def __init__(self, options: Options, port: Port, standing: Sequence[AlarmCondition] = ()) -> None:
        self._options = options
        self._port = port
        self._serial = port.scheme == "serial"
        self._blocks = blocks([*options.registers, *options.alarms])
        if self._serial and (wrong := [one.unit_id for one in self._blocks if one.unit_id not in UNITS]):
            raise UsageError(f"unit_id {wrong[0]}: a serial line has the units {UNITS[0]} to {UNITS[-1]}")
        self._readings = Readings(options, standing)
        self._client: AsyncModbusSerialClient | AsyncModbusTcpClient | None = None
        self._asking = False
        self._late = 0
        self._bytes = 0
        self._pause_s = _CHARACTERS * _BITS / int(port.settings.get("baud", "9600")) if self._serial else 0.0

    async def open(self) -> None:
        """Connect. Raises LinkError."""
        try:
            self._client = client = self._new_client()
            client.set_max_no_responses(_MOST_UNANSWERED)
            connected = await client.connect()
        except (OSError, ValueError, termios.error) as error:
            raise LinkError(f"{self._port.path or self._port.host}: {error}") from error
        if not connected:
            raise LinkError(_why(self._port))

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        loop = asyncio.get_running_loop()
        again_s: dict[Block, float] = {}
        if ends := self._readings.forgotten():
            yield ends
        while True:
            due_s = loop.time() + self._options.poll_s
            for block in self._blocks:
                if loop.time() < again_s.get(block, 0.0):
                    continue
                events, answered = await self._read(block)
                if answered:
                    again_s.pop(block, None)
                else:
                    again_s[block] = loop.time() + AGAIN_S
                if events:
                    yield events
            await asyncio.sleep(max(0.0, due_s - loop.time()))

    async def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            with contextlib.suppress(OSError, termios.error):
                self._client.close()

    def _new_client(self) -> AsyncModbusSerialClient | AsyncModbusTcpClient:
        common: dict[str, Any] = {
            "reconnect_delay": 0.0,
            "timeout": self._options.timeout_s,
            "retries": 0,
            "trace_pdu": self._heard,
        }
        if not self._serial:
            return AsyncModbusTcpClient(self._port.host, port=self._port.number, **common)
        settings = self._port.settings
        return AsyncModbusSerialClient(
            self._port.path,
            baudrate=int(settings.get("baud", "9600")),
            bytesize=int(settings.get("bytesize", "8")),
            parity=settings.get("parity", "N"),
            stopbits=int(settings.get("stopbits", "1")),
            **common,
        )

    def _heard(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:
        if not sending and not self._asking:
            self._late += 1
        return pdu

    async def _read(self, block: Block) -> tuple[Sequence[Event], bool]:
        """What a block tells, and whether it was answered."""
        if self._pause_s:
            await asyncio.sleep(self._pause_s)
        request = _REQUESTS[block.kind](address=block.address, count=block.count, dev_id=block.unit_id)
        reply = await self._ask(request)
        if reply is None:
            if self._serial:
                await asyncio.sleep(self._options.timeout_s)
                await asyncio.sleep(0)  # what came while the loop itself stood still is read now
            late, self._late = self._late, 0
            rejected = [self._rejected(0, "late reply")] * late
            return [*rejected, *self._readings.missed(block)], False
        overhead = _OVERHEAD[self._port.scheme]
        if reply.transaction_id != request.transaction_id:  # the library takes any reply of transaction 0
            return [self._rejected(overhead, _STRANGER), *self._readings.missed(block)], True
        if isinstance(reply, ExceptionResponse):
            reason = _EXCEPTIONS.get(reply.exception_code, "exception")
            return [self._rejected(overhead, reason), *self._readings.missed(block)], True
        words = reply.bits[: block.count] if block.kind.is_bit else reply.registers
        length = overhead + (-(-block.count // 8) if block.kind.is_bit else 2 * len(words))
        if reply.function_code != request.function_code or len(words) != block.count:
            return [self._rejected(length, _STRANGER), *self._readings.missed(block)], True
        frame = Frame(offset=self._bytes, length=length, kind=block.kind.value)
        self._bytes += length
        return [frame, *self._readings.answered(block, [int(word) for word in words])], True

    async def _ask(self, request: ModbusPDU) -> ModbusPDU | None:
        """The reply, None where none came in time. Raises LinkError where the connection has ended."""
        assert self._client is not None
        self._asking = True
        try:
            reply: ModbusPDU | None = await self._client.execute(no_response_expected=False, request=request)
        except ModbusException:
            reply = None
        finally:
            self._asking = False
        if not self._client.connected:
            raise LinkError(f"{self._port.path or self._port.host} has ended the connection")
        return reply

    def _rejected(self, length: int, reason: str) -> Rejected:
        at = self._bytes
        self._bytes += length
        return Rejected(offset=at, length=length, reason=reason)


def _why(port: Port) -> str:
    if port.scheme != "serial":
        return f"nobody answers at {port.host}:{port.number}: device off, cable out, or another address"
    if not os.path.exists(port.path):  # noqa: PTH110  a device, not a file
        return f"{port.path} is not there: adapter unplugged, or another name under /dev/serial/by-id"
    if not os.access(port.path, os.R_OK | os.W_OK):
        return f"{port.path}: no permission: is the user in the group dialout?"
    return f"{port.path} is in use by another program, or is no serial line"
