"""A month as it stood when somebody closed it, and what has changed since (clinical.md §1.6). Kept in the trail."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from charting.accounts.actor import Actor
from charting.case.book import Casebook
from charting.quality.logic import Parameter
from charting.quality.refusals import QualityRefusal
from charting.quality.report import QualityReport
from charting.quality.results import Member, Result
from charting.trail.entries import Frozen
from charting.trail.trail import Trail

Members = frozenset[tuple[str, ...]]
"""Of each member the cases for which it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One result as it stood. `d` None: of a count; `value` None: there was no number, for the reason `unavailable`."""

    n: float
    d: float | None
    value: float | None
    unavailable: str
    parameters: Mapping[str, Parameter]
    numerator: Members
    denominator: Members
    unknown: Members
    pending: Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A report as it stood. `results`: by `Result.key`, in the report's order."""

    period: str
    editions: Sequence[str]
    cases: int
    figures: Mapping[str, float]
    rules: Sequence[str]
    made_us: int
    results: Mapping[str, Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A snapshot in the trail: its entry, and which it is of its period and editions, from 1; by whom and when."""

    seq: int
    number: int
    by: str
    at_us: int
    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A result that is not as it was; None: it was not there, or is no more. Cases of members that came or went, in
    the numerator, in the denominator, and of those who are indeterminate.
    """

    key: str
    before: Standing | None
    after: Standing | None
    came: Sequence[str]
    went: Sequence[str]
    denominator_came: Sequence[str]
    denominator_went: Sequence[str]
    unknown_came: Sequence[str]
    unknown_went: Sequence[str]


def freeze(desk: Casebook, actor: Actor, report: QualityReport) -> Kept:
    """Keep the report of a month that is over, of all departments. Raises NotAllowed, QualityRefusal.

    As often as somebody does, each time as a new version; what stands as it was frozen last is not frozen again.
    """
    desk.require(actor, "freeze")
    if not report.period.is_month or report.department:
        raise QualityRefusal("quality.refused.freeze_month")
    if report.period.end_us > desk.clock.now_us():
        raise QualityRefusal("quality.refused.freeze_early", time=desk.clock.written(report.period.end_us))
    made = snapshot(report)
    before = [k for k in frozen(desk.trail, made.period) if k.snapshot.editions == made.editions]
    if before and replace(before[-1].snapshot, made_us=made.made_us) == made:
        return before[-1]
    version = "+".join(report.editions)
    body = Frozen(what="quality", period=made.period, version=version, result=_to_json(made))
    (entry,) = desk.trail.append(actor.account, "", [body])
    return Kept(seq=entry.seq, number=len(before) + 1, by=entry.actor, at_us=entry.at_us, snapshot=made)


def frozen(trail: Trail, period: str = "") -> Sequence[Kept]:
    """What was frozen of a period (none given: of all), the oldest first."""
    found: list[Kept] = []
    for entry in trail.entries("", kinds=["frozen"]):
        body = entry.body
        if isinstance(body, Frozen) and body.what == "quality" and period in {"", body.period}:
            told = _from_json(body.result)
            same = [k for k in found if (k.snapshot.period, k.snapshot.editions) == (told.period, told.editions)]
            kept = Kept(seq=entry.seq, number=len(same) + 1, by=entry.actor, at_us=entry.at_us, snapshot=told)
            found.append(kept)
    return found


def compare(before: Snapshot, after: Snapshot) -> Sequence[Difference]:
    """What is not as it was, in the order of the later one."""
    return [
        _difference(key, was, now)
        for key in dict.fromkeys((*after.results, *before.results))
        if (was := before.results.get(key)) != (now := after.results.get(key))
    ]


def snapshot(report: QualityReport) -> Snapshot:
    return Snapshot(
        period=report.period.name,
        editions=tuple(report.editions),
        cases=report.cases,
        figures=dict(report.figures),
        rules=tuple(report.rules),
        made_us=report.made_us,
        results={result.key: standing(result) for result in report.results},
    )


def standing(result: Result) -> Standing:
    return Standing(
        n=result.n,
        d=result.d,
        value=result.value,
        unavailable=result.unavailable,
        parameters=dict(result.parameters),
        numerator=_members(result.numerator),
        denominator=_members(result.denominator),
        unknown=_members(result.unknown),
        pending=_members(result.pending),
    )


_SETS = ("numerator", "denominator", "unknown", "pending")


def _members(members: Sequence[Member]) -> Members:
    return frozenset(m.cases for m in members)


def _difference(key: str, was: Standing | None, now: Standing | None) -> Difference:
    def moved(name: str) -> tuple[Sequence[str], Sequence[str]]:
        before: Members = getattr(was, name) if was else frozenset()
        after: Members = getattr(now, name) if now else frozenset()
        return _cases(after - before), _cases(before - after)

    came, went = moved("numerator")
    denominator_came, denominator_went = moved("denominator")
    unknown_came, unknown_went = moved("unknown")
    return Difference(
        key=key,
        before=was,
        after=now,
        came=came,
        went=went,
        denominator_came=denominator_came,
        denominator_went=denominator_went,
        unknown_came=unknown_came,
        unknown_went=unknown_went,
    )


def _cases(members: Members) -> Sequence[str]:
    return sorted({case for cases in members for case in cases})


def _to_json(made: Snapshot) -> str:
    """Cases are written once, members name them by their place."""
    sets = [getattr(told, name) for told in made.results.values() for name in _SETS]
    named = sorted({case for members in sets for cases in members for case in cases})
    place = {case: number for number, case in enumerate(named)}

    def written(told: Standing) -> Mapping[str, Any]:
        members = {name: sorted([place[c] for c in cases] for cases in getattr(told, name)) for name in _SETS}
        plain = {"n": told.n, "d": told.d, "value": told.value, "unavailable": told.unavailable}
        return {**plain, "parameters": told.parameters, **members}

    said = {
        "period": made.period,
        "editions": made.editions,
        "cases": made.cases,
        "figures": made.figures,
        "rules": made.rules,
        "made_us": made.made_us,
        "named": named,
        "results": {key: written(told) for key, told in made.results.items()},
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _from_json(text: str) -> Snapshot:
    told = json.loads(text)
    named: Sequence[str] = told.pop("named")

    def read(each: Mapping[str, Any]) -> Standing:
        members = {name: frozenset(tuple(named[n] for n in places) for places in each[name]) for name in _SETS}
        return Standing(**{**each, **members})

    results = {key: read(each) for key, each in told["results"].items()}
    sequences = {"editions": tuple(told["editions"]), "rules": tuple(told["rules"])}
    return Snapshot(**{**told, **sequences, "results": results})
