"""`vitalsd downtime` and `vitalsd drill` (collector.cli). What they need is loaded when they are called."""

import asyncio
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from collector.config import load
from collector.foreground import run

app = typer.Typer()


class _Lang(StrEnum):
    ZH = "zh"
    EN = "en"


@app.command("downtime")
def _downtime(
    config: Annotated[Path, typer.Argument(help="The bed's TOML file.")],
    lang: Annotated[_Lang, typer.Option(help="Of the sheet.")] = _Lang.ZH,
) -> None:
    """The downtime sheet of a bed, as HTML on stdout, from its journal alone: no daemon and no server is needed.

    While the daemon runs, its page has the sheet: /downtime. It holds the values of a patient: print it and remove it.
    """
    from charting.page.offline import downtime  # noqa: PLC0415  the other commands do without
    from charting.page.words import Lang, Words  # noqa: PLC0415  the same

    sys.stdout.write(downtime(load(config), time.time_ns() // 1_000, Words(Lang(lang))))
    sys.stdout.flush()


@app.command("drill")
def _drill(
    config: Annotated[Path, typer.Argument(help="A bed's TOML file: its drivers, limits and server are used.")],
    minutes: Annotated[float, typer.Option(min=0.05, max=1_440, help="How long the server is away.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    lang: Annotated[_Lang, typer.Option(help="Of the report.")] = _Lang.ZH,
) -> None:
    """Cut the server off for a while in a test setup, and report for the archive: a drill, once a quarter.

    Works on a scratch journal and a scratch database of its own making, on the server of CONFIG's [timescale], whose
    role needs CREATEDB, with simulated devices. The configured bed, journal and database are not touched. From 3
    minutes on it also tries that the bed says that it works alone. Exit status 0: all held; 1: something did not.
    """
    from collector.drill.drill import run_drill  # noqa: PLC0415  the other commands do without
    from collector.drill.report import Drill  # noqa: PLC0415  the same

    loaded = load(config)
    done: list[Drill] = []

    async def life(stop: asyncio.Event) -> None:
        done.append(await run_drill(loaded, minutes * 60, stop))

    run(life)
    for drill in done:
        typer.echo(drill.json() if as_json else drill.text("zh" if lang is _Lang.ZH else "en"))
        if not drill.held:
            raise typer.Exit(1)
