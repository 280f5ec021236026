"""The round: whose visits there are, as the trail tells. Cases are read again only when they have changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Protocol

from charting.apart import Apart
from charting.case.clock import SiteClock
from charting.case.state import fold
from charting.library.library import Libraries
from charting.trail.contents import Patient
from charting.trail.trail import CaseRow, Trail
from charting.visits.course import Course, course
from charting.visits.due import Visit, Window, planned_window, state_at, visits
from charting.visits.kinds import PREOP
from collector.logs import logger

DAY_US = 24 * 3_600_000_000
BACK_US = 10 * DAY_US
"""How long ago a case may have ended that is still on the round: the last window closes after 7 days."""
AHEAD_US = 2 * DAY_US
"""Operations that are planned so far ahead are on it: until tomorrow's end."""
_KNOWN = 20_000
"""Cases of which it is kept in mind how they went: some 40 MB."""
_KINDS = (
    "opened", "moved", "located", "merged", "closed", "reopened", "discarded", "started", "handed_over", "set",
    "voided", "signed", "unlock_answered", "returned",
)  # fmt: skip
"""Kinds of entries that say something of visits; what devices say is not among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An operation of the list. `id`: as the scheduler calls it; `case`: opened for it, "" none yet."""

    id: str
    case: str
    start_us: int
    patient: Patient
    procedure: str


class Bookings(Protocol):
    def __call__(self, since_us: int, until_us: int) -> Sequence[Planned]:
        """Operations that are to begin in [since, until) and that nobody has cancelled. Raises VitalsdError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A visit and whose it is. `course` None: of a booking without a case, `planned`."""

    visit: Visit
    course: Course | None = None
    planned: Planned | None = None


class Round:
    """Any thread may call."""

    def __init__(self, trail: Trail, libraries: Libraries, clock: SiteClock, bookings: Bookings) -> None:
        self._trail = trail
        self._libraries = libraries
        self._clock = clock
        self._bookings = bookings
        self._apart = Apart(logger(), "a case cannot be read for visits")
        self._courses: dict[str, tuple[int, Course | None]] = {}
        self._lock = Lock()

    def listed(self) -> Sequence[Listed]:
        """All visits of cases that are open or ended at most BACK_US ago, and those before what is planned."""
        now_us, zone = self._clock.now_us(), self._clock.zone
        planned = self._bookings(now_us - DAY_US, now_us + AHEAD_US)
        starts = {p.case: p.start_us for p in planned if p.case}
        found = [
            Listed(visit=visit, course=known)
            for known in self._known(now_us - BACK_US, starts)
            for visit in visits(known, now_us, zone)
        ]
        return [*found, *(_booked(p, now_us, zone) for p in planned if not p.case)]

    def of(self, case: str) -> Course | None:
        """How a case went; None: there is none to be visited."""
        row = self._trail.row(case)
        now_us = self._clock.now_us()
        planned = self._bookings(now_us - DAY_US, now_us + AHEAD_US)
        start_us = next((p.start_us for p in planned if p.case == case), None)
        return None if row is None else self._course(row, start_us)

    def since(self, since_us: int) -> Sequence[Visit]:
        """All visits of cases that were there at that time or later."""
        now_us, zone = self._clock.now_us(), self._clock.zone
        return [visit for known in self._known(since_us, {}) for visit in visits(known, now_us, zone)]

    def _known(self, since_us: int, starts: Mapping[str, int]) -> Sequence[Course]:
        rows = self._trail.rows(since_us=since_us, limit=100_000)
        made = (self._apart.trying(r.case, partial(self._course, r, starts.get(r.case))) for r in rows)
        return [known for known in made if known is not None]

    def _course(self, row: CaseRow, start_us: int | None) -> Course | None:
        with self._lock:
            last, known = self._courses.get(row.case, (0, None))
        if last != row.last or (known is not None and known.planned_us != start_us):
            known = course(fold(self._trail.entries(row.case, kinds=_KINDS)), self._libraries, start_us)
            with self._lock:
                if len(self._courses) >= _KNOWN:
                    self._courses.clear()
                self._courses[row.case] = row.last, known
        return known


def _booked(planned: Planned, now_us: int, zone: str) -> Listed:
    window: Window = planned_window(planned.start_us, zone)
    visit = Visit(
        case="", kind=PREOP, state=state_at(window, now_us), opens_us=window.opens_us, late_us=window.late_us
    )  # fmt: skip
    return Listed(visit=visit, planned=planned)
