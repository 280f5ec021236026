"""A situation as the conditions of the advisories ask it: the temperature of now, how long it has been so. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alarms.hypothermia.course import felt, felt_spots
from alarms.hypothermia.rule import run_minutes, series
from alarms.hypothermia.types import Series
from alarms.situation import Situation
from alarms.temperature import MINUTE_US

_NO_SERIES = Series(
    minute=np.empty(0, dtype=np.int64), raw=np.empty(0), value=np.empty(0), channel=np.empty(0, dtype=np.int64)
)
_ENTERED = (
    "t_anes_care", "t_anes_start", "t_induction", "t_tube_in", "t_position", "t_incision", "t_surg_end", "t_room_out",
    "t_pacu_in",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Common:
    """[common] of advisories.toml, as far as conditions need it."""

    stale_min: int
    spot_min: int
    unknown_min: int
    plausible_c: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Look:
    """A situation as the conditions ask it. Minutes are those of 1970; the one that is going on is not looked at."""

    situation: Situation
    common: Common

    @property
    def minute(self) -> int:
        return self.situation.now_us // MINUTE_US

    @cached_property
    def bins(self) -> Series:
        """What thermometers of sites that count told by minute, whatever a patient may have: in order, smoothed."""
        course = self.situation.course
        return _NO_SERIES if course is None else until(felt(course, self.common.plausible_c), self.minute)

    @cached_property
    def spots(self) -> Sequence[tuple[int, float]]:
        course = self.situation.course
        told = [] if course is None else felt_spots(course, self.common.plausible_c)
        return [spot for spot in told if spot[0] <= self.situation.now_us]

    @cached_property
    def is_live(self) -> bool:
        """The last bin is as new as one can be."""
        return bool(self.bins.minute.size) and self.minute - 1 - self.bins.minute[-1] <= self.common.stale_min

    @cached_property
    def current(self) -> float | None:
        """The temperature of now: of a thermometer that streams, else the last one by hand; None: not known."""
        if self.is_live:
            return float(self.bins.value[-1])
        return self.spots[-1][1] if self._is_spot_new() else None

    def is_lost(self) -> bool:
        """Nothing has been told for so long that what was advised of it is unknown."""
        told = [*(self.bins.minute[-1:] + 1).tolist(), *(at_us // MINUTE_US for at_us, _ in self.spots[-1:])]
        return self.current is None and (not told or self.minute - max(told) > self.common.unknown_min)

    def run(self, below: float) -> float:
        """For how many minutes it has been below; of readings by hand from the first of these to now. 0: it is not."""
        if self.is_live:
            return run_minutes(self.bins.minute, self.bins.value, below)
        normal = self.bins.minute[self.bins.value >= below][-1:]
        since_us, last_us = 0, int(normal[0]) * MINUTE_US if normal.size else 0
        for at_us, value in reversed(self.spots):
            if value >= below or at_us < last_us:
                break
            since_us = at_us
        return (self.situation.now_us - since_us) // MINUTE_US if since_us and self._is_spot_new() else 0

    def run_above(self, level: float, *, strictly: bool) -> float:
        """For how many minutes it has been above, or (not `strictly`) at least so much."""
        limit = -level if strictly else math.nextafter(-level, math.inf)
        return run_minutes(self.bins.minute, -self.bins.value, limit) if self.is_live else 0

    def alike(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Bins of the thermometer that told last: another site is no change of temperature."""
        own = self.bins.channel == self.bins.channel[-1:]
        return self.bins.minute[own], self.bins.value[own]

    def since(self) -> tuple[str, int] | None:
        """From when "after induction" counts: by which event, and when."""
        times = self.situation.times
        for key in ("t_induction", "t_anes_start"):
            if key in times:
                return key, times[key]
        entered = entered_us(self.situation)
        return None if entered is None else ("room_in", entered)

    def passed(self) -> float:
        """Minutes since then; −1: it is not known."""
        since = self.since()
        return -1 if since is None else (self.situation.now_us - since[1]) / MINUTE_US

    def ended(self, *, cleared: bool) -> str:
        return "unknown" if self.is_lost() else "cleared" if cleared else ""

    def _is_spot_new(self) -> bool:
        """The last thing that was told is a reading by hand, not long ago."""
        bins = int(self.bins.minute[-1]) * MINUTE_US if self.bins.minute.size else 0
        told = self.spots[-1][0] if self.spots else 0
        return told > bins and self.situation.now_us - told <= self.common.spot_min * MINUTE_US


def entered_us(situation: Situation) -> int | None:
    """When he came into the room; where nobody has said, the first thing that was done to him there."""
    times = situation.times
    found = [times["t_room_in"]] if "t_room_in" in times else [times[key] for key in _ENTERED if key in times]
    return min((at_us for at_us in found if at_us <= situation.now_us), default=None)


def until(bins: Series, minute: int) -> Series:
    """Bins before a minute, as they were smoothed then."""
    n = int(np.searchsorted(bins.minute, minute))
    own, raw = bins.minute[:n], bins.raw[:n]
    return Series(minute=own, raw=raw, value=series(own, raw), channel=bins.channel[:n])
