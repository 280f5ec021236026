"""What is known of one bed, and what is wrong with it. Pure.

Limits are our own judgement; alerts (config/prometheus/alerts.yml) and inspections have the same ones. Where no case
is open, what is switched off is no fault.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from zoneinfo import ZoneInfo

from alarms.board import Alarm, Presence
from alarms.technical import SINK, about
from charting.fleet.state import (
    SECOND_US,
    BedState,
    DeviceState,
    Figure,
    Gateway,
    Heard,
    Level,
    Link,
    Trouble,
)
from charting.watch.state import FEED, BedAlarms, Doubt
from collector.clock import clock_error_s
from collector.fleet import BedTold
from collector.health import EVERY_S, Health
from collector.links import device_of
from collector.model import AlarmType, Priority, Reading
from collector.normalize import CLOCK_OFFSET
from collector.status import LinkFault
from collector.technical import GATEWAY
from collector.timekeeping import SYNC

OLD_US = round(2.2 * EVERY_S) * SECOND_US
"""Two reports have not come."""
DAY_US = 24 * 3600 * SECOND_US
BEFORE_US = 7 * DAY_US
"""A device that was last heard so long before all others of its bed belongs to it no more."""

DISK_WARN, DISK_BAD = 0.10, 0.03
OLDEST_WARN_S, OLDEST_BAD_S = 300.0, 3600.0
"""A server lacks what is so old: live data come within a second."""
CLOCK_ERROR_S = 1.5
DRIFT_PPM = 100.0
"""A sound crystal is within 50."""
AHEAD_US = 60 * SECOND_US
OFFSET_S = 60.0
"""A device's times are corrected by its offset; what it prints itself is not."""
REJECTED, REJECTED_SHARE = 10, 0.05
RESTARTED_US = 3600 * SECOND_US

_BY_PRIORITY = {Priority.HIGH: Level.BAD, Priority.MEDIUM: Level.WARN}
_OFF = frozenset({LinkFault.SILENT, LinkFault.UNREACHABLE, LinkFault.ENDED})
"""A device that is switched off looks like this."""
_UNSAVED = "journal-unsaved"
_DOUBTS: Mapping[Doubt | None, Heard] = {
    None: Heard.HEARD, Doubt.BEHIND: Heard.BEHIND, Doubt.SILENT: Heard.SILENT, Doubt.STORE: Heard.UNREAD,
    Doubt.UNREAD: Heard.UNKNOWN, Doubt.HALTED: Heard.UNKNOWN,
}  # fmt: skip


def judged(
    told: BedTold,
    alarms: BedAlarms,
    *,
    unread: bool,
    configured: bool,
    used: bool,
    version: str,
    zone: str,
    now_us: int,
) -> BedState:
    """`unread`: what is stored of the bed cannot be read now, `told` is what was known. `version`: this service's;
    `zone`: the site's.
    """
    last_us = max([*told.heard.values(), *(reading.time_us for reading in told.own)], default=None)
    gateway = _gateway(told, version, now_us)
    heard, since_us = (Heard.UNREAD, alarms.doubt_us) if unread else _heard(alarms, gateway, last_us, now_us)
    own = {a.alarm.source: a for a in alarms.alarms if a.device == GATEWAY and a.presence is Presence.PRESENT}
    sure = heard in {Heard.HEARD, Heard.BEHIND}
    state = BedState(
        bed=alarms.bed,
        configured=configured,
        used=used,
        heard=heard,
        heard_us=since_us,
        last_us=last_us,
        gateway=gateway,
        devices=_devices(told, alarms, own, ZoneInfo(zone), sure=sure, used=used, now_us=now_us),
        synchronised=_is_synchronised(gateway, own) if sure else None,
        saved=_UNSAVED not in own if sure else None,
        troubles=(),
    )
    found = sorted(_troubles(state, told, alarms, now_us), key=lambda trouble: trouble.level.rank)
    return replace(state, troubles=tuple(found))


def skew(ours: str, theirs: str) -> int | None:
    """By how many minor versions theirs is ahead; None where that cannot be said."""
    one, other = (version.split(".")[:2] for version in (ours, theirs))
    if len(one) < 2 or len(other) < 2 or one[0] != other[0] or not one[1].isdecimal() or not other[1].isdecimal():
        return None
    return int(other[1]) - int(one[1])


def _heard(alarms: BedAlarms, gateway: Gateway, last_us: int | None, now_us: int) -> tuple[Heard, int | None]:
    """A gateway all of whose devices are off tells at least of its health."""
    heard = _DOUBTS[alarms.doubt]
    if heard is Heard.SILENT and last_us is None:
        return Heard.NEVER, None
    if heard is Heard.HEARD and gateway.reported_us is not None and last_us is not None and now_us - last_us > OLD_US:
        return Heard.SILENT, last_us
    return heard, alarms.doubt_us


def _gateway(told: BedTold, version: str, now_us: int) -> Gateway:
    """A figure that the last report does not hold is not known now."""
    found = {r.series.channel.code: r for r in told.own if r.series.channel.source == GATEWAY}
    said = found.get(Health.VERSION)
    if said is None:
        return Gateway()

    def figure(code: Health) -> Figure | None:
        reading = found.get(code)
        return _figure(reading, now_us) if reading is not None and reading.time_us == said.time_us else None

    return Gateway(
        reported_us=said.time_us,
        old=now_us - said.time_us > OLD_US,
        version=said.text or "",
        skew=skew(version, said.text or ""),
        uptime_s=figure(Health.UPTIME),
        memory_bytes=figure(Health.MEMORY),
        processor_pct=figure(Health.PROCESSOR),
        disk_free_bytes=figure(Health.DISK_FREE),
        disk_bytes=figure(Health.DISK_SIZE),
        journal_bytes=figure(Health.JOURNAL_SIZE),
        pending=figure(Health.JOURNAL_PENDING),
        oldest_s=figure(Health.JOURNAL_OLDEST),
        clock_error_s=figure(Health.CLOCK_ERROR),
        clock_drift_ppm=figure(Health.CLOCK_DRIFT),
    )


def _is_synchronised(gateway: Gateway, own: Mapping[str, Alarm]) -> bool | None:
    """A gateway says so only after a while: until then the kernel's bound has to say that it is."""
    if SYNC in own:
        return False
    error = gateway.clock_error_s
    return True if error is not None and not error.old and error.value < CLOCK_ERROR_S else None


def _figure(reading: Reading, now_us: int) -> Figure | None:
    if reading.value is None:
        return None
    return Figure(value=reading.value, at_us=reading.time_us, old=now_us - reading.time_us > OLD_US)


def _devices(
    told: BedTold, alarms: BedAlarms, own: Mapping[str, Alarm], zone: tzinfo, *, sure: bool, used: bool, now_us: int
) -> Sequence[DeviceState]:
    lost = {device_of(source): alarm for source, alarm in own.items() if device_of(source)}
    newest_us = max(told.heard.values(), default=0)
    names = (
        {d for d, at_us in told.heard.items() if at_us >= newest_us - BEFORE_US} | lost.keys() | alarms.devices.keys()
    )
    return [
        _device(name, told, alarms, lost.get(name), zone, sure=sure, used=used, now_us=now_us) for name in sorted(names)
    ]


def _device(
    name: str,
    told: BedTold,
    alarms: BedAlarms,
    lost: Alarm | None,
    zone: tzinfo,
    *,
    sure: bool,
    used: bool,
    now_us: int,
) -> DeviceState:
    about_it = told.identities.get(name)
    measured = next((r for r in told.own if r.series.device == name and r.series.channel == CLOCK_OFFSET), None)
    offset = _figure(measured, now_us) if measured is not None else None
    counts = _counts(told, name)
    if not sure:
        link = Link.UNKNOWN
    elif lost is not None:
        link = Link.LOST if used or lost.alarm.code not in _OFF else Link.OFF
    else:
        link = Link.RECEIVED if alarms.devices.get(name) else Link.GONE
    return DeviceState(
        name=name,
        model=" ".join(filter(None, (about_it.manufacturer, about_it.model))) if about_it else "",
        link=link,
        fault=lost.alarm.code if lost is not None else "",
        since_us=lost.onset_us if lost is not None else None,
        last_us=told.heard.get(name),
        offset_s=replace(offset, value=clock_error_s(offset.value, offset.at_us, zone)) if offset is not None else None,
        frames=counts.get(Health.FRAMES),
        rejected=counts.get(Health.REJECTED),
        rejected_bytes=counts.get(Health.REJECTED_BYTES),
        restarts=counts.get(Health.RESTARTS),
    )


def _counts(told: BedTold, device: str) -> Mapping[str, int]:
    """Those of the bed's last report."""
    last_us = max((r.time_us for r in told.own if r.series.channel.code == Health.VERSION), default=None)
    return {
        r.series.channel.code: round(r.value)
        for r in told.own
        if r.series.device == GATEWAY
        and r.series.channel.source == device
        and r.time_us == last_us
        and r.value is not None
    }


def _troubles(bed: BedState, told: BedTold, alarms: BedAlarms, now_us: int) -> Iterator[Trouble]:
    yield from _of_hearing(bed, told, now_us)
    for device in bed.devices:
        yield from _of_device(device, used=bed.used)
    for alarm in alarms.alarms:
        if alarm.alarm.type is AlarmType.TECHNICAL and alarm.alarm.source != FEED and not device_of(alarm.alarm.source):
            yield Trouble(level=_level(alarm), key="condition", since_us=alarm.onset_us, alarm=alarm)
    yield from _of_gateway(bed, now_us)


def _level(alarm: Alarm) -> Level:
    """What a device misses, or its gateway of its signals, those at the bed see to."""
    found = about(alarm.alarm.source)
    if alarm.device != GATEWAY or (found is not None and found.kind != SINK):
        return Level.NOTE
    return _BY_PRIORITY.get(alarm.alarm.priority, Level.NOTE)


def _of_hearing(bed: BedState, told: BedTold, now_us: int) -> Iterator[Trouble]:
    worse = Level.BAD if bed.used else Level.WARN
    if bed.heard in {Heard.UNREAD, Heard.SILENT}:
        yield Trouble(level=worse if bed.configured else Level.NOTE, key=str(bed.heard), since_us=bed.heard_us)
    elif bed.heard in {Heard.NEVER, Heard.BEHIND, Heard.UNKNOWN}:
        level = Level.NOTE if bed.heard is Heard.NEVER else Level.WARN
        yield Trouble(level=level, key=str(bed.heard), since_us=bed.heard_us)
    if told.unread:
        yield Trouble(level=Level.WARN, key="damaged")
    if not bed.configured:
        recent = bed.last_us is not None and now_us - bed.last_us < DAY_US
        yield Trouble(level=Level.WARN if recent else Level.NOTE, key="unconfigured")
    if bed.last_us is not None and bed.last_us > now_us + AHEAD_US:
        yield Trouble(level=Level.WARN, key="ahead")


def _of_device(device: DeviceState, *, used: bool) -> Iterator[Trouble]:
    said = {"device": device.name}
    if device.link is Link.LOST:
        level = Level.BAD if used else Level.WARN
        yield Trouble(level=level, key="lost", said={**said, "fault": device.fault}, since_us=device.since_us)
    if device.link is Link.GONE and used:
        yield Trouble(level=Level.WARN, key="gone", said=said, since_us=device.last_us)
    if device.restarts:
        yield Trouble(level=Level.WARN, key="restarts", said={**said, "n": str(device.restarts)})
    rejected, frames = device.rejected or 0, device.frames or 0
    if rejected >= REJECTED and rejected > REJECTED_SHARE * (rejected + frames):
        yield Trouble(level=Level.WARN, key="rejected", said={**said, "n": str(rejected)})
    offset = device.offset_s
    if offset is not None and not offset.old and abs(offset.value) >= OFFSET_S:
        yield Trouble(level=Level.NOTE, key="offset", said={**said, "s": f"{offset.value:+.0f}"})


def _of_gateway(bed: BedState, now_us: int) -> Iterator[Trouble]:
    gateway = bed.gateway
    if gateway.reported_us is None:
        if bed.heard is Heard.HEARD:
            yield Trouble(level=Level.NOTE, key="no_report")
        return
    if gateway.old and bed.heard is Heard.HEARD:
        yield Trouble(level=Level.WARN, key="old_report", since_us=gateway.reported_us)
    if gateway.skew != 0:
        level = Level.NOTE if gateway.skew is not None and abs(gateway.skew) == 1 else Level.WARN
        yield Trouble(level=level, key="version", said={"version": gateway.version or "?"})
    if gateway.old:
        return
    free = gateway.free
    if free is not None and free < DISK_WARN:
        yield Trouble(level=Level.BAD if free < DISK_BAD else Level.WARN, key="disk", said={"pct": f"{free:.0%}"})
    oldest = gateway.oldest_s
    if oldest is not None and oldest.value >= OLDEST_WARN_S:
        level = Level.BAD if oldest.value >= OLDEST_BAD_S else Level.WARN
        yield Trouble(level=level, key="waiting", since_us=oldest.at_us - round(oldest.value * SECOND_US))
    error, drift = gateway.clock_error_s, gateway.clock_drift_ppm
    if error is not None and error.value >= CLOCK_ERROR_S:
        yield Trouble(level=Level.WARN, key="clock_error", said={"s": f"{error.value:.1f}"})
    if drift is not None and abs(drift.value) >= DRIFT_PPM:
        yield Trouble(level=Level.WARN, key="drift", said={"ppm": f"{drift.value:+.0f}"})
    if gateway.started_us is not None and now_us - gateway.started_us < RESTARTED_US:
        yield Trouble(level=Level.NOTE, key="restarted", since_us=gateway.started_us)
