"""Keeps an MQTT broker told of what stands: the last message of each topic, again after each connection."""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from charting.watch.messages import DEPARTMENT, offline, online
from collector import __version__
from collector.bell import Bell
from collector.broker import Broker
from collector.logs import Link, logger
from collector.mqtt_client import Client
from collector.mqtt_messages import Message

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
"""Back-off between attempts, as a bed's."""
CLOSE_S = 1.5
ACK_S = 10.0
"""A broker that has not acknowledged a message for so long is taken for lost."""


class Publisher:
    """Publishes in the running loop. `show` may be called from any thread."""

    def __init__(self, broker: Broker, utc_us: Callable[[], int]) -> None:
        self._broker = broker
        self._utc_us = utc_us
        self._link = Link(logger(sink="mqtt"), "broker")
        self._news = Bell()
        self._standing: dict[str, Message] = {}
        self._has: dict[str, Message] = {}
        self.connected = False

    @property
    def prefix(self) -> str:
        return self._broker.prefix

    def show(self, messages: Iterable[Message]) -> None:
        """These are what their topics say now; other topics stay."""
        new = {message.topic: message for message in messages}
        changed = {topic: message for topic, message in new.items() if self._standing.get(topic) != message}
        if changed:
            self._standing = {**self._standing, **changed}
            self._news.ring()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until `stop`, then take leave within CLOSE_S, whatever the broker does."""
        publishing = asyncio.create_task(self._publish(stop))
        await stop.wait()
        await asyncio.wait([publishing], timeout=CLOSE_S if self.connected else 0)
        publishing.cancel()
        await asyncio.wait([publishing])

    async def _publish(self, stop: asyncio.Event) -> None:
        """Connect again and again."""
        wait_s = FIRST_WAIT_S
        while not stop.is_set():
            try:
                await self._attempt(stop)
            except Exception as error:  # noqa: BLE001  whatever it is, what stands is told after the next connection
                wait_s = FIRST_WAIT_S if self.connected else min(wait_s * 2, LONGEST_WAIT_S)
                self._link.lost(" ".join(f"{type(error).__name__}: {error}".split()))
                self.connected = False
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s * random.uniform(0.8, 1.2)):  # noqa: S311  spreads retries
                        await stop.wait()

    async def _attempt(self, stop: asyncio.Event) -> None:
        """One connection, until it is lost or at `stop`. Raises what the library raises."""
        prefix = self._broker.prefix
        self._has = {}
        client = Client(self._broker, f"{prefix}-{DEPARTMENT}", offline(prefix))
        try:
            async with client, asyncio.TaskGroup() as group:
                listening = group.create_task(client.lost())
                await self._serve(client, stop)
                listening.cancel()
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _serve(self, client: Client, stop: asyncio.Event) -> None:
        prefix = self._broker.prefix
        await self._send(client, [online(prefix, __version__, self._utc_us())])
        self._link.good()
        self.connected = True
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stopping.done():
                heard = self._news.rung
                await self._send(client, [m for of, m in self._standing.items() if self._has.get(of) != m])
                ringing = asyncio.create_task(self._news.wait(heard))
                await asyncio.wait({stopping, ringing}, return_when=asyncio.FIRST_COMPLETED)
                ringing.cancel()
        finally:
            stopping.cancel()
        await self._send(client, [offline(prefix)])
        self.connected = False

    async def _send(self, client: Client, messages: Sequence[Message]) -> None:
        """Return when the broker has them. Raises TimeoutError where it does not answer."""
        for first in range(0, len(messages), client.window):
            some = messages[first : first + client.window]
            acks = [client.send(message) for message in some]
            async with asyncio.timeout(ACK_S):
                await asyncio.gather(*acks)
            self._has.update((message.topic, message) for message in some)
