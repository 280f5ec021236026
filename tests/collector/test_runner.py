"""One device's life, with a toy protocol of frames of one byte.

b"A" to b"T" is a value, b"U" and b"V" are two pressures that stand when first told, b"Y" the device's clock, b"W" its
farewell, b"Z" a refusal, b"X" a fault in the driver, anything else garbage.
"""

import asyncio
import math
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import BaseModel

from collector.clock import MachineClock, Step
from collector.driver import DriverSpec, Evidence, Line, Model
from collector.errors import JournalError, LinkError
from collector.metrics import Metrics
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Association,
    AssociationState,
    Channel,
    Condition,
    DeviceClock,
    Entry,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Priority,
    Reading,
    Rejected,
)
from collector.normalize import Normalizer
from collector.placing import OneBed
from collector.recording import Recording
from collector.runner import MOST_UNCOMMITTED, Runner
from collector.status import DeviceState, LinkFault
from collector.transport import open_port
from collector.transport.base import Transport, parse_port
from collector.transport.memory import memory_pair

CHANNEL = Channel(code="MDC_ECG_HEART_RATE", source="toy", unit="/min")
CUFF = tuple(Channel(code=f"MDC_PRESS_BLD_NONINV_{part}", source=part, unit="mm[Hg]") for part in ("SYS", "DIA"))
SILENCE_S = 0.15
PATIENCE_S = 60.0
START_US = 1_000_000_000
CLOCK_US = START_US + 5_000_000


class Toy:
    """A session whose farewell is b"!" and whose request, due at once, is b"?"."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._asked = False
        self._n = 0
        self._held: Sequence[Event] = ()
        self._cuff = 0

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        del now
        events: list[Event] = []
        for byte in data:
            self._n += 1
            if byte == ord("X"):
                raise RuntimeError("a fault in the driver")
            if byte == ord("+"):  # a value that is told only at the end, as unfinished runs of samples are
                frame = Frame(offset=self._n - 1, length=1, kind="value", tick_us=self._n * 1_000_000)
                self._held = (frame, Observation(channel=CHANNEL, value=float(byte)))
                continue
            if not ord("A") <= byte <= ord("Z"):
                events.append(Rejected(offset=self._n - 1, length=1, reason="toy"))
                continue
            events.append(Frame(offset=self._n - 1, length=1, kind="value", tick_us=self._n * 1_000_000))
            if byte == ord("Z"):
                events.append(Association(state=AssociationState.REFUSED, reason="busy"))
            elif byte == ord("W"):
                events.append(Association(state=AssociationState.ENDED, reason="standby"))
            elif byte == ord("Y"):
                events.append(DeviceClock(time_us=CLOCK_US))
            elif byte in b"UV":
                pressures = zip(CUFF, (120.0, float(byte)), strict=True)
                events += (Observation(channel=c, value=v, standing=not self._cuff) for c, v in pressures)
                self._cuff = byte
            else:
                events.append(Observation(channel=CHANNEL, value=float(byte)))
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
        held, self._held = self._held, ()
        return held


class _Options(BaseModel):
    pass


SPEC = DriverSpec(
    name="toy",
    vendor="nobody",
    title="toy",
    models=(Model(name="toy", evidence=Evidence.ASSUMED),),
    parts={"frames": Evidence.ASSUMED},
    lines=(Line(scheme="tcp"),),
    options=_Options,
    session=lambda _options, _datagrams, _standing: Toy(),
    simulator=lambda _simulated: Toy(),
    silence_s=3600.0,
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
        self.batches.append((len(entries), max(inputs.values(), default=0)))

    @property
    def values(self) -> list[float | None]:
        return [entry.value for entry in self.entries if isinstance(entry, Reading)]


def made(
    kept: Kept, port: str = "tcp://x:1", session: Callable[[], Toy] = Toy, silence_s: float = SPEC.silence_s
) -> tuple[Runner, Metrics]:
    clock = MachineClock()
    metrics = Metrics("OR", clock.utc_us)
    runner = Runner(
        name="d",
        port=port,
        spec=replace(SPEC, session=lambda _options, _datagrams, _standing: session(), silence_s=silence_s),
        options=_Options(),
        placing=OneBed(Normalizer(bed="OR", device="d")),
        append=kept.append,
        clock=clock,
        metrics=metrics,
    )
    return runner, metrics


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def living(runner: Runner, connect: Callable[[], Awaitable[Transport]]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(runner.run(connect, {}))
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


async def test_what_the_first_frame_tells_is_told_since_the_device_is_received() -> None:
    kept = Kept()
    runner, _ = made(kept)
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner, connect):
        await device.write(b"AB")
        await until(lambda: len(kept.entries) == 2)
        (first, second) = [entry.time_us for entry in kept.entries if isinstance(entry, Reading)]
        assert runner.status.since_us == first < second


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


class SlowKept(Kept):
    """A disk that holds each commit until it may end."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = asyncio.Semaphore(0)
        self.held = self.most_held = 0

    async def append(self, entries: Sequence[Entry], inputs: dict[str, int]) -> None:
        self.held += len(entries)
        self.most_held = max(self.most_held, self.held)
        async with self.may_end:
            self.held -= len(entries)
            await super().append(entries, inputs)
        self.may_end.release()


async def test_what_comes_while_the_disk_holds_a_commit_has_the_time_when_it_came() -> None:
    kept = SlowKept()
    runner, metrics = made(kept)
    ours, device = memory_pair()
    bounds_us = [runner._clock.utc_us()]

    async def connect() -> Transport:
        return ours

    async with living(runner, connect):
        for frames, byte in enumerate((b"A", b"B", b"C"), 1):
            await device.write(byte)
            await until(lambda: runner.status.frames == frames)  # noqa: B023
            bounds_us.append(runner._clock.utc_us())
        assert kept.values == []
        assert b'vitalsd_uncommitted{bed="OR",device="d",driver="toy"} 3.0' in metrics.text()
        kept.may_end.release()
        await until(lambda: b'vitalsd_uncommitted{bed="OR",device="d",driver="toy"} 0.0' in metrics.text())
    times_us = [entry.time_us for entry in kept.entries if isinstance(entry, Reading)]
    assert kept.values == [65.0, 66.0, 67.0]
    assert all(low <= time_us <= high for low, time_us, high in zip(bounds_us, times_us, bounds_us[1:], strict=False))


async def test_a_disk_that_takes_nothing_for_long_holds_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.runner.MOST_UNCOMMITTED", 3)
    kept = SlowKept()
    runner, _ = made(kept)
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner, connect):
        for _ in range(10):
            await device.write(b"A")
        await until(lambda: kept.held == 4)
        kept.may_end.release()
        await until(lambda: len(kept.values) == 10)
    assert kept.most_held == 4


@pytest.mark.parametrize("failing", [1, 3])
async def test_a_journal_that_takes_nothing_ends_the_life_of_a_device(failing: int) -> None:
    class Failing(Kept):
        async def append(self, entries: Sequence[Entry], inputs: dict[str, int]) -> None:
            await super().append(entries, inputs)
            if len(self.entries) >= failing:
                raise JournalError("no room")

    kept = Failing()
    runner, _ = made(kept)
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner, connect) as life:
        for byte in b"ABCD":
            await device.write(bytes([byte]))
        await until(lambda: life.done() or kept.values == [65.0, 66.0, 67.0, 68.0])
    with pytest.raises(JournalError, match="no room"):
        await life


async def test_a_commit_that_a_device_waits_for_when_it_is_stopped_fails_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("collector.runner.MOST_UNCOMMITTED", 0)
    commit: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waits = asyncio.Event()

    class Stalled(Kept):
        async def append(self, entries: Sequence[Entry], inputs: dict[str, int]) -> None:
            del entries, inputs
            waits.set()
            await commit

    runner, _ = made(Stalled())
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    await device.write(b"A")
    life = asyncio.create_task(runner.run(connect, {}))
    await waits.wait()
    life.cancel()
    await asyncio.sleep(0)
    await device.close()
    commit.set_exception(JournalError("no room"))
    with pytest.raises(JournalError, match="no room"):
        await life


async def test_a_cuff_pressure_that_still_stands_when_the_cable_is_in_again_is_not_stored_again() -> None:
    kept = Kept()
    runner, metrics = made(kept)
    told = iter((b"U", b"AU", b"BV"))

    async def connect() -> Transport:
        ours, device = memory_pair()
        await device.write(next(told, b""))
        await device.close()
        return ours

    async with living(runner, connect):
        await until(lambda: ord("V") in kept.values)
    assert kept.values == [120.0, ord("U"), ord("A"), ord("B"), 120.0, ord("V")]
    assert metrics.repeats.labels("OR", "d", "toy")._value.get() == 2


@pytest.mark.parametrize(("sent", "cause"), [(b"", "no bytes"), (b"\x00" * 9, "bytes come but no good frame")])
async def test_silence_is_told_with_its_likely_cause_and_ends_when_frames_come(sent: bytes, cause: str) -> None:
    kept = Kept()
    runner, _ = made(kept, silence_s=SILENCE_S)
    ends: list[Transport] = []
    speaks = False

    async def connect() -> Transport:
        ours, device = memory_pair()
        ends.append(device)
        if speaks:
            await device.write(b"C")
        return ours

    async def babble() -> None:
        while True:
            if ends and sent:
                await ends[-1].write(sent)
            await asyncio.sleep(SILENCE_S / 10)

    async with living(runner, connect):
        babbling = asyncio.create_task(babble())
        await until(lambda: runner.status.state is DeviceState.SILENT)
        assert cause in runner.status.cause
        await until(lambda: len(ends) >= 2)
        assert runner.status.state is DeviceState.SILENT
        assert cause in runner.status.cause
        assert kept.values == []
        babbling.cancel()
        speaks = True
        await until(lambda: runner.status.state is DeviceState.RECEIVING)
        await until(lambda: 67.0 in kept.values)


async def test_a_device_that_was_heard_and_sends_nothing_more_is_not_told_of_a_wrong_speed() -> None:
    runner, _ = made(Kept(), silence_s=SILENCE_S)
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner, connect):
        await device.write(b"A\x00")
        await until(lambda: runner.status.state is DeviceState.SILENT)
        assert "no bytes" in runner.status.cause


SILENT, UNREACHABLE, GONE = LinkFault.SILENT, LinkFault.UNREACHABLE, LinkFault.PORT_GONE
ENDED, REFUSED, FAILED = LinkFault.ENDED, LinkFault.REFUSED, LinkFault.FAILED
LINE, NET = "serial:///dev/x", "udp://x:1"
HANGS_UP = b"-"


@pytest.mark.parametrize(
    ("port", "said", "state", "fault"),
    [
        (LINE, b"", DeviceState.SILENT, SILENT),
        (NET, b"", DeviceState.SILENT, UNREACHABLE),
        (NET, b"A", DeviceState.SILENT, UNREACHABLE),
        (LINE, b"A", DeviceState.SILENT, SILENT),
        (LINE, b"A" + HANGS_UP, DeviceState.WAITING, GONE),
        ("tcp://x:1", b"A" + HANGS_UP, DeviceState.WAITING, ENDED),
        (NET, b"AW", DeviceState.ASSOCIATING, ENDED),
        (NET, b"AW", DeviceState.SILENT, ENDED),
        (LINE, b"W", DeviceState.SILENT, ENDED),
        (NET, b"Z", DeviceState.REFUSED, REFUSED),
        (NET, b"Z", DeviceState.SILENT, REFUSED),
        (NET, b"ZA", DeviceState.SILENT, UNREACHABLE),
        (LINE, b"AX", DeviceState.WAITING, FAILED),
    ],
)
async def test_why_a_device_is_not_received_is_told(
    port: str, said: bytes, state: DeviceState, fault: LinkFault
) -> None:
    runner, _ = made(Kept(), port, silence_s=SILENCE_S)

    async def connect() -> Transport:
        ours, device = memory_pair(datagrams=False)
        for byte in said.removesuffix(HANGS_UP):
            await device.write(bytes([byte]))
        if said.endswith(HANGS_UP):
            await device.close()
        return ours

    async with living(runner, connect):
        await until(lambda: (runner.status.state, runner.status.fault) == (state, fault))


@pytest.mark.parametrize(("port", "fault"), [(LINE, GONE), (NET, UNREACHABLE), ("tcp-listen://x:1", UNREACHABLE)])
async def test_why_a_port_cannot_be_opened_is_told(port: str, fault: LinkFault) -> None:
    runner, _ = made(Kept(), port)

    async def connect() -> Transport:
        raise LinkError("no")

    async with living(runner, connect):
        await until(lambda: runner.status.state is DeviceState.WAITING)
        assert runner.status.fault is fault


async def test_a_device_that_is_received_has_no_fault_and_its_silence_another_one() -> None:
    runner, _ = made(Kept(), LINE, silence_s=SILENCE_S)
    says = b"W"

    async def connect() -> Transport:
        ours, device = memory_pair()
        await device.write(says)
        return ours

    async with living(runner, connect):
        await until(lambda: runner.status.fault is ENDED)
        says = b"A"
        await until(lambda: runner.status.fault is None and runner.status.state is DeviceState.RECEIVING)
        await until(lambda: runner.status.fault is SILENT)


async def test_what_came_while_this_process_stood_still_is_no_silence() -> None:
    class StandingStill(Kept):
        async def append(self, entries: Sequence[Entry], inputs: dict[str, int]) -> None:
            await super().append(entries, inputs)
            if self.values == [65.0]:
                devices[0].sendall(b"B")
                time.sleep(2 * SILENCE_S)  # noqa: ASYNC251  what is tried

    kept = StandingStill()
    runner, _ = made(kept, silence_s=SILENCE_S)
    devices: list[socket.socket] = []
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = parse_port(f"tcp://127.0.0.1:{server.getsockname()[1]}")

        async def connect() -> Transport:
            transport = await open_port(port)
            devices.append(stack.enter_context(server.accept()[0]))
            devices[-1].sendall(b"A")
            return transport

        async with living(runner, connect):
            await until(lambda: len(kept.values) > 1 or len(devices) > 1)
    assert kept.values == [65.0, 66.0]


class Endless:
    """A transport that always has something at once: a value, or its end when the farewell was written."""

    datagrams = False

    def __init__(self) -> None:
        self.data = b"A"

    async def read(self) -> bytes:
        return self.data

    async def write(self, data: bytes) -> None:
        if data == b"!":
            self.data = b""

    async def close(self) -> None: ...


async def test_a_flood_leaves_others_their_turn_and_a_stream_that_ends_at_the_farewell_ends_it() -> None:
    runner, _ = made(Kept())
    flood = Endless()

    async def connect() -> Transport:
        return flood

    async with living(runner, connect):
        await until(lambda: runner.status.frames > 0)
        assert runner.status.frames < MOST_UNCOMMITTED // 2
    assert flood.data == b""


async def test_a_new_dialogue_is_told_which_alarms_stand() -> None:
    """Those of the journal, then as the device has changed them; of a demonstration too."""

    class Alarming(Toy):
        def __init__(self, standing: Sequence[AlarmCondition]) -> None:
            super().__init__()
            self._standing = standing

        def receive(self, data: bytes, now: float) -> Sequence[Event]:
            told.append(self._standing)
            frames = super().receive(data, now)
            return [*frames, alarm("b", AlarmPhase.CONTINUE), alarm("c"), alarm("a", AlarmPhase.END)]

    def alarm(source: str, phase: AlarmPhase = AlarmPhase.START) -> AlarmCondition:
        return AlarmCondition(source=source, type=AlarmType.TECHNICAL, priority=Priority.LOW, phase=phase)

    told: list[Sequence[AlarmCondition]] = []
    stored = [alarm("a"), alarm("b"), alarm("gone"), alarm("gone", AlarmPhase.END)]
    changes = [Condition(bed="OR", device="d", time_us=0, alarm=replace(one, demo=True)) for one in stored]
    kept = Kept()
    clock = MachineClock()
    normalizer = Normalizer(bed="OR", device="d", demo=True)
    normalizer.recall((), changes)
    runner = Runner(
        name="d",
        port="tcp://x:1",
        spec=replace(SPEC, session=lambda _options, _datagrams, standing: Alarming(standing)),
        options=_Options(),
        placing=OneBed(normalizer),
        append=kept.append,
        clock=clock,
        metrics=Metrics("OR", clock.utc_us),
    )

    async def connect() -> Transport:
        ours, device = memory_pair()
        await device.write(b"A")
        await device.close()
        return ours

    async with living(runner, connect):
        await until(lambda: len(told) >= 2)
    assert told[:2] == [[alarm("a"), alarm("b")], [alarm("b"), alarm("c")]]
    assert {entry.alarm.demo for entry in kept.entries if isinstance(entry, Condition)} == {True}


async def test_whom_a_device_told_of_is_known_until_the_next_dialogue_and_is_in_no_text() -> None:
    class Telling(Toy):
        def receive(self, data: bytes, now: float) -> Sequence[Event]:
            whose = PatientIdentity(ids={"patient_id": "4711"}, family="Li")
            return [*super().receive(data, now), *([whose] if data == b"P" else [])]

    runner, _ = made(Kept(), session=Telling)
    ours, device = memory_pair()
    lines = [ours]

    async def connect() -> Transport:
        return lines.pop()

    async with living(runner, connect):
        await device.write(b"P")
        await until(lambda: runner.status.patient is not None)
        assert runner.status.patient == PatientIdentity(ids={"patient_id": "4711"}, family="Li")
        assert not re.search("4711|Li\\b", repr(runner.status))
        again, other = memory_pair()
        lines.append(again)
        await device.close()
        await other.write(b"A")
        await until(lambda: runner.status.frames == 2)
        assert runner.status.patient is None


async def test_a_port_that_cannot_be_opened_is_tried_again() -> None:
    kept = Kept()
    runner, _ = made(kept)
    ours, device = memory_pair()
    tries = 0
    back = asyncio.Event()

    async def connect() -> Transport:
        nonlocal tries
        tries += 1
        if tries < 2:
            raise LinkError("/dev/x is not there")
        await back.wait()
        return ours

    async with living(runner, connect):
        await until(lambda: tries == 2)
        assert runner.status.state is DeviceState.WAITING
        assert runner.status.cause == "/dev/x is not there"
        back.set()
        await device.write(b"D")
        await until(lambda: kept.values == [68.0])


async def test_a_driver_that_raises_restarts_and_others_do_not_notice() -> None:
    kept = Kept()
    runner, metrics = made(kept)
    pairs = [memory_pair(), memory_pair()]
    opened = iter(pairs)
    back = asyncio.Event()

    async def connect() -> Transport:
        ours, device = next(opened)
        if device is pairs[1][1]:
            await back.wait()
        return ours

    async with living(runner, connect):
        await pairs[0][1].write(b"X")
        await until(lambda: runner.status.state is DeviceState.WAITING)
        back.set()
        await pairs[1][1].write(b"E")
        await until(lambda: kept.values == [69.0])
    assert b'vitalsd_driver_errors_total{bed="OR",device="d",driver="toy"} 1.0' in metrics.text()


async def test_a_refusal_is_a_state_of_its_own_until_values_come() -> None:
    runner, _ = made(Kept())
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner, connect):
        await device.write(b"Z")
        await until(lambda: runner.status.state is DeviceState.REFUSED)
        assert "busy" in runner.status.cause
        since_us = runner.status.since_us
        await device.write(b"Z")
        await until(lambda: runner.status.frames == 2)
        assert (runner.status.state, runner.status.since_us) == (DeviceState.REFUSED, since_us)
        await device.write(b"A")
        await until(lambda: runner.status.state is DeviceState.RECEIVING)


async def test_a_driver_that_raises_at_its_farewell_does_not_keep_the_daemon_from_stopping() -> None:
    runner, _ = made(Kept())
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner, connect) as task:
        assert await device.read() == b"?"
        task.cancel()
        assert await device.read() == b"!"
        await device.write(b"X")
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait([task])
        assert task.cancelled()


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


def replayed(tmp_path: Path, done: int, *, speed: float = math.inf, name: str = "x.raw") -> Kept:
    file = tmp_path / name
    file.write_bytes(b"AB1CDE")
    kept = Kept()
    runner, _ = made(kept)
    key = f"d {tmp_path}/x.raw 1970-01-01T00:16:40.000000Z"
    life = runner.replay(Recording(path=file, datagrams=False), START_US, speed, {key: done})
    asyncio.run(asyncio.wait_for(life, PATIENCE_S))
    assert runner.status.state is DeviceState.ENDED
    return kept


@pytest.mark.parametrize("end", ["silence", "hang-up", "stop"])
async def test_what_a_session_still_holds_is_kept_however_the_connection_ends(end: str) -> None:
    kept = Kept()
    runner, _ = made(kept, silence_s=SILENCE_S if end == "silence" else SPEC.silence_s)
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner, connect):
        await device.write(b"A+")
        await until(lambda: 65.0 in kept.values)
        if end == "hang-up":
            await device.close()
        if end != "stop":
            await until(lambda: kept.values == [65.0, 43.0])
    assert kept.values == [65.0, 43.0]


def test_a_replay_stores_what_the_session_holds_at_the_end_once(tmp_path: Path) -> None:
    file = tmp_path / "x.raw"
    file.write_bytes(b"AB+")
    done: dict[str, int] = {}
    for expected in ([65.0, 66.0, 43.0], []):
        kept = Kept()
        runner, _ = made(kept)
        asyncio.run(runner.replay(Recording(path=file, datagrams=False), START_US, math.inf, done))
        done = done or kept.inputs
        assert kept.values == expected


def test_a_replay_takes_its_times_from_the_devices_ticks(tmp_path: Path) -> None:
    kept = replayed(tmp_path, 0)
    got = [(entry.value, entry.time_us) for entry in kept.entries if isinstance(entry, Reading)]
    ticks = {65.0: 0, 66.0: 1, 67.0: 3, 68.0: 4, 69.0: 5}
    assert got == [(value, START_US + tick * 1_000_000) for value, tick in ticks.items()]
    assert list(kept.inputs.values()) == [5]


async def test_a_replay_takes_a_frame_as_a_whole(tmp_path: Path) -> None:
    kept = Kept()
    runner, _ = made(kept)
    for name, frame in (("x.raw", b"U"), ("y.raw", b"V")):
        (tmp_path / name).write_bytes(frame)
        await runner.replay(Recording(path=tmp_path / name, datagrams=False), START_US, math.inf, {})
    assert kept.values == [120.0, ord("U"), 120.0, ord("V")]


def test_a_killed_replay_goes_on_after_the_frames_that_were_journaled(tmp_path: Path) -> None:
    whole = replayed(tmp_path, 0).entries
    assert replayed(tmp_path, 3).entries == whole[3:]
    assert replayed(tmp_path, 5).batches == []


def test_a_killed_replay_does_not_wait_for_what_it_has_stored(tmp_path: Path) -> None:
    assert len(replayed(tmp_path, 4, speed=0.01).entries) == 1


def test_another_recording_of_the_same_device_begins_at_its_beginning(tmp_path: Path) -> None:
    assert len(replayed(tmp_path, 3, name="y.raw").entries) == 5


async def test_the_clock_offset_of_a_replay_is_taken_at_the_recordings_time(tmp_path: Path) -> None:
    file = tmp_path / "x.raw"
    file.write_bytes(b"YAY")
    runner, _ = made(Kept())
    await runner.replay(Recording(path=file, datagrams=False), START_US, math.inf, {})
    assert runner.status.clock_offset_s == 3.0


class SteppedKept(Kept):
    """Before it keeps anything, our clock is set."""

    runner: Runner
    size_us = 0

    async def append(self, entries: Sequence[Entry], inputs: dict[str, int]) -> None:
        self.runner.stepped(Step(old_offset_us=0, new_offset_us=self.size_us, monotonic_us=0))
        await super().append(entries, inputs)


async def test_a_step_of_our_clock_does_not_touch_a_recordings_time(tmp_path: Path) -> None:
    file = tmp_path / "x.raw"
    file.write_bytes(b"YAYBY")
    found = []
    for size_us in (0, -3_600_000_000):
        kept = SteppedKept()
        kept.runner, _ = made(kept)
        kept.size_us = size_us
        await kept.runner.replay(Recording(path=file, datagrams=False), START_US, 1e5, {})
        assert kept.runner.status.clock_offset_s == 1.0
        assert kept.values == [5.0, 65.0, 66.0, 1.0]
        found.append(kept.entries)
    assert found[0] == found[1]
