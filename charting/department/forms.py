"""What stands in the forms of a story: what the story tells, and something ordinary where a form asks for more."""

from collections.abc import Iterator, Mapping
from functools import cache

from charting.department.agenda import iso
from charting.department.story import HOUR_US, After, Analgesia, Before, Story
from charting.library.scores import scales
from charting.templates.loader import Templates
from charting.templates.template import Field, Template
from charting.trail.contents import Answer, Content, Score

Value = str | float | bool | tuple[str, ...]

LATE = frozenset({"visit_time_72", "hoarseness_72", "nerve_72"})
"""Fields of the visit after that are asked after 72 h."""

_ORDINARY: Mapping[str, Value] = {
    "comorbidity": ("none",), "mouth_opening": 4.5, "fasting_solids": 8.0, "fasting_liquids": 4.0, "allergy": "无",
    "monitoring": ("ecg", "nibp", "spo2"), "complications": ("none",), "recipe": "舒芬太尼 100 ug, 100 mL",
    "volume": 100.0, "background": 2.0, "bolus": 2.0, "lockout": 15.0, "side_effects": ("none",), "oxygen": "nasal",
}  # fmt: skip


@cache
def templates() -> Templates:
    return Templates.load()


@cache
def newest(name: str) -> Template:
    found = templates().get(name)
    if found is None:
        raise LookupError(name)
    return found


def answer(field: str, value: Value) -> Answer:
    return Answer(field=field, value=value)


def answers(template: str, said: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """Fields of the newest version in its order: what is said, and the required ones."""
    for field in newest(template).fields:
        if field.id in said:
            if said[field.id] != ():
                yield field.id, said[field.id]
        elif field.required:
            yield field.id, _ORDINARY.get(field.id, _any(field))


def _any(field: Field) -> Value:
    match field.type:
        case "bool":
            return False
        case "number":
            return field.low or 0.0
        case "choice":
            return field.options[0].code
        case "multi":
            return (field.options[0].code,)
        case _:
            return "无"


def anaesthesia(story: Story) -> Mapping[str, Value]:
    tubes = {"ETT": "oral", "DLT": "dlt", "LMA": "lma", "trach": "trach"}
    inside = [t for t in story.tubes if t.in_us < story.events["t_room_out"]]
    dead = story.at("t_death") is not None and story.events["t_death"] < story.events["t_anes_end"]
    where = "dead" if dead else {"pacu": "pacu", "icu": "icu", "ward": "ward"}.get(_first_place(story), "other")
    done: tuple[str, ...] = ("arterial_line",) if story.operation.icu >= 30 else ()
    if any(t.device == "DLT" for t in inside):
        done += ("double_lumen",)
    return {
        "premedication": "无",
        "procedures": done,
        "tube": tubes[inside[0].device] if inside else "none",
        "effect": "good",
        "complication": any(f.yes for f in story.findings.values()),
        "disposition": where,
    }


def _first_place(story: Story) -> str:
    if story.at("t_pacu_in") is not None:
        return "pacu"
    return "icu" if story.at("t_icu_in") is not None else "ward"


def pacu(story: Story, left_us: int) -> Iterator[tuple[str, Content]]:
    """Of a stay that has ended; its score too."""
    said: dict[str, Value] = {
        "from_room": next((b.bed for b in story.beds if b.bed), "—"),
        "handed_over_by": story.crew[0].name,
        "airway_in": "natural",
        "consciousness_in": "drowsy",
        "airway_out": "natural",
        "consciousness_out": "awake",
        "destination": "icu" if story.at("t_icu_in") is not None else "ward",
        "taken_over_by": "病房护士",
    }
    if story.analgesia is not None:
        said["analgesia_pump"] = "yes"
    for field, value in answers("pacu_record", said):
        yield f"field:{field}", answer(field, value)
    parts = {name: max(part.levels) for name, part in scales()["Steward"].parts.items()}
    yield "steward", Score(scale="Steward", at_us=left_us, parts=parts, total=sum(parts.values()))


def before(story: Story, visit: Before) -> Mapping[str, Value]:
    return {
        "visit_time": iso(visit.visit_us),
        "diagnosis": story.operation.diagnosis,
        "procedure": story.operation.procedure,
        "planned_technique": story.planned.code,
        "asa": story.asa,
        "icu_planned": visit.icu_planned,
    }


def after(story: Story, visit: After) -> Mapping[str, Value]:
    said: dict[str, Value] = {
        "visit_time": iso(visit.visit_us),
        "consciousness": visit.consciousness,
        "vas_rest": visit.vas,
        "awareness": visit.awareness,
        "reintubated": _reintubated(story),
    }
    if visit.late_us is not None:
        said |= {"visit_time_72": iso(visit.late_us), "hoarseness_72": visit.hoarse, "nerve_72": visit.nerve}
    return said


def _reintubated(story: Story) -> bool:
    """A tube went in again within 6 h, whatever for."""
    if "reintubation" in story.findings:
        return story.findings["reintubation"].yes
    outs = [t.out_us for t in story.tubes if t.out_us is not None]
    return any(0 < tube.in_us - out_us <= 6 * HOUR_US for tube in story.tubes for out_us in outs)


def analgesia(said: Analgesia) -> Mapping[str, Value]:
    found: dict[str, Value] = {"route": said.route, "started": iso(said.started_us)}
    if said.vas is not None:
        found |= {"time_24": iso(said.asked_us), "vas_rest_24": said.vas}
    return found
