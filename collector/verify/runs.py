"""A device's waves: which samples were kept, in their order, once, at their time. Pure."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np

from collector.model import Channel, Waveform, WavePiece
from collector.verify.testimony import SETTLE_US, SLACK_US, WAY_US, Found, Life, Said, Stream, same_place, signal
from collector.waves import chains, end_us_of

JITTER_S = 0.1
"""A run that begins anew at its arrival may seem to leave out so much, or to overlap."""

_BYTES = 4


class _Wave:
    """The samples that a device said of one wave: the same channel, rate, scale, offset, quality and demo flag."""

    def __init__(self, told: Sequence[tuple[Said, Waveform]]) -> None:
        lengths = [len(wave.data) // _BYTES for _, wave in told]
        self.channel = told[0][1].channel
        self.rate_hz = told[0][1].rate_hz
        self.said_us = np.repeat(np.array([one.time_us for one, _ in told], np.int64), lengths)
        self.may = np.repeat(np.array([one.may for one, _ in told], np.bool_), lengths)
        self.kept = np.zeros(self.said_us.size, np.bool_)
        self._data = b"".join(wave.data for _, wave in told)
        self._life = -1
        self._end = self._end_us = 0

    def take(self, life: Life, run: Sequence[WavePiece]) -> bool:
        """Find pieces that go on from each other, after the last ones of their life; False where nobody said them then.

        Where they could be at several places, they are at the one that is as far from the last ones' as their time is.
        """
        data = b"".join(piece.data for piece in run)
        ends = np.cumsum([piece.n for piece in run])
        ends_us = np.array([end_us_of(piece) for piece in run], np.int64)
        n = int(ends[-1])

        def fits(place: int) -> bool:
            said_us = self.said_us[place : place + n]
            return (
                said_us.size == n
                and int(said_us[0]) > life.first_us
                and int(said_us[-1]) <= life.seen_us + SLACK_US
                and bool((np.abs(said_us[ends - 1] - ends_us) <= WAY_US).all())
                and not self.kept[place : place + n].any()
            )

        begin, end = np.searchsorted(self.said_us, [ends_us[0] - WAY_US, ends_us[-1] + WAY_US], side="right").tolist()
        begin -= min(begin, run[0].n - 1)  # its first samples may have been said before
        if self._life == life.number:
            begin = max(begin, self._end)
            gap_s = (run[0].start_us - self._end_us) / 1e6
            due = self._end + (round(gap_s * self.rate_hz) if gap_s > JITTER_S else 0)
        else:
            due = int(np.searchsorted(self.said_us, ends_us[-1])) - n
        if begin <= due and self._data[due * _BYTES : (due + n) * _BYTES] == data and fits(due):
            place = due  # a wave that stands still would be at thousands of places
        else:
            places = [place for place in self._places(data, begin, end) if fits(place)]
            if not places:
                return False
            place = min(places, key=lambda place: abs(place - due))
        self._life, self._end, self._end_us = life.number, place + n, int(ends_us[-1])
        self.kept[place : self._end] = True
        return True

    def stream(self) -> Stream:
        return Stream(
            names=np.full(self.said_us.size, self.channel.code),
            said_us=self.said_us,
            which=np.arange(self.said_us.size),
            may=self.may,
            kept=self.kept,
            waves=True,
        )

    def _places(self, data: bytes, begin: int, end: int) -> Iterator[int]:
        """Where these samples are."""
        at = self._data.find(data, begin * _BYTES, end * _BYTES)
        while at >= 0:
            if at % _BYTES == 0:
                yield at // _BYTES
            at = self._data.find(data, at + 1, end * _BYTES)


def find_waves(told: Sequence[Said], kept: Sequence[tuple[Life, WavePiece]]) -> Found:
    """`told`: waveforms of one device in order of time; `kept`: its pieces in the order of their arrival.

    Pieces that go on from each other are one run, which is at fewer places than each of them; where it is nowhere, it
    is each of them that is looked for.
    """
    by_key: dict[Hashable, list[tuple[Said, Waveform]]] = defaultdict(list)
    for one in told:
        if isinstance(one.event, Waveform):
            by_key[_key(one.event.channel, one.event)].append((one, one.event))
    waves = {key: _Wave(runs) for key, runs in by_key.items()}
    out = Found()
    by_life: dict[int, tuple[Life, list[WavePiece]]] = {}
    for life, piece in kept:
        by_life.setdefault(life.number, (life, []))[1].append(piece)
    for life, pieces in by_life.values():
        settled_us = end_us_of(pieces[0]) + SETTLE_US
        for run in chains(pieces):
            if not _take(out, waves, life, run, settled_us):
                for piece in run:
                    if not _take(out, waves, life, [piece], settled_us):
                        out.invented += piece.n
                        out.odd.add(f"invented: {piece.series.device} {piece.series.channel.code}")
    out.streams += [wave.stream() for wave in waves.values()]
    return out


def _take(out: Found, waves: Mapping[Hashable, _Wave], life: Life, run: Sequence[WavePiece], settled_us: int) -> bool:
    """In its own wave; or, while a new dialogue may not know more than the device's id, in another one."""
    channel = run[0].series.channel
    exact = waves.get(_key(channel, run[0]))
    if exact is not None and exact.take(life, run):
        return True
    if end_us_of(run[-1]) > settled_us:
        return False
    loose = (wave for wave in waves.values() if wave is not exact and signal(channel) == signal(wave.channel))
    if not any(wave.take(life, run) for wave in loose):
        return False
    out.elsewhere += sum(piece.n for piece in run)
    return True


def _key(channel: Channel, wave: Waveform | WavePiece) -> Hashable:
    return same_place(channel), wave.rate_hz, wave.scale, wave.offset, wave.quality, wave.demo
