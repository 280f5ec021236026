"""Which pieces of a wave make a run."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from collector.model import WavePiece
from collector.waves import chains, join
from tests.journal.entries import T0_US, piece

RATE_HZ = 250.0
PERIOD_US = 4_000


def after(us: int, counts: list[int], rate_hz: float = RATE_HZ) -> WavePiece:
    return replace(piece(0, counts, rate_hz), start_us=T0_US + us)


def goes_on(run: WavePiece, piece: WavePiece) -> bool:
    return len(list(join([run, piece]))) == 1


def test_a_piece_goes_on_where_the_run_ends_give_or_take_a_hundredth_of_a_sample() -> None:
    run = after(0, [1, 2])
    for us, wanted in ((8_000, True), (7_960, True), (8_040, True), (7_959, False), (8_041, False), (4_000, False)):
        assert goes_on(run, after(us, [3])) == wanted
    fast = after(0, [1, 2], 500_000.0)
    assert [goes_on(fast, after(us, [3], 500_000.0)) for us in (2, 3, 4, 5, 6)] == [False, True, True, True, False]


def test_whatever_is_otherwise_begins_a_new_run() -> None:
    run, next_ = after(0, [1, 2]), after(8_000, [3])
    assert [one.n for one in join([run, next_])] == [3]
    others = [
        replace(next_, scale=1.0),
        replace(next_, offset=0.0),
        replace(next_, demo=True),
        after(8_000, [3], 125.0),
    ]
    for other in others:
        assert list(join([run, other])) == [run, other]


def test_small_steps_do_not_add_up() -> None:
    pieces = [after(k * (PERIOD_US + 9), [k]) for k in range(1000)]
    for chain in chains(pieces):
        assert len(chain) == 5 or chain[-1] is pieces[-1]
        for k, one in enumerate(chain):
            assert abs(one.start_us - chain[0].start_us - k * PERIOD_US) <= 40


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 900)), max_size=60), st.sampled_from([1.0, 10.0]))
def test_every_sample_is_in_one_run_and_no_run_is_too_long(shape: list[tuple[int, int]], longest_s: float) -> None:
    pieces, at_us = [], 0
    for gap, n in shape:
        at_us += PERIOD_US * (gap if gap > 1 else 0)
        pieces.append(after(at_us, list(range(n))))
        at_us += n * PERIOD_US
    runs = list(join(pieces, longest_s))
    assert b"".join(run.data for run in runs) == b"".join(p.data for p in pieces)
    assert all(run.n <= max(longest_s * RATE_HZ, 900) for run in runs)
    parts = list(chains(pieces, longest_s))
    assert [p for chain in parts for p in chain] == pieces
    for run, (first, *_) in zip(runs, parts[1:], strict=False):
        assert not goes_on(run, first) or run.n + first.n > longest_s * RATE_HZ
