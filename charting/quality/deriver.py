"""Brings facts up to date: derives those of cases that have changed since."""

import asyncio
from collections.abc import Callable, Sequence

from charting.apart import repeat
from charting.case.state import fold
from charting.library.library import Libraries
from charting.quality.derive.derive import facts
from charting.quality.facts import Facts
from charting.quality.keeping import FactKeeper
from charting.trail.trail import CaseRow, Trail
from collector.errors import VitalsdError
from collector.logs import Link, logger

PACE_S = 10.0
STEP = 25
"""Cases that a page waits for: well below a second. The rest are derived beside it."""
AT_ONCE = 500
"""Kept together: a year's first derivation is not lost when it is broken off."""


class Deriver:
    """Any thread may call; of two at once each case's facts are those of the entries that were read."""

    def __init__(self, trail: Trail, libraries: Libraries, keeper: FactKeeper) -> None:
        self._trail = trail
        self._libraries = libraries
        self._keeper = keeper
        self._log = logger(service="charting")
        self._link = Link(self._log, "facts of cases")

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; the first time that takes minutes, in steps. What fails is logged, and tried again."""
        await repeat(lambda: not self.step(), PACE_S, stop, self._link)

    def step(self) -> bool:
        """Derive STEP cases at most. Whether all are derived now."""
        return self.refresh(STEP) < STEP

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
            last, told = self._facts(id_)
            if told is None:
                none.append((id_, last))
            else:
                found.append(told)
        self._keeper.put(found, none)

    def _facts(self, id_: str) -> tuple[int, Facts | None]:
        """To which entry, and what. Of a case that nobody foresaw, or that cannot be read, nothing is known.

        It stays among those that are counted, as indeterminate.
        """
        try:
            case = fold(self._trail.entries(id_))
            return case.last, facts(case, self._libraries)
        except VitalsdError:
            raise
        except Exception as error:
            row = self._trail.row(id_)
            if row is None:
                raise  # one case must not stop the counting of all others, but of this one not even that is known
            self._log.error("facts of a case cannot be derived", case=id_, error=type(error).__name__)
            return row.last, _unknown(row)


def _unknown(row: CaseRow) -> Facts | None:
    if row.state == "discarded" or row.is_test:
        return None
    return Facts(
        case=row.case,
        last=row.last,
        patient=f"case:{row.case}",
        anchor_us=row.opened_us,
        anchor="opened",
        performed=None,
    )
