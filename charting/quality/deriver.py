"""Brings facts up to date: derives those of cases that have changed since."""

from collections.abc import Callable, Sequence

from charting.case.state import Case, fold
from charting.library.library import Libraries
from charting.quality.derive.derive import facts
from charting.quality.facts import Facts
from charting.quality.keeping import FactKeeper
from charting.trail.trail import Trail
from collector.logs import logger

AT_ONCE = 500
"""Kept together: a year's first derivation is not lost when it is broken off."""


class Deriver:
    """Any thread may call; of two at once each case's facts are those of the entries that were read."""

    def __init__(self, trail: Trail, libraries: Libraries, keeper: FactKeeper) -> None:
        self._trail = trail
        self._libraries = libraries
        self._keeper = keeper
        self._log = logger(service="charting")

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
            told = self._facts(case)
            if told is None:
                none.append((id_, case.last))
            else:
                found.append(told)
        self._keeper.put(found, none)

    def _facts(self, case: Case) -> Facts | None:
        """Of a case that nobody foresaw nothing is known: it stays among those that are counted, as indeterminate."""
        try:
            return facts(case, self._libraries)
        except Exception as error:  # noqa: BLE001  one case must not stop the counting of all others
            self._log.error("facts of a case cannot be derived", case=case.id, error=type(error).__name__)
            return Facts(
                case=case.id,
                last=case.last,
                patient=f"case:{case.id}",
                anchor_us=case.opened_us,
                anchor="opened",
                performed=None,
            )
