"""A connection to an MQTT broker. The only file that knows the library for it."""

import asyncio
import contextlib
import logging
import socket
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

import aiomqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from collector.broker import Broker
from collector.mqtt_messages import Message

WINDOW = 100
"""Messages under way, unless the broker takes fewer at once: more are no faster, and the loop is not held for long."""

CONNECT_S = 1.5
"""For TCP, and for a step of TLS: a second packet is sent after 1 s, and the thread that waits for the answer keeps the
daemon from ending.
"""

CONNACK_S = 5.0
LEAVE_S = 0.4
"""For the broker's greeting, and for the farewell."""

KEEPALIVE_S = 10
"""A gateway that falls silent is reported by its last will after one and a half times that (MQTT 5 §3.1.2.10)."""

_QUIET = logging.getLogger(__name__)
_QUIET.disabled = True
"""For the libraries: what goes wrong they raise too."""


class Client(aiomqtt.Client):
    """aiomqtt's client with a publishing of its own.

    The library's makes a task and a timer of each message, takes a refusal for an acknowledgement, sends more at once
    than the broker says that it takes, and does not hear of a lost connection.
    """

    def __init__(self, broker: Broker, identifier: str, will: Message) -> None:
        self.window = WINDOW
        self._acks: dict[int, asyncio.Future[str]] = {}
        self._is_5 = broker.version == "5"
        super().__init__(
            broker.host,
            broker.port,
            identifier=identifier,
            username=broker.user,
            password=broker.password,
            protocol=aiomqtt.ProtocolVersion.V5 if self._is_5 else aiomqtt.ProtocolVersion.V311,
            will=aiomqtt.Will(
                will.topic,
                will.payload,
                qos=1,
                retain=True,
                properties=_properties(PacketTypes.WILLMESSAGE, None) if self._is_5 else None,
            ),
            keepalive=KEEPALIVE_S,
            timeout=CONNACK_S,
            max_inflight_messages=WINDOW,
            tls_context=broker.trust,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            logger=_QUIET,
        )
        self._client.connect_timeout = CONNECT_S

    def send(self, message: Message) -> "asyncio.Future[str]":
        """Publish; the result is the broker's refusal, or empty. Raises MqttError, or ValueError for a long topic."""
        properties = _properties(PacketTypes.PUBLISH, message.expiry_s) if self._is_5 else None
        info = self._client.publish(message.topic, message.payload, 1, retain=True, properties=properties)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise aiomqtt.MqttCodeError(info.rc, "Could not publish message")
        ack = self._acks[info.mid] = self._loop.create_future()
        return ack

    async def __aenter__(self) -> Self:
        try:
            await super().__aenter__()
        except BaseException:
            self._abandon()
            raise
        self.timeout = LEAVE_S
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave; after an error say nothing, so that the broker tells the last will."""
        if kind is None:
            await super().__aexit__(kind, error, trace)
        self._abandon()

    async def lost(self) -> None:
        """Raise MqttError when the connection is lost."""
        async for _ in self.messages:
            pass

    def _abandon(self) -> None:
        """Leave nothing open, whatever has happened; the loop then sees the socket's end."""
        end = self._client.socket()
        if isinstance(end, socket.socket):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _on_connect(
        self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Properties | None = None
    ) -> None:
        self.window = min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW))
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_publish(
        self,
        client: Any,  # noqa: ARG002  the library's signature
        userdata: Any,  # noqa: ARG002
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,  # noqa: ARG002
    ) -> None:
        ack = self._acks.pop(mid, None)
        if ack is not None and not ack.done():
            ack.set_result(str(reason_code) if reason_code.is_failure else "")


@lru_cache(4_096)
def _properties(packet: int, expiry_s: int | None) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    properties.ContentType = "application/json"
    if expiry_s is not None:
        properties.MessageExpiryInterval = expiry_s
    return properties
