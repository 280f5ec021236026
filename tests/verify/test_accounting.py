"""What devices said against what was kept: a loss, an invention and the cost of a kill are seen."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from collector.model import Channel, Entry, Observation, Quality, Reading, Series, Waveform, WavePiece
from collector.verify.accounting import Absence, Account, Kept, Said, account

T0_US = 1_767_225_600_000_000
SECOND_US = 1_000_000
HEART_RATE = Channel(code="MDC_ECG_HEART_RATE", source="hr", unit="/min")
CUFF = Channel(code="MDC_PRESS_BLD_NONINV_SYS", source="nibp", unit="mm[Hg]")
TEMPERATURE = Channel(code="MDC_TEMP_NASOPH", source="t1", unit="Cel")
ECG = Channel(code="MDC_ECG_ELEC_POTL_II", source="ecg", unit="mV")
RATE_HZ = 100
WAY_US = 8_000

START = Absence(begin_us=T0_US, seen_us=T0_US)
END = Absence(begin_us=T0_US + 60 * SECOND_US, seen_us=T0_US + 60 * SECOND_US)


def value(at_s: float, number: float, channel: Channel = HEART_RATE, device_us: int | None = None) -> Said:
    event = Observation(channel=channel, value=number, device_time_us=device_us)
    return Said(time_us=T0_US + round(at_s * SECOND_US), device="m", event=event)


def wave(second: int, *, flat: bool = False) -> Said:
    counts = np.zeros(RATE_HZ) if flat else np.arange(RATE_HZ) + second * RATE_HZ
    event = Waveform(channel=ECG, rate_hz=RATE_HZ, data=counts.astype("<i4").tobytes())
    return Said(time_us=T0_US + second * SECOND_US, device="m", event=event)


def kept(said: Said, life: int = 0) -> Kept:
    """As it comes into the journal a few ms later."""
    event = said.event
    entry: Entry
    if isinstance(event, Waveform):
        entry = WavePiece(
            series=Series(bed="B", device=said.device, channel=event.channel),
            start_us=said.time_us - SECOND_US,
            rate_hz=event.rate_hz,
            data=event.data,
            scale=event.scale,
            offset=event.offset,
            quality=Quality.VALID,
            demo=False,
        )
    else:
        assert isinstance(event, Observation)
        assert isinstance(event.value, float)
        entry = Reading(
            series=Series(bed="B", device=said.device, channel=event.channel),
            time_us=said.time_us + WAY_US if event.device_time_us is None else event.device_time_us,
            value=event.value,
            text=None,
            quality=event.quality,
            demo=event.demo,
        )
    return Kept(life=life, entry=entry)


SAID = [
    one
    for second in range(1, 50)
    for one in (value(second, 60.0 + second % 3), wave(second), value(second + 0.5, 36.0 + second, CUFF))
]


def judged(said: Sequence[Said], held: Sequence[Kept], absences: Sequence[Absence] = (START, END)) -> Account:
    return account(said, held, absences)


def test_everything_kept_is_good() -> None:
    found = judged(SAID, [kept(one) for one in SAID])
    assert (found.lost, found.invented, found.said) == (0, 0, 49 * 102)
    assert found.way_s == pytest.approx(WAY_US / 1e6)
    assert found.gaps_s == [1.0, 0.0]


@pytest.mark.parametrize(("number", "lost"), [(30, 1), (31, RATE_HZ), (32, 1)])
def test_what_was_not_kept_is_lost(number: int, lost: int) -> None:
    held = [kept(one) for one in SAID]
    del held[number]
    found = judged(SAID, held)
    assert (found.lost, found.invented) == (lost, 0)
    assert found.odd[0].startswith("lost: m MDC_")


def test_what_was_not_said_is_invented() -> None:
    strange = Waveform(channel=ECG, rate_hz=RATE_HZ, data=b"\1\0\0\0" * 50)
    other = [kept(value(20.0, 99.0)), kept(replace(wave(20), event=strange))]
    for more, invented in ((other[:1], 1), (other[1:], 50), ([kept(SAID[30])], 1)):
        found = judged(SAID, [*(kept(one) for one in SAID), *more])
        assert (found.lost, found.invented) == (0, invented)


def test_a_kill_costs_what_was_on_its_way() -> None:
    kill_us = T0_US + 20 * SECOND_US + 90_000
    kill = Absence(begin_us=kill_us, seen_us=kill_us + 1_000, killed=True)
    before = [one for one in SAID if one.time_us < kill_us]
    lost = [one for one in before if one.time_us >= T0_US + 20 * SECOND_US]
    after = [one for one in SAID if one.time_us > kill_us + 2 * SECOND_US]
    held = [*(kept(one, 0) for one in before if one not in lost), *(kept(one, 1) for one in after)]
    found = judged(SAID, held, (START, kill, END))
    assert (found.lost, found.invented) == (0, 0)
    assert found.unjournaled_values_s == pytest.approx(0.09)
    assert found.unjournaled_waves_s == pytest.approx(0.09)
    assert found.gaps_s[1] == pytest.approx(2.41)
    again = judged(SAID, [*held, kept(after[0], 0)], (START, kill, END))
    assert again.invented == 1, "kept before it was said"


def test_a_device_that_is_away_loses_nothing_for_the_others() -> None:
    away = Absence(begin_us=T0_US + 20 * SECOND_US, seen_us=T0_US + 21 * SECOND_US, device="m")
    said = [*SAID, *(replace(one, device="v") for one in SAID)]
    said.sort(key=lambda one: one.time_us)
    gone = [one for one in said if one.device == "m" and 20.2 < (one.time_us - T0_US) / SECOND_US < 23]

    def life(one: Said) -> int:
        return int(one.time_us > away.seen_us)

    held = [kept(one, life(one)) for one in said if one not in gone]
    assert judged(said, held, (START, away, END)).lost == 0
    others = [one for one in said if one not in gone and (one.device, one.time_us) != ("v", T0_US + 28 * SECOND_US)]
    found = judged(said, [kept(one, life(one)) for one in others], (START, away, END))
    assert found.lost == 1 + RATE_HZ


def test_what_stands_may_be_heard_once_more_in_each_life() -> None:
    kill = Absence(begin_us=T0_US + 10 * SECOND_US, seen_us=T0_US + 10 * SECOND_US, killed=True)
    cuff = value(2, 120.0, CUFF, device_us=T0_US + SECOND_US)
    said = [value(1, 60.0), cuff, *(value(n, 60.0 + n) for n in range(3, 30) if n != 10)]
    held = [kept(one, int(one.time_us > kill.begin_us)) for one in said]
    assert judged(said, [*held, kept(cuff, 1)], (START, kill, END)).invented == 0
    assert judged(said, [*held, kept(cuff, 1), kept(cuff, 1)], (START, kill, END)).invented == 1
    assert judged(said, [*held, kept(said[0], 1)], (START, kill, END)).invented == 1


def test_a_flat_wave_is_placed_by_its_life() -> None:
    kill = Absence(begin_us=T0_US + 10 * SECOND_US, seen_us=T0_US + 10 * SECOND_US, killed=True)
    said = [wave(n, flat=n % 4 > 1) for n in range(1, 30)]
    held = [kept(one, 0) for one in said if one.time_us < kill.begin_us]
    held += [kept(one, 1) for one in said if one.time_us > kill.begin_us + 3 * SECOND_US]
    found = judged(said, held, (START, kill, END))
    assert (found.lost, found.invented) == (0, 0)


def test_a_value_that_arrives_late_before_a_kill_does_not_pass_for_the_next_equal_one() -> None:
    said = sorted([*SAID, *(value(second, 5.0, TEMPERATURE) for second in range(1, 50))], key=lambda one: one.time_us)
    kill_us = T0_US + 21 * SECOND_US + 90_000
    kill = Absence(begin_us=kill_us, seen_us=kill_us + 1_000, killed=True)
    journaled = [one for one in said if one.time_us < T0_US + 21 * SECOND_US]
    held = [kept(one) for one in journaled]
    temperatures = [n for n, one in enumerate(journaled) if one.event == value(1, 5.0, TEMPERATURE).event]
    entry = held[temperatures[-1]].entry
    assert isinstance(entry, Reading)
    held[temperatures[-1]] = Kept(life=0, entry=replace(entry, time_us=kill_us - 20_000))
    found = judged([one for one in said if one.time_us < kill_us], held, (START, kill))
    assert (found.lost, found.invented) == (0, 0)
    assert found.unjournaled_values_s == pytest.approx(0.09)


def test_waves_are_in_the_order_of_their_keeping_whatever_their_times() -> None:
    held = [kept(one) for one in SAID]
    back = [
        replace(one, entry=replace(one.entry, start_us=one.entry.start_us - 1_500_000))
        if isinstance(one.entry, WavePiece) and one.entry.start_us > T0_US + 20 * SECOND_US
        else one
        for one in held
    ]
    assert (judged(SAID, back).lost, judged(SAID, back).invented) == (0, 0)
