"""Takes messages of HL7 over MLLP: each connection's one after the other, answered when they are kept.

Fact sheet hl7-adt-billing §6.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from charting.apart import unforeseen
from charting.inbox.listening import ListenerSection
from charting.metrics import Metrics
from collector.errors import UsageError, VitalsdError
from collector.hl7.message import CHARSETS, MessageError
from collector.hl7.mllp import Block, Framer, frame
from collector.logs import Link, logger

MOST_CONNECTIONS = 64
"""At once; a hospital's engine has one to a few."""
READ_BYTES = 64 << 10
WRITE_S = 30.0
"""Who does not take his answer for so long has gone."""
STOP_S = 5.0
"""When the service ends, what is being kept may be answered yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who has sent a message. `listener`: the name in the configuration; `charset`: codec of text that says none."""

    listener: str
    ip: str
    charset: str


Handle = Callable[[bytes, Peer], Awaitable[bytes | None]]
"""Keeps a message and returns its answer, without frame; None: it wants none. When it returns the message is kept.

Raises MessageError where no MSH can be read, VitalsdError where nothing can be kept now: the connection ends without an
answer, and the sender sends again.
"""


class Listener:
    def __init__(self, section: ListenerSection, handle: Handle, metrics: Metrics | None = None) -> None:
        self._section = section
        self._handle = handle
        self._frames = (metrics or Metrics()).inbox_frames
        self._log = logger(listener=section.name)
        self._link = Link(self._log, "keeping of messages")
        self._waiting: dict[asyncio.Task[None], bool] = {}  # connection → whether it waits for its next message
        self.address = section.address

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. Raises UsageError where the address cannot be listened on."""
        host, port = self._section.address
        try:
            listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
            server = await asyncio.start_server(self._connected, sock=listening, ssl=self._section.context)
        except OSError as error:
            raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        self.address = (host, listening.getsockname()[1])
        if self._section.plain:
            self._log.warning("patients' data come in readable for anybody on the wire: plain = true")
        try:
            await stop.wait()
        finally:
            server.close()
            await self._end()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._waiting[task] = True
        task.add_done_callback(self._waiting.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ip = str(writer.get_extra_info("peername")[0]).removeprefix("::ffff:")
        senders = self._section.senders
        try:
            if len(self._waiting) > MOST_CONNECTIONS or (senders and ip not in senders):
                self._count("turned_away")
                self._log.warning("a connection is turned away", ip=ip, connections=len(self._waiting))
                return
            _keep_alive(writer)
            peer = Peer(listener=self._section.name, ip=ip, charset=CHARSETS[self._section.charset])
            await self._take(reader, writer, peer)
        except (OSError, TimeoutError):
            self._count("broken_off")
            writer.transport.abort()
        finally:
            await _close(writer)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: Peer) -> None:
        task, framer = asyncio.current_task(), Framer()
        assert task is not None
        while data := await reader.read(READ_BYTES):
            self._waiting[task] = False
            for item in framer.feed(data):
                if not isinstance(item, Block):
                    self._count("no_frame")
                    self._log.warning("what is no message was skipped", bytes=item.length, reason=item.reason)
                elif not await self._answer(item.message, writer, peer):
                    return
            self._waiting[task] = True
        for _ in framer.finish():
            self._count("no_frame")

    async def _answer(self, message: bytes, writer: asyncio.StreamWriter, peer: Peer) -> bool:
        """Whether the connection goes on."""
        try:
            answer = await self._handle(message, peer)
        except MessageError:
            self._count("unreadable")
            self._log.warning("a message without a readable MSH: the connection is closed", bytes=len(message))
            return False
        except VitalsdError as error:
            self._count("not_kept")
            self._link.lost(str(error))
            return False
        except Exception as error:  # noqa: BLE001  what nobody foresaw in one message must not end the service
            self._count("not_kept")
            self._link.lost(unforeseen(error))
            return False
        self._link.good()
        self._count("kept")
        if answer is not None:
            writer.write(frame(answer))
            async with asyncio.timeout(WRITE_S):
                await writer.drain()
        return True

    async def _end(self) -> None:
        for task, waits in list(self._waiting.items()):
            if waits:
                task.cancel()
        if self._waiting:
            _, late = await asyncio.wait(list(self._waiting), timeout=STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _count(self, result: str) -> None:
        self._frames.labels(self._section.name, result).inc()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(WRITE_S):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Who has gone without a word is found within some minutes; who is only silent stays."""
    made: socket.socket = writer.get_extra_info("socket")
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
