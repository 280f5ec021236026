"""`vitalsd downtime` and `vitalsd drill` (collector.cli). What they need is loaded when they are called."""

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from collector.config import load

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
