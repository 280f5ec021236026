"""A hospital information system: tells a story over MLLP, and takes and answers what it is sent.

It keeps what it got, so that what was charged can be compared with what was recorded.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from charting.simulated.story import Told
from collector.errors import LinkError
from collector.hl7.acks import acknowledgement, wanted
from collector.hl7.message import Message, MessageError, parse
from collector.hl7.mllp import Block, Framer, frame
from collector.logs import logger
from collector.transport.base import Transport
from collector.transport.net import TcpTransport

READ_BYTES = 64 << 10
ANSWER_S = 10.0
AGAIN_S = 1.0
"""After so long a message that was not answered is sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What we were told about a message: MSA-1."""

    control: str
    code: str


class SimulatedHis:
    """`host`, `port`: where it takes messages (0: any free port, `port` says which once it runs). `codec`: of messages
    whose MSH-18 says none.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, codec: str = "utf-8") -> None:
        self.taken: list[Message] = []
        self.answers: list[Answer] = []
        self.port = port
        self._host = host
        self._codec = codec
        self._log = logger(simulated="his")

    async def listen(self, stop: asyncio.Event) -> None:
        """Take and answer messages until `stop`. Raises OSError where the port cannot be had."""
        open_: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            open_[task] = writer
            try:
                await self._serve(reader, writer)
            except OSError:
                writer.transport.abort()
            finally:
                open_.pop(task)
                writer.close()

        server = await asyncio.start_server(connected, self._host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            await stop.wait()
        finally:
            server.close()
            for writer in open_.values():
                writer.transport.abort()
            await asyncio.gather(*open_)

    async def tell(self, story: Iterable[Told], host: str, port: int, stop: asyncio.Event) -> None:
        """Send each message when its time has come, in order, again until it is answered; returns after the last."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        link = _Link(host, port)
        try:
            for told in story:
                if await _stopped(stop, told.after_s - (loop.time() - begin)):
                    return
                while (answer := await self._sent(link, told.message)) is None:
                    await link.close()
                    if await _stopped(stop, AGAIN_S):
                        return
                self.answers.append(answer)
        finally:
            await link.close()

    async def _sent(self, link: "_Link", message: bytes) -> Answer | None:
        """What is answered; None: nothing."""
        control = parse(message).control_id
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = parse(await link.asked(message)).first("MSA")
        except (OSError, LinkError, TimeoutError, MessageError):
            return None
        return Answer(control=control, code=answer.component(1)) if answer.component(2) == control else None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer()
        while data := await reader.read(READ_BYTES):
            for item in framer.feed(data):
                answer = self._take(item.message) if isinstance(item, Block) else None
                if answer is not None:
                    writer.write(frame(answer))
                    await writer.drain()

    def _take(self, raw: bytes) -> bytes | None:
        try:
            message = parse(raw, self._codec)
        except MessageError:
            self._log.warning("what is no message came", bytes=len(raw))
            return None
        self.taken.append(message)
        code = wanted(message)
        return acknowledgement(message, code, control_id=f"HIS-A{len(self.taken)}") if code else None


def kinds(taken: Sequence[Message]) -> Mapping[str, int]:
    """How many messages there were of each kind, the repeated ones too."""
    return Counter(f"{message.type}^{message.trigger}" for message in taken)


def charged(taken: Sequence[Message]) -> Mapping[tuple[str, str], Decimal]:
    """What the bills come to: patient number and item → quantity; credits take away, a transaction counts once."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    seen: set[str] = set()
    for message in taken:
        number = message.first("PID").component(3)
        for line in message.all("FT1"):
            transaction = line.component(2)
            if transaction in seen:
                continue
            seen.add(transaction)
            sign = {"CG": 1, "CD": -1}.get(line.component(6), 0)
            sums[number, line.component(7)] += sign * Decimal(line.component(10))
    return {key: quantity for key, quantity in sums.items() if quantity}


class _Link:
    """A connection over which one message is answered before the next is sent."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._transport: Transport | None = None
        self._framer = Framer()

    async def asked(self, message: bytes) -> bytes:
        """Raises OSError, LinkError."""
        if self._transport is None:
            self._transport = TcpTransport(*await asyncio.open_connection(*self._address))
        await self._transport.write(frame(message))
        while data := await self._transport.read():
            for item in self._framer.feed(data):
                if isinstance(item, Block):
                    return item.message
        raise LinkError("hung up")

    async def close(self) -> None:
        """The next message is sent over another one."""
        transport, self._transport, self._framer = self._transport, None, Framer()
        if transport is not None:
            await transport.close()


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until `stop`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await stop.wait()
    return stop.is_set()
