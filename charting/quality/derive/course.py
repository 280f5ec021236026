"""The temperature course of a case: its thermometers in the window of AQI-10 (clinical.md §2.2)."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import numpy as np

from alarms.hypothermia.course import course
from alarms.hypothermia.types import Channel, Course, Mode, Window
from alarms.temperature import MINUTE_US, Site, site_of, sites
from charting.case.events import cooled
from charting.case.state import Case
from charting.fill.signals import signals
from charting.fill.types import CellState
from charting.library.library import Libraries
from charting.quality.derive.stages import stay
from charting.quality.derive.told import Told
from charting.trail.contents import Charted
from charting.trail.entries import Thermometer

_ARRIVALS = ("t_room_in", "t_anes_care", "t_anes_start")
"""A unit outside the theatres has no other room to enter than the unit."""


def course_of(case: Case) -> Course | None:
    """With its readings and what was left out of them, for a page; None: nobody told when he came into a room."""
    told = Told.of(case, Libraries())
    window = window_of(told)
    return None if window is None else course(channels_of(told), window)


def window_of(told: Told) -> Window | None:
    """Step 1: from into the room to back on the ward, or to the ICU's handover, or to leaving the PACU for the ward.

    Where none of these is told he left for it with the PACU, or without one with the theatre.
    """
    start_us = room_in_us(told)
    if start_us is None:
        return None
    ends = [
        told.at("t_ward"),
        *(e.at_us for e in told.events.get("t_icu_in", ())),
        *_leaving(told),
        told.case.closed_us,
    ]
    after = [end_us for end_us in ends if end_us is not None and end_us > start_us]
    return Window(
        start_us=start_us,
        end_us=min(after, default=None),
        cooled=cooled(told.case.events),
        ends_us=tuple(e.at_us for key in ("t_tube_out", "t_room_out") for e in told.events.get(key, ())),
        room=room_of(told),
    )


def room_in_us(told: Told) -> int | None:
    offsite = stay(told).area == "offsite"
    return told.at("t_room_in", *(["t_suite_in"] if offsite else []), *_ARRIVALS)


def _leaving(told: Told) -> Iterator[int]:
    """Leaving the PACU, but for the theatre again; the theatre, but for a PACU. For the ICU, or without a PACU for the
    ward, only where nobody tells when he was there.
    """
    room_out, pacu_out = told.events.get("t_room_out", ()), told.events.get("t_pacu_out", ())
    to_icu = any(
        out.details.get("to") == "icu" and out.at_us <= came.at_us
        for out in (*room_out, *pacu_out)
        for came in told.events.get("t_icu_in", ())
    )
    to_pacu = any(e.details.get("to") == "pacu" for e in room_out)
    if to_pacu or told.has("t_pacu_in") or any(s.area == "pacu" for s in told.case.stays):
        yield from (e.at_us for e in pacu_out if e.details.get("to") != "or" and not to_icu)
    elif not (to_icu or told.has("t_ward")):
        yield from (e.at_us for e in (*room_out, *told.events.get("t_suite_out", ())))


def room_of(told: Told) -> Mapping[int, float]:
    """Minute of 1970 → °C of the air where he was."""
    kept = told.case.thermometry
    found: dict[int, float] = {}
    for room in kept.rooms if kept else ():
        doubted, first = set(room.doubted), room.start_us // MINUTE_US
        minutes = [t // MINUTE_US for t in room.times_us] or range(first, first + len(room.values))
        said = zip(minutes, room.values, strict=True)
        found |= {m: v for n, (m, v) in enumerate(said) if v is not None and n not in doubted}
    return found


def channels_of(told: Told) -> Sequence[Channel]:
    """What thermometers told, as it was kept with the case, and what people measured themselves: each by spot.

    A device's value that a person confirmed is the device's. Of a case that kept no thermometers (one of an older
    release) what was charted of them counts.
    """
    kept = told.case.thermometry
    found = list(_filled(told.case)) if kept is None else [c for t in kept.thermometers if (c := _channel(t))]
    by_hand: dict[str, list[Charted]] = {}
    for charted in told.contents_of(Charted):
        if charted.signal in _temperatures() and not charted.accepted:
            by_hand.setdefault(charted.site or "unknown", []).append(charted)
    for site, own in sorted(by_hand.items()):
        own.sort(key=lambda c: c.time_us)
        times, values = [c.time_us for c in own], [c.value for c in own]
        found.append(_made(f"hand/{site}", sites()[site], Mode.SPOT, times, values))
    return found


def _channel(thermometer: Thermometer) -> Channel | None:
    """None: the code is no temperature of a body."""
    site = site_of(thermometer.code, thermometer.site)
    if site is None:
        return None
    n, start_us = len(thermometer.values), thermometer.start_us
    times: Sequence[int] = thermometer.times_us
    if thermometer.mode == "continuous":
        times = range(start_us, start_us + n * MINUTE_US, MINUTE_US)
    name = f"{thermometer.bed}/{thermometer.device}/{thermometer.code}/{thermometer.source}"
    return _made(name, site, Mode(thermometer.mode), times, thermometer.values, thermometer.doubted)


def _made(
    name: str,
    site: Site,
    mode: Mode,
    times_us: Sequence[int],
    values: Sequence[float | None],
    doubted: Sequence[int] = (),
) -> Channel:
    usable = np.ones(len(values), dtype=bool)
    usable[list(doubted)] = False
    return Channel(
        name=name,
        site=site,
        mode=mode,
        time_us=np.array(times_us, dtype=np.int64),
        value=np.array([np.nan if v is None else v for v in values], dtype=np.float64),
        usable=usable,
    )


def _filled(case: Case) -> Iterator[Channel]:
    """Minutes of which charted temperatures of devices are the median."""
    found: dict[tuple[str, str, str, str], dict[int, float]] = {}
    for document in case.documents.values():
        for item in document.items.values():
            cell = item.captured
            if cell is not None and cell.signal in _temperatures() and cell.state is not CellState.EMPTY:
                key = cell.device, cell.code, cell.source, cell.site
                found.setdefault(key, {}).update({m.minute_us: m.median for m in cell.minutes})
    for (device, code, source, written), minutes in sorted(found.items()):
        site = site_of(code, written)
        if site is not None:
            times = sorted(minutes)
            yield _made(f"{device}/{code}/{source}", site, Mode.UNKNOWN, times, [minutes[t] for t in times])


@cache
def _temperatures() -> frozenset[str]:
    return frozenset(id_ for id_, signal in signals().items() if signal.kind == "temperature")
