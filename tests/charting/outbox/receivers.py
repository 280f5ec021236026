"""Receivers on real sockets: of MLLP and of HTTP, that do what a test says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from collector.hl7.acks import acknowledgement
from collector.hl7.message import parse

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
START, END = b"\x0b", b"\x1c\r"

DFT = (
    "MSH|^~\\&|AIMS|OR|HIS|H|20260101080000||DFT^P03^DFT_P03|{id}|P|2.5|||||CHN|GB 18030-2000\r"
    "PID|1||0077001^^^H^MR||珅乛^倊||19610405|M|||北京路 1 号\rPV1|1|I|W1^12^3|||||||||||||||||ZY9\r"
    "FT1|1|{id}|||20260101||CG|X0501\r"
)


def dft(id_: str) -> bytes:
    return DFT.format(id=id_).encode("gb18030")


def ack(message: bytes, code: str = "AA", control: str = "", **said: str) -> bytes:
    """A framed acknowledgement, of `control` where it is given."""
    made = acknowledgement(parse(message), code, control_id="R1", **said)
    told = parse(message).control_id.encode()
    return START + (made.replace(b"|" + told, b"|" + control.encode()) if control else made) + END


class Mllp:
    """Answers what it gets with what `judge` says; None: nothing; b"": it closes the connection."""

    def __init__(self, judge: Callable[[bytes], bytes | None] = ack) -> None:
        self.judge = judge
        self.got: list[bytes] = []
        self.connections = 0
        self.came = asyncio.Event()

    @property
    def ids(self) -> list[str]:
        return [parse(each).control_id for each in self.got]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                block = await reader.readuntil(END)
                self.got.append(block[1:-2])
                self.came.set()
                answer = self.judge(block[1:-2])
                if answer == b"":
                    break
                if answer is not None:
                    writer.write(answer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def served(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port on which it is served; connections are broken off at the end."""
    tasks: set[asyncio.Task[None]] = set()

    def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(until_left(reader, writer)))

    async def until_left(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
