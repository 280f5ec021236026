"""Courses on the borders of clinical.md §2.2 (29 and 30 minutes, 36.0 to the tenth, holes of four to six minutes), and
probes that would make an event of none: one that lies in the bed for a while, one that slips at the end.
"""

from random import Random

import numpy as np

from charting.department.course import LOW, celsius
from charting.department.story import Artefact, Outcome

SETTLE_MIN = 10
"""Of a site at which a probe has settled before anything happens."""
_KINDS = ("run_29", "run_30", "exact", "hole_4", "hole_5", "hole_6", "slip", "lying")


def design(rng: Random, first: int, end: int) -> tuple[str, Outcome, list[float], Artefact | None]:
    """Of a probe that is in from minute `first` to `end`, when he leaves the room: name, outcome, the true course by
    minute from entering, °C, and what the probe says wrongly.
    """
    kind, n, low_from = rng.choice(_KINDS), end + 1, first + rng.randint(30, 40)
    what, _, minutes = kind.partition("_")
    match what:
        case "run":
            return kind, "event" if int(minutes) >= 30 else "no_event", _lows(rng, n, low_from, int(minutes)), None
        case "hole":
            # 20 min low, a hole, 15 min low: together an event, where the hole is bridged (at most five minutes).
            hole = int(minutes)
            missing = Artefact(kind="hole", minute=low_from + 20, minutes=hole)
            return kind, "event" if hole <= 5 else "no_event", _lows(rng, n, low_from, 35 + hole), missing
        case "slip":
            # 24 min low, and then it only looks as if it got colder: with them it were 32.
            slip = Artefact(kind="step", minute=end - 8, minutes=8, size=-0.6)
            return kind, "no_event", _lows(rng, n, end - 32, 24, depth=1), slip
        case "lying":
            return kind, "no_event", [36.5] * n, Artefact(kind="lying", minute=low_from, minutes=45, size=34.3)
        case _:
            return kind, "no_event", [LOW / 10] * n, None


def _lows(rng: Random, n: int, first: int, run: int, depth: int = 0) -> list[float]:
    """A course of `n` minutes with exactly one run of lows: `run` minutes from `first` on, `depth` tenths deep.

    It comes down to 36.0, and goes up from there again, by a tenth in four minutes.
    """
    minute = np.arange(n)
    away = np.where(minute < first, first - 1 - minute, minute - first - run) // 4
    high = np.minimum(LOW + away, LOW + rng.choice((3, 4, 5)))
    within = (minute >= first) & (minute < first + run)
    return celsius(np.where(within, LOW - (depth or rng.choice((1, 2, 3))), high))
