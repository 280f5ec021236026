"""The fleet: every bed's gateway and devices, the central parts, browsers that show our pages."""

from collections import Counter
from collections.abc import Mapping

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from charting.fleet.central import Central
from charting.fleet.look import Fleet
from charting.fleet.state import BedState, Heard, Level, Link, Trouble
from charting.page.words import Words as DeviceWords
from charting.web.api.alarms import parameters, said
from charting.web.context import Context, Here
from collector.technical import GATEWAY

router = APIRouter(prefix="/api", tags=["fleet"])


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class FigureOut(Out):
    """What a gateway told of itself, and when. `old`: too long ago to be taken for now."""

    value: float
    at_us: int
    old: bool


class DeviceOut(Out):
    """A device of a bed. Counts are of the last report of its gateway; null: none were told."""

    name: str
    model: str = Field(description="As it says of itself; empty where it does not")
    link: Link
    fault: str = Field(description="Code of why it is not received")
    fault_said: str = Field("", description="The same in the asker's language")
    since_us: int | None = Field(description="Since when it is not received")
    last_us: int | None = Field(description="Time of its last value")
    offset_s: FigureOut | None = Field(description="Its clock minus that of its gateway")
    frames: int | None
    rejected: int | None = Field(description="Runs of bytes that are no frame")
    rejected_bytes: int | None
    restarts: int | None = Field(description="How often its driver failed")


class GatewayOut(Out):
    """What a gateway told last of itself; null: it did not."""

    reported_us: int | None
    old: bool
    version: str
    skew: int | None = Field(description="Minor versions ahead of this service; null: not known")
    started_us: int | None
    uptime_s: FigureOut | None
    memory_bytes: FigureOut | None
    processor_pct: FigureOut | None = Field(description="Of one core")
    disk_free_bytes: FigureOut | None
    disk_bytes: FigureOut | None
    journal_bytes: FigureOut | None
    pending: FigureOut | None = Field(description="Entries of the journal that a server lacks")
    oldest_s: FigureOut | None = Field(description="Age of the oldest of them")
    clock_error_s: FigureOut | None = Field(description="The kernel's bound")
    clock_drift_ppm: FigureOut | None


class TroubleOut(BaseModel):
    level: Level
    key: str
    text: str = Field(description="In the asker's language")
    since_us: int | None


class BedOut(Out):
    """A bed; `level`: of its worst trouble, null: nothing is wrong that is known."""

    bed: str
    name: str = ""
    area: str = ""
    configured: bool = Field(description="In this service's configuration")
    used: bool = Field(description="A case is open there")
    heard: Heard
    heard_us: int | None = Field(description="Since when it is not")
    last_us: int | None = Field(description="Time of the newest of all that it told")
    level: Level | None
    troubles: list[TroubleOut] = Field(default_factory=list)
    gateway: GatewayOut
    devices: list[DeviceOut]
    synchronised: bool | None = Field(description="Its clock, by its operating system; null: not known")
    saved: bool | None = Field(description="Its disk takes what it receives; null: not known")


class ServerOut(Out):
    version: str
    timescaledb: str | None
    edition: str | None = Field(description="apache, timescale (Community); null: plain PostgreSQL")
    size_bytes: int


class RunOut(Out):
    began_us: int
    ended_us: int
    ok: bool
    place: str
    size_bytes: int


class RunsOut(Out):
    """The last run, and the last good one."""

    last: RunOut
    good: RunOut | None


class ReportOut(Out):
    kind: str
    period: str
    made_us: int


class ClientOut(BaseModel):
    """A browser; `old`: it shows a page of another version than this service's."""

    account: str
    name: str
    version: str
    old: bool
    agent: str
    page: str
    seen_us: int


class CentralOut(BaseModel):
    """`server` null: beds are read from their journals, or (`unreached` says why) it cannot be read."""

    at_us: int
    server: ServerOut | None
    unreached: str
    file_bytes: int | None = Field(description="Of the charting's own file, where it is one")
    kept: bool = Field(description="Whether runs, reports and clients could be read")
    runs: dict[str, RunsOut]
    reports: list[ReportOut]
    clients: list[ClientOut]


class TotalsOut(BaseModel):
    beds: int = Field(description="In this service's configuration")
    heard: int
    bad: int
    warn: int
    devices: int = Field(description="But for those that are switched off where no case is open")
    received: int
    waiting: int = Field(description="Entries that a server lacks, as far as it is known")
    unsynchronised: int
    versions: dict[str, int]


class FleetOut(BaseModel):
    """`halted`: the look at the fleet stands still, nothing is of now. `beds`: the worst first."""

    at_us: int
    halted: bool
    version: str
    totals: TotalsOut
    beds: list[BedOut]
    central: CentralOut


@router.get("/fleet")
def get_fleet(here: Here) -> FleetOut:
    """What is known of the fleet now; nothing in it is about a patient."""
    here.need("operate")
    fleet = here.department.fleet.state()
    return FleetOut(
        at_us=fleet.at_us,
        halted=fleet.halted,
        version=here.department.version,
        totals=_totals(fleet),
        beds=[_bed(here, bed) for bed in fleet.beds],
        central=_central(here, fleet.central),
    )


def _totals(fleet: Fleet) -> TotalsOut:
    beds = [bed for bed in fleet.beds if bed.configured]
    heard = [] if fleet.halted else [bed for bed in beds if bed.heard is Heard.HEARD]
    levels = Counter(bed.level for bed in fleet.beds)
    devices = [device for bed in beds for device in bed.devices if device.link is not Link.OFF]
    pending = [bed.gateway.pending for bed in beds]
    return TotalsOut(
        beds=len(beds),
        heard=len(heard),
        bad=levels[Level.BAD],
        warn=levels[Level.WARN],
        devices=len(devices),
        received=sum(device.link is Link.RECEIVED for bed in heard for device in bed.devices),
        waiting=round(sum(each.value for each in pending if each is not None and not each.old)),
        unsynchronised=sum(bed.synchronised is False for bed in beds),
        versions=dict(Counter(bed.gateway.version for bed in beds if bed.gateway.version).most_common()),
    )


def _bed(here: Context, state: BedState) -> BedOut:
    known = next((bed for bed in here.beds if bed.id == state.bed), None)
    made = BedOut.model_validate({
        **{name: getattr(state, name) for name in BedOut.model_fields if hasattr(state, name)}, "troubles": [],
    })  # fmt: skip
    return made.model_copy(
        update={
            "name": known.name if known else "",
            "area": known.area if known else "",
            "troubles": [_trouble(here, trouble) for trouble in state.troubles],
            "devices": [d.model_copy(update={"fault_said": fault_said(here, d.fault)}) for d in made.devices],
        }
    )


def _trouble(here: Context, trouble: Trouble) -> TroubleOut:
    if trouble.alarm is not None:
        about = "" if trouble.alarm.device == GATEWAY else f"{trouble.alarm.device}: "
        text = f"{about}{said(here, trouble.alarm)}"
    else:
        text = trouble_said(here, trouble.key, trouble.said)
    return TroubleOut(level=trouble.level, key=trouble.key, text=text, since_us=trouble.since_us)


def trouble_said(here: Context, key: str, said: Mapping[str, str]) -> str:
    """A trouble that is no condition."""
    told = dict(said)
    if "fault" in told:
        told["fault"] = fault_said(here, told["fault"])
    return here.words(f"fleet.trouble.{key}", **told)


def fault_said(here: Context, fault: str) -> str:
    return DeviceWords(here.lang).name(parameters(), fault, "") if fault else ""


def _central(here: Context, central: Central) -> CentralOut:
    return CentralOut(
        at_us=central.at_us,
        server=None if central.server is None else ServerOut.model_validate(central.server),
        unreached=central.unreached,
        file_bytes=central.file_bytes,
        kept=central.kept,
        runs={kind: RunsOut.model_validate(runs) for kind, runs in central.runs.items()},
        reports=[ReportOut.model_validate(report) for report in central.reports],
        clients=_clients(here, central),
    )


def _clients(here: Context, central: Central) -> list[ClientOut]:
    """Old ones first, then those that were seen last."""
    current = here.department.version
    found = [
        ClientOut(
            account=client.account,
            name=here.name_of(client.account),
            version=client.version,
            old=client.version != current,
            agent=client.agent,
            page=client.page,
            seen_us=client.seen_us,
        )
        for client in central.clients
    ]
    return sorted(found, key=lambda client: not client.old)
