"""What is appended of a filling: only what is new, and no gap twice, lost or torn."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from charting.case.state import fold
from charting.fill.fill import Filling
from charting.fill.plan import Spans
from charting.fill.types import Cause, Cell, CellState, Excursion, Gap
from charting.filler.news import news, unreached_news
from charting.trail.entries import Entry, Filled
from tests.charting.filler.made import DOCUMENT, at, cell, document, filled, folded, gap, opened, started


def filling(*what: Cell | Gap | Excursion) -> Filling:
    return Filling(
        cells=tuple(w for w in what if isinstance(w, Cell)),
        gaps=tuple(w for w in what if isinstance(w, Gap)),
        excursions=tuple(w for w in what if isinstance(w, Excursion)),
        counts={},
        seen={},
    )


def new(before: Sequence[Filled], since: float, until: float, *what: Cell | Gap | Excursion, final: bool = True,
        held: dict[str, Spans] | None = None) -> Filled | None:  # fmt: skip
    return news(document(*before), filling(*what), at(since), at(until), final=lambda _: final, held=held or {})


def test_what_stands_there_already_is_not_said_again() -> None:
    assert new([filled(0, 10, cell(5), gap(6, 9))], 0, 10, cell(5), gap(6, 9)) is None
    assert new([filled(0, 10, cell(5))], 0, 10, cell(5, filter="fill/2")) is None
    assert new([], 0, 10) is None


def test_a_changed_cell_is_said_and_an_unchanged_one_beside_it_is_not() -> None:
    found = new([filled(0, 10, cell(5), cell(10))], 0, 15, cell(5), cell(10, 80.0), cell(10, signal="spo2"))
    assert found is not None
    assert [(c.signal, c.value) for c in found.cells] == [("hr", 80.0), ("spo2", 70.0)]


def test_a_cell_that_may_still_change_waits_for_its_last_form() -> None:
    before = [filled(0, 10, cell(5))]
    assert new(before, 0, 10, cell(5, 71.0), final=False) is None
    doubtful = new(before, 0, 10, cell(5, 20.0, state=CellState.HELD, rule="soft"), final=False)
    assert doubtful is not None
    assert doubtful.cells[0].rule == "soft"


def test_an_entry_of_cells_alone_leaves_a_gap_around_its_end_as_it_is() -> None:
    before = [filled(0, 10, cell(1), gap(3, 9))]
    found = new(before, 0, 5, cell(1, 71.0), gap(3, 9))
    assert found is not None
    assert (len(found.cells), found.gaps) == (1, ())
    assert document(*before, found).gaps == [gap(3, 9)]


def test_a_cell_that_is_told_no_longer_becomes_empty() -> None:
    before = [filled(0, 10, cell(4), cell(5))]
    found = new(before, 0, 10, cell(5))
    assert found is not None
    assert [(c.mark_us, c.state, c.value, c.rule) for c in found.cells] == [(at(4), CellState.EMPTY, None, "")]
    held = new(before, 0, 10, held={"monitor": ((at(4), None),)})
    assert held is not None
    assert {(c.mark_us, c.rule) for c in held.cells} == {(at(4), "device.held"), (at(5), "device.held")}
    assert new(before, 6, 10) is None


def test_a_new_excursion_brings_its_cell_along() -> None:
    hidden = Excursion(signal="hr", mark_us=at(5), start_us=at(4), end_us=at(5), extreme=140.0, unit="/min")
    found = new([filled(0, 10, cell(5))], 0, 10, cell(5), hidden)
    assert found is not None
    assert (found.cells, found.excursions) == ((cell(5),), (hidden,))


def test_nothing_from_a_bed_is_a_gap_until_data_come() -> None:
    first = unreached_news(document(), ["spo2", "hr"], at(2), at(4), "no data")
    assert first is not None
    assert [(g.signal, g.start_us, g.end_us, g.cause, g.certain) for g in first.gaps] == [
        ("hr", at(2), at(4), Cause.NETWORK, False),
        ("spo2", at(2), at(4), Cause.NETWORK, False),
    ]
    assert unreached_news(document(first), ["spo2", "hr"], at(2), at(4), "no data") is None
    later = unreached_news(document(first), ["spo2", "hr"], at(2), at(5), "no data")
    assert later is not None
    assert [(g.start_us, g.end_us) for g in document(first, later).gaps] == [(at(2), at(5))] * 2
    came = news(document(first, later), filling(gap(3, 4)), at(0), at(5), final=lambda _: True, held={})
    assert came is not None
    assert document(first, later, came).gaps == [gap(3, 4)]


minutes = st.integers(0, 12)
gaps = st.lists(
    st.tuples(st.sampled_from(["hr", "spo2"]), minutes, minutes, st.sampled_from(list(Cause)[:3])), max_size=4
)


def missing(found: Sequence[Gap]) -> dict[tuple[str, int], Cause]:
    """(signal, minute) → why it is missing; each minute at most once."""
    by_minute: dict[tuple[str, int], Cause] = {}
    for g in found:
        for minute_us in range(g.start_us, g.end_us, 60_000_000):
            assert (g.signal, minute_us) not in by_minute, "one gap over another"
            by_minute[g.signal, minute_us] = g.cause
    return by_minute


@settings(deadline=None)
@given(st.lists(st.tuples(minutes, minutes, gaps, st.floats(40, 200)), min_size=1, max_size=6))
def test_after_any_fillings_each_minute_is_as_it_was_told_last(
    said: list[tuple[int, int, list[tuple[str, int, int, Cause]], float]],
) -> None:
    case = folded(opened(), started())
    truth: dict[tuple[str, int], Cause] = {}
    for since, until, told, value in said:
        if since >= until:
            continue
        beside = cell(since, value)
        inside: dict[tuple[str, int], Cause] = {}
        for signal, start, end, cause in told:
            inside |= {(signal, at(m)): cause for m in range(max(start, since), min(end, until))}
        found = [Gap(signal=s, start_us=m, end_us=m + 60_000_000, cause=c) for (s, m), c in inside.items()]
        truth = {key: c for key, c in truth.items() if not at(since) <= key[1] < at(until)} | inside
        entry = news(
            case.documents[DOCUMENT], filling(beside, *found), at(since), at(until), final=lambda _: True, held={}
        )
        if entry is not None:
            case = fold([Entry(seq=case.last + 1, at_us=0, actor="vitalsd", case="case", body=entry)], case)
        kept = case.documents[DOCUMENT].gaps
        assert missing(kept) == truth
        for one, other in pairwise(kept):
            assert not (one.end_us == other.start_us and (one.signal, one.cause) == (other.signal, other.cause))
        assert (
            news(case.documents[DOCUMENT], filling(beside, *found), at(since), at(until), final=lambda _: True, held={})
            is None
        )
