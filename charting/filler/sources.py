"""Where each bed's series are read: the database server, or the journal of the bed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Protocol, TypeVar

import psycopg

from charting.config import ChartingConfig
from collector.dsn import secretless, server, sqlite_file
from collector.errors import JournalError, VitalsdError
from collector.fleet import FleetReader
from collector.journal import JournalReader
from collector.model import Condition, Identity, Reading, WavePiece
from collector.series import Minutes, Points, SeriesReader

T = TypeVar("T")


class SourceError(VitalsdError):
    """A bed's series cannot be read now; the next call tries again. The text holds no password."""


class Sources(Protocol):
    """Readers by bed, whose methods raise SourceError. Any thread may call."""

    def reader(self, bed: str) -> SeriesReader | None:
        """None for a bed that nobody has named."""

    def close(self) -> None: ...


class JournalSources:
    """Each bed's journal, opened for reading when it is first asked, and anew after it failed."""

    def __init__(self, journals: Mapping[str, Path]) -> None:
        self._journals = journals
        self._open: dict[Path, JournalReader] = {}
        self._lock = Lock()

    def reader(self, bed: str) -> SeriesReader | None:
        path = self._journals.get(bed)
        return None if path is None else _Reader(lambda ask: self._ask(path, ask))

    def close(self) -> None:
        with self._lock:
            for reader in self._open.values():
                reader.close()
            self._open.clear()

    def _ask(self, path: Path, ask: Callable[[SeriesReader], T]) -> T:
        try:
            with self._lock:
                reader = self._open.get(path) or JournalReader.at(path)
                self._open[path] = reader
            return ask(reader)
        except JournalError as error:
            with self._lock:
                failed = self._open.pop(path, None)
            if failed is not None:
                failed.close()
            raise SourceError(str(error)) from error


class ServerSources:
    """One server's database for all beds. Its reader connects anew by itself."""

    def __init__(self, dsn: str, beds: frozenset[str]) -> None:
        self._address = server(dsn)
        self._beds = beds
        self._reader = FleetReader(dsn)

    def reader(self, bed: str) -> SeriesReader | None:
        return self.any() if bed in self._beds else None

    def any(self) -> SeriesReader:
        """Of any bed that the server knows."""
        return _Reader(self.ask)

    def close(self) -> None:
        self._reader.close()

    def ask(self, ask: Callable[[FleetReader], T]) -> T:
        """What the server's reader says. Raises SourceError."""
        try:
            return ask(self._reader)
        except psycopg.Error as error:
            raise SourceError(f"the series store: {secretless(str(error), self._address)}") from error


class _Ask(Protocol):
    def __call__(self, ask: Callable[[SeriesReader], T], /) -> T: ...


class _Reader:
    """A SeriesReader that asks another one, by whatever way leads to it now."""

    def __init__(self, ask: _Ask) -> None:
        self._ask = ask

    def latest(self, bed: str, codes: Sequence[str] = ()) -> Sequence[Reading]:
        return self._ask(lambda reader: reader.latest(bed, codes))

    def points(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Points]:
        return self._ask(lambda reader: reader.points(bed, codes, start_us, end_us))

    def values(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Reading]:
        return self._ask(lambda reader: reader.values(bed, codes, start_us, end_us))

    def minutes(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Minutes]:
        return self._ask(lambda reader: reader.minutes(bed, codes, start_us, end_us))

    def waves(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[WavePiece]:
        return self._ask(lambda reader: reader.waves(bed, codes, start_us, end_us))

    def conditions(self, bed: str, start_us: int, end_us: int) -> Sequence[Condition]:
        return self._ask(lambda reader: reader.conditions(bed, start_us, end_us))

    def last_changes(self, bed: str, before_us: int) -> Sequence[Condition]:
        return self._ask(lambda reader: reader.last_changes(bed, before_us))

    def identities(self, bed: str, start_us: int, end_us: int) -> Sequence[Identity]:
        return self._ask(lambda reader: reader.identities(bed, start_us, end_us))


def sources(config: ChartingConfig) -> Sources:
    """Of the configured beds."""
    charting = config.charting
    if sqlite_file(charting.database) is None:
        return ServerSources(charting.full_database, frozenset(bed.id for bed in charting.beds))
    return JournalSources({bed.id: bed.journal for bed in charting.beds if bed.journal is not None})
