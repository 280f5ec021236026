"""Which pieces of a wave go on from each other."""

from dataclasses import replace

from collector.waves import join
from tests.journal.entries import piece


def test_pieces_that_go_on_become_a_run_and_a_gap_begins_another() -> None:
    pieces = [piece(0, range(250)), piece(1, range(50)), piece(1.2, range(25)), piece(1.304, [1, 2]), piece(1.312, [3])]
    assert list(join(pieces)) == [
        replace(pieces[0], data=b"".join(p.data for p in pieces[:3])),
        replace(pieces[3], data=pieces[3].data + pieces[4].data),
    ]
    assert [run.n for run in join(pieces, 1.2)] == [300, 25, 3]


def test_small_delays_do_not_add_up_within_a_run() -> None:
    """Each piece is a hundredth of a sample late: its samples stay within that of their time."""
    pieces = [piece(n * 0.100_040, [n] * 25) for n in range(20)]
    assert [run.n for run in join(pieces)] == [50] * 10
