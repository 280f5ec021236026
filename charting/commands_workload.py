"""`vitalsd workload` (collector.cli): a month's workload on the command line. What it needs is loaded when called."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


class _Lang(StrEnum):
    ZH = "zh"
    EN = "en"


@app.command("workload")
def _workload(
    dsn: Annotated[str, typer.Argument(help="The charting: libpq string, URL or sqlite:///FILE.")],
    month: Annotated[str, typer.Option(metavar="MONTH", help="As 2026-11.")],
    config: Annotated[
        Path | None, typer.Option(help="The charting service's file: hospital, zone, libraries, own scheme.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of the table.")] = False,
    lang: Annotated[_Lang, typer.Option(help="Of the table, the pages and the workbook.")] = _Lang.EN,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as pages, too.")] = None,
    xlsx: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as a workbook, too.")] = None,
) -> None:
    """Score the work of a month: station scores and minutes of each person, from signed records only.

    What is not counted yet is listed with its reason. A locked month is told as it was locked, with what differs since.
    """
    from charting.reports.workload_listing import lines, to_json  # noqa: PLC0415  the other commands do without
    from charting.workload_report import counted, write_pdf, write_xlsx  # noqa: PLC0415  the same

    made = counted(dsn, month, config=config, lang=lang)
    if as_json:
        typer.echo(json.dumps(to_json(made.statement, made.tell), ensure_ascii=False))
    else:
        for line in lines(made.statement, made.tell):
            typer.echo(line)
    if pdf is not None:
        write_pdf(made, pdf)
    if xlsx is not None:
        write_xlsx(made, xlsx)
