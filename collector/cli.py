"""The command line (design §5): what a person types, and the exit status that he gets."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from charting.commands import app as charting
from charting.commands_backup import app as backup
from charting.commands_department import app as department
from charting.commands_emergency import app as emergency
from charting.commands_inspection import app as inspection
from charting.commands_quality import app as quality
from charting.commands_workload import app as workload
from collector import __version__, mapping
from collector.codes import by_refid
from collector.config import load, read
from collector.daemon import run_bed
from collector.decode import Summary, decode, line
from collector.demo import DEMO_DRIVERS, run_demo
from collector.driver import driver, drivers
from collector.dsn import sqlite_file
from collector.errors import LinkError, UsageError, VitalsdError
from collector.export import Format, export, selection
from collector.foreground import run
from collector.journal.report import dump, verify
from collector.matrix import as_data, matrix
from collector.migrate import migrate
from collector.progress import counter
from collector.recording import recording
from collector.simulate import Log, simulate
from collector.update.commands import app as update
from collector.verify.report import Report
from drivers.patient import SCENARIOS
from drivers.recorded import patient

app = typer.Typer(
    name="vitalsd",
    help="Captures vital signs at the bed and delivers them exactly once into TimescaleDB. "
    "It informs; the bedside device alarms. It never sends a control command to a device.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(charting)
app.add_typer(backup)
app.add_typer(department)
app.add_typer(emergency)
app.add_typer(inspection)
app.add_typer(quality)
app.add_typer(workload)
app.add_typer(update)

MOST_DAYS = 36_500
"""A century; more is for ever."""

_SCENARIOS = f"{', '.join(SCENARIOS)} or wfdb:FILE (a record of numbers)"
Seed = Annotated[int, typer.Option(help="The same seed gives the same patient.")]


@app.command("demo")
def _demo(
    port: Annotated[
        int, typer.Option(min=0, max=65_534, help="Port of the page, the bed's own is the next; 0: free ones.")
    ] = 8080,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="How many times faster the devices live.")] = 1.0,
    seconds: Annotated[float | None, typer.Option(min=0, help="End by itself after so long.")] = None,
    devices: Annotated[str, typer.Option(help="Driver names, with commas.")] = ",".join(DEMO_DRIVERS),
    scenario: Annotated[str, typer.Option(help=f"What happens to the patient: {_SCENARIOS}.")] = "anaesthetic",
    dsn: Annotated[str | None, typer.Option(help="Deliver into this PostgreSQL or sqlite:///FILE too.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep the demo's files in this folder.")] = None,
) -> None:
    """The whole thing on this machine: simulated devices on real ptys and sockets, daemon, store, page."""
    names = [name.strip() for name in devices.split(",") if name.strip()]
    run(
        lambda stop: run_demo(
            stop, port=port, speed=speed, seconds=seconds, names=names, scenario=scenario, dsn=dsn, keep=keep
        )
    )


@app.command("bed")
def _bed(
    config: Annotated[Path, typer.Argument(help="The bed's TOML file.")],
    once: Annotated[
        bool, typer.Option("--once", help="End when every input has ended and every sink has all.")
    ] = False,
) -> None:
    """One bed's daemon."""
    loaded = load(config)
    run(lambda stop: run_bed(loaded, stop, once=once))


@app.command("check")
def _check(
    config: Annotated[Path, typer.Argument(help="The TOML file of a bed, of the charting service or of the updater.")],
) -> None:
    """Check a file: every mistake at once, with file, key and what was expected."""
    from charting.config import is_charting  # noqa: PLC0415  a bed's daemon does without
    from charting.config import load as load_charting  # noqa: PLC0415
    from collector.update.config import load as load_update  # noqa: PLC0415

    data = read(config)
    if "update" in data:
        load_update(config)
        typer.echo(f"{config}: good: update")
        return
    if is_charting(data):
        beds = len(load_charting(config).charting.beds)
        typer.echo(f"{config}: good: charting, {beds} bed{'s' if beds > 1 else ''}")
        return
    loaded = load(config)
    devices = len(loaded.device)
    typer.echo(f"{config}: good: bed {loaded.bed.id}, {devices} device{'s' if devices > 1 else ''}")


@app.command("decode")
def _decode(
    name: Annotated[str, typer.Argument(metavar="DRIVER", help="See `vitalsd devices`.")],
    file: Annotated[Path, typer.Argument(help="Captured bytes: raw, or .hex with a chunk or datagram a line.")],
) -> None:
    """Captured bytes → JSON lines on stdout, one JSON summary as the last line on stderr."""
    spec = driver(name)
    summary = Summary()
    for event in decode(spec, recording(file)):
        summary.count(event)
        text = line(event)
        if text is not None:
            sys.stdout.write(text + "\n")
    sys.stdout.flush()
    typer.echo(summary.json(), err=True)


@app.command("simulate")
def _simulate(
    name: Annotated[str, typer.Argument(metavar="DRIVER", help="See `vitalsd devices`.")],
    serial: Annotated[str | None, typer.Option(help="Speak on this serial port.")] = None,
    pty: Annotated[str | None, typer.Option(help="Make a pty and this symbolic link to it.")] = None,
    listen: Annotated[
        str | None, typer.Option(help="HOST:PORT to listen on (UDP or TCP as the driver has it).")
    ] = None,
    connect: Annotated[str | None, typer.Option(help="HOST:PORT to call: a gateway that listens for devices.")] = None,
    scenario: Annotated[str, typer.Option(help=f"What happens to the patient: {_SCENARIOS}.")] = "stable",
    seed: Seed = 0,
    log: Annotated[Path | None, typer.Option(help="Write what it said here, a JSON line per value.")] = None,
) -> None:
    """The device's side of the dialogue, for a client under test."""
    given = {"serial:": serial, "pty:": pty, "": listen, "connect:": connect}
    places = [kind + place for kind, place in given.items() if place]
    if len(places) != 1:
        raise UsageError("give exactly one of --serial, --pty, --listen and --connect")
    spec, whom = driver(name), patient(scenario, seed)
    life = simulate(
        spec,
        places[0],
        patient=whom,
        seed=seed,
        said=Log(log) if log else lambda _: None,
        ready=lambda: typer.echo(f"{name} at {places[0]}", err=True),
    )
    run(lambda stop: _until(stop, life))


@app.command("verify")
def _verify_promises(
    config: Annotated[
        Path | None, typer.Argument(help="A bed's TOML file: its drivers, limits and database server are used.")
    ] = None,
    short: Annotated[bool, typer.Option("--short", help="Every fault a few times, in under a minute.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Try on this machine that nothing is lost and nothing comes twice, whatever fails.

    Works on a scratch journal and a scratch database of its own making, on the server of CONFIG's [timescale] or of
    libpq's environment (PGHOST, …), whose role needs CREATEDB. The configured bed, journal and database are not
    touched, nor is the system clock. The long form takes half an hour and some 10 GB of disk (in TMPDIR, and at the
    server). Exit status 0: every promise held; 1: one did not, or could not be tried.
    """
    from collector.verify.run import run_verify  # noqa: PLC0415  a bed's daemon does without

    loaded = load(config) if config else None
    reports: list[Report] = []

    async def life(stop: asyncio.Event) -> None:
        reports.append(await run_verify(loaded, stop, short=short))

    run(life)
    for report in reports:
        typer.echo(report.json() if as_json else report.text())
        if not report.held:
            raise typer.Exit(1)


@app.command("devices")
def _devices(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    unmapped: Annotated[
        str | None, typer.Option(metavar="DSN", help="What this store has without a code, instead.")
    ] = None,
) -> None:
    """Drivers, models, transports, and how well each part of their protocols is known."""
    if unmapped is not None:
        rows = mapping.unmapped(unmapped)
        as_text = mapping.told(rows)
        typer.echo(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False) if as_json else as_text)
        return
    specs = sorted(drivers().values(), key=lambda spec: spec.name)
    typer.echo(as_data(specs) if as_json else matrix(specs))


@app.command("conform")
def _conform(
    name: Annotated[str, typer.Argument(metavar="DRIVER", help="See `vitalsd devices`; a package of its own counts.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    capture: Annotated[
        list[Path] | None, typer.Option(help="Captured bytes to try beside the simulator's; may be given again.")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Damaged pieces of each recording.")] = 300,
) -> None:
    """The suite that every driver passes, on any driver: ours, or one found by the entry point group vitalsd.drivers.

    Bytes cut anywhere, damage, noise, endless input, a mute device, a broken line, a talk with its simulator, codes
    against the dictionary, units against UCUM, its documents, and what it may send. The report says how well each part
    of the protocol is known. Exit status 0: every check held; 1: one did not.
    """
    from collector.conform import Check, Stream, conform  # noqa: PLC0415  a bed's daemon does without

    spec = driver(name)
    streams = [
        Stream(name=file.name, chunks=tuple(found.chunks()), datagrams=found.datagrams)
        for file in capture or ()
        for found in [recording(file)]
    ]

    def told(check: Check) -> None:
        if sys.stderr.isatty():
            typer.echo(f"{check.name}: {check.status}", err=True)

    report = conform(spec, patient("stable", 3), streams=streams, trials=trials, told=told)
    typer.echo(report.json() if as_json else report.text())
    if not report.held:
        raise typer.Exit(1)


@app.command("probe")
def _probe(
    port: Annotated[str, typer.Argument(help="A serial device, or tcp://HOST:PORT.")],
    ask: Annotated[
        str | None, typer.Option(metavar="DRIVER", help="Send this driver's read-only identification, nothing else.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, max=600, help="How long to listen at each speed.")] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE.hex", help="Keep what was heard, for `vitalsd decode`.")
    ] = None,
) -> None:
    """Which device is on a port, or why nothing is heard.

    Listens at every speed at which a device could speak, and sends nothing. Devices that wait for a request are found
    with --ask. The port must not be in use: stop the bed's daemon first. Exit status 0: a device is understood; 1: no.
    """
    from collector.probe import Found, probe, waiting  # noqa: PLC0415  a bed's daemon does without

    specs = list(drivers().values())
    found: list[Found] = []

    def told(setting: str) -> None:
        if sys.stderr.isatty():
            typer.echo(f"listening at {setting} …", err=True)

    async def life() -> None:
        found.append(await probe(port, specs, ask=driver(ask) if ask else None, seconds=seconds, told=told))

    run(lambda stop: _until(stop, life()))
    for one in found:
        for text in one.lines(waiting(specs)):
            typer.echo(text)
        if save is not None:
            one.save(save)
        if one.exit_status:
            raise typer.Exit(one.exit_status)


class _JournalAction(StrEnum):
    VERIFY = "verify"
    EXPORT = "export"


@app.command("journal")
def _journal(
    config: Annotated[Path, typer.Argument(help="The bed's TOML file.")],
    action: Annotated[_JournalAction, typer.Argument(help="verify: is it sound, what is in it; export: all of it.")],
    out: Annotated[Path | None, typer.Option(help="Folder for export: a new or an empty one.")] = None,
) -> None:
    """Check a bed's journal, or write all that can be read of it as JSON lines. The daemon may run meanwhile.

    An export holds what devices said of patients. `verify` ends with 1 for a damaged file: the daemon mends it when it
    starts, and keeps the damaged one beside it.
    """
    path = load(config).journal.path
    if action is _JournalAction.EXPORT:
        if out is None:
            raise UsageError("export needs --out DIR")
        with counter("entries") as progress:
            told = dump(path, out, progress)
        typer.echo(told)
        return
    report = verify(path)
    for text in report.lines:
        typer.echo(text)
    if not report.sound:
        raise typer.Exit(1)


@app.command("migrate")
def _migrate(
    dsn: Annotated[str, typer.Argument(help="libpq string, URL or sqlite:///FILE.")],
    keep_values: Annotated[
        str | None, typer.Option(metavar="DAYS|forever", help="From now on drop values that are older.")
    ] = None,
    keep_waves: Annotated[
        str | None, typer.Option(metavar="DAYS|forever", help="From now on drop waves that are older.")
    ] = None,
    dictionary: Annotated[
        Path | None,
        typer.Option(help="Lines device,source,code,unit: what signals without a code are (`devices --unmapped`)."),
    ] = None,
) -> None:
    """Bring a store's schema up to date; say what signals without a code are, and how long values and waves are kept.

    Unless told otherwise everything is kept for ever. A server's database gets the series store and the charting; a
    file is a journal or a charting. Conditions, identities and what was charted are always kept for ever.
    """
    from charting.store.database import is_charting_file  # noqa: PLC0415  a bed's daemon does without
    from charting.store.migrate import migrate as migrate_charting  # noqa: PLC0415

    given = {"values": keep_values, "waves": keep_waves}
    keep = {kind: _days(f"--keep-{kind}", said) for kind, said in given.items() if said is not None}
    file = sqlite_file(dsn)
    told = [] if file is not None and not keep and is_charting_file(file) else migrate(dsn, keep)
    if file is None or not told:
        told += migrate_charting(dsn)
    if dictionary is not None:
        known = {**by_refid(), **{p.refid: p for spec in drivers().values() for p in spec.parameters}}
        told.append(mapping.give(dsn, mapping.read(dictionary, known)))
    for text in told:
        typer.echo(text)


def _days(option: str, said: str) -> int | None:
    """Days, or None for ever."""
    if said == "forever":
        return None
    if not said.isascii() or not said.isdecimal() or not 1 <= int(said) <= MOST_DAYS:
        raise UsageError(f"{option}: expected a number of days from 1 to {MOST_DAYS}, or forever")
    return int(said)


@app.command("export")
def _export(
    dsn: Annotated[str, typer.Argument(help="Where the data are: libpq string, URL or sqlite:///FILE (a journal).")],
    bed: Annotated[str, typer.Option(help="The bed's id.")],
    start: Annotated[str, typer.Option("--from", help="First moment, with its zone: 2026-11-24T08:00:00+08:00.")],
    end: Annotated[str, typer.Option("--to", help="The moment before which it ends, with its zone.")],
    format_: Annotated[Format, typer.Option("--format", help="Of the waves.")],
    out: Annotated[Path, typer.Option(help="A new or empty folder; it appears whole or not at all.")],
    codes: Annotated[str, typer.Option(help="Only these codes of values and waves, with commas.")] = "",
) -> None:
    """Values, waves and alarm conditions of a bed into files. Needs the extra `export`.

    Values go to vitals.parquet and changes of alarm conditions to conditions.parquet, in either format; the columns are
    described in the files. Waves go to waves.parquet, or to WFDB records, which manifest.json lists with their signals.

    Every sample is one that the device sent, with its own time: none is repeated, filled in or interpolated. A gap ends
    a row of waves.parquet; in a WFDB record it is WFDB's invalid sample, or the next record begins. WFDB records mark
    samples that are questionable or a demonstration in annotation files (.quality).

    No identity of a patient is written. Texts of alarms and values are, as the device sent them: look at them before
    you pass them on.
    """
    chosen = selection(bed, codes, start, end)
    length_us = chosen.end_us - chosen.start_us
    if sys.stderr.isatty():
        with typer.progressbar(length=length_us, label=f"bed {bed}", file=sys.stderr) as bar:
            summary = export(dsn, chosen, format_, out, bar.update)
    else:
        summary = export(dsn, chosen, format_, out)
    typer.echo(summary.json())


def _version(value: bool) -> None:
    if value:
        typer.echo(f"vitalsd {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version


async def _until(stop: asyncio.Event, life: Coroutine[Any, Any, None]) -> None:
    """Run `life` until it ends or `stop` is set. A port that cannot be opened is the caller's mistake."""
    task = asyncio.create_task(life)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    except LinkError as error:
        raise UsageError(str(error)) from error


def main() -> None:
    """Entry point. Exit status: 0 done, 2 the caller's mistake (a reason a line), 1 anything else."""
    try:
        app(standalone_mode=True)
    except UsageError as error:
        for reason in error.reasons:
            typer.echo(f"vitalsd: {reason}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except VitalsdError as error:
        typer.echo(f"vitalsd: {error}", err=True)
        sys.exit(1)
