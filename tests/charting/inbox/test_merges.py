"""Which number is left of merges, however they follow each other."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charting.inbox.events import HospitalEvent
from charting.inbox.timeline import identity_of


def merge(n: int, old: str, new: str) -> HospitalEvent:
    return HospitalEvent(kind="merge", key=f"{n:02}", occurred_us=n, recorded_us=n, number=new, old_number=old)


@pytest.mark.parametrize(
    ("merges", "left"),
    [
        ("AB", "B"),
        ("AB BC", "C"),
        ("BC AB", "C"),
        ("AB BA", "A"),
        ("AB BC CA", "A"),
        ("AB BC BA", "A"),
        ("AB AA", "B"),
        ("AB AC", "C"),
        ("AB BA AB", "B"),
    ],
)
def test_the_last_word_counts(merges: str, left: str) -> None:
    told = [merge(n, pair[0], pair[1]) for n, pair in enumerate(merges.split())]
    assert {identity_of(told, number).number for number in set(merges) - {" "}} == {left}


@given(st.lists(st.sampled_from(list(product("ABCD", repeat=2))), max_size=8))
def test_one_is_left(pairs: list[tuple[str, str]]) -> None:
    told = [merge(n, old, new) for n, (old, new) in enumerate(pairs)]
    for number in "ABCD":
        identity = identity_of(told, number)
        assert {identity_of(told, each).number for each in identity.numbers} == {identity.number}
        assert identity.number in identity.numbers
