"""Cases made of entries: times of day on a date in Shanghai, people in roles, codes; a trail that holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from charting.case.clock import SiteClock
from charting.case.rows import row_of
from charting.case.state import Case, fold
from charting.library.library import Libraries
from charting.templates.loader import Templates
from charting.trail.contents import Answer, Attendance, Coded, Event, Pace, Patient, Term
from charting.trail.entries import Body, Entry, Opened, Set, Signed, Started
from charting.trail.trail import Trail
from charting.workload.factors import Scene
from charting.workload.lines import Line, Scored
from charting.workload.scheme import Scheme, scheme
from charting.workload.score import score
from charting.workload.work import Work, work_of

ZONE = "Asia/Shanghai"
DAY = "2026-11-24"
TEMPLATES = Templates.load()
LIBRARIES = Libraries.sample()
VERSIONS = {t.name: t.version for t in TEMPLATES.newest()}


def at(clock: str, day: str = DAY, zone: str = ZONE) -> int:
    """A local time of day, or a day with it ("2026-11-25 01:00"), as µs."""
    said = clock if " " in clock else f"{day} {clock}"
    return round(datetime.fromisoformat(said).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


def term(library: str, code: str) -> Term:
    found = LIBRARIES.named(library, code)
    assert found is not None, code
    return found


@dataclass(kw_only=True)
class Plan:
    """A case. `anaesthesia`, `room`, `pacu`: (from, to). `people`: (role, account or "name:…", from, to); "" is None.

    `signed`: documents that are signed; `drafts`: those that are begun. `answers`: document → field → value.
    """

    id: str = "c1"
    day: str = DAY
    anaesthesia: tuple[str, str] | None = ("08:00", "09:00")
    room: tuple[str, str] | None = None
    pacu: tuple[str, str] | None = None
    people: Sequence[tuple[str, str, str, str]] = (("anaesthetist", "ann", "08:00", ""),)
    techniques: Sequence[str] = ("41",)
    procedures: Sequence[str] = ("51.2300",)
    asa: str = "2"
    patient: Patient = field(default_factory=lambda: Patient(number="1", name="张三", age="56"))
    area: str = "or"
    bed: str = "OR-1"
    emergency: bool = False
    is_test: bool = False
    events: Mapping[str, str] = field(default_factory=dict)
    signed: Sequence[str] = ("anaesthesia_record",)
    drafts: Sequence[str] = ()
    answers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    author: str = "ann"
    rescue: str = ""
    signers: Sequence[tuple[str, str, str]] = ()
    """More signatures: document, slot, account."""

    def time(self, clock: str) -> int:
        return at(clock, self.day)

    def bodies(self) -> list[tuple[str, Body]]:
        """(actor, body), in the order in which somebody would have told them."""
        opened = self._opened()
        made: list[tuple[str, Body]] = [
            (
                "ann",
                Opened(
                    bed=self.bed,
                    area=self.area,
                    at_us=opened,
                    patient=self.patient,
                    emergency=self.emergency,
                    is_test=self.is_test,
                ),
            )
        ]
        for key, when in self._events().items():
            made.append(("ann", Set(document="", item=key, after=0, content=Event(key=key, at_us=self.time(when)))))
        for n, (role, who, first, last) in enumerate(self.people):
            there = Attendance(
                role=role,
                name=who.removeprefix("name:") if who.startswith("name:") else who.title(),
                account="" if who.startswith("name:") else who,
                in_us=self.time(first),
                out_us=self.time(last) if last else None,
            )
            made.append(("ann", Set(document="", item=f"staff{n}", after=0, content=there)))
        for use, library, codes in (
            ("technique", "techniques", self.techniques),
            ("procedure", "procedures", self.procedures),
            ("asa", "asa", [self.asa] if self.asa else []),
        ):
            for code in codes:
                coded = Coded(use=use, term=term(library, code))
                made.append(("ann", Set(document="", item=f"{use}{code}", after=0, content=coded)))
        if self.rescue:
            pace = Pace(why="rescue", start_us=self.time(self.rescue), end_us=self.time(self.rescue) + 60_000_000)
            made.append(("ann", Set(document="", item="rescue", after=0, content=pace)))
        for document in (*self.signed, *self.drafts):
            version = VERSIONS[document]
            started = Started(document=document, template=document, version=version, start_us=opened)
            made.append((self.author, started))
            for name, value in self.answers.get(document, {}).items():
                answer = Answer(field=name, value=value)  # type: ignore[arg-type]
                made.append((self.author, Set(document=document, item=f"field:{name}", after=0, content=answer)))
        made += [(self.author, signature(document)) for document in self.signed]
        made += [(who, Signed(document=d, version=1, slot=slot, digest="")) for d, slot, who in self.signers]
        return made

    def _opened(self) -> int:
        times = [span[0] for span in (self.anaesthesia, self.room, self.pacu) if span] or [*self.events.values()]
        return min(self.time(t) for t in times)

    def _events(self) -> Mapping[str, str]:
        found = dict(self.events)
        for span, first, last in (
            (self.room, "t_room_in", "t_room_out"),
            (self.anaesthesia, "t_anes_start", "t_anes_end"),
            (self.pacu, "t_pacu_in", "t_pacu_out"),
        ):
            if span:
                found |= {first: span[0], **({last: span[1]} if span[1] else {})}
        return found

    def case(self) -> Case:
        entries = [
            Entry(seq=n, at_us=at("23:00", self.day), actor=actor, case=self.id, body=body)
            for n, (actor, body) in enumerate(self.bodies(), 1)
        ]
        return fold(entries)

    def work(self) -> Work:
        found = work_of(self.case())
        assert found is not None
        return found

    def put(self, trail: Trail) -> None:
        """Into a trail, with its row."""
        case: Case | None = None
        for actor, body in self.bodies():
            case = add(trail, self.id, actor, body, case)


def signature(document: str, version: int = 1) -> Signed:
    slot = {"pacu_record": "nurse", "or_nursing_record": "nurse"}.get(document, "anaesthetist")
    return Signed(document=document, version=version, slot=slot, digest="")


def add(trail: Trail, id_: str, actor: str, body: Body, case: Case | None = None) -> Case:
    """One more entry of a case."""
    known = case if case is not None else (fold(found) if (found := trail.entries(id_)) else None)
    last = known.last if known is not None else 0
    ahead = fold([Entry(seq=last + 1, at_us=0, actor=actor, case=id_, body=body)], known)
    made = trail.append(actor, id_, [body], row=row_of(ahead))
    return fold(made, known)


def level_of(of: Term) -> str:
    found = LIBRARIES.coding(of.library, of.version, of.code)
    return found.attributes.get("level", "") if found is not None else ""


def scene(by: Scheme | None = None, zone: str = ZONE) -> Scene:
    return Scene(scheme=by or scheme(), clock=SiteClock(now_us=lambda: at("23:59"), zone=zone), level_of=level_of)


def scored(*plans: Plan, by: Scheme | None = None, zone: str = ZONE) -> Scored:
    return score([plan.work() for plan in plans], scene(by, zone))


def scores(*plans: Plan, by: Scheme | None = None, zone: str = ZONE) -> dict[tuple[str, str], float]:
    """(case, person) → the sum of his lines there."""
    found: dict[tuple[str, str], Decimal] = {}
    for line in scored(*plans, by=by, zone=zone).lines:
        found[line.case, line.person] = found.get((line.case, line.person), Decimal(0)) + line.score
    return {key: float(value) for key, value in found.items()}


def only(*plans: Plan, by: Scheme | None = None, zone: str = ZONE) -> Line:
    """The one line that they give."""
    (line,) = scored(*plans, by=by, zone=zone).lines
    return line


def values(line: Line) -> dict[str, float]:
    return {factor.key: float(factor.value) for factor in line.factors}


def reasons(*plans: Plan, by: Scheme | None = None) -> list[tuple[str, str, list[str]]]:
    """(case, stage, keys) of what waits."""
    return [(w.case, w.stage, [r.key for r in w.reasons]) for w in scored(*plans, by=by).waiting]


def changed(by: Scheme, **tables: object) -> Scheme:
    """A scheme with some of its tables, or parts of them by dotted names with _ _, replaced."""
    said = by.model_dump(mode="json")
    for name, value in tables.items():
        *path, last = name.split("__")
        place = said
        for part in path:
            place = place[part]
        place[last] = value
    return Scheme.model_validate(said)
