"""What the department writes is what the desk would have accepted, from these people, at these times."""

import pytest

from charting.department.acts import later, written
from charting.department.edits import edits
from charting.department.story import Story
from charting.department.year import Year, imagine
from charting.trail.trail import MemoryTrail
from tests.charting.clock import Clock
from tests.charting.department.replay import act, plain
from tests.charting.desk.scenes import desk_on

SAMPLE = 60


@pytest.fixture(scope="module")
def year() -> Year:
    return imagine(400, 11, 2026)


@pytest.fixture(scope="module")
def sample(year: Year) -> dict[str, Story]:
    """Cases of every kind: the rare ones first, then whatever comes."""
    rare = [
        next((s for s in year.stories if holds(s)), None)
        for holds in (
            lambda s: s.is_test, lambda s: s.discarded_us is not None, lambda s: bool(s.merged),
            lambda s: s.at("t_death") is not None, lambda s: len(s.tubes) > 1, lambda s: s.operation.unit == "labour",
            lambda s: s.at("t_cancel") is not None and s.at("t_anes_start") is None,
            lambda s: s.at("t_cancel") is not None and s.at("t_anes_start") is not None,
            lambda s: s.at("t_icu_in") is not None and s.at("t_pacu_in") is not None, lambda s: bool(s.signs),
            lambda s: s.at("t_pacu_in") is not None and s.at("t_pacu_out") is None,
        )
    ]  # fmt: skip
    assert None not in rare
    chosen = {s.case: s for s in (*rare, *year.stories) if s is not None}
    return dict(list(chosen.items())[:SAMPLE])


def test_the_desk_accepts_every_act_and_every_late_edit_and_makes_the_same_cases(sample: dict[str, Story]) -> None:
    clock = Clock(0)
    desk = desk_on(MemoryTrail(clock.now_us), clock)
    for said, _ in Year(seed=0, year=2026, stories=tuple(sample.values()), figures=()).acts():
        act(desk, clock, said)
    known = {case: written(story).case for case, story in sample.items()}
    for case in sample:
        assert plain(desk.case(case)) == plain(known[case])
    kinds = set()
    for edit in edits(sample, 160, 3):
        kinds.add(edit.kind)
        case, told = edit.after.case, later(known[edit.after.case], edit.before, edit.after, edit.at_us)
        known[case] = told.case
        for said in told.acts:
            act(desk, clock, said)
        assert plain(desk.case(case)) == plain(told.case)
    assert len(kinds) == 23
