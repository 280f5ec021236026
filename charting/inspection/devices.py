"""What was measured of each device: gaps by cause, what cases missed of it, what was no frame, its clock. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from charting.inspection.gateways import Told, unknown
from charting.inspection.measured import Device, Gap, RejectedDay
from charting.inspection.raw import Day, Offset, Stay
from charting.inspection.raw import Told as Identity
from charting.inspection.spans import Interval, Spell, clipped, common, seconds, tally, union
from charting.quality.periods import Period
from collector.clock import clock_error_s
from collector.health import Health
from collector.links import device_of
from collector.status import LinkFault
from collector.technical import GATEWAY

FAULTS = frozenset({LinkFault.PORT_GONE, LinkFault.REFUSED, LinkFault.FAILED})
"""Causes that are faults by themselves. The others are also what a device shows that somebody has switched off: they
count where a case missed the device.
"""
_WORST = 5
_SHARE = 0.9
"""A case of which a device missed so much has not seen it."""


def devices(
    told: Told,
    beds: Sequence[str],
    *,
    stays: Sequence[Stay],
    offsets: Sequence[Offset],
    identities: Sequence[Identity],
) -> Sequence[Device]:
    """Of these beds."""
    zone = ZoneInfo(told.zone)
    counts: dict[tuple[str, str], dict[str, list[Day]]] = defaultdict(lambda: defaultdict(list))
    for day in told.days:
        if day.about != GATEWAY:
            counts[day.bed, day.about][day.code].append(day)
    links: dict[tuple[str, str], list[Spell]] = defaultdict(list)
    for spell in told.spells:
        if device := device_of(spell.source):
            links[spell.bed, device].append(spell)
    who = {(told_.bed, told_.device): told_ for told_ in identities}
    clocks = {
        (offset.bed, offset.device): clock_error_s(offset.seconds, told.period.end_us, zone) for offset in offsets
    }
    return [
        _device(key, told, counts[key], links[key], _cases(told.period, stays, key[0]), who.get(key),
                clocks.get(key))
        for key in sorted({*counts, *links, *who, *clocks})
        if key[0] in beds
    ]  # fmt: skip


def _device(
    key: tuple[str, str],
    told: Told,
    counts: Mapping[str, Sequence[Day]],
    links: Sequence[Spell],
    cases: Sequence[Interval],
    who: Identity | None,
    offset_s: float | None,
) -> Device:
    (bed, device), end_us = key, told.period.end_us
    less = unknown(told, bed)
    by_cause = {
        cause: clipped((s for s in links if s.code == cause), told.period)
        for cause in sorted({spell.code for spell in links})
    }
    silent = union(span for cause, spans in by_cause.items() if cause not in FAULTS for span in spans)
    lost = [(start, end) for start, end in silent if any(a < start and end < b for a, b in cases)]
    missed = [case for case in cases if seconds(common([case], silent)) >= _SHARE * seconds([case])]
    frames, rejected = _by_day(counts, Health.FRAMES), _by_day(counts, Health.REJECTED)
    rejected_bytes = _by_day(counts, Health.REJECTED_BYTES)
    worst = sorted((day for day, n in rejected.items() if n), key=lambda day: -rejected[day])[:_WORST]
    return Device(
        bed=bed,
        device=device,
        manufacturer=who.manufacturer if who else "",
        model=who.model if who else "",
        serial=who.serial if who else "",
        software=who.software if who else "",
        gaps=tuple(Gap(cause=cause, tally=tally(spans, end_us, less)) for cause, spans in by_cause.items() if spans),
        lost=tally(lost, end_us, less),
        cases=len(cases),
        missed=len(missed),
        frames=_sum(frames),
        rejected=_sum(rejected),
        rejected_bytes=_sum(rejected_bytes),
        worst=tuple(
            RejectedDay(day=day, frames=frames.get(day, 0.0), rejected=rejected[day],
                        rejected_bytes=rejected_bytes.get(day, 0.0))
            for day in worst
        ),
        restarts=_sum(_by_day(counts, Health.RESTARTS)),
        offset_s=offset_s,
    )  # fmt: skip


def _cases(period: Period, stays: Sequence[Stay], bed: str) -> Sequence[Interval]:
    """What of cases lies in the period."""
    found = [(max(s.start_us, period.start_us), min(s.end_us or period.end_us, period.end_us)) for s in stays
             if s.bed == bed]  # fmt: skip
    return [(start, end) for start, end in found if start < end]


def _by_day(counts: Mapping[str, Sequence[Day]], code: Health) -> Mapping[str, float]:
    return {day.day.isoformat(): day.total for day in counts.get(code, ())}


def _sum(by_day: Mapping[str, float]) -> float | None:
    return sum(by_day.values()) if by_day else None
