"""`vitalsd inspect` (collector.cli): what was measured in a period. What it needs is loaded when it is called."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from collector.errors import UsageError

app = typer.Typer()


class _Lang(StrEnum):
    ZH = "zh"
    EN = "en"


@app.command("inspect")
def _inspect(
    dsn: Annotated[str | None, typer.Argument(help="libpq string, URL or sqlite:///FILE. Or --config.")] = None,
    period: Annotated[
        str, typer.Option(metavar="PERIOD", help="2026-11, 2026-Q4, 2026, or days 2026-11-01..2026-11-15.")
    ] = "",
    performance: Annotated[bool, typer.Option("--performance", help="The database alone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of the tables.")] = False,
    lang: Annotated[_Lang, typer.Option(help="Of the tables and the pages.")] = _Lang.EN,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as pages, too.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="The charting service's file: hospital, zone, beds, certificates, holidays.")
    ] = None,
    all_due: Annotated[
        bool, typer.Option("--due", help="Make and keep every report that is due and not there yet; for a timer.")
    ] = False,
) -> None:
    """Inspect gateways, devices and the database: what was measured in a period, what is wrong, what to do about it.

    Nothing is kept but with --due. What could not be measured is listed as such.
    """
    from charting import inspecting  # noqa: PLC0415  the other commands do without
    from charting.config import load  # noqa: PLC0415  the same
    from charting.inspection.report import to_json  # noqa: PLC0415  the same
    from charting.reports.inspection_listing import lines  # noqa: PLC0415  the same

    if all_due == bool(period):
        raise UsageError("give either --period or --due")
    with inspecting.installation(dsn, config) as opened:
        if all_due:
            folder = load(config).inspection.folder if config is not None else None
            for made in inspecting.make_due(opened, folder, inspecting.now_us()):
                typer.echo(f"{made.kind} {made.period.name}: {len(made.findings)} findings")
            return
        told = opened.report(
            "performance" if performance else "inspection", inspecting.asked(period, opened), inspecting.now_us()
        )
    if as_json:
        typer.echo(json.dumps(to_json(told), ensure_ascii=False))
    else:
        for line in lines(told, lang):
            typer.echo(line)
    if pdf is not None:
        inspecting.write_pdf(told, lang, pdf)
