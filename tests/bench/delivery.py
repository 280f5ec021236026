"""Exactly-once delivery beside a plain COPY of the same rows: the same connection settings, the same shape of table."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

from collector.journal import Journal, JournalReader
from collector.journal.reader import Batch
from collector.timescale_store import TimescaleStore
from tests.bench import made
from tests.bench.plain import Plain, as_block, as_rows
from tests.bench.report import Row
from tests.bench.server import server, store

READER = "timescale"
REPEATS = 7
SIZES = {100: (60, 0.8), 1_000: (20, None), 10_000: (6, 0.95)}
"""Rows a batch → batches in each repeat, and the least ratio to a plain COPY (design §8)."""

FIRST_US = 1_767_225_600_000_000
_WAYS = ("ours_s", "rows_s", "block_s", "ready_s")


@dataclass(slots=True)
class _Turn:
    """Seconds that one repeat of a batch size took: ours, and a plain COPY of the same rows.

    rows_s: row by row; block_s: as one block, made as ours is; ready_s: the same, made before.
    """

    ours_s: float = 0.0
    rows_s: float = 0.0
    block_s: float = 0.0
    ready_s: float = 0.0


def rows() -> Iterator[Row]:
    with server() as dsn, tempfile.TemporaryDirectory(dir="/var/tmp") as folder, store(dsn) as database:
        most = sum(size * batches for size, (batches, _) in SIZES.items()) * REPEATS
        with closing(Journal.open(Path(folder) / "journal.db", [READER])) as journal:
            made.fill(journal, "BENCH", FIRST_US, most // made.CHANNELS + 1)
            with closing(journal.reader()) as reader:
                yield from _rows(database, reader)


def _rows(dsn: str, reader: JournalReader) -> Iterator[Row]:
    with (
        closing(TimescaleStore.connect(dsn, reader, READER)) as ours,
        psycopg.connect(dsn, autocommit=True) as connection,
    ):
        ours.contact()
        plain = Plain(connection)
        after = 0
        for size, (batches, least) in SIZES.items():
            turns = []
            for _ in range(REPEATS):
                given = [reader.batch(after + n * size, reader.tip, size) for n in range(batches)]
                turns.append(_turn(ours, plain, given))
                after += size * batches
            yield _row(size, least, turns, size * batches)


def _row(size: int, least: float | None, turns: Sequence[_Turn], count: int) -> Row:
    """Beside the faster of the two ways of a plain COPY."""
    ours_s = median(turn.ours_s for turn in turns)
    by_rows_s, by_block_s = median(turn.rows_s for turn in turns), median(turn.block_s for turn in turns)
    way = "rows" if by_rows_s < by_block_s else "block"
    plain_s = min(by_rows_s, by_block_s)
    return Row(
        what=f"exactly once, {size:,} rows a batch",
        unit="of COPY",
        value=median((turn.rows_s if way == "rows" else turn.block_s) / turn.ours_s for turn in turns),
        budget=least,
        at_least=True,
        note=f"{count / ours_s / 1e3:,.0f} k rows/s beside {count / plain_s / 1e3:,.0f} k ({way}); "
        f"{median(turn.ready_s / turn.ours_s for turn in turns):.2f} of a block made before; n={len(turns)}",
    )


def _turn(ours: TimescaleStore, plain: Plain, batches: Sequence[Batch]) -> _Turn:
    """The same batches by each way, one after the other, each way first as often as the others."""
    turn = _Turn()
    for number, batch in enumerate(batches):
        ready = as_block(batch)
        for way in _WAYS[number % 4 :] + _WAYS[: number % 4]:
            began = time.perf_counter()
            match way:
                case "ours_s":
                    ours.deliver(batch)
                case "rows_s":
                    plain.copy_rows(as_rows(batch))
                case "block_s":
                    plain.copy_block(as_block(batch))
                case "ready_s":
                    plain.copy_block(ready, "ready")
            setattr(turn, way, getattr(turn, way) + time.perf_counter() - began)
    return turn
