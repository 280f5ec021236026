"""What simulated devices said against what a journal kept of it. Pure.

A device says more than is kept when nobody listens: while the daemon is down, and until it is heard again. Everything
else that it said is to be kept once, as it was said and when, and nothing that it did not say.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.model import (
    AlarmCondition,
    Condition,
    DeviceIdentity,
    Entry,
    Identity,
    Observation,
    PatientIdentity,
    Reading,
    Waveform,
    WavePiece,
)
from collector.verify.changes import find_alarms, find_identities
from collector.verify.runs import find_waves
from collector.verify.testimony import NEVER_US, SETTLE_US, WAY_US, Absence, Found, Kept, Life, Said, Stream, lives_of
from collector.verify.values import find_values

OWN = "VND_VITALSD_"
"""Codes of what the gateway itself says of a device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Numbers of values (alarms and identities among them) and wave samples.

    judged: those of what was said that are lost unless they were kept; lost: of these; invented: kept, and not said, or
    kept more often than said. gaps_s: of each absence but a last one, how long until every device was heard again, in
    whichever life. unjournaled_values_s, unjournaled_waves_s: age of the oldest that was said and not kept when the
    daemon was killed or asked to end, over all its ends. ways_s: what values take from being said to the time that they
    are kept with, 9 of 10 and the longest. odd: what of each kind was lost or invented, or never judged, and who was
    not heard again. again: what stands (a mode, an alarm) and was kept once more in a later life. elsewhere: what
    was kept under another channel than it was said of, by a dialogue that was new.
    """

    said: int
    judged: int
    lost: int
    invented: int
    gaps_s: Sequence[float]
    unjournaled_values_s: float
    unjournaled_waves_s: float
    ways_s: tuple[float, float]
    odd: Sequence[str]
    again: int
    elsewhere: int


@dataclass(slots=True, kw_only=True)
class _Sum:
    judged: int = 0
    lost: int = 0
    ages_s: dict[bool, float]
    odd: set[str]


def account(said: Sequence[Said], kept: Sequence[Kept], absences: Sequence[Absence]) -> Account:
    """`said` in order of time, `kept` of arrival; the first absence is the one before the daemon's first start."""
    gaps = [0.0] * len(absences)
    total = _Sum(ages_s={False: 0.0, True: 0.0}, odd=set())
    found: list[Found] = []
    spoken = 0
    for device in dict.fromkeys(one.device for one in said):
        lives = lives_of(device, absences)
        values, *others = _found(
            device, [one for one in said if one.device == device], kept, lives, lives_of("", absences)
        )
        found += [values, *others]
        plain, *_ = values.streams
        heard_us = [_heard_us(plain, life) for life in lives]
        for number, life in enumerate(lives):
            again_us = min(heard_us[number:])
            if life.number + 1 == len(absences):
                continue
            if again_us == NEVER_US:
                total.odd.add(f"not heard again: {device}")
            else:
                gaps[life.number] = max(gaps[life.number], (again_us - life.absent_us) / 1e6)
        for stream in (stream for one in found[-len(others) - 1 :] for stream in one.streams):
            spoken += np.unique(stream.which).size
            before = total.judged
            for life, since_us in zip(lives, heard_us, strict=True):
                _judge(total, device, stream, life, since_us)
            if stream.waves and total.judged == before:
                total.odd.add(f"never judged: {device} {stream.names[0]}")
    ways = [way for one in found for way in one.ways]
    return Account(
        said=spoken,
        judged=total.judged,
        lost=total.lost,
        invented=sum(one.invented for one in found),
        gaps_s=gaps,
        unjournaled_values_s=total.ages_s[False],
        unjournaled_waves_s=total.ages_s[True],
        ways_s=(float(np.quantile(ways, 0.9)), max(ways)) if ways else (0.0, 0.0),
        odd=sorted(total.odd.union(*(one.odd for one in found))),
        again=sum(one.again for one in found),
        elsewhere=sum(one.elsewhere for one in found),
    )


def _found(
    device: str, said: Sequence[Said], kept: Sequence[Kept], lives: Sequence[Life], daemons: Sequence[Life]
) -> list[Found]:
    """Values first."""

    def told(*kinds: type) -> list[Said]:
        return [one for one in said if isinstance(one.event, kinds)]

    mine = [one for one in kept if _device(one.entry) == device]
    readings = [(one.life, one.entry) for one in mine if isinstance(one.entry, Reading) and not _own(one.entry)]
    pieces = [(one.life, one.entry) for one in mine if isinstance(one.entry, WavePiece)]
    conditions = [(one.life, one.entry) for one in mine if isinstance(one.entry, Condition)]
    identities = [(one.life, one.entry) for one in mine if isinstance(one.entry, Identity)]
    settled_us: dict[int, int] = {}
    for life, reading in readings:
        settled_us.setdefault(_life(lives, life).number, reading.time_us + SETTLE_US)
    return [
        find_values(told(Observation), [(_life(lives, life), entry) for life, entry in readings]),
        find_waves(told(Waveform), [(_life(lives, life), entry) for life, entry in pieces]),
        find_alarms(told(AlarmCondition), [(_life(lives, life), entry) for life, entry in conditions], settled_us),
        find_identities(
            told(DeviceIdentity, PatientIdentity), [(_life(daemons, life), entry) for life, entry in identities]
        ),
    ]


def _judge(total: _Sum, device: str, stream: Stream, life: Life, heard_us: int) -> None:
    """What was said in a life while somebody listened is to be kept, but for what was on its way at its end."""
    inside = np.flatnonzero((stream.said_us > life.absent_us) & (stream.said_us <= life.end_us))
    listening = inside[(stream.said_us[inside] > heard_us + SETTLE_US) & ~stream.may[inside]]
    missing = listening[~stream.kept[listening]]
    heard = inside[stream.kept[inside]]
    last = heard[-1] if heard.size else -1
    late = missing[(stream.said_us[missing] > life.end_us - WAY_US) & (missing > last)]
    lost = np.setdiff1d(missing, late)
    total.judged += _number(stream, np.setdiff1d(listening, late))
    total.lost += _number(stream, lost)
    total.odd |= {f"lost: {device} {name}" for name in stream.names[lost]}
    if late.size and (life.killed or life.asked):
        age_s = (life.end_us - int(stream.said_us[late[0]])) / 1e6
        total.ages_s[stream.waves] = max(total.ages_s[stream.waves], age_s)


def _number(stream: Stream, places: NDArray[np.int64]) -> int:
    return int(np.unique(stream.which[places]).size)


def _heard_us(values: Stream, life: Life) -> int:
    """When the first value was said that was kept in a life and not by the one before; NEVER_US: none was."""
    inside = values.kept & (values.said_us > life.gone_us) & (values.said_us <= life.end_us)
    return int(values.said_us[np.argmax(inside)]) if inside.any() else NEVER_US


def _life(lives: Sequence[Life], number: int) -> Life:
    """A device's own life, from the number of one of all."""
    return [life for life in lives if life.number <= number][-1]


def _device(entry: Entry) -> str:
    return entry.series.device if isinstance(entry, Reading | WavePiece) else entry.device


def _own(reading: Reading) -> bool:
    return reading.series.channel.code.startswith(OWN)
