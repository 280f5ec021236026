"""What was measured of each gateway, from what it told of itself. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from alarms.technical import about
from charting.case.clock import local
from charting.inspection import raw
from charting.inspection.measured import (
    ClockState,
    DayState,
    Disk,
    Gateway,
    JournalState,
    Level,
    Outage,
    Starts,
    Unreached,
    Version,
)
from charting.inspection.raw import SILENT_S, STEP, Day, Heard, Silence, VersionRun
from charting.inspection.spans import (
    Interval,
    Spell,
    Tally,
    clipped,
    common,
    seconds,
    shared,
    tally,
    union,
    without,
)
from charting.inspection.trends import trend
from charting.quality.periods import Period, days
from collector.health import Health
from collector.journal.watch import FULL, NEARLY_FULL, UNSAVED
from collector.links import GATEWAY_SOURCE
from collector.technical import GATEWAY
from collector.timekeeping import SYNC

SINK = "sink:"
_APART_S = 300.0
"""A bed that reaches its server so much later than the others was kept from it by something of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that the stores know of gateways in a period; `from_us`: from where on readings are kept."""

    period: Period
    zone: str
    heard: Mapping[str, Heard]
    silences: Sequence[Silence]
    days: Sequence[Day]
    spells: Sequence[Spell]
    versions: Sequence[VersionRun]
    starts: Sequence[raw.Starts]
    from_us: int


def downs(told: Told, bed: str) -> Sequence[Interval]:
    """When a gateway was not running, as it told afterwards."""
    return _spans(told, bed, GATEWAY_SOURCE)


def unknown(told: Told, bed: str) -> Sequence[Interval]:
    """When a gateway was not running, or told nothing: what stood before it may have ended meanwhile."""
    heard, down = told.heard.get(bed), downs(told, bed)
    return union([*down, *_silent(told, heard, _window(told, heard), down)])


def gateways(told: Told, beds: Sequence[str], outages: Sequence[Outage]) -> Sequence[Gateway]:
    by_bed: dict[str, dict[str, list[Day]]] = defaultdict(lambda: defaultdict(list))
    for day in told.days:
        if day.about == GATEWAY:
            by_bed[day.bed][day.code].append(day)
    return [_gateway(told, bed, by_bed[bed], outages) for bed in beds]


def outages(told: Told, beds: Sequence[str]) -> Sequence[Outage]:
    """Of those that were heard of two beds at least: of one nobody can say whether it is its network or the server."""
    beds = [bed for bed in beds if (heard := told.heard.get(bed)) is not None and heard.first_us is not None]
    if len(beds) < 2:
        return []
    found = []
    for sink in sorted({s.source for s in told.spells if s.source.startswith(SINK)}):
        of_bed = [without(_spans(told, bed, sink), downs(told, bed)) for bed in beds]
        for start_us, end_us in shared(of_bed, max(2, (len(beds) + 1) // 2)):
            hit = sum(bool(common(each, [(start_us, end_us)])) for each in of_bed)
            found.append(Outage(sink=_name(sink), start_us=start_us, end_us=end_us, beds=hit))
    return found


def versions(told: Told) -> tuple[Sequence[Version], Tally, Sequence[str]]:
    """Versions by when they were first told; how long more than one ran at once, and which in the longest time."""
    times: dict[str, list[Interval]] = defaultdict(list)
    for run in told.versions:  # a gateway that is off between two of them runs neither
        times[run.version].append((run.first_us, run.last_us))
    found = [
        Version(
            version=version,
            beds=tuple(sorted({run.bed for run in told.versions if run.version == version})),
            first_us=min(start for start, _ in each),
            last_us=max(end for _, end in each),
        )
        for version, each in times.items()
    ]
    at_once = shared([union(each) for each in times.values()], 2)
    longest = max(at_once, key=lambda span: span[1] - span[0], default=None)
    skewed = [version for version, each in times.items() if longest and common(union(each), [longest])]
    found.sort(key=lambda version: version.first_us)
    return found, tally(at_once, told.period.end_us), sorted(skewed)


def _gateway(told: Told, bed: str, by_code: Mapping[str, Sequence[Day]], outages: Sequence[Outage]) -> Gateway:
    period, heard = told.period, told.heard.get(bed)
    window = _window(told, heard)
    down = common(downs(told, bed), window)
    silent = _silent(told, heard, window, down)
    known_s = seconds(window) - seconds(silent)
    runs = [run for run in told.versions if run.bed == bed]
    return Gateway(
        bed=bed,
        since_us=None if heard is None else heard.ever_us,
        watched_s=seconds(window),
        down=tally(down, period.end_us),
        silent=tally(silent, period.end_us),
        share=(known_s - seconds(down)) / known_s if known_s > 0 else None,
        starts=_starts(told, bed),
        days=tuple(_days(told, window, down, silent)),
        version=runs[-1].version if runs else "",
        memory=_level(by_code.get(Health.MEMORY, ()), low=True),
        processor=_level(by_code.get(Health.PROCESSOR, ())),
        disk=_disk(by_code),
        journal=_journal(told, bed, by_code),
        clock=_clock(told, bed, by_code),
        unreached=tuple(_unreached(told, bed, outages)),
    )


def _window(told: Told, heard: Heard | None) -> Sequence[Interval]:
    """The period, since a gateway was heard of."""
    if heard is None or heard.ever_us >= told.period.end_us:
        return []
    return [(max(told.period.start_us, heard.ever_us), told.period.end_us)]


def _silent(
    told: Told, heard: Heard | None, window: Sequence[Interval], down: Sequence[Interval]
) -> Sequence[Interval]:
    """A gateway tells of itself when it starts, so that what it was down does not count; nor does what was dropped."""
    if heard is None or not window:
        return []
    ((start_us, end_us),) = window
    start_us = max(start_us, told.from_us)
    found = [(s.start_us, s.end_us) for s in told.silences if s.bed == heard.bed]
    if heard.first_us is None or heard.last_us is None:
        found.append((start_us, end_us))
    else:
        found += [(start_us, heard.first_us), (heard.last_us, end_us)]
    least_us = SILENT_S * 1e6
    left = without(union(found), down)
    return [(start, end) for start, end in left if end - start > least_us]


def _days(
    told: Told, window: Sequence[Interval], down: Sequence[Interval], silent: Sequence[Interval]
) -> Sequence[DayState]:
    period, states = told.period, []
    first, last = (local(at_us, told.zone).date() for at_us in (period.start_us, period.end_us - 1))
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        of = days(day, day, told.zone)
        whole = [(of.start_us, of.end_us)]
        outside_s = seconds(whole) - seconds(common(whole, window))
        states.append(DayState(day=day.isoformat(), down_s=seconds(common(whole, down)),
                               silent_s=seconds(common(whole, silent)), outside_s=outside_s))  # fmt: skip
    return states


def _starts(told: Told, bed: str) -> Starts:
    by_day = {starts.day.isoformat(): starts.times for starts in told.starts if starts.bed == bed}
    day = max(by_day, key=lambda day: by_day[day], default="")
    return Starts(times=sum(by_day.values()), day=day, most=by_day.get(day, 0))


def _level(told: Sequence[Day], *, low: bool = False) -> Level | None:
    """`low`: its trend is that of the days' least values, else of their means."""
    if not told:
        return None
    course = [(day.day, day.low if low else day.total / day.n) for day in told]
    return Level(low=min(d.low for d in told), high=max(d.high for d in told), last=course[-1][1], trend=trend(course))


def _disk(by_code: Mapping[str, Sequence[Day]]) -> Disk | None:
    free, size = by_code.get(Health.DISK_FREE, ()), by_code.get(Health.DISK_SIZE, ())
    if not free or not size:
        return None
    lows: list[tuple[date, float]] = [(day.day, day.low) for day in free]
    found = trend(lows)
    falling = found is not None and found.steady and found.per_day < 0
    return Disk(
        size=size[-1].high,
        lowest=min(low for _, low in lows),
        last=lows[-1][1],
        lows=tuple((day.isoformat(), low) for day, low in lows),
        trend=found,
        full_in_days=lows[-1][1] / -found.per_day if falling and found is not None else None,
    )


def _journal(told: Told, bed: str, by_code: Mapping[str, Sequence[Day]]) -> JournalState:
    oldest = by_code.get(Health.JOURNAL_OLDEST, ())
    excused = union(
        (spell.onset_us, spell.ended_us or told.period.end_us)
        for spell in told.spells
        if spell.bed == bed and (spell.source == GATEWAY_SOURCE or spell.source.startswith(SINK))
    )
    behind = [day.high - seconds(common([_waited(day, told.zone)], excused)) for day in oldest]
    return JournalState(
        largest_bytes=_most(by_code.get(Health.JOURNAL_SIZE, ())),
        pending=_most(by_code.get(Health.JOURNAL_PENDING, ())),
        oldest_s=_most(oldest),
        behind_s=max(behind, default=None),
        unsaved=_stood(told, bed, UNSAVED),
        nearly_full=_stood(told, bed, NEARLY_FULL),
        full=_stood(told, bed, FULL),
    )


def _clock(told: Told, bed: str, by_code: Mapping[str, Sequence[Day]]) -> ClockState:
    steps = by_code.get(STEP, ())
    drift = [day.total / day.n for day in by_code.get(Health.CLOCK_DRIFT, ())]
    return ClockState(
        unsynchronised=_stood(told, bed, SYNC),
        steps=sum(day.n for day in steps),
        largest_step_s=max((max(-day.low, day.high) for day in steps), default=0.0),
        error_s=_most(by_code.get(Health.CLOCK_ERROR, ())),
        drift_ppm=max(drift, key=abs, default=None),
    )


def _unreached(told: Told, bed: str, outages: Sequence[Outage]) -> Iterable[Unreached]:
    """What lies in an outage of the server is told there; who tells its own a little later was not alone."""
    for sink in sorted({s.source for s in told.spells if s.bed == bed and s.source.startswith(SINK)}):
        lost = _spans(told, bed, sink)
        of_server = [(o.start_us, o.end_us) for o in outages if o.sink == _name(sink)]
        less = union([*of_server, *unknown(told, bed)])
        alone = [span for span in lost if seconds(without([span], less)) >= (_APART_S if common([span], less) else 0)]
        yield Unreached(sink=_name(sink), alone=tally(alone, told.period.end_us, less))


def _stood(told: Told, bed: str, source: str) -> Tally:
    return tally(_spans(told, bed, source), told.period.end_us, unknown(told, bed))


def _spans(told: Told, bed: str, source: str) -> Sequence[Interval]:
    """When a condition of a gateway's stood in the period."""
    return clipped((s for s in told.spells if (s.bed, s.source) == (bed, source)), told.period)


def _most(told: Sequence[Day]) -> float | None:
    return max((day.high for day in told), default=None)


def _waited(oldest: Day, zone: str) -> Interval:
    """When what was oldest on a day may have waited."""
    of = days(oldest.day, oldest.day, zone)
    return of.start_us - round(oldest.high * 1e6), of.end_us


def _name(source: str) -> str:
    found = about(source)
    return source if found is None else found.name
