"""The workload of a charting database, as `vitalsd workload` asks for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from charting.config import load as load_config
from charting.desk import Desk
from charting.library.library import Libraries, LibraryError
from charting.pdf import pdf
from charting.reports.workload import pages
from charting.reports.workload_sheets import sheets
from charting.reports.xlsx import workbook
from charting.store.accounts import DatabaseAccounts
from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from charting.templates.loader import Templates
from charting.workload.ledger import Ledger, Statement
from charting.workload.refusals import WorkloadRefusal
from charting.workload.scheme import scheme
from charting.workload.telling import Teller
from collector.errors import UsageError

ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A month, and how it is told. `site`: the hospital's name, "" without a site's file."""

    statement: Statement
    tell: Teller
    site: str


def counted(dsn: str, month: str, *, config: Path | None, lang: str) -> Counted:
    """`month`: as 2026-11. `config`: the charting service's file, None: as the program comes. Raises UsageError."""
    loaded = None if config is None else load_config(config)
    zone = ZONE if loaded is None else loaded.charting.zone
    templates = Templates.load()
    try:
        libraries = Libraries.of(None if loaded is None else loaded.charting.libraries)
    except LibraryError as error:
        raise UsageError(*str(error).splitlines()) from None
    by = scheme(None if loaded is None else loaded.workload.scheme)
    with _opened(dsn) as (trail, names):
        desk = Desk(trail, templates, libraries, _now_us, zone)
        ledger = Ledger(desk, by, lambda: names)
        try:
            statement = ledger.statement(ledger.period(month))
        except WorkloadRefusal as refusal:
            raise UsageError(refusal.text("en")) from None
    tell = Teller(lang, desk.clock, statement.scheme, templates, lambda account: names.get(account, account))
    return Counted(statement=statement, tell=tell, site="" if loaded is None else loaded.charting.site)


def write_pdf(made: Counted, file: Path) -> None:
    """Everybody's month as pages. Raises UsageError for a file that cannot be written, or where typst is missing."""
    drawn = pages(made.statement, made.tell, site=made.site)
    _write(file, pdf(drawn, title=_title(made), lang=made.tell.lang, made_us=made.statement.month.made_us))


def write_xlsx(made: Counted, file: Path) -> None:
    """The same as a workbook, with every line. Raises UsageError for a file that cannot be written."""
    told = sheets(made.statement, made.tell, site=made.site)
    _write(file, workbook(told, title=_title(made), made_us=made.statement.month.made_us))


def _title(made: Counted) -> str:
    return made.tell("of", month=made.statement.period.name)


@contextmanager
def _opened(dsn: str) -> Iterator[tuple[DatabaseTrail, dict[str, str]]]:
    database = open_database(dsn)
    try:
        names = {account.account: account.name for account in DatabaseAccounts(database).accounts()}
        yield DatabaseTrail(database, _now_us), names
    finally:
        database.close()


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from None


def _now_us() -> int:
    return time.time_ns() // 1000
