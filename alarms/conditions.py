"""Conditions of the advisories (clinical.md §2.7, §2.8): one function each, named in advisories.toml. Pure.

On-delays, hysteresis and re-arming are read off the course itself, so that nothing needs to be remembered.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alarms.hypothermia.course import counting, first_reading, last_reading
from alarms.hypothermia.measures import slope
from alarms.hypothermia.rule import longest_run, run_minutes, series
from alarms.hypothermia.types import Mode, Reading
from alarms.look import Look, until
from alarms.situation import Three
from alarms.temperature import MINUTE_US

Numbers = Mapping[str, float]
_TECHNICAL = frozenset({"temp.probe_out", "temp.warm_up", "temp.stuck", "temp.site", "temp.differs"})
_HAIR = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`start`: it would begin now; `end`: why one that stands ends now (a key of [why]), "" where it does not.

    `lacking`: what is not known, and without which it cannot be told (a key of [why]): then it is held back.
    """

    start: bool = False
    end: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    lacking: str = ""


Condition = Callable[[Look, Numbers, int | None], Verdict]
"""What holds now; the last argument: when the rule began last."""

_INDUCED = ("t_induction", "t_anes_start", "t_tube_in", "t_incision")


def unmonitored(look: Look, n: Numbers, last_us: int | None) -> Verdict:
    """TMP-NOSITE: temperatures of unknown and of peripheral sites are none that count."""
    one, since = look.situation, look.since()
    there = bool(look.spots) or bool(look.bins.minute.size)
    if since is None or one.ga is False or (one.expected_min or math.inf) <= n["expected_min"]:
        return Verdict(end="cleared" if there else "")
    again_us = since[1] + int(n["again_min"] * MINUTE_US)
    due = last_us is None or last_us < again_us <= one.now_us
    return Verdict(
        start=not there and look.passed() >= n["first_min"] and due,
        end="cleared" if there else "",
        said={"min": _whole(look.passed()), "since": since[0]},
    )


def cold_before(look: Look, n: Numbers, _: int | None) -> Verdict:
    """TMP-PRE: of what was measured in the room, before induction, or (where that is noted late) just after it."""
    one = look.situation
    induced_us = min((one.times[key] for key in _INDUCED if key in one.times), default=None)
    until_us = one.now_us if induced_us is None else induced_us
    before = [(at_us, value) for at_us, value in look.spots if at_us < until_us]
    bins = until(look.bins, until_us // MINUTE_US)
    before += zip((bins.minute[-1:] * MINUTE_US).tolist(), bins.value[-1:].tolist(), strict=True)
    late = induced_us is not None and one.now_us >= induced_us + n["late_min"] * MINUTE_US
    if not before:
        return Verdict(end="cleared" if late else "")
    value = max(before)[1]
    return Verdict(
        start=value < n["below_c"] and not late,
        end="cleared" if late or (value if induced_us is None else look.current or value) >= n["below_c"] else "",
        said={"c": _c(value)},
    )


def low_run(look: Look, n: Numbers, last_us: int | None) -> Verdict:
    """TMP-36: once for a run; armed again when it has been at `rearm_c` or more for `rearm_min`."""
    run = look.run(n["below_c"])
    armed = last_us is None or _rearmed(look, n, last_us)
    return Verdict(
        start=armed and look.passed() >= n["after_min"] and run >= n["run_min"],
        end=look.ended(cleared=look.current is not None and look.current >= n["below_c"]),
        said={"c": _c(look.current), "min": _whole(run)},
    )


def nearly_event(look: Look, n: Numbers, _: int | None) -> Verdict:
    """TMP-25: unless an active measure is documented as on."""
    run = look.run(n["below_c"])
    warmed = look.situation.warming is True
    return Verdict(
        start=run >= n["run_min"] and not warmed,
        end=look.ended(cleared=warmed or (look.current is not None and look.current >= n["below_c"])),
        said={"c": _c(look.current), "min": _whole(run)},
    )


def below(look: Look, n: Numbers, _: int | None) -> Verdict:
    """TMP-355, TMP-35, TMP-34."""
    run = look.run(n["below_c"])
    return Verdict(
        start=run >= n["for_min"],
        end=look.ended(cleared=look.current is not None and look.current >= n["below_c"] + n["hysteresis_c"] - _HAIR),
        said={"c": _c(look.current), "min": _whole(run)},
    )


def falling(look: Look, n: Numbers, _: int | None) -> Verdict:
    """TMP-FALL: two windows one after the other, both wholly after the first hour."""
    over = int(n["over_min"])
    minute, value = look.alike()
    now, before = (slope(minute, value, end, over) for end in (look.minute, look.minute - over))
    late = look.passed() - 2 * over >= n["after_min"]
    return Verdict(
        start=look.is_live and late and all(one <= n["per_h"] + _HAIR for one in (now, before)),
        end=look.ended(cleared=now > n["per_h"] / 2),
        said={"c": _c(look.current), "per_h": f"{abs(now):.1f}"},
    )


def hot(look: Look, n: Numbers, _: int | None) -> Verdict:
    """TMP-HOT: the lower one (`warmed`) unless it is documented that he is not being warmed."""
    warming = look.situation.warming
    unwarmed = bool(n["warmed"]) and warming is False
    run = look.run_above(n["at_c"], strictly=False)
    cooler = look.current is not None and look.current <= n["at_c"] - n["hysteresis_c"] + _HAIR
    return Verdict(
        start=run >= n["for_min"] and not unwarmed,
        end=look.ended(cleared=unwarmed or cooler),
        said={"c": _c(look.current), "min": _whole(run), "warming": _three(warming)},
    )


def crisis(look: Look, n: Numbers, _: int | None) -> Verdict:
    """TMP-MH: unless it is known that no trigger agent was given; not where he was cooled or on bypass meanwhile."""
    one, first = look.situation, look.minute - int(n["over_min"])
    spans = [(start, math.inf if end is None else end) for start, end in one.cooled]
    rewarmed = any(end > first * MINUTE_US and start < one.now_us for start, end in spans)
    warmer = _rise(*look.alike(), first, look) if look.is_live and not rewarmed else 0.0
    gases = sorted(one.etco2.items())
    told = np.array([m for m, _ in gases], dtype=np.int64), np.array([v for _, v in gases], dtype=np.float64)
    more = _rise(told[0], series(*told), first, look)
    if one.trigger is False or warmer < n["rise_c"] - _HAIR:
        return Verdict()
    said = {"rise_c": f"{warmer:.1f}", "rise_mmhg": _whole(more), "trigger": _three(one.trigger)}
    known = bool((told[0] >= first).any())
    return Verdict(start=not known or more >= n["rise_mmhg"] - _HAIR, said=said, lacking="" if known else "etco2")


def pacu_low(look: Look, n: Numbers, _: int | None) -> Verdict:
    """TMP-PACU: the first one, an infrared one too (§2.1); done when one is normal."""
    first, last = _first(look), _last(look, look.situation.times.get("t_pacu_in", 0))
    return Verdict(
        start=first is not None and first.value < n["below_c"],
        end="cleared" if last is not None and last.value >= n["below_c"] else "",
        said=_measured(first),
    )


def pacu_none(look: Look, n: Numbers, _: int | None) -> Verdict:
    """TMP-PACU."""
    since_us, first = look.situation.times.get("t_pacu_in"), _first(look)
    passed = 0.0 if since_us is None else (look.situation.now_us - since_us) / MINUTE_US
    return Verdict(
        start=first is None and (since_us is None or passed >= n["after_min"]),
        end="cleared" if first is not None else "",
        said={"min": _whole(passed)},
        lacking="" if since_us is not None else "pacu_in",
    )


def pacu_exit(look: Look, n: Numbers, _: int | None) -> Verdict:
    """TMP-PACU: the soft stop; asked with the time at which he is to leave, before it is written."""
    times = look.situation.times
    left_us, since_us = times.get("t_pacu_out"), times.get("t_pacu_in", 0)
    last = None if left_us is None else _last(look, since_us, left_us)
    return Verdict(start=last is not None and last.value < n["below_c"], said=_measured(last))


def probe(look: Look, n: Numbers, _: int | None) -> Verdict:
    """TMP-TECH: a probe that has been in place is out, has jumped, stands still or is somewhere else."""
    course, for_min = look.situation.course, int(n["for_min"])
    if course is None:
        return Verdict(end="cleared")
    for place in counting(course.channels):
        one, rows = course.screened[place], np.empty(0, dtype=np.int64)
        if course.modes[place] is Mode.CONTINUOUS:
            rows = np.flatnonzero(one.minute_us // MINUTE_US < look.minute)
        if rows.size and look.minute - 1 - one.minute_us[rows[-1]] // MINUTE_US <= look.common.stale_min:
            reasons = [str(one.excluded[row] or one.flagged[row]) for row in rows[-for_min:]]
            if reasons[-1] in _TECHNICAL and one.valid[rows[:-for_min]].any():
                said = {"site": course.channels[place].site.name, "reason": reasons[-1].removeprefix("temp.")}
                return Verdict(start=len(reasons) == for_min and _TECHNICAL.issuperset(reasons), said=said)
    return Verdict(end="cleared")


def feverish(look: Look, n: Numbers, _: int | None) -> Verdict:
    """ICU-377: for those of whom it is said that it is after an arrest."""
    one = look.situation
    run = look.run_above(n["above_c"], strictly=True)
    cooler = look.current is not None and look.current <= n["above_c"] - n["hysteresis_c"] + _HAIR
    return Verdict(
        start=run >= n["for_min"] and one.after_arrest is not False,
        end=look.ended(cleared=cooler or one.after_arrest is False),
        said={"c": _c(look.current), "min": _whole(run)},
        lacking="" if one.after_arrest is not None else "after_arrest",
    )


def off_target(look: Look, n: Numbers, _: int | None) -> Verdict:
    """ICU-TARGET: where there is a target."""
    target = look.situation.target_c
    if target is None:
        return Verdict(end="cleared")
    off: NDArray[np.float64] = np.abs(look.bins.value - target).round(6)
    run = run_minutes(look.bins.minute, -off, -n["by_c"]) if look.is_live else 0
    near = look.is_live and off[-1] <= n["by_c"] - n["hysteresis_c"] + _HAIR
    return Verdict(
        start=run >= n["for_min"],
        end=look.ended(cleared=bool(near)),
        said={"c": _c(look.current), "min": _whole(run), "target": _c(target)},
    )


def rewarming(look: Look, n: Numbers, _: int | None) -> Verdict:
    """ICU-REWARM: of who was below `below_c` when the line begins, after an arrest or with a target."""
    one, over = look.situation, int(n["over_min"])
    minute, value = look.alike()
    per_h = slope(minute, value, look.minute, over)
    inside = value[minute >= look.minute - over]
    cold = bool(inside.size) and inside[0] < n["below_c"]
    concerned = True if one.target_c is not None else one.after_arrest
    return Verdict(
        start=look.is_live and cold and per_h > n["per_h"] + _HAIR and concerned is not False,
        end=look.ended(cleared=per_h <= n["per_h"] + _HAIR),
        said={"c": _c(look.current), "per_h": f"{per_h:.1f}"},
        lacking="" if concerned is not None else "after_arrest",
    )


def fever(look: Look, n: Numbers, _: int | None) -> Verdict:
    """ICU-FEVER: a single one, of any site but the skin; its site is said, nothing is added to it."""
    since_us = look.situation.now_us - look.common.spot_min * MINUTE_US
    last = _last(look, since_us)
    if last is None:
        return Verdict(end="unknown")
    cooler = last.value <= n["at_c"] - n["hysteresis_c"] + _HAIR
    return Verdict(start=last.value >= n["at_c"], end="cleared" if cooler else "", said=_measured(last))


CONDITIONS: Mapping[str, Condition] = {
    condition.__name__: condition
    for condition in (
        unmonitored, cold_before, low_run, nearly_event, below, falling, hot, crisis, pacu_low, pacu_none, pacu_exit,
        probe, feverish, off_target, rewarming, fever,
    )
}  # fmt: skip


def _rearmed(look: Look, n: Numbers, last_us: int) -> bool:
    later = look.bins.minute >= last_us // MINUTE_US
    limit = math.nextafter(-n["rearm_c"], math.inf)
    normal = longest_run(look.bins.minute[later], -look.bins.value[later], limit)
    spots = [value for at_us, value in look.spots if at_us > last_us]
    rested = normal is not None and normal.minutes >= n["rearm_min"]
    return rested or (not look.is_live and any(value >= n["rearm_c"] for value in spots))


def _rise(minute: NDArray[np.int64], value: NDArray[np.float64], first: int, look: Look) -> float:
    """From the lowest since a minute to the last, if that is of now."""
    inside = value[(minute >= first) & (minute < look.minute)]
    if not inside.size or look.minute - 1 - minute[minute < look.minute][-1] > look.common.stale_min:
        return 0.0
    return float(inside[-1] - inside.min())


def _first(look: Look) -> Reading | None:
    one = look.situation
    since_us = one.times.get("t_pacu_in")
    return (
        None if since_us is None or one.course is None else first_reading(one.course, since_us, look.common.plausible_c)
    )


def _last(look: Look, since_us: int, until_us: int | None = None) -> Reading | None:
    one = look.situation
    until_us = min(one.now_us + 1, until_us or one.now_us + 1)
    return None if one.course is None else last_reading(one.course, since_us, until_us, look.common.plausible_c)


def _measured(reading: Reading | None) -> Mapping[str, str]:
    return {} if reading is None else {"c": _c(reading.value), "site": reading.site.name}


def _three(value: Three) -> str:
    return "unknown" if value is None else "yes" if value else "no"


def _c(value: float | None) -> str:
    """Not rounded to what it is not: 35.96 is not 36.0."""
    if value is None:
        return ""
    text = f"{value:.3f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def _whole(minutes: float) -> str:
    return f"{max(0.0, minutes):.0f}"
