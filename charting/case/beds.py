"""Which beds are whose, and when: no bed is given to two cases at once."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import RLock

from charting.apart import Apart
from charting.case.book import Casebook, check_kept
from charting.case.checks import AHEAD_US, check_time
from charting.case.refusals import Impossible
from charting.case.state import Case, fold
from charting.case.stays import Overlap, Span, overlaps
from charting.library.library import Libraries
from charting.templates.loader import Templates
from charting.trail.trail import CaseRow, Trail
from collector.logs import logger

_STAYS = ("opened", "moved", "located", "closed", "reopened", "discarded")
"""Kinds of entries that say where a patient was."""

_KNOWN = 20_000
"""Cases of which it is kept in mind where they were; some 20 MB."""


class Beds(Casebook):
    def __init__(
        self, trail: Trail, templates: Templates, libraries: Libraries, now_us: Callable[[], int], zone: str
    ) -> None:
        """`zone`: the site's, an IANA name. `apart`: for who looks at many cases, of which one may not be readable."""
        super().__init__(trail, templates, libraries, now_us, zone)
        self.apart = Apart(logger(), "a case cannot be read")
        self._beds = RLock()
        self._stays: dict[str, tuple[int, Case]] = {}

    def _check_open(self, known: Case) -> None:
        check_kept(known)
        if known.state != "open":
            raise Impossible("case_closed", time=self.clock.written(known.closed_us or 0))

    def _check_span(self, start_us: int, end_us: int | None) -> None:
        check_time(self.clock, start_us)
        if end_us is not None:
            check_time(self.clock, end_us)
            if end_us < start_us:
                raise Impossible("end_before_start")

    def _check_free(self, known: Case | None, bed: str, start_us: int, end_us: int | None) -> None:
        """Raises Impossible where another case has the bed in that time. `known`: the one that wants it."""
        last = self.clock.now_us() + AHEAD_US if end_us is None else end_us
        for other in self._overlaps(known, [(bed, start_us, end_us)], last):
            end = "…" if other.end_us is None else self.clock.written(other.end_us)
            raise Impossible("bed_taken", bed=bed, start=self.clock.written(other.start_us), end=end)

    def _overlaps(self, known: Case | None, stays: Iterable[Span], until_us: int) -> Sequence[Overlap]:
        asked = [s for s in stays if s[0]]
        if not asked:
            return []
        since = min(start for _, start, _ in asked)
        rows = self.trail.rows(since_us=since, until_us=until_us + 1, limit=10_000)
        wanted = [r for r in rows if r.state != "discarded" and (known is None or r.case != known.id)]
        return [o for row in wanted for o in overlaps(row.case, self._spans(row), asked)]

    def _spans(self, row: CaseRow) -> Sequence[Span]:
        """Of a case that cannot be read, what lists know of it: no bed is given twice for that."""
        case = self.apart.trying(row.case, partial(self.moved, row))
        if case is None:
            return [(row.bed, row.opened_us, row.closed_us)]
        return [(stay.bed, stay.start_us, stay.end_us or case.closed_us) for stay in case.stays]

    def moved(self, row: CaseRow) -> Case:
        """A case as far as it tells where its patient was: it is asked of many, and read from few entries."""
        last, case = self._stays.get(row.case, (0, None))
        if case is None or last != row.last:
            case = fold(self.trail.entries(row.case, kinds=_STAYS))
            if len(self._stays) >= _KNOWN:
                self._stays.clear()
            self._stays[row.case] = (row.last, case)
        return case
