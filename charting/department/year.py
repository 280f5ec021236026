"""A department's year: its stories in the order in which they begin, and all its acts in order of time."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from charting.department import author
from charting.department.acts import Act, Written, written
from charting.department.agenda import hospital, local, local_us, slots
from charting.department.mix import Operation
from charting.department.people import patient, staff
from charting.department.story import DAY_US, HOUR_US, Person, Story
from charting.trail.entries import FigureSet

_AGAIN, _LATER = 0.035, 0.03
"""Patients who have a second operation in the same admission, and those who come back in another one."""
_NAMELESS = 0.03
"""Emergencies whose name nobody knows at first."""


_Waiting = list[tuple[int, int, Iterator[tuple[Act, Written | None]], Act, Written | None]]
"""Cases that have begun: time of the next act, number of the case, the acts after it, the act itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """`figures`: (key, period, value) of figures.csv, as they are told when the year is over."""

    seed: int
    year: int
    stories: tuple[Story, ...]
    figures: tuple[tuple[str, str, float], ...]

    def acts(self) -> Iterator[tuple[Act, Written | None]]:
        """In order of time; with a case's last act comes what it has become."""
        waiting: _Waiting = []
        for n, story in enumerate(sorted(self.stories, key=lambda s: (s.opened_us, s.case))):
            while waiting and waiting[0][0] < story.opened_us:
                yield _next(waiting)
            _wait(waiting, n, _told(written(story)))
        while waiting:
            yield _next(waiting)

    def figure_acts(self) -> Iterator[Act]:
        """What the head of the department tells after the year."""
        at_us = max(story.closed_us for story in self.stories) + 40 * DAY_US if self.stories else 0
        for key, period, value in self.figures:
            body = FigureSet(key=key, period=period, value=value)
            yield Act(at_us=at_us, account=staff().head[0].account, case="", body=body)


def _told(all_of_it: Written) -> Iterator[tuple[Act, Written | None]]:
    last = len(all_of_it.acts) - 1
    for n, act in enumerate(all_of_it.acts):
        yield act, all_of_it if n == last else None


def _wait(waiting: _Waiting, n: int, told: Iterator[tuple[Act, Written | None]]) -> None:
    coming = next(told, None)
    if coming is not None:
        heapq.heappush(waiting, (coming[0].at_us, n, told, *coming))


def _next(waiting: _Waiting) -> tuple[Act, Written | None]:
    _, n, told, act, ended = heapq.heappop(waiting)
    _wait(waiting, n, told)
    return act, ended


def imagine(cases: int, seed: int, year: int, progress: Callable[[int], None] = lambda _: None) -> Year:
    """So many cases of a year. The same seed gives the same year. `progress` is told how many there are."""
    rng = Random(f"department/{seed}/{year}")  # noqa: S311  a simulation
    beds = dict(hospital(cases))
    stories: list[Story] = []
    returning: list[tuple[int, Person]] = []
    for n, slot in enumerate(slots(rng, cases, year), 1):
        own = Random(f"{seed}/{year}/{n}")  # noqa: S311  the same
        person = _returning(returning, slot.at_us, slot.operation) or patient(
            own, n, slot.operation, local(slot.at_us).date()
        )
        story = author.write(own, f"{year}-{n:06d}", slot, person, beds)
        if story.at("t_death") is None:
            draw = own.random()
            if draw < _AGAIN:
                returning.append((story.closed_us + own.randint(1, 9) * DAY_US, person))
            elif draw < _AGAIN + _LATER:
                again = replace(person, visit=f"{int(person.visit) + 50_000_000}")
                returning.append((story.closed_us + own.randint(30, 120) * DAY_US, again))
        if story.emergency and person.number and own.random() < _NAMELESS:
            story = _nameless(own, story)
        stories.append(story)
        progress(n)
    return Year(seed=seed, year=year, stories=tuple(stories), figures=tuple(_figures(rng, year, stories)))


def _returning(returning: list[tuple[int, Person]], at_us: int, operation: Operation) -> Person | None:
    """Somebody who is due and whom this operation fits."""
    low, high = operation.ages
    for n, (due_us, person) in enumerate(returning):
        if due_us <= at_us and operation.sex in {"", person.sex} and low <= person.age <= high:
            return returning.pop(n)[1]
    return None


def _nameless(rng: Random, story: Story) -> Story:
    """Called by a temporary name until somebody identifies him, or for good."""
    name = f"急诊-{local(story.opened_us):%Y%m%d}-{int(story.case[-6:]) % 100:02d}"
    known = replace(story.person, temporary=name)
    nobody = replace(known, number="", visit="", name="")
    identified = ((story.closed_us + rng.randint(1, 5) * HOUR_US, known),) if rng.random() < 0.8 else ()
    return replace(story, person=nobody, merged=identified)


def _figures(rng: Random, year: int, stories: Sequence[Story]) -> Iterator[tuple[str, str, float]]:
    yield "anaesthesia_doctors", f"{year}", float(rng.randint(34, 40))
    yield "anaesthesia_nurses", f"{year}", float(rng.randint(14, 19))
    births = [story for story in stories if story.operation.unit == "labour"]
    for month in range(1, 13):
        begun = sum(1 for s in births if local(s.zero_us).month == month)
        yield "vaginal_births", f"{year}-{month:02d}", float(begun + rng.randint(3, 20) + begun // 2)


def period(year: int) -> tuple[int, int]:
    """A year at the site: [start, end), µs since 1970 UTC."""
    return local_us(date(year, 1, 1), 0, 0), local_us(date(year + 1, 1, 1), 0, 0)
