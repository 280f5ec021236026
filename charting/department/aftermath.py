"""What became of a patient: whether he died, who came to look, what was found out, and what relieved him."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from charting.department.chance import pick
from charting.department.story import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    After,
    Analgesia,
    Awareness,
    Consciousness,
    Found,
    Late,
    Story,
)

_AWARENESS: Mapping[Awareness, float] = {"no": 99, "yes": 0.6, "suspected": 0.4}
_IN_ICU: Mapping[Consciousness, float] = {"awake": 60, "drowsy": 15, "sedated": 25}
_ON_WARD: Mapping[Consciousness, float] = {"awake": 95, "drowsy": 5}
_VAS: Mapping[float, float] = {0.0: 9, 1.0: 21, 2.0: 29, 3.0: 23, 4.0: 9, 5.0: 5, 6.0: 2, 7.0: 2}
_VISITED: Mapping[str, float] = {"or": 0.92, "day": 0.6, "labour": 0.85, "cath": 0.9}
"""Of a hundred: what is found, and how often somebody comes to look, by unit."""


def tell(rng: Random, story: Story) -> Story:
    """Of one whose operation is told already."""
    for step in (_die, _follow, _relieve, _find_later):
        story = step(rng, story)
    return story


def _die(rng: Random, story: Story) -> Story:
    """Deaths on both sides of 24 h after the start and after the end."""
    if story.at("t_death") is not None or rng.random() > (0.035 if story.emergency else 0.004):
        return story
    start_us, end_us = story.events["t_anes_start"], story.events["t_anes_end"]
    left_us = max(story.beds[-1].at_us, story.at("t_icu_in") or 0, story.at("t_ward") or 0, end_us)
    soon_us = max(left_us + 30 * MINUTE_US, start_us + rng.randint(3, 22) * HOUR_US)
    between_us = start_us + DAY_US + (end_us - start_us) // 2 // MINUTE_US * MINUTE_US
    death_us = rng.choice(
        (soon_us, soon_us, start_us + DAY_US, between_us, end_us + DAY_US, end_us + DAY_US + MINUTE_US,
         end_us + rng.randint(40, 200) * HOUR_US)
    )  # fmt: skip
    death_us = max(death_us, left_us + 10 * MINUTE_US)
    tubes = tuple(
        replace(tube, out_us=None, place="") if tube.out_us is not None and tube.out_us >= death_us else tube
        for tube in story.tubes
        if tube.in_us < death_us
    )
    findings = {k: f for k, f in story.findings.items() if f.at_us is None or f.at_us < death_us}
    return replace(story, events={**story.events, "t_death": death_us}, tubes=tubes, findings=findings)


def _follow(rng: Random, story: Story) -> Story:
    """The visits after: some patients are gone, or are not reached."""
    end_us, death_us = story.events["t_anes_end"], story.at("t_death")
    visit_us = end_us + rng.choice((13, 14, 15, 25, 26, 28, 30, 32, 34)) * HOUR_US
    gone = death_us is not None and death_us <= visit_us + HOUR_US
    if gone or rng.random() > _VISITED.get(story.operation.unit, 0.25):
        return story
    ga = story.is_ga
    in_icu = story.at("t_icu_in") is not None
    after = After(
        visit_us=visit_us,
        awareness=pick(rng, _AWARENESS) if ga else "not_applicable",
        consciousness=pick(rng, _IN_ICU if in_icu else _ON_WARD),
        vas=pick(rng, _VAS),
    )
    tubes_out = [tube.out_us for tube in story.tubes if tube.out_us is not None]
    late_us = max([end_us, *tubes_out]) + rng.randint(73, 90) * HOUR_US
    if rng.random() < 0.88 and not (death_us is not None and death_us <= late_us):
        excluded = story.operation.region in {"throat", "neck", "chest"}
        regional = any(t.neuraxial or t.block for t in story.techniques)
        after = replace(
            after,
            late_us=late_us,
            hoarse=_answer(rng, (0.06 if excluded else 0.012) if story.tubes else 0.0),
            nerve=_answer(rng, 0.012 if regional else 0.0),
        )
    return replace(story, after=after)


def _answer(rng: Random, yes: float) -> Late:
    draw = rng.random()
    return "yes" if draw < yes else "unknown" if draw < yes + 0.02 else "no"


def _relieve(rng: Random, story: Story) -> Story:
    """Analgesia that anaesthesia runs after the operation."""
    if story.operation.unit != "or" or rng.random() > 0.4 or story.at("t_cancel") is not None:
        return story
    end_us, death_us = story.events["t_anes_end"], story.at("t_death")
    asked_us = end_us + 24 * HOUR_US
    if death_us is not None and death_us < asked_us + HOUR_US:
        return story
    vas = None if rng.random() < 0.06 else pick(rng, _VAS)
    epidural = any(t.code in {"22", "L21"} for t in story.techniques)
    analgesia = Analgesia(route="pcea" if epidural else "pcia", started_us=end_us, asked_us=asked_us, vas=vas)
    return replace(story, analgesia=analgesia)


def _find_later(rng: Random, story: Story) -> Story:
    """Findings of the days after, and whether he lived."""
    end_us, death_us, after = story.events["t_anes_end"], story.at("t_death"), story.after
    said_us = end_us + 80 * HOUR_US
    alive_then = death_us is None or death_us > said_us
    if after is not None and after.awareness == "suspected" and alive_then and rng.random() < 0.6:
        story = story.stating("awareness", Found(yes=rng.random() < 0.5, said_us=said_us))
    if story.is_ga and alive_then:
        sedated = after is None or after.consciousness == "sedated"
        if after is not None and sedated and rng.random() < 0.12:
            story = story.stating("coma", Found(yes=True, said_us=said_us))
        elif sedated and rng.random() < 0.3:
            story = story.stating("coma", Found(yes=False, said_us=said_us))
    if after is not None and after.late_us is None and alive_then and rng.random() < 0.2:
        said = Found(yes=rng.random() < 0.1, said_us=max(said_us, after.visit_us + 60 * HOUR_US))
        story = story.stating(rng.choice(("nerve_injury", "hoarseness")), said)
    if "central_line" in story.findings and alive_then and rng.random() < 0.85:
        story = story.stating("central_line_harm", Found(yes=rng.random() < 0.09, said_us=said_us))
    if death_us is None and not _seen(story) and rng.random() < 0.8:
        story = story.stating("alive", Found(yes=True, said_us=end_us + 26 * HOUR_US, role="quality"))
    return story


def _seen(story: Story) -> bool:
    """Somebody has seen him alive 24 h after the anaesthetic."""
    after = story.after
    return after is not None and (after.late_us is not None or after.visit_us >= story.events["t_anes_end"] + DAY_US)
