"""Sets of numbers as runs, against Python's own sets."""

from hypothesis import given
from hypothesis import strategies as st

from collector.journal.ranges import Ranges, common

RUNS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 6)).map(lambda pair: (pair[0], pair[0] + pair[1])))
RANGES = RUNS.map(lambda runs: Ranges.of(*runs))


def numbers(ranges: Ranges) -> set[int]:
    return {number for first, last in ranges.runs for number in range(first, last + 1)}


@given(RUNS)
def test_runs_are_joined_in_order_and_never_touch(runs: list[tuple[int, int]]) -> None:
    ranges = Ranges.of(*runs)
    assert numbers(ranges) == {number for first, last in runs for number in range(first, last + 1)}
    assert all(a[1] + 1 < b[0] for a, b in zip(ranges.runs, ranges.runs[1:], strict=False))
    assert len(ranges) == len(numbers(ranges))
    assert ranges.last == max(numbers(ranges), default=0)


@given(RANGES, RANGES)
def test_union_difference_and_intersection_are_those_of_sets(a: Ranges, b: Ranges) -> None:
    assert numbers(a | b) == numbers(a) | numbers(b)
    assert numbers(a - b) == numbers(a) - numbers(b)
    assert numbers(a & b) == numbers(a) & numbers(b)


@given(RANGES, st.integers(1, 50), st.integers(0, 50))
def test_gaps_are_what_is_missing(ranges: Ranges, first: int, last: int) -> None:
    missing = set(range(first, last + 1)) - numbers(ranges)
    assert numbers(Ranges.of(*ranges.gaps(first, last))) == missing


@given(RANGES)
def test_the_text_form_comes_back(ranges: Ranges) -> None:
    assert Ranges.parse(str(ranges)) == ranges


def test_the_text_form_is_postgresqls() -> None:
    assert str(Ranges.of((9, 11), (1, 5))) == "{[1,6),[9,12)}"
    assert Ranges.parse("{}") == Ranges()


@given(st.lists(RANGES, max_size=4))
def test_common_is_what_all_have(sets: list[Ranges]) -> None:
    assert numbers(common(sets)) == (set.intersection(*map(numbers, sets)) if sets else set())
