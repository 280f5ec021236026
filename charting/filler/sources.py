"""Where each bed's series are read: the database server, or the journal of the bed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import psycopg

from charting.config import ChartingConfig
from collector.dsn import secretless, server, sqlite_file
from collector.errors import JournalError, VitalsdError
from collector.journal import JournalReader
from collector.series import SeriesReader
from collector.timescale_reader import TimescaleReader


class SourceError(VitalsdError):
    """A bed's series cannot be read now; the next look tries again. The text holds no password."""


class Sources(Protocol):
    """Readers by bed. Any thread may call."""

    def reader(self, bed: str) -> SeriesReader | None:
        """None for a bed that nobody has named. Raises SourceError."""

    def failed(self, bed: str, error: Exception) -> SourceError:
        """What a reader raised, as what it means; the reader is opened anew next time."""

    def close(self) -> None: ...


class JournalSources:
    """Each bed's journal, opened for reading when it is first there."""

    def __init__(self, journals: Mapping[str, Path]) -> None:
        self._journals = journals
        self._open: dict[str, JournalReader] = {}

    def reader(self, bed: str) -> SeriesReader | None:
        path = self._journals.get(bed)
        if path is None:
            return None
        if bed not in self._open:
            try:
                self._open[bed] = JournalReader.at(path)
            except JournalError as error:
                raise SourceError(str(error)) from error
        return self._open[bed]

    def failed(self, bed: str, error: Exception) -> SourceError:
        reader = self._open.pop(bed, None)
        if reader is not None:
            reader.close()
        return SourceError(str(error))

    def close(self) -> None:
        for reader in self._open.values():
            reader.close()
        self._open.clear()


class ServerSources:
    """One server's database for all beds. Its reader connects anew by itself."""

    def __init__(self, dsn: str, beds: frozenset[str]) -> None:
        self._address = server(dsn)
        self._beds = beds
        self._reader = TimescaleReader(dsn)

    def reader(self, bed: str) -> SeriesReader | None:
        return self._reader if bed in self._beds else None

    def failed(self, bed: str, error: Exception) -> SourceError:
        del bed
        return SourceError(f"the series store: {secretless(str(error), self._address)}")

    def close(self) -> None:
        self._reader.close()


FAILURES = (JournalError, psycopg.Error)
"""What readers raise."""


def sources(config: ChartingConfig) -> Sources:
    """Of the configured beds."""
    charting = config.charting
    if sqlite_file(charting.database) is None:
        return ServerSources(charting.full_database, frozenset(bed.id for bed in charting.beds))
    return JournalSources({bed.id: bed.journal for bed in charting.beds if bed.journal is not None})
