"""What is told otherwise later: times corrected, findings set, changed and taken back, documents signed late, patients
merged, cases discarded. Each changes the story, and with it the truth.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from charting.department.story import DAY_US, HOUR_US, MINUTE_US, Fluid, Found, Plan, Story, Warmth

_BETWEEN_US = 2 * HOUR_US
"""From one edit to the next."""
_TRIES = 300
"""Cases that are looked at for one that an edit fits: the rarest fits one of a hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """From one state of a story to another, written from `at_us` on (an hour at most). `kind`: which it is."""

    kind: str
    at_us: int
    before: Story
    after: Story


def edits(stories: Mapping[str, Story], n: int, seed: int) -> Iterator[Edit]:
    """So many, one after the other, of any of the cases; one may be edited more than once. The caller's stories stay as
    they are. All lie after the last thing that was written.
    """
    rng = Random(f"edits/{seed}")  # noqa: S311  a simulation
    now = dict(stories)
    cases = [case for case, story in sorted(now.items()) if story.counts]
    at_us = max(story.closed_us for story in now.values()) + 60 * DAY_US
    for _ in range(n):
        kind, before, after = _edited(rng, now, cases, at_us)
        yield Edit(kind=kind, at_us=at_us, before=before, after=after)
        now[before.case] = after
        if after.discarded_us is not None:
            cases.remove(after.case)
        at_us += _BETWEEN_US


def _edited(rng: Random, now: Mapping[str, Story], cases: Sequence[str], at_us: int) -> tuple[str, Story, Story]:
    """One that fits a case. Raises ValueError where no kind fits any."""
    for _ in range(100 * len(_KINDS)):
        kind, edit = rng.choice(list(_KINDS.items()))
        for case in rng.choices(cases, k=_TRIES):
            other = now[rng.choice(cases)]
            after = edit(rng, now[case], at_us, other)
            if after is not None and after != now[case]:
                return kind, now[case], after
    raise ValueError("nothing to edit")


def _at(story: Story, **times: int | None) -> Story:
    """With events at other times; None: it is taken back."""
    events = {**story.events, **{key: at_us for key, at_us in times.items() if at_us is not None}}
    return replace(story, events={key: at_us for key, at_us in events.items() if key not in times or times[key]})


def _leave_pacu(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """Out of the PACU at another time, or told at last."""
    del at_us, other
    entered_us = story.at("t_pacu_in")
    streamed = any(p.bed.startswith("PACU") and not p.at for p in story.temperature.probes)
    if entered_us is None or streamed:
        return None
    return _at(story, t_pacu_out=entered_us + rng.choice((40, 119, 120, 121, 180, 181, 200, 1440, 1441)) * MINUTE_US)


def _correct_start(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    del at_us, other
    start_us = story.at("t_anes_start")
    if start_us is None:
        return None
    return _at(story, t_anes_start=start_us + rng.choice((-2, -1, 1)) * MINUTE_US)


def _correct_entering(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """Into the suite at another time, or told at last, or taken back."""
    del at_us, other
    into_us = story.at("t_room_in")
    if into_us is None or story.at("t_anes_start") is None:
        return None
    return _at(story, t_suite_in=rng.choice((None, into_us - rng.randint(1, 300) * MINUTE_US)))


def _correct_death(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """Later than was told, or not at all."""
    del at_us, other
    death_us, end_us = story.at("t_death"), story.at("t_anes_end")
    if death_us is None or end_us is None or death_us < end_us:
        return None
    return _at(story, t_death=rng.choice((None, death_us + rng.randint(1, 1800) * MINUTE_US)))


def _cancel(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """A cancellation is told, moved across the incision, or taken back."""
    del at_us, other
    cancel_us, cut_us = story.at("t_cancel"), story.at("t_incision")
    if cancel_us is None:
        if cut_us is None:
            return None
        return replace(_at(story, t_cancel=cut_us + 9 * MINUTE_US), cancel_reason="condition")
    if cut_us is not None and rng.random() < 0.5:
        return _at(story, t_incision=None)
    # Without either the record of the anaesthetic could not be signed again.
    signable = cut_us is not None or story.at("t_anes_start") is None
    return replace(_at(story, t_cancel=None), cancel_reason="") if signable else None


def _extubate(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """The first tube came out at another time: 6 h and 72 h count from then."""
    del at_us, other
    first = story.tubes[0] if story.tubes else None
    if first is None or first.out_us is None or first.place not in {"PACU", "ICU"}:
        return None
    moved_us = first.out_us + rng.choice((-4, -1, 1, 3)) * MINUTE_US
    return replace(story, tubes=(replace(first, out_us=moved_us), *story.tubes[1:]))


def _tell_airway(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """Whether an airway was planned, and why it was put in."""
    del at_us, other
    if not story.tubes:
        return None
    cause = rng.choice(("", "apnoea", "depression", "other", "reoperation"))
    last = replace(story.tubes[-1], planned=rng.choice((True, False, None)), cause=cause)
    return replace(story, tubes=(*story.tubes[:-1], last))


_DETAILS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "tooth_injury": ("", ()),
    "aspiration": ("severe", ("yes", "no")),
    "airway_unplanned": ("cause", ("apnoea", "depression", "other")),
    "arrest": ("intended", ("yes", "no")),
    "allergy": ("adrenaline", ("yes", "no")),
    "awareness": ("", ()),
    "reintubation": ("reason", ("reoperation", "planned", "other")),
    "nerve_injury": ("", ()),
    "hoarseness": ("", ()),
    "coma": ("", ()),
    "central_line": ("", ()),
    "central_line_harm": ("", ()),
}
"""Findings, and what is asked beside them."""


def _find(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """A finding is stated, or stated otherwise."""
    del other
    start_us = story.at("t_anes_start")
    if start_us is None:
        return None
    key = rng.choice(list(_DETAILS))
    name, choices = _DETAILS[key]
    said = rng.choice((*choices, "")) if name else ""
    when = rng.choice((None, start_us - 2 * MINUTE_US, start_us, start_us + 12 * MINUTE_US, start_us + 20 * HOUR_US))
    found = Found(yes=rng.random() < 0.7, said_us=at_us, at_us=when, details={name: said} if said else {})
    return replace(story, findings={**story.findings, key: found})


def _take_back(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """A finding is void: as if nobody had said anything."""
    del at_us, other
    keys = sorted(story.findings)
    if not keys:
        return None
    gone = rng.choice(keys)
    return replace(story, findings={key: found for key, found in story.findings.items() if key != gone})


def _deliver(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """Obstetrics tell how it ended."""
    del at_us, other
    labour = story.findings.get("labour_analgesia")
    if labour is None:
        return None
    told = replace(labour, details={"delivery": rng.choice(("vaginal", "caesarean", "converted"))})
    return replace(story, findings={**story.findings, "labour_analgesia": told})


def _live(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    del rng, other
    if story.at("t_death") is not None or story.at("t_anes_end") is None:
        return None
    return replace(story, findings={**story.findings, "alive": Found(yes=True, said_us=at_us)})


def _anaesthetise(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """It was another technique."""
    del at_us, other
    if story.at("t_anes_start") is None or "airway_unplanned" in story.suspected:
        return None
    return replace(story, techniques=rng.choice(list(story.operation.techniques)))


def _classify(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    del at_us, other
    if story.at("t_anes_start") is None:
        return None
    return replace(story, asa=rng.choice("12345"))


def _cool(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """That he was cooled on purpose is told at last."""
    del rng, at_us, other
    cut_us, closed_us = story.at("t_incision"), story.at("t_surg_end")
    if cut_us is None or closed_us is None or "t_cool_start" in story.events or closed_us - cut_us < 20 * MINUTE_US:
        return None
    return _at(story, t_cool_start=cut_us + 5 * MINUTE_US, t_cool_end=closed_us - 5 * MINUTE_US)


def _warm(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """Warming is added to the record, or struck out."""
    del at_us, other
    start_us, out_us = story.at("t_anes_start"), story.at("t_room_out")
    if start_us is None or out_us is None:
        return None
    if story.warmth and rng.random() < 0.5:
        return replace(story, warmth=())
    added = Warmth(device="forced_air", start_us=start_us, end_us=out_us)
    return replace(story, warmth=(*story.warmth, added))


def _transfuse(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """Blood is added to the record."""
    del at_us, other
    start_us = story.at("t_anes_start")
    if start_us is None:
        return None
    group, code = rng.choice((("blood", "F20"), ("autologous", "F30"), ("blood", "F21")))
    given_us = start_us + 5 * MINUTE_US
    added = Fluid(
        code=code, group=group, way="in", ml=rng.choice((200.0, 400.0)), start_us=given_us, end_us=given_us + MINUTE_US
    )  # fmt: skip
    return replace(story, fluids=(*story.fluids, added))


def _measure(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """The first temperature in the PACU was another one."""
    del at_us, other
    temperature, entered_us = story.temperature, story.at("t_pacu_in")
    if entered_us is None or temperature.pacu_first_c is None:
        return None
    own = [r for r in temperature.readings if r.place == "pacu" and r.time_us >= entered_us and r.site == "infrared"]
    if not own or own[0].value != temperature.pacu_first_c:
        return None
    value = rng.choice((35.4, 35.5, 35.9, 36.0, 36.3))
    readings = tuple(replace(r, value=value) if r is own[0] else r for r in temperature.readings)
    return replace(story, temperature=replace(temperature, readings=readings, pacu_first_c=value))


def _answer(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """The visit after was told something else."""
    del at_us, other
    after = story.after
    if after is None:
        return None
    told = replace(after, vas=rng.choice((2.0, 3.0, 4.0)), consciousness=rng.choice(("awake", "sedated")))
    if after.late_us is not None:
        told = replace(told, hoarse=rng.choice(("yes", "no", "unknown")), nerve=rng.choice(("yes", "no", "unknown")))
    return replace(story, after=told)


def _sign(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """The anaesthesia record is signed late."""
    del rng, other
    unsigned = story.signed_us is None and story.at("t_anes_start") is not None
    return replace(story, signed_us=at_us) if unsigned else None


def _reopen(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """The anaesthesia record is opened again, and left so."""
    del rng, at_us, other
    return replace(story, signed_us=None)


def _plan(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """The plan is told otherwise when all is over: that changes nothing."""
    del other
    if story.at("t_anes_start") is None:
        return None
    return replace(story, plans=(*story.plans, Plan(planned=rng.random() < 0.5, said_us=at_us)))


def _discard(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    del rng, other
    return replace(story, discarded_us=at_us)


def _merge(rng: Random, story: Story, at_us: int, other: Story) -> Story | None:
    """Two cases are of one patient, in one admission."""
    del rng
    if other.case == story.case or not other.who.visit or other.who.visit == story.who.visit:
        return None
    return replace(story, merged=(*story.merged, (at_us, other.who)))


_KINDS: Mapping[str, Callable[[Random, Story, int, Story], Story | None]] = {
    "leave_pacu": _leave_pacu, "correct_start": _correct_start, "correct_entering": _correct_entering,
    "correct_death": _correct_death, "cancel": _cancel, "extubate": _extubate, "tell_airway": _tell_airway,
    "find": _find, "take_back": _take_back, "deliver": _deliver, "live": _live, "anaesthetise": _anaesthetise,
    "classify": _classify, "cool": _cool, "warm": _warm, "transfuse": _transfuse, "measure": _measure,
    "answer": _answer, "sign": _sign, "reopen": _reopen, "plan": _plan, "discard": _discard, "merge": _merge,
}  # fmt: skip
