"""Rows of waves: what is put together, and what is there already."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import timescale_waves
from collector.journal.rows import piece_of
from collector.model import WavePiece
from collector.timescale_waves import Placed, covered, missing, rows_of, spans
from tests.journal.entries import T0_US, piece
from tests.store.delivering import wanted_samples

RATES_HZ = (300.0, 62.5, 1000 / 3)


SEEDS = st.integers(0, 1 << 32)


def placed(seed: int) -> list[Placed]:
    """Pieces of two channels, most of them going on, some with gaps, some of the same time."""
    chance = random.Random(seed)
    found = []
    for channel in (1, 2):
        rate_hz, at_us = chance.choice(RATES_HZ), T0_US + chance.randrange(60_000_000)
        for _ in range(chance.choice([0, 1, 3, 60])):
            counts = [chance.randint(-500, 500) for _ in range(chance.randint(1, round(rate_hz)))]
            one = replace(piece(0, counts, rate_hz), start_us=at_us + chance.choice([-1, 0, 0, 0, 1]))
            found.append(Placed(channel=channel, n=0, piece=one))
            if chance.random() < 0.03:
                found.append(Placed(channel=channel, n=1, piece=replace(one, data=piece(0, [1000]).data)))
            at_us += round(len(counts) * 1e6 / rate_hz) + (
                chance.randrange(100_000_000) if chance.random() < 0.1 else 0
            )
    return found


def read(rows: list[tuple[object, ...]]) -> list[Placed]:
    series = piece(0, []).series
    return [Placed(channel=c, n=n, piece=piece_of(series, (us, *row))) for c, us, n, *row in rows]  # type: ignore[arg-type]


@given(SEEDS)
def test_rows_hold_the_samples_of_the_pieces_and_then_none_is_missing(seed: int) -> None:
    pieces = placed(seed)
    rows = rows_of(pieces)
    stored = read(rows)
    for channel in (1, 2):
        given_ = wanted_samples(p.piece for p in pieces if p.channel == channel)
        found = wanted_samples(p.piece for p in stored if p.channel == channel)
        assert {wave: len(samples) for wave, samples in found.items()} == {w: len(s) for w, s in given_.items()}
        counts = sorted(count for samples in found.values() for _, count in samples)
        assert counts == sorted(count for samples in given_.values() for _, count in samples)
    keys = [row[:3] for row in rows]
    assert keys == sorted(set(keys))
    assert missing(pieces, stored) == []
    assert missing(pieces, pieces) == []
    assert len(missing(pieces, [])) == len(pieces)


@given(SEEDS)
def test_what_differs_is_kept_under_a_number_of_its_own(seed: int) -> None:
    pieces, chance = placed(seed), random.Random(seed)
    stored = read(rows_of(pieces))
    changed = []
    for p in pieces:
        data = bytearray(p.piece.data)
        data[chance.randrange(0, len(data), 4)] ^= 1
        changed.append(replace(p, piece=replace(p.piece, data=bytes(data))))
    kept = missing(changed, stored)
    assert [p.piece for p in kept] == [p.piece for p in changed]
    keys = [p.key for p in (*stored, *kept)]
    assert len(set(keys)) == len(keys)


@given(SEEDS)
def test_of_what_is_there_in_part_the_rest_is_kept(seed: int) -> None:
    pieces, chance = placed(seed), random.Random(seed)
    there = [chance.random() < 0.5 for _ in pieces]
    stored = read(rows_of(p for p, is_there in zip(pieces, there, strict=True) if is_there))
    assert [p.piece for p in missing(pieces, stored)] == [
        p.piece for p, is_there in zip(pieces, there, strict=True) if not is_there
    ]


def test_pieces_that_do_not_join_are_each_compared_with_their_neighbours_only(monkeypatch: pytest.MonkeyPatch) -> None:
    holds, compared = timescale_waves._holds, []

    def counting(run: WavePiece, one: WavePiece) -> bool:
        compared.append(one)
        return holds(run, one)

    monkeypatch.setattr(timescale_waves, "_holds", counting)
    pieces = [Placed(channel=1, n=0, piece=piece(0.15 * k, range(25))) for k in range(1_000)]
    assert missing(pieces, pieces) == []
    assert len(compared) == len(pieces)


def test_a_piece_half_of_which_is_there_is_kept_whole() -> None:
    stored = [Placed(channel=1, n=0, piece=piece(0, range(10)))]
    for at, counts, there in ((0, range(10), True), (0.004, range(1, 10), True), (0.02, range(5, 12), False),
                              (-0.004, range(-1, 5), False), (0.006, range(1, 3), False)):  # fmt: skip
        assert missing([Placed(channel=1, n=0, piece=piece(at, counts))], stored) == (
            [] if there else [Placed(channel=1, n=0, piece=piece(at, counts))]
        )


def test_a_jump_of_years_does_not_ask_for_all_that_is_between() -> None:
    minute, years = 60_000_000, 5 * 365 * 24 * 3_600_000_000
    starts = [0, 1_000_000, minute, years, years + 500_000]
    pieces = [Placed(channel=1, n=0, piece=replace(piece(0, range(250)), start_us=T0_US + at)) for at in starts]
    end = 1_000_000
    assert spans(pieces) == [(1, T0_US, T0_US + minute + end), (1, T0_US + years, T0_US + years + 500_000 + end)]
    assert covered(pieces) == [(1, T0_US, T0_US + years + 500_000 + end)]
