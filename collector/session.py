"""The sans-IO contract of a driver: bytes and a time in, events and bytes out.

No socket, no clock, no log, no asyncio. A simulator has the same shape, seen from the device's side: its events are
what it has said.
"""

from collections.abc import Sequence
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
