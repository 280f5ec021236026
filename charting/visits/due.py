"""Who is to be visited when, and what became of it. Pure; times µs since 1970 UTC.

A visit is done when its author has signed it: a draft answers for nothing. A visit that was made while another one was
due answers for that too, where it tells the same (a first visit at 20 h is asked about the tube, one at 25 h sees
whether he is awake).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from charting.case.clock import HOUR_US, local
from charting.visits.course import BEFORE, Course, Paper
from charting.visits.kinds import PREOP, VisitKind, kinds

State = Literal["not_yet", "due", "overdue", "done", "missed", "not_applicable"]
Reason = Literal[
    "", "cancelled", "died", "discharged", "emergency", "no_tube", "not_general", "cranial", "no_block",
    "under_way", "ventilated",
]  # fmt: skip
"""Why a visit is not applicable, or has no window yet: visit.reason.<reason> in words.csv."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`late_us`: from then on it is overdue. `done_us`: when he was seen; `in_time`: within the window.

    `paper`: what did it, else the newest draft of it. `phone`: he is at home.
    """

    case: str
    kind: str
    state: State
    reason: Reason = ""
    opens_us: int | None = None
    late_us: int | None = None
    closes_us: int | None = None
    done_us: int | None = None
    in_time: bool = False
    paper: Paper | None = None
    phone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """[opens, closes]; `closes_us` None: not known yet."""

    opens_us: int
    late_us: int | None
    closes_us: int | None


def visits(course: Course, now_us: int, zone: str) -> Sequence[Visit]:
    """All of a case; `zone`: the site's, an IANA name."""
    before = preop(course, now_us, zone)
    if course.cancelled or (course.started_us is None and course.ended_us is None):
        return [before]
    return [before, *(_after(course, kind, now_us) for kind in kinds().values() if kind.since)]


def preop(course: Course, now_us: int, zone: str) -> Visit:
    """From the day before the operation until he enters the suite (AQI-04); overdue from that day's morning on.

    Of whom nobody has planned: since he is known. An emergency is none of AQI-04's.
    """
    papers = [p for p in course.papers if p.template == BEFORE]
    window = _before(course, zone)
    done = [p for p in papers if p.signed_us is not None]
    early = [p for p in done if window.closes_us is None or _finished_us(p) < window.closes_us]
    if done:
        return _made(course, PREOP, window, (early or done)[0], in_time=bool(early))
    none: Reason = "emergency" if course.emergency else ""
    if course.cancelled:
        none = "cancelled"
    elif _died(course, window):
        none = "died"
    return _open(course, PREOP, window, none, papers, now_us)


def _finished_us(paper: Paper) -> int:
    return max(paper.at_us or paper.begun_us, paper.signed_us or 0)


def planned_window(start_us: int, zone: str) -> Window:
    """Of the visit before an operation that begins then."""
    day = local(start_us, zone).date()
    return Window(
        opens_us=_midnight(datetime.combine(day - timedelta(days=1), time(), ZoneInfo(zone))),
        late_us=_midnight(datetime.combine(day, time(), ZoneInfo(zone))),
        closes_us=None,
    )


def state_at(window: Window, now_us: int) -> State:
    """Of a visit that nobody has made yet."""
    if now_us < window.opens_us:
        return "not_yet"
    if window.closes_us is not None and now_us > window.closes_us:
        return "missed"
    return "overdue" if window.late_us is not None and now_us >= window.late_us else "due"


def _before(course: Course, zone: str) -> Window:
    if course.planned_us is None:
        return Window(opens_us=course.opened_us, late_us=None, closes_us=course.entered_us)
    planned = planned_window(course.planned_us, zone)
    return Window(opens_us=planned.opens_us, late_us=planned.late_us, closes_us=course.entered_us)


def _midnight(at: datetime) -> int:
    return round(at.timestamp()) * 1_000_000


def _after(course: Course, kind: VisitKind, now_us: int) -> Visit:
    since_us = _since(course, kind)
    window = None if since_us is None else _window(kind, since_us)
    none = _not_asked(course, kind, window)
    done = [p for p in course.papers if p.signed_us is not None and _covers(p, kind, window)]
    if done and window is not None:
        first = min(done, key=lambda p: _seen_us(p, kind))
        return _made(course, kind.key, window, first, in_time=_inside(window, _seen_us(first, kind)))
    drafts = [p for p in course.papers if p.template == kind.template and p.signed_us is None]
    if window is None:
        waits: Reason = "ventilated" if course.ended_us is not None and course.ventilated else "under_way"
        state: State = "not_applicable" if none else "not_yet"
        return Visit(case=course.case, kind=kind.key, state=state, reason=none or waits, paper=_newest(drafts))
    return _open(course, kind.key, window, none, drafts, now_us)


def _since(course: Course, kind: VisitKind) -> int | None:
    if course.ended_us is None or (kind.since != "end" and course.ventilated):
        return None
    if kind.since == "end":
        return course.ended_us
    return max(course.ended_us, course.extubated_us or 0) if kind.since == "last" else course.extubated_us


def _window(kind: VisitKind, since_us: int) -> Window:
    def after(hours: float) -> int:
        return since_us + round(hours * HOUR_US)

    return Window(opens_us=after(kind.opens_h), late_us=after(kind.late_h), closes_us=after(kind.closes_h))


def _not_asked(course: Course, kind: VisitKind, window: Window | None) -> Reason:
    """Why nobody has to go, "": somebody has. What is not known may be so: it is asked."""
    if kind.key == "h6" and (course.tube is False or (course.extubated_us is None and not course.ventilated)):
        return "no_tube"
    if kind.key == "coma24" and course.ga is False:
        return "not_general"
    if kind.key == "coma24" and course.cranial is True:
        return "cranial"
    if kind.key == "h72" and course.regional is False and course.tube is False:
        return "no_block"
    if _died(course, window):
        return "died"
    home = course.home_us is not None and (window is None or course.home_us <= window.opens_us)
    return "discharged" if home and kind.key in {"h6", "coma24"} else ""


def _died(course: Course, window: Window | None) -> bool:
    """Before the visit's time was over: one that was missed until then stays so."""
    if course.dead_us is None or window is None or window.closes_us is None:
        return course.dead_us is not None
    return course.dead_us <= window.closes_us


def _covers(paper: Paper, kind: VisitKind, window: Window | None) -> bool:
    """Whether a signed document is, or answers for, this visit: never one from before its time."""
    if window is None or paper.template == BEFORE:
        return False
    if paper.template == kind.template:
        return _seen_us(paper, kind) >= window.opens_us
    asked = {"h6": "reintubated", "coma24": "consciousness"}.get(kind.key)
    if asked is not None:
        return asked in paper.said and paper.at_us is not None and _inside(window, paper.at_us)
    both = {"hoarseness_72", "nerve_72"} & paper.said
    return kind.key == "h72" and bool(both) and paper.late_us is not None and paper.late_us >= window.opens_us


def _seen_us(paper: Paper, kind: VisitKind) -> int:
    late = kind.key == "h72" and paper.template != kind.template
    return (paper.late_us if late else paper.at_us) or paper.begun_us


def _inside(window: Window, at_us: int) -> bool:
    return window.opens_us <= at_us and (window.closes_us is None or at_us <= window.closes_us)


def _made(course: Course, kind: str, window: Window, paper: Paper, *, in_time: bool) -> Visit:
    seen_us = paper.at_us or paper.begun_us if kind == PREOP else _seen_us(paper, kinds()[kind])
    return Visit(
        case=course.case,
        kind=kind,
        state="done",
        opens_us=window.opens_us,
        late_us=window.late_us,
        closes_us=window.closes_us,
        done_us=seen_us,
        in_time=in_time,
        paper=paper,
        phone=course.home_us is not None,
    )


def _open(course: Course, kind: str, window: Window, none: Reason, drafts: Sequence[Paper], now_us: int) -> Visit:
    return Visit(
        case=course.case,
        kind=kind,
        state="not_applicable" if none else state_at(window, now_us),
        reason=none,
        opens_us=window.opens_us,
        late_us=window.late_us,
        closes_us=window.closes_us,
        paper=_newest(drafts),
        phone=course.home_us is not None and kind != PREOP,
    )


def _newest(papers: Sequence[Paper]) -> Paper | None:
    return max((p for p in papers if p.signed_us is None), key=lambda p: p.begun_us, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of visits of a kind whose window opened in a period. `late`: done outside it; `open`: there is time."""

    kind: str
    asked: int
    in_time: int
    late: int
    missed: int
    open: int


def counts(found: Sequence[Visit], since_us: int, until_us: int) -> Iterator[Counts]:
    """By kind, of visits that opened in [since, until)."""
    inside = [
        v for v in found
        if v.state not in {"not_applicable", "not_yet"} and v.opens_us is not None and since_us <= v.opens_us < until_us
    ]  # fmt: skip
    for key in kinds():
        own = [v for v in inside if v.kind == key]
        done = [v for v in own if v.state == "done"]
        yield Counts(
            kind=key,
            asked=len(own),
            in_time=sum(v.in_time for v in done),
            late=sum(not v.in_time for v in done),
            missed=sum(v.state == "missed" for v in own),
            open=sum(v.state in {"due", "overdue"} for v in own),
        )
