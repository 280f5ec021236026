"""What quality needs to know of a case: flat, three-valued, derived from the case alone. Frozen values, no I/O."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from alarms.hypothermia.types import VERSION as HYPOTHERMIA

RULES = f"facts/2+{HYPOTHERMIA}"
"""Versions of the rules by which facts are derived; another one derives them anew."""

Three = bool | None
"""None: nobody has said, and nothing tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One case that is neither void nor a test. What an indicator's expression may name is the fields from `performed`.

    `last`: the case's entry up to which they were derived. `patient`: the admission (visit, else patient number, else
    the case itself, the kind of number before it): what patients are counted by. `anchor_us`: the time by which it
    belongs to a period: anaesthesia start, else into the room, else into the suite, else when it was opened; `anchor`:
    which of these (t_anes_start, t_room_in, t_suite_in, opened). `room`: the bed where the anaesthetic was begun.
    `candidates`: keys of findings that device data suggest and nobody has confirmed or refused. `times`: keys of the
    event model (the first of each), and of findings, → µs since 1970 UTC.

    Times in h and min are nan where they are not known, texts "". Numbers of clinical.md in brackets.
    """

    case: str
    last: int
    patient: str
    anchor_us: int
    anchor: str
    department: str = ""
    room: str = ""
    candidates: tuple[str, ...] = ()
    times: Mapping[str, int] = field(default_factory=dict)

    performed: Three = None
    """An anaesthetic was given: anaesthesia start is there (§1.5). Unknown where only its induction or its end is."""
    entered: Three = None
    """Came into the suite, or into an anaesthesia unit outside it."""
    cancelled: Three = None
    """Unknown where the times contradict each other: the stage follows from them alone."""
    incised: Three = None
    elective: Three = None
    offsite: Three = None
    """Begun outside the operating rooms and the day-surgery rooms (AQI-03)."""
    labour: Three = None
    """Analgesia for a vaginal birth was begun (AQI-26)."""
    vaginal: Three = None
    """Born vaginally; a birth that was converted to a caesarean is not."""
    ga: Three = None
    neuraxial: Three = None
    block: Three = None
    """Peripheral nerve or plexus block."""
    technique: str = ""
    """Group of edition 2015: neuraxial, intubated, unintubated, combined, other."""
    asa: str = ""
    """1 to 6."""
    airway: Three = None
    """An artificial airway was in: tube, bronchial tube, laryngeal mask or tracheostomy (AQI-11)."""
    tube: Three = None
    """A tracheal or bronchial tube was in (AQI-23); a laryngeal mask is none."""
    visited: Three = None
    """A pre-operative visit was finished before entering (AQI-04)."""

    monitored: Three = None
    """A valid temperature of the body, whatever its site, between into and out of the room (AQI-07)."""
    monitoring: str = ""
    """How: continuous, spot, or none."""
    site: str = ""
    """The best of the sites by which he was monitored, of alarms/sites.csv."""
    core: str = ""
    """core, near_core, unknown or peripheral: how near to the core that site is."""
    usable: Three = None
    """A core or near-core temperature in the window of AQI-10: monitored in its sense."""
    hypothermia: str = ""
    """Outcome of §2.2: event, no_event, indeterminate; unmapped (sites unknown), unmonitored."""
    hypothermia_rule: str = ""
    """continuous or spot."""
    cooled: Three = None
    """Cooled on purpose, or on bypass."""
    warmed: Three = None
    """By any active measure (AQI-08)."""
    nadir_c: float = float("nan")
    below_36_min: float = float("nan")
    below_355_min: float = float("nan")
    below_35_min: float = float("nan")
    auc36: float = float("nan")
    """°C·h."""
    twa36: float = float("nan")
    """°C."""
    valid_share: float = float("nan")
    """Of the window, with a valid core value: 0 to 1."""
    first_hour_drop_c: float = float("nan")
    at_incision_c: float = float("nan")
    at_end_c: float = float("nan")
    recovery_min: float = float("nan")
    """From the nadir to 36.0 °C again."""
    room_c: float = float("nan")
    """Median of the room's temperature while he was in it."""

    pacu: Three = None
    pacu_first_c: float = float("nan")
    """The first valid temperature after PACU entry, infrared ones too (§2.1)."""
    pacu_measured: Three = None
    pacu_h: float = float("nan")
    """Length of the stay; nan while he is there."""

    transfused: Three = None
    """Whole blood or red cells, autologous too, during anaesthesia."""
    autologous: Three = None
    blood_ml: float = float("nan")
    """All of it."""
    autologous_ml: float = float("nan")

    tooth: Three = None
    aspiration: Three = None
    aspiration_severe: Three = None
    """SpO₂ cannot be held at 90 % on room air on leaving (AQI-12)."""
    airway_unplanned: Three = None
    """Established unplanned for apnoea or respiratory depression, in the suite (AQI-13)."""
    arrest: Three = None
    """Not intended, from anaesthesia start to leaving the suite (AQI-14)."""
    arrest_24h: Three = None
    """The same within 24 h from anaesthesia start (2015-11)."""
    allergy: Three = None
    """With adrenaline given for it at once (AQI-15)."""
    awareness: Three = None
    extubated: Three = None
    """A tracheal or bronchial tube came out after the operation."""
    reintubated: Three = None
    """Unplanned, within 6 h after a post-operative extubation, not for a re-operation (AQI-19)."""
    icu: Three = None
    """Into the ICU after the anaesthetic."""
    icu_planned: Three = None
    """As it stood at anaesthesia start, whatever was said later."""
    analgesia: Three = None
    """Post-operative analgesia run by anaesthesia."""
    vas: float = float("nan")
    """At rest, 24 h after, else the last that was told."""
    nerve: Three = None
    """New severe headache, numbness, weakness or paralysis for more than 72 h (AQI-22)."""
    hoarse: Three = None
    """New, not gone 72 h after extubation (AQI-23)."""
    throat: Three = None
    """Surgery of throat, neck or chest (AQI-23's exclusion)."""
    cranial: Three = None
    coma: Three = None
    """GCS 15 before, ≤ 8 for more than 24 h after, not sedated (AQI-24)."""
    died_after_h: float = float("nan")
    """Death after anaesthesia end (start, where it has no end)."""
    died_start_h: float = float("nan")
    """Death after anaesthesia start."""
    died: Three = None
    """False: known to have lived 24 h after anaesthesia end."""
    died_start: Three = None
    """False: known to have lived 24 h after anaesthesia start."""
    central_line: Three = None
    central_line_harm: Three = None
    """A severe complication of a central venous puncture (2015-15)."""


def to_json(facts: Facts) -> str:
    """What is known, as JSON; what is not is left out."""
    said = {name: value for name in Facts.__slots__ if _is_known(value := getattr(facts, name))}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=dict)


def from_json(text: str) -> Facts:
    said = json.loads(text)
    return Facts(**{**said, "candidates": tuple(said.get("candidates", ()))})


def _is_known(value: object) -> bool:
    return not (value is None or value in ("", (), {}) or (isinstance(value, float) and math.isnan(value)))
