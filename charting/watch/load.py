"""How many alarms come, and which come most (clinical.md §4.3). Pure."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.model import UNMAPPED, AlarmPhase, AlarmType, Condition, Priority

ACCEPTABLE, MANAGEABLE = 6, 12
"""Alarms an hour of one operator: what is acceptable, and what he can manage at most."""
FLOOD, FLOOD_US = 10, 600_000_000
"""More than so many in ten minutes are a flood."""
HOUR_US = 3_600_000_000
DAY_HOURS = 24

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One alarm of one device at one bed that came `times`; `source`, `text` and `priority` as they were told last.

    `share`: of all alarms, 0 to 1.
    """

    bed: str
    device: str
    code: str
    source: str
    text: str
    type: AlarmType
    priority: Priority
    times: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Of a bed's last 24 hours. `hours`: how many alarms came in each, the oldest first; `floods`: how often more than
    FLOOD came in ten minutes, each time counted once.
    """

    bed: str
    hours: tuple[int, ...]
    floods: int

    @property
    def total(self) -> int:
        return sum(self.hours)

    @property
    def busiest(self) -> int:
        return max(self.hours, default=0)

    def above(self, limit: int) -> int:
        """Hours in which more came than that."""
        return sum(n > limit for n in self.hours)


def actors(changes: Iterable[Condition], most: int) -> Sequence[Actor]:
    """Those that came most often, at most so many. An alarm counts each time that it begins, whatever its numbers."""
    times: Counter[tuple[str, str, str]] = Counter()
    last: dict[tuple[str, str, str], Condition] = {}
    for change in changes:
        if change.alarm.phase is AlarmPhase.START:
            key = change.bed, change.device, _name(change)
            times[key] += 1
            last[key] = change
    whole = times.total()
    ranked = sorted(times, key=lambda key: (-times[key], last[key].alarm.priority.rank, key))
    return [
        Actor(
            bed=key[0],
            device=key[1],
            code=last[key].alarm.code,
            source=last[key].alarm.source,
            text=last[key].alarm.text,
            type=last[key].alarm.type,
            priority=last[key].alarm.priority,
            times=times[key],
            share=times[key] / whole,
        )
        for key in ranked[:most]
    ]


def load(bed: str, changes: Iterable[Condition], now_us: int) -> Load:
    """Of the alarms that began in the 24 hours before now."""
    since_us = now_us - DAY_HOURS * HOUR_US
    began = sorted(c.time_us for c in changes if c.alarm.phase is AlarmPhase.START and since_us <= c.time_us < now_us)
    hours = Counter((at_us - since_us) // HOUR_US for at_us in began)
    return Load(bed=bed, hours=tuple(hours[n] for n in range(DAY_HOURS)), floods=_floods(began))


def _name(change: Condition) -> str:
    """What makes two alarms the same: their code, else their text but for its numbers, else their source."""
    alarm = change.alarm
    return alarm.code if alarm.code != UNMAPPED else _NUMBER.sub("#", alarm.text) or alarm.source


def _floods(began: Sequence[int]) -> int:
    """Ten minutes with more than FLOOD; the next one is looked for after them."""
    found, first = 0, 0
    while first < len(began):
        end = bisect_right(began, began[first] + FLOOD_US - 1)
        if end - first > FLOOD:
            found, first = found + 1, end
        else:
            first += 1
    return found
