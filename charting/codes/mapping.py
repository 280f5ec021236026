"""From the codes of one library to those of another: the clinical edition (国家临床版) to the insurance's (医保版).

A CSV file `mapping-<from>-<to>-<version>.csv`, in UTF-8 or GB18030, with the columns source, target, valid_from and
valid_to (ISO, empty: open; valid_to is the first day on which it no longer holds). A source may have several targets:
a person chooses. Files lie in the folder of the libraries.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Self

from charting.library.library import MAPPING, MAX_ROWS, LibraryError, decoded, is_day

COLUMNS = ("source", "target", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A source's target, and when it is one: [from, to), ISO, empty: open."""

    target: str
    valid_from: str = ""
    valid_to: str = ""

    def valid(self, day: str) -> bool:
        return (not self.valid_from or self.valid_from <= day) and (not self.valid_to or day < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosswalk:
    """One version of a mapping between two libraries: rows by source code, in the file's order."""

    source: str
    target: str
    version: str
    rows: Mapping[str, Sequence[Row]]

    def targets(self, code: str, day: str) -> Sequence[str]:
        """Codes of the target on an ISO day: none, one, or several to choose from."""
        return [row.target for row in self.rows.get(code, ()) if row.valid(day)]


class Crosswalks:
    """All mappings; of one pair of libraries the version that was added last is the current one."""

    def __init__(self) -> None:
        self._current: dict[tuple[str, str], Crosswalk] = {}

    @classmethod
    def of(cls, folder: Path | None) -> Self:
        """The small sample that comes with the program, and a site's files over it, the newest last.

        Raises LibraryError with every mistake.
        """
        made, wrong = cls(), []
        for sample in files("charting.codes").joinpath("data").iterdir():
            if sample.name.endswith(".csv"):
                made.add(parse(sample.read_text(encoding="utf-8"), sample.name))
        found = folder.glob(f"{MAPPING}*.csv") if folder else ()
        for file in sorted(found, key=lambda f: (f.stat().st_mtime_ns, f.name)):
            try:
                made.add(parse(decoded(file.read_bytes(), file.name), file.name))
            except LibraryError as error:
                wrong.append(str(error))
        if wrong:
            raise LibraryError("\n".join(wrong))
        return made

    def check(self, crosswalk: Crosswalk) -> None:
        """Raises LibraryError where the current one has that version and other rows."""
        known = self.between(crosswalk.source, crosswalk.target)
        if known is not None and known.version == crosswalk.version and known != crosswalk:
            raise LibraryError(
                f"{crosswalk.source}-{crosswalk.target} {known.version} is there and says something else"
            )

    def add(self, crosswalk: Crosswalk) -> None:
        """Becomes the current version."""
        self._current[crosswalk.source, crosswalk.target] = crosswalk

    def all(self) -> Sequence[Crosswalk]:
        """The current ones, by name."""
        return [self._current[key] for key in sorted(self._current)]

    def between(self, source: str, target: str) -> Crosswalk | None:
        return self._current.get((source, target))


def parse(text: str, file: str) -> Crosswalk:
    """A mapping from a file's text and name. Raises LibraryError with every mistake and its line."""
    parts = file.removesuffix(".csv").split("-", 3)
    if len(parts) != 4 or not all(parts):
        raise LibraryError(f"{file}: expected a name like mapping-procedures-procedures_insurance-2026.1.csv")
    _, source, target, version = parts
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    lacking = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    if lacking:
        raise LibraryError(f"{file}: line 1: columns are missing: {', '.join(lacking)}")
    found: dict[str, list[Row]] = {}
    mistakes: list[str] = []
    try:
        for row in rows:
            known = [each.target for each in found.get(row["source"], ())]
            wrong = list(_mistakes(row, known))
            mistakes += (f"{file}: line {rows.line_num}: {mistake}" for mistake in wrong)
            if not wrong:
                found.setdefault(row["source"], []).append(
                    Row(target=row["target"], valid_from=row["valid_from"], valid_to=row["valid_to"])
                )
            if rows.line_num > MAX_ROWS:
                mistakes.append(f"{file}: more than {MAX_ROWS} lines")
                break
    except csv.Error as error:
        raise LibraryError(f"{file}: line {rows.line_num + 1}: no CSV: {error}") from None
    if not found and not mistakes:
        mistakes.append(f"{file}: there is no code in it")
    if mistakes:
        raise LibraryError("\n".join(mistakes))
    return Crosswalk(source=source, target=target, version=version, rows=found)


def _mistakes(row: Mapping[str | None, object], known: Sequence[str]) -> Iterator[str]:
    if None in row:
        yield "more cells than columns"
    if any(value is None for value in row.values()):
        yield "fewer cells than columns"
        return
    for column in ("source", "target"):
        said = str(row[column])
        if not said or said != said.strip() or not said.isprintable() or "\ufffd" in said:
            yield f"{column} is empty, or has spaces or control characters around or in it"
    if row["target"] in known:
        yield "the source has that target already"
    for column in ("valid_from", "valid_to"):
        if row[column] and not is_day(str(row[column])):
            yield f"{column}: expected a date as 2026-01-31"
    if row["valid_from"] and row["valid_to"] and str(row["valid_from"]) >= str(row["valid_to"]):
        yield "valid_to is not after valid_from"
