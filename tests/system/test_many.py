"""Many at once: ten devices on one daemon of which one floods garbage, and twenty beds over one connection."""

import asyncio
import random
import subprocess
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from collector.clock import MachineClock
from collector.driver import Simulated, driver
from collector.journal import JournalReader
from collector.model import Event, Observation, Reading, Waveform, WavePiece
from collector.session import Session
from collector.simulate import Said, nearby, simulate
from collector.transport.base import Transport
from collector.transport.pty import open_pty
from drivers.hl7_pcd01.simulator import EGateway
from drivers.patient import Patient, Seen
from tests.contracts.series import EVER
from tests.ports import kept_port
from tests.system.command import start

LIVE_S = 6.0
TAIL_S = 2.0
"""What was said so shortly before may be on its way."""
READY_S = 60.0
LOOK_S = 0.25
FLOOD_BYTES = 1 << 19


@asynccontextmanager
async def bed(config: Path) -> AsyncIterator[subprocess.Popen[str]]:
    """The bed's daemon in a process of its own, until it has ended in order."""
    process = start("bed", config)
    try:
        yield process
        process.terminate()
        out, errors = await asyncio.to_thread(process.communicate, timeout=READY_S)
        assert process.returncode == 0, out + errors
    finally:
        process.kill()
        process.communicate()


def stored(file: Path, bed_id: str) -> tuple[Sequence[Reading], Sequence[WavePiece]]:
    with closing(JournalReader.at(file)) as reader:
        return reader.values(bed_id, (), *EVER), reader.waves(bed_id, (), *EVER)


NINE = (
    "ge-datex-dri", "philips-intellivue", "draeger-medibus", "mindray-pds", "servo", "bis-vista", "nonin", "hamilton",
    "capnostream",
)  # fmt: skip
"""On ptys, UDP and TCP; with waves and without; polled and speaking by themselves."""
FLOODED = "masimo"


@pytest.mark.timeout(180)
async def test_one_that_floods_garbage_costs_the_other_nine_nothing(tmp_path: Path) -> None:
    places = {name: nearby(driver(name), tmp_path / f"{name}.tty") for name in NINE}
    link = tmp_path / "flood.tty"
    devices = {**{name: port for name, (_, port) in places.items()}, FLOODED: f"serial://{link}"}
    config = tmp_path / "bed.toml"
    config.write_text(
        '[bed]\nid = "OR-1"\n'
        + "".join(
            f'[[device]]\nname = "{name}"\ndriver = "{name}"\nport = "{port}"\n' for name, port in devices.items()
        )
        + f'[journal]\npath = "{tmp_path}/journal.db"\nkeep = "all"\n',
        encoding="utf-8",
    )
    clock, patient = MachineClock(), Patient("stable", 3)
    said: Mapping[str, list[tuple[float, Event]]] = {name: [] for name in NINE}

    def hears(name: str) -> Said:
        return lambda events: said[name].extend((clock.monotonic(), event) for event in events)

    line, noise = open_pty(link), random.Random(5)
    flooded = 0

    async def flood() -> None:
        nonlocal flooded
        while True:
            await line.write(noise.randbytes(4_096))
            flooded += 4_096

    lives = [
        asyncio.create_task(simulate(driver(name), where, patient=Seen(patient, 0.0), seed=n, said=hears(name)))
        for n, (name, (where, _)) in enumerate(places.items())
    ]
    lives.append(asyncio.create_task(flood()))
    async with bed(config):
        async with asyncio.timeout(READY_S):
            while not all(any(isinstance(e, Observation) for _, e in heard) for heard in said.values()):
                await asyncio.sleep(0.1)
        await asyncio.sleep(LIVE_S)
        give_up_s = clock.monotonic() + READY_S
        lacking: list[object] = ["a look"]
        while lacking or flooded <= FLOOD_BYTES:
            assert clock.monotonic() < give_up_s, (lacking, flooded)
            await asyncio.sleep(LOOK_S)
            lacking = await asyncio.to_thread(missing, tmp_path / "journal.db", said, clock.monotonic() - TAIL_S)
    for life in lives:
        life.cancel()
    await asyncio.gather(*lives, return_exceptions=True)
    await line.close()

    readings, _ = stored(tmp_path / "journal.db", "OR-1")
    assert not [reading for reading in readings if reading.series.device == FLOODED]


def missing(file: Path, said: Mapping[str, Sequence[tuple[float, Event]]], end_s: float) -> list[object]:
    """What devices have said until then that is not stored: values, and waves of which there are too few samples."""
    told = {name: [event for at_s, event in [*heard] if at_s < end_s] for name, heard in said.items()}
    readings, pieces = stored(file, "OR-1")
    found: list[object] = []
    for name, events in told.items():
        of_device = [reading for reading in readings if reading.series.device == name]
        kept = {(r.series.channel.code, r.series.channel.source, r.value) for r in of_device}
        found += {
            (name, e.channel.code, e.channel.source, e.value)
            for e in events
            if isinstance(e, Observation)
            and isinstance(e.value, int | float)
            and (e.channel.code, e.channel.source, e.value) not in kept
        }
        samples = Counter[str]()
        for piece in pieces:
            if piece.series.device == name:
                samples[piece.series.channel.code] += piece.n
        found += [(name, code, n) for code, n in _samples(events).items() if samples[code] < n]
    return found


def _samples(events: Sequence[Event]) -> Mapping[str, int]:
    found = Counter[str]()
    for event in events:
        if isinstance(event, Waveform):
            found[event.channel.code] += len(event.data) // 4
    return found


BEDS = 20
OBX_FIELDS = 19
ENOUGH_BYTES = 1_200_000
"""Half of what twenty monitors send meanwhile."""


class Tap:
    """A connection whose device's side is written down, each message when it was sent."""

    datagrams = False

    def __init__(self, inner: Transport, sent: list[bytes]) -> None:
        self._inner, self._sent = inner, sent

    async def read(self) -> bytes:
        return await self._inner.read()

    async def write(self, data: bytes) -> None:
        self._sent.append(data)
        await self._inner.write(data)

    async def close(self) -> None:
        await self._inner.close()


def rows(sent: Sequence[bytes]) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Location, control id and fields of each OBX, by splitting the text and nothing else."""
    for message in b"".join(sent).split(b"\x1c\r"):
        segments = [text.split("|") for text in message.decode("utf-8").strip("\x0b").split("\r")]
        if len(segments) > 1:
            by_name = {fields[0]: fields for fields in segments}
            for fields in segments:
                if fields[0] == "OBX":
                    yield by_name["PV1"][3], by_name["MSH"][9], [*fields, *[""] * (OBX_FIELDS - len(fields))]


@pytest.mark.timeout(180)
async def test_a_feed_of_twenty_beds_with_waves_loses_nothing_and_each_value_is_at_its_bed(tmp_path: Path) -> None:
    port = kept_port()
    locations = {f"ICU^^B{n:02}^HOSP": f"ICU-{n:02}" for n in range(1, BEDS + 1)}
    config = tmp_path / "feed.toml"
    config.write_text(
        '[bed]\nid = "FEED"\nkind = "feed"\n[feed.beds]\n'
        + "".join(f'"{location}" = "{id_}"\n' for location, id_ in locations.items())
        + f'[[device]]\nname = "gateway"\ndriver = "hl7-pcd01"\nport = "tcp-listen://127.0.0.1:{port}"\n'
        + 'options = { dialect = "egateway" }\n'
        + f'[journal]\npath = "{tmp_path}/journal.db"\nkeep = "all"\n',
        encoding="utf-8",
    )
    patients = {location: Patient("stable", n) for n, location in enumerate(locations)}

    def gateway(simulated: Simulated) -> Session:
        return EGateway(patients, epoch_us=simulated.epoch_us, leads=12)

    spec = replace(driver("hl7-pcd01"), simulator=gateway)
    sent: list[bytes] = []
    life = asyncio.create_task(
        simulate(spec, f"connect:127.0.0.1:{port}", patient=Patient(), through=lambda line: Tap(line, sent))
    )
    async with bed(config):
        async with asyncio.timeout(READY_S):
            while len(sent) < BEDS * 3:
                await asyncio.sleep(0.1)
        await asyncio.sleep(LIVE_S)
        async with asyncio.timeout(READY_S):
            while sum(map(len, sent)) <= ENOUGH_BYTES:
                await asyncio.sleep(LOOK_S)
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        numbers, samples, on_its_way = told(sent)
        async with asyncio.timeout(READY_S):
            while await asyncio.to_thread(lost, tmp_path / "journal.db", numbers, locations):
                await asyncio.sleep(LOOK_S)

    assert len(numbers) == len(samples) == BEDS
    assert not lost(tmp_path / "journal.db", numbers, locations)
    for location, id_ in locations.items():
        readings, pieces = stored(tmp_path / "journal.db", id_)
        in_pieces = Counter[str]()
        for piece in pieces:
            in_pieces[piece.series.channel.source.partition("/")[2]] += piece.n
        assert in_pieces.keys() == samples[location].keys()
        assert all(0 <= n - in_pieces[code] <= on_its_way[code] for code, n in samples[location].items()), id_
        assert {reading.series.device for reading in readings} <= {"gateway", "vitalsd"}
    of_feed, _ = stored(tmp_path / "journal.db", "FEED")
    assert {reading.series.device for reading in of_feed} <= {"vitalsd"}


Numbers = Mapping[str, Counter[tuple[str, float]]]
"""By location: path and value, how often."""


def told(sent: Sequence[bytes]) -> tuple[Numbers, Mapping[str, Counter[str]], Counter[str]]:
    """Values and samples of waves by location, and samples by code that may be on their way; no values that may."""
    numbers: dict[str, Counter[tuple[str, float]]] = defaultdict(Counter)
    samples: dict[str, Counter[str]] = defaultdict(Counter)
    on_its_way: Counter[str] = Counter()
    newest = max(int(control) for _, control, _ in rows(sent))
    seen: set[tuple[str, str]] = set()
    for location, control, fields in rows(sent):
        if (control, fields[4]) in seen:
            continue  # sent again
        seen.add((control, fields[4]))
        code = fields[3].split("^")[0]
        if fields[2] == "NA":
            n = fields[5].count("^") + 1
            samples[location][code] += n
            on_its_way[code] += n * (int(control) == newest)
        elif (
            fields[2] == "NM" and code != "0" and fields[4].count(".") == 3 and not fields[14] and int(control) < newest
        ):
            numbers[location][fields[4], float(fields[5])] += 1
    return numbers, samples, on_its_way


def lost(file: Path, numbers: Numbers, locations: Mapping[str, str]) -> list[object]:
    """Values that the bed of their location has not, or not so often."""
    found: list[object] = []
    for location, id_ in locations.items():
        kept = Counter(
            (reading.series.channel.source.partition("/")[0], reading.value)
            for reading in stored(file, id_)[0]
            if reading.value is not None
        )
        found += [(id_, what, n) for what, n in numbers[location].items() if kept[what] < n]
    return found
