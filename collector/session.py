"""The contract of a driver. Session: sans-IO, bytes and a time in, events and bytes out. Source: of a library's socket.

A session has no socket, no clock, no log, no asyncio. A simulator has the same shape, seen from the device's side: its
events are what it has said.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from collector.model import Event


class Session(Protocol):
    """A dialogue with one device over one connection, or the reading of a recording of one.

    Never raises, whatever the bytes. Any cutting of the same bytes gives the same events (for datagrams: each
    `receive` is one datagram). `now` is in seconds of a clock that never goes back; its zero means nothing.
    Decodes whatever it is fed, also when its own requests went nowhere: a recording is only fed.
    """

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        """Take bytes from the device; return the events that they complete, in order."""

    def outgoing(self) -> bytes:
        """Return and forget what is to be sent next: one datagram, or any run of a stream; b"" when nothing is."""

    def deadline(self) -> float | None:
        """When `expire` wants to be called at the latest, or None. The first call is due at once: use -inf or 0."""

    def expire(self, now: float) -> Sequence[Event]:
        """The deadline has come (or time has passed): time-outs, retries, keep-alive, requests, polls."""

    def close(self, now: float) -> None:
        """Queue the protocol's farewell (release, stop), if it has one."""

    def finish(self) -> Sequence[Event]:
        """The input has ended: report what is left in the buffer as Rejected ("truncated"), if anything."""


class Source(Protocol):
    """A dialogue by a library that owns its socket, for protocols that are not ours (Modbus, MQTT, SDC).

    The runner opens it, iterates and closes it; where it falls silent or raises, a new one is made. Of a device's side
    `open` returns when it can be reached.
    """

    async def open(self) -> None:
        """Connect. Raises LinkError with a cause that an engineer can act on."""

    def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        """Events as they come, those of one frame together and its Frame first. Raises LinkError."""

    async def close(self) -> None:
        """Disconnect; never raises."""
