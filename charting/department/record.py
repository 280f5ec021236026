"""A story as it was written down: what belongs to the case as a whole, and its documents."""

from collections.abc import Callable, Iterator, Mapping

from charting.case.findings import finding_item
from charting.department import documents
from charting.department.papers import (
    AFTER,
    ANALGESIA,
    BEFORE,
    PACU,
    RECORD,
    Entered,
    number,
    nurse,
    papers,
    term,
)
from charting.department.people import staff
from charting.department.story import MINUTE_US, Found, Story
from charting.trail.contents import Attendance, Coded, Event, Finding


def entered(story: Story) -> Iterator[Entered]:
    """Every item, as it stands in the end."""
    yield from _events(story)
    yield from _plan(story)
    yield from _codes(story)
    yield from _crew(story)
    yield from _findings(story)
    for paper in papers(story):
        yield from _WRITING[paper.document](story)


_WRITING: Mapping[str, Callable[[Story], Iterator[Entered]]] = {
    RECORD: documents.anaesthesia,
    PACU: documents.pacu,
    BEFORE: documents.before,
    AFTER: documents.after,
    ANALGESIA: documents.analgesia,
}


def _events(story: Story) -> Iterator[Entered]:
    for key, at_us in story.events.items():
        details: dict[str, str] = {}
        if key in {"t_room_out", "t_pacu_out"}:
            to = story.room_to if key == "t_room_out" else story.pacu_to
            details = {"to": to} if to else {}
        if key == "t_cancel":
            details = {"reason": story.cancel_reason}
        late_us = 30 if key == "t_death" else 1
        yield Entered(
            at_us=max(at_us + late_us * MINUTE_US, story.opened_us + MINUTE_US),
            account=_writes(story, key),
            document="",
            item=key,
            content=Event(key=key, at_us=at_us, details=details),
        )
    for n, tube in enumerate(story.tubes, 1):
        details = {"device": tube.device}
        if tube.planned is not None:
            details["planned"] = "true" if tube.planned else "false"
        if tube.cause:
            details["cause"] = tube.cause
        moved = [Event(key="t_tube_in", at_us=tube.in_us, details=details)]
        if tube.out_us is not None:
            moved.append(Event(key="t_tube_out", at_us=tube.out_us, details={"place": tube.place}))
        for event in moved:
            yield Entered(
                at_us=max(event.at_us + MINUTE_US, story.opened_us + MINUTE_US),
                account=_writes(story, event.key),
                document="",
                item=f"{event.key}-{n}",
                content=event,
            )


def _writes(story: Story, key: str) -> str:
    """Who writes an event down."""
    if key in {"t_pacu_in", "t_pacu_out"}:
        return nurse(story)
    if key == "t_icu_in":
        return staff().icu_nurse[number(story) % len(staff().icu_nurse)].account
    if key == "t_ward":
        return nurse(story)
    if key in {"t_death", "t_cancel"}:
        return staff().head[0].account
    return story.author


def _plan(story: Story) -> Iterator[Entered]:
    """One item; each saying is its next version."""
    for plan in story.plans:
        yield Entered(
            at_us=plan.said_us,
            account=story.author,
            document="",
            item="icu_planned",
            content=Event(
                key="icu_planned", at_us=plan.said_us, details={"planned": "true" if plan.planned else "false"}
            ),
        )


def _codes(story: Story) -> Iterator[Entered]:
    operation, start_us = story.operation, story.at("t_anes_start")
    opened = story.opened_us + 2 * MINUTE_US
    found = [("diagnosis_before", "diagnoses", operation.diagnosis, opened, story.opened_by)]
    if operation.procedure:
        found.append(("planned_procedure", "procedures", operation.procedure, opened, story.opened_by))
    if start_us is not None:
        at_us = max(start_us + 3 * MINUTE_US, opened)
        found.append(("asa", "asa", story.asa, at_us, story.author))
        found += [("technique", "techniques", t.code, at_us, story.author) for t in story.techniques]
    closed_us = story.at("t_surg_end")
    if closed_us is not None:
        at_us = closed_us + 2 * MINUTE_US
        found.append(("position", "positions", operation.position, at_us, story.author))
        found.append(("procedure", "procedures", operation.procedure, at_us, story.author))
        found.append(("diagnosis_after", "diagnoses", operation.diagnosis, at_us, story.author))
    for n, (use, library, code, at_us, account) in enumerate(found):
        name = f"code-{use}" + (f"-{n}" if use == "technique" else "")
        content = Coded(use=use, term=term(library, code))
        yield Entered(at_us=at_us, account=account, document="", item=name, content=content)


def _crew(story: Story) -> Iterator[Entered]:
    for n, one in enumerate(story.crew, 1):
        content = Attendance(role=one.role, name=one.name, account=one.account, in_us=one.in_us, out_us=one.out_us)
        account = one.account if one.role == "pacu_nurse" else story.author
        yield Entered(at_us=one.out_us + MINUTE_US, account=account, document="", item=f"crew-{n}", content=content)


def _findings(story: Story) -> Iterator[Entered]:
    for key, found in story.findings.items():
        account = staff().quality[0].account if found.role == "quality" else story.author
        yield Entered(
            at_us=found.said_us,
            account=account,
            document="",
            item=finding_item(key),
            content=_finding(key, found),
        )


def _finding(key: str, found: Found) -> Finding:
    return Finding(key=key, value="yes" if found.yes else "no", at_us=found.at_us, details=dict(found.details))
