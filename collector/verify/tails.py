"""What a power cut or a person does to a journal's files: torn, cut short, restored from a copy, replaced."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from collector.errors import JournalError
from collector.journal import Journal
from collector.model import Entry
from collector.timescale import READER
from collector.verify.comparison import Comparison, compare
from collector.verify.delivery import deliver
from collector.verify.report import Result
from collector.verify.script import Script
from collector.verify.setting import Setting

NAME = "torn-tail"
PROMISE = "a torn journal keeps every whole commit; one restored, replaced or cut short loses nothing that it holds"

_COMMITS = 40
_WHOLE = 1 << 30
_SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class _Killed:
    """A journal as a kill leaves it. ends: size of the log after each second of the script was acknowledged;
    checkpointed: the same database file after its log was brought into it.
    """

    path: Path
    ends: Sequence[int]
    checkpointed: Path


async def torn_tail(setting: Setting) -> Result:
    """Cut the log, or the database under a whole log, at random places; then whole files against a store."""
    folder = setting.folder(NAME)
    script = setting.new_script()
    killed = await asyncio.to_thread(_killed, folder, script)
    found, broken, tried = Comparison(), [], 0
    for number in setting.times(NAME, setting.extent.tails):
        work = folder / "work"
        work.mkdir()
        cut = _cut_log if number % 4 else _cut_database
        whole = cut(killed, work / "journal.db", setting.chance)
        try:
            held = await asyncio.to_thread(_content, work / "journal.db")
        except JournalError as error:
            broken.append(f"a journal with a torn tail does not open: {error}")
            held = []
        found += compare(script.entries(0, whole), (), held)
        tried += 1
        shutil.rmtree(work)
    if not setting.stop.is_set():
        found += await _replaced(setting, folder)
        tried += 3
    return Result(name=NAME, promise=PROMISE, tried=tried, found=found, recovered=not broken, broken=broken[:5])


def _killed(folder: Path, script: Script) -> _Killed:
    path = folder / "original.db"
    journal = Journal.open(path, [READER])
    ends = []
    for second in range(_COMMITS):
        journal.append(script.entries(second, second + 1))
        ends.append(_log(path).stat().st_size)
    killed = folder / "killed.db"
    _copy(path, killed)
    journal.close()
    checkpointed = folder / "checkpointed.db"
    _copy(killed, checkpointed)
    with closing(sqlite3.connect(checkpointed)) as db:
        db.execute("pragma wal_checkpoint(truncate)")
    return _Killed(path=killed, ends=ends, checkpointed=checkpointed)


def _cut_log(killed: _Killed, path: Path, chance: random.Random) -> int:
    """End the log somewhere, now and then in a torn sector; return how many commits are whole."""
    _copy(killed.path, path)
    place = chance.randrange(killed.ends[0], killed.ends[-1])
    with _log(path).open("r+b") as file:
        file.truncate(place)
        if chance.random() < 0.5:
            file.seek(place)
            file.write(chance.randbytes(_SECTOR_BYTES))
    return sum(end <= place for end in killed.ends)


def _cut_database(killed: _Killed, path: Path, chance: random.Random) -> int:
    """A checkpoint that did not end: some pages of the database are new, the log is whole."""
    _copy(killed.path, path)
    data = killed.checkpointed.read_bytes()
    before = path.stat().st_size
    path.write_bytes(data[: chance.randrange(before, max(before + 1, len(data)))])
    return _COMMITS


def _content(path: Path) -> list[Entry]:
    with closing(Journal.open(path, [READER])) as journal:
        return [entry for _, entry in journal.read(0, _WHOLE)]


async def _replaced(setting: Setting, folder: Path) -> Comparison:
    """Restored from an older copy, replaced by a new one with some of the same in it, and cut short: all delivered."""
    script = setting.new_script()
    path, copy = folder / "journal.db", folder / "copy.db"
    await _live(setting, path, script, 0, 20)
    _copy(path, copy)
    await _live(setting, path, script, 20, 40)
    _remove(path)
    _copy(copy, path)
    await _live(setting, path, script, 40, 60)
    _remove(path)
    await _live(setting, path, script, 50, 80)
    journal = Journal.open(path, [READER])
    journal.append(script.entries(80, 90))
    short = _log(path).stat().st_size
    journal.append(script.entries(90, 100))
    await deliver(setting.dsn, journal)
    _remove(copy)
    _copy(path, copy)
    journal.close()
    _remove(path)
    _copy(copy, path)
    with _log(path).open("r+b") as file:
        file.truncate(setting.chance.randrange(short, max(short + 1, file.seek(0, 2))))
    await _live(setting, path, script, 100, 120)
    return await asyncio.to_thread(
        lambda: compare(script.entries(0, 120), (), setting.scratch.held(script.bed))
    )  # fmt: skip


async def _live(setting: Setting, path: Path, script: Script, first: int, last: int) -> None:
    journal = Journal.open(path, [READER])
    journal.append(script.entries(first, last))
    await deliver(setting.dsn, journal)
    journal.close()


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _copy(path: Path, to: Path) -> None:
    """The database and its log, as they are at this moment."""
    shutil.copy(path, to)
    if _log(path).exists():
        shutil.copy(_log(path), _log(to))


def _remove(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
