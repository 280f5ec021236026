"""Inspection reports of an installation, as `vitalsd inspect` and its timer ask for them."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from charting.config import ChartingConfig
from charting.config import load as load_config
from charting.filler.sources import sources
from charting.inspection.database import of_files, of_server
from charting.inspection.due import Kind, due
from charting.inspection.embedded import JournalStore
from charting.inspection.holidays import holidays
from charting.inspection.measure import Site, first_us, measured, of_database
from charting.inspection.measured import Database, Measured
from charting.inspection.raw import Store
from charting.inspection.report import Report, report
from charting.inspection.server import ServerStore
from charting.pdf import pdf
from charting.quality.periods import Period, month, period
from charting.reports.inspection import Teller
from charting.reports.inspection_pages import pages
from charting.store.inspections import DatabaseInspections
from charting.store.migrate import open_database
from collector.dsn import secretless, server, sqlite_file
from collector.errors import UsageError
from collector.sql import queries

ZONE = "Asia/Shanghai"
LANGS = ("zh", "en")
_Q = queries("inspection")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Open stores of one site. `state`: what the database says of itself for a period; `records` None: no charting."""

    site: Site
    store: Store
    records: DatabaseInspections | None
    state: Callable[[Period], Database]

    def report(self, kind: Kind, of: Period, now_us: int) -> Report:
        """Of a period as far as it is over. Raises UsageError for one that has not begun, and what the stores raise."""
        if of.start_us >= now_us:
            raise UsageError(f"{of.name} has not begun")
        over = replace(of, end_us=min(of.end_us, now_us))
        state = self.state(over)
        if kind == "performance":
            told = Measured(database=state), list(of_database(state))
        else:
            told = measured(over, self.site, self.store, self.records, state)
        return report(kind, over, *told, site=self.site.name, zone=self.site.zone, made_us=now_us)


@contextmanager
def installation(dsn: str | None, config: Path | None) -> Iterator[Installation]:
    """Of a database, of a charting service's file, or of a database with what a file says of its site.

    Raises UsageError where neither is given, and for what cannot be had.
    """
    loaded = None if config is None else load_config(config)
    if dsn is None:
        if loaded is None:
            raise UsageError("give a DSN, or --config FILE")
        dsn = loaded.charting.full_database
    site = _site(loaded)
    file = sqlite_file(dsn)
    with _embedded(dsn, file, loaded, site) if file is not None else _server(dsn, site) as opened:
        yield opened


def make_due(opened: Installation, folder: Path | None, now_us: int) -> Iterator[Report]:
    """Makes, keeps and yields what is due and not there; with `folder` as PDF too, in each language."""
    if opened.records is None:
        raise UsageError("there is no charting to keep reports in: run `vitalsd migrate`")
    site = opened.site
    since_us = first_us(opened.store.heard(month(now_us, site.zone)))
    if since_us is None:
        return
    for each in due(since_us, now_us, site.zone, site.holidays, opened.records.there()):
        made = opened.report(each.kind, each.period, now_us)
        opened.records.keep(made)
        if folder is not None:
            for lang in LANGS:
                write_pdf(made, lang, folder / f"{each.kind}-{each.period.name}-{lang}.pdf")
        yield made


def write_pdf(made: Report, lang: str, file: Path) -> None:
    """Raises UsageError for a file that cannot be written, or where typst or a font is missing."""
    data = pdf(pages(made, lang), title=Teller(made, lang).title, lang=lang, made_us=made.made_us)
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from None


def asked(text: str, opened: Installation) -> Period:
    """Raises UsageError for what is no period."""
    return period(text, opened.site.zone)


def now_us() -> int:
    return time.time_ns() // 1000


def _site(loaded: ChartingConfig | None) -> Site:
    if loaded is None:
        return Site(name="", zone=ZONE, holidays=holidays())
    return Site(
        name=loaded.charting.site,
        zone=loaded.charting.zone,
        holidays=holidays(loaded.inspection.holidays),
        beds=[bed.id for bed in loaded.charting.beds],
        certificates=loaded.certificates,
    )


@contextmanager
def _server(dsn: str, site: Site) -> Iterator[Installation]:
    """One state of the database, of which nothing is changed but what is kept of reports."""
    address = server(dsn)
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.read_only = True
            with _records(dsn, connection) as records:
                yield Installation(
                    site=site,
                    store=ServerStore(connection),
                    records=records,
                    state=lambda of: of_server(connection, of),
                )
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction):
        raise UsageError("no series store of this version is there: run `vitalsd migrate`") from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise UsageError(f"{error.diag.message_primary}: connect as one in the role vitalsd_chart") from None
    except psycopg.OperationalError as error:
        raise UsageError(f"the server cannot be reached: {secretless(str(error), address)}") from None


@contextmanager
def _records(dsn: str, connection: psycopg.Connection[Any]) -> Iterator[DatabaseInspections | None]:
    (there,) = connection.execute(_Q["has_charting"]).fetchone() or (False,)
    if not there:
        yield None
        return
    database = open_database(dsn)
    try:
        yield DatabaseInspections(database)
    finally:
        database.close()


@contextmanager
def _embedded(dsn: str, file: Path, loaded: ChartingConfig | None, site: Site) -> Iterator[Installation]:
    database = open_database(dsn)
    read = None if loaded is None else sources(loaded)
    journals = _journals(loaded)
    try:
        readers = {bed: reader for bed in journals if read is not None and (reader := read.reader(bed)) is not None}
        files = [file, *journals.values()]
        yield Installation(
            site=site,
            store=JournalStore(readers),
            records=DatabaseInspections(database),
            state=lambda _: of_files(files, sqlite3.sqlite_version),
        )
    finally:
        database.close()
        if read is not None:
            read.close()


def _journals(loaded: ChartingConfig | None) -> Mapping[str, Path]:
    """Of beds whose journal is there; the others were not heard of."""
    beds = () if loaded is None else loaded.charting.beds
    return {bed.id: bed.journal for bed in beds if bed.journal is not None and bed.journal.is_file()}
