"""The quality report of a charting database, as `vitalsd qc` asks for it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from charting.config import load as load_config
from charting.library.library import Libraries, LibraryError
from charting.pdf import pdf
from charting.quality.catalogue import Catalogue
from charting.quality.deriver import Deriver
from charting.quality.facts import Facts
from charting.quality.figures import figures
from charting.quality.loader import load as load_catalogue
from charting.quality.periods import Period
from charting.quality.report import AROUND_US, QualityReport, check, report
from charting.reports import quality, spreadsheet
from charting.reports.temperature import Temperature, months_of, temperature
from charting.reports.words import said
from charting.reports.xlsx import workbook
from charting.store.facts import DatabaseFacts
from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from collector.errors import UsageError

ALL = "all"
ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a site's file says: its name ("": no file) and zone, its libraries, its indicators."""

    name: str
    zone: str
    libraries: Libraries
    catalogue: Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A report, with the facts of the cases around its period, and as far back as its charts look."""

    report: QualityReport
    facts: Sequence[Facts]
    site: Site


def site(config: Path | None) -> Site:
    """Of the charting service's file; None: as the program comes. Raises UsageError."""
    if config is None:
        return Site(name="", zone=ZONE, libraries=Libraries.sample(), catalogue=load_catalogue())
    loaded = load_config(config)
    try:
        libraries = Libraries.of(loaded.charting.libraries)
    except LibraryError as error:
        raise UsageError(*str(error).splitlines()) from None
    return Site(
        name=loaded.charting.site,
        zone=loaded.charting.zone,
        libraries=libraries,
        catalogue=load_catalogue(loaded.quality.catalogue),
    )


def counted(
    dsn: str, of: Site, asked: Period, *, edition: str, department: str, progress: Callable[[int], None]
) -> Counted:
    """Cases that have changed are derived first; `progress` is told how many. `edition`: one, or ALL. `department`: one
    that has a case in the period or around it, or "" for all.

    Raises UsageError, StoreError.
    """
    editions = of.catalogue.editions if edition == ALL else [edition]
    check(of.catalogue, editions)
    database = open_database(dsn)
    try:
        trail, keeper = DatabaseTrail(database, _now_us), DatabaseFacts(database)
        Deriver(trail, of.libraries, keeper).refresh(progress=progress)
        first_us = min(months_of(asked, of.zone)[0].start_us, asked.start_us - AROUND_US)
        facts = keeper.between(first_us, asked.end_us + AROUND_US)
        told = figures(trail).of(asked)
    finally:
        database.close()
    _check_department(department, facts)
    made = report(
        facts,
        of.catalogue,
        asked,
        editions=editions,
        figures=told,
        made_us=_now_us(),
        department=department,
    )
    return Counted(report=made, facts=facts, site=of)


def _check_department(department: str, facts: Sequence[Facts]) -> None:
    """Of one that is written wrong nothing is counted, which looks like a month without a case. Raises UsageError."""
    there = sorted({f.department for f in facts} - {""})
    if department and department not in there:
        expected = f"expected one of {', '.join(there)}" if there else "no case names one"
        raise UsageError(f"department {department!r}: {expected}")


def write_pdf(made: Counted, lang: str, file: Path) -> None:
    """The report as pages. Raises UsageError for a file that cannot be written, or where typst or a font is missing."""
    of, told = made.site, made.report
    pages = quality.pages(told, lang=lang, site=of.name, zone=of.zone, temperature=_temperature(made))
    title = f"{said('report.quality', lang)} {told.period.name}"
    _write(file, pdf(pages, title=title, lang=lang, made_us=told.made_us))


def write_xlsx(made: Counted, lang: str, file: Path) -> None:
    """The report as a workbook, with its lists of cases. Raises UsageError for a file that cannot be written."""
    of, told = made.site, made.report
    cases = {f.case: f for f in made.facts}
    sheets = spreadsheet.sheets(
        told, lang=lang, site=of.name, zone=of.zone, temperature=_temperature(made), cases=cases
    )
    title = f"{said('report.quality', lang)} {told.period.name}"
    _write(file, workbook(sheets, title=title, made_us=told.made_us))


def _temperature(made: Counted) -> Temperature:
    told = made.report
    return temperature(
        made.facts,
        made.site.catalogue,
        told.period,
        zone=made.site.zone,
        made_us=told.made_us,
        department=told.department,
    )


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from None


def _now_us() -> int:
    return time.time_ns() // 1000
