"""Makes the department of tests/data/department/cases.toml: each case through the desk, at its times."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from charting.accounts.actor import Actor
from charting.case.findings import finding_item
from charting.case.state import cell_item
from charting.desk import Desk
from charting.library.library import Libraries
from charting.templates.loader import Templates
from charting.templates.template import Field
from charting.trail.contents import (
    Answer,
    Attendance,
    Charted,
    Coded,
    Content,
    Event,
    Finding,
    Patient,
    Volume,
    Warming,
)
from charting.trail.entries import Thermometer, Thermometry
from charting.trail.trail import MemoryTrail, Trail
from tests.charting.clock import Clock

DATA = Path(__file__).parents[2] / "data" / "department"
ZONE = ZoneInfo("Asia/Shanghai")
MINUTE_US = 60_000_000
TEMPLATES = Templates.load()
LIBRARIES = Libraries.sample()
ANN = Actor(account="ann", name="Ann", roles=frozenset({"anaesthetist"}))
_LEAVING = ("t_ward", "t_icu_in", "t_room_out", "t_suite_out", "t_pacu_out", "t_cancel")
_FINDING_IN_ITS_PLACE = "yes no"
_MERGED = ("events", "visit", "record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    desk: Desk
    trail: MemoryTrail
    now_us: int


def department() -> Department:
    """All cases, in one trail, as it was on 2 December."""
    cases = written()
    acts = sorted((act for case in cases for act in _Hand(case).acts()), key=lambda act: act[0])
    clock = Clock(acts[0][0])
    trail = MemoryTrail(clock.now_us)
    desk = Desk(trail, TEMPLATES, LIBRARIES, clock.now_us, ZONE.key)
    for at_us, act in acts:
        clock.at_us = max(at_us, clock.at_us)
        act(desk)
    return Department(desk=desk, trail=trail, now_us=clock.at_us)


def copied(made: Department, to: Callable[[Callable[[], int]], Trail]) -> None:
    """The same entries, at the same times, in another trail: it is given its clock."""
    clock = Clock()
    trail = to(clock.now_us)
    for (case, at_us, actor), entries in groupby(made.trail.all(), key=lambda e: (e.case, e.at_us, e.actor)):
        clock.at_us = at_us
        trail.append(actor, case, [entry.body for entry in entries], row=made.trail.row(case))


def written() -> Sequence[Mapping[str, Any]]:
    """The cases of the file, each with what its kind says."""
    said = tomllib.loads((DATA / "cases.toml").read_text(encoding="utf-8"))
    return [_as_its_kind(case, said["kind"][case["like"]], n) for n, case in enumerate(said["case"], 1)]


def _as_its_kind(case: Mapping[str, Any], kind: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    told = {**kind, **case, "number": number}
    if "cut" in case:
        keys = list(kind["events"])
        kept = keys[: keys.index(case["cut"]) + 1] if case["cut"] else []
        kind = {**kind, "events": {key: kind["events"][key] for key in kept}}
    for key in _MERGED:
        own = case.get(key, {})
        told[key] = False if own is False or kind[key] is False else {**kind[key], **own}
    return told


Act = tuple[int, Callable[[Desk], object]]


class _Hand:
    """One case: who writes what, and when."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told
        self.id: str = told["id"]
        self.day = date.fromisoformat(told["day"])
        self.events = [
            (key, self._us(text), dict(part.split("=") for part in text.split()[len(_clock(text).split()) :]))
            for key, texts in told["events"].items()
            for text in ([texts] if isinstance(texts, str) else texts)
            if text
        ]
        self.came_us = min(at_us for _, at_us, _ in self.events) - 5 * MINUTE_US
        self.left_us = max(at_us for key, at_us, _ in self.events if key in _LEAVING) + 15 * MINUTE_US

    def acts(self) -> Iterator[Act]:
        told, number = self.told, self.told["number"]
        patient = Patient(
            number=f"{10_000_000 + number}",
            visit=told.get("visit_number", f"{20_000_000 + number}"),
            name=f"患者{number}",
            sex="female",
            weight_kg=60.0,
            department=told["department"],
        )
        opened_us = self._us("-1 15:50")
        elsewhere = {"bed": f"W-{self.id}", "area": "ward"}
        bed = {"bed": f"T-{self.id}", "area": told["area"]}
        first = bed if told["area"] == "offsite" else elsewhere
        yield opened_us, lambda desk: desk.open(
            ANN, case=self.id, patient=patient, at_us=opened_us, emergency=told.get("emergency", False),
            is_test=told.get("test", False), **first,
        )  # fmt: skip
        yield from self._previsit()
        if told["area"] == "or":
            yield self.came_us, lambda desk: desk.move(ANN, self.id, at_us=self.came_us, **bed)
        for n, (key, at_us, details) in enumerate(self.events):
            yield at_us, self._set(f"event{n}", Event(key=key, at_us=at_us, details=details))
        yield from self._of_the_case()
        yield from self._record()
        yield from self._findings()
        if told["thermometers"] is not False:
            yield self.left_us, lambda desk: desk.measure(self.id, self._thermometry())
        yield self.left_us + MINUTE_US, lambda desk: desk.close(ANN, self.id, at_us=self.left_us)
        if told.get("void"):
            yield self.left_us + 2 * MINUTE_US, lambda desk: desk.discard(ANN, self.id, reason="opened by mistake")
        yield from self._visits()

    def _previsit(self) -> Iterator[Act]:
        said = self.told["previsit"]
        if said:
            at_us = self._us(said["time"])
            answers = {"visit_time": self._iso(said["time"]), "icu_planned": said["icu_planned"]}
            yield from self._document("preop_visit", at_us, answers)
            if said["signed"]:
                yield self._us(said["signed"]), self._sign("preop_visit")
        if self.told.get("consent"):
            yield from self._document("consent", self._us("-1 16:00"), {})

    def _of_the_case(self) -> Iterator[Act]:
        at_us, procedure = self.came_us + MINUTE_US, self.told.get("procedure", "")
        terms = [("technique", "techniques", code) for code in self.told["technique"]]
        terms += [("asa", "asa", self.told["asa"]), ("procedure", "procedures", procedure)]
        terms += [("diagnosis_before", "diagnoses", "K35.9"), ("diagnosis_after", "diagnoses", "K35.9")]
        terms += [("position", "positions", next(iter(_codes("positions"))))]
        for n, (use, library, code) in enumerate(terms):
            term = LIBRARIES.named(library, code)
            if term is not None:
                yield at_us, self._set(f"coded{n}", Coded(use=use, term=term))
            else:
                assert not code, f"{self.id}: {library} has no {code}"
        for role in ("anaesthetist", "surgeon"):
            content = Attendance(role=role, name=role, in_us=at_us)
            yield at_us, self._set(role, content)

    def _record(self) -> Iterator[Act]:
        said = self.told["record"]
        if not said:
            return
        signed = said["signed"]
        written_us = self._us(signed) - MINUTE_US if signed else self.left_us - MINUTE_US
        form, document = "anaesthesia_record", self._name("anaesthesia_record")
        yield (
            self.came_us + 2 * MINUTE_US,
            lambda desk: desk.start(ANN, self.id, template=form, document=document, start_us=self.came_us),
        )
        yield from self._answers(form, written_us, {k: v for k, v in said.items() if k != "signed"})
        contents: list[Content] = [
            Warming(
                device=each["device"],
                start_us=self._us(each["from"]),
                end_us=self._us(each["to"]),
                set_c=each.get("set_c"),
            )
            for each in self.told["warming"]
        ]
        contents += [
            Volume(way="in", group=group, what=group, ml=float(ml), start_us=self._us(at), code=code)
            for group, code, ml, at in self.told.get("blood", [])
        ]
        for n, content in enumerate(contents):
            yield written_us, self._set(f"item{n}", content, document)
        charted = dict(self.told.get("charted", {}))
        site = charted.pop("site", "")
        for at, value in charted.items():
            at_us = self._us(at)
            cell = Charted(
                signal="temp", mark_us=at_us, time_us=at_us, value=value, unit="Cel", site=site
            )  # by hand, at the grid's marks
            yield at_us + MINUTE_US, self._set(cell_item("temp", at_us), cell, document)
        if signed:
            yield self._us(signed), self._sign(form)

    def _findings(self) -> Iterator[Act]:
        for key, text in self.told.get("findings", {}).items():
            plain = text in _FINDING_IN_ITS_PLACE.split()
            at_us = None if plain else self._us(text)
            details = dict(part.split("=") for part in text.split() if "=" in part)
            finding = Finding(key=key, value="no" if text == "no" else "yes", at_us=at_us, details=details)
            yield at_us or self.left_us, self._set(finding_item(key), finding)

    def _visits(self) -> Iterator[Act]:
        said = dict(self.told["visit"] or {})
        if said:
            first, later = said.pop("time"), said.pop("later")
            late = {key: said.pop(key) for key in ("hoarseness_72", "nerve_72")}
            yield from self._document("postop_visit", self._us(first), {"visit_time": self._iso(first), **said})
            if later:
                answers = {"visit_time_72": self._iso(later), **late}
                yield from self._answers("postop_visit", self._us(later), answers, required=False)
                yield self._us(later) + MINUTE_US, self._sign("postop_visit")
        pump = self.told.get("analgesia")
        if pump:
            at = pump["at"]
            answers = {"vas_rest_24": pump["vas_rest_24"], "time_24": self._iso(at)} if "vas_rest_24" in pump else {}
            required = "vas_rest_24" in pump
            yield from self._document("analgesia_followup", self._us(at), answers, required=required)

    def _thermometry(self) -> Thermometry:
        found = []
        for each in self.told["thermometers"]:
            plain = {
                "bed": f"T-{self.id}",
                "device": each["site"] or "monitor",
                "code": "MDC_TEMP",
                "site": each["site"],
            }
            if "spots" in each:
                times = tuple(self._us(at) for at in each["spots"])
                found.append(Thermometer(mode="spot", times_us=times, values=tuple(each["spots"].values()), **plain))
            else:
                values = tuple(v for part in each["minutes"] for v in _minutes(*part))
                found.append(Thermometer(start_us=self._us(each["at"]), values=values, **plain))
        return Thermometry(since_us=self.came_us, until_us=self.left_us, thermometers=tuple(found))

    def _document(self, form: str, at_us: int, answers: Mapping[str, Any], *, required: bool = True) -> Iterator[Act]:
        yield at_us, lambda desk: desk.start(ANN, self.id, template=form, document=self._name(form))
        yield from self._answers(form, at_us, answers, required=required)

    def _answers(self, form: str, at_us: int, given: Mapping[str, Any], *, required: bool = True) -> Iterator[Act]:
        """What is given; and of what the form requires something."""
        template = TEMPLATES.get(form)
        assert template is not None
        asked = {f.id: _something(f) for f in template.fields if f.required} if required else {}
        for field, value in {**asked, **given}.items():
            content = Answer(field=field, value=tuple(value) if isinstance(value, list) else value)
            yield at_us, self._set(f"field:{field}", content, self._name(form))

    def _set(self, item: str, content: Content, document: str = "") -> Callable[[Desk], object]:
        return lambda desk: desk.set(ANN, self.id, document=document, item=item, after=0, content=content)

    def _sign(self, form: str) -> Callable[[Desk], object]:
        return lambda desk: desk.sign(ANN, self.id, document=self._name(form), slot="anaesthetist")

    def _name(self, form: str) -> str:
        return f"{self.id}.{form}"

    def _at(self, text: str) -> datetime:
        words = _clock(text).split()
        days = int(words[0]) if len(words) > 1 else 0
        return datetime.combine(self.day + timedelta(days=days), time.fromisoformat(words[-1]), ZONE)

    def _us(self, text: str) -> int:
        return round(self._at(text).timestamp()) * 1_000_000

    def _iso(self, text: str) -> str:
        return self._at(text).isoformat()


def _clock(text: str) -> str:
    """The time of a text: 08:20, or +1 06:00."""
    words = text.split()
    return " ".join(words[:2] if words[0][0] in "+-" else words[:1])


def _minutes(n: int, start: float, end: float | None = None) -> Sequence[float]:
    return [round(float(v), 2) for v in np.linspace(start, start if end is None else end, n)]


def _codes(library: str) -> Mapping[str, Any]:
    return {coding.term.code: coding for coding in LIBRARIES.search(library, "", limit=1)}


def _something(field: Field) -> object:
    """An answer that fits."""
    match field.type:
        case "choice":
            return field.options[0].code
        case "multi":
            return (field.options[0].code,)
        case "bool":
            return False
        case "number":
            return 1.0 if field.low is None else max(field.low, 1.0)
        case "term":
            return next(iter(_codes(field.library)))
        case "time":
            return "2026-11-01T08:00:00+08:00"
        case _:
            return "无"
