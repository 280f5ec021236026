"""Whether a content can be so: numbers, times, terms of libraries, fields of templates. Pure; raises Impossible."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from alarms.temperature import sites
from charting.case.clock import HOUR_US, MINUTE_US, SiteClock
from charting.case.events import events
from charting.case.findings import FINDING, finding_item, findings
from charting.case.refusals import Impossible
from charting.case.staff import staff
from charting.case.state import Case, Document, Item, cell_item
from charting.fill.signals import signals
from charting.fill.types import CellState
from charting.library.controlled import controlled_class
from charting.library.library import Libraries
from charting.library.scores import scales
from charting.templates.template import Field, Template
from charting.trail.contents import (
    Answer,
    Attendance,
    Bolus,
    Charted,
    Coded,
    Consumable,
    Content,
    Controlled,
    Event,
    Finding,
    Infusion,
    Pace,
    Patient,
    Score,
    Term,
    Volume,
    Warming,
)

AHEAD_US = 5 * MINUTE_US
"""How far a time may lie in the future: clocks differ."""

EARLIEST_US = 946_684_800_000_000
"""2000-01-01 UTC: what is before is a clock that was never set."""

LEAD_US = 24 * HOUR_US
"""How long before a case was opened something on it may have happened: it was opened late (our judgement)."""

WARMEST_C = 50.0
"""What no warmer is set to (our judgement; an outlet above 43 °C burns, clinical.md §2.6: warned about)."""

MAX_TEXT = 4_000
"""Characters of one text: two pages, and no more than a form's field holds."""

NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,19}")
"""What the numbers of patients and of their visits look like."""

LIBRARY_OF: Mapping[str, str] = {
    "planned_procedure": "procedures",
    "procedure": "procedures",
    "insurance_procedure": "procedures_insurance",
    "diagnosis_before": "diagnoses",
    "diagnosis_after": "diagnoses",
    "technique": "techniques",
    "position": "positions",
    "asa": "asa",
}
"""Use of a coded term → its library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a content is checked against: `document`, `template`, `item` None where there is none (yet)."""

    clock: SiteClock
    libraries: Libraries
    case: Case
    document: Document | None = None
    template: Template | None = None
    item: Item | None = None


def check_time(clock: SiteClock, at_us: int) -> None:
    """A point in time that was."""
    if at_us < EARLIEST_US:
        raise Impossible("time_too_early")
    if at_us > clock.now_us() + AHEAD_US:
        raise Impossible("time_ahead", time=clock.written(at_us))


def check_texts(value: object) -> None:
    """All texts and numbers in a value can be kept and read: no control characters, not endless, finite."""
    for _, part in _parts(value):
        if isinstance(part, str) and (len(part) > MAX_TEXT or any(_unreadable(c) for c in part)):
            raise Impossible("text_unreadable", most=str(MAX_TEXT))
        if isinstance(part, float) and not math.isfinite(part):
            raise Impossible("not_a_number")
        if isinstance(part, int) and abs(part) >= 2**63:
            raise Impossible("not_a_number")


def check_patient(patient: Patient, clock: SiteClock) -> None:
    check_texts(patient)
    for number in (patient.number, patient.visit):
        if number and not NUMBER.fullmatch(number):
            raise Impossible("patient_number")
    if patient.birth_date:
        born = _day(patient.birth_date)
        if born is None or born > clock.local(clock.now_us()).date() or born.year < 1850:
            raise Impossible("birth_date")
    _within(patient.height_cm, 10, 280, "height")
    _within(patient.weight_kg, 0.1, 700, "weight")


def check(content: Content, item: str, scene: Scene) -> None:
    """A content for an item, by the rules of its kind."""
    check_texts(content)
    _check_times(content, scene)
    if item.startswith(FINDING) and not isinstance(content, Finding):
        raise Impossible("misplaced")
    match content:
        case Patient():
            check_patient(content, scene.clock)
        case Event():
            _check_event(content)
        case Finding():
            _check_finding(content, item)
        case Attendance():
            _ordered(content.in_us, content.out_us)
            if content.role not in staff():
                raise Impossible("staff_role_unknown")
            if not content.name:
                raise Impossible("attendance_nameless")
        case Coded():
            if content.use not in LIBRARY_OF:
                raise Impossible("unknown_use")
            _check_term(content.term, LIBRARY_OF[content.use], scene)
        case Pace():
            _ordered(content.start_us, content.end_us)
        case Charted():
            _check_charted(content, item, scene)
        case Bolus():
            _check_term(content.drug, "drugs", scene)
            _more_than_nothing(content.dose, content.unit)
        case Infusion():
            _check_infusion(content, scene)
        case Volume():
            _check_volume(content)
        case Consumable():
            _check_term(content.term, "consumables", scene)
            _more_than_nothing(content.n, "1")
        case Controlled():
            _check_controlled(content, scene)
        case Warming():
            _check_warming(content, scene)
        case Score():
            _check_score(content)
        case Answer():
            _check_answer(content, item, scene)
        case _:
            pass


def _parts(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Every plain value within a value, with the name of the field that holds it."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _parts(getattr(value, field.name), field.name)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _parts(key, name)
            yield from _parts(part, name)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from _parts(part, name)
    else:
        yield name, value


def _unreadable(character: str) -> bool:
    code = ord(character)
    return (code < 32 and character not in "\n\t") or code == 127 or 0xD800 <= code < 0xE000


def _check_times(content: Content, scene: Scene) -> None:
    for name, value in _parts(content):
        if name.endswith("_us") and isinstance(value, int):
            check_time(scene.clock, value)
            if value < min(scene.case.opened_us, *(s.start_us for s in scene.case.stays)) - LEAD_US:
                raise Impossible("time_before_case", time=scene.clock.written(value))


def _ordered(start_us: int, end_us: int | None) -> None:
    if end_us is not None and end_us < start_us:
        raise Impossible("end_before_start")


def _more_than_nothing(amount: float, unit: str) -> None:
    if amount <= 0:
        raise Impossible("amount_not_positive")
    if not unit:
        raise Impossible("unit_missing")


def _within(value: float | None, low: float, high: float, what: str) -> None:
    if value is not None and not low <= value <= high:
        raise Impossible(what, low=f"{low:g}", high=f"{high:g}")


def _check_term(term: Term, library: str, scene: Scene) -> None:
    coding = scene.libraries.coding(library, term.version, term.code)
    if term.library != library or coding is None or coding.term != term:
        raise Impossible("term_unknown", library=library)
    chosen = [v.content for v in scene.item.versions] if scene.item else []
    if any(getattr(before, "drug", None) == term or getattr(before, "term", None) == term for before in chosen):
        return  # what was chosen stays readable, and what is said of it can be mended
    if not any(
        coding.valid(f"{scene.clock.local(at_us):%Y-%m-%d}") for at_us in (scene.case.opened_us, scene.clock.now_us())
    ):
        raise Impossible("term_retired", zh=term.zh, en=term.en)


def _check_event(event: Event) -> None:
    kind = events().get(event.key)
    if kind is None:
        raise Impossible("event_unknown")
    _check_details(event.details, kind.details)


def _check_finding(finding: Finding, item: str) -> None:
    kind = findings().get(finding.key)
    if kind is None:
        raise Impossible("finding_unknown")
    if item != finding_item(finding.key):
        raise Impossible("misplaced")
    _check_details(finding.details, kind.details)


def _check_details(said: Mapping[str, str], asked: Mapping[str, Sequence[str]]) -> None:
    """Each is asked for, and one of the choices; not everything that is asked has to be said."""
    for name, word in said.items():
        if name not in asked or (asked[name] and word not in asked[name]):
            raise Impossible("event_detail", name=name if name in asked else "?")


def _check_charted(content: Charted, item: str, scene: Scene) -> None:
    template, document = scene.template, scene.document
    if template is None or document is None or item != cell_item(content.signal, content.mark_us):
        raise Impossible("cell_misplaced")
    if content.signal not in template.signals:
        raise Impossible("signal_unknown")
    signal = signals()[content.signal]
    if content.unit != signal.unit:
        raise Impossible("unit_differs", unit=signal.unit)
    low, high = signal.hard_low, signal.hard_high
    _within(content.value, min(low or 0, 0), math.inf if high is None else high, "value_out_of_range")
    if content.site and (signal.kind != "temperature" or content.site not in sites() or content.site == "skin"):
        raise Impossible("site_unknown")
    captured = scene.item.captured if scene.item else None
    if content.accepted == "held":
        told = None if captured is None else (captured.state, captured.value, captured.unit, captured.time_us)
        if told != (CellState.HELD, content.value, content.unit, content.time_us):
            raise Impossible("accepted_not_told")
    if content.accepted == "excursion" and not any(
        (e.signal, e.mark_us, e.extreme, e.unit) == (content.signal, content.mark_us, content.value, content.unit)
        and e.start_us <= content.time_us <= e.end_us
        for e in document.excursions
    ):
        raise Impossible("accepted_not_told")


def _check_infusion(content: Infusion, scene: Scene) -> None:
    _check_term(content.drug, "drugs" if content.what == "drug" else "gases", scene)
    if not content.rates:
        raise Impossible("infusion_without_rate")
    if not content.unit:
        raise Impossible("unit_missing")
    times = [r.at_us for r in content.rates]
    if any(r.rate < 0 for r in content.rates) or (content.total is not None and content.total < 0):
        raise Impossible("amount_negative")
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise Impossible("rates_out_of_order")
    _ordered(times[-1], content.stop_us)


def _check_controlled(content: Controlled, scene: Scene) -> None:
    """Given and wasted are what was drawn up; nobody returns more empties than he opened."""
    _check_term(content.drug, "drugs", scene)
    if controlled_class(scene.libraries, content.drug) == "":
        raise Impossible("controlled_not")
    if not content.lot.strip():
        raise Impossible("controlled_lot")
    _more_than_nothing(content.size, content.unit)
    _more_than_nothing(content.ampoules, content.unit)
    if min(content.given, content.wasted, content.empties) < 0:
        raise Impossible("amount_negative")
    drawn = content.ampoules * Decimal(repr(content.size))
    if Decimal(repr(content.given)) + Decimal(repr(content.wasted)) != drawn:
        numbers = {"given": content.given, "wasted": content.wasted, "drawn": float(drawn)}
        raise Impossible("controlled_balance", unit=content.unit, **{k: f"{n:.10g}" for k, n in numbers.items()})
    if content.empties > content.ampoules:
        raise Impossible("controlled_empties", opened=str(content.ampoules))


VOLUME_GROUPS: Mapping[str, tuple[str, ...]] = {
    "in": ("crystalloid", "colloid", "blood", "autologous", "drug", "other"),
    "out": ("urine", "blood_loss", "drain", "gastric", "other_out"),
}


def _check_volume(content: Volume) -> None:
    if content.group not in VOLUME_GROUPS[content.way]:
        raise Impossible("volume_group")
    if content.ml < 0:
        raise Impossible("amount_negative")
    _ordered(content.start_us, content.end_us)


def _check_warming(content: Warming, scene: Scene) -> None:
    """In documents that devices fill, and in those that ask about warming."""
    template = scene.template
    if template is None or not (template.grid or template.field("warming")):
        raise Impossible("misplaced")
    _ordered(content.start_us, content.end_us)
    if content.set_c is not None and not 0 < content.set_c <= WARMEST_C:
        raise Impossible("warming_set", high=f"{WARMEST_C:g}")
    if content.ml is not None and content.ml < 0:
        raise Impossible("amount_negative")


def _check_score(content: Score) -> None:
    scale = scales().get(content.scale)
    if scale is None:
        raise Impossible("scale_unknown")
    if set(content.parts) != set(scale.parts) or any(
        value not in scale.parts[part].levels for part, value in content.parts.items()
    ):
        raise Impossible("score_parts")
    if content.total != sum(content.parts.values()):
        raise Impossible("score_total", total=str(sum(content.parts.values())))


def _check_answer(content: Answer, item: str, scene: Scene) -> None:
    field = scene.template.field(content.field) if scene.template else None
    if field is None or item != f"field:{content.field}":
        raise Impossible("field_unknown")
    if not _fits(field, content.value, scene.libraries):
        raise Impossible("answer_misfit", zh=field.zh, en=field.en)


def _fits(field: Field, value: object, libraries: Libraries) -> bool:
    codes = {o.code for o in field.options}
    match field.type:
        case "bool":
            return isinstance(value, bool)
        case "number":
            known = isinstance(value, (int, float)) and not isinstance(value, bool)
            low = -math.inf if field.low is None else field.low
            high = math.inf if field.high is None else field.high
            return known and low <= float(str(value)) <= high
        case "multi":
            return isinstance(value, (tuple, list)) and set(value) <= codes and len(set(value)) == len(value)
    if not isinstance(value, str):
        return False
    match field.type:
        case "text":
            return True
        case "choice":
            return value in codes or not value
        case "date":
            return not value or _day(value) is not None
        case "time":
            return not value or _is_time(value)
        case _:
            return not value or libraries.named(field.library, value) is not None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def _is_time(text: str) -> bool:
    """ISO 8601 with its offset from UTC."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
