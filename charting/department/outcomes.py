"""What else there is to tell of an operation: what was given, what went wrong, and what of it was written down.

Rare things are rarer in life: each indicator is to have something to count in a year.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from charting.department.chance import pick
from charting.department.story import (
    HOUR_US,
    MINUTE_US,
    Before,
    Drug,
    Fluid,
    Found,
    Heating,
    Place,
    Plan,
    Reading,
    Story,
    Tube,
    Warmth,
)

_NO = 0.04
"""How often somebody writes that something rare did not happen."""
_HEATING: Mapping[Heating, float] = {"forced_air": 80, "water": 6, "resistive": 10, "radiant": 4}
"""Of a hundred: which device warms."""


def prepare(rng: Random, story: Story) -> Story:
    """What was done before the room: the visit, and whether the ICU is planned."""
    start_us = story.at("t_anes_start")
    entered_us = story.at("t_suite_in") or story.at("t_room_in")
    limit_us = entered_us or story.at("t_cancel") or story.closed_us
    to_icu = story.at("t_icu_in") is not None
    planned = rng.random() < (0.72 if to_icu else 0.02)
    before = None
    if rng.random() < (0.93 if not story.emergency else 0.35) and story.operation.unit != "labour":
        visit_us = limit_us - rng.randint(2, 12) * HOUR_US - rng.randint(0, 59) * MINUTE_US
        visit_us = max(visit_us, story.opened_us + 5 * MINUTE_US)
        signed_us: int | None = visit_us + 12 * MINUTE_US
        kind = rng.random()
        if kind < 0.04 and start_us is not None and entered_us is not None:
            visit_us = entered_us + MINUTE_US
            signed_us = visit_us + 3 * MINUTE_US
        elif kind < 0.07 and entered_us is not None:
            signed_us = max(entered_us + 40 * MINUTE_US, visit_us + 3 * MINUTE_US)
        elif kind < 0.10:
            signed_us = None
        if story.discarded_us is not None:
            signed_us = None
        early = visit_us + 13 * MINUTE_US <= limit_us
        in_time = start_us is None or visit_us + 3 * MINUTE_US < start_us
        if visit_us >= story.opened_us and in_time and (early or kind < 0.07):
            before = Before(visit_us=visit_us, signed_us=signed_us, icu_planned=planned)
    plans: list[Plan] = []
    if start_us is not None:
        said_us = start_us - rng.randint(2, 5) * MINUTE_US
        if before is None and rng.random() < (0.7 if to_icu else 0.05):
            plans.append(Plan(planned=planned, said_us=said_us))
        elif before is not None and rng.random() < 0.03:
            plans.append(Plan(planned=not planned, said_us=said_us))
        if to_icu and rng.random() < 0.15:
            plans.append(Plan(planned=True, said_us=start_us + rng.randint(20, 60) * MINUTE_US))
    return replace(story, before=before, plans=tuple(plans))


def tell(rng: Random, story: Story) -> Story:
    """A patient who was anaesthetised. Called before his temperatures are decided."""
    for step in (_sign, _cool, prepare, _warm, _give, _airway, _go_wrong, _suspect):
        story = step(rng, story)
    return story


def _within(rng: Random, story: Story) -> int:
    """A minute of the anaesthetic in the room."""
    minutes = (story.events["t_room_out"] - story.events["t_anes_start"]) // MINUTE_US
    return story.events["t_anes_start"] + rng.randint(1, max(minutes - 1, 1)) * MINUTE_US


def _sign(rng: Random, story: Story) -> Story:
    signs = story.discarded_us is None and rng.random() < 0.965
    return replace(story, signed_us=story.events["t_anes_end"] + rng.randint(6, 45) * MINUTE_US if signs else None)


def _cool(rng: Random, story: Story) -> Story:
    """Cooled on purpose, in a long operation on the brain."""
    cut_us, closed_us = story.at("t_incision"), story.at("t_surg_end")
    if story.operation.region != "cranial" or cut_us is None or closed_us is None or closed_us - cut_us < 2 * HOUR_US:
        return story
    if rng.random() > 0.08:
        return story
    times = {"t_cool_start": cut_us + 10 * MINUTE_US, "t_cool_end": closed_us - 20 * MINUTE_US}
    return replace(story, events={**story.events, **times})


def _warm(rng: Random, story: Story) -> Story:
    start_us, out_us = story.events["t_anes_start"], story.events["t_room_out"]
    long = out_us - start_us > HOUR_US
    warmth: list[Warmth] = []
    if rng.random() < (0.45 if long else 0.08):
        device = pick(rng, _HEATING)
        first_us = min(start_us + rng.randint(-3, 20) * MINUTE_US, out_us - 3 * MINUTE_US)
        warmth.append(Warmth(device=device, start_us=first_us, end_us=out_us))
    if long and rng.random() < 0.15:
        warmth.append(Warmth(device="fluid", start_us=start_us + 12 * MINUTE_US, end_us=out_us, ml=1000.0))
    if rng.random() < 0.25:
        warmth.append(Warmth(device="passive", start_us=start_us, end_us=out_us))
    entered_us, left_us = story.at("t_pacu_in"), story.at("t_pacu_out")
    if entered_us is not None and left_us is not None and rng.random() < 0.06:
        warmth.append(Warmth(device="forced_air", start_us=entered_us + MINUTE_US, end_us=left_us, place="pacu"))
    return replace(story, warmth=tuple(warmth))


def _give(rng: Random, story: Story) -> Story:
    """Drugs, fluids and blood."""
    start_us, out_us = story.events["t_anes_start"], story.events["t_room_out"]
    drugs = []
    if story.is_ga:
        drugs = [Drug(code="D001", dose=float(rng.randrange(80, 160, 10)), unit="mg", route="iv", at_us=start_us)]
        drugs.append(Drug(code="D011", dose=float(rng.choice((5, 10, 20))), unit="ug", route="iv", at_us=start_us))
        if story.tubes:
            drugs.append(Drug(code="D020", dose=float(rng.choice((30, 40, 50))), unit="mg", route="iv", at_us=start_us))
    if any(t.neuraxial for t in story.techniques):
        drugs.append(Drug(code="D047", dose=float(rng.choice((8, 10, 12))), unit="mg", route="spinal", at_us=start_us))
    if any(t.block for t in story.techniques):
        drugs.append(Drug(code="D046", dose=float(rng.choice((50, 75, 100))), unit="mg", route="block", at_us=start_us))
    if rng.random() < 0.008:
        # For a low pressure: device data may suggest an allergy, and nobody says that it was one.
        at_us = _within(rng, story)
        drugs.append(Drug(code="D033", dose=float(rng.choice((10, 20))), unit="ug", route="iv", at_us=at_us))
    ml = float(rng.choice((500, 1000, 1500)) if out_us - start_us > HOUR_US else rng.choice((250, 500)))
    fluids = [Fluid(code="F02", group="crystalloid", way="in", ml=ml, start_us=start_us, end_us=out_us)]
    if out_us - start_us > HOUR_US:
        for code, group in (("U1", "urine"), ("U2", "blood_loss")):
            amount = float(rng.randrange(20, 400, 10))
            fluids.append(Fluid(code=code, group=group, way="out", ml=amount, start_us=out_us, end_us=None))
    return replace(story, drugs=tuple(drugs), fluids=(*fluids, *_blood(rng, story)))


def _blood(rng: Random, story: Story) -> list[Fluid]:
    middle_us = (
        story.events["t_anes_start"]
        + (story.events["t_room_out"] - story.events["t_anes_start"]) // 2 // MINUTE_US * MINUTE_US
    )

    def given(code: str, group: str, ml: float, at_us: int = middle_us, place: Place = "or") -> Fluid:
        end_us = at_us + 5 * MINUTE_US
        return Fluid(code=code, group=group, way="in", ml=ml, start_us=at_us, end_us=end_us, place=place)

    found = []
    if rng.random() * 100 < story.operation.blood:
        cells, own = float(rng.choice((200, 400, 400, 600, 800))), float(rng.choice((200, 300, 400, 500)))
        kind = rng.random()
        if kind < 0.75:
            found.append(given("F24" if kind < 0.04 else "F20", "blood", cells))
            if cells >= 400 and rng.random() < 0.4:
                found.append(given("F21", "blood", 200.0))
        if kind > 0.65:
            # Washed cells are often typed as red cells: that they are his own is said apart.
            found.append(given("F20" if rng.random() < 0.3 else "F30", "autologous", own))
    elif rng.random() < 0.004:
        found.append(given(rng.choice(("F21", "F22")), "blood", 200.0))
    entered_us = story.at("t_pacu_in")
    left_us = story.at("t_pacu_out")
    if (
        entered_us is not None
        and left_us is not None
        and left_us - entered_us > 25 * MINUTE_US
        and rng.random() < 0.006
    ):
        found.append(given("F20", "blood", 400.0, entered_us + 10 * MINUTE_US, "pacu"))
    return found


def _airway(rng: Random, story: Story) -> Story:
    """Airways that nobody had planned, and tubes that had to go in again."""
    if story.at("t_death") is not None:
        return story
    if story.tubes:
        first = story.tubes[0]
        if first.device != "LMA" and first.out_us is not None and rng.random() < 0.02:
            return _again(rng, story, first, first.out_us)
        return story
    if rng.random() > 0.02:
        return story
    at_us, suite_out_us = _within(rng, story), story.at("t_suite_out")
    tube = Tube(device=rng.choice(("ETT", "LMA")), in_us=at_us, planned=False, out_us=story.events["t_room_out"],
                place="OR")  # fmt: skip
    variants: list[Callable[[], Story]] = [
        *[lambda: replace(story, tubes=(replace(tube, cause=rng.choice(("apnoea", "depression"))),))] * 3,
        lambda: replace(story, tubes=(replace(tube, cause="other"),)),
        lambda: replace(story, tubes=(replace(tube, planned=None),)),
        lambda: replace(story, tubes=(tube,)),
        *[
            lambda cause=cause: story.stating("airway_unplanned",
                Found(yes=True, said_us=at_us + MINUTE_US, at_us=at_us, details={"cause": cause} if cause else {}),
            )
            for cause in ("apnoea", "depression", "other", "")
        ],
    ]  # fmt: skip
    if suite_out_us is not None and not story.is_ga:
        late = replace(tube, device="ETT", in_us=suite_out_us + 2 * HOUR_US, cause="apnoea", out_us=None, place="")
        variants.append(lambda: replace(story, tubes=(late,)))
    return rng.choice(variants)()


def _again(rng: Random, story: Story, first: Tube, out_us: int) -> Story:
    soon_us = out_us + rng.randint(6, 330) * MINUTE_US
    tube = Tube(device="ETT", in_us=soon_us, planned=False, cause=rng.choice(("depression", "other", "apnoea")))
    kind = rng.choice(("yes", "yes", "yes", "six", "late", "planned", "unsaid", "no_cause", "reoperation", "finding"))
    if kind == "finding":
        reason = rng.choice(("other", "other", "reoperation", "planned", ""))
        details = {"reason": reason} if reason else {}
        return story.stating("reintubation", Found(yes=True, said_us=soon_us + HOUR_US, at_us=soon_us, details=details))
    tube = {
        "six": replace(tube, in_us=out_us + 6 * HOUR_US),
        "late": replace(tube, in_us=out_us + 6 * HOUR_US + MINUTE_US),
        "planned": replace(tube, planned=True, cause=""),
        "unsaid": replace(tube, planned=None, cause=""),
        "no_cause": replace(tube, cause=""),
        "reoperation": replace(tube, cause="reoperation"),
    }.get(kind, tube)
    return replace(story, tubes=(first, tube))


def _go_wrong(rng: Random, story: Story) -> Story:
    """Findings of the operation, said in the room or soon after."""
    ended_us = max(story.events["t_anes_end"], story.events["t_room_out"])
    said_us = ended_us + 5 * MINUTE_US
    at_us = _within(rng, story)

    def one_of(yes: float, variants: list[Found]) -> Found | None:
        draw = rng.random()
        if draw < yes:
            return rng.choice(variants)
        return Found(yes=False, said_us=said_us) if draw < yes + _NO else None

    def said(**details: str) -> Found:
        return Found(yes=True, said_us=said_us, at_us=at_us, details=details)

    if story.tubes and story.is_ga:
        tooth = [said(), said(), replace(said(), at_us=None), replace(said(), at_us=ended_us + 4 * MINUTE_US)]
        story = story.stating("tooth_injury", one_of(0.006, tooth))
    story = story.stating(
        "aspiration", one_of(0.006, [said(severe="yes"), said(severe="no"), said(severe="yes"), said()])
    )
    allergy = one_of(0.006, [said(adrenaline="yes"), said(adrenaline="yes"), said(adrenaline="no"), said()])
    story = story.stating("allergy", allergy)
    if allergy is not None and allergy.details.get("adrenaline") == "yes":
        story = replace(story, drugs=(*story.drugs, Drug(code="D033", dose=100.0, unit="ug", route="iv", at_us=at_us)))
    story = story.stating("arrest", one_of(0.008, _arrests(story, said_us, at_us)))
    if story.operation.unit == "labour":
        delivery = rng.choices(("vaginal", "converted", "caesarean", ""), (80, 10, 4, 6))[0]
        details = {"delivery": delivery} if delivery else {}
        story = story.stating(
            "labour_analgesia", Found(yes=True, said_us=said_us, at_us=story.events["t_anes_start"], details=details)
        )
    if story.operation.icu >= 30 and rng.random() < 0.6:
        line = Found(
            yes=True,
            said_us=story.events["t_anes_start"] + 30 * MINUTE_US,
            at_us=story.events["t_anes_start"] + 15 * MINUTE_US,
        )
        story = story.stating("central_line", line)
    return story


def _suspect(rng: Random, story: Story) -> Story:
    """Device data that suggest something of which nobody has said anything, or that it was not so."""
    if rng.random() > 0.03:
        return story
    start_us, out_us = story.events["t_anes_start"], story.events["t_room_out"]
    key = rng.choice(("allergy", "aspiration", "airway_unplanned"))
    drugs, signs = story.drugs, list[tuple[int, str, float]]()
    if key == "allergy" and story.tubes and out_us - start_us > 50 * MINUTE_US:
        at_us = start_us + 40 * MINUTE_US
        drugs = (*drugs, Drug(code="D033", dose=50.0, unit="ug", route="iv", at_us=at_us))
        signs = [(at_us - n * MINUTE_US, "nibp_sys", 70.0 if n < 10 else 118.0) for n in (25, 15, 5)]
        signs += [(at_us - n * MINUTE_US, "ppeak", 27.0 if n < 10 else 16.0) for n in (25, 15, 5)]
    elif key == "aspiration":
        signs = [(out_us - 3 * MINUTE_US, "fio2", 21.0), (out_us - 3 * MINUTE_US, "spo2", 86.0)]
    elif key == "airway_unplanned" and not story.tubes and not story.is_ga and out_us - start_us > 25 * MINUTE_US:
        signs = [(start_us + n * MINUTE_US, "ppeak", 15.0) for n in (6, 12, 18)]
    if not signs or key in story.findings:
        return story
    readings = tuple(Reading(time_us=at, value=value, site="", place="or", signal=name) for at, name, value in signs)
    story = replace(story, drugs=drugs, signs=readings, suspected=frozenset({key}))
    settled = Found(yes=False, said_us=max(story.events["t_anes_end"], out_us) + 2 * HOUR_US)
    return story.stating(key, settled if rng.random() < 0.4 else None)


def _arrests(story: Story, said_us: int, at_us: int) -> list[Found]:
    """In the window, on its borders, before and after it; meant; and not told whether or when."""
    arrest = Found(yes=True, said_us=said_us, at_us=at_us, details={"intended": "no"})
    variants = [arrest, arrest, replace(arrest, at_us=story.events["t_anes_start"]), replace(arrest, at_us=None)]
    variants += [replace(arrest, details={}), replace(arrest, details={"intended": "yes"})]
    entered_us, suite_out_us = story.at("t_suite_in"), story.at("t_suite_out")
    if entered_us is not None and story.events["t_anes_start"] - entered_us > 4 * MINUTE_US:
        variants.append(replace(arrest, at_us=story.events["t_anes_start"] - 3 * MINUTE_US))
    if suite_out_us is not None:
        for later_us in (suite_out_us, suite_out_us + 2 * HOUR_US, story.events["t_anes_start"] + 25 * HOUR_US):
            if later_us >= suite_out_us:
                variants.append(replace(arrest, at_us=later_us, said_us=max(said_us, later_us + 20 * MINUTE_US)))
    return variants
