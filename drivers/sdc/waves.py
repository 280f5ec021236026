"""Sample arrays as waveforms: decimals to counts, and what is missing between two of them. Pure."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from collector.model import Channel, Quality, Waveform
from drivers.sdc.reports import Samples

LONGEST_S = 1.0
"""Of a piece."""
LONGEST_GAP_S = 10.0
"""A hole longer than this is told as unknown: the device's clock may have been set."""
JITTER_S = 0.0015
"""Times are told in whole milliseconds: the sum of two may be off by one."""
_KEPT = {Quality.VALID, Quality.QUESTIONABLE}
_MOST = 2**31 - 1
_FINEST = -9
"""Decimals that are kept, where the counts leave room for them."""


class Waves:
    """Each wave's end so far, by its device's clock, and its finest decimal: one that ends in 0 is no coarser."""

    def __init__(self) -> None:
        self._ends_us: dict[Channel, float] = {}
        self._exponents: dict[Channel, int] = {}

    def events(
        self, channel: Channel, period_s: float, told: Samples, quality: Quality, *, demo: bool
    ) -> Sequence[Waveform]:
        """Pieces of at most a second. Samples that are invalid are left out, and leave a hole."""
        n = len(told.samples)
        if not n or period_s <= 0 or quality not in _KEPT:
            return ()
        gap = self._gap(channel, period_s, told.time_us)
        if told.time_us is None:
            self._ends_us.pop(channel, None)
        else:
            self._ends_us[channel] = told.time_us + n * period_s * 1e6
        counts, exponent = _counts(told.samples, self._exponents.get(channel, 0))
        self._exponents[channel] = exponent
        size = max(1, int(LONGEST_S / period_s))
        return [
            Waveform(
                channel=channel,
                rate_hz=1.0 / period_s,
                data=counts[at : at + size].tobytes(),
                scale=float(Decimal(1).scaleb(exponent)),
                quality=quality,
                demo=demo,
                gap_samples=gap if at == 0 else 0,
                start_us=-round((n - at) * period_s * 1e6),
            )
            for at in range(0, n, size)
        ]

    def end(self, channel: Channel) -> None:
        """What comes next of it begins anew."""
        self._ends_us.pop(channel, None)

    def _gap(self, channel: Channel, period_s: float, time_us: int | None) -> int | None:
        end_us = self._ends_us.get(channel)
        if end_us is None or time_us is None:
            return None
        gap = round((time_us - end_us) / 1e6 / period_s)
        if abs(gap) <= round(JITTER_S / period_s):
            return 0
        return gap if 0 < gap * period_s <= LONGEST_GAP_S else None


def _counts(samples: Sequence[Decimal], finest: int) -> "tuple[np.ndarray[tuple[int], np.dtype[np.int32]], int]":
    """Counts of a power of ten that loses nothing, or of the finest that fits into 32 bits, and its exponent."""
    exponent = max(_FINEST, min(finest, *(_exponent(one) for one in samples)))
    largest = max(abs(one) for one in samples)
    while largest.scaleb(-exponent) > _MOST:
        exponent += 1
    return np.array([int(one.scaleb(-exponent).to_integral_value()) for one in samples], dtype="<i4"), exponent


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return min(0, exponent) if isinstance(exponent, int) else 0
