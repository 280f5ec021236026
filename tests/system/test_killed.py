"""A daemon that is killed while messages flow: what it acknowledged is there, and nothing is there twice.

What was sent and what was acknowledged is told by the bytes on the line, without our parser.
"""

import asyncio
import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.driver import driver
from collector.journal import JournalReader
from collector.model import Reading, Role, WavePiece
from collector.simulate import simulate
from collector.transport.base import Transport
from drivers.hl7_pcd01.simulator import EGateway
from drivers.patient import Patient
from tests.contracts.series import EVER
from tests.ports import kept_port
from tests.system.command import start

KILLS = 6
LONGEST_LIFE_S = 0.8
READY_S = 60.0
SPEED = 5.0
"""Of the gateway's patients: its four beds send some fifty messages a second."""

ACKNOWLEDGED = re.compile(rb"\rMSA\|CA\|(\d+)[|\r]")
BEDS: Mapping[str, str] = {f"ICU^^B{n}^HOSP": f"ICU-{n}" for n in range(1, 5)}
PIPE, PIPE_BED = "OR^^7", "OR-7"
WINDOW = 8


@dataclass(slots=True)
class Line:
    """What a sender has sent, by control id and as often as it was, and which of it was acknowledged."""

    sent: dict[int, bytes] = field(default_factory=dict)
    times: Counter[int] = field(default_factory=Counter)
    acknowledged: set[int] = field(default_factory=set)

    def send(self, data: bytes) -> None:
        for message in filter(None, data.split(b"\x1c\r")):
            id_ = int(message.split(b"|")[9])
            assert self.sent.setdefault(id_, message) == message, "sent again as it was"
            self.times[id_] += 1

    def hear(self, data: bytes) -> None:
        self.acknowledged.update(map(int, ACKNOWLEDGED.findall(data)))


class Tap:
    """A device's end of a connection, written down."""

    datagrams = False

    def __init__(self, inner: Transport, line: Line) -> None:
        self._inner, self._line, self._heard = inner, line, b""

    async def read(self) -> bytes:
        data = await self._inner.read()
        self._heard += data
        *whole, self._heard = self._heard.split(b"\x1c\r")
        for answer in whole:
            self._line.hear(answer)
        return data

    async def write(self, data: bytes) -> None:
        self._line.send(data)
        await self._inner.write(data)

    async def close(self) -> None:
        await self._inner.close()


def message(number: int) -> bytes:
    """A heart rate that is the control id, and a saturation that is always the same."""
    segments = [
        f"MSH|^~\\&|PIPE||||{datetime.now(UTC):%Y%m%d%H%M%S}+0000||ORU^R01^ORU_R01|{number}|P|2.6|||AL|NE",
        f"PV1||I|{PIPE}",
        "OBR|1||1|182777000^monitoring of patient^SCT",
        f"OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|{number}|264864^MDC_DIM_BEAT_PER_MIN^MDC||||R",
        "OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.2.1.1|98|262688^MDC_DIM_PERCENT^MDC||||R",
    ]
    return b"\x0b" + "".join(segment + "\r" for segment in segments).encode() + b"\x1c\r"


class Pipe:
    """A sender that does not wait for one acknowledgement before the next message, and sends all of them again that it
    has none of when it connects anew. While it is deaf it hears none; `is_deaf`: there is one that it does not hear.
    """

    def __init__(self, port: int) -> None:
        self.line = Line()
        self.deaf = self.is_deaf = self.ending = False
        self._port = port
        self._waiting: dict[int, bytes] = {}

    async def live(self) -> None:
        while not self.ending or self._waiting:
            with suppress(OSError):
                await self._connected(*await asyncio.open_connection("127.0.0.1", self._port))
            await asyncio.sleep(0.05)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tap = Tap(_Stream(reader, writer), self.line)
        try:
            for again in list(self._waiting.values()):
                await tap.write(again)
            while not self.ending or self._waiting:
                while len(self._waiting) < WINDOW and not self.ending:
                    number = len(self.line.sent) + 1
                    self._waiting[number] = message(number)
                    await tap.write(self._waiting[number])
                if self.deaf:
                    self.is_deaf = True
                    await reader.read()  # to the end, and it is as if it had been lost
                    return
                if not await tap.read():
                    return
                self._waiting = {n: data for n, data in self._waiting.items() if n not in self.line.acknowledged}
        finally:
            writer.close()


class _Stream:
    datagrams = False

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self) -> bytes:
        return await self._reader.read(4_096)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close(self) -> None:
        self._writer.close()


def stored(file: Path, bed: str) -> tuple[Sequence[Reading], Sequence[WavePiece]]:
    with closing(JournalReader.at(file)) as reader:
        measured = [r for r in reader.values(bed, (), *EVER) if r.series.channel.role is Role.MEASURED]
        return measured, reader.waves(bed, (), *EVER)


def rates(file: Path) -> Counter[int]:
    """Of the messages of the pipe: how often each one's heart rate is stored."""
    readings, _ = stored(file, PIPE_BED)
    return Counter(
        int(reading.value)
        for reading in readings
        if reading.series.channel.code == "MDC_ECG_HEART_RATE" and reading.value is not None
    )


@pytest.mark.timeout(180)
async def test_no_acknowledged_message_is_lost_and_none_is_stored_twice(tmp_path: Path) -> None:
    ports = [kept_port(), kept_port()]
    file, config = tmp_path / "journal.db", tmp_path / "feed.toml"
    devices = (
        f'[[device]]\nname = "{name}"\ndriver = "hl7-pcd01"\nport = "tcp-listen://127.0.0.1:{port}"\n'
        for name, port in zip(("gateway", "pipe"), ports, strict=True)
    )
    locations = "".join(f'"{location}" = "{bed}"\n' for location, bed in {**BEDS, PIPE: PIPE_BED}.items())
    config.write_text(
        f'[bed]\nid = "FEED"\nkind = "feed"\n[feed.beds]\n{locations}{"".join(devices)}'
        f'[journal]\npath = "{file}"\nkeep = "all"\n',
        encoding="utf-8",
    )
    gateway, line = EGateway({location: Patient("stable", n) for n, location in enumerate(BEDS)}), Line()
    spec = replace(driver("hl7-pcd01"), simulator=lambda _: gateway)
    pipe = Pipe(ports[1])
    lives = [
        asyncio.create_task(
            simulate(
                spec, f"connect:127.0.0.1:{ports[0]}", patient=None, speed=SPEED, through=lambda inner: Tap(inner, line)
            )
        ),
        asyncio.create_task(pipe.live()),
    ]
    chance = random.Random(6)
    unheard = 0
    for kill in range(KILLS + 1):
        daemon = start("bed", config)
        try:
            before = len(line.acknowledged), len(pipe.line.acknowledged)
            async with asyncio.timeout(READY_S):
                while len(line.acknowledged) == before[0] or len(pipe.line.acknowledged) == before[1]:
                    assert not any(life.done() for life in lives)
                    await asyncio.sleep(0.01)
            if kill == KILLS:
                pipe.ending, sent = True, set(line.sent)
                async with asyncio.timeout(READY_S):
                    await lives[1]
                    while not sent <= line.acknowledged:
                        await asyncio.sleep(0.01)
                lives[0].cancel()
                daemon.terminate()
                await asyncio.to_thread(daemon.wait, timeout=READY_S)
                continue
            await asyncio.sleep(chance.uniform(0.0, LONGEST_LIFE_S))
            pipe.deaf, pipe.is_deaf = bool(kill % 2), False
            async with asyncio.timeout(READY_S):
                while pipe.deaf and not (pipe.is_deaf and rates(file).keys() - pipe.line.acknowledged):
                    await asyncio.sleep(0.01)
        finally:
            daemon.kill()
            daemon.communicate()
        pipe.deaf = False
        unheard += len(rates(file).keys() - pipe.line.acknowledged)
    await asyncio.gather(*lives, return_exceptions=True)

    assert unheard, "some was kept and the acknowledgement lost"
    assert max(pipe.line.times.values()) > 1, "and was sent again"
    assert max(line.times.values()) > 1
    assert pipe.line.acknowledged == pipe.line.sent.keys()
    assert rates(file) == Counter(pipe.line.sent.keys())
    _check(file, line)


Said = Counter[tuple[str, float]]
"""Path and value, how often; samples of a wave count under the value 0."""


def said(text: bytes) -> tuple[str, Said]:
    """The location of a message, and what it says that has no time of its own."""
    location, found = "", Said()
    for segment in text.decode().split("\r"):
        name, *fields = segment.split("|")
        if name == "PV1":
            location = fields[2]
        elif name == "OBX":
            type_, observation, path, value = fields[1:5]
            if type_ == "NA":
                found[path, 0.0] += value.count("^") + 1
            elif type_ == "NM" and not observation.startswith("0^") and path.count(".") == 3 and not any(fields[13:14]):
                found[path, float(value)] += 1
    return location, found


def _check(file: Path, line: Line) -> None:
    """Each value of the gateway as often as the messages say it: those acknowledged, and at most all that were sent."""
    least, most = defaultdict[str, Said](Said), defaultdict[str, Said](Said)
    for id_, text in line.sent.items():
        location, found = said(text)
        most[location] += found
        if id_ in line.acknowledged:
            least[location] += found
    assert most.keys() == BEDS.keys()
    for location, bed in BEDS.items():
        readings, pieces = stored(file, bed)
        kept = Said((r.series.channel.source.partition("/")[0], r.value) for r in readings if r.value is not None)
        for piece in pieces:
            kept[piece.series.channel.source.partition("/")[0], 0.0] += piece.n
        wrong = {what: kept[what] for what, n in most[location].items() if not least[location][what] <= kept[what] <= n}
        assert not wrong, bed
