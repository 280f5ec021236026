"""What the advisories are told of a case: a frozen picture of what is known now. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from alarms.hypothermia.types import Course, Spans

Three = bool | None
"""None: nobody has said, and nothing tells."""

Area = Literal["or", "pacu", "icu"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Times are µs since 1970 UTC.

    `times`: keys of the event model (clinical.md §0) → when, of what has come; the first of what comes several times.
    `expected_min`: how long the anaesthetic is expected to last. `cooled`: cooled on purpose, or on bypass.
    `warming`: True: an active measure is documented as on; False: those documented are off, or somebody has said that
    there is none; None: nothing is documented. `course`: of [into the room, now), in the ICU of [into the ICU, now).
    `etco2`: minute of 1970 → mmHg, valid ones of the last hour. `trigger`: a volatile agent or suxamethonium was given.
    `after_arrest`: a comatose adult after cardiac arrest; `target_c`: what temperature is aimed at in the ICU.
    """

    now_us: int
    area: Area
    times: Mapping[str, int] = field(default_factory=dict)
    ga: Three = None
    expected_min: float | None = None
    cooled: Spans = ()
    warming: Three = None
    course: Course | None = None
    etco2: Mapping[int, float] = field(default_factory=dict)
    trigger: Three = None
    after_arrest: Three = None
    target_c: float | None = None
