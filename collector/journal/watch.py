"""Which of the gateway's technical conditions the state of its journal calls for."""

import math
from collections.abc import Sequence

from collector.journal.safe import SafeJournal
from collector.model import Condition
from collector.technical import Technical

UNSAVED = "journal-unsaved"
NEARLY_FULL = "journal-nearly-full"
FULL = "journal-full"
"""Sources of the conditions; the page has its own words for each."""

CALM_S = 60.0
"""Without a further loss for so long, the journal is no longer called full."""


class JournalWatch:
    """is_nearly_full: at the last look."""

    def __init__(self, journal: SafeJournal, technical: Technical) -> None:
        self._journal = journal
        self._technical = technical
        self._lost: int | None = None
        self.is_nearly_full = False
        self._lost_s = -math.inf

    def look(self, now_s: float) -> Sequence[Condition]:
        """Changes of conditions at `now_s` of a clock that never goes back. Raises JournalError."""
        technical, journal = self._technical, self._journal
        self.is_nearly_full = any(each.is_nearly_full() for each in journal.journals)
        lost = journal.losses()
        found: list[Condition] = []
        if journal.memory is not None:
            found += technical.raised(UNSAVED, f"Values are not saved on the gateway: {journal.cause}")
        else:
            found += technical.cleared(UNSAVED)
        if self.is_nearly_full:
            found += technical.raised(NEARLY_FULL, "The gateway is nearly full of data that no server has")
        else:
            found += technical.cleared(NEARLY_FULL)
        if self._lost is not None and lost > self._lost:
            self._lost_s = now_s
        self._lost = lost
        if now_s - self._lost_s < CALM_S:
            found += technical.raised(FULL, "The gateway is full: the oldest data that no server has are given up")
        else:
            found += technical.cleared(FULL)
        return found
