"""The vectors of clinical.md §2.2, column by column. They enter at step 2; bins of a minute are numbered from 0."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from alarms.hypothermia import auc, course, is_event, longest_run, metrics, series, spot_run
from alarms.hypothermia.types import Channel, Mode, Outcome, Series, Window
from alarms.temperature import MINUTE_US, sites

N = 120


def bins(low: float, *stretches: tuple[int, int], rest: float | None = 36.3, n: int = N) -> dict[int, float]:
    """`rest` outside the stretches [from, to) of lows; None: nothing."""
    found = {} if rest is None else dict.fromkeys(range(n), rest)
    return found | {minute: low for start, end in stretches for minute in range(start, end)}


T8_181 = {m: 36.5 - m / 60 if m < 60 else 35.5 if m < 120 else 35.5 + 0.5 * (m - 120) / 60 for m in range(181)}
T8 = {m: v for m, v in T8_181.items() if m < 180}

VECTORS: Sequence[tuple[str, Mapping[int, float], float, bool, float, float]] = [
    ("T1", bins(35.9, (40, 69)), 29, False, 2.9, 35.9),
    ("T2", bins(35.9, (40, 70)), 30, True, 3.0, 35.9),
    ("T3", dict.fromkeys(range(N), 36.0), 0, False, 0.0, 36.0),
    ("T4", bins(35.8, (40, 81)) | {60: 36.0}, 41, True, 8.0, 35.8),
    ("T5", bins(35.8, (0, 21), (46, 120), rest=None), 74, True, 19.0, 35.8),
    ("T6", bins(35.8, (0, 20), (24, 34), rest=None), 34, True, 6.0, 35.8),
    ("T7", dict.fromkeys(range(N), 36.5) | dict.fromkeys((20, 50, 90), 33.0), 0, False, 9.0, 36.5),
    ("T8", T8, 149, True, 52.5, 35.5),
]


def arrays(told: Mapping[int, float]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    return np.array(sorted(told), dtype=np.int64), np.array([told[minute] for minute in sorted(told)])


@pytest.mark.parametrize(
    ("told", "run_min", "event", "auc36", "nadir"), [v[1:] for v in VECTORS], ids=[v[0] for v in VECTORS]
)
def test_continuous_vectors(told: Mapping[int, float], run_min: float, event: bool, auc36: float, nadir: float) -> None:
    minute, raw = arrays(told)
    smoothed = series(minute, raw)
    run = longest_run(minute, smoothed)
    assert (run.minutes if run else 0) == run_min
    assert is_event(run) is event
    assert auc(raw) * 60 == pytest.approx(auc36)
    assert smoothed.min() == pytest.approx(nadir)


def qc(told: Mapping[int, float]) -> Series:
    minute, raw = arrays(told)
    return Series(minute=minute, raw=raw, value=series(minute, raw), channel=np.zeros_like(minute))


def test_t4_pins_the_smoothing() -> None:
    """Raw and strict it is a run of 20."""
    raw = longest_run(*arrays(VECTORS[3][1]))
    assert raw is not None
    assert raw.minutes == 20


def test_t5_and_t6_count_what_is_bridged() -> None:
    t5, t6 = (longest_run(*arrays(VECTORS[i][1])) for i in (4, 5))
    assert t5 is not None
    assert t6 is not None
    assert (t5.start_us, t5.end_us, t5.bridged_min) == (46 * MINUTE_US, 120 * MINUTE_US, 0)
    assert (t6.start_us, t6.end_us, t6.bridged_min) == (0, 34 * MINUTE_US, 4)


def test_t7_has_its_area_on_the_series() -> None:
    told = qc(VECTORS[6][1])
    assert metrics(told, Window(start_us=0)).auc36 == 0


def test_t8_in_degree_hours() -> None:
    """The table's 0.875 and 0.292 are those of the bins; smoothing moves them by less than its last digit."""
    told = qc(T8)
    found = metrics(told, Window(start_us=0, end_us=180 * MINUTE_US))
    assert auc(told.raw) == pytest.approx(0.875)
    assert found.auc36 == pytest.approx(0.875, abs=0.0005)
    assert found.twa36 == pytest.approx(0.292, abs=0.0005)
    assert (found.valid_min, found.valid_share) == (180, 1.0)
    assert found.below_min == {36.0: 149.0, 35.5: 0.0, 35.0: 0.0}
    assert np.isnan(found.recovery_min)


def test_t8_with_181_bins_has_150() -> None:
    """The last bin, 36.0, becomes low by its neighbours: two lows of three."""
    told = qc(T8_181)
    run = longest_run(told.minute, told.value)
    assert run is not None
    assert run.minutes == 150


SPOTS: Sequence[tuple[str, Mapping[int, float], float, Outcome]] = [
    ("M1", {0: 35.8, 15: 35.7, 30: 35.9, 60: 36.2}, 30, Outcome.EVENT),
    ("M2", {0: 35.8, 10: 35.8, 40: 36.4}, 10, Outcome.NO_EVENT),
    ("M3", {0: 35.8, 30: 36.4, 60: 35.8}, 0, Outcome.NO_EVENT),
    ("M4", {0: 35.8, 30: 35.8}, 30, Outcome.EVENT),
    ("M5", {0: 35.8, 29: 35.8}, 29, Outcome.NO_EVENT),
    ("M6", {0: 35.2}, 0, Outcome.INDETERMINATE),
]


@pytest.mark.parametrize(("told", "run_min", "outcome"), [v[1:] for v in SPOTS], ids=[v[0] for v in SPOTS])
def test_spot_vectors(told: Mapping[int, float], run_min: float, outcome: Outcome) -> None:
    minute, value = arrays(told)
    run = spot_run(minute * MINUTE_US, value)
    assert (run.minutes if run else 0) == run_min
    channel = Channel(
        name="hand",
        site=sites()["mouth"],
        mode=Mode.SPOT,
        time_us=minute * MINUTE_US,
        value=value,
        usable=np.ones(minute.size, dtype=bool),
    )
    found = course([channel], Window(start_us=0, end_us=N * MINUTE_US))
    assert found.outcome is outcome
    assert (found.rule, found.site) == (Mode.SPOT, "mouth")
    assert found.longest is not None
    assert found.longest.minutes == run_min
    assert found.metrics.nadir_c == min(told.values())
