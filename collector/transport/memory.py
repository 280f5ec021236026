"""A connection inside the process, for tests and for simulators."""

import asyncio

from collector.errors import LinkError
from collector.transport.base import Transport


class MemoryTransport:
    """One end of a pair."""

    def __init__(self, incoming: asyncio.Queue[bytes], other: asyncio.Queue[bytes], *, datagrams: bool) -> None:
        self.datagrams = datagrams
        self._incoming = incoming
        self._other = other
        self._closed = False

    async def read(self) -> bytes:
        return await self._incoming.get()

    async def write(self, data: bytes) -> None:
        if self._closed:
            raise LinkError("closed")
        self._other.put_nowait(data)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._other.put_nowait(b"")


def memory_pair(*, datagrams: bool = False) -> tuple[Transport, Transport]:
    """Two ends: what one writes the other reads."""
    one: asyncio.Queue[bytes] = asyncio.Queue()
    two: asyncio.Queue[bytes] = asyncio.Queue()
    return MemoryTransport(one, two, datagrams=datagrams), MemoryTransport(two, one, datagrams=datagrams)
