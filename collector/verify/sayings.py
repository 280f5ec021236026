"""Which of a device's sayings each kept entry is: by content and order, within the time that a way may take. Pure.

Equal sayings cannot be told apart but by time: what was kept is as late a saying as its order lets it be.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from collector.verify.testimony import SLACK_US, WAY_US, Life, Said

Key = tuple[Hashable, ...]


@dataclass(slots=True)
class Sayings:
    """Some of what one device said, in order of time, by content. found: which of it was kept, shape (n,)."""

    told: Sequence[Said]
    key: Callable[[Said], Key]
    found: NDArray[np.bool_] = field(init=False)
    places: Mapping[Key, Sequence[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.found = np.zeros(len(self.told), np.bool_)
        places: dict[Key, list[int]] = defaultdict(list)
        for n, one in enumerate(self.told):
            places[self.key(one)].append(n)
        self.places = dict(places)

    def take(self, life: Life, key: Key, kept_us: Sequence[int]) -> list[int | None]:
        """Find what was kept in a life at these times, in order, with this content; None: nobody said it then."""
        free = [
            n
            for n in self.places.get(key, ())
            if not self.found[n] and life.first_us < self.told[n].time_us <= life.seen_us + SLACK_US
        ]
        taken: list[int | None] = [None] * len(kept_us)
        for number in range(len(kept_us) - 1, -1, -1):
            while free and self.told[free[-1]].time_us > kept_us[number] + SLACK_US:
                free.pop()
            if free and self.told[free[-1]].time_us >= kept_us[number] - WAY_US:
                taken[number] = free.pop()
                self.found[taken[number]] = True
        return taken

    def give_back(self, life: Life) -> None:
        """What was kept late before a kill took a later saying than its own: from the kill back, sayings of one moment
        of which every one that was taken has an earlier equal one that is free were not kept at all.
        """
        inside = [
            n for n in np.flatnonzero(self.found).tolist() if life.absent_us < self.told[n].time_us <= life.end_us
        ]
        moments: dict[int, list[int]] = defaultdict(list)
        for n in inside:
            moments[self.told[n].time_us].append(n)
        for time_us in sorted(moments, reverse=True):
            taken = moments[time_us]
            earlier = [self._last_free(inside[0], n) for n in taken]
            if None in earlier:
                return
            for n, place in zip(taken, earlier, strict=True):
                self.found[n], self.found[place] = False, True

    def _last_free(self, after: int, before: int) -> int | None:
        """The last saying between two others that equals the second and was not kept, within the time of a way."""
        since_us = self.told[before].time_us - WAY_US
        places = self.places[self.key(self.told[before])]
        return next(
            (
                n
                for n in reversed(places)
                if after < n < before and not self.found[n] and self.told[n].time_us > since_us
            ),
            None,
        )
