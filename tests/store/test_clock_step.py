"""Our clock is set while a device talks: from the line through runner, journal and delivery into the store."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from collector.clock import MachineClock, Step
from collector.journal import Journal, Writer
from collector.metrics import Metrics
from collector.model import (
    AlarmPhase,
    Channel,
    Condition,
    DeviceClock,
    Entry,
    Event,
    Frame,
    Observation,
    Reading,
    Waveform,
    WavePiece,
)
from collector.normalize import Normalizer
from collector.placing import OneBed
from collector.runner import Runner
from collector.technical import GATEWAY, Technical
from collector.timekeeping import STEP_SHOWN_S, Timekeeper
from collector.timescale import READER
from collector.timescale_reader import TimescaleReader
from collector.transport.base import Transport
from collector.transport.memory import memory_pair
from tests.collector.clocks import Clocks
from tests.collector.test_runner import SPEC, living, until
from tests.contracts.series import EVER
from tests.store.delivering import deliver, stored, wanted

BED = "OR-1"
HEART_RATE = Channel(code="MDC_ECG_HEART_RATE", source="hr", unit="/min")
CUFF = Channel(code="MDC_PRESS_BLD_NONINV_SYS", source="cuff", unit="mm[Hg]")
PLETH = Channel(code="MDC_PULS_OXIM_PLETH", source="pleth", unit="1")
RATE_HZ = 100.0
AHEAD_US = 5_000_000_000
"""The device's clock minus the true time at the beginning."""
CUFF_AGE_S = 20.0


class Monitor:
    """A device and its session in one: b"K" its clock, b"V" a value, b"C" a cuff pressure, b"W" a second of a wave.

    Its clock goes on whatever is done to ours; each value and sample is another number.
    """

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._ahead_us = clocks.wall_us - clocks.monotonic_us + AHEAD_US
        self.samples: list[int] = []
        self._n = 0

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        del now
        events: list[Event] = []
        clock_us = self._clocks.monotonic_us + self._ahead_us
        for kind in data.decode():
            self._n += 1
            events.append(Frame(offset=self._n, length=1, kind=kind))
            if kind == "K":
                events.append(DeviceClock(time_us=clock_us))
            elif kind == "V":
                events.append(Observation(channel=HEART_RATE, value=float(self._n)))
            elif kind == "C":
                measured_us = clock_us - round(CUFF_AGE_S * 1e6)
                events.append(Observation(channel=CUFF, value=float(self._n), device_time_us=measured_us))
            elif kind == "W":
                more = range(len(self.samples), len(self.samples) + round(RATE_HZ))
                events.append(
                    Waveform(
                        channel=PLETH,
                        rate_hz=RATE_HZ,
                        data=np.array(more, "<i4").tobytes(),
                        gap_samples=0 if self.samples else None,
                        start_us=-1_000_000,
                    )
                )
                self.samples += more
        return events

    def outgoing(self) -> bytes:
        return b""

    def deadline(self) -> float | None:
        return None

    def expire(self, now: float) -> Sequence[Event]:
        del now
        return ()

    def close(self, now: float) -> None:
        del now

    def finish(self) -> Sequence[Event]:
        return ()


class Bed:
    """A runner on a line in memory, a timekeeper, and a journal; what they appended is kept beside it."""

    def __init__(self, clocks: Clocks, journal: Journal) -> None:
        self.clocks = clocks
        self.monitor = Monitor(clocks)
        self.clock: MachineClock = clocks.machine()
        self.kept: list[Entry] = []
        self.steps: list[Step] = []
        self._writer = Writer(journal)
        metrics = Metrics(BED, self.clock.utc_us)
        self.runner = Runner(
            name="monitor",
            port="tcp://x:1",
            spec=replace(SPEC, session=lambda _options, _datagrams, _standing: self.monitor, silence_s=3600.0),
            options=object(),
            placing=OneBed(Normalizer(bed=BED, device="monitor")),
            append=self.append,
            clock=self.clock,
            metrics=metrics,
        )
        self._keeper = Timekeeper(
            bed=BED,
            clock=self.clock,
            technical=Technical(BED, self.clock.utc_us),
            metrics=metrics,
            stepped=[self.runner.stepped, self.steps.append],
            synchronised=lambda: True,
        )
        self.ours, self._line = memory_pair()

    async def append(self, entries: Sequence[Entry], inputs: dict[str, int]) -> None:
        await self._writer.append(entries, inputs)
        self.kept += entries

    async def connect(self) -> Transport:
        return self.ours

    async def hear(self, what: str, after_s: float = 1.0) -> list[Entry]:
        """Let time pass, then let the device say something, and return what was kept of it."""
        self.clocks.wait(after_s)
        before, frames = len(self.kept), self.runner.status.frames
        await self._line.write(what.encode())
        await until(lambda: self.runner.status.frames == frames + len(what) and len(self.kept) > before)
        return self.kept[before:]

    async def look(self, after_s: float = 0.0) -> list[Entry]:
        self.clocks.wait(after_s)
        before = len(self.kept)
        await self.append(self._keeper.look(), {})
        return self.kept[before:]

    async def close(self) -> None:
        await self._writer.close()


def time_us(entries: Sequence[Entry]) -> int:
    (reading,) = entries
    assert isinstance(reading, Reading)
    return reading.time_us


def starts_us(entries: Sequence[Entry]) -> list[int]:
    return [entry.start_us for entry in entries if isinstance(entry, WavePiece)]


@pytest.mark.parametrize("size_s", [3600.0, -3600.0, 0.2, -0.2])
async def test_a_step_moves_every_time_at_once_and_loses_and_doubles_nothing(
    store: str, tmp_path: Path, size_s: float
) -> None:
    clocks = Clocks()
    journal = Journal.open(tmp_path / "journal.db", [READER])
    bed = Bed(clocks, journal)
    size_us = round(size_s * 1e6)
    async with living(bed.runner, bed.connect):
        assert await bed.look() == []
        (offset,) = await bed.hear("K")
        assert isinstance(offset, Reading)
        assert (offset.series.channel.code, offset.value) == ("VND_VITALSD_CLOCK_OFFSET", (AHEAD_US - 1) / 1e6)
        began = [await bed.hear("W") for _ in range(3)]
        first_us = starts_us(began[0])[0]
        assert [start for piece in began for start in starts_us(piece)] == [first_us + n * 1_000_000 for n in range(3)]
        assert time_us(await bed.hear("V")) == clocks.wall_us + 1
        assert time_us(await bed.hear("C", 30)) == clocks.wall_us - CUFF_AGE_S * 1e6 + 1

        clocks.set(size_s)
        assert time_us(await bed.hear("V")) == clocks.wall_us - size_us + 1, "the old clock until the step is told"
        step, raised = await bed.look(0.5)
        assert isinstance(step, Reading)
        assert (step.value, step.time_us) == (size_s, clocks.wall_us)
        assert isinstance(raised, Condition)
        assert (raised.device, raised.alarm.phase) == (GATEWAY, AlarmPhase.START)

        assert bed.runner.status.last_frame_us == clocks.wall_us - 500_000
        assert bed.runner.status.since_us <= min(clocks.wall_us, first_us)
        assert bed.runner.status.clock_offset_s == pytest.approx((AHEAD_US - 1 - size_us) / 1e6, abs=1e-6)
        assert time_us(await bed.hear("C", 5)) == clocks.wall_us - CUFF_AGE_S * 1e6 + 1
        assert time_us(await bed.hear("V")) == clocks.wall_us + 1
        went_on = [await bed.hear("W") for _ in range(3)]
        again_us = clocks.wall_us + 1 - 3_000_000
        assert [at for piece in went_on for at in starts_us(piece)] == [again_us + n * 1_000_000 for n in range(3)]
        (offset,) = await bed.hear("K")
        assert isinstance(offset, Reading)
        assert offset.value == (AHEAD_US - 1 - size_us) / 1e6
        (cleared,) = await bed.look(STEP_SHOWN_S)
        assert isinstance(cleared, Condition)
        assert cleared.alarm.phase is AlarmPhase.END

    await bed.close()
    assert [entry for _, entry in journal.read(0, 1_000)] == bed.kept, "the order is the journal's"
    await deliver(store, journal)
    assert stored(store) == wanted(bed.kept)
    reader = TimescaleReader(store)
    pieces = [piece for piece in bed.kept if isinstance(piece, WavePiece)]
    samples = [count for piece in reader.waves(BED, [], *EVER) for count in memoryview(piece.data).cast("i")]
    assert len(pieces) == 6
    assert sorted(samples) == bed.monitor.samples
    (onset, end) = reader.conditions(BED, *EVER)
    assert (onset, end) == (raised, cleared)
    reader.close()
    journal.close()
