"""A case's quality sheet: what is known of it in words, its temperatures with their evidence, findings to confirm."""

from collections.abc import Mapping, Sequence

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response

from alarms.grades import grade
from alarms.hypothermia.types import Course, Mode
from alarms.temperature import MINUTE_US, sites
from charting.case.events import events
from charting.case.findings import finding_item, findings
from charting.case.state import Case
from charting.quality.candidates import Candidate, candidates
from charting.quality.derive.course import course_of
from charting.quality.facts import Facts
from charting.quality.periods import month
from charting.quality.report import QualityReport
from charting.reports import telling
from charting.reports.course_chart import course_chart, excluded
from charting.reports.words import said
from charting.trail.contents import Finding
from charting.web import models
from charting.web.context import Context, Here
from charting.web.counting import Chosen
from charting.web.shell import page

router = APIRouter(prefix="/quality", include_in_schema=False)

SIDES = ("numerator", "unknown", "pending", "denominator")
"""On which side a case counts, the first that holds."""


@router.get("/cases/{case}")
def case_sheet(here: Here, request: Request, case: models.Id) -> Response:
    here.need("quality")
    found = here.desk.read(here.actor, case)
    here.department.counting.refresh()
    facts = here.department.counting.of(case)
    course = course_of(found)
    suggests = {each.key: each for each in candidates(found, here.department.libraries)}
    return page(
        here,
        request,
        "quality_case.html",
        about=case,
        case=found,
        facts=facts,
        said=lambda key, **params: said(key, here.lang, **params),
        sections=_sections(here, facts) if facts else [],
        events=[(here.say.event(e.key), here.say.day(e.at_us), e.note) for e in found.events],
        findings=[_finding(here, found, key, suggests.get(key)) for key in findings()],
        counted=_counted(here, facts) if facts else [],
        month=month(facts.anchor_us, here.clock.zone).name if facts else "",
        course=_course(here, found, course) if course is not None else None,
    )


def _sections(here: Context, facts: Facts) -> Sequence[Mapping[str, object]]:
    return [
        {
            "name": here.words(f"quality.section.{section}"),
            "facts": [
                {
                    "name": said(f"fact.{fact}", here.lang),
                    "text": telling.told(facts, fact, here.lang),
                    "known": telling.is_known(facts, fact),
                }
                for fact in names
            ],
        }
        for section, names in telling.SECTIONS.items()
    ]


def _finding(here: Context, case: Case, key: str, candidate: Candidate | None) -> Mapping[str, object]:
    item = case.items.get(finding_item(key))
    content = item.content if item else None
    return {
        "key": key,
        "name": here.words(f"finding.{key}"),
        "text": here.say.content(content) if isinstance(content, Finding) else "",
        "number": item.number if item else 0,
        "suggests": candidate.text(here.lang, here.say.day) if candidate else "",
    }


def _counted(here: Context, facts: Facts) -> Sequence[Mapping[str, object]]:
    """Where the case counts in its month, by edition."""
    of = month(facts.anchor_us, here.clock.zone)
    report: QualityReport = here.department.counting.report(Chosen(period=of))
    found = []
    for result in report.results:
        side = next((s for s in SIDES if any(facts.case in member.cases for member in getattr(result, s) or ())), "")
        if side and not (result.indicator.kind == "count" and side == "denominator"):
            found.append({
                "edition": said(f"report.edition.{result.indicator.edition}", here.lang),
                "code": result.indicator.code,
                "name": telling.name_of(result, here.lang),
                "side": side,
                "word": said(f"report.side.{side}", here.lang),
            })  # fmt: skip
    return found


def _course(here: Context, case: Case, course: Course) -> Mapping[str, object]:
    shown = [(e.at_us, here.say.event(e.key)) for e in case.events if e.key in events() and e.key != "note"]
    run, metrics, window = course.longest, course.metrics, course.window
    graded = grade(metrics.nadir_c)
    drawn = course_chart(course, shown, lang=here.lang, zone=here.clock.zone)
    return {
        "svg": drawn.svg(),
        "outcome": said(f"hypothermia.{course.outcome.value}", here.lang),
        "rule": said(f"rule.{course.rule.value}", here.lang),
        "site": _site(here, course.site),
        "cooled": course.cooled,
        "version": course.version,
        "window": f"{here.say.day(window.start_us)} – "
        + (here.say.day(window.end_us) if window.end_us else said("course.still", here.lang)),
        "run": "" if run is None else said("course.run", here.lang, minutes=f"{run.minutes:.0f}",
                                           start=here.say.day(run.start_us), end=here.say.day(run.end_us)),
        "bridged": run.bridged_min if run else 0,
        "nadir": "" if np.isnan(metrics.nadir_c) else said("course.nadir", here.lang, value=f"{metrics.nadir_c:.2f}"),
        "grade": here.words.of(graded) if graded else "",
        "excluded": [
            {
                "channel": each.channel,
                "site": _site(here, each.site),
                "rule": each.rule,
                "flagged": each.flagged,
                "n": each.n,
                "times": ", ".join(f"{_clock(here, a)} – {_clock(here, b)}" for a, b in each.spans[:8])
                + (" …" if len(each.spans) > 8 else ""),
            }
            for each in excluded(course)
        ],
        "raw": list(_raw(here, course)),
        "channels": [f"{_site(here, c.site.name)} · {c.name}" for c in course.channels],
    }  # fmt: skip


def _clock(here: Context, at_us: int) -> str:
    return f"{here.clock.local(at_us):%H:%M}"


def _site(here: Context, name: str) -> str:
    return here.words.of(sites()[name]) if name in sites() else name or "–"


def _raw(here: Context, course: Course) -> Sequence[Mapping[str, object]]:
    """Minute by minute: what each thermometer told, what was left out by which rule, and the QC value."""
    series = dict(zip(course.series.minute.tolist(), course.series.value.tolist(), strict=True))
    rows: dict[int, list[tuple[str, str]]] = {}
    for place, screened in enumerate(course.screened):
        for at_us, value, out, flag in zip(
            screened.minute_us.tolist(), screened.value.tolist(), screened.excluded.tolist(),
            screened.flagged.tolist(), strict=True,
        ):  # fmt: skip
            cells = rows.setdefault(at_us // MINUTE_US, [("", "")] * len(course.channels))
            cells[place] = ("–" if np.isnan(value) else f"{value:.2f}", out or flag)
    spots = {Mode.SPOT in course.modes and at_us // MINUTE_US: value for at_us, value in course.spots}
    return [
        {
            "at": _clock(here, minute * MINUTE_US),
            "cells": rows[minute],
            "qc": f"{series[minute]:.2f}" if minute in series else f"{spots[minute]:.2f}" if minute in spots else "",
            "low": series.get(minute, spots.get(minute, 99.0)) < 36.0,
        }
        for minute in sorted(rows)
    ]
