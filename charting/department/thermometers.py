"""What thermometers told of a patient, with the artefacts of clinical.md §2.4, as the filler keeps it with the case."""

import math
from collections.abc import Sequence
from random import Random

from charting.department.story import MINUTE_US, Artefact, Probe, Story
from charting.trail.entries import Thermometer, Thermometry

_OUT_TAU_MIN, _WARM_TAU_MIN = 2.6, 1.3
"""Time constants of a probe that falls out, and of one that comes in."""
_FALL_C_MIN = 0.4
"""How fast a probe cools that lies in the bed."""
_NOISE, _NOISE_FROM_C = 0.12, 0.35
"""How often a thermometer is off by a tenth, and how far from 36 °C it must be to be so: noise changes no answer."""


def thermometry(story: Story) -> Thermometry | None:
    """None where no thermometer told anything of him."""
    probes = story.temperature.probes
    if not probes:
        return None
    rng = Random(f"thermometers/{story.case}")  # noqa: S311  a simulation
    left_us = max(story.closed_us, story.zero_us + MINUTE_US)
    since_us, until_us = min(story.opened_us, story.zero_us), left_us
    return Thermometry(
        since_us=since_us,
        until_us=until_us,
        thermometers=tuple(_thermometer(story, probe, rng) for probe in probes),
        rooms=_rooms(story, rng),
    )


def _thermometer(story: Story, probe: Probe, rng: Random) -> Thermometer:
    shown: list[float | None]
    if probe.at:
        shown = list(probe.values)
    else:
        shown = list(_noisy(probe.values, rng))
        for artefact in probe.artefacts:
            _spoil(shown, artefact, probe, story.temperature.room_c)
    if probe.fahrenheit:
        shown = [None if value is None else round(value * 1.8 + 32, 1) for value in shown]
    return Thermometer(
        bed=probe.bed,
        device=probe.device,
        code=probe.code,
        source=probe.source,
        site=probe.site,
        mode="spot" if probe.at else "continuous",
        start_us=0 if probe.at else story.zero_us + probe.first * MINUTE_US,
        times_us=tuple(story.zero_us + minute * MINUTE_US for minute in probe.at),
        values=tuple(shown),
        doubted=tuple(range(len(shown))) if probe.doubted else (),
    )


def _noisy(values: Sequence[float], rng: Random) -> list[float]:
    return [
        round(value + rng.choice((-0.1, 0.1)), 1)
        if abs(value - 36) >= _NOISE_FROM_C and rng.random() < _NOISE
        else value
        for value in values
    ]


def _spoil(shown: list[float | None], artefact: Artefact, probe: Probe, room_c: float) -> None:
    start = artefact.minute - probe.first
    for n in range(max(start, 0), min(start + artefact.minutes, len(shown))):
        true, passed = probe.values[n], n - start
        match artefact.kind:
            case "warm_up":
                shown[n] = round(true + (artefact.size - true) * math.exp(-passed / _WARM_TAU_MIN), 1)
            case "out":
                shown[n] = round(room_c + (true - room_c) * math.exp(-(passed + 1) / _OUT_TAU_MIN), 1)
            case "lying":
                shown[n] = round(max(true - _FALL_C_MIN * (passed + 1), artefact.size), 1)
            case "spike":
                shown[n] = artefact.size
            case "step":
                shown[n] = round(true + artefact.size, 1)
            case "hole":
                shown[n] = None


def _rooms(story: Story, rng: Random) -> tuple[Thermometer, ...]:
    """The air of the theatre while he was in it, where it has a sensor."""
    out_us = story.at("t_room_out")
    bed = next((b.bed for b in story.beds if b.area in {"or", "offsite"} and b.bed), "")
    if out_us is None or not bed or story.operation.unit not in {"or", "day"}:
        return ()
    n = max((out_us - story.zero_us) // MINUTE_US, 1)
    base = story.temperature.room_c
    values = tuple(round(base + 0.3 * math.sin(minute / 40) + rng.choice((0, 0, 0.1)), 1) for minute in range(0, n, 5))
    return (
        Thermometer(
            bed=bed,
            device="room",
            code="VND_VITALSD_ROOM_TEMPERATURE",
            mode="spot",
            times_us=tuple(story.zero_us + 5 * MINUTE_US * k for k in range(len(values))),
            values=values,
        ),
    )
