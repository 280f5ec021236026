"""A case minute by minute, as the watch would step it: `Case.steps` says what began and ended when."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from alarms.advisories import Advice, Advisor, Area, Situation
from alarms.hypothermia import course
from alarms.hypothermia.types import Channel
from tests.alarms.hypothermia_beds import FIRST, at, channel, window

Line = tuple[float, str, str]
"""Minute, rule, "start" or why it ended."""


@dataclass(kw_only=True)
class Case:
    """Minutes from 0. `times`: keys of the event model → minute: known from then on. `facts`: of Situation."""

    channels: Sequence[Channel] = ()
    area: Area | Callable[[int], Area] = "or"
    times: Mapping[str, float] = field(default_factory=lambda: {"t_room_in": 0, "t_induction": 10})
    cooled: Sequence[tuple[float, float]] = ()
    etco2: Mapping[int, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    advisor: Advisor = field(default_factory=Advisor)
    said: list[Advice] = field(default_factory=list)

    def situation(self, minute: float) -> Situation:
        """At that minute, half a second after it has begun: what it tells is not there yet."""
        now_us = at(minute) + 500_000
        told = [
            Channel(
                name=c.name,
                site=c.site,
                mode=c.mode,
                time_us=c.time_us[c.time_us <= now_us],
                value=c.value[c.time_us <= now_us],
                usable=c.usable[c.time_us <= now_us],
            )
            for c in self.channels
        ]
        cooled = tuple((at(a), None if minute < b else at(b)) for a, b in self.cooled if a <= minute)
        return Situation(
            now_us=now_us,
            area=self.area(int(minute)) if callable(self.area) else self.area,
            times={key: at(m) for key, m in self.times.items() if m <= minute},
            cooled=cooled,
            course=course(told, window(None, cooled=cooled)) if told else None,
            etco2={FIRST + m: v for m, v in self.etco2.items() if minute - 60 <= m < minute},
            **self.facts,
        )

    def steps(self, minutes: Iterable[float]) -> list[Line]:
        found = []
        for minute in minutes:
            for one in self.advisor.step(self.situation(minute)):
                self.said.append(one)
                found.append((minute, one.rule, one.said["why"] if one.phase == "end" else "start"))
        return found

    def of(self, rule: str, minutes: Iterable[float]) -> list[tuple[float, str]]:
        return [(minute, what) for minute, name, what in self.steps(minutes) if name == rule]

    def held(self) -> set[tuple[str, str]]:
        return {(one.rule, one.why) for one in self.advisor.held}


def values(*parts: tuple[int, float | None]) -> Mapping[int, float]:
    """So many minutes of each value; None: nothing is told."""
    told = [value for n, value in parts for _ in range(n)]
    return {minute: value for minute, value in enumerate(told) if value is not None}


def ramp(start: float, per_h: float, n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return start + per_h * np.arange(n) / 60


def streamed(*parts: tuple[int, float | None], site: str = "nasopharynx") -> Case:
    return Case(channels=[channel(values(*parts), site)])


def pacu(*channels: Channel, **times: float) -> Case:
    return Case(
        channels=channels,
        area=lambda minute: "pacu" if minute >= 100 else "or",
        times={"t_room_in": 0, "t_induction": 10, "t_pacu_in": 100, **times},
    )
