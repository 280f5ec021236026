"""Minutes, credit, parallel rooms and shifts by intervals, held against an independent count minute by minute."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charting.quality.periods import period
from charting.workload.month import month
from charting.workload.scheme import Scheme, scheme
from tests.charting.workload.cases import ZONE, Plan, at, changed, scene

DEFAULT = scheme()
EVENING = 16 * 60 + 30
"""Half past four in the afternoon: what is drawn reaches over the shifts' ends and midnight."""
_DAY = datetime(2026, 11, 24)  # noqa: DTZ001  written, not counted
HOLIDAY = changed(DEFAULT, shift__holidays=["2026-11-25"], shift__holiday="1.7", asa__classes={"2": "1.0"})


def said(minute: int) -> str:
    return f"{_DAY + timedelta(minutes=EVENING + minute):%Y-%m-%d %H:%M}"


@st.composite
def lives(draw: st.DrawFn) -> list[Plan]:
    """Up to four cases with up to three people, who come and go."""
    plans = []
    for n in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, 300))
        end = start + draw(st.integers(1, 400))
        people = []
        for _ in range(draw(st.integers(1, 5))):
            come = draw(st.integers(start - 60, end - 1))
            go = come + draw(st.integers(0, 500))
            role = draw(st.sampled_from(("anaesthetist", "anaesthetist", "anaesthesia_assistant")))
            people.append((role, draw(st.sampled_from(("ann", "ben", "cat"))), said(come), said(go)))
        plans.append(
            Plan(id=f"c{n}", bed=f"OR-{n}", anaesthesia=(said(start), said(end)), people=people, procedures=())
        )
    return plans


def minutes(first: str, last: str) -> set[int]:
    return set(range(at(first) // 60_000_000, at(last) // 60_000_000))


def shift_factor(minute: int) -> float:
    local = datetime.fromtimestamp(minute * 60, UTC).astimezone(ZoneInfo(ZONE))
    part = 1.0 if 8 <= local.hour < 17 else 1.2 if 17 <= local.hour < 22 else 1.5
    return max(part, 1.7) if f"{local:%Y-%m-%d}" == "2026-11-25" else part


class Brute:
    """Everything of these cases, a minute at a time."""

    def __init__(self, plans: list[Plan]) -> None:
        self.clock = {p.id: minutes(*p.anaesthesia) for p in plans if p.anaesthesia}
        self.there: dict[tuple[str, str, str], set[int]] = {}  # case, role, person
        for plan in plans:
            for role, who, first, last in plan.people:
                own = minutes(first, last) & self.clock[plan.id]
                if own:
                    self.there.setdefault((plan.id, role, who), set()).update(own)
        self.of: dict[str, dict[str, set[int]]] = {}  # person, case
        for (case, _, who), own in self.there.items():
            self.of.setdefault(who, {}).setdefault(case, set()).update(own)

    def parallel(self, who: str, case: str) -> float:
        cases = self.of[who]
        order = sorted(cases, key=lambda c: (-len(cases[c]), min(cases[c]), c))
        ranks = [sum(m in cases[other] for other in order[: order.index(case)]) for m in cases[case]]
        return sum((1.0, 0.5, 0.3)[min(rank, 2)] for rank in ranks) / len(ranks)

    def credit(self, case: str, role: str, who: str, *, split: bool) -> tuple[float, float]:
        """Share of the clock, and mean of the shift over it."""
        weights = {
            m: 1 / sum(m in own for (c, r, _), own in self.there.items() if (c, r) == (case, role)) if split else 1.0
            for m in self.there[case, role, who]
        }
        whole = sum(weights.values())
        return whole / len(self.clock[case]), sum(shift_factor(m) * w for m, w in weights.items()) / whole


@settings(max_examples=40, deadline=None)
@given(lives(), st.booleans())
def test_intervals_say_what_minutes_say(plans: list[Plan], split: bool) -> None:
    roles = {"anaesthetist": {"share": "1", "several": "split" if split else "full"},
             "anaesthesia_assistant": {"share": "1", "several": "full"}}  # fmt: skip
    by: Scheme = changed(HOLIDAY, stages__anaesthesia__roles=roles)
    made = month([p.work() for p in plans], period("2026-11", ZONE), scene(by), names={}, made_us=0)
    brute = Brute(plans)

    assert {p.person for p in made.people if p.cases} == set(brute.of)
    for person in made.people:
        cases = brute.of.get(person.person, {})
        counts = Counter(m for own in cases.values() for m in own)
        local = {m: datetime.fromtimestamp(m * 60, UTC).astimezone(ZoneInfo(ZONE)) for m in counts}
        assert person.minutes == len(counts)
        assert person.case_minutes == sum(counts.values())
        assert person.parallel_min == sum(n > 1 for n in counts.values())
        assert person.cases == len(cases)
        assert person.night_min == sum(t.hour >= 22 or t.hour < 8 for t in local.values())
        assert person.evening_min == sum(17 <= t.hour < 22 for t in local.values())
        assert person.holiday_min == sum(f"{t:%m-%d}" == "11-25" for t in local.values())
    assert sum(p.minutes for p in made.people) == sum(len(set().union(*c.values())) for c in brute.of.values())

    assert {(e.case, e.role, e.person) for e in made.lines} == set(brute.there)
    for line in made.lines:
        found = {f.key: float(f.value) for f in line.factors}
        part, shift = brute.credit(line.case, line.role, line.person, split=split and line.role == "anaesthetist")
        assert abs(found["credit"] - part) <= 0.0001
        assert abs(found["shift"] - shift) <= 0.0001
        assert abs(found["parallel"] - brute.parallel(line.person, line.case)) <= 0.0001


@settings(max_examples=20, deadline=None)
@given(lives())
def test_by_minutes_nothing_is_counted_twice_where_a_role_is_shared(plans: list[Plan]) -> None:
    """Of a role that is split, the credits of a case come to the part of its clock in which anybody was there."""
    split = changed(
        DEFAULT,
        stages__anaesthesia__roles={
            r: {"share": "1", "several": "split"} for r in ("anaesthetist", "anaesthesia_assistant")
        },
    )
    for handover in ("minutes", "first"):
        by = changed(split, stages__anaesthesia__handover=handover)
        made = month([p.work() for p in plans], period("2026-11", ZONE), scene(by), names={}, made_us=0)
        brute = Brute(plans)
        for case, role in {(c, r) for c, r, _ in brute.there}:
            credits_ = [
                float(next(f.value for f in line.factors if f.key == "credit"))
                for line in made.lines
                if (line.case, line.role) == (case, role)
            ]
            covered = set().union(*(own for (c, r, _), own in brute.there.items() if (c, r) == (case, role)))
            assert abs(sum(credits_) - len(covered) / len(brute.clock[case])) < 0.001


@settings(max_examples=15, deadline=None)
@given(lives(), st.randoms())
def test_the_order_of_cases_and_people_does_not_matter(plans: list[Plan], by: object) -> None:
    def counted(some: list[Plan]) -> object:
        made = month([p.work() for p in some], period("2026-11", ZONE), scene(), names={}, made_us=0)
        return sorted((e.key, e.score, e.relayed) for e in made.lines), made.people

    before = counted(plans)
    shuffled = [*plans]
    by.shuffle(shuffled)  # type: ignore[attr-defined]
    for plan in shuffled:
        plan.people = sorted(plan.people, reverse=True)
    assert counted(shuffled) == before


@pytest.mark.parametrize(
    ("names", "ann", "zoe"),
    [
        ({}, "Ann", "zoe"),
        ({"ann": "ann", "zoe": ""}, "Ann", "zoe"),
        ({"ann": "王医生", "zoe": "周医生"}, "王医生", "周医生"),
    ],
)
def test_nobody_whom_a_case_names_is_told_by_his_account(names: dict[str, str], ann: str, zoe: str) -> None:
    """Ben signs a record and leaves one unsigned where he was not; a third case names him. Nothing names Zoe."""
    done = {"anaesthesia_record": {"procedures": ("cvc",)}}
    plans = [
        Plan(id="c1", people=[("anaesthetist", "ben", "08:00", "")]),
        Plan(id="c2", author="ben", answers=done),
        Plan(id="c3", author="ben", signed=(), drafts=("anaesthesia_record",)),
        Plan(id="c4", author="zoe", answers=done),
    ]
    made = month([p.work() for p in plans], period("2026-11", ZONE), scene(), names=names, made_us=0)
    assert {line.name for line in made.lines} == {p.name for p in made.people} == {ann, "Ben", zoe}
    assert [set(w.people.values()) for w in made.waiting] == [{ann, "Ben"}]
