"""When a rule of an inspection finds something: a function for each, by its id. Pure.

Each yields whom it is about and the numbers that it stands on, as rules.toml names them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from charting.inspection.devices import FAULTS
from charting.inspection.measured import Device, Gateway, Measured
from charting.inspection.raw import SOURCES
from charting.inspection.spans import Tally
from collector.links import device_of
from collector.model import Priority
from collector.technical import GATEWAY, STEP

MIB, GIB = 2.0**20, 2.0**30
DAY_S, DAY_US = 86_400.0, 86_400_000_000
MONTH_DAYS = 30
_PPM = 1e-6

Limits = Mapping[str, float]
Number = float | int | str | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """`bed`: "" for what is no bed's. `device`: of the bed."""

    bed: str = ""
    device: str = ""
    numbers: Mapping[str, Number] = field(default_factory=dict)


Condition = Callable[[Measured, Limits, int], Iterator[Hit]]
"""What was measured, the rule's limits, and the time at which the report is made (µs)."""


def _lasting(tally: Tally) -> dict[str, Number]:
    return {
        "times": tally.times,
        "total_min": tally.total_s / 60,
        "longest_min": tally.longest_s / 60,
        "still": tally.standing,
    }


def gateway_absent(m: Measured, _: Limits, __: int) -> Iterator[Hit]:
    for g in m.gateways:
        if g.share is None:
            yield Hit(bed=g.bed)


def gateway_down(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for g in m.gateways:
        long = g.down.longest_s >= limits["longest_min"] * 60
        if g.share is not None and (long or g.share < limits["share"]):
            yield Hit(bed=g.bed, numbers={**_lasting(g.down), "share": g.share})


def gateway_silent(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for g in m.gateways:
        if g.share is not None and g.silent.total_s >= limits["total_min"] * 60:
            yield Hit(bed=g.bed, numbers=_lasting(g.silent))


def gateway_restarts(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    """Each leaves so short a gap that nobody sees it as a downtime."""
    for g in m.gateways:
        told = g.starts
        if told.most >= limits["a_day"] or told.times >= max(limits["mean"] * g.watched_s / DAY_S, limits["a_day"]):
            yield Hit(bed=g.bed, numbers={"times": told.times, "day": told.day, "most": told.most})


def processor_high(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for g in m.gateways:
        if g.processor is not None and g.processor.last >= limits["mean"]:
            yield Hit(bed=g.bed, numbers={"last": g.processor.last, "high": g.processor.high})


def memory_growing(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for g in m.gateways:
        trend = g.memory.trend if g.memory is not None else None
        if g.memory is None or trend is None or not trend.steady:
            continue
        monthly = trend.per_day * MONTH_DAYS / MIB
        if monthly >= limits["mib_per_month"]:
            yield Hit(bed=g.bed, numbers={"mib_per_month": monthly, "last_mib": g.memory.last / MIB})


def disk_low(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for g in m.gateways:
        if g.disk is not None and g.disk.lowest < limits["share"] * g.disk.size:
            told = {"lowest_gib": g.disk.lowest / GIB, "size_gib": g.disk.size / GIB}
            yield Hit(bed=g.bed, numbers={**told, "share": g.disk.lowest / g.disk.size})


def disk_filling(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for g in m.gateways:
        if g.disk is None or g.disk.trend is None or g.disk.full_in_days is None:
            continue
        if g.disk.full_in_days <= limits["days"]:
            lost = -g.disk.trend.per_day / MIB
            yield Hit(bed=g.bed, numbers={"days": g.disk.full_in_days, "mib_per_day": lost})


def device_fault(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for d in m.devices:
        for gap in d.gaps:
            if gap.cause in FAULTS and gap.tally.total_s >= limits["total_min"] * 60:
                yield Hit(bed=d.bed, device=d.device, numbers={"cause": gap.cause, **_lasting(gap.tally)})


def device_lost(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for d in m.devices:
        if d.lost.total_s >= limits["total_min"] * 60:
            yield Hit(bed=d.bed, device=d.device, numbers=_lasting(d.lost))


def device_missed(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    """One that most cases miss is used now and then: nothing is wrong with it. One that is long away is told so."""
    for d in m.devices:
        if limits["cases"] <= d.missed < limits["share"] * d.cases and _away_s(d) < limits["days"] * DAY_S:
            yield Hit(bed=d.bed, device=d.device, numbers={"cases": d.cases, "missed": d.missed})


def device_away(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for d in m.devices:
        if _away_s(d) >= limits["days"] * DAY_S:
            yield Hit(bed=d.bed, device=d.device, numbers={"days": _away_s(d) / DAY_S})


def _away_s(device: Device) -> float:
    return max((gap.tally.longest_s for gap in device.gaps if gap.cause not in FAULTS), default=0.0)


def device_rejected(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for d in m.devices:
        for day in d.worst:
            share = day.rejected / (day.rejected + day.frames)
            if day.rejected >= limits["runs"] and share >= limits["share"]:
                told = {"rejected": day.rejected, "share": share, "kib": day.rejected_bytes / 1024}
                yield Hit(bed=d.bed, device=d.device, numbers={"day": day.day, **told, "total": d.rejected or 0.0})
                break


def driver_failed(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for d in m.devices:
        if d.restarts is not None and d.restarts >= limits["restarts"]:
            yield Hit(bed=d.bed, device=d.device, numbers={"restarts": d.restarts})


def device_clock(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for d in m.devices:
        if d.offset_s is not None and abs(d.offset_s) >= limits["offset_s"]:
            yield Hit(bed=d.bed, device=d.device, numbers={"offset_s": d.offset_s})


def clock_unsynchronised(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    yield from _stood(m, limits, lambda g: g.clock.unsynchronised)


def clock_stepped(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for g in m.gateways:
        if g.clock.largest_step_s >= limits["step_s"]:
            yield Hit(bed=g.bed, numbers={"steps": g.clock.steps, "step_s": g.clock.largest_step_s})


def clock_drift(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for g in m.gateways:
        ppm = g.clock.drift_ppm
        if ppm is not None and abs(ppm) >= limits["ppm"]:
            yield Hit(bed=g.bed, numbers={"ppm": ppm, "s_per_day": abs(ppm) * _PPM * DAY_S})


def journal_unsaved(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    yield from _stood(m, limits, lambda g: g.journal.unsaved)


def journal_nearly_full(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    yield from _stood(m, limits, lambda g: g.journal.nearly_full)


def journal_full(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    yield from _stood(m, limits, lambda g: g.journal.full)


def journal_behind(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for g in m.gateways:
        if g.journal.behind_s is not None and g.journal.behind_s >= limits["hours"] * 3600:
            yield Hit(bed=g.bed, numbers={"hours": g.journal.behind_s / 3600})


def _stood(m: Measured, limits: Limits, of: Callable[[Gateway], Tally]) -> Iterator[Hit]:
    for g in m.gateways:
        if of(g).times and of(g).total_s >= limits["total_min"] * 60:
            yield Hit(bed=g.bed, numbers=_lasting(of(g)))


def server_outage(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for sink in sorted({outage.sink for outage in m.outages}):
        some = [o for o in m.outages if o.sink == sink]
        each_min = [(o.end_us - o.start_us) / 60e6 for o in some]
        if sum(each_min) >= limits["total_min"]:
            told = {"times": len(some), "total_min": sum(each_min), "longest_min": max(each_min)}
            yield Hit(numbers={"sink": sink, **told, "beds": max(o.beds for o in some)})


def bed_unreached(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for g in m.gateways:
        for each in g.unreached:
            if each.alone.total_s >= limits["total_min"] * 60:
                yield Hit(bed=g.bed, numbers={"sink": each.sink, **_lasting(each.alone)})


def version_skew(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    if m.skew.longest_s >= limits["days"] * DAY_S:
        yield Hit(numbers={"days": m.skew.longest_s / DAY_S, "versions": ", ".join(m.skewed)})


def open_fault(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    """What has a rule of its own is told there, and nobody hears a device that is not received end its alarm."""
    gone = {(f.bed, device_of(f.source)) for f in m.faults if f.device == GATEWAY}
    for f in m.faults:
        own = f.device == GATEWAY and (re.fullmatch(SOURCES, f.source) or f.source == STEP or ":" in f.source)
        if own or (f.bed, f.device) in gone or f.priority == Priority.INFORMATION:
            continue
        if f.stood_s >= limits["hours"] * 3600:
            yield Hit(bed=f.bed, device=f.device, numbers={"days": f.stood_s / DAY_S, "code": f.code, "text": f.text})


def certificate_expiring(m: Measured, limits: Limits, now_us: int) -> Iterator[Hit]:
    for each in m.certificates:
        days = (each.until_us - now_us) / DAY_US
        if days < limits["days"]:
            yield Hit(numbers={"name": each.name, "days": days, "until_us": each.until_us})


def backup_failed(m: Measured, _: Limits, __: int) -> Iterator[Hit]:
    if m.backups is not None and m.backups.failed:
        yield Hit(numbers={"times": m.backups.times, "failed": m.backups.failed})


def backup_missing(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    if m.backups is not None and m.backups.without_s >= limits["days"] * DAY_S:
        yield Hit(numbers={"days": m.backups.without_s / DAY_S})


def restore_differed(m: Measured, _: Limits, __: int) -> Iterator[Hit]:
    if m.restores is not None and m.restores.failed:
        yield Hit(numbers={"times": m.restores.times, "failed": m.restores.failed})


def restore_missing(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    if m.restores is not None and m.restores.without_s >= limits["days"] * DAY_S:
        yield Hit(numbers={"days": m.restores.without_s / DAY_S})


def slow_statement(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for each in (m.database.statements if m.database is not None else None) or ():
        if each.mean_ms >= limits["mean_ms"]:
            yield Hit(numbers={"mean_ms": each.mean_ms, "calls": each.calls, "text": each.text})


def bloat(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    for t in m.database.tables if m.database is not None else ():
        share = t.dead / (t.rows + t.dead) if t.dead else 0.0
        if share >= limits["share"] and t.dead >= limits["rows"] and t.table_bytes >= limits["mib"] * MIB:
            yield Hit(numbers={"table": t.name, "share": share, "dead": t.dead, "mib": t.table_bytes / MIB})


def uncompressed(m: Measured, limits: Limits, now_us: int) -> Iterator[Hit]:
    for t in m.database.hypertables if m.database is not None else ():
        if not t.compresses or t.uncompressed_us is None:
            continue
        days = (now_us - t.uncompressed_us) / DAY_US
        if days >= limits["days"]:
            yield Hit(numbers={"table": t.name, "days": days, "compressed": t.compressed, "chunks": t.chunks})


def cache_low(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    d = m.database
    if d is not None and d.found is not None and d.asked >= limits["blocks"] and d.found < limits["found"]:
        yield Hit(numbers={"found": d.found})


def connections_high(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    d = m.database
    if d is None or not d.connections or not d.most_connections:
        return
    if d.connections >= limits["share"] * d.most_connections:
        yield Hit(numbers={"connections": d.connections, "most": d.most_connections})


def vacuum_overdue(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    d = m.database
    if d is not None and d.age and d.most_age and d.age >= limits["times"] * d.most_age:
        yield Hit(numbers={"age": d.age, "most": d.most_age, "times": d.age / d.most_age})


def parked(m: Measured, limits: Limits, _: int) -> Iterator[Hit]:
    if m.database is not None and m.database.parked > limits["rows"]:
        yield Hit(numbers={"rows": m.database.parked})


def performance_missing(m: Measured, _: Limits, __: int) -> Iterator[Hit]:
    if m.overdue:
        yield Hit(numbers={"periods": ", ".join(m.overdue)})


def holidays_missing(m: Measured, _: Limits, __: int) -> Iterator[Hit]:
    if m.unplanned:
        yield Hit(numbers={"years": ", ".join(map(str, m.unplanned))})


CONDITIONS: Mapping[str, Condition] = {
    condition.__name__: condition
    for condition in (
        gateway_absent, gateway_down, gateway_silent, gateway_restarts, processor_high, memory_growing,
        disk_low, disk_filling, device_fault, device_lost, device_missed, device_away, device_rejected,
        driver_failed, device_clock, clock_unsynchronised, clock_stepped, clock_drift, journal_unsaved,
        journal_nearly_full, journal_full, journal_behind, server_outage, bed_unreached, version_skew,
        open_fault, certificate_expiring, backup_failed, backup_missing, restore_differed, restore_missing,
        slow_statement, bloat, uncompressed, cache_low, connections_high, vacuum_overdue, parked,
        performance_missing, holidays_missing,
    )
}  # fmt: skip
