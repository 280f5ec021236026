"""`vitalsd probe` on real ptys: who is there, or why nothing is heard."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from collector import probe as probing
from collector.decode import decode
from collector.driver import Simulated, driver, drivers
from collector.errors import UsageError
from collector.model import Frame, Observation
from collector.probe import Found, probe, understood, waiting
from collector.recording import recording
from collector.simulate import play
from collector.transport.base import Transport
from collector.transport.capture import CaptureTap
from collector.transport.pty import open_pty
from drivers.patient import Patient

SPECS = list(drivers().values())


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the patience that a real device is given: one that is not heard is, at the next speed."""
    monkeypatch.setattr(probing, "LISTEN_S", 1.5)


@asynccontextmanager
async def living(name: str, line: Transport) -> AsyncIterator[None]:
    """A simulated device on the line."""
    spec = driver(name)
    assert spec.simulator is not None
    device = spec.simulator(Simulated(patient=Patient("stable", 3)))
    playing = asyncio.create_task(play(device, line, asyncio.get_running_loop().time, lambda _: None))
    yield
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)


def heard_of_host(tap: Path) -> Sequence[str]:
    return [line for line in tap.read_text().splitlines() if line.startswith("<")] if tap.exists() else []


async def found(name: str, tmp_path: Path, *, ask: bool) -> tuple[Found, Sequence[str]]:
    """What is found of a device, and what the device heard meanwhile."""
    tap, link = tmp_path / "tap.hex", tmp_path / "tty"
    line = CaptureTap(open_pty(link), tap, 1 << 20, lambda: 0)
    async with living(name, line):
        result = await probe(str(link), SPECS, ask=driver(name) if ask else None)
    await line.close()
    return result, heard_of_host(tap)


@pytest.mark.parametrize("name", ["masimo", "nonin", "draeger-medibus"])
async def test_a_device_that_speaks_by_itself_is_found_and_nothing_is_sent(name: str, tmp_path: Path) -> None:
    result, heard = await found(name, tmp_path, ask=False)
    assert result.best is not None
    assert result.best.driver == name
    assert heard == []
    assert result.exit_status == 0
    assert result.lines(())[0].startswith(f"{tmp_path}/tty: {name} at ")


@pytest.mark.parametrize("name", ["servo", "bis-vista", "ge-datex-dri"])
async def test_a_device_that_waits_is_found_by_its_own_question(name: str, tmp_path: Path) -> None:
    tap, link = tmp_path / "tap.hex", tmp_path / "tty"
    line = CaptureTap(open_pty(link), tap, 1 << 20, lambda: 0)
    async with living(name, line):
        result = await probe(f"serial://{link}?parity=N", SPECS, ask=driver(name))
    await line.close()
    assert result.best is not None
    assert result.best.driver == name
    sent = bytes.fromhex("".join(text.partition("#")[0].removeprefix("<") for text in heard_of_host(tap)))
    assert sent == b"".join(driver(name).identification)


async def test_bytes_that_nobody_understands_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "LISTEN_S", 60.0)
    monkeypatch.setattr(probing, "ENOUGH_BYTES", 256)
    line = open_pty(tmp_path / "tty")

    async def babble() -> None:
        while True:
            await line.write(b"temperature of the machine room: 21.5 C;" * 3)
            await asyncio.sleep(0.02)

    babbling = asyncio.create_task(babble())
    result = await probe(str(tmp_path / "tty"), SPECS)
    babbling.cancel()
    await asyncio.gather(babbling, return_exceptions=True)
    await line.close()
    said = result.lines(waiting(SPECS))
    assert "bytes but no frame at any speed" in said[0]
    assert any("9600 8N1: " in text and "100% printable" in text for text in said)
    assert len(said) > 5, "at every speed"
    assert result.exit_status == 1
    result.save(tmp_path / "heard.hex")
    kept = b"".join(recording(tmp_path / "heard.hex").chunks())
    assert b"machine room" in kept


def test_makers_whose_devices_speak_alike_are_all_named() -> None:
    spec = driver("mindray-pds")
    assert spec.simulator is not None
    device = spec.simulator(Simulated(patient=Patient("stable", 3)))
    said = b""
    for now_s in range(20):
        device.expire(float(now_s))
        while data := device.outgoing():
            said += data
    heard = understood(said, "", SPECS)
    assert {"mindray-pds", "biolight"} <= {heard.driver, *heard.alike}
    told = "\n".join(Found(port="tcp://192.0.2.1:1", heard=[heard], refused={}).lines(()))
    assert all(name in told for name in ("mindray-pds", "biolight"))


async def test_a_silent_port_says_what_to_look_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "LISTEN_S", 0.01)
    line = open_pty(tmp_path / "tty")
    result = await probe(str(tmp_path / "tty"), SPECS)
    await line.close()
    said = "\n".join(result.lines(waiting(SPECS)))
    assert "no bytes: cable, null-modem, or a device that waits for a request" in said
    assert "--ask: " in said
    assert "servo" in said


async def test_what_cannot_be_probed_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no identification request"):
        await probe(str(tmp_path / "tty"), SPECS, ask=driver("masimo"))
    with pytest.raises(UsageError, match="expected a serial device or tcp"):
        await probe("udp://127.0.0.1:1", SPECS)
    result = await probe(str(tmp_path / "no-such"), SPECS)
    assert result.lines(()) == [
        f"{tmp_path}/no-such is not there: adapter unplugged, or another name under /dev/serial/by-id"
    ]


async def test_a_saved_probe_is_a_capture(tmp_path: Path) -> None:
    result, _ = await found("masimo", tmp_path, ask=False)
    result.save(tmp_path / "heard.hex")
    events = list(decode(driver("masimo"), recording(tmp_path / "heard.hex")))
    assert any(isinstance(event, Frame) for event in events)
    assert any(isinstance(event, Observation) for event in events)
