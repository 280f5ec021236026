"""What follows from the temperature course of a case (clinical.md §1.1 no. 7, 8, 10, 17; §2.5)."""

import math
from collections.abc import Sequence
from statistics import median
from typing import TypedDict

from alarms.hypothermia.course import course, first_reading
from alarms.hypothermia.measures import at, first_hour_drop
from alarms.hypothermia.types import Channel, Course, Mode, Outcome, Reading, Window
from alarms.temperature import MINUTE_US, Site
from charting.quality.derive.course import channels_of, room_of, window_of
from charting.quality.derive.told import Span, Told
from charting.quality.facts import Three
from charting.trail.contents import Warming

BODY_C = 37.0
"""A warmer of fluids that is set lower is none (AQI-08: to 37 °C)."""
_ACTIVE = frozenset({"air", "blanket", "fluid"})
"""Answers of the nursing record's field `warming`; a blanket of its own heat, not one that merely covers."""


class Temperatures(TypedDict):
    """Fields of Facts."""

    monitored: Three
    monitoring: str
    site: str
    core: str
    usable: Three
    hypothermia: str
    hypothermia_rule: str
    cooled: Three
    nadir_c: float
    below_36_min: float
    below_355_min: float
    below_35_min: float
    auc36: float
    twa36: float
    valid_share: float
    first_hour_drop_c: float
    at_incision_c: float
    at_end_c: float
    recovery_min: float
    room_c: float
    pacu_first_c: float
    pacu_measured: Three


def temperatures(told: Told, cooling: Three) -> Temperatures:
    """`cooling`: a coded technique cools the body.

    That nothing was measured is known where the thermometers were asked, or the record is signed and tells of none.
    """
    channels, window = channels_of(told), window_of(told)
    found = course(channels, window or _NOWHERE)
    looked = window is not None and (told.case.thermometry is not None or told.signed)
    there = found.outcome is not Outcome.UNMONITORED
    sites = _monitored(told, found)
    best = min((site for site, _ in sites), key=lambda site: site.rank, default=None)
    modes = {mode.value for _, mode in sites}
    first = _pacu_first(told, channels, found)
    metrics, series = found.metrics, found.series
    induced_us, incised_us, over_us = (
        told.at("t_induction", "t_anes_start"), told.at("t_incision"), told.at("t_surg_end", "t_anes_end")
    )  # fmt: skip
    return Temperatures(
        monitored=True if sites else False if looked else None,
        monitoring="continuous" if "continuous" in modes else "spot" if modes else "none" if looked else "",
        site=best.name if best else "",
        core=best.core.value if best else "",
        usable=bool(series.minute.size or found.spots) if there or looked else None,
        hypothermia=found.outcome.value if there or looked else "",
        hypothermia_rule="" if found.rule is Mode.UNKNOWN else found.rule.value,
        cooled=found.cooled or cooling is True,
        nadir_c=metrics.nadir_c,
        below_36_min=metrics.below_min[36.0],
        below_355_min=metrics.below_min[35.5],
        below_35_min=metrics.below_min[35.0],
        auc36=metrics.auc36,
        twa36=metrics.twa36,
        valid_share=metrics.valid_share,
        first_hour_drop_c=math.nan if induced_us is None else first_hour_drop(series, induced_us),
        at_incision_c=math.nan if incised_us is None else at(series, incised_us),
        at_end_c=math.nan if over_us is None else at(series, over_us),
        recovery_min=metrics.recovery_min,
        room_c=_room(told, found.window),
        pacu_first_c=first.value if first else math.nan,
        pacu_measured=_pacu_measured(told, first),
    )


_NOWHERE = Window(start_us=0, end_us=0)


def _in_room(told: Told, window: Window) -> Span:
    """[into the room, out of it) (AQI-07); who came to the PACU had left it."""
    return Span(start_us=window.start_us, end_us=told.at("t_room_out", "t_pacu_in", "t_suite_out") or window.end_us)


def _monitored(told: Told, found: Course) -> Sequence[tuple[Site, Mode]]:
    """Which thermometers told a valid temperature in the room, whatever their site: AQI-07 asks for none."""
    span, window = _in_room(told, found.window), found.window
    out = []
    for channel, mode, one in zip(found.channels, found.modes, found.screened, strict=True):
        times = one.minute_us[one.valid]
        if mode is Mode.SPOT:
            inside = (channel.time_us >= window.start_us) & (channel.time_us < (window.end_us or math.inf))
            times = channel.time_us[inside][one.valid]
        if times.size and (span.end_us is None or times[0] < span.end_us):
            out.append((channel.site, mode))
    return out


def _room(told: Told, window: Window) -> float:
    span = _in_room(told, window)
    air = [value for minute, value in window.room.items() if span.holds(minute * MINUTE_US)]
    return median(air) if air else math.nan


def _pacu_first(told: Told, channels: Sequence[Channel], found: Course) -> Reading | None:
    """The first valid one after arrival and before leaving: also infrared and of unknown site, never the skin's (§2.1).

    By the course of the whole window, where that holds the PACU.
    """
    in_us, out_us, window = told.at("t_pacu_in"), told.at("t_pacu_out"), found.window
    if in_us is None:
        return None
    if in_us < window.start_us or (window.end_us is not None and in_us >= window.end_us):
        found = course(channels, Window(start_us=in_us, end_us=out_us, room=room_of(told)))
    reading = first_reading(found, in_us)
    return None if reading is None or (out_us is not None and reading.at_us >= out_us) else reading


def _pacu_measured(told: Told, first: Reading | None) -> Three:
    if first is not None:
        return True
    asked = told.case.thermometry is not None or any(d.locked for d in told.documents("pacu_record"))
    return False if asked and told.has("t_pacu_in") and told.has("t_pacu_out") else None


def warmed(told: Told) -> Three:
    """By any active measure while he was in the room, all the time or some (AQI-08); blankets alone are none.

    By the warming record, or the nursing record's answer.
    """
    window = window_of(told)
    span = Span(start_us=None, end_us=None) if window is None else _in_room(told, window)
    if any(_warms(each, span) for each in told.contents_of(Warming)):
        return True
    said = [each for each in told.answers("or_nursing_record", "warming") if isinstance(each, tuple)]
    if any(not _ACTIVE.isdisjoint(each) for each in said):
        return True
    return False if said else told.unsaid()


def _warms(warming: Warming, span: Span) -> bool:
    cool = warming.device == "fluid" and warming.set_c is not None and warming.set_c < BODY_C
    before = span.start_us is not None and warming.end_us is not None and warming.end_us <= span.start_us
    after = span.end_us is not None and warming.start_us >= span.end_us
    return warming.device != "passive" and not (cool or before or after)
