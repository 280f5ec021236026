"""A real Mosquitto for tests, a proxy before it, and those who subscribe."""

import asyncio
import json
import shutil
import socket
import subprocess
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Self

import aiomqtt

from tests.ports import kept_port

PATIENCE_S = 60.0
PAUSE_S = 0.005


class Mosquitto:
    """Listens on a port of 127.0.0.1; what it keeps is lost with it. `settings` come before the listener's own."""

    def __init__(self, folder: Path, settings: str = "", listener: str = "allow_anonymous true\n") -> None:
        self.port = kept_port()
        # As root it would become the user mosquitto, who cannot read a test's folder.
        self._file = folder / f"mosquitto-{self.port}.conf"
        # With the usual limit, a subscriber whom the machine keeps waiting would not get what is sent with QoS 0.
        common = "user root\nmax_queued_messages 1000000\n"
        self._file.write_text(f"{common}{settings}listener {self.port} 127.0.0.1\n{listener}", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Return when it listens."""
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._process = subprocess.Popen([program, "-c", self._file], stderr=subprocess.DEVNULL)
        deadline = monotonic() + PATIENCE_S
        while True:
            assert self._process.poll() is None, f"mosquitto has ended with status {self._process.returncode}"
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            assert monotonic() < deadline, "mosquitto does not listen"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Proxy:
    """Passes connections on to a port of 127.0.0.1. `mute`: nothing comes back any more; `refuse`: no new ones.

    `links`, `answers`: how many connections there have been, and how often something came back for them, mute or not.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.mute = self.refuse = False
        self.links = self.answers = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._link, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks)

    def cut(self) -> None:
        """Cut all connections, both ways."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuse:
            writer.transport.abort()
            return
        try:
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers += [writer, other_writer]
        self.links += 1
        passing = self._pass(reader, other_writer), self._pass(other_reader, writer, back=True)
        self._tasks += [asyncio.ensure_future(each) for each in passing]

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool = False) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                self.answers += back
                if not (back and self.mute):
                    writer.write(data)
                    await writer.drain()
        writer.transport.abort()


class Subscriber:
    """What a broker has sent, in order. `ended`: it sends no more, because it is gone."""

    def __init__(self) -> None:
        self.ended = False
        self.heard: list[aiomqtt.Message] = []

    def of(self, topic: str) -> list[Any]:
        """The payloads of a topic, in order."""
        return [payload(message) for message in self.heard if message.topic.value == topic]

    def last(self) -> dict[str, Any]:
        """The last payload of each topic."""
        return {message.topic.value: payload(message) for message in self.heard}


def payload(message: aiomqtt.Message) -> Any:
    assert isinstance(message.payload, bytes)
    return json.loads(message.payload)


@contextmanager
def deaf() -> Iterator[int]:
    """A port of 127.0.0.1 where nobody answers to the first packet of a connection."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):  # so that no other connection finds room
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@asynccontextmanager
async def subscribed(port: int, topic: str = "#", **settings: Any) -> AsyncIterator[Subscriber]:
    """Somebody who subscribes now, with MQTT 5 and QoS 0 unless told otherwise: retained messages come first."""
    settings = {"protocol": aiomqtt.ProtocolVersion.V5, **settings}
    async with aiomqtt.Client("127.0.0.1", port, **settings) as client:
        subscriber = Subscriber()

        async def listen() -> None:
            try:
                async for message in client.messages:
                    subscriber.heard.append(message)
            except aiomqtt.MqttError:
                subscriber.ended = True

        listening = asyncio.create_task(listen())
        await client.subscribe(topic)
        yield subscriber
        listening.cancel()


async def caught_up(port: int, subscriber: Subscriber) -> None:
    """Return when somebody who subscribes to everything has heard all that the broker had at the call."""
    topic = f"caught-up/{uuid.uuid4().hex}"
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.publish(topic, "null", qos=1)
    await until(lambda: subscriber.of(topic), "all that the broker had")


async def until(true: Callable[[], object], what: str) -> None:
    """Look again and again until it is so; fail after PATIENCE_S."""
    deadline = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < deadline, f"still not: {what}"
        await asyncio.sleep(PAUSE_S)
