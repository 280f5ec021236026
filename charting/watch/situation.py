"""What the advisories are told of a case (alarms.situation): by the case, and by its bed's devices. Pure."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from alarms.hypothermia.course import course
from alarms.hypothermia.types import Course, Spans, Window
from alarms.situation import Area, Situation, Three
from charting.case.clock import HOUR_US, MINUTE_US
from charting.case.events import cooled
from charting.case.state import Case
from charting.fill.signals import signals
from charting.library.library import Libraries
from charting.quality.derive.codes import Technique, technique
from charting.quality.derive.course import channels_of, window_of
from charting.quality.derive.told import Told
from charting.trail.contents import Bolus, Infusion, Score, Warming
from collector.model import Role
from collector.series import Minutes
from collector.units import convert

AREAS: Mapping[str, Area] = {"or": "or", "offsite": "or", "pacu": "pacu", "icu": "icu"}
"""Area of a stay → as the advisories call it; elsewhere there are none."""
RECENT_US = HOUR_US
"""How far back breath gases are looked at."""
ICU_US = 24 * HOUR_US
"""How far back temperatures are looked at in an ICU: its rules ask for minutes and hours, patients stay for weeks."""
AMBIENT_MMHG = 760.0
"""To write a share of CO₂ as its pressure: only differences count (§2.7), and a mountain changes them by a fifth."""
BREATHED_PCT = 0.3
"""So much of a volatile agent in the breath is being given: less washes out for hours (our judgement)."""
COMA_GCS = 8
"""As AQI-24 has it."""
BODY_C = 37.0
"""A warmer of fluids that is set lower warms nobody (AQI-08)."""

_SUXAMETHONIUM = ("琥珀胆碱", "琥珀酰胆碱", "司可林", "suxamethonium", "succinylcholine")
_AGENTS = ("sevo_et", "des_et", "iso_et", "agent_et")
_ACTIVE = frozenset({"air", "blanket", "fluid"})
"""Answers of the nursing record's field `warming` that warm."""

GASES = tuple(code for name in ("etco2", *_AGENTS) for code in signals()[name].codes)
"""Codes of breath gases that the advisories ask for."""


def situation(case: Case, libraries: Libraries, gases: Sequence[Minutes], now_us: int) -> Situation | None:
    """`gases`: of the last hour. None: where he is, or as he is, there are no advisories."""
    area = AREAS.get(case.area)
    if area is None or case.state != "open" or not case.bed:
        return None
    told = Told.of(case, libraries)
    coded = technique(told.coded, libraries)
    return Situation(
        now_us=now_us,
        area=area,
        times={key: events[0].at_us for key, events in told.events.items()},
        ga=_general(told, coded),
        cooled=_cooled(case, coded),
        warming=_warming(told, now_us),
        course=_course(told, area, _cooled(case, coded), now_us),
        etco2=_etco2(gases, now_us),
        trigger=_trigger(told, gases, now_us),
        after_arrest=_after_arrest(told, area),
        target_c=_target(case),
    )


def _general(told: Told, coded: Technique) -> Three:
    """By the coded techniques; a tube that is in says it too."""
    return True if coded.ga is None and told.has("t_tube_in") else coded.ga


def _cooled(case: Case, coded: Technique) -> Spans:
    """A technique that cools does so all the time."""
    return ((0, None),) if coded.cooling else cooled(case.events)


def _target(case: Case) -> float | None:
    """What was said last of cooling that has not ended."""
    said = [e.details.get("target") for e in case.events if e.key in {"t_cool_start", "t_cool_end"}]
    return float(said[-1]) if said and said[-1] else None


def _course(told: Told, area: Area, cooled: Spans, now_us: int) -> Course | None:
    if area == "icu":
        came_us = told.at("t_icu_in") or told.case.stays[-1].start_us
        window: Window | None = Window(start_us=max(came_us, now_us - ICU_US), cooled=cooled)
    else:
        window = window_of(told)
    return None if window is None else course(channels_of(told), window)


def _warming(told: Told, now_us: int) -> Three:
    """Something active is on; no: it is off, or somebody has said that there is none."""
    active = [w for w in told.contents_of(Warming) if w.device != "passive" and not _is_cool(w)]
    if any(w.start_us <= now_us and (w.end_us is None or now_us < w.end_us) for w in active):
        return True
    said = [each for each in told.answers("or_nursing_record", "warming") if isinstance(each, tuple)]
    if not active and any(not _ACTIVE.isdisjoint(each) for each in said):
        return True
    return False if active or said else None


def _is_cool(warming: Warming) -> bool:
    return warming.device == "fluid" and warming.set_c is not None and warming.set_c < BODY_C


def _trigger(told: Told, gases: Iterable[Minutes], now_us: int) -> Three:
    """What can set off malignant hyperthermia was given: as it is charted, or as it is breathed."""
    vapours = any(i.what == "vapour" and any(r.rate > 0 for r in i.rates) for i in told.contents_of(Infusion))
    if vapours or any(_is_suxamethonium(bolus) for bolus in told.contents_of(Bolus)):
        return True
    codes = {code for name in _AGENTS for code in signals()[name].codes}
    measured = [m for m in gases if m.series.channel.code in codes and m.series.channel.unit == "%"]
    if any((m.last[m.minute_us >= now_us - RECENT_US] >= BREATHED_PCT).any() for m in measured):
        return True
    return None


def _is_suxamethonium(bolus: Bolus) -> bool:
    names = f"{bolus.drug.zh} {bolus.drug.en}".casefold()
    return any(name in names for name in _SUXAMETHONIUM)


def _etco2(gases: Iterable[Minutes], now_us: int) -> Mapping[int, float]:
    """Minute of 1970 → mmHg, of the last hour; of two channels the one that told more."""
    codes = signals()["etco2"].codes
    own = [m for m in gases if m.series.channel.code in codes and m.series.channel.role is Role.MEASURED]
    best = max(own, key=lambda m: m.minute_us.size, default=None)
    if best is None:
        return {}
    good = (best.minute_us >= now_us - RECENT_US) & ~best.questionable & np.isfinite(best.last)
    try:
        values = [convert(v, best.series.channel.unit, "mm[Hg]", ambient_mmhg=AMBIENT_MMHG) for v in best.last[good]]
    except ValueError:
        return {}
    return dict(zip((best.minute_us[good] // MINUTE_US).tolist(), map(float, values), strict=True))


def _after_arrest(told: Told, area: Area) -> Three:
    """In an ICU after an arrest, and in a coma as it was scored last."""
    arrest = told.findings.get("arrest")
    if area != "icu" or (arrest is not None and arrest.value == "no"):
        return False
    scores = sorted((s for s in told.contents_of(Score) if s.scale == "GCS"), key=lambda s: s.at_us)
    if arrest is None or not scores:
        return None
    return scores[-1].total <= COMA_GCS
