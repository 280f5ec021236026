"""The first temperature in the PACU: who took it, where, and which it was."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from charting.department.chance import pick
from charting.department.frame import Frame, by_hand, probe_of, site_for
from charting.department.story import Artefact, Outcome, Probe, Temperature

_WAYS: Mapping[str, float] = {"ear": 70, "axilla": 8, "monitor": 6, "device": 5, "none": 11}
"""Of a hundred: by infrared or from the axilla and charted by hand, by a probe at the monitor, by a thermometer that
tells itself what it measured, not at all.
"""


def in_pacu(rng: Random, frame: Frame, entered: int, found: Temperature) -> Temperature:
    """What was found in the room, with what was in the PACU. `entered`: minute of arrival."""
    stay = 600 if frame.pacu_out is None else frame.pacu_out - entered
    first_c = _first(rng)
    way = pick(rng, _WAYS)
    known = found.outcome in {"event", "no_event"} and found.kind != "cooled"
    streamed = any(not p.at and p.site not in {"skin", ""} for p in found.probes)
    if way == "axilla" and (found.readings or (known and not streamed)):
        way = "ear"
    if way == "monitor" and not ((known and streamed) or (found.outcome == "unmonitored" and stay >= 80)):
        way = "ear"
    if way == "none" or stay < 8:
        return found
    if way == "monitor":
        return _streamed(rng, frame, entered, found, min(stay, 90))
    minute = entered + rng.choice((0, 1, 2, 3, 5))
    if way == "device":
        probe = Probe(
            bed=frame.pacu_bed, code="MDC_TEMP_BODY", site="infrared", source="ear", device="ear", first=minute,
            at=(minute,), values=(first_c,),
        )  # fmt: skip
        return replace(found, pacu_first_c=first_c, probes=(*found.probes, probe))
    spots = [(minute, first_c)]
    if way == "ear" and stay > 30 and rng.random() < 0.4:
        spots.append((minute + 20, 36.4 if first_c < 36 else 35.3))
    if way == "ear" and rng.random() < 0.03:
        spots.insert(0, (entered - 2, 35.0 if first_c >= 36 else 36.8))
    readings = by_hand(frame, spots, "infrared" if way == "ear" else "axilla", "pacu")
    outcome = found.outcome
    if way == "axilla" and outcome in {"unmonitored", "unmapped"}:
        outcome = "indeterminate"
    return replace(found, outcome=outcome, pacu_first_c=first_c, readings=(*found.readings, *readings))


def _first(rng: Random) -> float:
    draw = rng.random()
    if draw < 0.04:
        return 36.0 if draw < 0.02 else 35.5
    if draw < 0.18:
        return rng.choice((35.6, 35.7, 35.8, 35.9))
    if draw < 0.24:
        return rng.choice((34.6, 34.9, 35.2, 35.4))
    return rng.choice((36.1, 36.2, 36.3, 36.4, 36.5, 36.6, 36.7, 36.8))


def _streamed(rng: Random, frame: Frame, entered: int, found: Temperature, stay: int) -> Temperature:
    """A probe in the axilla at the PACU's monitor: at first it settles, and what it says then is the first value."""
    low = found.outcome == "event" and rng.random() < 0.4
    true = rng.choice((35.2, 35.7)) if low else rng.choice((36.4, 36.6, 36.9))
    minutes = stay - 2
    if minutes < 15:
        return found
    warm_up = Artefact(kind="warm_up", minute=entered + 1, minutes=8, size=33.4)
    probe = probe_of(frame, site_for(rng, awake=True), entered + 1, [true] * minutes)
    probe = replace(probe, bed=frame.pacu_bed, artefacts=(warm_up,))
    outcome: Outcome = "no_event" if found.outcome == "unmonitored" else found.outcome
    return replace(found, outcome=outcome, pacu_first_c=true, probes=(*found.probes, probe))
