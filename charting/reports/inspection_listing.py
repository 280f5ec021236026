"""An inspection report for a terminal, in zh or en. Pure."""

from collections.abc import Iterator, Sequence

from charting.inspection.report import Report
from charting.reports.inspection import Section, Table, Teller, sections
from charting.reports.terminal import columns


def lines(report: Report, lang: str) -> Iterator[str]:
    """The facts, each finding with what to do, then the tables of what was measured, and what was not."""
    tell = Teller(report, lang)
    yield tell.title
    yield from (f"{name}: {value}" for name, value in tell.facts())
    findings, *others = sections(report, lang)
    yield from ("", findings.title, *findings.notes)
    for finding in report.findings:
        yield f"[{tell(f'severity.{finding.severity}')}] {tell.where(finding)}: {finding.text[lang]}"
        yield f"    → {finding.advice[lang]}"
    for section in others:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield from ("", section.title, *section.notes)
    for n, table in enumerate(section.tables):
        yield from ([""] if n else [])
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    rows = [table.titles, *table.rows]
    wide = [max(columns(row[n]) for row in rows) for n in range(len(table.titles))]
    yield from (_row(row, wide, table.numeric) for row in rows)


def _row(row: Sequence[str], wide: Sequence[int], numeric: frozenset[int]) -> str:
    cells = []
    for n, (cell, w) in enumerate(zip(row, wide, strict=True)):
        room = " " * (w - columns(cell))
        cells.append(room + cell if n in numeric else cell + room)
    return "  ".join(cells).rstrip()
