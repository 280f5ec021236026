"""The hypothermia rule over a department's day, the artefact pipeline included."""

import time
from collections.abc import Iterator, Sequence

import numpy as np

from alarms.hypothermia import course
from alarms.hypothermia.types import Channel, Mode, Window
from alarms.temperature import MINUTE_US, sites
from tests.bench.report import Row

BEDS, HOURS = 100, 24
TIMES = 3
START_US = 28_000_000 * MINUTE_US
SITES = ("nasopharynx", "oesophagus", "bladder", "axilla", "skin")


def rows() -> Iterator[Row]:
    day = [bed(seed, every_s=10) for seed in range(BEDS)]
    spent, events = judged(day)
    told = sum(channel.value.size for channels, _ in day for channel in channels)
    yield Row(
        what=f"hypothermia, {BEDS} beds × {HOURS} h",
        unit="s",
        value=spent,
        budget=1.0,
        note=f"{told:,} readings, one in 10 s; {events} events; processor time, the best of {TIMES}",
    )
    spent, _ = judged([bed(seed, every_s=60) for seed in range(BEDS)])
    yield Row(what="  the same of minutes", unit="s", value=spent)
    spent, _ = judged([bed(0, every_s=1)])
    yield Row(what="  one bed, raw readings of each second", unit="s", value=spent)


def judged(day: Sequence[tuple[Sequence[Channel], Window]]) -> tuple[float, int]:
    """Processor time that it took, in s, and how many events there were."""
    spent, events = [], 0
    for _ in range(TIMES):
        before = time.process_time()
        found = [course(channels, window) for channels, window in day]
        spent.append(time.process_time() - before)
        events = sum(one.longest is not None and one.longest.minutes >= 30 for one in found)
    return min(spent), events


def bed(seed: int, every_s: int) -> tuple[Sequence[Channel], Window]:
    """A day of an operating room: cases one after the other, each with its probes put in, moved and taken out."""
    rng = np.random.default_rng(seed)
    minutes = HOURS * 60
    used = np.array(SITES)[np.sort(rng.permutation(len(SITES))[: 1 + seed % 2])]
    ends: list[int] = np.cumsum(rng.integers(90, 300, 12)).tolist()
    channels = [probe(rng, str(site), minutes, ends, every_s) for site in used]
    room = {START_US // MINUTE_US + m: 22.0 + 0.3 * float(np.sin(m / 90)) for m in range(minutes)}
    told = tuple(START_US + end * MINUTE_US for end in ends if end < minutes)
    return channels, Window(start_us=START_US, end_us=START_US + minutes * MINUTE_US, ends_us=told, room=room)


def probe(rng: np.random.Generator, site: str, minutes: int, ends: Sequence[int], every_s: int) -> Channel:
    n = minutes * 60 // every_s
    at = np.arange(n) * every_s / 60
    value = np.full(n, np.nan)
    for start, end in zip((0, *ends), ends, strict=False):
        inside = (at >= start + 8) & (at < end)
        passed = at[inside] - start - 8
        drop, back = rng.uniform(0.3, 1.8), rng.uniform(0.1, 0.5)
        value[inside] = 36.8 - drop * (1 - np.exp(-passed / 40)) + back * np.maximum(0, passed - 90) / 60
        value[inside] -= 5 * np.exp(-passed / 1.5)
        if rng.random() < 0.5:
            moved = (at >= (away := rng.uniform(start, end))) & (at < away + rng.uniform(2, 15))
            value[moved] = 23 + (value[moved] - 23) * np.exp(-(at[moved] - away) / 4)
        value[(at >= end - 6) & (at < end)] -= (at[(at >= end - 6) & (at < end)] - end + 6) * 0.8
    value += rng.normal(0, 0.02, n) - (3.0 if site == "skin" else 0.0)
    kept = ~np.isnan(value) & (rng.random(n) > 0.01)
    return Channel(
        name=site,
        site=sites()[site],
        mode=Mode.CONTINUOUS,
        time_us=(START_US + np.flatnonzero(kept) * every_s * 1_000_000).astype(np.int64),
        value=np.round(value[kept], 1),
        usable=rng.random(int(kept.sum())) > 0.001,
    )
