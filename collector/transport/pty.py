"""A pseudo-terminal that a simulated device sits behind: a serial line without the line."""

import asyncio
import contextlib
import os
import termios
import tty
from collections.abc import Callable
from pathlib import Path

from collector.errors import LinkError
from collector.transport.base import READ_BYTES, Transport

PATIENCE_S = 2.0
"""A client that takes nothing for so long has gone; what it did not take is dropped, as on a line."""


class PtyTransport:
    """The device's end of a pty whose other end is found under `link`."""

    datagrams = False

    def __init__(self, master: int, slave: int, link: Path) -> None:
        self._master = master
        self._slave = slave  # held open: the line stays when a client leaves
        self._link = link

    async def read(self) -> bytes:
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(BlockingIOError):
                return os.read(self._master, READ_BYTES)
            await self._ready(loop.add_reader, loop.remove_reader)

    async def write(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._master, left) :]
            except BlockingIOError:
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        await self._ready(loop.add_writer, loop.remove_writer)
                except TimeoutError:
                    termios.tcflush(self._slave, termios.TCIFLUSH)
                    return

    async def close(self) -> None:
        self._link.unlink(missing_ok=True)
        ends, self._master, self._slave = (self._master, self._slave), -1, -1
        for end in ends:
            with contextlib.suppress(OSError):  # closed before
                os.close(end)

    async def _ready(self, add: Callable[..., None], remove: Callable[[int], bool]) -> None:
        ready = asyncio.Event()
        add(self._master, ready.set)
        try:
            await ready.wait()
        finally:
            remove(self._master)


def open_pty(link: Path) -> Transport:
    """Make a pty and the symbolic link to its client end. Raises LinkError where the link cannot be made."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    try:
        if link.is_symlink():
            link.unlink()
        link.symlink_to(os.ttyname(slave))
    except OSError as error:
        os.close(master)
        os.close(slave)
        raise LinkError(f"cannot make {link}: {error.strerror}") from error
    return PtyTransport(master, slave, link)
