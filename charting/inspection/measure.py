"""Measures a period: asks the stores, and makes of it what reports tell. What cannot be had is said so."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from charting.inspection.devices import devices
from charting.inspection.due import Kind, overdue, unplanned
from charting.inspection.gateways import Told, gateways, outages, versions
from charting.inspection.holidays import Holidays
from charting.inspection.measured import Certificate, Database, Device, Fault, Gateway, Measured, Pages, Runs
from charting.inspection.raw import Heard, Standing, Stay, Store
from charting.inspection.report import Unmeasured
from charting.inspection.spans import spells
from charting.quality.periods import Period
from collector.certificates import expiries


class Records(Protocol):
    """What the charting's own tables say (charting.store.inspections)."""

    def stays(self, period: Period) -> Sequence[Stay]: ...

    def runs(self, kind: Literal["backup", "restore_test"], period: Period, since_us: int) -> Runs: ...

    def pages(self, period: Period) -> Sequence[Pages]: ...

    def there(self) -> Collection[tuple[Kind, str]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a site's file says. `certificates`: name → PEM file.

    `beds`: beside those of which the store has heard in the period; where there are none, those of which it ever has.
    """

    name: str
    zone: str
    holidays: Holidays
    beds: Sequence[str] = ()
    certificates: Mapping[str, Path] = field(default_factory=dict)


def measured(
    period: Period, site: Site, store: Store, records: Records | None, database: Database | None
) -> tuple[Measured, list[Unmeasured]]:
    """`period`: no later than now. `records` None: there is no charting. Raises what the stores raise."""
    heard = {each.bed: each for each in store.heard(period)}
    since_us = first_us(list(heard.values()))
    dropped_us = store.dropped_us() or 0
    told = Told(
        period=period,
        zone=site.zone,
        heard=heard,
        silences=store.silences(period),
        days=store.days(period, site.zone),
        spells=spells(store.changes(period)),
        versions=store.versions(period),
        starts=store.starts(period, site.zone),
        from_us=dropped_us,
    )
    others = sorted(bed for bed, each in heard.items() if each.first_us is not None or not site.beds)
    beds = [*site.beds, *(bed for bed in others if bed not in site.beds)]
    fed = store.told(period, [bed for bed in beds if bed not in heard])
    own = [bed for bed in beds if bed not in fed]
    lost = outages(told, own)
    of_gateways = gateways(told, own, lost)
    found_versions, skew, skewed = versions(told)
    stays = records.stays(period) if records is not None else ()
    of_devices = devices(
        told,
        beds,
        stays=stays,
        offsets=store.offsets(period),
        identities=store.identities(period.end_us),
    )
    certificates, unknown = _certificates(site)
    from_us = period.start_us if since_us is None else since_us
    made = Measured(
        gateways=tuple(of_gateways),
        devices=tuple(of_devices),
        outages=tuple(lost),
        versions=tuple(found_versions),
        skew=skew,
        skewed=tuple(skewed),
        faults=tuple(
            _fault(each, heard.get(each.bed), period) for each in store.standing(period.end_us) if each.bed in beds
        ),
        backups=records.runs("backup", period, from_us) if records is not None else None,
        restores=records.runs("restore_test", period, from_us) if records is not None else None,
        pages=tuple(records.pages(period)) if records is not None else (),
        certificates=tuple(certificates),
        database=database,
        overdue=tuple(
            overdue(period, from_us, period.end_us, site.zone, site.holidays, records.there()) if records else ()
        ),
        unplanned=tuple(unplanned(period, site.zone, site.holidays)),
    )
    lacks = [
        *([Unmeasured(key="beds")] if not beds else []),
        *([Unmeasured(key="fed", about=", ".join(sorted(fed)))] if fed else []),
        *([Unmeasured(key="dropped")] if dropped_us > period.start_us else []),
        *_of_gateways(of_gateways),
        *_of_devices(of_devices),
        *([Unmeasured(key="charting")] if records is None else [] if stays else [Unmeasured(key="cases")]),
        *([] if site.certificates else [Unmeasured(key="certificates")]),
        *(Unmeasured(key="certificate", about=name) for name in unknown),
        *of_database(database),
    ]
    return made, lacks


def of_database(database: Database | None) -> Iterator[Unmeasured]:
    """What could not be measured of it."""
    if database is None:
        yield Unmeasured(key="database")
        return
    if database.grown_per_day is None:
        yield Unmeasured(key="grown")
    if database.edition == "sqlite":
        yield Unmeasured(key="embedded")
        return
    if database.statements is None:
        yield Unmeasured(key="statements")
    elif not database.sees_all:
        yield Unmeasured(key="others_statements")
    if database.edition != "timescale":
        yield Unmeasured(key="compression")
    yield Unmeasured(key="server_disk")


def first_us(heard: Sequence[Heard]) -> int | None:
    """When the first gateway was heard of ever; None: none was."""
    return min((each.ever_us for each in heard), default=None)


def _fault(told: Standing, heard: Heard | None, period: Period) -> Fault:
    until_us = period.end_us if heard is None else heard.last_us or told.since_us
    return Fault(
        bed=told.bed,
        device=told.device,
        source=told.source,
        code=told.code,
        priority=told.priority,
        text=told.text,
        since_us=told.since_us,
        stood_s=max(until_us - told.since_us, 0) / 1e6,
    )


def _certificates(site: Site) -> tuple[Sequence[Certificate], Sequence[str]]:
    """And the names of those that cannot be read."""
    ends = expiries(site.certificates)
    found = [Certificate(name=name, until_us=round(end_s * 1e6)) for name, end_s in ends.items()]
    return found, [name for name in site.certificates if name not in ends]


def _of_gateways(of: Sequence[Gateway]) -> Iterator[Unmeasured]:
    """Of those that were heard of: measures that none of their readings gave."""
    heard = [gateway for gateway in of if gateway.share is not None]
    lacking = {
        "gateway": [gateway.bed for gateway in of if gateway.share is None],
        "disk": [gateway.bed for gateway in heard if gateway.disk is None],
        "memory": [gateway.bed for gateway in heard if gateway.memory is None],
        "journal": [gateway.bed for gateway in heard if gateway.journal.largest_bytes is None],
        "clock": [gateway.bed for gateway in heard if gateway.clock.error_s is None],
        "version": [gateway.bed for gateway in heard if not gateway.version],
    }
    return (Unmeasured(key=key, about=", ".join(beds)) for key, beds in lacking.items() if beds)


def _of_devices(of: Sequence[Device]) -> Iterator[Unmeasured]:
    lacking = {
        "counts": [f"{device.bed} {device.device}" for device in of if device.frames is None],
        "device_clock": [f"{device.bed} {device.device}" for device in of if device.offset_s is None],
    }
    return (Unmeasured(key=key, about=", ".join(names)) for key, names in lacking.items() if names)
