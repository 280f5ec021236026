"""Journals, sinks and what should come of them."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from collector.broker import Broker
from collector.journal import Journal
from collector.model import Channel, Entry, Reading
from collector.mqtt import Mqtt
from tests.journal.entries import BED, T0_US, reading

NOW_US = T0_US + 600_000_000


@asynccontextmanager
async def publishing(
    journal: Journal, port: int, utc_us: Callable[[], int] = lambda: NOW_US, **settings: Any
) -> AsyncIterator[Mqtt]:
    """A sink whose now is ten minutes after T0_US."""
    sink = Mqtt(Broker(**{"host": "127.0.0.1", "port": port, **settings}), [BED], journal, utc_us)
    try:
        yield sink
    finally:
        await sink.close()


def counted(first: int, last: int, every_s: float = 1.0) -> list[Entry]:
    """Readings of five channels that count the seconds, or what else lies between them."""
    channels = [Channel(code="VND_TEST", source=str(number), unit="1") for number in range(5)]
    return [reading(channel, n * every_s, float(n)) for n in range(first, last) for channel in channels]


def counts_to(values: Sequence[dict[str, Any]], last: int) -> bool:
    """Whether what was heard of one channel of `counted` is in order, without a gap, each at least once."""
    seconds = [round(value["value"]) for value in values]
    steps = zip([-1, *seconds], seconds, strict=False)
    return all(after <= before + 1 for before, after in steps) and bool(seconds) and seconds[-1] == last - 1


def series(entries: Iterable[Entry]) -> dict[str, list[tuple[float | None, str | None, str]]]:
    """Value, text and quality of readings in order, by topic as the contract has it; only for names without escapes."""
    found: dict[str, list[tuple[float | None, str | None, str]]] = {}
    for entry in entries:
        if isinstance(entry, Reading):
            c = entry.series.channel
            topic = f"vitalsd/{entry.series.bed}/{entry.series.device}/vitals/{c.code}/{c.role.value}/{c.source}"
            found.setdefault(topic, []).append((entry.value, entry.text, entry.quality.value))
    return found
