"""What every keeper of facts does. A test class gives the fixtures `trail`, empty, `keeper` over it, and `clock`."""

from dataclasses import replace

import pytest

from charting.quality import keeping
from charting.quality.facts import Facts
from charting.quality.keeping import FactKeeper
from charting.store import facts as stored
from charting.trail.entries import Discarded, Opened
from charting.trail.trail import Trail
from tests.contracts.trail import PATIENT, row

FULL = Facts(
    case="a", last=1, patient="visit:甲'\"\\", anchor_us=100, anchor="t_anes_start", department="骨科", room="OR-01",
    candidates=("arrest", "allergy"), times={"t_anes_start": 100, "arrest": 250}, performed=True, cancelled=False,
    ga=None, technique="combined", asa="3", nadir_c=35.999999999999996, below_36_min=0.0, pacu_h=2.0, vas=0.0,
)  # fmt: skip


def facts(case: str, last: int, anchor_us: int) -> Facts:
    return Facts(case=case, last=last, patient=f"case:{case}", anchor_us=anchor_us, anchor="opened")


def opened(trail: Trail, case: str, at_us: int) -> int:
    """The seq of the case's entry."""
    body = Opened(bed="OR-03", area="or", at_us=at_us, patient=PATIENT)
    return trail.append("li", case, [body], row=row(case, at_us))[-1].seq


class FactKeeperContract:
    def test_facts_are_there_as_they_were_put(self, trail: Trail, keeper: FactKeeper) -> None:
        opened(trail, "a", 100)
        assert keeper.of("a") is None
        keeper.put([FULL])
        found = keeper.of("a")
        assert found is not None
        assert repr(found) == repr(FULL)
        assert found.candidates == ("arrest", "allergy")
        assert list(map(repr, keeper.between(0, 1000))) == [repr(FULL)]

    def test_those_of_a_period_come_in_order_of_time_its_end_not_included(self, keeper: FactKeeper) -> None:
        keeper.put([facts("d", 1, 300), facts("c", 2, 200), facts("b", 3, 200), facts("a", 4, 199)])
        assert [f.case for f in keeper.between(200, 300)] == ["b", "c"]
        assert [f.case for f in keeper.between(199, 301)] == ["a", "b", "c", "d"]
        assert keeper.between(301, 400) == []

    def test_what_is_put_again_replaces_what_was_there(self, keeper: FactKeeper) -> None:
        first = facts("a", 1, 100)
        keeper.put([first, facts("b", 2, 100)])
        later = replace(first, last=3, anchor_us=500, arrest=True)
        keeper.put([later])
        assert repr(keeper.of("a")) == repr(later)
        assert [f.case for f in keeper.between(0, 200)] == ["b"]

    def test_a_case_that_counts_nowhere_has_none(self, trail: Trail, keeper: FactKeeper) -> None:
        last = opened(trail, "a", 100)
        keeper.put([facts("a", last, 100)])
        last = trail.append("li", "a", [Discarded(reason="x")])[-1].seq
        keeper.put([], [("a", last), ("b", 7)])
        assert keeper.of("a") is keeper.of("b") is None
        assert keeper.between(0, 1000) == []
        assert keeper.stale(10) == []

    def test_stale_is_what_has_changed_or_was_never_looked_at_the_oldest_first(
        self, trail: Trail, keeper: FactKeeper
    ) -> None:
        seqs = {case: opened(trail, case, at_us) for case, at_us in (("new", 300), ("old", 100), ("middle", 200))}
        assert list(keeper.stale(10)) == ["old", "middle", "new"]
        assert list(keeper.stale(2)) == ["old", "middle"]
        keeper.put([facts("old", seqs["old"], 100)], [("middle", seqs["middle"])])
        assert list(keeper.stale(10)) == ["new"]
        for case in ("middle", "old"):
            trail.append("li", case, [Discarded(reason="x")])
        assert list(keeper.stale(10)) == ["old", "middle", "new"]

    def test_facts_of_other_rules_are_stale(
        self, trail: Trail, keeper: FactKeeper, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keeper.put([facts("a", opened(trail, "a", 100), 100)])
        assert list(keeper.stale(10)) == []
        before = keeper.mark()
        for module in (keeping, stored):
            monkeypatch.setattr(module, "RULES", "facts/next")
        assert list(keeper.stale(10)) == ["a"]
        keeper.put([facts("a", 1, 100)])
        assert list(keeper.stale(10)) == []
        assert keeper.mark() != before

    def test_the_mark_is_another_one_whenever_something_else_is_kept(self, keeper: FactKeeper) -> None:
        marks = [keeper.mark()]
        for put, none in (
            ([facts("a", 1, 100)], []),
            ([facts("b", 2, 100)], []),
            ([facts("a", 3, 100)], []),
            ([], [("b", 4)]),
        ):
            keeper.put(put, none)
            marks.append(keeper.mark())
            assert keeper.mark() == marks[-1]
        assert len(set(marks)) == len(marks)
        keeper.put([])
        assert keeper.mark() == marks[-1]
