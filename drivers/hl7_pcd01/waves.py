"""The waveforms of one bed: NA rows and the rows of their attributes.

Source: fact sheets ihe-pcd §5, mindray-and-chinese-hl7 §2. value = sample × resolution.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from collector.model import Channel, Event, Quality, Waveform
from drivers.hl7_pcd01.codes import unit
from drivers.hl7_pcd01.rows import DEMO, Group, Moment, Row
from drivers.hl7_pcd01.signals import Signals, device_of
from drivers.hl7_pcd01.values import number

SAMPLES, ENCAPSULATED = "NA", "ED"
"""OBX-2 of waves; nobody has told how the second holds samples."""
RATE, RESOLUTION, MARKER = "MDC_ATTR_SAMP_RATE", "MDC_ATTR_NU_MSMT_RES", "MDC_EVT_INOP"
"""REFIDs of the attribute rows; their numbers differ by sender."""
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 0.1, 20_000.0
"""No bedside wave is sampled slower or faster."""
JUMP_S = 0.5
"""The times of a gateway are whole seconds of a clock that is set now and then; a wave that begins within this of the
end of the last one continues it."""
LATE_US = 60_000_000
"""A start further than this from when the message was sent is no time of this wave."""
MOST = 512
"""Waves of a bed: twelve leads and some dozens."""

Counts = NDArray[np.int32]


@dataclass(slots=True, kw_only=True)
class _Wave:
    row: Row
    nth: int
    rate_hz: float | None = None
    scale: float = 1.0
    unit: str = ""
    marker: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """Where a wave has ended by the device's clock (µs), and how many samples were missing since; None: unknown."""

    end_us: int | None
    missing: int | None


class Waves:
    """kept: whether they are told at all."""

    def __init__(self, signals: Signals, *, kept: bool) -> None:
        self._signals = signals
        self._kept = kept
        self._ends: dict[Channel, _End] = {}

    def take(self, group: Group, moment: Moment, *, demo: bool) -> tuple[Sequence[Event], Sequence[Row], bool]:
        """The waves of a group, its rows that are none, and whether there were samples that could not be read."""
        waves: list[_Wave] = []
        by_path: dict[str, _Wave] = {}
        others: list[Row] = []
        seen: Counter[tuple[str, str, str]] = Counter()
        bad = False
        for row in group.rows:
            if row.type == ENCAPSULATED:
                bad = True
            elif row.type == SAMPLES:
                alike = (row.observation, row.path, row.site)
                seen[alike] += 1
                wave = by_path[row.path] = _Wave(row=row, nth=seen[alike])
                waves.append(wave)
            elif not (by_path and _attribute(by_path.get(row.path.rpartition(".")[0]), row)):
                others.append(row)
        if not waves or not self._kept:
            return (), others, bad
        events: list[Event] = []
        device = device_of(group)
        start_us, end_us = moment.us(group.order.component(7)), moment.us(group.order.component(8))
        for wave in waves:
            counts = _counts(wave.row)
            if counts is None:
                bad = bad or wave.row.value != ""
                continue
            rate_hz = wave.rate_hz
            if rate_hz is None and start_us is not None and end_us is not None and end_us > start_us:
                rate_hz = len(counts) * 1e6 / (end_us - start_us)
            if rate_hz is None or not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
                bad = True
                continue
            channel = self._signals.of(wave.row, device, wave.nth).channel
            if wave.unit and not wave.row.unit:
                channel = replace(channel, unit=wave.unit)
            events += self._pieces(wave, channel, counts, rate_hz, start_us, moment, demo=demo)
        return events, others, bad

    def _pieces(
        self,
        wave: _Wave,
        channel: Channel,
        counts: Counts,
        rate_hz: float,
        start_us: int | None,
        moment: Moment,
        *,
        demo: bool,
    ) -> Iterator[Waveform]:
        length_us = round(len(counts) * 1e6 / rate_hz)
        missing = self._missing(channel, start_us, rate_hz)
        from_us = -length_us
        if start_us is not None and moment.sent_us is not None and abs(start_us - moment.sent_us) <= LATE_US:
            from_us = start_us - moment.sent_us
        last = 0
        flags = wave.row.flags
        for first, end in _runs(counts, wave.marker, max(1, int(rate_hz))):
            yield Waveform(
                channel=channel,
                rate_hz=rate_hz,
                data=counts[first:end].astype("<i4").tobytes(),
                scale=wave.scale,
                quality=Quality.QUESTIONABLE if "QUES" in flags else Quality.VALID,
                demo=demo or not DEMO.isdisjoint(flags),
                gap_samples=None if missing is None else missing + first - last,
                start_us=from_us + round(first * 1e6 / rate_hz),
            )
            missing, last = 0, end
        missing = None if missing is None else missing + len(counts) - last
        if len(self._ends) >= MOST:
            self._ends.clear()
        self._ends[channel] = _End(end_us=None if start_us is None else start_us + length_us, missing=missing)

    def _missing(self, channel: Channel, start_us: int | None, rate_hz: float) -> int | None:
        """Samples between the last piece and this one by the device's own times; None where they tell nothing."""
        before = self._ends.get(channel)
        if before is None or before.missing is None or before.end_us is None or start_us is None:
            return None
        apart_s = (start_us - before.end_us) / 1e6
        if apart_s < -JUMP_S:
            return None
        return before.missing + (round(apart_s * rate_hz) if apart_s > JUMP_S else 0)


def _attribute(wave: _Wave | None, row: Row) -> bool:
    """Whether a row tells something of that wave."""
    if wave is None:
        return False
    name, value = row.name, number(row.value.strip())
    if name == RATE:
        wave.rate_hz = value
    elif name == RESOLUTION:
        wave.scale = value or 1.0
        wave.unit = unit(row.segment.components(6))
    elif name == MARKER:
        wave.marker = None if value is None else int(value)
    else:
        return False
    return True


def _counts(row: Row) -> Counts | None:
    """The integers of an NA; None where it holds something else."""
    if not row.value:
        return None
    try:
        return np.array(row.value.split(row.segment.delimiters.component), dtype=np.int32)
    except (ValueError, OverflowError):
        return None


def _runs(counts: Counts, marker: int | None, longest: int) -> Iterator[tuple[int, int]]:
    """First and end of each run of samples without a marker, none longer than `longest`."""
    edges = [0, len(counts)]
    if marker is not None:
        valid = np.concatenate(([False], counts != marker, [False]))
        edges = np.flatnonzero(valid[1:] != valid[:-1]).tolist()
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        for start in range(first, end, longest):
            yield start, min(start + longest, end)
