"""The connection to a broker. The only file but the peer that knows aiomqtt."""

import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import aiomqtt

from collector.broker import Broker, broker, trust
from collector.credentials import credential
from collector.errors import LinkError, UsageError
from collector.model import AlarmCondition, Event
from collector.transport.base import Port
from drivers.mqtt_sensor.options import Options
from drivers.mqtt_sensor.payloads import Payloads, Topic

CONNECT_S = 5.0
"""For the broker's greeting."""
LEAVE_S = 0.4
"""For the farewell."""
KEEPALIVE_S = 10
"""A broker that is gone without a word is noticed after one and a half times that."""
MOST_WAITING = 10_000
"""Messages that wait to be read; what comes beyond is dropped by the library."""
BOTH_WAYS = 2
"""How a socket is shut down (SHUT_RDWR)."""
REFUSED = 128
"""Reason codes of a subscription from here on refuse it (MQTT 3.1.1 §3.9.3, MQTT 5 §3.9.3)."""

_QUIET = logging.getLogger(__name__)
_QUIET.disabled = True
"""For the library: what goes wrong it raises too."""


class MqttSource:
    """Hears what sensors publish; never publishes. Raises UsageError where port and options cannot be."""

    def __init__(self, options: Options, port: Port, standing: Sequence[AlarmCondition] = ()) -> None:
        del standing  # a sensor's message tells no alarm
        self._options = options
        try:
            parts = urlsplit(port.text)
            there = broker(parts._replace(path="", query="", fragment="").geturl())
            topic = Topic(port.path.removeprefix("/") + (f"#{parts.fragment}" if "#" in port.text else ""))
        except ValueError as error:
            raise UsageError(f"port: {error}") from None
        if options.user is not None and there.user is not None:
            raise UsageError("user: is in the port too")
        if options.ca is not None and not there.tls:
            raise UsageError("ca: is for mqtts:// only")
        self._broker = replace(there, user=options.user or there.user, version=options.version)
        self._topic = topic
        self._payloads = Payloads(options, topic)
        self._client: _Client | None = None
        self._stack = contextlib.AsyncExitStack()

    async def open(self) -> None:
        """Connect and subscribe. Raises LinkError."""
        where = f"{self._broker.host}:{self._broker.port}"
        try:
            self._client = client = _Client(self._known())
            await self._stack.enter_async_context(client)
            codes = await client.subscribe(self._topic.text, qos=1)
        except aiomqtt.MqttCodeError as error:
            raise LinkError(f"the broker at {where} refuses us: {error.rc}") from error
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise LinkError(f"no broker answers at {where}: {error}") from error
        if any(getattr(code, "value", code) >= REFUSED for code in codes):
            raise LinkError(f"the broker at {where} does not let {self._broker.user or 'anybody'} read this topic")
        client.timeout = LEAVE_S

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        assert self._client is not None
        try:
            async for message in self._client.messages:
                yield self._payloads.heard(message.topic.value, message.payload, retained=message.retain)
        except aiomqtt.MqttError as error:
            raise LinkError(f"the broker has ended the connection: {error}") from error

    async def close(self) -> None:
        """Take leave."""
        with contextlib.suppress(aiomqtt.MqttError, OSError):
            await self._stack.aclose()
        if self._client is not None:
            self._client.abandon()

    def _known(self) -> Broker:
        """With the password of the systemd credential, where there is one. Raises LinkError."""
        password = credential(self._options.credential)
        if password is not None and self._broker.user is None:
            raise LinkError(f"user: is missing, and there is a credential {self._options.credential}")
        try:
            context = trust(self._options.ca) if self._broker.tls else None
        except ValueError as error:
            raise LinkError(f"ca: {error}") from None
        return replace(self._broker, password=password, trust=context)


class _Client(aiomqtt.Client):
    def __init__(self, there: Broker) -> None:
        super().__init__(
            there.host,
            there.port,
            identifier=f"vitalsd-{secrets.token_hex(6)}",
            username=there.user,
            password=there.password,
            protocol=aiomqtt.ProtocolVersion.V5 if there.version == "5" else aiomqtt.ProtocolVersion.V311,
            keepalive=KEEPALIVE_S,
            timeout=CONNECT_S,
            max_queued_incoming_messages=MOST_WAITING,
            tls_context=there.trust,
            logger=_QUIET,
        )
        self._client.connect_timeout = CONNECT_S

    def abandon(self) -> None:
        """Leave nothing open, whatever has happened; the loop then sees the socket's end."""
        shutdown = getattr(self._client.socket(), "shutdown", None)
        if shutdown is not None:
            with contextlib.suppress(OSError):
                shutdown(BOTH_WAYS)
