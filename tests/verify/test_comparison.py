"""The verifier's own judgement: whatever is wrong in a store is counted."""

from dataclasses import replace

import numpy as np
import pytest

from collector.model import Entry, Quality, Reading, WavePiece
from collector.verify.comparison import Comparison, compare, compare_points, compare_samples
from tests.journal.entries import HEART_RATE, one_of_each, piece, reading, seconds

ECG = [piece(second, range(second * 250, second * 250 + 250)) for second in range(4)]


def cut(pieces: list[WavePiece], n: int) -> list[WavePiece]:
    """The same samples in runs of n, the last one shorter."""
    data = b"".join(one.data for one in pieces)
    period_us = 1e6 / pieces[0].rate_hz
    starts_us = [pieces[0].start_us + round(first * period_us) for first in range(0, len(data) // 4, n)]
    return [
        replace(pieces[0], start_us=start_us, data=data[number * n * 4 : (number + 1) * n * 4])
        for number, start_us in enumerate(starts_us)
    ]


def entries() -> list[Entry]:
    return [*one_of_each(), *seconds(0, 10), *ECG]


def test_what_is_as_it_was_is_held() -> None:
    wanted = len(one_of_each()) - 2 + 200 + 6 + 1_000  # pieces count by their samples
    assert compare(entries(), (), reversed(entries())) == Comparison(wanted=wanted)


@pytest.mark.parametrize("n", [1, 7, 250, 999, 10_000])
def test_waves_may_be_cut_in_any_way(n: int) -> None:
    assert compare(ECG, (), cut(ECG, n)) == Comparison(wanted=1_000)


def test_a_wave_may_be_shifted_by_less_than_half_a_sample() -> None:
    shifted = [replace(one, start_us=one.start_us + 1_900) for one in ECG]
    assert compare(ECG, (), shifted) == Comparison(wanted=1_000)
    late = [replace(one, start_us=one.start_us + 2_100) for one in ECG]
    assert compare(ECG, (), late).lost == 1_000


@pytest.mark.parametrize("number", [0, 17, 100])
def test_a_missing_entry_is_lost(number: int) -> None:
    held = entries()
    assert isinstance(held.pop(number + 17), Reading)
    found = compare(entries(), (), held)
    assert (found.lost, found.duplicated, found.invented) == (1, 0, 0)


def test_an_entry_that_is_there_twice_is_duplicated() -> None:
    held = [*entries(), entries()[3], entries()[3], entries()[30]]
    found = compare(entries(), (), held)
    assert (found.lost, found.duplicated, found.invented) == (0, 3, 0)


@pytest.mark.parametrize(
    "change", [{"value": 61.1}, {"time_us": 5}, {"quality": Quality.QUESTIONABLE}, {"demo": True}, {"text": "61"}]
)
def test_a_changed_reading_is_lost_and_another_is_invented(change: dict[str, object]) -> None:
    first, *rest = entries()
    assert isinstance(first, Reading)
    found = compare(entries(), (), [replace(first, **change), *rest])  # type: ignore[arg-type]
    assert (found.lost, found.duplicated, found.invented) == (1, 0, 1)


def test_what_was_never_acknowledged_may_be_there_once() -> None:
    more: list[Entry] = [reading(HEART_RATE, 100, 1.0), piece(100, range(250))]
    for held, found in (
        (entries(), (0, 0, 0)),
        ([*entries(), *more], (0, 0, 0)),
        ([*entries(), *more, *more], (0, 251, 0)),
    ):
        result = compare(entries(), more, held)
        assert (result.lost, result.duplicated, result.invented) == found
    assert compare(entries(), (), [*entries(), *more]).invented == 251


def test_samples_that_are_missing_changed_or_twice_are_counted() -> None:
    short = [*ECG[:2], replace(ECG[2], data=ECG[2].data[:-40]), ECG[3]]
    assert compare(ECG, (), short) == Comparison(wanted=1_000, lost=10)
    data = bytearray(ECG[1].data)
    data[400] ^= 1
    changed = [ECG[0], replace(ECG[1], data=bytes(data)), *ECG[2:]]
    assert compare(ECG, (), changed) == Comparison(wanted=1_000, lost=1, invented=1)
    twice = [*ECG, replace(ECG[3], data=ECG[3].data[:20])]
    assert compare(ECG, (), twice) == Comparison(wanted=1_000, duplicated=5)
    assert compare(ECG, (), []) == Comparison(wanted=1_000, lost=1_000)
    assert compare([], (), ECG) == Comparison(invented=1_000)


def test_pieces_of_one_time_are_told_apart() -> None:
    other = piece(0, range(10_000, 10_250))
    both = [*ECG, other]
    assert compare(both, (), [*cut(ECG, 100), other]) == Comparison(wanted=1_250)
    assert compare(both, (), ECG) == Comparison(wanted=1_250, lost=250)


def test_a_sample_is_one_of_its_scale_and_quality() -> None:
    assert compare(ECG, (), [replace(one, quality=Quality.INVALID) for one in ECG]).lost == 1_000
    assert compare(ECG, (), [replace(one, scale=0.01) for one in ECG]).lost == 1_000


def test_arrays_are_compared_like_entries() -> None:
    times, values = np.arange(5, dtype=np.int64), np.array([1.0, np.nan, 3.0, 4.0, 5.0])
    assert compare_points(times, values, times, values) == Comparison(wanted=5)
    assert compare_points(times, values, times[1:], values[1:]) == Comparison(wanted=5, lost=1)
    other = np.where(times == 1, 2.0, values)
    assert compare_points(times, values, times, other) == Comparison(wanted=5, lost=1, invented=1)
    again = np.append(times, 4)
    assert compare_points(times, values, again, np.append(values, 5.0)) == Comparison(wanted=5, duplicated=1)


def test_samples_need_not_have_been_acknowledged() -> None:
    times, counts = np.arange(0, 40_000, 4_000, dtype=np.int64), np.arange(10, dtype=np.int32)
    must = times < 20_000
    assert compare_samples(times, counts, must, times[:5], counts[:5], 4_000) == Comparison(wanted=5)
    assert compare_samples(times, counts, must, times[:4], counts[:4], 4_000) == Comparison(wanted=5, lost=1)
