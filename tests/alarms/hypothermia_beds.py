"""Thermometers for tests: one reading a minute, minutes numbered from 0 of `FIRST`."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from alarms.hypothermia.types import Channel, Mode, Window
from alarms.temperature import MINUTE_US, sites

FIRST = 28_333_340
"""A minute of 1970."""

Values = Sequence[float | None] | Mapping[int, float]


def at(minute: float) -> int:
    return int((FIRST + minute) * MINUTE_US)


def channel(
    values: Values, site: str = "nasopharynx", mode: Mode = Mode.CONTINUOUS, name: str = "", usable: bool = True
) -> Channel:
    """None is a reading without a number; a minute that a mapping does not have is none at all."""
    told = values if isinstance(values, Mapping) else dict(enumerate(values))
    return Channel(
        name=name or site,
        site=sites()[site],
        mode=mode,
        time_us=np.array([at(minute) for minute in told], dtype=np.int64),
        value=np.array([math.nan if value is None else value for value in told.values()], dtype=np.float64),
        usable=np.full(len(told), usable),
    )


def spots(values: Values, site: str = "mouth", name: str = "") -> Channel:
    return channel(values, site, Mode.SPOT, name)


def window(minutes: float | None, start: float = 0, **others: object) -> Window:
    end_us = None if minutes is None else at(minutes)
    return Window(start_us=at(start), end_us=end_us, **others)  # type: ignore[arg-type]
