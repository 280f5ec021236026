"""Alarms of all beds as the department knows them, for pages and programs. Information, never the alarm itself."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from alarms.board import Alarm, Presence
from alarms.pcd04 import report
from alarms.technical import SINK, about
from charting.page.words import Words as DeviceWords
from charting.trail.trail import CaseRow
from charting.watch.advice import SOURCE
from charting.watch.state import FEED, BedAlarms
from charting.web import models
from charting.web.api.advisories import PatientOut, patient_out, see_advisory
from charting.web.context import Context, Here
from charting.web.problems import Problem
from collector.ages import signal_names
from collector.codes import Parameter, by_refid
from collector.driver import drivers
from collector.links import device_of
from collector.model import UNMAPPED, AlarmType, Priority
from collector.technical import GATEWAY

router = APIRouter(prefix="/api/alarms", tags=["alarms"])

LOG_MOST = 500
"""Lines of the log in one answer."""


class AlarmOut(BaseModel):
    """An alarm condition as its device told it. `presence` unknown: it was present when its device was heard last."""

    bed: str
    device: str = Field(description="vitalsd: the gateway, or this service, of itself")
    source: str = Field(description="The device's own id of the condition")
    type: AlarmType
    priority: Priority = Field(description="As the device gave it (IEC 60601-1-8), never lowered")
    device_priority: str = Field(description="The device's own word or number for it")
    highest: Priority = Field(description="The highest that it was told with since its onset")
    code: str
    text: str = Field(description="As sent")
    said: str = Field(description="The text, or what the condition means, in the asker's language")
    presence: Presence
    onset_us: int
    told_us: int = Field(description="When its last change came to the gateway")
    since_us: int = Field(description="Since when it is in this presence")
    device_time_us: int | None = Field(description="By the device's own clock, its digits taken as UTC")
    demo: bool
    seen_by: str | None
    seen_by_name: str | None
    seen_us: int | None
    pcd04: dict[str, object] = Field(description="The same in the shape of an IHE PCD-04 report, as it stands now")


class BedOut(BaseModel):
    """What is known of a bed's alarms. Where `known` is false there may be others that nobody here knows of."""

    bed: str
    area: str
    name: str
    cases: list[PatientOut]
    known: bool
    doubt: str | None = Field(description="unread, store, silent, behind, halted: why nothing is sure; null: it is")
    doubt_us: int | None
    devices: dict[str, bool] = Field(description="Device → whether it is heard")
    alarms: list[AlarmOut] = Field(description="Present and unknown ones, the highest priority first, then the newest")


class BoardOut(BaseModel):
    """`note`: what this is."""

    at_us: int
    note: str
    beds: list[BedOut]


def bed_out(here: Context, state: BedAlarms, cases: Sequence[CaseRow]) -> BedOut:
    bed = here.bed(state.bed)
    return BedOut(
        bed=bed.id,
        area=bed.area,
        name=bed.name,
        cases=[patient_out(here, row) for row in cases],
        known=state.known,
        doubt=state.doubt,
        doubt_us=state.doubt_us,
        devices=dict(state.devices),
        alarms=[alarm_out(here, alarm) for alarm in state.alarms],
    )


def alarm_out(here: Context, alarm: Alarm) -> AlarmOut:
    told = alarm.alarm
    return AlarmOut(
        bed=alarm.bed,
        device=alarm.device,
        source=told.source,
        type=told.type,
        priority=told.priority,
        device_priority=told.device_priority,
        highest=alarm.highest,
        code=told.code,
        text=told.text,
        said=said(here, alarm),
        presence=alarm.presence,
        onset_us=alarm.onset_us,
        told_us=alarm.told_us,
        since_us=alarm.since_us,
        device_time_us=told.device_time_us,
        demo=told.demo,
        seen_by=alarm.seen.by if alarm.seen else None,
        seen_by_name=here.name_of(alarm.seen.by) if alarm.seen else None,
        seen_us=alarm.seen.at_us if alarm.seen else None,
        pcd04=dict(report(None, alarm).as_json()),
    )


def said(here: Context, alarm: Alarm) -> str:
    """A device's text as it sent it (a refid: what it means), else what its code means; of ours what it means."""
    return said_of(here, alarm.device, alarm.alarm.code, alarm.alarm.text, alarm.alarm.source)


def said_of(here: Context, device: str, code: str, text: str, source: str) -> str:
    words = DeviceWords(here.lang)
    name = "" if code == UNMAPPED else words.name(parameters(), code, source)
    if device != GATEWAY and text in parameters():
        return " ".join(filter(None, (name, words.name(parameters(), text, source))))
    if device != GATEWAY:
        return text or name or source
    if source == FEED:
        return here.words("watch.feed")
    about_it = " ".join(filter(None, _about(source, words)))
    return f"{about_it}: {name}" if about_it and name else words.condition(source) or name or text


@cache
def parameters() -> Mapping[str, Parameter]:
    """Those of codes.csv, and what each driver's devices have of their own."""
    return {**{p.refid: p for spec in drivers().values() for p in spec.parameters}, **by_refid()}


def _about(source: str, words: DeviceWords) -> Sequence[str]:
    """What a condition of the gateway's is about, as people call it: a device, one of its signals, a server."""
    found = about(source)
    if found is None:
        return [device_of(source)]
    if found.kind == SINK:
        return [found.name]
    zh, en = signal_names(found.name)
    return [found.device, zh if words.lang == "zh" else en, words.site(found.site)]


@router.get("")
def get_alarms(here: Here) -> BoardOut:
    """What is known of the alarms of all beds now."""
    here.need("read")
    board = here.department.watch.board()
    return BoardOut(
        at_us=board.at_us,
        note=here.words("watch.note"),
        beds=[bed_out(here, board.beds[bed.id], board.cases(bed.id)) for bed in here.beds],
    )


class LogOut(AlarmOut):
    """An alarm of the last day. `shown_us`: when a page has shown it first (null: not known)."""

    shown_us: int | None


@router.get("/log")
def get_log(
    here: Here,
    bed: Annotated[str, Query(max_length=64)] = "",
    priority: Annotated[Priority | None, Query(description="This priority or a higher one")] = None,
    type: Annotated[AlarmType | None, Query()] = None,  # noqa: A002  its name in the API
    text: Annotated[models.Line, Query(description="Part of the text or of the device's name")] = "",
    limit: Annotated[int, Query(ge=1, le=LOG_MOST)] = LOG_MOST,
) -> list[LogOut]:
    """Alarms of the last 24 hours, ended ones too, the newest first."""
    here.need("read")
    watch = here.department.watch
    found = [alarm for state in watch.board().beds.values() if bed in {"", state.bed} for alarm in state.told]
    wanted = [
        alarm
        for alarm in sorted(found, key=lambda a: (-a.onset_us, a.bed))
        if (priority is None or alarm.highest.rank <= priority.rank) and (type is None or alarm.alarm.type is type)
    ]
    lines = [_log_line(here, alarm) for alarm in wanted]
    plain = text.casefold()
    return [line for line in lines if plain in f"{line.said} {line.text} {line.device}".casefold()][:limit]


def _log_line(here: Context, alarm: Alarm) -> LogOut:
    shown_us = here.department.watch.first_shown_us(alarm)
    return LogOut(**alarm_out(here, alarm).model_dump(), shown_us=shown_us)


class SeenIn(models.Asked):
    """Who asks has seen an alarm. `priority`, `told_us`: as he saw it: one that has risen since is not seen."""

    bed: models.BedId
    device: models.Device
    source: Annotated[str, Field(min_length=1, max_length=500)]
    onset_us: models.TimeUs
    told_us: models.TimeUs | None = None
    priority: Priority | None = None
    note: Annotated[
        models.Line, Field(description="Why; of an advisory: it is put off for a while for this reason")
    ] = ""
    case: Annotated[str, Field(max_length=80, pattern=r"^[A-Za-z0-9_.:@-]*$", description="Of an advisory")] = ""


@router.post("/seen", status_code=204)
def see_alarm(here: Here, asked: SeenIn) -> None:
    """It stays here: nothing of it reaches the device, and the alarm goes on as its device says."""
    here.need("see_alarm")
    here.bed(asked.bed)
    if asked.device == GATEWAY and asked.source.startswith(SOURCE):
        see_advisory(here, asked.bed, asked.case, asked.source, asked.onset_us, asked.note)
        return
    watch = here.department.watch
    wanted = asked.device, asked.source, asked.onset_us
    told = watch.board().beds[asked.bed].told
    found = next((a for a in told if (a.device, a.alarm.source, a.onset_us) == wanted), None)
    if found is None:
        raise Problem(404, "unknown")
    if asked.priority is not None and found.alarm.priority.rank < asked.priority.rank:
        raise Problem(409, "watch.risen")
    here.desk.see_alarm(
        here.actor,
        bed=asked.bed,
        device=asked.device,
        source=asked.source,
        onset_us=asked.onset_us,
        told_us=found.told_us if asked.told_us is None else min(asked.told_us, found.told_us),
        note=asked.note,
    )
    watch.look()


class ShownIn(models.Asked):
    """A change of an alarm that a page has drawn just now."""

    bed: models.BedId
    device: models.Device
    source: Annotated[str, Field(min_length=1, max_length=500)]
    onset_us: models.TimeUs
    told_us: models.TimeUs


class ShownListIn(models.Asked):
    shown: Annotated[list[ShownIn], Field(max_length=200)]


@router.post("/shown", status_code=204)
def show_alarms(here: Here, asked: ShownListIn) -> None:
    """What a page has drawn of changes that came while it was open: how long each took from the gateway is measured,
    by the gateway's clock and this service's.
    """
    here.need("read")
    for each in asked.shown:
        here.department.watch.shown(**each.model_dump())
