"""Scores of people on cases: base x time x factors x share x credit, and extras (clinical.md §5). Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from charting.workload import factors
from charting.workload.credit import credits_of
from charting.workload.factors import Scene, decimal
from charting.workload.lines import EXTRA, Factor, Label, Line, Reason, Scored, Waiting, product, shown
from charting.workload.scheme import Parallel, Scheme, Stage
from charting.workload.spans import Span, clipped, minute, together, total, union
from charting.workload.work import Presence, Record, Visit, Work, person_of

CLOCKS: Mapping[str, tuple[str, str]] = {
    "anaesthesia": ("t_anes_start", "t_anes_end"),
    "room": ("t_room_in", "t_room_out"),
    "operation": ("t_incision", "t_surg_end"),
    "pacu": ("t_pacu_in", "t_pacu_out"),
}
"""Clock → the events between which it runs."""

_RECORD, _PACU = "anaesthesia_record", "pacu_record"


def score(works: Iterable[Work], scene: Scene) -> Scored:
    """All that these cases count. Parallel rooms are found among them: give also the cases around the month."""
    lines: list[Line] = []
    waiting: list[Waiting] = []
    labels: dict[str, Label] = {}
    for work in works:
        labels[work.case] = _label(work)
        for name, stage in scene.scheme.stages.items():
            for found in _stage(work, name, stage, scene):
                (waiting if isinstance(found, Waiting) else lines).append(found)  # type: ignore[arg-type]
        for extra in _extras(work, scene.scheme):
            (waiting if isinstance(extra, Waiting) else lines).append(extra)  # type: ignore[arg-type]
    return Scored(lines=tuple(_in_parallel(lines, scene.scheme)), waiting=tuple(waiting), labels=labels)


def _label(work: Work) -> Label:
    first, last = CLOCKS["anaesthesia"] if "t_anes_start" in work.events else CLOCKS["room"]
    return Label(
        case=work.case,
        start_us=work.anchor_us,
        end_us=work.events.get(last) if first in work.events else None,
        room=work.stay(work.anchor_us).bed,
        procedures=work.procedures,
        techniques=work.techniques,
        emergency=work.emergency,
    )


def _stage(work: Work, name: str, stage: Stage, scene: Scene) -> Iterator[Line | Waiting]:
    first, _ = CLOCKS[stage.clock]
    people = [p for p in work.present if p.role in stage.roles]
    if first not in work.events and stage.document not in work.records and not people:
        return
    common: list[Factor] = []
    reasons: list[Reason] = []
    span = _unfinished(work, stage) or _clock(work, stage)
    if isinstance(span, Reason):
        reasons.append(span)
    else:
        for found in factors.of_case(work, stage, span, scene):
            (reasons if isinstance(found, Reason) else common).append(found)  # type: ignore[arg-type]
        by_role = _by_role(people, span)
        if not by_role:
            reasons.append(Reason(key="nobody"))
        if not reasons:
            yield from _lines(work, name, stage, span, common, by_role, scene)
            return
    record = work.records.get(stage.document)
    yield Waiting(
        case=work.case,
        at_us=work.anchor_us,
        stage=name,
        document=stage.document,
        reasons=tuple(reasons),
        people=({record.author: record.author} if record is not None else {}) | {p.person: p.name for p in people},
    )


def _unfinished(work: Work, stage: Stage) -> Reason | None:
    """Why there is nothing to count, or not yet."""
    if "t_cancel" in work.events and CLOCKS[stage.clock][0] not in work.events:
        return Reason(key="cancelled")
    record = work.records.get(stage.document)
    if record is None:
        return Reason(key="document_missing")
    return None if record.signed else _not_signed(record.version)


def _not_signed(version: int) -> Reason:
    return Reason(key="opened_again" if version > 1 else "unsigned")


def _clock(work: Work, stage: Stage) -> Span | Reason:
    lacking = next((event for event in CLOCKS[stage.clock] if event not in work.events), "")
    if lacking:
        return Reason(key="no_event", params={"event": lacking})
    first, last = (minute(work.events[event]) for event in CLOCKS[stage.clock])
    if first < last:
        return first, last
    return Reason(key="reversed", params=dict(zip(("first", "last"), CLOCKS[stage.clock], strict=True)))


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    account: str
    spans: tuple[Span, ...]


def _by_role(people: Sequence[Presence], span: Span) -> Mapping[str, Mapping[str, _Person]]:
    """Role → person, with his minutes within the clock; who has none there is left out."""
    found: dict[str, dict[str, _Person]] = {}
    for each in people:
        end = span[1] if each.out_us is None else minute(each.out_us)
        own = clipped([(minute(each.in_us), end)], span)
        if own:
            role = found.setdefault(each.role, {})
            before = role[each.person].spans if each.person in role else ()
            role[each.person] = _Person(each.name, each.account, union([*before, *own]))
    return {
        role: dict(sorted(those.items(), key=lambda item: (item[1].spans[0][0], item[0])))
        for role, those in found.items()
    }


def _lines(
    work: Work,
    name: str,
    stage: Stage,
    span: Span,
    common: Sequence[Factor],
    by_role: Mapping[str, Mapping[str, _Person]],
    scene: Scene,
) -> Iterator[Line]:
    for role, people in by_role.items():
        several = stage.roles[role].several
        found = credits_of({k: p.spans for k, p in people.items()}, handover=stage.handover, several=several)
        for key, person in people.items():
            credit = found[key]
            part = decimal(credit.minutes / total([span]))
            minutes = {"minutes": f"{float(credit.minutes):g}", "of": str(total([span]))}
            own = [
                *common,
                *([factors.shift(credit.spans, scene)] if "shift" in stage.factors else []),
                factors.share(role, by_role, stage),
                Factor(key="credit", value=shown(part), what=minutes),
            ]
            yield Line(
                case=work.case,
                at_us=work.anchor_us,
                person=key,
                name=person.name,
                account=person.account,
                stage=name,
                role=role,
                factors=tuple(own),
                score=product(tuple(own)),
                spans=person.spans,
                relayed=credit.relayed,
            )


def _extras(work: Work, scheme: Scheme) -> Iterator[Line | Waiting]:
    """Points for things done: of the record to its author, of a PACU patient to the anaesthetist who signs for him, of
    a visit to its document's author. A record that is not signed waits as its stage does.
    """
    record, pacu = work.records.get(_RECORD), work.records.get(_PACU)
    if record is not None and record.signed:
        done = [*record.procedures, *(["resus"] if work.rescued else [])]
        yield from (_extra(work, scheme, key, record.author, work.anchor_us) for key in done if key in scheme.extras)
    signer = _signer(pacu)
    if signer and "pacu_patient" in scheme.extras:
        yield _extra(work, scheme, "pacu_patient", signer, work.anchor_us)
    for visit in work.visits:
        if visit.kind in scheme.extras:
            yield _visit(work, visit, scheme)


def _signer(pacu: Record | None) -> str:
    return pacu.signers.get("anaesthetist", "") if pacu is not None and pacu.signed else ""


def _extra(work: Work, scheme: Scheme, key: str, account: str, at_us: int) -> Line:
    points: Decimal = scheme.extras[key]  # type: ignore[index]
    own = (Factor(key="points", value=shown(points)),)
    return Line(
        case=work.case,
        at_us=at_us,
        person=person_of("", account),
        name=account,
        account=account,
        stage=EXTRA,
        role=key,
        factors=own,
        score=product(own),
    )


def _visit(work: Work, visit: Visit, scheme: Scheme) -> Line | Waiting:
    if visit.signed:
        return _extra(work, scheme, visit.kind, visit.author, visit.at_us)
    return Waiting(
        case=work.case,
        at_us=visit.at_us,
        stage=EXTRA,
        document="preop_visit" if visit.kind == "preop_visit" else "analgesia_followup",
        reasons=(_not_signed(visit.version),),
        people={visit.author: visit.author},
    )


def _in_parallel(lines: Sequence[Line], scheme: Scheme) -> Iterator[Line]:
    """The same with the factor of parallel rooms, in stages that have it."""
    counted = {name for name, stage in scheme.stages.items() if "parallel" in stage.factors}
    spans: dict[str, dict[str, tuple[Span, ...]]] = {}
    for line in lines:
        if line.stage in counted:
            cases = spans.setdefault(line.person, {})
            cases[line.case] = union([*cases.get(line.case, ()), *line.spans])
    found = {person: _ranked(cases, scheme.parallel) for person, cases in spans.items()}
    for line in lines:
        if line.stage not in counted:
            yield line
            continue
        own = (*line.factors, found[line.person][line.case])
        yield replace(line, factors=own, score=product(own))


def _ranked(cases: Mapping[str, tuple[Span, ...]], parallel: Parallel) -> Mapping[str, Factor]:
    """Case → factor, of one person. At any minute his cases rank by their whole time, the longest first."""
    longest = dict(sorted(cases.items(), key=lambda item: (-total(item[1]), item[1][0], item[0])))
    weighed = dict.fromkeys(longest, Fraction(0))
    least = dict.fromkeys(longest, parallel.factor(0))
    behind = dict.fromkeys(longest, 0)
    for (start, end), there in together(longest):
        for rank, case in enumerate(there):
            value = parallel.factor(rank)
            weighed[case] += (end - start) * Fraction(value)
            least[case] = min(least[case], value)
            behind[case] += (end - start) if rank else 0
    made = {}
    for case, spans in longest.items():
        value = decimal(weighed[case] / total(spans)) if parallel.by == "minutes" else least[case]
        what = {"minutes": str(behind[case]), "of": str(total(spans))}
        made[case] = Factor(key="parallel", value=shown(value), what=what)
    return made
