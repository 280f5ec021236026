"""A whole MEDIBUS session over a pty: our runner, the simulated Evita, and what passed on the line."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from collector.clock import MachineClock
from collector.driver import Simulated, driver
from collector.metrics import Metrics
from collector.model import Channel, Entry, Reading, Role, WavePiece
from collector.normalize import Normalizer
from collector.placing import OneBed
from collector.recording import recording
from collector.runner import Runner
from collector.simulate import play
from collector.transport import open_port
from collector.transport.base import Transport, parse_port
from collector.transport.capture import CaptureTap
from collector.transport.pty import open_pty
from drivers.draeger_medibus.simulator import MedibusSimulator
from drivers.draeger_medibus.speaker import Faults
from drivers.patient import Patient

RESET_AT_S = 7.0
ENOUGH_S = 100.0


def host_lines(file: Path) -> list[bytes]:
    """What the host sent, in order."""
    lines = file.read_text(encoding="ascii").splitlines()
    return [bytes.fromhex(line[1:].partition("#")[0]) for line in lines if line.startswith(">")]


def commands(sent: bytes) -> list[int]:
    """The codes of the commands in the host's bytes: what follows an ESC (fact sheet draeger-medibus §2)."""
    return [sent[i + 1] for i in range(len(sent) - 1) if sent[i] == 0x1B]


async def test_a_whole_session_with_a_reset_in_the_middle(tmp_path: Path) -> None:
    spec = driver("draeger-medibus")
    patient = Patient("stable", 5)
    device = MedibusSimulator(Simulated(patient=patient, seed=5), faults=Faults(embed=True, reset_at_s=RESET_AT_S))
    line = open_pty(tmp_path / "tty")
    clock = MachineClock()
    kept: list[Entry] = []
    enough = asyncio.Event()
    tap = tmp_path / "tap.hex"

    async def append(entries: Sequence[Entry], inputs: dict[str, int]) -> None:
        del inputs
        kept.extend(entries)
        sent = commands(b"".join(host_lines(tap)))
        if sent.count(0x4A) >= 2 and sent.count(0x54) >= 2 and sent[-6:].count(0x24):
            after = len(sent) - 1 - sent[::-1].index(0x54)
            if {0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x2B, 0x2E} <= set(sent[after:]):
                enough.set()

    async def connect() -> Transport:
        return CaptureTap(await open_port(parse_port(f"serial://{tmp_path}/tty")), tap, 1 << 24, clock.utc_us)

    options = spec.options(
        poll_s=0.3, waves=("00", "01", "06"), only={"24": ("73", "74", "78", "7D", "82", "88", "B9", "D6")}
    )
    runner = Runner(
        name="vent",
        port="",
        spec=spec,
        options=options,
        placing=OneBed(Normalizer(bed="ICU-1", device="vent")),
        append=append,
        clock=clock,
        metrics=Metrics("ICU-1", clock.utc_us),
    )
    playing = asyncio.create_task(play(device, line, clock.monotonic, lambda _: None))
    running = asyncio.create_task(runner.run(connect, {}))
    async with asyncio.timeout(ENOUGH_S):
        await enough.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    await line.close()

    sent = commands(b"".join(host_lines(tap)))
    assert sent.index(0x52) < sent.index(0x4A) < sent.index(0x53) < sent.index(0x54)
    assert sent[-1] == 0x55
    assert runner.status.rejected == 0
    heard = b"".join(recording(tap).chunks())
    assert heard.endswith(b"\x01\x5556\r"), "the device has echoed STOP (fact sheet §4.7)"

    channels = {entry.series.channel for entry in kept if isinstance(entry, Reading)}
    assert {Role.MEASURED, Role.SET, Role.LIMIT_LOW, Role.LIMIT_HIGH} <= {channel.role for channel in channels}
    waves: dict[Channel, list[WavePiece]] = {}
    for entry in kept:
        if isinstance(entry, WavePiece):
            waves.setdefault(entry.series.channel, []).append(entry)
    assert len(waves) == 3
    rates = [
        e.value for e in kept if isinstance(e, Reading) and e.series.channel.source == "24:D6" and e.value is not None
    ]
    assert rates
    assert all(abs(rate - patient.vitals(0).resp_rate_per_min) <= 1 for rate in rates)
