"""Factors of a case in a stage: each with what it comes from, or the reason why there is none. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from charting.case.clock import SiteClock
from charting.trail.contents import Term
from charting.workload.lines import Factor, Reason, shown
from charting.workload.scheme import FactorName, Scheme, Stage
from charting.workload.shifts import stretches
from charting.workload.spans import MINUTE_US, Span, total
from charting.workload.work import Work

LevelOf = Callable[[Term], str]
"""The level of a procedure, 1 to 4; "" where the library has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a case is scored by."""

    scheme: Scheme
    clock: SiteClock
    level_of: LevelOf


def of_case(work: Work, stage: Stage, span: Span, scene: Scene) -> Iterator[Factor | Reason]:
    """What does not hang on the person: base and time, then the stage's factors but shift and parallel."""
    area = work.stay(span[0] * MINUTE_US).area
    fixed = _fixed(work, stage, area, scene.scheme)
    if fixed is not None:
        yield fixed
        return
    yield from _points(work, stage, span, scene)
    for name in stage.factors:
        if name not in {"shift", "parallel"}:
            yield _factor(name, work, span, area, scene)


def _fixed(work: Work, stage: Stage, area: str, scheme: Scheme) -> Factor | None:
    if stage.points != "technique" or area == "or":
        return None
    found = [(scheme.location.fixed[t.code], t) for t in work.procedures if t.code in scheme.location.fixed]
    if not found:
        return None
    value, term = max(found, key=lambda each: each[0])
    return Factor(key="fixed", value=shown(value), what={"procedure": term.code})


def _points(work: Work, stage: Stage, span: Span, scene: Scene) -> Iterator[Factor | Reason]:
    minutes = total([span])
    if stage.per_hour is not None:
        hours = stage.per_hour * minutes / 60
        yield Factor(key="hours", value=shown(hours), what={"minutes": str(minutes)})
        return
    yield _base(work, scene.scheme) if stage.points == "technique" else _by_level(work, stage, scene)
    if stage.time is not None:
        yield Factor(key="time", value=shown(stage.time.points(minutes)), what={"minutes": str(minutes)})


def _base(work: Work, scheme: Scheme) -> Factor | Reason:
    technique = scheme.technique
    if not work.techniques:
        return Reason(key="technique_missing")
    known = [t for t in work.techniques if t.code in technique.codes]
    if not known:
        return Reason(key="technique_unknown", params={"codes": ", ".join(t.code for t in work.techniques)})
    points = [technique.base[kind] for term in known for kind in technique.codes[term.code]]
    plus = technique.plus if technique.several == "max_plus" and len(points) > 1 else Decimal(0)
    return Factor(key="base", value=shown(max(points) + plus), what={"techniques": "+".join(t.code for t in known)})


def _by_level(work: Work, stage: Stage, scene: Scene) -> Factor | Reason:
    level = _level(work, scene)
    if level not in stage.levels:
        return _no_level(work)
    return Factor(key="level", value=shown(stage.levels[level]), what={"level": level})  # type: ignore[index]


def _level(work: Work, scene: Scene) -> str:
    """The highest of the operations."""
    return max((scene.level_of(term) for term in work.procedures), default="")


def _no_level(work: Work) -> Reason:
    if not work.procedures:
        return Reason(key="procedure_missing")
    codes = ", ".join(term.code for term in work.procedures)
    return Reason(key="level_unknown", params={"codes": codes})


def _factor(name: FactorName, work: Work, span: Span, area: str, scene: Scene) -> Factor | Reason:
    scheme = scene.scheme
    match name:
        case "asa":
            return _asa(work, scheme)
        case "emergency":
            said = {"emergency": "yes" if work.emergency else "no"}
            return Factor(key=name, value=shown(scheme.emergency.factor if work.emergency else Decimal(1)), what=said)
        case "age":
            return _age(work, span, scene)
        case "location":
            value = scheme.location.areas[area]  # type: ignore[index]
            return Factor(key=name, value=shown(value), what={"area": area})
        case _:
            level = _level(work, scene)
            value = scheme.risk.levels.get(level, scheme.risk.unknown)  # type: ignore[call-overload]
            if value is None:
                return _no_level(work)
            return Factor(key="risk", value=shown(value), what={"level": level} if level in scheme.risk.levels else {})


def _asa(work: Work, scheme: Scheme) -> Factor | Reason:
    class_, emergency = work.asa
    value = scheme.asa.classes.get(class_) if class_ else scheme.asa.unknown  # type: ignore[call-overload]
    if value is None:
        return Reason(key="asa_unknown", params={"asa": class_}) if class_ else Reason(key="asa_missing")
    more = scheme.asa.emergency if emergency else Decimal(0)
    return Factor(key="asa", value=shown(value + more), what={"asa": class_ + ("E" if emergency else "")})


def _age(work: Work, span: Span, scene: Scene) -> Factor | Reason:
    years = work.years(scene.clock.local(span[0] * MINUTE_US).date())
    if years is None:
        unknown = scene.scheme.age.unknown
        return Reason(key="age_missing") if unknown is None else Factor(key="age", value=shown(unknown))
    band = scene.scheme.age.band(years)
    if band is None:
        return Factor(key="age", value=shown(Decimal(1)), what={"band": ""})
    return Factor(key="age", value=shown(band.factor), what={"band": band.text})


def shift(credited: list[tuple[Span, Fraction]], scene: Scene) -> Factor:
    """The mean over the minutes that are a person's."""
    minutes: dict[str, Fraction] = {}
    weighed = Fraction(0)
    for span, part in credited:
        for stretch in stretches(span, scene.scheme.shift, scene.clock.zone):
            name = "holiday" if stretch.holiday else stretch.part
            minutes[name] = minutes.get(name, Fraction(0)) + stretch.minutes * part
            weighed += stretch.minutes * part * Fraction(stretch.factor)
    whole = sum(minutes.values(), Fraction(0))
    mean = weighed / whole if whole else Fraction(1)
    return Factor(key="shift", value=shown(decimal(mean)), what={name: f"{float(n):g}" for name, n in minutes.items()})


def share(role: str, roles: Mapping[str, object], stage: Stage) -> Factor:
    """A role's share; `roles`: those that are on the case."""
    own = stage.roles[role]
    beside = next((other for other in own.beside if other in roles), "")
    value = own.beside[beside] if beside else own.share
    return Factor(key="share", value=shown(value), what={"beside": beside} if beside else {})


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
