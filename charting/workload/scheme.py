"""The scheme by which work is scored: TOML, checked whole (clinical.md §5). Frozen values.

A factor's table may say what counts where its input is `unknown`; without that line such a case waits, with the reason.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, field_validator, model_validator

from charting.case.staff import staff
from charting.templates.loader import Templates
from collector.config import Section, checked, read

_T = TypeVar("_T")
DAY_MIN = 24 * 60
FactorName = Literal["asa", "emergency", "age", "location", "risk", "shift", "parallel"]
Area = Literal["or", "pacu", "icu", "ward", "offsite"]
Level = Literal["1", "2", "3", "4"]
Extra = Literal["arterial_line", "cvc", "pa_catheter", "tee", "fob", "double_lumen", "pacu_patient", "pain_visit",
                "preop_visit", "resus"]  # fmt: skip
PartName = Literal["day", "evening", "night"]

Points = Annotated[Decimal, Field(ge=0, le=1000, max_digits=9, decimal_places=4)]
Minutes = Annotated[int, Field(ge=1, le=DAY_MIN)]
Text = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Code = Annotated[str, Field(min_length=1, max_length=40)]


def _clock_time(said: str) -> str:
    hours, colon, minutes = said.partition(":")
    if not (colon and len(said) == 5 and said.replace(":", "").isascii() and (hours + minutes).isdecimal()):
        raise ValueError('expected a time of day, as "08:00"')
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError("there is no such time of day")
    return said


ClockTime = Annotated[str, AfterValidator(_clock_time)]


class Short(Section):
    """A case shorter than `below_min`: `step` for each `step_min` that were begun."""

    below_min: Minutes
    step_min: Minutes
    step: Points


class Time(Section):
    """`first` for up to `first_min`, `step` for each further `step_min` that were begun; at most `cap`."""

    first_min: Minutes
    first: Points
    step_min: Minutes
    step: Points
    cap: Points | None = None
    short: Short | None = None

    def points(self, minutes: int) -> Decimal:
        """Of whole minutes; none are worth nothing."""
        if minutes <= 0:
            return Decimal(0)
        if self.short is not None and minutes < self.short.below_min:
            made = self.short.step * _begun(minutes, self.short.step_min)
        else:
            made = self.first + self.step * _begun(max(0, minutes - self.first_min), self.step_min)
        return made if self.cap is None else min(made, self.cap)


def _begun(minutes: int, step_min: int) -> int:
    return -(-minutes // step_min)


def _role(said: str) -> str:
    if said not in staff():
        raise ValueError(f"no role of staff.csv: expected one of {', '.join(staff())}")
    return said


RoleName = Annotated[str, AfterValidator(_role)]


class Role(Section):
    """`several`: of one role at once, each in full or the minutes divided. `beside`: its share next to another role."""

    share: Points
    several: Literal["full", "split"]
    beside: Mapping[RoleName, Points] = {}


def _document(said: str) -> str:
    names = [template.name for template in Templates.load().newest()]
    if said not in names:
        raise ValueError(f"no document: expected one of {', '.join(names)}")
    return said


class Stage(Section):
    """Who is credited for a part of a case, by which signed document, between which events. See scheme.toml."""

    zh: Text
    en: Text
    document: Annotated[str, AfterValidator(_document)]
    clock: Literal["anaesthesia", "room", "operation", "pacu"]
    points: Literal["technique", "level", "hours"]
    factors: tuple[FactorName, ...]
    handover: Literal["minutes", "first"]
    time: Time | None = None
    levels: Mapping[Level, Points] = {}
    per_hour: Points | None = None
    roles: Annotated[Mapping[RoleName, Role], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wrong = []
        if (self.time is None) != (self.points == "hours"):
            wrong.append("time: a table for points by technique and level, and for no others")
        if bool(self.levels) != (self.points == "level"):
            wrong.append("levels: a table for points by level, and for no others")
        if (self.per_hour is None) == (self.points == "hours"):
            wrong.append("per_hour: a number for points by hours, and for no others")
        if len(set(self.factors)) < len(self.factors):
            wrong.append("factors: one is named twice")
        return _told(self, wrong)


class Technique(Section):
    """Points by kind, and the kinds of each code of the library `techniques`."""

    several: Literal["max", "max_plus"]
    plus: Points = Decimal(0)
    base: Mapping[Code, Points]
    codes: Mapping[Code, Annotated[tuple[str, ...], Field(min_length=1)]]

    @model_validator(mode="after")
    def _known(self) -> Self:
        return _told(
            self,
            [
                f"codes.{code}: {kind!r} is not in base"
                for code, kinds in self.codes.items()
                for kind in kinds
                if kind not in self.base
            ],
        )


class Asa(Section):
    """By class; `emergency` is added for E."""

    classes: Mapping[Literal["1", "2", "3", "4", "5", "6"], Points]
    emergency: Points
    unknown: Points | None = None


class Emergency(Section):
    factor: Points


class Band(Section):
    """Completed years: since ≤ age < below."""

    since: Annotated[int, Field(ge=0)] = 0
    below: Annotated[int, Field(ge=1)] | None = None
    factor: Points

    @property
    def text(self) -> str:
        """As people write it: < 1, 1–3, ≥ 80."""
        if self.below is None:
            return f"≥ {self.since}"
        return f"< {self.below}" if not self.since else f"{self.since}–{self.below - 1}"


class Age(Section):
    bands: tuple[Band, ...]
    unknown: Points | None = None

    @field_validator("bands")
    @classmethod
    def _apart(cls, value: tuple[Band, ...]) -> tuple[Band, ...]:
        wrong = [f"{band.text}: ends before it begins" for band in value if band.below is not None
                 and band.below <= band.since]  # fmt: skip
        wrong += [
            f"{one.text} and {other.text} overlap"
            for n, one in enumerate(value)
            for other in value[n + 1 :]
            if (one.below is None or other.since < one.below) and (other.below is None or one.since < other.below)
        ]
        return _told(value, wrong)

    def band(self, years: int) -> Band | None:
        return next((b for b in self.bands if b.since <= years and (b.below is None or years < b.below)), None)


class Location(Section):
    """By area; `fixed`: by code of a procedure outside the operating rooms, in place of base, time and patient."""

    areas: Mapping[Area, Points]
    fixed: Mapping[Code, Points] = {}

    @field_validator("areas")
    @classmethod
    def _all(cls, value: Mapping[Area, Points]) -> Mapping[Area, Points]:
        lacking = [area for area in ("or", "offsite", "icu", "pacu", "ward") if area not in value]
        return _told(value, [f"{area} is missing" for area in lacking])


class Risk(Section):
    levels: Mapping[Level, Points]
    unknown: Points | None = None


class Parallel(Section):
    """One person in several rooms: factors by descending time. `by`: the minutes that overlap, or the whole case."""

    factors: Annotated[tuple[Points, ...], Field(min_length=1)]
    by: Literal["minutes", "case"]

    def factor(self, rank: int) -> Decimal:
        """Of the room that is number `rank` by time, from 0."""
        return self.factors[min(rank, len(self.factors) - 1)]


class Part(Section):
    """Local times of day; `until` may be of the next day."""

    part: PartName
    since: ClockTime
    until: ClockTime
    factor: Points

    def minutes(self) -> Iterator[int]:
        """Of the day, 0 to 1439."""
        since, until = of_day(self.since), of_day(self.until)
        return (minute % DAY_MIN for minute in range(since, until if until > since else until + DAY_MIN))


class Shift(Section):
    """`workdays`: Saturdays and Sundays on which people work (调休)."""

    holiday: Points
    weekends: bool
    parts: tuple[Part, ...]
    holidays: tuple[date, ...]
    workdays: tuple[date, ...] = ()

    @field_validator("parts")
    @classmethod
    def _a_day(cls, value: tuple[Part, ...]) -> tuple[Part, ...]:
        covered = [minute for part in value for minute in part.minutes()]
        wrong = []
        if len(set(covered)) < DAY_MIN:
            first = next(minute for minute in range(DAY_MIN) if minute not in set(covered))
            wrong.append(f"nothing covers {first // 60:02}:{first % 60:02}")
        if len(set(covered)) < len(covered):
            first = next(minute for minute in covered if covered.count(minute) > 1)
            wrong.append(f"two cover {first // 60:02}:{first % 60:02}")
        return _told(value, wrong)

    @model_validator(mode="after")
    def _either(self) -> Self:
        both = sorted(set(self.holidays) & set(self.workdays))
        return _told(self, [f"workdays: {day.isoformat()} is a holiday too" for day in both])

    @cached_property
    def by_minute(self) -> tuple[Part, ...]:
        """The part of each minute of a day."""
        found = {minute: part for part in self.parts for minute in part.minutes()}
        return tuple(found[minute] for minute in range(DAY_MIN))

    def is_holiday(self, day: date) -> bool:
        return day in self.holidays or (self.weekends and day.weekday() >= 5 and day not in self.workdays)


class Scheme(Section):
    """All of it. `version` is what its author calls it; `formula` also tells that something in it was changed."""

    version: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._/-]+$")]
    zh: Text
    en: Text
    stages: Annotated[Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")], Stage], Field(min_length=1)]
    technique: Technique
    asa: Asa
    emergency: Emergency
    age: Age
    location: Location
    risk: Risk
    parallel: Parallel
    extras: Mapping[Extra, Points]
    shift: Shift

    @cached_property
    def formula(self) -> str:
        """The version with the beginning of a SHA-256 over all that is said here."""
        text = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
        return f"{self.version} {hashlib.sha256(text.encode()).hexdigest()[:8]}"


def of_day(clock_time: str) -> int:
    """Minutes since midnight."""
    return int(clock_time[:2]) * 60 + int(clock_time[3:])


@cache
def scheme(path: Path | None = None) -> Scheme:
    """A site's own file, None: the built-in one. Raises UsageError with every mistake: file, key, what was expected."""
    place = Path(str(files("charting.workload").joinpath("scheme.toml"))) if path is None else path
    return checked(place, read(place), Scheme)


def from_json(said: Mapping[str, Any]) -> Scheme:
    """As `model_dump(mode="json")` gave it. Raises ValueError."""
    return Scheme.model_validate(said)


def _told(value: _T, wrong: list[str]) -> _T:
    if wrong:
        raise ValueError("\n".join(wrong))
    return value
