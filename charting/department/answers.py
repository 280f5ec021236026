"""What is true of one case, question by question (clinical.md §1), from its story alone.

Decision D: what might have happened during the operation, and of which nobody has said anything, did not happen where
the anaesthesia record is signed; else it is unknown. What is found out later needs somebody who has looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from charting.department.story import DAY_US, HOUR_US, Found, Story
from charting.department.three import Three, both, either

_DEPRESSED = {"apnoea", "depression"}
_PLASMA = {"F21", "F22", "F23"}
"""Codes of fluids: plasma, platelets and cryoprecipitate are no red cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """None, "": unknown. `patient`: what patients are counted by, the admission. `suspected`: findings that signs
    suggest and that nobody has stated.
    """

    case: str
    patient: str
    anchor_us: int
    performed: Three
    entered: Three
    cancelled: Three
    incised: Three
    elective: Three
    offsite: Three
    labour: Three
    vaginal_birth: Three
    ga: Three
    neuraxial: Three
    regional: Three
    technique: str
    asa: str
    airway: Three
    tube: Three
    visited: Three
    monitored: Three
    core_monitored: Three
    hypothermic: Three
    cooled: Three
    warmed: Three
    pacu: Three
    pacu_first_c: float | None
    pacu_measured: Three
    pacu_min: float | None
    transfused: Three
    autologous: Three
    blood_ml: float | None
    own_blood_ml: float | None
    tooth: Three
    aspiration: Three
    aspiration_severe: Three
    airway_unplanned: Three
    arrest: Three
    arrest_24h: Three
    allergy: Three
    awareness: Three
    extubated: Three
    reintubated: Three
    icu: Three
    icu_planned: Three
    analgesia: Three
    vas: float | None
    nerve: Three
    hoarse: Three
    throat: Three
    cranial: Three
    coma: Three
    died_after: Three
    died_from_start: Three
    central_line: Three
    central_line_harm: Three
    suspected: frozenset[str]

    def pacu_below(self, limit_c: float) -> Three:
        return None if self.pacu_first_c is None else self.pacu_first_c < limit_c

    def stayed_over(self, limit_h: float) -> Three:
        return None if self.pacu_min is None else self.pacu_min > limit_h * 60

    def blood_from(self, least_ml: float) -> Three:
        return None if self.blood_ml is None else self.blood_ml >= least_ml

    def own_blood_from(self, least_ml: float) -> Three:
        return None if self.own_blood_ml is None else self.own_blood_ml >= least_ml


def answers(story: Story) -> Answers:
    at, operation, temperature = story.at, story.operation, story.temperature
    start_us = at("t_anes_start")
    performed = start_us is not None
    entered = at("t_suite_in") is not None or at("t_room_in") is not None
    ga = any(t.ga for t in story.techniques) if performed else None
    neuraxial = any(t.neuraxial for t in story.techniques) if performed else None
    block = any(t.block for t in story.techniques) if performed else None
    during = [t for t in story.tubes if at("t_anes_end") is None or t.in_us < story.events["t_anes_end"]]
    airway = bool(during) if performed else None
    anchor_us = next((v for key in ("t_anes_start", "t_room_in", "t_suite_in") if (v := at(key)) is not None), None)
    unsaid: Three = False if story.signed_us is not None else None
    labour = _found(story, "labour_analgesia", unsaid)
    delivery = story.findings.get("labour_analgesia")
    born = None if delivery is None else _detail(delivery, "delivery", "vaginal")
    entered_us, left_us = at("t_pacu_in"), at("t_pacu_out")
    blood = _blood(story, unsaid)
    lived = _lived(story, at("t_anes_end"))
    looked = bool(temperature.probes) or story.signed_us is not None
    where = "offsite" if operation.is_offsite else "or"
    return Answers(
        case=story.case,
        patient=_patient(story),
        anchor_us=anchor_us if anchor_us is not None else story.opened_us,
        performed=performed,
        entered=entered,
        cancelled=_cancelled(story, performed, entered),
        incised=at("t_incision") is not None,
        elective=not story.emergency,
        offsite=where == "offsite",
        labour=labour,
        vaginal_birth=False if labour is False else born if labour else None if born is None else born and None,
        ga=ga,
        neuraxial=neuraxial,
        regional=neuraxial or block,
        technique=_group(bool(ga), bool(neuraxial), bool(block), airway=bool(airway)),
        asa=story.asa.strip("LE") if performed else "",
        airway=airway,
        tube=any(t.device in {"ETT", "DLT"} for t in during) if performed else None,
        visited=_visited(story),
        monitored=temperature.monitored or (False if looked else None),
        core_monitored={"unmonitored": False if looked else None, "unmapped": None}.get(temperature.outcome, True),
        hypothermic={"event": True, "no_event": False, "unmonitored": False if looked else None}.get(
            temperature.outcome
        ),
        cooled=at("t_cpb_start") is not None or at("t_cool_start") is not None,
        warmed=_warmed(story, unsaid),
        pacu=entered_us is not None,
        pacu_first_c=temperature.pacu_first_c,
        pacu_measured=True if temperature.pacu_first_c is not None else False if left_us is not None else None,
        pacu_min=None if entered_us is None or left_us is None else (left_us - entered_us) / 60_000_000,
        transfused=blood.transfused,
        autologous=blood.autologous,
        blood_ml=blood.ml,
        own_blood_ml=blood.own_ml,
        tooth=_in_anaesthesia(story, "tooth_injury", unsaid),
        aspiration=_in_anaesthesia(story, "aspiration", unsaid),
        aspiration_severe=both(_in_anaesthesia(story, "aspiration", unsaid), _told(story, "aspiration", "severe")),
        airway_unplanned=_airway_unplanned(story, unsaid),
        arrest=_arrest(story, _suite_out(story), unsaid),
        arrest_24h=_arrest(story, None if start_us is None else start_us + DAY_US, unsaid if lived else None),
        allergy=both(_in_anaesthesia(story, "allergy", unsaid), _told(story, "allergy", "adrenaline")),
        awareness=_found(story, "awareness", _asked_awareness(story)),
        extubated=_extubated(story, unsaid),
        reintubated=_reintubated(story, unsaid),
        icu=_icu(story),
        icu_planned=_planned(story),
        analgesia=story.analgesia is not None,
        vas=_vas(story),
        nerve=_found(story, "nerve_injury", _late(story, "nerve")),
        hoarse=_found(story, "hoarseness", _late(story, "hoarse")),
        throat=operation.region in {"throat", "neck", "chest"},
        cranial=operation.region == "cranial",
        coma=_found(story, "coma", _asked_coma(story)),
        died_after=_died(story, at("t_anes_end")),
        died_from_start=_died(story, start_us),
        central_line=_found(story, "central_line", None if _found(story, "central_line_harm", False) else unsaid),
        central_line_harm=_found(story, "central_line_harm", None),
        suspected=story.suspected - story.findings.keys() if performed else frozenset(),
    )


def _patient(story: Story) -> str:
    """The admission, else the patient's number, else the case itself (clinical.md §0)."""
    who = story.who
    return f"visit:{who.visit}" if who.visit else f"number:{who.number}" if who.number else f"case:{story.case}"


def _found(story: Story, key: str, otherwise: Three) -> Three:
    found = story.findings.get(key)
    return otherwise if found is None else found.yes


def _detail(found: Found, name: str, *yes: str) -> Three:
    said = found.details.get(name)
    return None if said is None else said in yes


def _told(story: Story, key: str, name: str) -> Three:
    found = story.findings.get(key)
    return None if found is None else _detail(found, name, "yes")


def _in_anaesthesia(story: Story, key: str, unsaid: Three) -> Three:
    """Between anaesthesia start and end; where no time is told, the finding itself says so."""
    found = story.findings.get(key)
    if found is None:
        return unsaid
    if not found.yes or found.at_us is None:
        return found.yes
    return story.events["t_anes_start"] <= found.at_us < story.events["t_anes_end"]


def _group(ga: bool, neuraxial: bool, block: bool, *, airway: bool) -> str:
    """Edition 2015, no. 4: anything together with anything else is combined."""
    if ga + neuraxial + block > 1:
        return "combined"
    if ga:
        return "intubated" if airway else "unintubated"
    return "neuraxial" if neuraxial else "other"


def _visited(story: Story) -> Three:
    """Finished before entering: nobody has visited him where there is no form, and an unsigned one is not finished."""
    before = story.before
    if before is None:
        return False
    entered_us = story.at("t_suite_in") or story.at("t_room_in")
    if before.signed_us is None or entered_us is None:
        return None
    return max(before.visit_us, before.signed_us) < entered_us


def _warmed(story: Story, unsaid: Three) -> Three:
    """By any active measure while he was in the room."""
    active = [w for w in story.warmth if w.device != "passive" and w.place == "or"]
    return True if active else unsaid


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blood:
    transfused: Three
    autologous: Three
    ml: float | None
    own_ml: float | None


def _blood(story: Story, unsaid: Three) -> _Blood:
    """Red cells and whole blood between anaesthesia start and end; what is his own is told by the group alone."""
    given = [f for f in story.fluids if f.group in {"blood", "autologous"}]
    nothing = None if unsaid is None else 0.0
    red = [f for f in given if f.place == "or" and f.code not in _PLASMA]
    own = [f for f in red if f.group == "autologous"]
    return _Blood(
        transfused=True if red else unsaid,
        autologous=True if own else unsaid,
        ml=sum(f.ml for f in red) if given else nothing,
        own_ml=sum(f.ml for f in own) if own else nothing,
    )


def _suite_out(story: Story) -> int | None:
    """When he left the suite: the PACU is in it."""
    left = "t_pacu_out" if story.at("t_pacu_in") is not None else "t_room_out"
    return story.at("t_suite_out") or story.at(left)


def _airway_unplanned(story: Story, unsaid: Three) -> Three:
    """For apnoea or respiratory depression, from entering to leaving the suite."""
    found = story.findings.get("airway_unplanned")
    in_us = story.at("t_suite_in") or story.at("t_room_in") or 0
    out_us = _suite_out(story)
    if found is not None:
        if not found.yes:
            return False
        inside = found.at_us is None or (in_us <= found.at_us and (out_us is None or found.at_us < out_us))
        return both(inside, _detail(found, "cause", *_DEPRESSED))
    each = [
        both(
            in_us <= tube.in_us and (out_us is None or tube.in_us < out_us),
            None if tube.planned is None else not tube.planned,
            None if not tube.cause else tube.cause in _DEPRESSED,
        )
        for tube in story.tubes
    ]
    return either(unsaid, *each)


def _arrest(story: Story, until_us: int | None, unsaid: Three) -> Three:
    """Not intended, from anaesthesia start on, and before a time. On bypass it is intended unless somebody says no."""
    found, start_us = story.findings.get("arrest"), story.at("t_anes_start")
    if found is None:
        return unsaid
    if not found.yes:
        return False
    intended = _detail(found, "intended", "yes")
    on_us, off_us = story.at("t_cpb_start"), story.at("t_cpb_end")
    if intended is None and found.at_us is not None and on_us is not None and off_us is not None:
        intended = True if on_us <= found.at_us < off_us else None
    meant = None if intended is None else not intended
    if found.at_us is None or start_us is None:
        return both(None, meant)
    return both(start_us <= found.at_us and (until_us is None or found.at_us < until_us), meant)


def _asked_awareness(story: Story) -> Three:
    return None if story.after is None else {"yes": True, "no": False}.get(story.after.awareness)


def _asked_coma(story: Story) -> Three:
    return None if story.after is None or story.after.consciousness == "sedated" else False


def _late(story: Story, what: str) -> Three:
    after = story.after
    if after is None:
        return None
    return {"yes": True, "no": False}.get(after.hoarse if what == "hoarse" else after.nerve)


def _extubated(story: Story, unsaid: Three) -> Three:
    """A tracheal tube came out when the operation was over, as one did of whom somebody found that he got it again; a
    laryngeal mask is none.
    """
    over_us, end_us = story.at("t_surg_end") or story.at("t_anes_start"), story.at("t_anes_end")
    out = [t for t in story.tubes if t.out_us is not None and over_us is not None and t.out_us >= over_us]
    own = out or [t for t in story.tubes if end_us is None or t.in_us < end_us]
    tubed = any(tube.device in {"ETT", "DLT"} for tube in own)
    again = _found(story, "reintubation", False)
    return (True if out or again else unsaid) if tubed else False


def _reintubated(story: Story, unsaid: Three) -> Three:
    """Not planned, at most 6 h after, and not for a re-operation."""
    found = story.findings.get("reintubation")
    if found is not None:
        return found.yes and _detail(found, "reason", "other")
    if not _extubated(story, unsaid):
        return False if story.after is not None else unsaid
    outs = [tube.out_us for tube in story.tubes if tube.out_us is not None]
    again = [
        tube
        for tube in story.tubes
        if tube.device in {"ETT", "DLT"} and any(out < tube.in_us <= out + 6 * HOUR_US for out in outs)
    ]
    each = [
        both(
            None if tube.planned is None else not tube.planned,
            None if not tube.cause else tube.cause != "reoperation",
        )
        for tube in again
    ]
    if True in each:
        return True
    return None if None in each else False if _was_asked(story, outs) else unsaid


def _was_asked(story: Story, outs: Sequence[int]) -> bool:
    """Somebody came once the 6 h after each extubation had passed: before that he cannot know (§7)."""
    return story.after is not None and all(story.after.visit_us >= out + 6 * HOUR_US for out in outs)


def _cancelled(story: Story, performed: bool, entered: bool) -> Three:
    """A cancellation that is told to have come before what it stopped cannot be placed: nobody knows its stage.

    Of who was neither cut nor, as a signed record tells, treated without a cut, nobody knows whether he was cancelled.
    """
    cancel_us = story.at("t_cancel")
    if cancel_us is None:
        over = story.at("t_incision") is not None or (performed and story.signed_us is not None)
        return False if over or not entered else None
    stopped = [story.at(key) for key in ("t_suite_in", "t_room_in", "t_anes_start", "t_incision")]
    return None if any(at_us > cancel_us for at_us in stopped if at_us is not None) else True


def _icu(story: Story) -> Three:
    """Came to the ICU. Of who stays in the PACU nobody knows yet where he goes."""
    if story.at("t_icu_in") is not None:
        return True
    waits = story.at("t_pacu_in") is not None and story.at("t_pacu_out") is None
    return None if waits and story.at("t_ward") is None else False


def _planned(story: Story) -> Three:
    """As it stood at anaesthesia start: what was said after it counts for nothing."""
    start_us = story.at("t_anes_start")
    if start_us is None:
        return None
    said = [(plan.said_us, plan.planned) for plan in story.plans if plan.said_us < start_us]
    if story.before is not None and story.before.visit_us < start_us:
        said.append((story.before.visit_us, story.before.icu_planned))
    return max(said)[1] if said else None


def _vas(story: Story) -> float | None:
    """After 24 h, else what the visit was told."""
    if story.analgesia is not None and story.analgesia.vas is not None:
        return story.analgesia.vas
    return None if story.after is None else story.after.vas


def _lived(story: Story, since_us: int | None) -> bool:
    """Somebody knows that he lived 24 h after a time: he was seen, or died later."""
    if since_us is None:
        return False
    death_us = story.at("t_death")
    if death_us is not None:
        return death_us > since_us + DAY_US
    if _found(story, "alive", None):
        return True
    after = story.after
    seen = [story.at(key) for key in ("t_ward", "t_icu_in", "t_pacu_out")]
    seen += [tube.out_us for tube in story.tubes]
    if after is not None:
        seen.append(after.visit_us)
        if {after.hoarse, after.nerve} & {"yes", "no"}:
            seen.append(after.late_us)
    if story.analgesia is not None and story.analgesia.vas is not None:
        seen.append(story.analgesia.asked_us)
    return any(at_us is not None and at_us >= since_us + DAY_US for at_us in seen)


def _died(story: Story, since_us: int | None) -> Three:
    """Within 24 h from a time."""
    death_us = story.at("t_death")
    if since_us is None:
        return None
    if death_us is None:
        return False if _lived(story, since_us) else None
    return death_us - since_us <= DAY_US
