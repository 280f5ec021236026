"""Code libraries: what may be chosen, in versions; a code that was retired stays readable.

A library is a CSV file `<library>-<version>.csv`, in UTF-8 or GB18030 (GBK, GB2312), with the columns code, zh, en,
valid_from, valid_to (ISO dates, empty: open; valid_to is the first day on which the code is no longer valid) and
attributes of its own (see data/README.md). An attribute `pinyin` holds the initials by which people look for a term.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Self

from charting.trail.contents import Term

COLUMNS = ("code", "zh", "en", "valid_from", "valid_to")
MAPPING = "mapping-"
"""How the names of files begin that are no library, but lead from one to another (charting.codes.mapping)."""
MAX_ROWS = 200_000
"""ICD-10 of the national clinical edition has some 40 000 codes; more than this is no code library."""


class LibraryError(Exception):
    """A file that is no library; the text has a line per mistake."""


class NowhereToKeepError(LibraryError):
    """The site has not said where its libraries are to be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """A row of a library: the term, when it is valid ([from, to), ISO, empty: open), and its attributes."""

    term: Term
    valid_from: str = ""
    valid_to: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    def valid(self, day: str) -> bool:
        """On an ISO day."""
        return (not self.valid_from or self.valid_from <= day) and (not self.valid_to or day < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """One version of a library: codings by code, in the file's order. `sample`: it came with the program."""

    name: str
    version: str
    codings: Mapping[str, Coding]
    sample: bool = field(default=False, compare=False)


class Libraries:
    """All libraries in all their versions. The version that was added last is the current one."""

    def __init__(self) -> None:
        self._all: dict[str, dict[str, Library]] = {}

    @classmethod
    def sample(cls) -> Self:
        """The small libraries that come with the program, of own making: for trying it out."""
        made = cls()
        for file in sorted(files("charting.library").joinpath("data").iterdir(), key=lambda f: f.name):
            if file.name.endswith(".csv"):
                made.add(replace(parse(file.read_text(encoding="utf-8"), file.name), sample=True))
        return made

    @classmethod
    def of(cls, folder: Path | None) -> Self:
        """The samples, and the *.csv of a site's folder over them, the newest file of a library last.

        Raises LibraryError with every mistake.
        """
        made, wrong = cls.sample(), []
        for file in sorted(folder.glob("*.csv"), key=lambda f: (f.stat().st_mtime_ns, f.name)) if folder else ():
            if file.name.startswith(MAPPING):
                continue
            try:
                made.load(file)
            except LibraryError as error:
                wrong.append(str(error))
        if wrong:
            raise LibraryError("\n".join(wrong))
        return made

    def load(self, path: Path) -> Library:
        """Add a file. Raises LibraryError with every mistake, and then adds nothing."""
        library = parse(decoded(path.read_bytes(), path.name), path.name)
        self.add(library)
        return library

    def add(self, library: Library) -> None:
        """Becomes the current version. Raises LibraryError as `check`."""
        self.check(library)
        others = {v: kept for v, kept in self._all.get(library.name, {}).items() if v != library.version}
        self._all[library.name] = {**others, library.version: library}

    def check(self, library: Library) -> None:
        """Raises LibraryError where that version is there with other rows: what was chosen from it must not change."""
        known = self._all.get(library.name, {}).get(library.version)
        if known is not None and known != library:
            raise LibraryError(f"{library.name} {library.version} is there already and says something else")

    def names(self) -> Sequence[str]:
        return sorted(self._all)

    def current(self, library: str) -> Library | None:
        versions = self._all.get(library)
        return list(versions.values())[-1] if versions else None

    def versions(self, library: str) -> Sequence[Library]:
        """The current one last."""
        return list(self._all.get(library, {}).values())

    def coding(self, library: str, version: str, code: str) -> Coding | None:
        """A code as a version says it, retired or not."""
        found = self._all.get(library, {}).get(version)
        return found.codings.get(code) if found else None

    def term(self, library: str, version: str, code: str) -> Term | None:
        """The term of a code as a version says it, retired or not."""
        coding = self.coding(library, version, code)
        return coding.term if coding else None

    def named(self, library: str, code: str) -> Term | None:
        """The term of a code in the newest version that has it: for answers, which keep the code alone."""
        coding = self.newest(library, code)
        return coding.term if coding else None

    def newest(self, library: str, code: str) -> Coding | None:
        """A code as the newest version that has it says it."""
        versions = list(self._all.get(library, {}).values())
        return next((v.codings[code] for v in reversed(versions) if code in v.codings), None)

    def search(self, library: str, text: str, limit: int = 20, day: str = "") -> Sequence[Coding]:
        """Valid codings of the current version whose code, names or pinyin hold all words of the text, best first.

        Best: one of them begins with the text. `day`: ISO, "" does not ask for validity.
        """
        current = self.current(library)
        if current is None:
            return []
        wanted = text.casefold().split()
        found = [
            (0 if any(name.startswith(text.casefold().strip()) for name in names) else 1, order, coding)
            for order, coding in enumerate(current.codings.values())
            if not day or coding.valid(day)
            for names in [_names(coding)]
            if all(any(word in name for name in names) for word in wanted)
        ]
        return [coding for _, _, coding in sorted(found, key=lambda f: f[:2])[:limit]]


def _names(coding: Coding) -> Sequence[str]:
    term = coding.term
    return [n.casefold() for n in (term.code, term.zh, term.en, coding.attributes.get("pinyin", "")) if n]


def decoded(data: bytes, file: str) -> str:
    """A file's text: UTF-8, else GB18030, as China's spreadsheets write it. Raises LibraryError for what is neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise LibraryError(f"{file}: expected text in UTF-8 or GB18030")


def parse(text: str, file: str) -> Library:
    """A library from a file's text and name. Raises LibraryError with every mistake and its line."""
    name, _, version = file.removesuffix(".csv").partition("-")
    if not name or not version or file.startswith(MAPPING):
        raise LibraryError(f"{file}: expected a name like procedures-2026.1.csv")
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        return Library(name=name, version=version, codings=_codings(rows, name, version, file))
    except csv.Error as error:
        raise LibraryError(f"{file}: line {rows.line_num + 1}: no CSV: {error}") from None


def _codings(rows: "csv.DictReader[str]", name: str, version: str, file: str) -> Mapping[str, Coding]:
    lacking = [c for c in COLUMNS if c not in (rows.fieldnames or ())]
    if lacking:
        raise LibraryError(f"{file}: line 1: columns are missing: {', '.join(lacking)}")
    codings: dict[str, Coding] = {}
    mistakes: list[str] = []
    for row in rows:
        wrong = list(_mistakes(row, codings))
        mistakes += (f"{file}: line {rows.line_num}: {mistake}" for mistake in wrong)
        if not wrong and len(codings) < MAX_ROWS:
            codings[row["code"]] = Coding(
                term=Term(library=name, version=version, code=row["code"], zh=row["zh"], en=row["en"]),
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
                attributes={key: value for key, value in row.items() if key not in COLUMNS and value},
            )
    if rows.line_num > MAX_ROWS:
        mistakes.append(f"{file}: more than {MAX_ROWS} lines")
    if not codings and not mistakes:
        mistakes.append(f"{file}: there is no code in it")
    if mistakes:
        raise LibraryError("\n".join(mistakes))
    return codings


def _mistakes(row: Mapping[str | None, object], known: Mapping[str, Coding]) -> Iterator[str]:
    if None in row:
        yield "more cells than columns"
    if any(value is None for value in row.values()):
        yield "fewer cells than columns"
        return
    if any("\ufffd" in str(value) for value in row.values()):
        yield "holds � in the place of characters that were lost: save the file as UTF-8"
    for column in ("code", "zh", "en"):
        said = str(row[column])
        if not said or said != said.strip() or not said.isprintable():
            yield f"{column} is empty or has spaces or control characters around or in it"
    if row["code"] in known:
        yield "the code is there already"
    for column in ("valid_from", "valid_to"):
        if row[column] and not is_day(str(row[column])):
            yield f"{column}: expected a date as 2026-01-31"
    if row["valid_from"] and row["valid_to"] and str(row["valid_from"]) >= str(row["valid_to"]):
        yield "valid_to is not after valid_from"


def is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
