"""`vitalsd journal`: whether a bed's journal is sound and what is in it, and everything of it as JSON lines."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from collector.clock import rfc3339
from collector.errors import DamagedError, JournalError, UsageError
from collector.journal.database import connect
from collector.journal.reader import JournalReader
from collector.journal.rescue import Rescue
from collector.model import Condition, Entry, Identity, Reading, Series, WavePiece
from collector.sql import queries

FILES: Mapping[type, str] = {
    Reading: "readings.jsonl",
    WavePiece: "waves.jsonl",
    Condition: "conditions.jsonl",
    Identity: "identities.jsonl",
}
TABLES = {"readings": "obs", "pieces of waves": "wave", "changes of conditions": "condition", "identities": "identity"}
_Q = queries("journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """lines: for a person; sound: whether SQLite finds no fault and every reading has its place in the order."""

    lines: tuple[str, ...]
    sound: bool


def verify(path: Path) -> Report:
    """Check the file, also while a daemon writes it. Raises UsageError where there is none."""
    _there(path)
    lines = [f"journal {path}"]
    try:
        with closing(connect(path, writing=False)) as db, closing(JournalReader.at(path)) as reader:
            lines += _content(db, reader)
            faults = [row[0] for row in db.execute(_Q["check"]) if row[0] != "ok"]
            orphans = db.execute(_Q["orphans"]).fetchone()[0]
    except DamagedError as error:
        return Report(lines=(*lines, f"DAMAGED: {error}"), sound=False)
    except (sqlite3.DatabaseError, ValueError, KeyError, TypeError, ArithmeticError) as error:
        return Report(lines=(*lines, f"DAMAGED: {error}"), sound=False)
    except JournalError as error:
        raise UsageError(str(error)) from error
    lines += [f"DAMAGED: {fault}" for fault in faults]
    if orphans:
        lines.append(f"DAMAGED: {orphans} readings have no place in the order")
    sound = not faults and not orphans
    return Report(lines=(*lines, *(["sound"] if sound else [])), sound=sound)


def _content(db: sqlite3.Connection, reader: JournalReader) -> Iterator[str]:
    usage = reader.usage()
    yield f"id {reader.id}, last number {usage.tip}, {usage.size_bytes / 1e6:,.1f} MB"
    for name, table in TABLES.items():
        count, first_us, last_us = db.execute(_Q[f"extent_{table}"]).fetchone()
        span = f" from {rfc3339(first_us)} to {rfc3339(last_us)}" if count else ""
        yield f"{count:,} {name}{span}"
    yield f"came again and changed nothing: {usage.duplicates:,}; another value for the same time: {usage.different:,}"
    for name, pending in usage.pending.items():
        yield f"reader {name}: {pending:,} not delivered"
    if not usage.pending:
        yield "no server: this journal is the only store"
    for series, lost in reader.sacrificed().items():
        what = _name(series) if series else "conditions and identities"
        span = f"{rfc3339(lost.first_us)} … {rfc3339(lost.last_us)}"
        yield f"given up for want of room: {what}: {lost.entries:,} entries, {lost.samples:,} samples, {span}"


def _name(series: Series) -> str:
    c = series.channel
    return f"{series.device} {c.code} {c.source} {c.role.value}"


def dump(path: Path, out: Path, progress: Callable[[int], None]) -> str:
    """Write every entry that can be read, also of a damaged file, a line each; return what was written.

    `progress` is told the number of entries so far. Raises UsageError for a file that is not there, or a folder that
    cannot be had or has something in it.
    """
    _there(path)
    written: Counter[str] = Counter()
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise UsageError(f"--out {out}: is not empty")
        with closing(Rescue.at(path)) as rescue, ExitStack() as stack:
            files: dict[type, TextIO] = {
                kind: stack.enter_context((out / name).open("w", encoding="utf-8")) for kind, name in FILES.items()
            }
            for entries in rescue.entries():
                for entry in entries:
                    try:
                        line = json.dumps(_line(entry), ensure_ascii=False)
                    except (ValueError, TypeError, ArithmeticError):  # a time that is none, bytes for a text
                        rescue.unreadable += 1
                        continue
                    files[type(entry)].write(f"{line}\n")
                    written[FILES[type(entry)]] += 1
                progress(written.total())
            unreadable = rescue.unreadable
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error
    except JournalError as error:
        raise UsageError(str(error)) from error
    told = ", ".join(f"{n:,} in {name}" for name, n in written.items()) or "nothing"
    return f"{out}: {told}" + (f"; {unreadable:,} parts of the file could not be read" if unreadable else "")


def _line(entry: Entry) -> dict[str, Any]:
    match entry:
        case Reading():
            return {
                **_of(entry.series),
                "time": rfc3339(entry.time_us),
                "value": entry.value,
                "text": entry.text,
                "quality": entry.quality,
                "demo": entry.demo,
            }
        case WavePiece():
            return {
                **_of(entry.series),
                "start": rfc3339(entry.start_us),
                "rate_hz": entry.rate_hz,
                "scale": entry.scale,
                "offset": entry.offset,
                "quality": entry.quality,
                "demo": entry.demo,
                "counts": memoryview(entry.data).cast("i").tolist(),
            }
        case Condition():
            alarm = entry.alarm
            return {
                "bed": entry.bed,
                "device": entry.device,
                "time": rfc3339(entry.time_us),
                **{name: getattr(alarm, name) for name in ("source", "type", "priority", "phase", "code", "text")},
                "device_priority": alarm.device_priority,
                "demo": alarm.demo,
                "device_time": None if alarm.device_time_us is None else rfc3339(alarm.device_time_us),
            }
        case Identity():
            fields = {name: getattr(entry.identity, name) for name in type(entry.identity).__slots__}
            body = {name: dict(value) if isinstance(value, Mapping) else value for name, value in fields.items()}
            return {"bed": entry.bed, "device": entry.device, "time": rfc3339(entry.time_us), **body}


def _of(series: Series) -> dict[str, str]:
    c = series.channel
    return {
        "bed": series.bed, "device": series.device, "code": c.code, "source": c.source, "role": c.role, "site": c.site,
        "unit": c.unit,
    }  # fmt: skip


def _there(path: Path) -> None:
    if not path.is_file():
        raise UsageError(f"{path}: there is no journal")
