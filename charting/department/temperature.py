"""Which thermometers a patient had, and what the truth of it is: decided here, with the readings made to fit it.

Borders on purpose: runs of 29 and 30 minutes, exactly 36.0, spots 29 and 30 minutes apart, holes of four and five
minutes, lows before the room and in the ICU. All else keeps well away from 36 °C and from 30 min.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from charting.department import borders
from charting.department.arrival import in_pacu
from charting.department.chance import pick
from charting.department.course import celsius, placed, shape
from charting.department.frame import Frame, Site, by_hand, probe_of, site_for, sites
from charting.department.story import Artefact, Outcome, Probe, Temperature

_VALID_MIN, _SHORT_MIN = 36, 24
"""A probe that has settled is in so long, or else is in no longer than that: §2.2 step 7 asks for 30 min."""
_BORDER_MIN = 130
"""So long a probe is in whose course is laid on a border."""
_SHAPES = 4
"""So many patients are looked at for one who gets as cold as he is to be."""
_PLAIN: Mapping[str, float] = {
    "continuous": 62, "two": 6, "hand": 8, "ear": 4, "skin": 4, "unmapped": 5, "short": 3, "single": 3, "doubted": 1,
    "border": 5, "none": 14,
}  # fmt: skip
_REGIONAL: Mapping[str, float] = {"continuous": 12, "hand": 14, "ear": 8, "skin": 2, "single": 6, "none": 60}
_BRIEF: Mapping[str, float] = {"short": 14, "ear": 12, "single": 6, "skin": 3, "none": 60}
"""How often a patient with general anaesthesia, with another, or with a brief one is measured in which way."""


def decide(rng: Random, frame: Frame) -> Temperature:
    length = frame.out - frame.start
    kinds = _BRIEF if length < _SHORT_MIN + 45 else _PLAIN if frame.ga else _REGIONAL
    design = _cooled if frame.cooled is not None else _DESIGNS[pick(rng, kinds)]
    found = _before_and_after(rng, frame, design(rng, frame))
    if frame.pacu_in is not None:
        found = in_pacu(rng, frame, frame.pacu_in, found)
    return replace(found, room_c=round(rng.gauss(22.4, 0.9), 1))


# Designs: how he was measured in the room


def _continuous(rng: Random, frame: Frame) -> Temperature:
    return _streamed(rng, frame, [site_for(rng, awake=not frame.ga)])


def _two(rng: Random, frame: Frame) -> Temperature:
    """Two core sites that agree: the better one counts."""
    return _streamed(rng, frame, [sites()[0], next(s for s in sites() if s.site == "bladder")])


def _streamed(rng: Random, frame: Frame, sites: Sequence[Site]) -> Temperature:
    settle = max(site.settle for site in sites) + 2
    first, end = frame.start + rng.randint(3, 8), frame.out - rng.choice((0, 0, 2, 5))
    low = rng.random() < (0.32 if frame.ga else 0.15)
    fahrenheit = len(sites) == 1 and rng.random() < 0.03
    band = 2 if fahrenheit or len(sites) > 1 else 0
    course = _course(rng, frame, first, end, settle, low=low, band=band) if low else None
    if course is None:
        low = False
        course = _course(rng, frame, first, end, settle, low=False, band=band)
    if course is None or end - first < _VALID_MIN + settle:
        return _short(rng, frame)
    probes = []
    for n, site in enumerate(sites):
        values = [round(v + (0.1 if n else 0), 1) for v in course[first:end]]
        artefacts = _artefacts(rng, first, end, values, low=low)
        probe = probe_of(frame, site, first, values)
        probes.append(replace(probe, artefacts=artefacts, fahrenheit=fahrenheit))
    return Temperature(
        kind="two" if len(sites) > 1 else "continuous",
        outcome="event" if low else "no_event",
        monitored=True,
        probes=tuple(probes),
    )


def _course(
    rng: Random, frame: Frame, first: int, end: int, settle: int, *, low: bool, band: int
) -> list[float] | None:
    for _ in range(_SHAPES):
        relative = shape(rng, induction=frame.start, out=frame.out, warmed=frame.warmed, regional=not frame.ga)
        course = placed(rng, relative.tenths(frame.out + 1), first, end, settle, low=low, band=band)
        if course is not None:
            return course
    return None


def _artefacts(
    rng: Random, first: int, end: int, values: Sequence[float], *, low: bool, careful: bool = False
) -> tuple[Artefact, ...]:
    """Of a probe that is in from `first` to `end`; they lie so far apart that each has passed before the next comes."""
    found = []
    if rng.random() < 0.85:
        found.append(Artefact(kind="warm_up", minute=first, minutes=8, size=rng.uniform(32.5, 34.0)))
    if rng.random() < 0.45:
        minutes = rng.randint(3, 8)
        found.append(Artefact(kind="out", minute=end - minutes, minutes=minutes))
    minute = first + 24
    while not careful and minute < end - 24:
        minute += rng.randint(1, 60)
        if minute >= end - 24:
            break
        true = values[minute - first]
        match rng.choice(("spike", "hole", "step", "none")):
            case "spike":
                found.append(Artefact(kind="spike", minute=minute, minutes=1, size=rng.choice((33.0, 34.2, 38.4))))
            case "hole":
                found.append(Artefact(kind="hole", minute=minute, minutes=rng.randint(1, 4)))
            case "step" if (true <= 35.7) if low else (true >= 36.2):
                found.append(
                    Artefact(kind="step", minute=minute, minutes=rng.randint(6, 15), size=-0.7 if low else 0.7)
                )
            case _:
                pass
        minute += 24
    return tuple(found)


def _short(rng: Random, frame: Frame) -> Temperature:
    """A probe that was in too briefly to say anything."""
    first = frame.start + rng.randint(2, 5)
    end = min(first + rng.randint(15, _SHORT_MIN), frame.out)
    if end - first < 12:
        return _ear(rng, frame)
    start = rng.choice((35.6, 36.2, 36.5))
    site = site_for(rng, awake=not frame.ga)
    return Temperature(
        kind="short",
        outcome="indeterminate",
        monitored=True,
        probes=(probe_of(frame, site, first, [start] * (end - first)),),
    )


def _border(rng: Random, frame: Frame) -> Temperature:
    """On the border of 30 min or of 36.0, or a probe that says so wrongly."""
    first, end = frame.start + 4, frame.out
    if end - first < _BORDER_MIN:
        return _continuous(rng, frame)
    name, outcome, course, artefact = borders.design(rng, first, end)
    artefacts = _artefacts(rng, first, end, course[first:end], low=False, careful=True)
    if name == "slip":
        artefacts = tuple(a for a in artefacts if a.kind != "out")
    if artefact is not None:
        artefacts += (artefact,)
    probe = probe_of(
        frame, rng.choice([s for s in sites() if s.settle == borders.SETTLE_MIN]), first, course[first:end]
    )
    return Temperature(kind=name, outcome=outcome, monitored=True, probes=(replace(probe, artefacts=artefacts),))


def _hand(rng: Random, frame: Frame) -> Temperature:
    """Charted by hand now and then, from the axilla or the mouth."""
    first = frame.start + rng.randint(3, 10)
    room = frame.out - first
    plans: list[tuple[str, Outcome, Sequence[tuple[int, float]]]] = [
        ("spot_normal", "no_event", [(n, rng.choice((36.0, 36.2, 36.4, 36.7))) for n in range(0, room - 1, 30)]),
        ("spot_few", "indeterminate", [(0, 36.3), (20, 36.1)]),
        ("spot_low", "event", [(0, 36.4), (15, 35.8), (30, 35.7), (45, 35.9)]),
        ("spot_30", "event", [(0, 35.9), (30, 35.9)]),
        ("spot_29", "no_event", [(0, 35.8), (29, 35.8), (45, 36.3)]),
        ("spot_between", "no_event", [(0, 35.7), (30, 36.0), (60, 35.7)]),
    ]
    fitting = [plan for plan in plans if plan[2] and plan[2][-1][0] < room and (len(plan[2]) > 1)]
    kind, outcome, spots = rng.choice(fitting or plans[1:2])
    site = rng.choice(("axilla", "mouth", "tympanic"))
    readings = by_hand(frame, [(first + n, value) for n, value in spots], site, "or")
    return Temperature(kind=kind, outcome=outcome, monitored=True, readings=readings)


def _single(rng: Random, frame: Frame) -> Temperature:
    spot = (frame.start + rng.randint(2, 8), rng.choice((35.2, 35.8, 36.4, 36.8)))
    readings = by_hand(frame, [spot], "axilla", "or")
    return Temperature(kind="single", outcome="indeterminate", monitored=True, readings=readings)


def _ear(rng: Random, frame: Frame) -> Temperature:
    """By infrared in the ear: a temperature of the body, but not of its core."""
    spot = (frame.start + rng.randint(2, 6), rng.choice((35.4, 35.9, 36.3, 36.8)))
    readings = by_hand(frame, [spot], "infrared", "or")
    return Temperature(kind="ear", outcome="unmonitored", monitored=True, readings=readings)


def _skin(rng: Random, frame: Frame) -> Temperature:
    """A skin probe alone, 31 to 34 °C: monitored (AQI-07 asks for no site), but nothing of the core."""
    values = [round(rng.uniform(32.6, 34.0), 1)] * (frame.out - frame.start)
    probe = Probe(
        bed=frame.bed, code="MDC_TEMP_SKIN", site="skin", source="T2", first=frame.start, values=tuple(values)
    )
    return Temperature(kind="skin", outcome="unmonitored", monitored=True, probes=(probe,))


def _unmapped(rng: Random, frame: Frame) -> Temperature:
    """A probe of which nobody has told where it is: low, and it counts for nothing yet."""
    relative = shape(rng, induction=frame.start, out=frame.out, warmed=frame.warmed, regional=not frame.ga)
    first = frame.start + 4
    values = celsius(relative.tenths(frame.out + 1)[first : frame.out] + rng.choice((359, 366)))
    probe = Probe(bed=frame.bed, code="MDC_TEMP", site="", source="T1", first=first, values=tuple(values))
    if len(values) < 30:
        return _none(rng, frame)
    return Temperature(kind="unmapped", outcome="unmapped", monitored=True, probes=(probe,))


def _doubted(rng: Random, frame: Frame) -> Temperature:
    """The device doubts all that it says."""
    first = frame.start + 4
    values = [round(rng.uniform(33.0, 35.0), 1)] * (frame.out - first)
    probe = replace(probe_of(frame, sites()[0], first, values), doubted=True)
    return Temperature(kind="doubted", outcome="unmonitored", monitored=False, probes=(probe,))


def _none(rng: Random, frame: Frame) -> Temperature:
    del rng, frame
    return Temperature(kind="none", outcome="unmonitored", monitored=False)


def _cooled(rng: Random, frame: Frame) -> Temperature:
    """Down to 28 to 32 °C on bypass, and up again: an event in itself, that was meant."""
    assert frame.cooled is not None
    on, off = frame.cooled
    first, coldest = frame.start + 4, rng.uniform(28.5, 32.5)
    values = []
    for minute in range(first, frame.out):
        if minute < on:
            values.append(36.2)
        elif minute < off - 40:
            values.append(round(max(coldest, 36.2 - 0.25 * (minute - on)), 1))
        else:
            values.append(round(min(36.4, coldest + 0.2 * max(minute - off + 40, 0)), 1))
    probe = probe_of(frame, sites()[0], first, values)
    return Temperature(kind="cooled", outcome="event", monitored=True, probes=(probe,))


_DESIGNS = {
    "continuous": _continuous, "two": _two, "hand": _hand, "ear": _ear, "skin": _skin, "unmapped": _unmapped,
    "short": _short, "single": _single, "doubted": _doubted, "border": _border, "none": _none,
}  # fmt: skip


# Beside and after


def _before_and_after(rng: Random, frame: Frame, found: Temperature) -> Temperature:
    """What is outside the window, or no temperature of the core, changes nothing."""
    probes = found.probes
    if probes and found.kind not in {"skin", "doubted"} and rng.random() < 0.12:
        values = [round(rng.uniform(31.0, 34.0), 1)] * (frame.out - frame.start)
        probes += (
            Probe(
                bed=frame.bed, code="MDC_TEMP_SKIN", site="skin", source="T2", first=frame.start, values=tuple(values)
            ),
        )
    if frame.known_from <= -45 and rng.random() < 0.02:
        probes += (
            Probe(
                bed="", code="MDC_TEMP_AXIL", site="axilla", source="", device="ear", first=-40, at=(-40, -3),
                values=(35.4, 35.3),
            ),
        )  # fmt: skip
    if frame.icu_in is not None and rng.random() < 0.3:
        probes += (
            Probe(
                bed=frame.icu_bed, code="MDC_TEMP_FOLEY", site="bladder", source="T1", first=frame.icu_in + 1,
                values=(35.3,) * 50,
            ),
        )  # fmt: skip
    return replace(found, probes=probes)
