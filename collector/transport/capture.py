"""The capture tap: records raw bytes both ways to a bounded file that `vitalsd decode` reads."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from collector.clock import rfc3339
from collector.recording import DATAGRAM_MARK, STREAM_MARK
from collector.transport.base import Transport


class CaptureTap:
    """A transport that writes down what passes. When the file is half the limit it becomes FILE.old.hex.

    A disk that fails ends the capture, not the connection.
    """

    def __init__(self, inner: Transport, path: Path, max_bytes: int, utc_us: Callable[[], int]) -> None:
        self.datagrams = inner.datagrams
        self._inner = inner
        self._path = path
        self._half_bytes = max_bytes // 2
        self._utc_us = utc_us
        self._file: TextIO | None = None
        self._written = 0
        self._failed = False

    async def read(self) -> bytes:
        data = await self._inner.read()
        self._note("<", data)
        return data

    async def write(self, data: bytes) -> None:
        self._note(">", data)
        await self._inner.write(data)

    async def close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # what a full disk did not take
                self._file.close()
            self._file = None
        await self._inner.close()

    def _note(self, mark: str, data: bytes) -> None:
        if not data or self._failed:
            return
        line = f"{mark} {data.hex(' ')}  # {rfc3339(self._utc_us())}\n"
        try:
            if self._file is None:
                self._open()
            elif self._written + len(line) > self._half_bytes:
                self._file.close()
                self._path.replace(self._path.with_suffix(".old.hex"))
                self._open()
            assert self._file is not None
            self._file.write(line)
            self._file.flush()
            self._written += len(line)
        except OSError:
            self._failed = True

    def _open(self) -> None:
        self._file = self._path.open("a", encoding="ascii")
        self._written = self._file.tell()
        if not self._written:
            self._written = self._file.write((DATAGRAM_MARK if self.datagrams else STREAM_MARK) + "\n")
