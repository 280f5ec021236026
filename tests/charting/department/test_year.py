"""A department's year: the same by its seed, credible, and possible."""

from collections import Counter, defaultdict
from itertools import groupby, pairwise

import pytest

from charting.department.answers import answers
from charting.department.story import MINUTE_US, Story
from charting.department.thermometers import thermometry
from charting.department.year import Year, imagine, period

CASES = 2_500


@pytest.fixture(scope="module")
def year() -> Year:
    return imagine(CASES, 5, 2026)


def test_the_same_seed_gives_the_same_year_and_another_one_another() -> None:
    first, same, other = (imagine(40, seed, 2026) for seed in (1, 1, 2))
    assert first == same
    assert [act for act, _ in first.acts()] == [act for act, _ in same.acts()]
    assert first.stories != other.stories


def test_acts_come_in_order_of_time_and_each_case_ends_once() -> None:
    year = imagine(150, 5, 2026)
    told = list(year.acts())
    assert all(before.at_us <= after.at_us for (before, _), (after, _) in pairwise(told))
    ended = Counter(written.case.id for _, written in told if written is not None)
    assert ended == Counter(story.case for story in year.stories)


def test_no_bed_holds_two_at_once(year: Year) -> None:
    taken = defaultdict(list)
    for story in year.stories:
        ends = [*(bed.at_us for bed in story.beds[1:]), story.closed_us]
        for bed, end_us in zip(story.beds, ends, strict=True):
            if bed.bed:
                taken[bed.bed].append((bed.at_us, end_us))
    for times in taken.values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(times)))


def test_the_mix_is_that_of_a_hospital(year: Year) -> None:
    told = [a for a in map(answers, (s for s in year.stories if s.counts)) if a.performed]
    n = len(told)
    assert 0.08 < sum(a.offsite is True for a in told) / n < 0.14
    assert 0.08 < sum(a.elective is False for a in told) / n < 0.25
    assert 0.6 < sum(a.ga is True for a in told) / n < 0.85
    assert 0.1 < sum(a.neuraxial is True for a in told) / n < 0.3
    assert sum(s.person.age < 14 for s in year.stories) > 20
    assert 0.02 < 1 - len({a.patient for a in told}) / n < 0.1, "second operations in one admission"
    numbers = defaultdict(set)
    for story in year.stories:
        numbers[story.person.number].add(story.person.visit)
    assert sum(len(visits) > 1 for number, visits in numbers.items() if number) > 10, "in another admission"
    for kind in ("run_29", "run_30", "exact", "slip", "lying", "spot_29", "spot_30", "unmapped", "skin", "cooled"):
        assert any(s.temperature.kind == kind for s in year.stories), kind


def test_cases_at_midnight_belong_to_the_year_in_which_they_were_anaesthetised() -> None:
    """Both came into the room before midnight; the first was anaesthetised in the new year, so was the last."""
    for seed in range(20):
        year = imagine(10, seed, 2026)
        ends = year.stories[0], year.stories[-1]
        if all(story.at("t_anes_start") is not None for story in ends):
            break
    (start, end), (first, last) = period(2026), ends
    assert first.events["t_room_in"] < start <= answers(first).anchor_us
    assert last.events["t_room_in"] < end <= answers(last).anchor_us


def _runs(values: list[float | None]) -> list[int]:
    return [len(list(run)) for low, run in groupby(v is not None and v < 36 for v in values) if low]


def test_a_course_is_what_was_decided_of_it(year: Year) -> None:
    """By the true values, minute by minute: an event lasts 30 min, on the border to the minute."""
    for story in year.stories:
        kind, probes = story.temperature.kind, story.temperature.probes
        if kind not in {"continuous", "run_29", "run_30", "exact", "slip"}:
            continue
        longest = max(_runs(list(probes[0].values)), default=0)
        if kind == "continuous":
            assert longest >= 42 if story.temperature.outcome == "event" else longest <= 18
        else:
            assert longest == {"run_29": 29, "run_30": 30, "exact": 0, "slip": 24}[kind]


def test_artefacts_spoil_what_is_told(year: Year) -> None:
    """Without the pipeline of §2.4 many a patient who was never cold would count."""
    fooled, kinds = 0, set()
    for story in year.stories:
        told = thermometry(story)
        for probe, thermometer in zip(story.temperature.probes, told.thermometers if told else (), strict=True):
            kinds |= {artefact.kind for artefact in probe.artefacts}
            assert thermometer.start_us in {0, story.zero_us + probe.first * MINUTE_US}
            if story.temperature.outcome == "no_event" and not probe.at and probe.site not in {"skin", ""}:
                values = [v for v in thermometer.values if v is not None]
                fooled += max(_runs(list(values)), default=0) >= 30 and not probe.fahrenheit
                assert not probe.fahrenheit or min(values) > 60
    assert fooled > 3
    assert kinds == {"warm_up", "out", "lying", "spike", "step", "hole"}


def _stays(year: Year) -> list[Story]:
    return [s for s in year.stories if s.at("t_pacu_in") is not None]


def test_pacu_stays_lie_on_both_sides_of_each_limit(year: Year) -> None:
    minutes = Counter(
        None if s.at("t_pacu_out") is None else (s.events["t_pacu_out"] - s.events["t_pacu_in"]) // MINUTE_US
        for s in _stays(year)
    )
    assert all(minutes[limit] and minutes[limit + 1] for limit in (120, 180, 1440))
    assert minutes[None]
