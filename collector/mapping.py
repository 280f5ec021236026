"""Signals that were stored without a code, and the site's dictionary that says afterwards what they are.

A line of the dictionary names a device (empty: any) and its own id of the signal, the code that it is, and the unit
where the device told none. It holds for everything that is and will be stored; no stored row is touched.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from collector.clock import from_datetime, rfc3339
from collector.codes import Parameter
from collector.dsn import secretless, server, sqlite_file
from collector.errors import JournalError, UsageError
from collector.journal import Journal, JournalReader
from collector.sql import queries

COLUMNS = ("device", "source", "code", "unit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a signal is. `device` empty: at any device; `unit` (UCUM) empty: the one that was stored."""

    device: str
    source: str
    code: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """A stored signal without a code. `last`: its last value as text, None where it has none or is a wave; `time`: of
    that value, or of the last wave.
    """

    bed: str
    device: str
    source: str
    role: str
    unit: str
    last: str | None
    time: str | None


def read(path: Path, known: Mapping[str, Parameter]) -> Sequence[Line]:
    """The lines of a site's dictionary. known: codes that may be given, by refid.

    Raises UsageError with every mistake: file, line, what was expected.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            if tuple(table.fieldnames or ()) != COLUMNS:
                raise UsageError(f"{path}: expected the columns {','.join(COLUMNS)}")
            rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in table]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 at byte {error.start}") from error
    wrong: list[str] = []
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(rows, 2):
        if not row["source"]:
            wrong.append(f"{path}:{number}: source is missing: the device's own id, as `devices --unmapped` tells it")
        if row["code"] not in known:
            wrong.append(f"{path}:{number}: {row['code']!r} is no code of the dictionary or of a driver")
        if (row["device"], row["source"]) in seen:
            wrong.append(f"{path}:{number}: a second line for {row['device'] or 'any device'} {row['source']}")
        seen.add((row["device"], row["source"]))
    if wrong:
        raise UsageError(*wrong)
    return [Line(**row) for row in rows]


def give(dsn: str, lines: Sequence[Line]) -> str:
    """Let these lines hold in a store; return what was done. Raises UsageError."""
    rows = [(line.device, line.source, line.code, line.unit) for line in lines]
    file = sqlite_file(dsn)
    try:
        if file is not None:
            journal = Journal.open(file)
            try:
                journal.map(rows)
            finally:
                journal.close()
        else:
            with psycopg.connect(server(dsn)) as connection:
                connection.execute(_Q["own"])
                connection.cursor().executemany(_Q["map"], rows)
    except JournalError as error:
        raise UsageError(f"{error}; stop the bed's daemon meanwhile") from error
    except psycopg.Error as error:
        raise UsageError(_reason(error, dsn)) from error
    return f"{len(rows)} line{'s' * (len(rows) != 1)} of the dictionary hold"


def unmapped(dsn: str) -> Sequence[Unmapped]:
    """What a store has without a code, in order of device and source. Raises UsageError."""
    file = sqlite_file(dsn)
    try:
        if file is not None:
            reader = JournalReader.at(file)
            try:
                return [_row(row, None if row[-1] is None else rfc3339(row[-1])) for row in reader.unmapped()]
            finally:
                reader.close()
        with psycopg.connect(server(dsn)) as connection:
            rows = connection.execute(_Q["unmapped"]).fetchall()
        return [_row(row, None if row[-1] is None else rfc3339(from_datetime(row[-1]))) for row in rows]
    except JournalError as error:
        raise UsageError(str(error)) from error
    except psycopg.Error as error:
        raise UsageError(_reason(error, dsn)) from error


def told(rows: Sequence[Unmapped]) -> str:
    """The list for a terminal, with the lines to complete."""
    if not rows:
        return "Everything that is stored has a code."
    text = [
        f"{row.bed}  {row.device}  {row.source}  {row.role}  {row.last if row.last is not None else '-'} {row.unit}"
        f"  {row.time or ''}".rstrip()
        for row in rows
    ]
    lines = dict.fromkeys(f"{row.device},{_quoted(row.source)},CODE,{row.unit}" for row in rows)
    how = "To say what they are, complete these lines and give them with `vitalsd migrate DSN --dictionary FILE`:"
    return "\n".join([*text, "", f"{len(rows)} signals without a code. {how}", ",".join(COLUMNS), *lines])


def _row(row: Sequence[Any], time: str | None) -> Unmapped:
    bed, device, source, role, unit, last, _ = row
    return Unmapped(bed=bed, device=device, source=source, role=role, unit=unit, last=last, time=time)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text


def _reason(error: psycopg.Error, dsn: str) -> str:
    if isinstance(error, psycopg.errors.UndefinedTable):
        return "the store's schema is older than this program: run `vitalsd migrate DSN` first"
    return f"the store cannot be used: {secretless(str(error), server(dsn))}"


_Q = queries("timescale")
