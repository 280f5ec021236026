"""What simulated devices said, what a journal kept of it, and when nobody listened. Pure."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from collector.model import Channel, Entry, Event, Observation, Reading, WavePiece
from collector.timekeeping import CLOCK_STEP

SLACK_US = 2_000
"""Two clocks of one machine, each with an anchor of its own."""

SETTLE_US = 1_000_000
"""From when a device is heard again, perhaps in an old dialogue, so long what it says may be dropped for a new one."""

WAY_US = 3_000_000
"""What is said is kept within this time, on a slow machine too: both its stamp and its arrival."""

NEVER_US = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An event of a simulated device. may: it need not have reached anybody whole."""

    time_us: int
    device: str
    event: Event
    may: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An entry of the journal, in the order of arrival, and in which of the daemon's lives (from 0) it came there."""

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
class Life:
    """From one absence of a device until its next one; all times in µs.

    number: of its absence; absent_us: since when nobody listened; gone_us: until when what the life before kept may
    have been said, as a daemon that is asked to end does; first_us: from when on what it keeps may have been said;
    end_us: when the next absence began; seen_us: until when it kept what it has; killed, asked: that absence was the
    daemon's end, by SIGKILL or by SIGTERM.
    """

    number: int
    absent_us: int
    gone_us: int
    first_us: int
    end_us: int = NEVER_US
    seen_us: int = NEVER_US
    killed: bool = False
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Values of a device, or samples of one of its waves, in the order of their saying; arrays of shape (n,).

    may: need not be kept; kept: as far as the keeping tells that it was heard when it was said; which: numbers of what
    is said, the same for what is only said again.
    """

    names: NDArray[np.str_]
    said_us: NDArray[np.int64]
    which: NDArray[np.int64]
    may: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    waves: bool


@dataclass(slots=True, kw_only=True)
class Found:
    """What came of some of a device's streams; numbers as in Account. ways: seconds from a saying to its arrival."""

    streams: list[Stream] = field(default_factory=list)
    invented: int = 0
    again: int = 0
    elsewhere: int = 0
    ways: list[float] = field(default_factory=list)
    odd: set[str] = field(default_factory=set)


def lives_of(device: str, absences: Sequence[Absence]) -> list[Life]:
    """The lives of one device, from the absences of all in their order."""
    mine = [(number, absence) for number, absence in enumerate(absences) if absence.device in {"", device}]
    lives = []
    for place, (number, absence) in enumerate(mine):
        life = Life(
            number=number,
            absent_us=absence.begin_us,
            gone_us=absence.seen_us,
            first_us=absence.begin_us if absence.killed else absence.begin_us - WAY_US,
        )
        if place + 1 < len(mine):
            after = mine[place + 1][1]
            life = replace(
                life,
                end_us=after.begin_us,
                seen_us=after.seen_us,
                killed=after.killed,
                asked=not after.device and not after.killed,
            )
        lives.append(life)
    return lives


def without_steps(kept: Sequence[Kept]) -> Sequence[Kept]:
    """As if the daemon's clock had never been set: what came after a step that it told is as much earlier."""
    found, set_us = [], 0
    for one in kept:
        entry = one.entry
        if isinstance(entry, Reading) and entry.series.channel == CLOCK_STEP and entry.value is not None:
            set_us += round(entry.value * 1e6)
        if isinstance(entry, WavePiece):
            entry = replace(entry, start_us=entry.start_us - set_us)
        else:
            entry = replace(entry, time_us=entry.time_us - set_us)
        found.append(replace(one, entry=entry))
    return found


def same_place(channel: Channel) -> Channel:
    """The channel without its body site, which is the bed's to say."""
    return replace(channel, site="")


def signal(channel: Channel) -> str:
    """The device's id without its label, which fixes code and role: a new dialogue may not have heard it yet."""
    return channel.source.partition("/")[0]


def content(event: Observation) -> tuple[Hashable, ...]:
    """What is kept of a value beside its channel."""
    value = event.value if isinstance(event.value, str | None) else float(event.value)
    return value, event.quality, event.demo
