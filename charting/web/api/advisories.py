"""Our own advisories and what they stand on, of the patients at a bed and of the last day. No alarm, and no order."""

from collections.abc import Sequence
from math import isfinite

from fastapi import APIRouter
from pydantic import BaseModel, Field

from alarms.advisories import why
from charting.case.clock import HOUR_US
from charting.trail.entries import Advised
from charting.trail.trail import CaseRow
from charting.watch.advice import SOURCE, Standing, Warmth, level_of, standing, text_of
from charting.watch.advise import LEAVING
from charting.web.context import Context, Here
from charting.web.problems import Problem
from collector.technical import GATEWAY

router = APIRouter(prefix="/api/advisories", tags=["alarms"])

DAY_US = 24 * HOUR_US
UNREAD = "unread"
"""Why nothing is known of the advisories of a case: it cannot be read."""
_CASES = 1_000


class AdvisoryOut(BaseModel):
    """An advisory of our own that stands: no alarm, and no order."""

    rule: str
    level: str = Field(description="high, medium, low, advisory, reminder, task, information")
    text: str = Field(description="In the asker's language")
    since_us: int
    said: dict[str, str] = Field(description="The numbers that made it so")
    source: str = Field(description="What it is seen by; its device is vitalsd")
    seen_by: str | None
    seen_by_name: str | None
    seen_us: int | None
    put_off_us: int | None = Field(description="Somebody has put it off until then; null: nobody has")
    why: str


class TemperatureOut(BaseModel):
    """A case's temperature so far, by the rule of the national indicator. Null: there is none."""

    value_c: float | None = Field(description="The last that counts, after smoothing")
    at_us: int | None
    site: str
    site_name: str
    run_min: float = Field(description="How long it has been below 36.0 °C without a break")
    nadir_c: float | None
    nadir_us: int | None
    outcome: str = Field(description="event, no_event, indeterminate, unmapped, unmonitored: so far")
    cooled: bool = Field(description="On purpose, or on bypass")


class PatientOut(BaseModel):
    """An open case at a bed."""

    case: str
    advisories: list[AdvisoryOut]
    temperature: TemperatureOut | None = Field(description="null: not known")
    lacking: list[str] = Field(description="What is not known, and keeps advisories from being told; in words")


def patient_out(here: Context, row: CaseRow) -> PatientOut:
    live, standing_now = here.department.adviser.live.get(row.case), here.department.adviser.standing(row)
    lacking = [*([UNREAD] if standing_now is None else []), *(held.why for held in (live.held if live else ()))]
    return PatientOut(
        case=row.case,
        advisories=[_advisory_out(here, each) for each in standing_now or ()],
        temperature=None if live is None or live.warmth is None else _temperature_out(here, live.warmth),
        lacking=list(dict.fromkeys(why(each, here.lang.value) for each in lacking)),
    )


def _advisory_out(here: Context, advisory: Standing) -> AdvisoryOut:
    seen = advisory.seen
    return AdvisoryOut(
        rule=advisory.rule,
        level=advisory.level,
        text=text_of(advisory.rule, advisory.said, here.lang.value),
        since_us=advisory.since_us,
        said=dict(advisory.said),
        source=f"{SOURCE}{advisory.rule}",
        seen_by=seen.by if seen else None,
        seen_by_name=here.name_of(seen.by) if seen else None,
        seen_us=seen.at_us if seen else None,
        put_off_us=advisory.put_off_us,
        why=advisory.why,
    )


def _temperature_out(here: Context, warmth: Warmth) -> TemperatureOut:
    return TemperatureOut(
        value_c=_number(warmth.value_c),
        at_us=warmth.at_us,
        site=warmth.site.name if warmth.site else "",
        site_name=here.words.of(warmth.site) if warmth.site else "",
        run_min=warmth.run_min,
        nadir_c=_number(warmth.nadir_c),
        nadir_us=warmth.nadir_us,
        outcome=warmth.outcome,
        cooled=warmth.cooled,
    )


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def see_advisory(here: Context, bed: str, case: str, source: str, since_us: int, note: str) -> None:
    """A person has seen an advisory that stands, or (with a note) puts it off. Raises Problem 404 where it does not."""
    found = here.desk.case(case)
    standing_now = [(f"{SOURCE}{each.rule}", each.since_us) for each in standing(found, here.now_us())]
    if found.bed != bed or (source, since_us) not in standing_now:
        raise Problem(404, "unknown")
    here.desk.see_alarm(
        here.actor,
        bed=bed,
        device=GATEWAY,
        source=source,
        onset_us=since_us,
        told_us=since_us,
        note=note,
        case=found.id,
    )
    here.department.watch.look()


def consider_leaving(here: Context, case: str) -> str:
    """What is to be considered before a patient leaves the PACU; "": nothing. It stops nobody."""
    said = here.department.adviser.before_leaving(case)
    return "" if said is None else text_of(LEAVING, said, here.lang.value)


class AdvisedOut(BaseModel):
    """An advisory of the last day. `ended_us` null: it stands; `why`: why it ended."""

    case: str
    bed: str
    rule: str
    level: str
    text: str
    began_us: int
    ended_us: int | None
    why: str


@router.get("")
def get_advisories(here: Here) -> list[AdvisedOut]:
    """What was advised in the last 24 hours, the newest first."""
    here.need("read")
    since_us = here.now_us() - DAY_US
    rows = here.trail.rows(since_us=since_us, limit=_CASES)
    found = [each for row in rows if row.state != "discarded" for each in _advised(here, row)]
    recent = [each for each in found if each.ended_us is None or each.ended_us >= since_us]
    return sorted(recent, key=lambda each: -each.began_us)


def _advised(here: Context, row: CaseRow) -> Sequence[AdvisedOut]:
    found: dict[str, list[AdvisedOut]] = {}
    for entry in here.trail.entries(row.case, kinds=["advised"]):
        said = entry.body
        if not isinstance(said, Advised):
            continue
        own = found.setdefault(said.rule, [])
        if said.phase == "start":
            own.append(
                AdvisedOut(
                    case=row.case,
                    bed=row.bed,
                    rule=said.rule,
                    level=level_of(said.rule),
                    text=text_of(said.rule, said.said, here.lang.value),
                    began_us=said.at_us,
                    ended_us=None,
                    why="",
                )
            )
        elif own:
            own[-1] = own[-1].model_copy(
                update={"ended_us": said.at_us, "why": why(said.said.get("why", ""), here.lang.value)}
            )
    return [each for own in found.values() for each in own]
