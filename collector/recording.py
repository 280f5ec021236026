"""Recordings of a device's bytes: what `decode` and replay ports read, and what the capture tap writes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from collector.errors import UsageError

CHUNK_BYTES = 65_536
STREAM_MARK = "# vitalsd capture of a stream"
DATAGRAM_MARK = "# vitalsd capture of datagrams"
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A file: raw bytes, or `.hex` with one chunk or datagram a line (`>` host to device, `<` device to host)."""

    path: Path
    datagrams: bool

    def chunks(self) -> Iterator[bytes]:
        """The device's side, in order. Raises UsageError, naming the line, where a line is not hex."""
        if self.path.suffix.lower() != ".hex":
            with self.path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
            return
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                text = line.partition("#")[0].strip()
                if text and not text.startswith(">"):
                    digits = re.sub(r"\s", "", text.removeprefix("<"))
                    if not _HEX.fullmatch(digits):
                        raise UsageError(f"{self.path}:{number}: not hex bytes")
                    yield bytes.fromhex(digits)


def recording(path: Path) -> Recording:
    """Raises UsageError where the file cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(len(STREAM_MARK))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    stream = head == STREAM_MARK.encode()
    return Recording(path=path, datagrams=path.suffix.lower() == ".hex" and not stream)
