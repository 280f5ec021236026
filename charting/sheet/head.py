"""What stands above and below every page: title, patient, signatures, and whence the page comes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from charting.case.state import signatures_of
from charting.fill.rules import numbers
from charting.sheet.paper import ALERT, BOTTOM, FAINT, HOUR, LEFT, RIGHT, RULE, TOP, Paper
from charting.sheet.rows import Rest
from charting.sheet.scene import Scene
from charting.sheet.text import width as text_width

_LINE = 37.0
FOOT = 86.0
"""Height of the footer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A named value of the header; `wide`: its share of a line of 24."""

    label: str
    value: str
    wide: int
    needed: bool = False
    data: Mapping[str, object] | None = None


def title(scene: Scene, paper: Paper, more: str = "") -> None:
    """The hospital's name and the document's, and the marks of what is no finished record."""
    middle = (LEFT + RIGHT) / 2
    paper.text(middle, paper.y + 30, scene.site, size=32, anchor="middle")
    paper.text(middle, paper.y + 74, scene.template.title(scene.lang), size=42, anchor="middle", bold=True)
    paper.text(
        RIGHT, paper.y + 30, _state(scene), size=24, anchor="end", fill=FAINT if scene.document.locked else ALERT
    )
    if more:
        paper.text(RIGHT, paper.y + 74, more, size=24, anchor="end", fill=FAINT)
    if scene.case.emergency:
        paper.text(LEFT, paper.y + 30, scene("emergency"), size=26, bold=True, fill=ALERT)
    paper.y += 88
    kinds = (("void_case", scene.case.state == "discarded"), ("demo", scene.demo), ("test", scene.case.is_test))
    said = [scene(key) for key, there in kinds if there][:1] + [scene("draft")] * (not scene.document.locked)
    for n, text in enumerate(said):
        paper.watermark(text, 1250 + 900 * n if len(said) > 1 else 1600, 210)


def _state(scene: Scene) -> str:
    """Signed, sent back, or a draft."""
    return scene("signed" if scene.document.locked else "returned" if scene.document.returned else "draft")


def identity(scene: Scene) -> Sequence[Fact]:
    """Who the patient is: on every page."""
    patient = scene.case.patient
    data = {"item": "patient"}
    number = Fact(label=scene("number"), value=patient.number or patient.visit, wide=5, needed=True, data=data)
    if not number.value and patient.temporary:
        number = Fact(label=scene("temporary"), value=patient.temporary, wide=5, data=data)
    return [
        Fact(label=scene("name"), value=patient.name or patient.temporary, wide=5, needed=True, data=data),
        Fact(label=scene("sex"), value=scene(f"sex.{patient.sex}"), wide=2, data=data),
        Fact(label=scene("age"), value=scene.age(patient), wide=3, data=data),
        number,
        Fact(label=scene("department"), value=patient.department, wide=4, data=data),
        Fact(label=scene("ward"), value=patient.ward, wide=3, data=data),
        Fact(label=scene("ward_bed"), value=patient.ward_bed, wide=2, data=data),
    ]


def body_facts(scene: Scene) -> Sequence[Fact]:
    patient, data = scene.case.patient, {"item": "patient"}
    blood = " ".join(part for part in (patient.blood_group, scene(f"rhesus.{patient.rhesus}")) if part)
    height = f"{patient.height_cm:g} cm" if patient.height_cm is not None else ""
    weight = f"{patient.weight_kg:g} kg" if patient.weight_kg is not None else ""
    area = "room" if scene.case.area == "or" else "bed"
    bed = next(
        (s.bed for s in scene.case.stays if s.start_us <= scene.document.start_us < (s.end_us or s.start_us)), ""
    )
    return [
        Fact(label=scene("height"), value=height, wide=3, data=data),
        Fact(label=scene("weight"), value=weight, wide=3, data=data),
        Fact(label=scene("blood_group"), value=blood, wide=4, data=data),
        Fact(label=scene("asa"), value=scene.coded("asa"), wide=4, data={"coded": "asa"}),
        Fact(label=scene(area), value=bed or scene.case.bed, wide=4),
        Fact(label=scene("date"), value=f"{scene.local(scene.document.start_us):%Y-%m-%d}", wide=6),
    ]


def allergies(scene: Scene, wide: int) -> Fact:
    return Fact(label=scene("allergies"), value=scene.case.patient.allergies, wide=wide, data={"item": "patient"})


def coded_facts(scene: Scene) -> Iterator[Fact]:
    """What was chosen from libraries; on records of the theatre also what was not chosen yet."""
    theatre = scene.template.grid is not None and "or" in scene.template.grid.areas
    for use, wide in _CODED:
        value = scene.coded(use)
        if value or theatre:
            yield Fact(label=scene(use), value=value, wide=wide, data={"coded": use})
    yield allergies(scene, 7 if theatre else 12)


_CODED = (
    ("diagnosis_before", 12), ("planned_procedure", 12), ("diagnosis_after", 12), ("procedure", 12), ("technique", 12),
    ("position", 5),
)  # fmt: skip


def field_facts(scene: Scene) -> Iterator[Fact]:
    """The template's fields: answered ones and required ones."""
    for field in scene.template.fields:
        value = scene.answer(field)
        if value or field.required:
            label = field.zh if scene.lang == "zh" else field.en
            em = text_width(label) + text_width(value) + 2
            wide = next((w for w in (4, 6, 8, 12) if em * 24 <= w * (RIGHT - LEFT) / 24), 24)
            data = {"field": field.id} | ({"item": f"field:{field.id}"} if value else {})
            yield Fact(label=label, value=value, wide=wide, needed=field.required, data=data)


def first_page(scene: Scene) -> list[Fact]:
    """Body, codes and fields; a field that asks the same again replaces only what is empty or the same."""
    fields = list(field_facts(scene))
    asked = {fact.label: fact.value for fact in fields}
    told = [*body_facts(scene), *coded_facts(scene)]
    return [fact for fact in told if fact.label not in asked or fact.value not in {"", asked[fact.label]}] + fields


def facts(paper: Paper, given: Sequence[Fact], rest: Rest) -> None:
    """Named values in lines of 24 shares, each over a thin rule; one that is needed and not there is a red rule."""
    line: list[Fact] = []
    for fact in [*given, None]:
        if fact is None or sum(f.wide for f in line) + fact.wide > 24:
            _line(paper, line, rest)
            line = []
        if fact is not None:
            line.append(fact)


def _line(paper: Paper, line: Sequence[Fact], rest: Rest) -> None:
    if not line:
        return
    share = (RIGHT - LEFT) / max(24, sum(f.wide for f in line))
    if sum(f.wide for f in line) >= 20:
        share = (RIGHT - LEFT) / sum(f.wide for f in line)
    x, y = LEFT, paper.y + _LINE - 9
    for fact in line:
        wide = share * fact.wide
        label_wide = min(text_width(fact.label) * 20, wide * 0.55)
        paper.begin(data=fact.data)
        paper.fitted(x, y, fact.label, label_wide + 1, size=20, fill=FAINT)
        begin, end = x + label_wide + 8, x + wide - 12
        if not paper.fitted(begin + 2, y, fact.value, end - begin - 2, size=25):
            rest.add(f"{fact.label}  {fact.value}")
        alert = fact.needed and not fact.value
        paper.lines([(begin, y + 6, end, y + 6)], ALERT if alert else RULE, 2 if alert else 1.5)
        paper.end()
        x += wide
    paper.y += _LINE


def signatures(scene: Scene, paper: Paper, top: float) -> float:
    """Every slot with name and time, or an empty line; how high it is is returned."""
    done = signatures_of(scene.document)
    slots = scene.template.signatures
    n = min(len(slots), 3)
    wide = (RIGHT - LEFT) / max(n, 1)
    for i, slot in enumerate(slots):
        x, y = LEFT + wide * (i % n), top + 36 + 44 * (i // n)
        label = slot.zh if scene.lang == "zh" else slot.en
        paper.begin(data={"signature": slot.slot})
        paper.fitted(x, y, label, wide * 0.42, size=22, fill=FAINT)
        begin = x + min(text_width(label) * 22, wide * 0.42) + 10
        if slot.slot in done:
            account, at_us = done[slot.slot]
            paper.fitted(begin + 2, y, f"{scene.who(account)}  {scene.moment(at_us)}", x + wide - 24 - begin, size=25)
        paper.lines([(begin, y + 7, x + wide - 20, y + 7)], HOUR, 1.5)
        paper.end()
    return 44.0 * ((len(slots) + n - 1) // n) + 8 if slots else 0.0


def signatures_height(scene: Scene) -> float:
    return 44.0 * ((len(scene.template.signatures) + 2) // 3) + 8


def foot(scene: Scene, paper: Paper, number: int, of: int) -> None:
    """Page n of m, versions, how values are chosen, and the head of the audit trail that the page was drawn from."""
    document, template = scene.document, scene.template
    top = BOTTOM - FOOT + 14
    paper.lines([(LEFT, top, RIGHT, top)], HOUR, 1.5)
    page = scene("page", n=number, m=of)
    parts = [
        scene("version", n=document.version),
        scene("template", name=document.template, version=document.template_version),
        scene("edited", n=scene.edited),
        _state(scene),
        *([scene("filter", filter=scene.filters)] if scene.filters else []),
    ]
    paper.text(RIGHT, top + 24, page, size=22, anchor="end", bold=True)
    paper.fitted(LEFT, top + 24, " | ".join(parts), RIGHT - LEFT - 330, size=20, fill=FAINT)
    if template.kind == "grid":
        paper.fitted(LEFT, top + 70, _how(scene), RIGHT - LEFT, size=17.5, fill=FAINT)
    trail = scene("trail", seq=scene.case.last, hash=scene.case.last_hash)
    printed = scene("printed", time=f"{scene.moment(scene.now_us)} {scene.zone.key}")
    paper.fitted(LEFT, top + 48, f"{printed} | {trail}", RIGHT - LEFT, size=17.5, fill=FAINT)


def _how(scene: Scene) -> str:
    """How values are chosen, by the numbers of the rules: an hourly grid takes temperatures from farther away."""
    hourly = scene.template.grid is not None and scene.template.grid.step_s >= 3600
    temp = numbers()["temp"]
    return scene("how_hourly" if hourly else "how", old=f"{temp['old_min']:g}", reach=f"{temp['reach_min']:g}")


def begin(scene: Scene, index: int, more: str = "", **about: str) -> Paper:
    """A page with its title."""
    label = f"{scene.template.title(scene.lang)} {index}"
    paper = Paper(index, label=label, about={"document": scene.document.id, "case": scene.case.id} | about)
    paper.y = TOP
    title(scene, paper, more)
    return paper
