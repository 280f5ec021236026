"""Whole courses against the rule written once more in plain loops (slow_hypothermia), from the text alone."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alarms.hypothermia import course
from alarms.hypothermia.types import Channel, Course, Mode, Window
from alarms.temperature import MINUTE_US, sites
from tests.alarms import slow_hypothermia as slow
from tests.alarms.slow_hypothermia import Probe

SITES = ("oesophagus", "nasopharynx", "bladder", "axilla", "zero_heat_flux", "unknown", "skin", "infrared")
SECOND_US = 1_000_000


def drawn(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """n minutes of a temperature: drift and noise, and what happens to probes."""
    value = 36.1 + rng.normal(0, 0.4) + np.cumsum(rng.normal(0, 0.02, n)) + rng.normal(0, rng.choice([0, 0.03, 0.2]), n)
    for _ in range(rng.integers(0, 5)):
        at, length = rng.integers(0, n), int(rng.integers(1, 100))
        part = value[at : at + length]
        match rng.integers(0, 6):
            case 0:
                part[:] = 23 + (part[0] - 23) * np.exp(-np.arange(part.size) / rng.uniform(2, 20))
            case 1:
                part += rng.choice([-0.4, -0.6, -1.1, 0.6])
            case 2:
                part[:] = np.nan
            case 3:
                part -= np.minimum(np.arange(part.size) * rng.uniform(0.1, 0.6), rng.uniform(0.3, 3))
            case 4:
                part[:] = part[0]
            case _:
                part[:] = rng.choice([20.0, 31.0, 33.5, 40.5, 97.0])
    return np.asarray(np.round(value, 1) if rng.random() < 0.7 else value)


def probe(rng: np.random.Generator, n: int) -> Probe:
    spot = bool(rng.random() < 0.3)
    seconds = np.arange(n) * 60 if spot else np.repeat(np.arange(n) * 60, per := int(rng.choice([1, 1, 3])))
    if spot:
        seconds = seconds[:: int(rng.choice([5, 15, 30]))] + int(rng.integers(0, 60))
    elif per > 1:
        seconds = seconds + np.tile(np.arange(per) * 20, n)
    value = drawn(rng, n)[seconds // 60]
    kept = (rng.random(seconds.size) > rng.choice([0, 0.1, 0.4])) & ~np.isnan(value)
    doubted = rng.random(seconds.size) < 0.02
    readings = [
        (int(s), None if d else float(v)) for s, v, d in zip(seconds[kept], value[kept], doubted[kept], strict=True)
    ]
    return Probe(site=str(rng.choice(SITES)), spot=spot, readings=readings)


def channel(number: int, one: Probe, first: int) -> Channel:
    return Channel(
        name=f"{number}",
        site=sites()[one.site],
        mode=Mode.SPOT if one.spot else Mode.CONTINUOUS,
        time_us=np.array([first * MINUTE_US + s * SECOND_US for s, _ in one.readings], dtype=np.int64),
        value=np.array([math.nan if v is None else v for _, v in one.readings]),
        usable=np.array([v is not None for _, v in one.readings], dtype=bool),
    )


def shuffled(one: Channel, rng: np.random.Generator) -> Channel:
    order = rng.permutation(one.time_us.size)
    return replace(one, time_us=one.time_us[order], value=one.value[order], usable=one.usable[order])


def excluded(found: Course, first: int) -> list[dict[int, str]]:
    """The rules that need a course, of the channels that have one."""
    named = []
    for mode, one in zip(found.modes, found.screened, strict=True):
        rows = zip(one.minute_us.tolist(), one.excluded.tolist(), strict=True)
        told = {t // MINUTE_US - first: str(rule) for t, rule in rows if rule not in ("", "temp.device", "temp.range")}
        named.append(told if mode is Mode.CONTINUOUS else {})
    return named


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_a_course_agrees_with_the_slow_rule(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, first = int(rng.integers(1, 300)), 28_000_000
    probes = [probe(rng, n) for _ in range(rng.integers(1, 4))]
    start, end = sorted(rng.integers(0, n + 1, 2).tolist()) if rng.random() < 0.4 else (0, n)
    cooled = [(a, a + int(rng.integers(1, 90))) for a in rng.integers(0, n, rng.integers(0, 2)).tolist()]
    ends = rng.integers(0, n, rng.integers(0, 3)).tolist()
    room = dict.fromkeys(range(n), 22.0) if rng.random() < 0.5 else {}
    expected = slow.judged(probes, start, end, cooled, ends, room)
    window = Window(
        start_us=(first + start) * MINUTE_US,
        end_us=(first + end) * MINUTE_US,
        cooled=tuple(((first + a) * MINUTE_US, (first + b) * MINUTE_US) for a, b in cooled),
        ends_us=tuple((first + minute) * MINUTE_US for minute in ends),
        room={first + minute: value for minute, value in room.items()},
    )
    channels = [shuffled(channel(number, one, first), rng) for number, one in enumerate(probes)]
    found = course(channels, window)
    assert (found.outcome.value, found.rule.value) == (expected.outcome, expected.rule)
    assert (found.longest.minutes if found.longest else -1.0) == pytest.approx(expected.longest)
    assert (found.series.minute - first).tolist() == sorted(expected.series)
    assert found.series.value == pytest.approx([expected.series[m] for m in sorted(expected.series)])
    assert [((t - first * MINUTE_US) // SECOND_US, v) for t, v in found.spots] == expected.spots
    assert excluded(found, first) == [
        {m: why for m, why in named.items() if start <= m < end and not one.spot}
        for one, named in zip(probes, expected.excluded, strict=True)
    ]
    if expected.series:
        assert found.metrics.auc36 == pytest.approx(slow.auc36(expected.series))
    same(found, course(list(reversed(channels)), window))


def same(one: Course, other: Course) -> None:
    """The order of channels does not matter."""
    assert (one.outcome, one.rule, one.longest, one.site) == (other.outcome, other.rule, other.longest, other.site)
    assert one.series.value.tolist() == other.series.value.tolist()
    assert one.spots == other.spots


def test_random_courses_are_of_every_kind() -> None:
    """The comparison would prove little if they were all alike."""
    outcomes, named = set(), set()
    for seed in range(120):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(30, 300))
        probes = [probe(rng, n) for _ in range(rng.integers(1, 4))]
        found = slow.judged(probes, 0, n, [], [n - 1], {})
        outcomes.add((found.outcome, found.rule))
        named |= {why for one in found.excluded for why in one.values()}
    assert {"event", "no_event", "indeterminate", "unmapped", "unmonitored"} == {outcome for outcome, _ in outcomes}
    assert {"continuous", "spot"} <= {rule for outcome, rule in outcomes if outcome == "event"}
    assert named == {"temp.qc_range", "temp.warm_up", "temp.probe_out", "temp.end_trim"}
