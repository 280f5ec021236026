"""What a made-up bed says: 60 values a second and 8 waves, the same for the same second whoever asks and when. Pure."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    Condition,
    DeviceIdentity,
    Entry,
    Identity,
    Priority,
    Quality,
    Reading,
    Role,
    Series,
    WavePiece,
)

VALUES = 60
"""Channels with a value a second."""

RATES_HZ = (500, 500, 500, 250, 250, 250, 250, 250)
"""Of the waves: three leads of an ECG, and pressures, pleth, CO2, respiration."""

SECOND_US = 1_000_000
HOUR_S = 3_600
SCALE, OFFSET = 0.005, -1.5

_TABLE_S = 61
"""A wave comes again after so long, but each time on another level."""

_LEVELS = 97
_MISSING = 0.02
_ALARM_EVERY_S, _TEXT_EVERY_S, _CUFF_EVERY_S, _IDENTITY_EVERY_S = 7, 5, 11, 60


class Script:
    """Second 0 is at `start_us`. Values are at SECOND + channel number × 1 ms, pieces of waves at the second."""

    def __init__(self, bed: str, start_us: int, device: str = "script") -> None:
        self.bed = bed
        self.start_us = start_us
        self.device = device
        self.channels = [self._series(Channel(code=f"VND_VERIFY_{n}", source=str(n), unit="1")) for n in range(VALUES)]
        self.waves = [
            self._series(Channel(code=f"VND_VERIFY_WAVE_{n}", source=f"w{n}", unit="mV")) for n in range(len(RATES_HZ))
        ]
        self._cuff = self._series(Channel(code="MDC_PRESS_CUFF_SYS", source="nibp", unit="mm[Hg]"))
        self._mode = self._series(Channel(code="MDC_VENT_MODE", source="mode", unit="", role=Role.SET))

    @property
    def rare(self) -> tuple[Series, ...]:
        """What a journal gives up last."""
        return (self._cuff,)

    def entries(self, first: int, last: int) -> list[Entry]:
        """Everything from one second (included) to another (not): values, waves, texts, cuffs, alarms, identities."""
        return [entry for second in range(first, last) for entry in (*self.series(second), *self._episodes(second))]

    def series(self, second: int) -> list[Entry]:
        """Values and waves of a second."""
        at_us = self.start_us + second * SECOND_US
        numbers = hour_of_values(second // HOUR_S)[second % HOUR_S].tolist()
        out: list[Entry] = [
            Reading(
                series=series,
                time_us=at_us + n * 1_000,
                value=None if number != number else number,  # noqa: PLR0124  NaN: none
                text=None,
                quality=Quality.NOT_AVAILABLE if number != number else Quality.VALID,  # noqa: PLR0124
                demo=False,
            )
            for n, (series, number) in enumerate(zip(self.channels, numbers, strict=True))
        ]
        out += [
            WavePiece(
                series=series,
                start_us=at_us,
                rate_hz=rate_hz,
                data=counts(n, second, 1).tobytes(),
                scale=SCALE,
                offset=OFFSET,
                quality=Quality.VALID,
                demo=False,
            )
            for n, (series, rate_hz) in enumerate(zip(self.waves, RATES_HZ, strict=True))
        ]
        return out

    def _episodes(self, second: int) -> Iterator[Entry]:
        at_us = self.start_us + second * SECOND_US
        if second % _TEXT_EVERY_S == 0:
            yield self._reading(self._mode, at_us, None, ("SIMV±PS 压力支持", "CPAP")[second % 2])
        if second % _CUFF_EVERY_S == 0:
            yield self._reading(self._cuff, at_us, 100.0 + second % 40, None)
        if second % _ALARM_EVERY_S == 0:
            phase = (AlarmPhase.START, AlarmPhase.END)[second // _ALARM_EVERY_S % 2]
            alarm = AlarmCondition(
                source="hr",
                type=AlarmType.PHYSIOLOGICAL,
                priority=Priority.HIGH,
                phase=phase,
                code="MDC_EVT_HI",
                text=f"HR {second % 200}",
                device_time_us=at_us,
            )
            yield Condition(bed=self.bed, device=self.device, time_us=at_us, alarm=alarm)
        if second % _IDENTITY_EVERY_S == 0:
            who = DeviceIdentity(manufacturer="vitalsd", model="script", serial=str(second))
            yield Identity(bed=self.bed, device=self.device, time_us=at_us, identity=who)

    def _reading(self, series: Series, time_us: int, value: float | None, text: str | None) -> Reading:
        return Reading(series=series, time_us=time_us, value=value, text=text, quality=Quality.VALID, demo=False)

    def _series(self, channel: Channel) -> Series:
        return Series(bed=self.bed, device=self.device, channel=channel)


@lru_cache(maxsize=2)
def hour_of_values(hour: int) -> NDArray[np.float64]:
    """Values of an hour, shape (HOUR_S, VALUES), one decimal as a monitor sends them; NaN where there is none."""
    chance = np.random.default_rng([1, hour])
    levels = 40.0 + np.arange(VALUES)
    values = np.round(levels + chance.normal(0.0, 5.0, (HOUR_S, VALUES)), 1)
    values[chance.random(values.shape) < _MISSING] = np.nan
    return values


def counts(wave: int, second: int, seconds: int) -> NDArray[np.int32]:
    """Samples of a wave from a second on, shape (rate × seconds,): 12 bits, a pulse with noise."""
    rate_hz = RATES_HZ[wave]
    table = _table(wave).reshape(_TABLE_S, rate_hz)
    numbers = np.arange(second, second + seconds)
    levels = (numbers // _TABLE_S % _LEVELS).astype("<i4")
    return np.asarray((table[numbers % _TABLE_S] + levels[:, None]).reshape(-1), dtype="<i4")


@lru_cache(maxsize=len(RATES_HZ))
def _table(wave: int) -> NDArray[np.int32]:
    time_s = np.arange(_TABLE_S * RATES_HZ[wave]) / RATES_HZ[wave]
    phase = time_s * (1.0 if wave < len(RATES_HZ) - 2 else 0.2) % 1.0
    pulse = np.exp(-(((phase - 0.3) / (0.02 if RATES_HZ[wave] > 250 else 0.12)) ** 2))
    noise = np.random.default_rng([2, wave]).normal(0.0, 3.0, time_s.size)
    return np.asarray(np.rint(1_500 * pulse + 200 * np.sin(2 * np.pi * time_s / _TABLE_S) + noise), dtype="<i4")
