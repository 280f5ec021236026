"""What is not as it was when a month was locked. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from charting.workload.lines import Factor, Line
from charting.workload.month import Month
from charting.workload.spans import total

Key = tuple[str, str, str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Of one person on one case: what counted before and what would now; None: the other one is new, or gone.

    `score`, `minutes`: by how much. `factors`: keys of those that differ, where both are there.
    """

    case: str
    stage: str
    role: str
    before: Decimal | None
    after: Decimal | None
    score: Decimal
    minutes: int
    factors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Of one person; `score`: by how much his own score differs."""

    person: str
    name: str
    account: str
    before: Decimal
    after: Decimal
    score: Decimal
    changes: tuple[Change, ...]


def differences(before: Month, after: Month) -> tuple[Difference, ...]:
    """Of everybody whose lines differ, though their sum may not; what was carried from elsewhere is not compared."""
    was, now = _by_person(before), _by_person(after)
    names = {line.person: line for line in (*before.lines, *after.lines)}
    found = [
        Difference(
            person=person,
            name=line.name,
            account=line.account,
            before=_sum(was.get(person, {})),
            after=_sum(now.get(person, {})),
            score=_sum(now.get(person, {})) - _sum(was.get(person, {})),
            changes=changes,
        )
        for person, line in names.items()
        if (changes := _changes(was.get(person, {}), now.get(person, {})))
    ]
    return tuple(sorted(found, key=lambda d: (d.name, d.person)))


_Lines = dict[Key, list[Line]]


def _by_person(month: Month) -> dict[str, _Lines]:
    found: dict[str, _Lines] = {}
    for line in month.lines:
        found.setdefault(line.person, {}).setdefault(line.key, []).append(line)
    return found


def _sum(lines: _Lines) -> Decimal:
    return sum((line.score for several in lines.values() for line in several), Decimal(0))


def _changes(was: _Lines, now: _Lines) -> tuple[Change, ...]:
    found = []
    for key in dict.fromkeys((*was, *now)):
        before, after = _score(was.get(key)), _score(now.get(key))
        minutes = _minutes(now.get(key)) - _minutes(was.get(key))
        if before != after or minutes:
            case, _, stage, role, _ = key
            found.append(
                Change(
                    case=case,
                    stage=stage,
                    role=role,
                    before=before,
                    after=after,
                    score=(after or Decimal(0)) - (before or Decimal(0)),
                    minutes=minutes,
                    factors=_differing(was.get(key), now.get(key)),
                )
            )
    return tuple(found)


def _score(lines: Sequence[Line] | None) -> Decimal | None:
    return None if lines is None else sum((line.score for line in lines), Decimal(0))


def _minutes(lines: Sequence[Line] | None) -> int:
    return sum(total(line.spans) for line in lines or ())


def _differing(was: Sequence[Line] | None, now: Sequence[Line] | None) -> tuple[str, ...]:
    if was is None or now is None:
        return ()
    before, after = _values(was[0].factors), _values(now[0].factors)
    return tuple(key for key in dict.fromkeys((*before, *after)) if before.get(key) != after.get(key))


def _values(factors: Sequence[Factor]) -> dict[str, Decimal]:
    return {factor.key: factor.value for factor in factors}
