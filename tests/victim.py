"""What gateways that are to be killed have in common."""

from collections.abc import Callable, Sequence
from typing import Protocol

from collector.journal import Journal, Writer
from collector.model import Entry

SECONDS_A_COMMIT = 5


class _Sink(Protocol):
    def wake(self) -> None: ...

    async def drain(self) -> None: ...

    async def close(self) -> None: ...


async def live(journal: Journal, sink: _Sink, entries: Callable[[int, int], Sequence[Entry]], last: int) -> None:
    """Append what is heard from one second to another and deliver it, from where the last gateway was killed.

    last: where to end, when everything is delivered; −1: never.
    """
    writer = Writer(journal, sink.wake)
    second = journal.inputs().get("clock", 0)
    while last < 0 or second < last:
        after = second + SECONDS_A_COMMIT if last < 0 else min(last, second + SECONDS_A_COMMIT)
        await writer.append(entries(second, after), {"clock": after})
        second = after
    await sink.drain()
    await sink.close()
    await writer.close()
    journal.close()
