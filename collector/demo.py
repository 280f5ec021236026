"""`vitalsd demo`: simulated devices on real ptys and sockets, and the very programs that work on real ones."""

import asyncio
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collector.clock import MachineClock
from collector.config import inline, load
from collector.daemon import run_bed
from collector.driver import DriverSpec, driver
from collector.dsn import sqlite_file
from collector.errors import LinkError, UsageError
from collector.journal import Journal
from collector.migrate import migrate
from collector.rehearsal import Placed, live
from collector.simulate import nearby, simulate
from collector.timescale import READER
from collector.transport.net import free_port
from drivers.anaesthetic import MARKS
from drivers.patient import Patient, Seen
from drivers.recorded import patient

if TYPE_CHECKING:
    from charting.simulated.hospital import SimulatedHospital

DEMO_DRIVERS = ("ge-datex-dri", "philips-intellivue", "draeger-medibus")
PAST_S = 4110
"""The demo's case has been going on for so long: a record with nothing in it shows nothing, nor does a board without an
alarm. The patient's pressure is low then, for some minutes (drivers.anaesthetic).
"""
_BED, _FREE_BED = "DEMO", "DEMO-2"
_MONITOR = "biolight"
"""Of the free bed: it knows no patient, and sends no waves."""


async def run_demo(
    stop: asyncio.Event,
    *,
    port: int,
    speed: float,
    seconds: float | None,
    names: list[str],
    scenario: str,
    dsn: str | None,
    keep: Path | None,
) -> None:
    """Run until `stop`. Raises UsageError for a driver, scenario, DSN or port that cannot be had."""
    specs = [driver(name) for name in dict.fromkeys(names)]
    if not specs:
        raise UsageError("--devices names no driver")
    monitor = driver(_MONITOR)
    whom = patient(scenario)
    if dsn is not None:
        await asyncio.to_thread(_migrate, dsn)
    if keep is not None:
        try:
            keep.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--keep {keep}: {error.strerror}") from error
    with tempfile.TemporaryDirectory(prefix="vitalsd-demo-") as scratch:
        folder = keep.absolute() if keep else Path(scratch)
        places = {spec.name: nearby(spec, Path(scratch, f"{spec.name}.tty")) for spec in specs}
        places_2 = {monitor.name: nearby(monitor, Path(scratch, "2.tty"))}
        page = port or free_port(socket.SOCK_STREAM)
        bedside = page + 1 if port else free_port(socket.SOCK_STREAM)
        hospital = await asyncio.to_thread(_hospital)
        beds = [
            _written(folder / "bed.toml", _bed_config(_BED, specs, places, _journal(folder, dsn), dsn, bedside)),
            _written(folder / "bed-2.toml", _bed_config(_FREE_BED, [monitor], places_2, _journal_2(folder, dsn), dsn)),
        ]
        chart = _written(folder / "charting.toml", _charting_config(folder, page, dsn) + hospital.config)
        marks = MARKS if scenario == "anaesthetic" else {}
        began_us = await asyncio.to_thread(_rehearse, _journal(folder, dsn), dsn, specs, whom)
        past_s = 0 if began_us is None else PAST_S
        done = {key: began_us + round(at_s * 1e6) for key, at_s in marks.items() if began_us and at_s <= PAST_S}
        around = asyncio.create_task(hospital.run(stop))
        lives = [
            asyncio.create_task(
                simulate(spec, places[spec.name][0], patient=_seen(whom, n, past_s), seed=n, speed=speed)
            )
            for n, spec in enumerate(specs)
        ]
        lives.append(asyncio.create_task(simulate(monitor, places_2[monitor.name][0], patient=patient("stable"))))
        for life in lives:
            life.add_done_callback(lambda _: stop.set())  # a device that cannot be simulated here ends the demo
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, stop.set)

        def ready(accounts: Sequence[str], password: str) -> None:
            sys.stdout.write(
                f"The page: http://127.0.0.1:{page}/  (the department; sign in as {', '.join(accounts)}; "
                f"password {password})\n"
                f"At the bed: http://127.0.0.1:{bedside}/  "
                f"(simulated devices: {', '.join(places)}; files: {folder}; Ctrl-C ends it)\n"
                f"The hospital: a simulated HIS books operations, brings a patient to bed {_FREE_BED} before long, and "
                f"takes what it is sent\n"
            )
            sys.stdout.flush()
            hospital.begin()

        try:
            await _run(beds, chart, stop, ready, began_us, done)
        finally:
            for life in lives:
                life.cancel()
            ends = await asyncio.gather(*lives, around, return_exceptions=True)
            sys.stdout.write(f"{hospital.summary}\n")
        reasons = [str(end) for end in ends if isinstance(end, UsageError | LinkError)]
        if reasons:
            raise UsageError(*reasons)
        for end in ends:
            if isinstance(end, Exception):
                raise end


async def _run(
    beds: Sequence[Path],
    chart: Path,
    stop: asyncio.Event,
    ready: Callable[[Sequence[str], str], None],
    began_us: int | None,
    done: Mapping[str, int],
) -> None:
    """Run them all; one that cannot go on ends the others. Raises UsageError."""
    from charting.config import load as load_charting  # noqa: PLC0415  the other commands do without: tens of MB
    from charting.demo import prepare  # noqa: PLC0415  the same
    from charting.service import Service, run_charting  # noqa: PLC0415  the same

    password = f"demo-{secrets.token_hex(4)}"

    async def charting_ready(service: Service) -> None:
        ready(await asyncio.to_thread(prepare, service, _BED, password, began_us, done), password)

    async def ending(life: Coroutine[Any, Any, None]) -> None:
        try:
            await life
        finally:
            stop.set()

    lives = [
        *(run_bed(load(bed), stop) for bed in beds),
        run_charting(load_charting(chart), stop, ready=charting_ready),
    ]
    ends = await asyncio.gather(*map(ending, lives), return_exceptions=True)
    errors = [end for end in ends if isinstance(end, BaseException)]
    reasons = [reason for error in errors if isinstance(error, UsageError) for reason in error.reasons]
    if reasons:
        raise UsageError(*reasons)
    for error in errors:
        raise error


def _hospital() -> "SimulatedHospital":
    from charting.simulated.hospital import SimulatedHospital  # noqa: PLC0415  the other commands do without

    return SimulatedHospital(_BED, _FREE_BED, MachineClock().utc_us)


def _seen(whom: Patient, n: int, after_s: float = 0.0) -> Patient:
    """The patient as the nth device sees him: one arm has a cuff."""
    return Seen(whom, after_s, cuffed=n == 0)


def _rehearse(journal: Path, dsn: str | None, specs: Sequence[DriverSpec], whom: Patient) -> int | None:
    """Give a new journal a past; return when it began, None where the journal is not new."""
    if journal.exists():
        return None
    if sys.stderr.isatty():
        sys.stderr.write(f"simulating the last {PAST_S // 60} minutes …\n")
    began_us = MachineClock().utc_us() - PAST_S * 1_000_000
    past = Journal.open(journal, [READER] if dsn and sqlite_file(dsn) is None else [])
    try:
        names = _names(specs)
        devices = [
            Placed(name=names[spec.name], driver=spec.name, patient=_seen(whom, n))
            for n, spec in enumerate(specs)
            if spec.session is not None
        ]
        live(past, _BED, patient=whom, start_us=began_us, seconds=PAST_S, devices=devices, demo=True)
    finally:
        past.close()
    return began_us


def _migrate(dsn: str) -> None:
    """The series store and, on a server, the charting beside it."""
    from charting.store.migrate import migrate as migrate_charting  # noqa: PLC0415  the other commands do without

    migrate(dsn)
    if sqlite_file(dsn) is None:
        migrate_charting(dsn)


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def _names(specs: Sequence[DriverSpec]) -> Mapping[str, str]:
    """What the bed calls the devices, by driver: their vendors, where that tells them apart."""
    vendors = [spec.vendor for spec in specs]
    return {spec.name: spec.vendor if vendors.count(spec.vendor) == 1 else spec.name for spec in specs}


def _charting_config(folder: Path, page: int, dsn: str | None) -> str:
    embedded = dsn is None or sqlite_file(dsn) is not None
    database = f"sqlite:///{folder / 'charting.db'}" if embedded or dsn is None else dsn
    journals = [
        f", journal = {inline(str(file))}" if embedded else ""
        for file in (_journal(folder, dsn), _journal_2(folder, dsn))
    ]
    return (
        f'[charting]\nlisten = "127.0.0.1:{page}"\ndatabase = {inline(database)}\n'
        f'site = "演示医院 Demo Hospital"\nidle_minutes = 60\ndemo = true\n'
        f'beds = [{{ id = "{_BED}", kind = "or", name = "演示手术间 Demo OR"{journals[0]} }}, '
        f'{{ id = "{_FREE_BED}", kind = "or", name = "演示手术间二 Demo OR 2"{journals[1]} }}]\n'
    )


def _journal(folder: Path, dsn: str | None) -> Path:
    file = sqlite_file(dsn) if dsn else None
    return folder / "journal.db" if file is None else file.absolute()


def _journal_2(folder: Path, dsn: str | None) -> Path:
    """Of the free bed, beside the other one's."""
    file = _journal(folder, dsn)
    return file.with_name(f"{file.stem}-2{file.suffix}")


def _bed_config(
    bed: str,
    specs: list[DriverSpec],
    places: dict[str, tuple[str, str]],
    journal: Path,
    dsn: str | None,
    page: int | None = None,
) -> str:
    timescale = f"[timescale]\ndsn = {inline(dsn)}\n" if dsn and sqlite_file(dsn) is None else ""
    names = _names(specs)
    devices = "".join(
        f"[[device]]\nname = {inline(names[spec.name])}\ndriver = {inline(spec.name)}\n"
        f"port = {inline(places[spec.name][1])}\noptions = {inline(spec.example)}\n\n"
        for spec in specs
    )
    return (
        f'[bed]\nid = "{bed}"\nkind = "or"\ndemo = true\n\n{devices}'
        f'[journal]\npath = {inline(str(journal))}\nkeep = "all"\n\n{timescale}'
        + (f'[page]\nlisten = "127.0.0.1:{page}"\n' if page else "")
    )
