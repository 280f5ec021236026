"""Realtime records → runs of samples. Source: fact sheet draeger-medibus §6."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from collector.model import Channel, Event, Frame, Observation, Quality, Rejected, Waveform
from drivers.draeger_medibus.frames import Record
from drivers.draeger_medibus.replies import Stream

BATCH_US = 250_000
"""Samples are handed on in pieces of this duration: few events, and still live."""
MAX_SLOTS = 512
"""… and at most this many sample times, whatever interval a device claims."""

UNCONFIGURED = "unconfigured"
"""Samples of a stream of which nobody has said what it carries."""

PHASE = Channel(code="VND_DRAEGER_RESP_PHASE", source="C6", unit="")
PHASES: Mapping[int, str] = {0: "inspiration", 1: "expiration"}
"""Sync command C6: the phase that begins."""
MAX_BATCH_BYTES = 16_384
"""A batch is handed on at this many bytes, also where its records hold no samples."""


@dataclass(slots=True)
class _Pace:
    """Streams of the same period. Each record that holds any of them is one sample time of all of them."""

    period_us: int
    slots: int = 0


@dataclass(slots=True, kw_only=True)
class _Run:
    """One stream: its samples since the last piece. `gap`: samples missing before the run; None is not known."""

    channel: Channel
    scale: float
    offset: float
    pace: _Pace
    bins: list[int] = field(default_factory=list)
    first: int = 0
    gap: int | None = None
    pieces: list[tuple[list[int], int, int | None]] = field(default_factory=list)

    def cut(self) -> None:
        """End the run here, if there is one."""
        if self.bins:
            self.pieces.append((self.bins, self.first, self.gap))
            self.bins, self.gap = [], 0

    def miss(self) -> None:
        self.cut()
        if self.gap is not None:
            self.gap += 1

    def take(self, count: int) -> None:
        if not self.bins:
            self.first = self.pace.slots - 1
        self.bins.append(count)


class Streams:
    """Which stream carries which parameter, and the samples since the last piece."""

    def __init__(self, streams: Iterable[tuple[Channel, Stream, int]]) -> None:
        """`streams`: channel, what the device offers, multiplier; of streams 1, 2, … in order."""
        paces: dict[int, _Pace] = {}
        self._runs: list[_Run] = []
        for channel, stream, times in streams:
            period_us = stream.interval_us * times
            self._runs.append(
                _Run(
                    channel=channel,
                    scale=(stream.maximum - stream.minimum) / stream.max_bin,
                    offset=stream.minimum,
                    pace=paces.setdefault(period_us, _Pace(period_us)),
                )
            )
        self._paces = tuple(paces.values())
        self._fastest = min(paces.values(), key=lambda pace: pace.period_us, default=_Pace(0))

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, values: Sequence[tuple[int, int]]) -> int | None:
        """Take a record's values; return the time that it advances by, or None where a stream is not configured.

        A stream whose equals in pace have a sample in a record, and it has not, misses one sample (§6: skipped).
        """
        runs = self._runs
        bins = dict(values)
        if not all(0 < stream <= len(runs) for stream in bins):
            return None
        present = {id(runs[stream - 1].pace) for stream in bins}
        for pace in self._paces:
            pace.slots += id(pace) in present
        for stream, run in enumerate(runs, 1):
            if stream in bins:
                run.take(bins[stream])
            elif id(run.pace) in present:
                run.miss()
        return self._fastest.period_us if id(self._fastest) in present else 0

    def full(self) -> bool:
        return any(pace.slots * pace.period_us >= BATCH_US or pace.slots >= MAX_SLOTS for pace in self._paces)

    def lose(self) -> None:
        """Bytes of the realtime stream were lost: how many samples is not known."""
        for run in self._runs:
            run.cut()
            run.gap = None

    def flush(self, demo: bool) -> list[Waveform]:
        """The pieces since the last flush; their start is relative to the newest sample time."""
        found: list[Waveform] = []
        for run in self._runs:
            run.cut()
            found.extend(
                Waveform(
                    channel=run.channel,
                    rate_hz=1_000_000 / run.pace.period_us,
                    data=np.array(bins, dtype="<i4").tobytes(),
                    scale=run.scale,
                    offset=run.offset,
                    demo=demo,
                    gap_samples=gap,
                    start_us=(first - run.pace.slots + 1) * run.pace.period_us,
                )
                for bins, first, gap in run.pieces
            )
            run.pieces.clear()
        for pace in self._paces:
            pace.slots = 0
        return found


class Waves:
    """The realtime side of the link: what is offered, what was configured, and the records of it.

    Its clock is the sample clock of the fastest stream.
    """

    def __init__(self) -> None:
        self.offered: tuple[Stream, ...] = ()
        self.demo = False
        self._wanted: Streams | None = None
        self._streams: Streams | None = None
        self._offset = 0
        self._length = 0
        self._phases: list[int] = []

    def assign(self, streams: Sequence[tuple[bytes, int]], channels: Mapping[bytes, Channel]) -> None:
        """Streams 1, 2, … are to carry these codes, each with its multiplier: true from the answer to 54H on."""
        offered = {stream.code: stream for stream in self.offered}
        if streams and all(code in offered for code, _ in streams):
            self._wanted = Streams((channels[code], offered[code], times) for code, times in streams)

    def configured(self) -> None:
        """54H has been answered."""
        if self._wanted is not None:
            self._streams, self._wanted = self._wanted, None

    def forget(self) -> None:
        """The link has been initialised: nothing is configured any more."""
        self.offered, self._wanted, self._streams = (), None, None

    @property
    def count(self) -> int:
        """How many streams are configured, as far as is known."""
        return 0 if self._streams is None else len(self._streams)

    def lose(self) -> None:
        """Realtime bytes were lost: how many samples is not known."""
        if self._streams is not None:
            self._streams.lose()

    def add(self, record: Record) -> tuple[int, Rejected | None]:
        """Take a record; return the time in µs by which it advances, and what is wrong with it."""
        if self._streams is None:
            self.configured()  # a recording that begins after the answer
        advance_us = self._streams.add(record.values) if self._streams is not None else None
        if advance_us is None:
            return 0, Rejected(offset=record.offset, length=record.length, reason=UNCONFIGURED)
        if not self._length:
            self._offset = record.offset
        self._length += record.length
        self._phases.extend(argument for command, argument in record.commands if command == 6)
        return advance_us, None

    def full(self) -> bool:
        """Whether it is time to flush: a batch is there, or a phase, which is a value and waits for no wave."""
        full = self._streams is not None and self._streams.full()
        return full or bool(self._phases) or self._length >= MAX_BATCH_BYTES

    def flush(self, tick_us: int) -> list[Event]:
        """One frame of kind "realtime" with the pieces since the last flush; none where nothing has come."""
        if not self._length:
            return []
        found: list[Event] = [Frame(offset=self._offset, length=self._length, kind="realtime", tick_us=tick_us)]
        if self._streams is not None:
            found.extend(self._streams.flush(self.demo))
        for argument in self._phases:
            phase = PHASES.get(argument)
            quality = Quality.INVALID if phase is None else Quality.VALID
            found.append(Observation(channel=PHASE, value=phase, quality=quality, demo=self.demo))
        self._length = 0
        self._phases.clear()
        return found
