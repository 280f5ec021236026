"""How often a bed's signals come: what comes each quarter of a minute is not old between two of its messages."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from collector.ages import CONTINUOUS_S, limit_s
from collector.model import Reading, Role, Series
from collector.series import Points, SeriesReader

SECOND_US = 1_000_000
USUAL = 2.5
"""So many usual intervals without a new one are old; alarms.technical misses a signal after three."""
LONGEST_S = 60.0
"""What is older is old, however seldom it comes: as settings are."""
SPAN_US = 180 * SECOND_US
"""So far before the last reading it is looked how often it came: three intervals of the slowest."""
INTERVALS, ENOUGH = 5, 3
AGAIN_US = 60 * SECOND_US


@dataclass(slots=True, kw_only=True)
class Paces:
    """Of one bed. The store is asked when a continuous signal seems old: once a minute at most, and then no more."""

    bed: str
    reader: SeriesReader
    _usual_s: dict[Series, float] = field(default_factory=dict)
    _asked_us: dict[Series, int] = field(default_factory=dict)

    def limit_s(self, reading: Reading) -> float:
        """The age from which a reading counts as old."""
        usual_s = self._usual_s.get(reading.series, 0.0)
        return max(limit_s(reading), min(USUAL * usual_s, LONGEST_S))

    def look(self, latest: Sequence[Reading], now_us: int) -> None:
        """Learn of those that are about to be old. Raises what the reader raises."""
        due = {reading.series: reading.time_us for reading in latest if self._is_due(reading, now_us)}
        if not due:
            return
        codes = sorted({series.channel.code for series in due})
        since_us = min(due.values()) - SPAN_US
        found = {points.series: points for points in self.reader.points(self.bed, codes, since_us, now_us)}
        for series in due:
            self._asked_us[series] = now_us
            self._usual_s[series] = _usual_s(found.get(series))

    def _is_due(self, reading: Reading, now_us: int) -> bool:
        if reading.value is None or reading.series.channel.role is not Role.MEASURED:
            return False
        age_s, asked_us = (now_us - reading.time_us) / SECOND_US, self._asked_us.get(reading.series)
        again = asked_us is None or not 0 <= now_us - asked_us < AGAIN_US
        return again and limit_s(reading) == CONTINUOUS_S < age_s <= LONGEST_S


def _usual_s(points: Points | None) -> float:
    """The middle one of the last intervals; 0: too few."""
    if points is None:
        return 0.0
    gaps = np.diff(np.unique(points.time_us))[-INTERVALS:]
    return float(np.median(gaps)) / SECOND_US if gaps.size >= ENOUGH else 0.0
