"""One device's life, with a toy protocol: each byte b"A".."Y" is a frame with a value, b"Z" a refusal, else garbage."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from collector.clock import MachineClock
from collector.driver import DriverSpec, Evidence, Line, Model
from collector.errors import LinkError
from collector.metrics import Metrics
from collector.model import (
    Association,
    AssociationState,
    Channel,
    Entry,
    Event,
    Frame,
    Observation,
    Reading,
    Rejected,
)
from collector.normalize import Normalizer
from collector.recording import Recording
from collector.runner import Runner
from collector.status import DeviceState
from collector.transport.base import Transport
from collector.transport.memory import memory_pair

CHANNEL = Channel(code="MDC_ECG_HEART_RATE", source="toy", unit="/min")
SILENCE_S = 0.15


class Toy:
    """A session whose farewell is b"!" and whose request, due at once, is b"?"."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._asked = False
        self._n = 0

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        del now
        events: list[Event] = []
        for byte in data:
            self._n += 1
            if byte == ord("X"):
                raise RuntimeError("a fault in the driver")
            if byte == ord("Z"):
                events.append(Association(state=AssociationState.REFUSED, reason="busy"))
            elif ord("A") <= byte < ord("Z"):
                events.append(Frame(offset=self._n - 1, length=1, kind="value", tick_us=self._n * 1_000_000))
                events.append(Observation(channel=CHANNEL, value=float(byte)))
            else:
                events.append(Rejected(offset=self._n - 1, length=1, reason="toy"))
        return events

    def outgoing(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def deadline(self) -> float | None:
        return None if self._asked else 0.0

    def expire(self, now: float) -> Sequence[Event]:
        del now
        if not self._asked:
            self._asked = True
            self._out += b"?"
        return ()

    def close(self, now: float) -> None:
        del now
        self._out += b"!"

    def finish(self) -> Sequence[Event]:
        return ()


class _Options(BaseModel):
    pass


SPEC = DriverSpec(
    name="toy",
    vendor="nobody",
    title="toy",
    models=(Model(name="toy", evidence=Evidence.ASSUMED),),
    lines=(Line(scheme="tcp"),),
    options=_Options,
    session=lambda _options, _datagrams: Toy(),
    simulator=lambda _simulated: Toy(),
    silence_s=SILENCE_S,
)


class Kept:
    """Where entries go, and who waits for them."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.inputs: dict[str, int] = {}
        self.batches: list[tuple[int, int]] = []

    async def append(self, entries: Sequence[Entry], inputs: dict[str, int]) -> None:
        self.entries += entries
        self.inputs.update(inputs)
        self.batches.append((len(entries), inputs.get("d", 0)))

    @property
    def values(self) -> list[float | None]:
        return [entry.value for entry in self.entries if isinstance(entry, Reading)]


def made(kept: Kept) -> tuple[Runner, Metrics]:
    clock = MachineClock()
    metrics = Metrics("OR", clock.utc_us)
    runner = Runner(
        name="d",
        port="tcp://x:1",
        spec=SPEC,
        new_session=lambda _datagrams: Toy(),
        normalizer=Normalizer(bed="OR", device="d"),
        append=kept.append,
        clock=clock,
        metrics=metrics,
    )
    return runner, metrics


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def living(runner: Runner, connect: Callable[[], Awaitable[Transport]]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(runner.run(connect))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_asks_receives_and_says_goodbye() -> None:
    kept = Kept()
    runner, _ = made(kept)
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner, connect):
        assert await device.read() == b"?"
        await device.write(b"A1B")
        await until(lambda: kept.values == [65.0, 66.0])
        assert (runner.status.state, runner.status.frames, runner.status.rejected) == (DeviceState.RECEIVING, 2, 1)
        assert runner.status.last_frame_us is not None
    assert await device.read() == b"!"


async def test_two_equal_values_of_one_read_are_two_readings() -> None:
    kept = Kept()
    runner, _ = made(kept)
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner, connect):
        await device.write(b"AA")
        await until(lambda: len(kept.entries) == 2)
    times = {entry.time_us for entry in kept.entries if isinstance(entry, Reading)}
    assert len(times) == 2


@pytest.mark.parametrize(("sent", "cause"), [(b"", "no bytes"), (b"\x00" * 9, "bytes come but no good frame")])
async def test_silence_is_told_with_its_likely_cause_and_ends_when_frames_come(sent: bytes, cause: str) -> None:
    kept = Kept()
    runner, _ = made(kept)
    ends: list[Transport] = []

    async def connect() -> Transport:
        ours, device = memory_pair()
        ends.append(device)
        if sent:
            await device.write(sent)
        return ours

    async with living(runner, connect):
        await until(lambda: runner.status.state is DeviceState.SILENT)
        assert cause in runner.status.cause
        await until(lambda: len(ends) >= 2)
        assert runner.status.state is DeviceState.SILENT
        await ends[-1].write(b"C")
        await until(lambda: runner.status.state is DeviceState.RECEIVING)
        assert kept.values == [67.0]


async def test_a_port_that_cannot_be_opened_is_tried_again() -> None:
    kept = Kept()
    runner, _ = made(kept)
    ours, device = memory_pair()
    tries = 0

    async def connect() -> Transport:
        nonlocal tries
        tries += 1
        if tries < 2:
            raise LinkError("/dev/x is not there")
        return ours

    async with living(runner, connect):
        await until(lambda: runner.status.state is DeviceState.WAITING)
        assert runner.status.cause == "/dev/x is not there"
        await device.write(b"D")
        await until(lambda: kept.values == [68.0])


async def test_a_driver_that_raises_restarts_and_others_do_not_notice() -> None:
    kept = Kept()
    runner, metrics = made(kept)
    pairs = [memory_pair(), memory_pair()]
    opened = iter(pairs)

    async def connect() -> Transport:
        return next(opened)[0]

    async with living(runner, connect):
        await pairs[0][1].write(b"X")
        await until(lambda: runner.status.state is DeviceState.WAITING)
        await pairs[1][1].write(b"E")
        await until(lambda: kept.values == [69.0])
    assert b'vitalsd_driver_errors_total{bed="OR",device="d",driver="toy"} 1.0' in metrics.text()


async def test_a_refusal_is_a_state_of_its_own() -> None:
    kept = Kept()
    runner, _ = made(kept)
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner, connect):
        await device.write(b"Z")
        await until(lambda: runner.status.state is DeviceState.REFUSED)
        assert "busy" in runner.status.cause


async def test_metrics_tell_frames_garbage_state_and_age() -> None:
    kept = Kept()
    runner, metrics = made(kept)
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner, connect):
        await device.write(b"AB12")
        await until(lambda: len(kept.entries) == 2)
        text = metrics.text().decode()
    labels = 'bed="OR",device="d",driver="toy"'
    assert f"vitalsd_frames_total{{{labels}}} 2.0" in text
    assert f'vitalsd_rejected_total{{{labels},reason="toy"}} 2.0' in text
    assert f'vitalsd_device_state{{{labels},state="receiving"}} 1.0' in text
    assert f'vitalsd_device_state{{{labels},state="silent"}} 0.0' in text
    assert 'vitalsd_data_age_seconds{bed="OR",code="MDC_ECG_HEART_RATE",device="d",driver="toy"} ' in text


def replayed(tmp_path: Path, done: int) -> Kept:
    file = tmp_path / "x.raw"
    file.write_bytes(b"AB1CDE")
    kept = Kept()
    runner, _ = made(kept)
    arguments: Any = (Recording(path=file, datagrams=False), 1_000_000_000, float("inf"), done)
    asyncio.run(runner.replay(*arguments))
    assert runner.status.state is DeviceState.ENDED
    return kept


def test_a_replay_takes_its_times_from_the_devices_ticks(tmp_path: Path) -> None:
    kept = replayed(tmp_path, 0)
    got = [(entry.value, entry.time_us) for entry in kept.entries if isinstance(entry, Reading)]
    ticks = {65.0: 0, 66.0: 1, 67.0: 3, 68.0: 4, 69.0: 5}
    assert got == [(value, 1_000_000_000 + tick * 1_000_000) for value, tick in ticks.items()]
    assert kept.inputs == {"d": 5}


def test_a_killed_replay_goes_on_after_the_frames_that_were_journaled(tmp_path: Path) -> None:
    whole = replayed(tmp_path, 0).entries
    assert replayed(tmp_path, 3).entries == whole[3:]
    assert replayed(tmp_path, 5).batches == []
