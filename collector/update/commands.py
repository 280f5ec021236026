"""`vitalsd update` (collector.cli)."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command("update")
def _update(
    config: Annotated[Path, typer.Argument(help="update.toml, in the folder of the gateway's other files.")],
    attended: Annotated[
        bool,
        typer.Option("--attended", help="I vouch that nobody needs these beds now: window and cases do not count."),
    ] = False,
    back: Annotated[
        bool, typer.Option("--back", help="Return to the version before, now, and refuse this one.")
    ] = False,
) -> None:
    """Update this gateway to the package that was delivered, if there is a newer one and it may be now.

    It may be inside the hospital's window, while no case is open at any of its beds. Beds are restarted one by one;
    where one is not as well as before, all return to the version before, and this package is not tried again.
    Exit status 1: what a person wished (--attended) did not come about.
    """
    from collector.update.config import load  # noqa: PLC0415  the other commands do without
    from collector.update.state import Waiting  # noqa: PLC0415  the same
    from collector.update.update import Updater  # noqa: PLC0415  the same

    updater = Updater(load(config), config.absolute().parent, attended=attended)
    told = updater.back() if back else updater.run()
    if told is None:
        typer.echo("nothing to do")
    elif isinstance(told, Waiting):
        typer.echo(f"waiting since {told.since}: {told.reason}")
    elif told.returned:
        typer.echo(f"returned from {told.version}, {told.at}: {told.reason}")
    else:
        typer.echo(f"updated to {told.version}")
    if attended and told is not None and (isinstance(told, Waiting) or told.returned):
        raise typer.Exit(1)
