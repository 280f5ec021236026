"""The facts of a case: a function each."""

from charting.case.state import Case
from charting.library.library import Libraries
from charting.quality.candidates import suggested as candidates
from charting.quality.derive import airway, codes, death, happened, outcomes, stages, temperature
from charting.quality.derive.blood import blood
from charting.quality.derive.told import Told
from charting.quality.facts import Facts, Three


def facts(case: Case, libraries: Libraries) -> Facts | None:
    """None: void or a test, which count nowhere (clinical.md §0)."""
    if case.state == "discarded" or case.is_test:
        return None
    told = Told.of(case, libraries)
    anchor_us, anchor = stages.anchor(told)
    technique = codes.technique(told.coded, libraries)
    asa, emergency_class = codes.asa(told.coded)
    own, given = airway.airway(told, technique.airway), blood(told)
    start_us, ended_us = told.anaesthesia.start_us, told.ended_us
    died, after_h = death.died(told, asa, ended_us), death.died_h(told, ended_us)
    suggested = candidates(told, own.tube)
    return Facts(
        case=case.id,
        last=case.last,
        patient=stages.patient(told),
        anchor_us=anchor_us,
        anchor=anchor,
        department=case.patient.department,
        room=stages.stay(told).bed,
        candidates=tuple(c.key for c in suggested),
        times={c.key: c.at_us for c in suggested} | _times(told, own.tube),
        performed=stages.performed(told),
        entered=stages.entered(told),
        cancelled=stages.cancelled(told),
        incised=stages.incised(told),
        elective=stages.elective(told, emergency_class),
        offsite=stages.offsite(told),
        labour=happened.labour(told),
        vaginal=happened.vaginal(told),
        ga=technique.ga,
        neuraxial=technique.neuraxial,
        block=technique.block,
        technique=technique.group(own.airway),
        asa=asa,
        airway=own.airway,
        tube=own.tube,
        visited=stages.visited(told),
        warmed=temperature.warmed(told),
        **temperature.temperatures(told, technique.cooling),
        pacu=stages.pacu(told),
        pacu_h=stages.pacu_h(told),
        transfused=given.transfused,
        autologous=given.autologous,
        blood_ml=given.blood_ml,
        autologous_ml=given.autologous_ml,
        tooth=happened.tooth(told),
        aspiration=happened.aspiration(told),
        aspiration_severe=happened.aspiration_severe(told),
        airway_unplanned=happened.airway_unplanned(told),
        arrest=happened.arrest(told),
        arrest_24h=happened.arrest_24h(told, lived=died is False or after_h > happened.DAY_H),
        allergy=happened.allergy(told),
        awareness=outcomes.awareness(told),
        extubated=airway.extubated(told, own.tube),
        reintubated=airway.reintubated(told, own.tube),
        icu=stages.icu(told),
        icu_planned=stages.icu_planned(told),
        analgesia=outcomes.analgesia(told),
        vas=outcomes.vas(told),
        nerve=outcomes.nerve(told),
        hoarse=outcomes.hoarse(told),
        throat=codes.in_set(told.coded, "throat"),
        cranial=codes.in_set(told.coded, "cranial"),
        coma=outcomes.coma(told),
        died_after_h=after_h,
        died_start_h=death.died_h(told, start_us),
        died=died,
        died_start=death.died(told, asa, start_us),
        central_line=happened.central_line(told),
        central_line_harm=outcomes.central_line_harm(told),
    )


def _times(told: Told, tube: Three) -> dict[str, int]:
    """The first of each event, and when what a finding is about was: as it says, else as an event does."""
    times = {key: events[0].at_us for key, events in told.events.items() if key != "note"}
    by_event = {
        "airway_unplanned": happened.airway_unplanned_us(told),
        "reintubation": airway.reintubated_us(told, tube),
    }
    stated = {f.key: f.at_us for f in told.findings.values() if f.value == "yes"}
    found = {key: at_us for key, at_us in (by_event | stated).items() if at_us is not None}
    return times | found
