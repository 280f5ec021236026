"""The charting's part of the command line (collector.cli). What a command needs is loaded when it is called."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from collector.foreground import run
from collector.progress import counter

app = typer.Typer()


@app.command("charting")
def _charting(config: Annotated[Path, typer.Argument(help="The charting service's TOML file.")]) -> None:
    """The department's web service: cases, records that fill themselves, signatures, prints."""
    from charting.config import load as load_charting  # noqa: PLC0415  the other commands do without
    from charting.service import run_charting  # noqa: PLC0415  the same: tens of MB

    loaded = load_charting(config)
    run(lambda stop: run_charting(loaded, stop))


class _AuditAction(StrEnum):
    VERIFY = "verify"


@app.command("audit")
def _audit(
    dsn: Annotated[str, typer.Argument(help="The charting: libpq string, URL or sqlite:///FILE.")],
    action: Annotated[_AuditAction, typer.Argument(help="verify: does everything stand as it was written?")],
    on_paper: Annotated[
        list[str] | None, typer.Option("--printed", metavar="SEQ:HASH", help="What a printed record says; repeatable.")
    ] = None,
) -> None:
    """Check the audit trail: every entry, and what lists know of each case. The service may run meanwhile.

    The last line is "whole", or each break is told, and the exit status is 1. A trail that somebody has written anew
    from its beginning is whole in itself: what was printed of it on paper (--printed) shows that.
    """
    from charting.store.audit import printed, verify  # noqa: PLC0415  the other commands do without

    del action
    with counter("entries") as progress:
        report = verify(dsn, [printed(said) for said in on_paper or []], progress)
    for text in report.lines:
        typer.echo(text)
    if not report.whole:
        raise typer.Exit(1)


class _AccountAction(StrEnum):
    ADD = "add"
    PASSWORD = "password"  # noqa: S105  what to do


@app.command("account")
def _account(
    dsn: Annotated[str, typer.Argument(help="The charting: libpq string, URL or sqlite:///FILE.")],
    action: Annotated[_AccountAction, typer.Argument(help="add: a new account; password: a new password for one.")],
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="What its owner types to sign in.")],
    roles: Annotated[list[str] | None, typer.Option("--role", help="For add; repeatable.")] = None,
    name: Annotated[str, typer.Option(help="For add: the person's name, as records show it.")] = "",
) -> None:
    """Make the first administrator, or help one who has forgotten his password; the page does everything else.

    The password is asked for on a terminal, else it is the first line of stdin.
    """
    from charting.store.administer import add_account, set_password  # noqa: PLC0415  the other commands do without

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if action is _AccountAction.ADD:
        add_account(dsn, account, name=name or account, roles=roles or [], password=password)
    else:
        set_password(dsn, account, password)
    typer.echo(f"{account}: done")
