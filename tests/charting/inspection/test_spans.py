"""Spans of time against sets of seconds."""

from itertools import pairwise
from random import Random

from charting.inspection.raw import Change
from charting.inspection.spans import Interval, common, shared, spells, union, without
from collector.model import AlarmPhase


def some(random: Random) -> list[Interval]:
    starts = [random.randrange(60) for _ in range(random.randrange(6))]
    return [(start, start + random.randrange(15)) for start in starts]


def seconds(intervals: list[Interval] | tuple[Interval, ...]) -> set[int]:
    return {at for start, end in intervals for at in range(start, end)}


def test_intervals_are_sets_of_moments() -> None:
    random = Random(5)
    for _ in range(300):
        each = [some(random) for _ in range(4)]
        a, b = union(each[0]), union(each[1])
        assert seconds(list(a)) == seconds(each[0])
        assert seconds(list(common(a, b))) == seconds(each[0]) & seconds(each[1])
        assert seconds(list(without(a, b))) == seconds(each[0]) - seconds(each[1])
        sets = [seconds(one) for one in each]
        expected = {at for at in range(80) if sum(at in one for one in sets) >= 2}
        assert seconds(list(shared([union(one) for one in each], 2))) == expected
        assert all(x[1] < y[0] for x, y in pairwise(a))


def change(at: int, phase: AlarmPhase, code: str = "A") -> Change:
    return Change(bed="OR-01", source="link:monitor", at_us=at, phase=phase, code=code)


def test_a_condition_that_goes_on_for_another_reason_is_told_by_reason_and_what_never_began_is_none() -> None:
    start, goes, end = AlarmPhase.START, AlarmPhase.CONTINUE, AlarmPhase.END
    told = [change(1, end), change(3, start), change(4, goes), change(5, goes, "B"), change(9, end, "B")]
    told.append(change(20, goes))
    assert [(s.onset_us, s.ended_us, s.code) for s in spells(told)] == [(3, 5, "A"), (5, 9, "B"), (20, None, "A")]
