"""A journal at its limit of bytes: what goes first, and whether everything that went is accounted for."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import closing

from collector.journal import Journal, Limits
from collector.model import Entry, Reading, Series, WavePiece
from collector.timescale import READER
from collector.verify.comparison import Comparison, compare
from collector.verify.delivery import deliver
from collector.verify.report import Result
from collector.verify.script import SECOND_US, Script
from collector.verify.setting import Setting

NAME = "limit"
PROMISE = "a journal at its limit gives up waves first, then values, last what is rare; each counted by channel"

WAVES_GO_BYTES, VALUES_GO_BYTES = 8_500, 3_300
"""Limits per second of the script: the first makes some waves go, the second all of them and some values."""

_APPEND_S = 10


async def limit(setting: Setting) -> Result:
    """Deliver a quarter, then fill the journal beyond its limit without a database, and deliver what is left."""
    folder = setting.folder(NAME)
    seconds = setting.extent.limit_s
    found, broken = Comparison(), []
    gone: Counter[str] = Counter()
    tried = 0
    for number in setting.times(NAME, 2):
        script = setting.new_script()
        max_bytes = seconds * (WAVES_GO_BYTES, VALUES_GO_BYTES)[number]
        path = folder / f"{number}.db"
        with closing(Journal.open(path, [READER], Limits(max_bytes=max_bytes))) as journal:
            await asyncio.to_thread(_fill, journal, script, 0, seconds // 4)
            await deliver(setting.dsn, journal)
            broken += await asyncio.to_thread(_fill, journal, script, seconds // 4, seconds)
            await deliver(setting.dsn, journal)
            sacrificed = journal.sacrificed()
        said = script.entries(0, seconds)
        held = await asyncio.to_thread(setting.scratch.held, script.bed)
        told = {series: lost.samples or lost.entries for series, lost in sacrificed.items()}
        found += accounted(said, held, told)
        values = sum(lost.entries for lost in sacrificed.values() if not lost.samples)
        pieces = sum(lost.samples for lost in sacrificed.values())
        if bool(values) != bool(number) or not pieces:
            broken.append(f"limit {number + 1} gave up {values} values and {pieces} samples")
        rare = [series for series in sacrificed if series is None or series in script.rare]
        if rare:
            broken.append("what is rare was given up while there was something else")
        gone += Counter({"sacrificed_values": values, "sacrificed_samples": pieces})
        tried += 1
    return Result(
        name=NAME,
        promise=PROMISE,
        tried=tried,
        found=found,
        recovered=True,
        figures={name: float(n) for name, n in gone.items()},
        broken=broken,
    )


def accounted(said: Sequence[Entry], held: Sequence[Entry], sacrificed: dict[Series | None, int]) -> Comparison:
    """Said = held + sacrificed, by series in values and samples (None: everything else), and nothing else is held."""
    generated, stored = _counted(said), _counted(held)
    lost = {series: n - stored[series] - sacrificed.get(series, 0) for series, n in generated.items()}
    foreign = compare((), said, held)
    return Comparison(
        wanted=generated.total(),
        lost=sum(n for n in lost.values() if n > 0),
        duplicated=foreign.duplicated,
        invented=foreign.invented + sum(-n for n in lost.values() if n < 0),
    )


def _counted(entries: Sequence[Entry]) -> Counter[Series | None]:
    """Values and samples by series."""
    counted: Counter[Series | None] = Counter()
    for entry in entries:
        match entry:
            case WavePiece():
                counted[entry.series] += entry.n
            case Reading():
                counted[entry.series] += 1
            case _:
                counted[None] += 1
    return counted


def _fill(journal: Journal, script: Script, first: int, last: int) -> list[str]:
    """Append, and let the journal forget after each; return what went in a wrong order."""
    broken = []
    for second in range(first, last, _APPEND_S):
        end = min(last, second + _APPEND_S)
        before = _values_gone(journal)
        journal.append(script.entries(second, end))
        while journal.tidy(script.start_us + end * SECOND_US):
            pass
        if _values_gone(journal) > before and any(
            isinstance(entry, WavePiece) for _, entry in journal.read(0, 1 << 30)
        ):
            broken.append(f"values were given up at second {second} while there were waves")
    return broken[:3]


def _values_gone(journal: Journal) -> int:
    return sum(lost.entries for lost in journal.sacrificed().values() if not lost.samples)
