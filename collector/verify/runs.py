"""A device's waves: which samples were kept, in their order, once, at their time. Pure."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

import numpy as np

from collector.model import Channel, Waveform, WavePiece
from collector.verify.testimony import SETTLE_US, SLACK_US, WAY_US, Found, Life, Said, Stream, same_place, signal
from collector.waves import end_us_of

_BYTES = 4


class _Wave:
    """The samples that a device said of one wave: the same channel, rate, scale, offset, quality and demo flag."""

    def __init__(self, told: Sequence[tuple[Said, Waveform]]) -> None:
        lengths = [len(wave.data) // _BYTES for _, wave in told]
        self.name = told[0][1].channel.code
        self.source = told[0][1].channel.source
        self.rate_hz = told[0][1].rate_hz
        self.said_us = np.repeat(np.array([one.time_us for one, _ in told], np.int64), lengths)
        self.may = np.repeat(np.array([one.may for one, _ in told], np.bool_), lengths)
        self.kept = np.zeros(self.said_us.size, np.bool_)
        self._data = b"".join(wave.data for _, wave in told)
        self._life = -1
        self._end = self._end_us = 0

    def take(self, life: Life, piece: WavePiece) -> bool:
        """Find a piece after the last one of its life; False where nobody said it then.

        Where it could be at several places, it is at the one that is as far from the last piece's as its time is.
        """
        end_us = end_us_of(piece)
        first_us = max(life.first_us, end_us - WAY_US)
        begin, end = np.searchsorted(
            self.said_us, [first_us, min(life.seen_us + SLACK_US, end_us + WAY_US)], side="right"
        ).tolist()
        begin -= min(begin, piece.n - 1)  # its first samples may have been said before
        goes_on = self._life == life.number
        if goes_on:
            begin = max(begin, self._end)
            due = self._end + (piece.start_us - self._end_us) * self.rate_hz / 1e6
        else:
            due = float(np.searchsorted(self.said_us, end_us)) - piece.n
        place = round(due)  # a wave that stands still would be at thousands of places
        if not (
            begin <= place and place + piece.n <= end and self._is(piece, place) and self._free(life, place, piece.n)
        ):
            places = [place for place in self._places(piece.data, begin, end) if self._free(life, place, piece.n)]
            if not places:
                return False
            place = min(places, key=lambda place: abs(place - due))
        self._life, self._end, self._end_us = life.number, place + piece.n, end_us
        self.kept[place : self._end] = True
        return True

    def stream(self) -> Stream:
        return Stream(
            names=np.full(self.said_us.size, self.name),
            said_us=self.said_us,
            which=np.arange(self.said_us.size),
            may=self.may,
            kept=self.kept,
            waves=True,
        )

    def _places(self, run: bytes, begin: int, end: int) -> Iterator[int]:
        """Where a run of samples is."""
        at = self._data.find(run, begin * _BYTES, end * _BYTES)
        while at >= 0:
            if at % _BYTES == 0:
                yield at // _BYTES
            at = self._data.find(run, at + 1, end * _BYTES)

    def _is(self, piece: WavePiece, place: int) -> bool:
        return self._data[place * _BYTES : (place + piece.n) * _BYTES] == piece.data

    def _free(self, life: Life, place: int, n: int) -> bool:
        return not self.kept[place : place + n].any() and bool(self.said_us[place] > life.first_us)


def find_waves(told: Sequence[Said], kept: Sequence[tuple[Life, WavePiece]]) -> Found:
    """`told`: waveforms of one device in order of time; `kept`: its pieces in the order of their arrival."""
    by_key: dict[Hashable, list[tuple[Said, Waveform]]] = defaultdict(list)
    for one in told:
        if isinstance(one.event, Waveform):
            by_key[_key(one.event.channel, one.event)].append((one, one.event))
    waves = {key: _Wave(runs) for key, runs in by_key.items()}
    out = Found()
    settled_us: dict[int, int] = {}
    for life, piece in kept:
        channel = piece.series.channel
        settled_us.setdefault(life.number, end_us_of(piece) + SETTLE_US)
        exact = waves.get(_key(channel, piece))
        if exact is not None and exact.take(life, piece):
            continue
        loose = [
            wave for wave in waves.values() if wave is not exact and signal(channel) == wave.source.partition("/")[0]
        ]
        if end_us_of(piece) <= settled_us[life.number] and any(wave.take(life, piece) for wave in loose):
            out.elsewhere += piece.n
            continue
        out.invented += piece.n
        out.odd.add(f"invented: {piece.series.device} {channel.code}")
    out.streams += [wave.stream() for wave in waves.values()]
    return out


def _key(channel: Channel, wave: Waveform | WavePiece) -> Hashable:
    return same_place(channel), wave.rate_hz, wave.scale, wave.offset, wave.quality, wave.demo
