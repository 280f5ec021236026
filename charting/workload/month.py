"""A month of everybody: scores, minutes, cases, and what waits (clinical.md §5). Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from charting.quality.periods import Period
from charting.workload.factors import Scene
from charting.workload.lines import EXTRA, Label, Line, Scored, Waiting
from charting.workload.score import score
from charting.workload.shifts import stretches
from charting.workload.spans import Span, together, total, union
from charting.workload.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What changed in a month after it was locked, booked here. `score` may be negative."""

    period: str
    person: str
    name: str
    account: str
    score: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMonth:
    """`score` is `own` (of the month's lines) and what was carried. `minutes`: the union of his intervals, 时长;
    `case_minutes`: the sum over cases, parallel rooms counting each; `parallel_min`: in two cases at once, or more.
    `handovers`: how often he took over or handed over. `holiday_min`: also of evenings and nights. `waiting`: how much
    of his is not counted yet.
    """

    person: str
    name: str
    account: str
    score: Decimal
    own: Decimal
    carried: Decimal
    minutes: int
    case_minutes: int
    cases: int
    parallel_min: int
    handovers: int
    evening_min: int
    night_min: int
    holiday_min: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """`people`: the highest score first. `formula`: version of the scheme. `labels`: by case. `levels`: level of each
    procedure's code as it was applied. `holidays`: whether the scheme names holidays of that year.
    """

    period: str
    zone: str
    formula: str
    made_us: int
    people: tuple[PersonMonth, ...]
    lines: tuple[Line, ...]
    waiting: tuple[Waiting, ...]
    carried: tuple[Carried, ...]
    labels: Mapping[str, Label]
    levels: Mapping[str, str]
    holidays: bool

    @property
    def cases(self) -> int:
        """How many cases somebody was counted for."""
        return len({line.case for line in self.lines if line.stage != EXTRA})

    def of(self, person: str) -> PersonMonth | None:
        return next((p for p in self.people if p.person == person), None)


def month(
    works: Sequence[Work],
    period: Period,
    scene: Scene,
    *,
    names: Mapping[str, str],
    made_us: int,
) -> Month:
    """`works`: of the month and of the cases around it, which may be in parallel. `names`: account → person's name; of
    an account that has none there, the one by which a case says who was there.
    """
    scored = _within(score(works, scene), period, _present(works) | _named(names))
    terms = [term for label in scored.labels.values() for term in label.procedures]
    return Month(
        period=period.name,
        zone=scene.clock.zone,
        formula=scene.scheme.formula,
        made_us=made_us,
        people=_people(scored, (), scene),
        lines=scored.lines,
        waiting=scored.waiting,
        carried=(),
        labels=scored.labels,
        levels={term.code: scene.level_of(term) for term in terms},
        holidays=any(f"{day.year:04}" == period.name[:4] for day in scene.scheme.shift.holidays),
    )


def with_carried(made: Month, carried: Sequence[Carried], scene: Scene) -> Month:
    """The same month with what comes from locked ones."""
    scored = Scored(lines=made.lines, waiting=made.waiting, labels=made.labels)
    return replace(made, carried=tuple(carried), people=_people(scored, carried, scene))


def _present(works: Sequence[Work]) -> dict[str, str]:
    return _named({person.person: person.name for work in works for person in work.present})


def _named(names: Mapping[str, str]) -> dict[str, str]:
    """Without accounts that stand for their own names."""
    return {account: name for account, name in names.items() if name not in {"", account}}


def _within(scored: Scored, period: Period, names: Mapping[str, str]) -> Scored:
    """What belongs to the period, in order of time, with the names that accounts have."""

    def belongs(at_us: int) -> bool:
        return period.start_us <= at_us < period.end_us

    def named(person: str, name: str) -> str:
        return names.get(person, name)

    lines = [replace(e, name=named(e.person, e.name)) for e in scored.lines if belongs(e.at_us)]
    waiting = [
        replace(w, people={person: named(person, name) for person, name in w.people.items()})
        for w in scored.waiting
        if belongs(w.at_us)
    ]
    cases = {e.case for e in lines} | {w.case for w in waiting}
    return Scored(
        lines=tuple(sorted(lines, key=lambda e: (e.at_us, e.case))),
        waiting=tuple(sorted(waiting, key=lambda w: (w.at_us, w.case))),
        labels={case: label for case, label in scored.labels.items() if case in cases},
    )


def _people(scored: Scored, carried: Sequence[Carried], scene: Scene) -> tuple[PersonMonth, ...]:
    lines: dict[str, list[Line]] = {}
    for line in scored.lines:
        lines.setdefault(line.person, []).append(line)
    names = {c.person: (c.name, c.account) for c in carried}
    for each in scored.waiting:
        names |= {p: (name, "" if p.startswith("name:") else p) for p, name in each.people.items()}
    names |= {line.person: (line.name, line.account) for line in scored.lines}
    found = [
        _person(
            person,
            *names[person],
            lines.get(person, []),
            sum((c.score for c in carried if c.person == person), Decimal(0)),
            sum(person in w.people for w in scored.waiting),
            scene,
        )
        for person in names
    ]
    return tuple(sorted(found, key=lambda p: (-p.score, -p.minutes, p.name, p.person)))


def _person(
    person: str, name: str, account: str, lines: Sequence[Line], carried: Decimal, waiting: int, scene: Scene
) -> PersonMonth:
    cases: dict[str, tuple[Span, ...]] = {}
    for line in lines:
        if line.stage != EXTRA:
            cases[line.case] = union([*cases.get(line.case, ()), *line.spans])
    spans = union(span for several in cases.values() for span in several)
    parts = [stretch for span in spans for stretch in stretches(span, scene.scheme.shift, scene.clock.zone)]
    own = sum((line.score for line in lines), Decimal(0))
    return PersonMonth(
        person=person,
        name=name,
        account=account,
        score=own + carried,
        own=own,
        carried=carried,
        minutes=total(spans),
        case_minutes=sum(total(several) for several in cases.values()),
        cases=len(cases),
        parallel_min=sum(end - start for (start, end), there in together(cases) if len(there) > 1),
        handovers=sum(line.relayed for line in lines),
        evening_min=sum(s.minutes for s in parts if s.part == "evening"),
        night_min=sum(s.minutes for s in parts if s.part == "night"),
        holiday_min=sum(s.minutes for s in parts if s.holiday),
        waiting=waiting,
    )


_MONTH: TypeAdapter[Month] = TypeAdapter(Month)


def to_json(made: Month) -> dict[str, Any]:
    """JSON values; scores and factors as decimal texts, which lose nothing. What many lines share stands there once."""
    said: dict[str, Any] = _MONTH.dump_python(made, mode="json")
    factors: dict[str, int] = {}
    terms: dict[str, int] = {}
    for line in said["lines"]:
        line["factors"] = _places(line["factors"], factors)
    for label in said["labels"].values():
        label["procedures"] = _places(label["procedures"], terms)
        label["techniques"] = _places(label["techniques"], terms)
    return {**said, "factors": [json.loads(f) for f in factors], "terms": [json.loads(t) for t in terms]}


def _places(values: Sequence[Any], known: dict[str, int]) -> list[int]:
    texts = (json.dumps(value, ensure_ascii=False, sort_keys=True) for value in values)
    return [known.setdefault(text, len(known)) for text in texts]


def from_json(said: Mapping[str, Any]) -> Month:
    """As `to_json` gave it. Raises ValueError."""
    factors, terms = said["factors"], said["terms"]
    whole = {name: value for name, value in said.items() if name not in {"factors", "terms"}}
    whole["lines"] = [{**line, "factors": [factors[n] for n in line["factors"]]} for line in said["lines"]]
    whole["labels"] = {
        case: {
            **label,
            "procedures": [terms[n] for n in label["procedures"]],
            "techniques": [terms[n] for n in label["techniques"]],
        }
        for case, label in said["labels"].items()
    }
    return _MONTH.validate_python(whole)
