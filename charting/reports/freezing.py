"""A month as it stood when somebody closed it, and what has changed since (clinical.md §1.6)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from charting.accounts.actor import Actor
from charting.case.book import Casebook
from charting.case.refusals import Impossible
from charting.quality.facts import Facts
from charting.quality.report import QualityReport
from charting.quality.results import Result
from charting.reports.words import said
from charting.trail.entries import Frozen
from charting.trail.trail import Trail


class FreezeRefusal(Impossible):
    """Nothing was frozen. `key` is a row of reports/words.csv."""

    def text(self, lang: str) -> str:
        return said(self.key, lang, **self.params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One result as it stood. `d` None: of a count; `value` None: there was no number, because of `why`. `cases`: those
    in the numerator.
    """

    n: float
    d: float | None
    value: float | None
    unknown: int
    pending: int
    why: str
    cases: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A report as it stood. `cases`: all that belonged to the period; `results`: by Result.key."""

    period: str
    made_us: int
    rules: tuple[str, ...]
    cases: frozenset[str]
    figures: Mapping[str, float]
    results: Mapping[str, Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A snapshot in the trail: the number of its entry, who froze it and when."""

    seq: int
    by: str
    at_us: int
    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A result that is not as it was. None: it was not there, or is no more. `came`, `went`: cases of the numerator."""

    key: str
    before: Standing | None
    after: Standing | None
    came: Sequence[str]
    went: Sequence[str]


def snapshot(report: QualityReport, facts: Sequence[Facts]) -> Snapshot:
    """`facts`: those that the report was made from."""
    period = report.period
    return Snapshot(
        period=period.name,
        made_us=report.made_us,
        rules=tuple(report.rules),
        cases=frozenset(f.case for f in facts if period.start_us <= f.anchor_us < period.end_us),
        figures=dict(report.figures),
        results={r.key: standing(r) for r in report.results},
    )


def standing(result: Result) -> Standing:
    lacks = bool(result.unavailable)
    return Standing(
        n=result.n,
        d=result.d,
        value=None if lacks else result.value,
        unknown=len(result.unknown),
        pending=len(result.pending),
        why=result.unavailable,
        cases=frozenset(case for member in result.numerator for case in member.cases),
    )


def freeze(desk: Casebook, actor: Actor, report: QualityReport, facts: Sequence[Facts]) -> None:
    """Keep the report of a month that is over, of the whole hospital. Raises NotAllowed, FreezeRefusal.

    As often as somebody does: each is a version of its own. What stands as it was frozen last is not frozen again.
    """
    desk.require(actor, "freeze")
    if not report.period.is_month or report.department:
        raise FreezeRefusal("report.refused.month")
    if report.period.end_us > report.made_us:
        raise FreezeRefusal("report.refused.early")
    made = snapshot(report, facts)
    before = frozen(desk.trail, report.period.name)
    if before and not differences(before[-1].snapshot, made) and before[-1].snapshot.cases == made.cases:
        raise FreezeRefusal("report.refused.same")
    body = Frozen(what="quality", period=report.period.name, version=report.rules[0], result=_to_json(made))
    desk.trail.append(actor.account, "", [body])


def frozen(trail: Trail, period: str = "") -> Sequence[Kept]:
    """Snapshots of a period (none given: of all), the oldest first."""
    return [
        Kept(seq=entry.seq, by=entry.actor, at_us=entry.at_us, snapshot=_from_json(entry.body.result))
        for entry in trail.all(kinds=["frozen"])
        if isinstance(entry.body, Frozen) and entry.body.what == "quality" and period in {"", entry.body.period}
    ]


def differences(before: Snapshot, after: Snapshot) -> Sequence[Difference]:
    """What is not as it was, in the report's order."""
    return [
        Difference(
            key=key,
            before=was,
            after=now,
            came=sorted(_cases(now) - _cases(was)),
            went=sorted(_cases(was) - _cases(now)),
        )
        for key in dict.fromkeys((*after.results, *before.results))
        if (was := before.results.get(key)) != (now := after.results.get(key))
    ]


def _cases(told: Standing | None) -> frozenset[str]:
    return frozenset() if told is None else told.cases


def _to_json(made: Snapshot) -> str:
    """Cases are written once, and named by their place."""
    named = sorted(made.cases | {case for told in made.results.values() for case in told.cases})
    place = {case: n for n, case in enumerate(named)}
    said_ = {
        "period": made.period,
        "made_us": made.made_us,
        "rules": made.rules,
        "named": named,
        "cases": sorted(place[case] for case in made.cases),
        "figures": made.figures,
        "results": {
            key: {
                "n": told.n,
                "d": told.d,
                "value": told.value,
                "unknown": told.unknown,
                "pending": told.pending,
                "why": told.why,
                "cases": sorted(place[case] for case in told.cases),
            }
            for key, told in made.results.items()
        },
    }
    return json.dumps(said_, ensure_ascii=False, separators=(",", ":"))


def _from_json(text: str) -> Snapshot:
    told = json.loads(text)
    named: Sequence[str] = told["named"]
    return Snapshot(
        period=told["period"],
        made_us=told["made_us"],
        rules=tuple(told["rules"]),
        cases=frozenset(named[n] for n in told["cases"]),
        figures=told["figures"],
        results={
            key: Standing(**{**each, "cases": frozenset(named[n] for n in each["cases"])})
            for key, each in told["results"].items()
        },
    )
