"""What simulated devices said against what a journal kept of it. Pure.

A device says more than is kept when nobody listens: while the daemon is down, and until it is heard again. Everything
else that it said is to be kept once, and nothing that it did not say.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from collector.model import Channel, Entry, Event, Observation, Reading, Waveform, WavePiece
from collector.waves import end_us_of

OWN = "VND_VITALSD_"
"""Codes of what the gateway itself says of a device."""

SLACK_US = 2_000
"""Two clocks of one machine, each with an anchor of its own."""

SETTLE_US = 4_000_000
"""From when a device is heard again, perhaps in an old dialogue, so long what it says may be dropped for a new one."""

WAY_US = 3_000_000
"""What is kept in one life may have been said so long before its beginning, where no kill stands between."""

_NEVER_US = 1 << 62
_CHANNEL = 3
"""Parts of a key that name the channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An event of a simulated device. may: it need not have reached anybody whole."""

    time_us: int
    device: str
    event: Event
    may: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An entry of the journal, and in which of the daemon's lives (from 0) it came there."""

    life: int
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Nobody listens to a device (empty: to any) from a time on, until it is heard again. killed: by SIGKILL.

    A life follows each. seen_us: when it was looked what the life before had kept.
    """

    begin_us: int
    seen_us: int
    device: str = ""
    killed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Numbers of values and wave samples.

    lost: said while somebody listened, and not kept; invented: kept, and not said, or kept more often than said.
    gaps_s: of each absence but a last one, how long until every device was heard again; infinite where one was not.
    unjournaled_values_s, unjournaled_waves_s: age of the oldest that was said and not kept at a kill, over all kills.
    way_s: what a value takes from being said to its arrival, 9 of 10; odd: channels of what was lost or invented.
    again: what stands (a setting, a cuff's value) and was kept once more in a later life.
    elsewhere: what was kept under another channel than it was said of.
    """

    said: int
    lost: int
    invented: int
    gaps_s: Sequence[float]
    unjournaled_values_s: float
    unjournaled_waves_s: float
    way_s: float
    odd: Sequence[str]
    again: int
    elsewhere: int


@dataclass(slots=True, kw_only=True)
class _Stream:
    """Values of a device, or samples of one of its waves, in the order of their saying; arrays of shape (n,)."""

    device: str
    names: NDArray[np.str_]
    said_us: NDArray[np.int64]
    may: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    waves: bool


def account(said: Sequence[Said], kept: Sequence[Kept], absences: Sequence[Absence]) -> Account:
    """`said` in order of time; the first absence is the one before the daemon's first start."""
    lives = [
        (
            absence.begin_us if absence.killed else absence.seen_us - WAY_US,
            absences[n + 1].seen_us if n + 1 < len(absences) else _NEVER_US,
        )
        for n, absence in enumerate(absences)
    ]
    ways: list[float] = []
    odd: set[str] = set()
    values, invented, again, elsewhere = _values(said, kept, lives, ways, odd)
    waves, invented_samples = _waves(said, kept, lives, odd)
    lost = 0
    gaps = [0.0] * len(absences)
    ages = {False: 0.0, True: 0.0}
    for stream in (*values, *waves):
        mine = [(n, a) for n, a in enumerate(absences) if a.device in {"", stream.device}]
        for place, (number, absence) in enumerate(mine):
            begin_us = absence.begin_us
            following = mine[place + 1][1] if place + 1 < len(mine) else None
            end_us = following.begin_us if following else _NEVER_US
            inside = np.flatnonzero((stream.said_us > begin_us) & (stream.said_us <= end_us))
            heard = inside[stream.kept[inside]]
            if not heard.size:
                continue
            if not stream.waves:
                gaps[number] = max(gaps[number], (int(stream.said_us[heard[0]]) - begin_us) / 1e6)
            listening = inside[stream.said_us[inside] > stream.said_us[heard[0]] + SETTLE_US]
            missing = listening[~stream.kept[listening] & ~stream.may[listening]]
            late = missing[missing > heard[-1]] if following else missing[:0]
            lost += missing.size - late.size
            odd |= {f"lost: {stream.device} {name}" for name in stream.names[missing[: missing.size - late.size]]}
            if late.size and following and following.killed:
                ages[stream.waves] = max(ages[stream.waves], (end_us - int(stream.said_us[late[0]])) / 1e6)
    return Account(
        said=sum(stream.said_us.size for stream in (*values, *waves)),
        lost=lost,
        invented=invented + invented_samples,
        gaps_s=gaps,
        unjournaled_values_s=ages[False],
        unjournaled_waves_s=ages[True],
        way_s=float(np.quantile(ways, 0.9)) if ways else 0.0,
        odd=sorted(odd),
        again=again,
        elsewhere=elsewhere,
    )


def _values(
    said: Sequence[Said], kept: Sequence[Kept], lives: Sequence[tuple[int, int]], ways: list[float], odd: set[str]
) -> tuple[list[_Stream], int, int, int]:
    """Each kept value takes the last free saying of the same content in its life before it; one with a time of the
    device's own takes any. What stands (a setting, a cuff's value) is said once, and heard once in each later life.
    """
    told = [one for one in said if isinstance(one.event, Observation)]
    sayings: dict[Hashable, list[int]] = defaultdict(list)
    for n, one in enumerate(told):
        sayings[_said_key(one)].append(n)
    found = np.zeros(len(told), np.bool_)
    standing = [_standing(told, begin_us) for begin_us, _ in lives]
    invented = again = elsewhere = 0
    settled_us: dict[int, int] = {}
    readings = [
        (one.life, one.entry)
        for one in kept
        if isinstance(one.entry, Reading) and not one.entry.series.channel.code.startswith(OWN)
    ]
    for life, reading in sorted(readings, key=lambda row: (row[0], row[1].time_us)):
        begin_us, end_us = lives[life]
        key = _kept_key(reading)
        settled_us.setdefault(life, reading.time_us + SETTLE_US)
        place = _free(told, found, sayings.get(key, []), begin_us, end_us + SLACK_US, reading.time_us + SLACK_US)
        if place is not None:
            found[place] = True
            elsewhere += not _same_channel(told[place].event, reading.series.channel)
            if not _episodic(told[place]) and reading.time_us > settled_us[life]:
                ways.append((reading.time_us - told[place].time_us) / 1e6)
        elif standing[life].pop(key[:_CHANNEL], None) == key:
            again += 1
        else:
            invented += 1
            odd.add(f"invented: {reading.series.device} {reading.series.channel.code}")
    for begin_us, end_us in lives:
        _give_back(told, found, sayings, begin_us, end_us)
    heard = {(_said_key(told[n]), _device_us(told[n])) for n in np.flatnonzero(found) if _episodic(told[n])}
    streams = []
    for device in sorted({one.device for one in told}):
        mine = [n for n, one in enumerate(told) if one.device == device]
        streams.append(
            _Stream(
                device=device,
                names=np.array([_name(told[n]) for n in mine], np.str_),
                said_us=np.array([told[n].time_us for n in mine], np.int64),
                may=np.array(
                    [told[n].may or (_said_key(told[n]), _device_us(told[n])) in heard for n in mine], np.bool_
                ),
                kept=np.array([found[n] and not _episodic(told[n]) for n in mine], np.bool_),  # heard, who knows when
                waves=False,
            )
        )
    return streams, invented, again, elsewhere


def _waves(
    said: Sequence[Said], kept: Sequence[Kept], lives: Sequence[tuple[int, int]], odd: set[str]
) -> tuple[list[_Stream], int]:
    """The samples that were kept in a life are a run of those that were said in it, or several runs in their order.

    Pieces come in the order in which they were kept.
    """
    told: dict[Hashable, list[tuple[Said, Waveform]]] = defaultdict(list)
    for one in said:
        if isinstance(one.event, Waveform):
            told[one.device, one.event.channel.source].append((one, one.event))
    pieces: dict[Hashable, list[tuple[int, WavePiece]]] = defaultdict(list)
    for one_kept in kept:
        if isinstance(entry := one_kept.entry, WavePiece):
            which = entry.series.device, entry.series.channel.source
            pieces[which].append((one_kept.life, entry))
    invented = sum(piece.n for who in pieces.keys() - told.keys() for _, piece in pieces[who])
    streams = []
    for who, runs in told.items():
        lengths = [len(wave.data) // 4 for _, wave in runs]
        said_us = np.repeat(np.array([one.time_us for one, _ in runs], np.int64), lengths)
        data = b"".join(wave.data for _, wave in runs)
        found = np.zeros(said_us.size, np.bool_)
        for life, (begin_us, end_us) in enumerate(lives):
            mine = [piece for n, piece in pieces[who] if n == life]
            begin, end = np.searchsorted(said_us, [begin_us, end_us + SLACK_US], side="right").tolist()
            nowhere = _place_runs(data, said_us, found, (begin, end), mine)
            invented += nowhere
            if nowhere:
                odd.add(f"invented: {runs[0][0].device} {_name(runs[0][0])}")
        streams.append(
            _Stream(
                device=runs[0][0].device,
                names=np.full(said_us.size, _name(runs[0][0])),
                said_us=said_us,
                may=np.repeat(np.array([one.may for one, _ in runs], np.bool_), lengths),
                kept=found,
                waves=True,
            )
        )
    return streams, invented


def _place_runs(
    data: bytes, said_us: NDArray[np.int64], found: NDArray[np.bool_], span: tuple[int, int], pieces: list[WavePiece]
) -> int:
    """Mark where in a span of the samples the pieces are, in their order; return how many samples are nowhere.

    As many pieces as possible are one run; where it could be at several places, it is at the one nearest in time.
    """
    begin, end = span
    nowhere = number = 0
    while number < len(pieces):
        piece = pieces[number]
        runs = [
            (
                _pieces_at(data, place, end, pieces, number),
                -abs(int(said_us[place + piece.n - 1]) - end_us_of(piece)),
                place,
            )
            for place in _places(data, piece.data, begin, end)
        ]
        if not runs:
            nowhere += piece.n
            number += 1
            continue
        n, _, place = max(runs)
        begin = place + sum(one.n for one in pieces[number : number + n])
        found[place:begin] = True
        number += n
    return nowhere


def _places(data: bytes, run: bytes, begin: int, end: int) -> Iterator[int]:
    """Where a run of samples is."""
    at = data.find(run, begin * 4, end * 4)
    while at >= 0:
        if at % 4 == 0:
            yield at // 4
        at = data.find(run, at + 1, end * 4)


def _pieces_at(data: bytes, place: int, end: int, pieces: list[WavePiece], number: int) -> int:
    """How many pieces from a number on follow each other from a place on."""
    n = 0
    for piece in pieces[number:]:
        if place + piece.n > end or data[place * 4 : (place + piece.n) * 4] != piece.data:
            break
        place += piece.n
        n += 1
    return n


def _said_key(one: Said) -> tuple[Hashable, ...]:
    event = one.event
    if not isinstance(event, Observation):
        raise TypeError(type(event))
    channel = event.channel
    value = event.value if isinstance(event.value, str | None) else float(event.value)
    return one.device, _signal(channel), channel.unit, value, event.quality, event.demo


def _kept_key(reading: Reading) -> tuple[Hashable, ...]:
    channel = reading.series.channel
    value = reading.value if reading.text is None else reading.text
    who = reading.series.device, _signal(channel), channel.unit
    return (*who, value, reading.quality, reading.demo)


def _same_channel(event: Event, channel: Channel) -> bool:
    """The same but for the body site, which is the bed's to say."""
    return isinstance(event, Observation) and replace(event.channel, site=channel.site) == channel


def _signal(channel: Channel) -> str:
    """The device's id without its label, which fixes code and role: a new daemon may not have heard it yet."""
    return channel.source.partition("/")[0]


def _name(one: Said) -> str:
    return one.event.channel.code if isinstance(one.event, Observation | Waveform) else ""


def _free(
    told: Sequence[Said], found: NDArray[np.bool_], places: Sequence[int], begin_us: int, end_us: int, kept_us: int
) -> int | None:
    """The last of the places between two times that is not found yet."""
    for n in reversed(places):
        one = told[n]
        if one.time_us <= begin_us:
            return None
        if not found[n] and one.time_us <= end_us and (one.time_us <= kept_us or _episodic(one)):
            return n
    return None


def _give_back(
    told: Sequence[Said],
    found: NDArray[np.bool_],
    sayings: Mapping[Hashable, Sequence[int]],
    begin_us: int,
    end_us: int,
) -> None:
    """Equal sayings cannot be told apart. What was kept late took a later one than its own: from the end of a life on,
    sayings of one moment of which every one that was taken has an earlier equal one that is free were not kept at all.
    Earlier: since the device is listened to, so that it is missing.
    """
    heard_us: dict[str, int] = {}
    for n in np.flatnonzero(found).tolist():
        if begin_us < told[n].time_us <= end_us:
            heard_us.setdefault(told[n].device, told[n].time_us + SETTLE_US)
    moments: dict[tuple[str, int], list[int]] = defaultdict(list)
    for n, one in enumerate(told):
        if begin_us < one.time_us <= end_us:
            moments[one.device, one.time_us].append(n)
    ended: set[str] = set()
    for device, time_us in sorted(moments, key=lambda moment: -moment[1]):
        taken = [n for n in moments[device, time_us] if found[n]]
        if device in ended or not taken:
            continue
        earlier = [_last_free(told, found, sayings[_said_key(told[n])], heard_us[device], n) for n in taken]
        if None in earlier:
            ended.add(device)
            continue
        for n, place in zip(taken, earlier, strict=True):
            found[n], found[place] = False, True


def _last_free(
    told: Sequence[Said], found: NDArray[np.bool_], places: Sequence[int], since_us: int, before: int
) -> int | None:
    """The last of the places before another and after a time that is not taken."""
    return next((n for n in reversed(places) if n < before and not found[n] and told[n].time_us > since_us), None)


def _standing(told: Sequence[Said], at_us: int) -> dict[Hashable, Hashable]:
    """The last saying of each channel up to a time."""
    keys = (_said_key(one) for one in told if one.time_us <= at_us)
    return {key[:_CHANNEL]: key for key in keys}


def _device_us(one: Said) -> int | None:
    return one.event.device_time_us if isinstance(one.event, Observation) else None


def _episodic(one: Said) -> bool:
    """Whether the device told when it was: said again with the same time, it is the same measurement."""
    return _device_us(one) is not None
