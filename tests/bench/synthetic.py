"""Eight typical waves of a bed for 20 minutes, made up: 12 bits, with noise, always the same."""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

MINUTES = 20
WAVES: Mapping[str, int] = {
    "ECG_I": 500, "ECG_II": 500, "ECG_V": 500, "ABP": 250, "CVP": 250, "PLETH": 250, "CO2": 250, "RESP": 250,
}  # fmt: skip
"""Name → samples a second."""

_BITS = 12
_BEAT_S, _BREATH_S = 0.83, 4.1
_BELLS = {  # phase in the beat, width, height of P, Q, R, S and T
    "ECG_I": ((0.18, 0.025, 60), (0.33, 0.008, -30), (0.35, 0.010, 420), (0.38, 0.010, -90), (0.62, 0.050, 110)),
    "ECG_II": ((0.18, 0.025, 90), (0.33, 0.008, -50), (0.35, 0.010, 650), (0.38, 0.010, -120), (0.62, 0.050, 160)),
    "ECG_V": ((0.18, 0.025, 50), (0.33, 0.008, -20), (0.35, 0.010, 500), (0.38, 0.012, -300), (0.62, 0.050, 140)),
}
_PULSES = {  # the same of the pressure's upstroke and its dicrotic wave
    "ABP": ((0.25, 0.08, 560), (0.52, 0.10, 190)),
    "CVP": ((0.20, 0.06, 60), (0.45, 0.07, 40)),
    "PLETH": ((0.30, 0.10, 900), (0.60, 0.12, 280)),
}
_NOISE = {"ECG_I": 2.5, "ECG_II": 2.5, "ECG_V": 2.5, "ABP": 1.5, "CVP": 1.5, "PLETH": 1.0, "CO2": 0.7, "RESP": 2.0}
"""Standard deviation in counts."""


@cache
def waves() -> Mapping[str, NDArray[np.int32]]:
    """Counts of shape (n,) by name."""
    return {name: _wave(name, rate_hz, seed) for seed, (name, rate_hz) in enumerate(WAVES.items())}


def _wave(name: str, rate_hz: int, seed: int) -> NDArray[np.int32]:
    chance = np.random.default_rng(seed)
    t = np.arange(MINUTES * 60 * rate_hz) / rate_hz
    beat = _phase(t, _BEAT_S, chance)
    breath = _phase(t, _BREATH_S, chance)
    shapes: Mapping[str, Callable[[], NDArray[np.float64]]] = {
        "CO2": lambda: 700 * _plateau(breath),
        "RESP": lambda: 500 * np.sin(2 * np.pi * breath),
    }
    if name in shapes:
        clean = shapes[name]()
    else:
        bells = _BELLS.get(name) or _PULSES[name]
        clean = sum((_bell(beat, *bell) for bell in bells), 40 * np.sin(2 * np.pi * breath))
    noisy = 2048 + clean + chance.normal(0.0, _NOISE[name], t.size)
    return np.clip(np.rint(noisy), 0, (1 << _BITS) - 1).astype(np.int32)


def _phase(t: NDArray[np.float64], period_s: float, chance: np.random.Generator) -> NDArray[np.float64]:
    """Position in the cycle, 0 to 1, of cycles whose length varies by some percent."""
    lengths = period_s * (1 + 0.03 * chance.standard_normal(int(t[-1] / period_s * 1.2) + 2))
    starts = np.concatenate(([0.0], np.cumsum(lengths)))
    number = np.searchsorted(starts, t, side="right") - 1
    phase: NDArray[np.float64] = (t - starts[number]) / lengths[number]
    return phase


def _bell(phase: NDArray[np.float64], centre: float, width: float, height: float) -> NDArray[np.float64]:
    bell: NDArray[np.float64] = height * np.exp(-(((phase - centre) / width) ** 2) / 2)
    return bell


def _plateau(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """A capnogram: nothing while breathing in, then a steep rise to a slowly rising plateau."""
    rise = 1 / (1 + np.exp(-(phase - 0.40) / 0.012))
    fall = 1 / (1 + np.exp((phase - 0.88) / 0.012))
    plateau: NDArray[np.float64] = rise * fall * (0.9 + 0.2 * (phase - 0.4))
    return plateau
