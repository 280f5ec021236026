"""The simulated device's binary stream: samples as differences, interrupted by blocks. Source: getinge-servo §4."""

from collections.abc import Sequence

from drivers.servo.items import END, PHASE, VALUE, checksum

LARGEST = 126
"""The largest difference; −128 and −127 are flags."""


class Transmitter:
    """Writes one stream."""

    def __init__(self) -> None:
        self._open = bytearray()
        self._last: Sequence[int] | None = None
        self._phase: int | None = None

    def samples(self, row: Sequence[int], phase: int) -> bytes:
        """One sampling time of all curves."""
        out = bytearray()
        if phase != self._phase:
            out += bytes((PHASE, phase))
            self._phase = phase
        for index, value in enumerate(row):
            difference = None if self._last is None else value - self._last[index]
            if difference is None or abs(difference) > LARGEST:
                out += bytes((VALUE, value >> 8, value & 0xFF))
            else:
                out.append(difference & 0xFF)
        self._last = tuple(row)
        self._open += out
        return bytes(out)

    def interrupt(self) -> bytes:
        """End the curve block; the next sample is absolute."""
        if not self._open:
            return b""
        self._open.append(END)
        end = bytes((END, checksum(self._open)))
        self._open.clear()
        self._last = None
        return end


def block(letter: bytes, values: Sequence[int], size: int = 2) -> bytes:
    """A block of values of `size` bytes each."""
    body = letter + b"".join(value.to_bytes(size, "big") for value in values) + bytes((END,))
    return body + bytes((checksum(body),))
