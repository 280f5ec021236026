"""A device on a socket or a pty that says what a test wants it to say, byte for byte."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from collector.model import Event
from collector.transport.base import Port

PATIENCE_S = 60.0

Answer = Callable[[bytes], bytes | None]
"""A whole request to what is sent back at once; None: nothing."""


class Device:
    """`asked`: every request, in order, as its bytes came."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[bytes] = []
        self.say: Callable[[bytes], None] = lambda _: None
        self.hang_up: Callable[[], None] = lambda: None
        self._answer = answer

    def hear(self, request: bytes) -> None:
        self.asked.append(request)
        if reply := self._answer(request):
            self.say(reply)


@asynccontextmanager
async def on_a_socket(answer: Answer) -> AsyncIterator[tuple[Device, Port]]:
    """Requests of Modbus TCP have twelve bytes where they only read."""
    device = Device(answer)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        device.say, device.hang_up = writer.write, writer.transport.abort
        while data := await reader.read(12):
            device.hear(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    number = server.sockets[0].getsockname()[1]
    try:
        yield device, Port(text="", scheme="tcp", host="127.0.0.1", number=number, settings={})
    finally:
        device.hang_up()
        server.close()


@asynccontextmanager
async def on_a_line(answer: Answer) -> AsyncIterator[tuple[Device, Port]]:
    """A pty: requests of Modbus RTU have eight bytes where they only read."""
    device, heard = Device(answer), bytearray()
    master, slave = os.openpty()
    tty.setraw(slave)

    def read() -> None:
        heard.extend(os.read(master, 1_000))
        while len(heard) >= 8:
            request = bytes(heard[:8])
            del heard[:8]
            device.hear(request)

    loop = asyncio.get_running_loop()
    loop.add_reader(master, read)
    device.say = lambda data: [os.write(master, data)].clear()
    try:
        yield device, Port(text="", scheme="serial", path=os.ttyname(slave), settings={"baud": "115200"})
    finally:
        loop.remove_reader(master)
        os.close(master)
        os.close(slave)


async def until(told: AsyncIterator[Sequence[Event]], enough: Callable[[list[Event]], object]) -> list[Event]:
    """Listen until it is enough."""
    heard: list[Event] = []
    async with asyncio.timeout(PATIENCE_S):
        while not enough(heard):
            heard += await anext(told)
    return heard


def crc(data: bytes) -> bytes:
    """Modbus over Serial Line V1.02 §6.2.2, bit by bit; low byte first."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return register.to_bytes(2, "little")
