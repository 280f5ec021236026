"""`vitalsd department` (collector.cli): a simulated department. What it needs is loaded when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from collector.progress import counter

app = typer.Typer()

_MOST = 1_000_000
"""Cases of one year: more than any hospital has, and hours of work."""


@app.command("department")
def _department(
    cases: Annotated[int, typer.Option(min=1, max=_MOST, help="How many cases the year has.")],
    out: Annotated[str, typer.Option(help="An empty charting: libpq string, URL or sqlite:///FILE (made).")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same department.")] = 0,
    year: Annotated[int, typer.Option(min=2001, max=2100, help="Of its cases.")] = 2026,
    truth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where the truth goes; none: FILE.truth.json beside FILE, of a server department-SEED.truth.json.",
        ),
    ] = None,
) -> None:
    """A year of a made-up department, with the true answer of each quality indicator beside it.

    What happened to each patient is decided first; the record is then written as people and devices would have, with
    their omissions and artefacts. The truth (JSON) is told from what was decided, not from the record. Nobody in it is
    anybody.
    """
    from charting.department.run import run_department  # noqa: PLC0415  the other commands do without

    for line in run_department(out, cases=cases, seed=seed, year=year, truth_file=truth, counter=counter):
        typer.echo(line)
