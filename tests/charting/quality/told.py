"""Cases as their entries make them, for tests of what is derived. Minutes count from entering the room."""

from collections.abc import Sequence
from typing import Any

from charting.case.state import Case, cell_item, fold
from charting.fill.types import Cell, Minute
from charting.library.library import Libraries
from charting.quality.derive.derive import facts
from charting.quality.facts import Facts
from charting.trail.contents import Answer, Charted, Coded, Content, Event, Finding, Patient, Term
from charting.trail.entries import (
    Body,
    Closed,
    Entry,
    Filled,
    Moved,
    Opened,
    Set,
    Signed,
    Started,
    Thermometer,
    Thermometry,
)

LIBRARIES = Libraries.sample()
ROOM_IN_US = 1_795_478_400_000_000
"""2026-11-24T08:00+08:00, a whole minute."""
MINUTE_US = 60_000_000
HOUR, DAY = 60, 24 * 60
PATIENT = Patient(number="10023456", visit="20001", name="王小明", sex="female", department="骨科")


Part = tuple[tuple[float, Body], ...]
"""What somebody wrote, each at a minute."""


def at(minute: float) -> int:
    return ROOM_IN_US + round(minute * MINUTE_US)


def iso(minute: float) -> str:
    """As a form keeps a time: 2026-11-24T08:00+08:00."""
    day, rest = divmod(8 * HOUR + round(minute), DAY)
    return f"2026-11-{24 + day:02}T{rest // 60:02}:{rest % 60:02}+08:00"


def said(content: Content, minute: float, item: str = "", document: str = "", after: int = 0) -> Part:
    name = item or f"{content.kind}:{minute}:{id(content)}"
    return ((minute, Set(document=document, item=name, after=after, content=content)),)


def event(key: str, minute: float, written: float | None = None, /, **details: str) -> Part:
    content = Event(key=key, at_us=at(minute), details=details)
    return said(content, minute if written is None else written)


def finding(key: str, value: Any = "yes", minute: float | None = None, **details: str) -> Part:
    content = Finding(key=key, value=value, at_us=None if minute is None else at(minute), details=details)
    return said(content, 9 * DAY, f"finding:{key}")


def coded(use: str, library: str, *codes: str) -> Part:
    terms = [
        LIBRARIES.named(library, code) or Term(library=library, version="x", code=code, zh="?", en="?")
        for code in codes
    ]
    made = [Set(document="", item=f"{use}:{t.code}", after=0, content=Coded(use=use, term=t)) for t in terms]
    return tuple((1, body) for body in made)


def technique(*codes: str) -> Part:
    return coded("technique", "techniques", *codes)


def form(
    template: str, minute: float, *contents: Content, signed: float | None = None, name: str = "", **answers: Any
) -> Part:
    """A document with its answers, all of it written at a minute."""
    document = name or template
    bodies: list[Body] = [Started(document=document, template=template, version="1.0.0", start_us=at(minute))]
    for field, value in answers.items():
        answer = Answer(field=field, value=value)
        bodies.append(Set(document=document, item=f"field:{field}", after=0, content=answer))
    for n, content in enumerate(contents):
        item = cell_item(content.signal, content.mark_us) if isinstance(content, Charted) else f"item{n}"
        bodies.append(Set(document=document, item=item, after=0, content=content))
    written = tuple((minute, body) for body in bodies)
    signature = Signed(document=document, version=1, slot="anaesthetist", digest="")
    return written if signed is None else (*written, (signed, signature))


def record(*contents: Content, signed: float | None = 200, **answers: Any) -> Part:
    """The anaesthesia record, signed after the operation."""
    return form("anaesthesia_record", 5, *contents, signed=signed, **answers)


def probe(
    start: float, *values: float | None, site: str = "nasopharynx", code: str = "MDC_TEMP_NASOPH", **more: Any
) -> Thermometer:
    return Thermometer(
        bed="OR-1",
        device="monitor",
        code=code,
        source=site or code,
        site=site,
        start_us=at(start),
        values=values,
        **more,
    )


def measured(*thermometers: Thermometer, rooms: Sequence[Thermometer] = ()) -> Part:
    body = Thermometry(since_us=at(0), until_us=at(600), thermometers=thermometers, rooms=tuple(rooms))
    return ((8 * DAY, body),)


def by_hand(minute: float, value: float, site: str = "axilla") -> Charted:
    return Charted(signal="temp", mark_us=at(minute), time_us=at(minute), value=value, unit="Cel", site=site)


def captured(
    signal: str, unit: str, values: dict[int, float], document: str = "anaesthesia_record", **more: Any
) -> Part:
    """Cells of devices: minute → value."""
    cells = tuple(
        Cell(
            signal=signal, mark_us=at(m), time_us=at(m), value=v, unit=unit,
            minutes=(Minute(minute_us=at(m), median=v, n=60),), device="monitor", **more,
        )
        for m, v in values.items()
    )  # fmt: skip
    return ((6, Filled(document=document, since_us=at(0), until_us=at(0), cells=cells, gaps=(), excursions=())),)


def moved(area: str, minute: float) -> Part:
    return ((minute, Moved(bed=f"{area}-1", area=area, at_us=at(minute))),)


def closed(minute: float) -> Part:
    return ((minute, Closed(at_us=at(minute))),)


_USUAL = (
    ("t_suite_in", -15, ""), ("t_room_in", 0, ""), ("t_anes_start", 10, ""), ("t_incision", 40, ""),
    ("t_surg_end", 120, ""), ("t_anes_end", 140, ""), ("t_room_out", 140, "pacu"), ("t_pacu_in", 145, ""),
    ("t_pacu_out", 205, "ward"), ("t_suite_out", 206, ""), ("t_ward", 215, ""),
)  # fmt: skip


def usual(**minutes: float | None) -> Part:
    """From the holding area by theatre and PACU back to the ward; with other minutes, None: without that event."""
    found: list[tuple[float, Body]] = []
    for key, usually, to in _USUAL:
        minute = minutes.pop(key, usually)
        if minute is not None:
            found += event(key, minute, to=to) if to else event(key, minute)
    assert not minutes
    return tuple(found)


def case(*parts: Part, patient: Patient = PATIENT, area: str = "or", minute: float = -30, **opened: Any) -> Case:
    """What the parts make, in order of their writing."""
    first = Opened(bed="OR-1", area=area, at_us=at(minute), patient=patient, **opened)
    acts = [(minute, first), *sorted((act for part in parts for act in part), key=lambda act: act[0])]
    return fold(
        Entry(seq=n, at_us=at(written), actor="zhang", case="c1", body=body)
        for n, (written, body) in enumerate(acts, 1)
    )


def derived(*parts: Part, **opened: Any) -> Facts:
    found = facts(case(*parts, **opened), LIBRARIES)
    assert found is not None
    return found
