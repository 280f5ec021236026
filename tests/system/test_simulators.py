"""`vitalsd simulate` on real ptys: served to our own runner and to clients of another's making."""

import asyncio
import json
import os
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from collector.driver import driver
from collector.model import Event, Frame, Observation, Waveform
from tests.shared import capture
from tests.system.command import start

PATIENCE_S = 20


@contextmanager
def simulated(name: str, link: Path, *more: str) -> Iterator[None]:
    process = start("simulate", name, "--pty", str(link), *more)
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(f"{name} at pty:")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode == 0
    assert not link.exists()


async def exchange(link: Path, sent: bytes, name: str, enough: int) -> list[Event]:
    """Write a client's bytes to a simulator and decode its answers until `enough` frames have come."""
    line = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(line, termios.TCSANOW)
        spec = driver(name)
        session = spec.session(spec.options(), False)
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


async def test_the_monitor_answers_the_vendors_own_requests_over_a_pty(tmp_path: Path) -> None:
    examples = {e["name"]: bytes.fromhex(e["wire_hex"]) for e in json.loads(
        capture("datex-dri", "vendor_examples.json").read_text(encoding="utf-8"))}  # fmt: skip
    with simulated("ge-datex-dri", tmp_path / "tty"):
        request = examples["displayed_10s_all_classes"] + examples["wave_ecg1_start"]
        events = await exchange(tmp_path / "tty", request, "ge-datex-dri", 4)
    waves = [event for event in events if isinstance(event, Waveform)]
    assert {(wave.channel.source, wave.rate_hz, len(wave.counts)) for wave in waves} == {("wave.ecg1", 300.0, 300)}
    assert any(isinstance(e, Observation) and e.channel.code == "MDC_ECG_HEART_RATE" for e in events)


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
