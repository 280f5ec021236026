"""Rows of readings in the form in which the store takes them fastest. Pure.

The layout is that of binary COPY (PostgreSQL documentation, COPY, "Binary Format"), for the columns of copy_obs.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Self

import numpy as np

from collector.journal.rows import QUALITIES, Row

POSTGRES_EPOCH_US = 946_684_800_000_000
"""2000-01-01 UTC. A timestamptz in binary COPY is a bigint of µs since then."""

COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER = b"\xff\xff"

_NUMBER = np.dtype(
    [
        ("columns", ">i2"),
        *(("time size", ">i4"), ("time", ">i8")),
        *(("value size", ">i4"), ("value", ">f8")),
        *(("channel size", ">i4"), ("channel", ">i4")),
        *(("n size", ">i4"), ("n", ">i2")),
        *(("quality size", ">i4"), ("quality", "u1")),
        *(("demo size", ">i4"), ("demo", "?")),
        ("text size", ">i4"),
    ]
)
_NUMBER_HEAD = {"columns": 7, "time size": 8, "value size": 8, "channel size": 4, "n size": 2, "quality size": 1}
_NUMBER_HEAD |= {"demo size": 1, "text size": -1}
_OTHER = struct.Struct(">hiqiiiihiBi?i")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Columns of vitalsd.obs, all of one length. `times`: µs since 1970; `qualities`: letters; `demos`: 0 or 1."""

    times: Sequence[int] = ()
    values: Sequence[float | None] = ()
    channels: Sequence[int] = ()
    ns: Sequence[int] = ()
    qualities: Sequence[str] = ()
    demos: Sequence[int] = ()
    texts: Sequence[str | None] = ()

    @classmethod
    def of(cls, rows: Sequence[Row], channels: Mapping[int, int]) -> Self:
        """From rows of a batch; `channels`: the store's number by the journal's. Raises ValueError for damaged ones."""
        if not rows:
            return cls()
        _, numbers, times, ns, values, texts, qualities, demos = zip(*rows, strict=True)
        if not QUALITIES.keys() >= set(qualities):
            raise ValueError("an unknown quality")
        for column, types in ((times, {int}), (values, {float, NoneType}), (texts, {str, NoneType})):
            if not types >= set(map(type, column)):
                raise ValueError("a column of another type")
        stored = [channels[number] for number in numbers]
        return cls(times=times, values=values, channels=stored, ns=ns, qualities=qualities, demos=demos, texts=texts)

    def __len__(self) -> int:
        return len(self.times)

    def copied(self) -> bytes:
        """What binary COPY takes between COPY_HEADER and COPY_TRAILER: numbers by channel and time, then what has none.

        Raises ValueError or OverflowError for a reading that no row can hold.
        """
        value = np.array(self.values, np.float64)
        rows = np.empty(len(self), _NUMBER)
        for name, constant in _NUMBER_HEAD.items():
            rows[name] = constant
        rows["time"] = np.array(self.times, np.int64) - POSTGRES_EPOCH_US
        rows["value"] = value
        rows["channel"] = self.channels
        rows["n"] = np.array(self.ns, np.int16)
        rows["quality"] = np.frombuffer("".join(self.qualities).encode(), np.uint8)
        rows["demo"] = self.demos
        order = np.lexsort((rows["time"], rows["channel"]))
        lacking = np.isnan(value)[order]
        others = [self._other(int(k)) for k in order[lacking]]
        return b"".join([rows[order[~lacking]].tobytes(), *others])

    def merged(self) -> list[list[Any]]:
        """What merge_obs takes."""
        return [
            list(column)
            for column in (
                self.times,
                self.values,
                self.channels,
                self.qualities,
                [demo == 1 for demo in self.demos],
                self.texts,
            )
        ]

    def _other(self, k: int) -> bytes:
        """A row without a number."""
        text = self.texts[k]
        data = b"" if text is None else text.encode()
        return (
            _OTHER.pack(
                *(7, 8, self.times[k] - POSTGRES_EPOCH_US, -1, 4, self.channels[k], 2, self.ns[k]),
                *(1, ord(self.qualities[k]), 1, self.demos[k] == 1, -1 if text is None else len(data)),
            )
            + data
        )
