"""Brings facts up to date: derives those of cases that have changed since."""

from collections.abc import Callable, Sequence

from charting.case.state import fold
from charting.library.library import Libraries
from charting.quality.derive.derive import facts
from charting.quality.facts import Facts
from charting.quality.keeping import FactKeeper
from charting.trail.trail import Trail

AT_ONCE = 500
"""Kept together: a year's first derivation is not lost when it is broken off."""


class Deriver:
    """Any thread may call; of two at once each case's facts are those of the entries that were read."""

    def __init__(self, trail: Trail, libraries: Libraries, keeper: FactKeeper) -> None:
        self._trail = trail
        self._libraries = libraries
        self._keeper = keeper

    def refresh(self, limit: int = 1_000_000, progress: Callable[[int], None] | None = None) -> int:
        """Derive at most so many, the oldest cases first. How many there were; fewer than `limit`: all are derived.

        `progress` is told how many are done so far.
        """
        done = 0
        while done < limit:
            stale = self._keeper.stale(min(AT_ONCE, limit - done))
            if not stale:
                return done
            self._derive(stale)
            done += len(stale)
            if progress is not None:
                progress(done)
        return done

    def _derive(self, cases: Sequence[str]) -> None:
        found: list[Facts] = []
        none: list[tuple[str, int]] = []
        for id_ in cases:
            case = fold(self._trail.entries(id_))
            told = facts(case, self._libraries)
            if told is None:
                none.append((id_, case.last))
            else:
                found.append(told)
        self._keeper.put(found, none)
