"""`vitalsd simulate` on real ptys: served to our own runner and to clients of another's making."""

import asyncio
import json
import os
import struct
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from collector.driver import Simulated, driver
from collector.model import Event, Frame, Observation
from collector.simulate import play
from collector.transport.pty import open_pty
from drivers.ge_datex_dri.frames import PHYSIOLOGICAL, WAVEFORM, Framer, Record
from drivers.patient import Patient
from tests.shared import capture
from tests.system.command import start

PATIENCE_S = 60
TIMES_FASTER = 30.0
DISPLAYED, TREND, WAVE = (PHYSIOLOGICAL, 1), (PHYSIOLOGICAL, 3), (WAVEFORM, 1)
"""Main type and sub-record type (fact sheet ge-datex-dri §4)."""


@contextmanager
def simulated(name: str, link: Path, *more: str) -> Iterator[None]:
    process = start("simulate", name, "--pty", str(link), *more)
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(f"{name} at pty:")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert not link.exists()


async def exchange(link: Path, sent: bytes, name: str, enough: int) -> list[Event]:
    """Write a client's bytes to a simulator and decode its answers until `enough` frames have come."""
    line = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(line, termios.TCSANOW)
        spec = driver(name)
        session = spec.dialogue(spec.options(), datagrams=False)
        events: list[Event] = []
        left = sent
        async with asyncio.timeout(PATIENCE_S):
            while sum(isinstance(event, Frame) for event in events) < enough:
                if left:
                    with suppress(BlockingIOError):
                        left = left[os.write(line, left[:256]) :]
                try:
                    events += session.receive(os.read(line, 65_536), 0.0)
                except BlockingIOError:
                    await asyncio.sleep(0.01)
        return events
    finally:
        os.close(line)


@pytest.mark.parametrize("file", ["rs232-msick2-client-1.repaired.bin", "rs232-msick2-client-5_kibon.repaired.bin"])
async def test_the_monitor_serves_a_real_clients_bytes_over_a_pty(file: str, tmp_path: Path) -> None:
    sent = capture("intellivue", file).read_bytes()
    with simulated("philips-intellivue", tmp_path / "tty"):
        events = await exchange(tmp_path / "tty", sent, "philips-intellivue", 12)
    kinds = [event.kind for event in events if isinstance(event, Frame)]
    assert "association_response" in kinds[0], kinds
    assert any(isinstance(event, Observation) and isinstance(event.value, float) for event in events)


class Client:
    """The host's end of a pty, and the DRI records that have come over it."""

    def __init__(self, line: int) -> None:
        self._line = line
        self._framer = Framer()
        self.records: list[Record] = []

    def send(self, data: bytes) -> None:
        assert os.write(self._line, data) == len(data)

    def last(self, main_type: int, part: int) -> int:
        """The monitor's time of the newest record that begins with such a sub-record; 0 if there is none."""
        times = [r.time_s for r in self.records if (r.main_type, r.parts[0][0]) == (main_type, part)]
        return times[-1] if times else 0

    async def comes(self, main_type: int, part: int, *, within_s: float) -> bool:
        """Whether there is a newer one so soon."""
        last = self.last(main_type, part)
        try:
            await self.until(lambda: self.last(main_type, part) > last, within_s)
        except TimeoutError:
            return False
        return True

    async def until(self, true: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(within_s):
            while not true():
                try:
                    found = self._framer.feed(os.read(self._line, 65_536))
                    self.records += [record for record in found if isinstance(record, Record)]
                except BlockingIOError:
                    await asyncio.sleep(0.005)


async def test_the_monitor_answers_the_vendors_six_requests_over_a_pty(tmp_path: Path) -> None:
    examples = json.loads(capture("datex-dri", "vendor_examples.json").read_text(encoding="utf-8"))
    request = {example["name"]: bytes.fromhex(example["wire_hex"]) for example in examples}
    assert len(request) == 6
    device = open_pty(tmp_path / "tty")
    new_simulator = driver("ge-datex-dri").simulator
    assert new_simulator is not None
    simulator = new_simulator(Simulated(patient=Patient("stable", 1)))
    playing = asyncio.create_task(play(simulator, device, lambda: time.monotonic() * TIMES_FASTER, lambda _: None))
    line = os.open(tmp_path / "tty", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        client = Client(line)
        client.send(request["displayed_10s_all_classes"] + request["trend60_start"] + request["wave_ecg1_start"])
        await client.until(lambda: all(client.last(*kind) for kind in (DISPLAYED, TREND, WAVE)))
        wave = next(record for record in client.records if record.main_type == WAVEFORM)
        assert struct.unpack_from("<h", wave.data, wave.parts[0][1]) == (300,)
        displayed = [r for r in client.records if (r.main_type, r.parts[0][0]) == DISPLAYED]
        assert {len(record.parts) for record in displayed} == {4}

        client.send(request["wave_stop"])
        await client.until(lambda: client.last(*DISPLAYED) > client.last(*WAVE) + 20)
        client.send(request["trend60_stop"])
        await client.until(lambda: client.last(*DISPLAYED) > client.last(*TREND) + 130)
        client.send(request["displayed_stop"])
        async with asyncio.timeout(PATIENCE_S):
            while await client.comes(*DISPLAYED, within_s=60 / TIMES_FASTER):
                pass
    finally:
        os.close(line)
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        await device.close()


def test_the_log_holds_what_it_said_in_decodes_form(tmp_path: Path) -> None:
    async def ask() -> list[Event]:
        examples = json.loads(capture("datex-dri", "vendor_examples.json").read_text(encoding="utf-8"))
        return await exchange(tmp_path / "tty", bytes.fromhex(examples[0]["wire_hex"]), "ge-datex-dri", 1)

    with simulated("ge-datex-dri", tmp_path / "tty", "--log", str(tmp_path / "said.jsonl")):
        events = asyncio.run(ask())
    said = [json.loads(line) for line in (tmp_path / "said.jsonl").read_text(encoding="utf-8").splitlines()]
    told = {(line["source"], line["value"]) for line in said if line["kind"] == "observation"}
    heard = {(event.channel.source, event.value) for event in events if isinstance(event, Observation)}
    assert heard
    assert heard <= told
