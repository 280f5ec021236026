"""Faults to be injected into a quarter, each with its truth: which findings it must give, of which bed and device."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from charting.inspection.measured import Hypertable, Statement, Table
from collector.health import Health
from tests.charting.inspection.quarter import (
    BEDS,
    DAY,
    GIB,
    HOUR,
    MIB,
    MINUTE,
    SECOND,
    SINK,
    Quarter,
    Run,
)

Truth = tuple[str, str, str]
"""Rule, bed, device."""
Fault = Callable[[Quarter], Sequence[Truth]]
THEATRES = ("OR-01", "OR-02", "OR-03")


def _theatre(q: Quarter) -> str:
    return q.random.choice(THEATRES)


def _bed(q: Quarter) -> str:
    return q.random.choice(list(BEDS))


def _set(q: Quarter, bed: str, about: str, code: Health, start_us: int, end_us: int, value: float) -> None:
    q.values[bed, about, code.value][q.during(bed, start_us, end_us)] = value


def gateway_off(q: Quarter) -> Sequence[Truth]:
    bed, start = _bed(q), q.at(q.working_day(), 2)
    q.put(bed, "gateway", start, start + 3 * HOUR, code="VND_VITALSD_GATEWAY_DOWN", told_us=start + 3 * HOUR)
    q.silent.append((bed, start, start + 3 * HOUR))
    q.restart(bed, start + 3 * HOUR)
    return [("gateway_down", bed, "")]


def looping(q: Quarter) -> Sequence[Truth]:
    """It fails again and again, and begins anew within seconds."""
    bed, start = _bed(q), q.at(q.working_day(), 5)
    for n in range(5):
        q.restart(bed, start + n * 17 * MINUTE)
    return [("gateway_restarts", bed, "")]


def gateway_silent(q: Quarter) -> Sequence[Truth]:
    bed, start = _bed(q), q.at(q.working_day(), 3)
    q.silent.append((bed, start, start + 2 * HOUR))
    return [("gateway_silent", bed, "")]


def gateway_still_off(q: Quarter) -> Sequence[Truth]:
    """Nobody has told that it is down: it has not started again."""
    q.silent.append(("OR-03", q.period.end_us - 5 * HOUR, q.period.end_us + DAY))
    return [("gateway_silent", "OR-03", "")]


def gateway_absent(q: Quarter) -> Sequence[Truth]:
    q.beds.append("OR-09")
    return [("gateway_absent", "OR-09", "")]


def processor(q: Quarter) -> Sequence[Truth]:
    bed = _bed(q)
    _set(q, bed, "vitalsd", Health.PROCESSOR, q.period.end_us - 3 * DAY, q.period.end_us, 93.0)
    return [("processor_high", bed, "")]


def memory(q: Quarter) -> Sequence[Truth]:
    bed = _bed(q)
    values = q.values[bed, "vitalsd", Health.MEMORY.value]
    values += np.linspace(0, 300 * MIB, values.size)
    return [("memory_growing", bed, "")]


def disk_filling(q: Quarter) -> Sequence[Truth]:
    values = q.values["OR-01", "vitalsd", Health.DISK_FREE.value]
    values -= np.linspace(0, 28 * GIB, values.size)
    return [("disk_filling", "OR-01", "")]


def disk_low(q: Quarter) -> Sequence[Truth]:
    start = q.at(q.working_day(), 9)
    _set(q, "OR-02", "vitalsd", Health.DISK_FREE, start, start + 5 * HOUR, 2 * GIB)
    return [("disk_low", "OR-02", "")]


def cable_out(q: Quarter) -> Sequence[Truth]:
    bed, start = _theatre(q), q.at(q.working_day(), 13)
    q.put(bed, "link:monitor", start, start + 40 * MINUTE, code="VND_VITALSD_LINK_SILENT")
    return [("device_lost", bed, "monitor")]


def refused(q: Quarter) -> Sequence[Truth]:
    bed, start = _theatre(q), q.at(q.working_day(), 16.6)
    q.put(bed, "link:machine", start, start + 30 * MINUTE, code="VND_VITALSD_LINK_REFUSED")
    return [("device_fault", bed, "machine")]


def port_gone(q: Quarter) -> Sequence[Truth]:
    start = q.at(q.working_day(), 12)
    q.put("ICU-01", "link:pump", start, start + 2 * HOUR, code="VND_VITALSD_LINK_PORT_GONE")
    return [("device_fault", "ICU-01", "pump")]


def missed(q: Quarter) -> Sequence[Truth]:
    """Its cable was out before the first case of a day, and until the end of the next but one."""
    n = next(n for n in q.free if q.day(n).weekday() < 3 and {n, n + 1, n + 2} <= set(q.free))
    q.free = [other for other in q.free if other not in {n, n + 1, n + 2}]
    start, end = q.at(n, 6.5), q.at(n + 3, 7)
    q.take("OR-02", "link:monitor", start, end - 1)
    q.put("OR-02", "link:monitor", start, None, code="VND_VITALSD_LINK_SILENT")
    return [("device_missed", "OR-02", "monitor")]


def away(q: Quarter) -> Sequence[Truth]:
    start, end = q.at(6, 12), q.at(22, 12)
    q.put("ICU-01", "link:monitor", start, end, code="VND_VITALSD_LINK_UNREACHABLE")
    return [("device_away", "ICU-01", "monitor")]


def garbage(q: Quarter) -> Sequence[Truth]:
    bed, start = _theatre(q), q.at(q.working_day(), 10)
    _set(q, bed, "monitor", Health.REJECTED, start, start + HOUR, 400.0)
    _set(q, bed, "monitor", Health.REJECTED_BYTES, start, start + HOUR, 30_000.0)
    return [("device_rejected", bed, "monitor")]


def driver(q: Quarter) -> Sequence[Truth]:
    bed, start = _theatre(q), q.at(q.working_day(), 10)
    _set(q, bed, "machine", Health.RESTARTS, start, start + q.every_us, 4.0)
    for n in range(4):
        at = start + n * 5 * MINUTE
        q.put(bed, "link:machine", at, at + 11 * SECOND, code="VND_VITALSD_LINK_FAILED")
    return [("driver_failed", bed, "machine")]


def device_clock(q: Quarter) -> Sequence[Truth]:
    bed = _bed(q)
    _, offsets = q.other[bed, "monitor", "VND_VITALSD_CLOCK_OFFSET"]
    offsets -= 420.0
    return [("device_clock", bed, "monitor")]


def unsynchronised(q: Quarter) -> Sequence[Truth]:
    bed, start = _bed(q), q.at(q.working_day(), 4)
    q.put(bed, "clock-sync", start, start + 9 * HOUR, text="Gateway clock is not synchronised: no NTP server is heard")
    _set(q, bed, "vitalsd", Health.CLOCK_ERROR, start, start + 9 * HOUR, 4.0)
    return [("clock_unsynchronised", bed, "")]


def stepped(q: Quarter) -> Sequence[Truth]:
    bed, at = _bed(q), q.at(q.working_day(), 6)
    times, sizes = q.other[bed, "vitalsd", "VND_VITALSD_CLOCK_STEP"]
    q.other[bed, "vitalsd", "VND_VITALSD_CLOCK_STEP"] = np.append(times, at), np.append(sizes, -37.0)
    q.put(bed, "clock-step", at, at + MINUTE)
    return [("clock_stepped", bed, "")]


def drift(q: Quarter) -> Sequence[Truth]:
    bed = _bed(q)
    q.values[bed, "vitalsd", Health.CLOCK_DRIFT.value] += 190.0
    return [("clock_drift", bed, "")]


def _journal(source: str, minutes: int, rule: str) -> Fault:
    def injected(q: Quarter) -> Sequence[Truth]:
        bed, start = _bed(q), q.at(q.working_day(), 1)
        q.put(bed, source, start, start + minutes * MINUTE)
        return [(rule, bed, "")]

    return injected


def behind(q: Quarter) -> Sequence[Truth]:
    bed, start = _bed(q), q.at(q.working_day(), 8)
    _set(q, bed, "vitalsd", Health.JOURNAL_OLDEST, start, start + 8 * HOUR, 8 * 3600.0)
    return [("journal_behind", bed, "")]


def outage(q: Quarter) -> Sequence[Truth]:
    """Told by each bed at its own second; what waited is brought within an hour."""
    start = q.at(q.working_day(), 14)
    for bed in BEDS:
        late = q.random.randrange(60) * SECOND
        q.put(bed, SINK, start + late, start + 7 * HOUR + late, code="VND_VITALSD_SINK_UNREACHED")
        _set(q, bed, "vitalsd", Health.JOURNAL_OLDEST, start, start + 8 * HOUR, 7.3 * 3600.0)
    return [("server_outage", "", "")]


def socket(q: Quarter) -> Sequence[Truth]:
    bed, start = _bed(q), q.at(q.working_day(), 20)
    q.put(bed, SINK, start, start + 100 * MINUTE, code="VND_VITALSD_SINK_UNREACHED")
    return [("bed_unreached", bed, "")]


def skew(q: Quarter) -> Sequence[Truth]:
    q.old_until_us["OR-03"] += 10 * DAY
    return [("version_skew", "", "")]


def standing(q: Quarter) -> Sequence[Truth]:
    """Told again when its text changed, some hours before the end."""
    q.put("ICU-01", "fan", q.at(q.days - 6, 8), None, device="monitor", text="Fan failure")
    q.goes_on(q.at(q.days - 1, 9), text="Fan failure, hot")
    return [("open_fault", "ICU-01", "monitor")]


def certificate(q: Quarter) -> Sequence[Truth]:
    q.certificate_days = 12.0
    return [("certificate_expiring", "", "")]


def _without(q: Quarter, kind: str, start_us: int, end_us: int) -> None:
    """No good one in a time."""
    q.runs = [run for run in q.runs if run.kind != kind or not run.ok or not start_us <= run.ended_us < end_us]


def backup_failed(q: Quarter) -> Sequence[Truth]:
    at = q.at(q.working_day(), 2)
    _without(q, "backup", at, at + HOUR)
    q.runs.append(Run(kind="backup", ended_us=at + 3 * MINUTE, ok=False))
    return [("backup_failed", "", "")]


def backup_broken(q: Quarter) -> Sequence[Truth]:
    """It runs, and fails, for days on end."""
    start, end = q.at(q.days // 2, 0), q.at(q.days // 2 + 4, 0)
    failing = [run.ended_us for run in q.runs if run.kind == "backup" and start <= run.ended_us < end]
    _without(q, "backup", start, end)
    q.runs += [Run(kind="backup", ended_us=at, ok=False) for at in failing]
    return [("backup_failed", "", ""), ("backup_missing", "", "")]


def backup_missing(q: Quarter) -> Sequence[Truth]:
    _without(q, "backup", q.period.end_us - 5 * DAY, q.now_us)
    return [("backup_missing", "", "")]


def restore_differed(q: Quarter) -> Sequence[Truth]:
    at = q.at(7, 2) + 12 * MINUTE
    _without(q, "restore_test", at, at + HOUR)
    q.runs.append(Run(kind="restore_test", ended_us=at, ok=False))
    return [("restore_differed", "", "")]


def restore_missing(q: Quarter) -> Sequence[Truth]:
    _without(q, "restore_test", q.period.end_us - 37 * DAY, q.now_us)
    return [("restore_missing", "", "")]


def performance(q: Quarter) -> Sequence[Truth]:
    q.performances.clear()
    return [("performance_missing", "", "")]


def parked(q: Quarter) -> Sequence[Truth]:
    q.database = replace(q.database, parked=3)
    at = q.at(9, 9) / 1e6
    q.statements.append(
        "insert into vitalsd.parked select gen_random_uuid(), n, '22003: out of range', '{}', "
        f"to_timestamp({at}) from generate_series(1, 3) as n"
    )
    return [("parked", "", "")]


def bloat(q: Quarter) -> Sequence[Truth]:
    q.database = replace(q.database, tables=(_table(rows=50_000, dead=40_000), _table(rows=9, dead=300)))
    q.statements += [
        "alter table vitalsd.identity set (autovacuum_enabled = off)",
        """insert into vitalsd.identity select 'OR-01', 'monitor', 'patient', to_timestamp(1e9 + n), 0, '{}'
        from generate_series(1, 90000) as n""",
        "delete from vitalsd.identity where kind = 'patient'",
    ]
    return [("bloat", "", "")]


def slow(q: Quarter) -> Sequence[Truth]:
    told = Statement(text="select pg_sleep($1)", calls=1, mean_ms=1_100.0, total_ms=1_100.0)
    q.database = replace(q.database, statements=(told, replace(told, mean_ms=250.0)))
    q.statements.append("select pg_sleep(1.05)")
    return [("slow_statement", "", "")]


def uncompressed(q: Quarter) -> Sequence[Truth]:
    of = Hypertable(name="obs", size_bytes=2**33, chunks=400, compressed=200, compresses=True,
                    uncompressed_us=q.now_us - 80 * DAY)  # fmt: skip
    soon = replace(of, name="minute", uncompressed_us=q.now_us - 31 * DAY)
    tables = (of, soon, replace(of, name="wave", compresses=False))
    q.database = replace(q.database, edition="timescale", hypertables=tables)
    return [("uncompressed", "", "")]


def cache(q: Quarter) -> Sequence[Truth]:
    q.database = replace(q.database, found=0.71)
    return [("cache_low", "", "")]


def connections(q: Quarter) -> Sequence[Truth]:
    q.database = replace(q.database, connections=91)
    return [("connections_high", "", "")]


def vacuum(q: Quarter) -> Sequence[Truth]:
    q.database = replace(q.database, age=700_000_000)
    return [("vacuum_overdue", "", "")]


def holidays(q: Quarter) -> Sequence[Truth]:
    q.holidays_known = False
    return [("holidays_missing", "", "")]


def _table(*, rows: int, dead: int) -> Table:
    return Table(name="vitalsd.identity", table_bytes=2**24, index_bytes=0, rows=rows, dead=dead, sequential=0,
                 by_index=0, vacuumed_us=None)  # fmt: skip


FAULTS: Mapping[str, Fault] = {
    "missed": missed,  # the first to choose its days
    **{
        fault.__name__: fault
        for fault in (
            gateway_off, gateway_silent, gateway_still_off, gateway_absent, processor, memory, disk_filling, disk_low,
            cable_out, refused, port_gone, away, garbage, driver, device_clock, unsynchronised, stepped, drift, behind,
            looping, outage, socket, skew, standing, certificate, backup_failed, backup_broken, backup_missing,
            restore_differed, restore_missing, performance, parked, bloat, slow, uncompressed, cache, connections,
            vacuum, holidays,
        )
    },
    "unsaved": _journal("journal-unsaved", 20, "journal_unsaved"),
    "nearly_full": _journal("journal-nearly-full", 300, "journal_nearly_full"),
    "full": _journal("journal-full", 9, "journal_full"),
}  # fmt: skip
SIMULATED_ONLY = frozenset({"uncompressed", "cache", "connections", "vacuum"})
"""A test's server is another edition, or cannot be brought so far: their numbers are given."""


def inject(q: Quarter, names: Sequence[str]) -> Sequence[Truth]:
    """The findings that these must give, each once."""
    return sorted({truth for name in FAULTS if name in names for truth in FAULTS[name](q)})
