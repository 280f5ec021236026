"""Waves: every sample once, in its place, with everything that gives it a meaning."""

from dataclasses import replace

import numpy as np
import pytest

from collector.model import Channel, Quality, Reading, Role, Series, Waveform, WavePiece
from collector.verify.accounting import Account
from collector.verify.testimony import Absence
from tests.verify.speaking import (
    ECG,
    END,
    RATE_HZ,
    SAID,
    SECOND_US,
    START,
    T0_US,
    at_s,
    changed,
    judged,
    kept,
    said,
    value,
    wave,
)

KEPT = [kept(one) for one in SAID]


def test_a_flat_wave_is_placed_by_its_life() -> None:
    kill = Absence(begin_us=T0_US + 10 * SECOND_US, seen_us=T0_US + 10 * SECOND_US, killed=True)
    told = [one for n in range(1, 30) for one in (wave(n, flat=n % 4 > 1), value(n, 60.0 + n))]
    held = [kept(one, 0) for one in told if one.time_us < kill.begin_us]
    held += [kept(one, 1) for one in told if one.time_us > kill.begin_us + 3 * SECOND_US]
    found = judged(told, held, (START, kill, END))
    assert (found.lost, found.invented, found.odd) == (0, 0, [])


def test_waves_are_in_the_order_of_their_keeping_whatever_their_times() -> None:
    held = [kept(one) for one in SAID]
    back = [
        replace(one, entry=replace(one.entry, start_us=one.entry.start_us - 1_500_000))
        if isinstance(one.entry, WavePiece) and one.entry.start_us > T0_US + 20 * SECOND_US
        else one
        for one in held
    ]
    assert (judged(SAID, back).lost, judged(SAID, back).invented) == (0, 0)


def series(**fields: str | Role) -> Series:
    return Series(bed="B", device="m", channel=replace(ECG, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"scale": 7.0},
        {"offset": 50.0},
        {"quality": Quality.INVALID},
        {"demo": True},
        {"rate_hz": 50.0},
        {"shift_us": 5 * SECOND_US},
        {"shift_us": -3_600 * SECOND_US},
        {"series": series(unit="mm[Hg]")},
        {"series": series(code="MDC_PRESS_BLD_ART")},
        {"series": series(role=Role.SET)},
        {"series": series(source="ecg2")},
    ],
)
def test_a_piece_that_is_not_as_it_was_said_is_lost_and_another_is_invented(fields: dict[str, object]) -> None:
    held = [changed(one, **fields) if n == 91 else one for n, one in enumerate(KEPT)]
    assert isinstance(KEPT[91].entry, WavePiece)
    found = judged(SAID, held)
    assert (found.lost, found.invented) == (RATE_HZ, RATE_HZ)


def test_a_wave_that_repeats_itself_is_placed_by_its_time() -> None:
    told = [one for n in range(1, 50) for one in (wave(n, like=1), value(n, 60.0 + n))]
    held = [kept(one) for one in told]
    assert (judged(told, held).lost, judged(told, held).invented) == (0, 0)
    lost = [one for one in held if isinstance(one.entry, Reading) or one.entry != kept(wave(20, like=1)).entry]
    assert (judged(told, lost).lost, judged(told, lost).invented) == (RATE_HZ, 0)
    lost.append(kept(wave(30, like=1)))
    assert (judged(told, lost).lost, judged(told, lost).invented) == (RATE_HZ, RATE_HZ)


def test_pieces_that_stand_still_are_placed_with_those_that_follow_them() -> None:
    told = [one for n in range(1, 30) for one in (wave(n, flat=n < 6), value(n, 60.0 + n))]
    kill = Absence(begin_us=T0_US + 1_500_000, seen_us=T0_US + 1_500_000, killed=True)
    held = [kept(one, int(at_s(one) > 1.5)) for one in told]
    late = [changed(one, shift_us=400_000) if isinstance(one.entry, WavePiece) and one.life else one for one in held]
    found = judged(told, late, (START, kill, END))
    assert (found.lost, found.invented, found.odd) == (0, 0, [])


def test_a_run_that_begins_anew_at_its_arrival_is_placed_after_the_last_one() -> None:
    still = np.concatenate([np.zeros(20), np.arange(1, 81)]).astype("<i4").tobytes()
    other = said(20, Waveform(channel=ECG, rate_hz=RATE_HZ, data=still))
    told = [other if one == wave(20) else one for one in SAID]
    number = told.index(other)
    held = [kept(one) for one in told]
    whole = held.pop(number)
    cut = 8 * 4
    held[number:number] = [
        changed(whole, shift_us=6_000, data=still[:cut]),
        changed(whole, shift_us=92_000, data=still[cut:]),
    ]
    found = judged(told, held)
    assert (found.lost, found.invented, found.odd) == (0, 0, [])


def test_a_new_dialogue_may_not_know_a_wave_s_label_at_once() -> None:
    bare = Series(bed="B", device="m", channel=Channel(code="VND_WAVE", source="ecg", unit=""))

    def found(number: int) -> Account:
        held = [changed(one, series=bare) if n == number else one for n, one in enumerate(KEPT)]
        return judged(SAID, held)

    assert (found(1).lost, found(1).invented, found(1).elsewhere) == (0, 0, RATE_HZ)
    assert (found(91).lost, found(91).invented, found(91).elsewhere) == (RATE_HZ, RATE_HZ, 0)
