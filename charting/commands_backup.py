"""`vitalsd backup` and `vitalsd restore` (collector.cli). What they need is loaded when they are called."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from collector.errors import UsageError

app = typer.Typer()


@app.command("backup")
def _backup(
    dsn: Annotated[
        str | None, typer.Argument(help="What to copy: libpq string, URL or sqlite:///FILE. Or --config.")
    ] = None,
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Where backups are kept; it is there.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="The charting service's file: [backup] says whither, and how many are kept.")
    ] = None,
) -> None:
    """Copy a database while it is used, restore the copy into a scratch database and compare every table.

    The login is a superuser's: the scratch database vitalsd_restore_test_… is made on the same server, and dropped. An
    earlier backup is read, too, whether it still is what was written. With --config old ones are removed afterwards.
    Exit status 1: it failed, or what was restored differs; the pages and the metrics of the charting service say so.
    """
    from charting.backup.configured import job_of, job_of_config  # noqa: PLC0415  the other commands do without
    from charting.backup.run import run_backup  # noqa: PLC0415  the same

    if config is not None and dsn is None:
        job = job_of_config(config)
    elif config is None and dsn is not None and folder is not None:
        job = job_of(dsn, folder)
    else:
        raise UsageError("give DSN and DIR, or --config FILE")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what was begun is tidied up
    run_backup(job, typer.echo)


@app.command("restore")
def _restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Of one backup: …/NAME-20261126T180000Z.")],
    dsn: Annotated[str, typer.Argument(help="An empty database: libpq string or URL; or sqlite:///FILE, a new file.")],
) -> None:
    """Restore a backup into an empty database, and compare every table. A damaged backup is refused untouched."""
    from charting.backup.run import run_restore  # noqa: PLC0415  the other commands do without

    run_restore(folder, dsn, typer.echo)
