"""`vitalsd qc` (collector.cli): the quality report on the command line. What it needs is loaded when it is called."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from collector.progress import counter

app = typer.Typer()


class _Lang(StrEnum):
    ZH = "zh"
    EN = "en"


@app.command("qc")
def _qc(
    dsn: Annotated[str, typer.Argument(help="The charting: libpq string, URL or sqlite:///FILE.")],
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day, as 2026-11-01.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day; it is counted, too.")],
    edition: Annotated[str, typer.Option(help="2022, 2015, tender, icu, a site's own, or all.")] = "2022",
    department: Annotated[str, typer.Option(help="Patients of this department alone.")] = "",
    config: Annotated[
        Path | None, typer.Option(help="The charting service's file: hospital, zone, libraries, own indicators.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Under each number the cases that are counted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of the table.")] = False,
    lang: Annotated[_Lang, typer.Option(help="Of the table, the pages and the workbook.")] = _Lang.EN,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as pages, too.")] = None,
    xlsx: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as a workbook, too.")] = None,
) -> None:
    """Count the quality indicators of a period. Cases that have changed are looked at anew first.

    A case belongs to the day of its anaesthesia start. A number that cannot be had says why; it is never 0.
    """
    from charting.qc import counted, site, write_pdf, write_xlsx  # noqa: PLC0415  the other commands do without
    from charting.quality.periods import period  # noqa: PLC0415  the same
    from charting.reports.listing import lines, to_json  # noqa: PLC0415  the same

    of = site(config)
    asked = period(f"{first}..{last}", of.zone)
    with counter("cases") as progress:
        made = counted(dsn, of, asked, edition=edition, department=department, progress=progress)
    if as_json:
        typer.echo(json.dumps(to_json(made.report, zone=of.zone, listed=listed), ensure_ascii=False))
    else:
        for line in lines(made.report, lang=lang, zone=of.zone, listed=listed):
            typer.echo(line)
    if pdf is not None:
        write_pdf(made, lang, pdf)
    if xlsx is not None:
        write_xlsx(made, lang, xlsx)
