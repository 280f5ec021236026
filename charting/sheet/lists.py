"""The last pages of a record: what was changed, what found no room, what was used, and what was lacking."""

from collections.abc import Sequence

from charting.case.findings import findings
from charting.case.state import Item
from charting.fill.rules import rules
from charting.fill.types import Cell as Captured
from charting.sheet.columns import Columns
from charting.sheet.flow import Cell, Flow
from charting.sheet.paper import INK
from charting.sheet.rows import Rest, total_of
from charting.sheet.scene import Scene, Value, content_at
from charting.sheet.signals import signal
from charting.trail.contents import (
    Answer,
    Attendance,
    Bolus,
    Breathing,
    Charted,
    Coded,
    Consumable,
    Event,
    Finding,
    Infusion,
    Pace,
    Patient,
    Remark,
    Score,
    Volume,
    Warming,
)


def edits(scene: Scene, flow: Flow) -> None:
    """Original → new, by whom, when and why: of the document, then of the case's own data."""
    for key, items in (("edits", scene.document.items), ("case_edits", scene.case.items)):
        changes = scene.edits(items)
        if not changes:
            continue
        flow.heading(scene(key, n=sum(item.edited for item in items.values())))
        rows: list[list[Cell | str]] = []
        data: list[dict[str, object]] = []
        for item, before, after in changes:
            new = text_of(scene, content_at(item, after)) if after.content is not None else scene("void")
            old = text_of(scene, content_at(item, before))
            rows.append(
                [
                    _name(scene, item),
                    Cell(text=old, struck=after.content is None),
                    new,
                    scene.who(after.author),
                    scene.moment(after.at_us),
                    scene.reason(after.reason),
                ]
            )
            data.append({"item": item.id, "version": after.number})
        titles = [scene(f"edit.{name}") for name in ("item", "before", "after", "who", "when", "reason")]
        flow.table((4.6, 4.2, 4.2, 2.6, 3.5, 4.2), titles, rows, data)


def sent_back(scene: Scene, flow: Flow) -> None:
    """Why the document was sent back to its author, until it is signed again."""
    if scene.document.returned is not None:
        account, reason, at_us = scene.document.returned
        flow.heading(f"{scene('returned')}: {scene.who(account)} {scene.moment(at_us)}")
        flow.note(scene.reason(reason), fill=INK)


def doubts(scene: Scene, flow: Flow) -> None:
    """Charted values that a rule marks: which, from when to when, and why. Neighbours of one rule are a line."""
    found: list[list[Value]] = []
    for several in scene.values.values():
        before = ""
        for value in several:
            if value.doubt and value.doubt == before:
                found[-1].append(value)
            elif value.doubt:
                found.append([value])
            before = value.doubt
    if not found:
        return
    flow.heading(scene("doubts", n=sum(len(run) for run in found)))
    rows: list[list[Cell | str]] = []
    for run in sorted(found, key=lambda run: run[0].time_us):
        first, last = run[0], run[-1]
        when = scene.clock(first.time_us) + (f"–{scene.clock(last.time_us, first.time_us)}" if len(run) > 1 else "")
        of = signal(first.signal)
        low, high = (of.written(pick(v.value for v in run)) for pick in (min, max))
        values = f"{low if low == high else f'{low}–{high}'} {of.unit}".strip()
        rule = rules().get(first.doubt)
        why = first.doubt if rule is None else rule.zh if scene.lang == "zh" else rule.en
        rows.append([of.label(scene.lang), when, str(len(run)), values, why])
    titles = [scene(key) for key in ("edit.item", "time", "doubts.n", "doubts.values", "edit.reason")]
    flow.table((4, 3.4, 1.4, 3.4, 8), titles, rows, [{"doubt": run[0].doubt} for run in found], frozenset({2}))


def rest_of(scene: Scene, flow: Flow, rest: Rest) -> None:
    if rest.lines:
        flow.heading(scene("continued"))
        for line in rest.lines:
            flow.note(line, fill=INK)


def outside(scene: Scene, flow: Flow, pages: Sequence[Columns]) -> None:
    """What has its time where no page has: nothing of a record is left out, nor an event of the case."""
    found = [
        f"{n}  {scene.moment(content.at_us)}  {scene.said(content)}"
        for n, content, item in scene.moments
        if scene.case.items.get(item.id) is item and not any(page.holds(content.at_us) for page in pages)
    ]
    for item in scene.document.items.values():
        content = item.content if item.versions else item.captured
        times = times_of(content)
        if times and not any(page.meets(min(times), max(times) + 1) for page in pages):
            found.append(f"{_name(scene, item)}  {scene.moment(min(times))}  {text_of(scene, content)}")
    if found:
        flow.heading(scene("outside"))
        for line in found:
            flow.note(line, fill=INK)


def times_of(content: object) -> list[int]:
    """The times that an item's content has, in no order; nothing for one without a time."""
    names = ("at_us", "start_us", "end_us", "stop_us", "mark_us")
    found: list[int] = [getattr(content, n) for n in names if isinstance(getattr(content, n, None), int)]
    return [*found, *(rate.at_us for rate in getattr(content, "rates", ()))]


def consumables(scene: Scene, flow: Flow) -> None:
    found = scene.of(Consumable)
    if found:
        flow.heading(scene("consumables"))
        for _, each in found:
            flow.note(f"{scene.clock(each.at_us)}  {text_of(scene, each)}", fill=INK)


def totals(scene: Scene, flow: Flow) -> None:
    """How much of each drug was given: doses added up, and what infusions were told to have given, or must have."""
    sums: dict[tuple[str, str], float] = {}
    for _, given in scene.of(Bolus):
        key = (scene.term(given.drug), given.unit)
        sums[key] = sums.get(key, 0.0) + given.dose
    lines = [f"{drug} {total:g}\u00a0{scene.unit(unit)}" for (drug, unit), total in sums.items()]
    ran: dict[str, list[Infusion]] = {}
    for _, run in scene.of(Infusion):
        if run.rates or run.total is not None:
            ran.setdefault(scene.term(run.drug), []).append(run)
    for drug, runs in ran.items():
        total = total_of(scene, runs, 0, scene.now_us)
        if total is not None:
            lines.append(f"{drug} ({scene('section.infusion')}) {total.text}\u00a0{scene.unit(total.unit)}".strip())
    if lines:
        flow.heading(scene("drug_totals"))
        flow.note(scene("separator").join(lines), fill=INK)


def transfusions(scene: Scene, flow: Flow) -> None:
    """Each blood product with its number and the reaction to it (clinical.md §3.7)."""
    found = [v for _, v in scene.of(Volume) if v.way == "in" and v.group in {"blood", "autologous"}]
    if found:
        flow.heading(scene("transfusions"))
        rows: list[list[Cell | str]] = []
        for each in sorted(found, key=lambda v: v.start_us):
            end = f"–{scene.clock(each.end_us)}" if each.end_us is not None else ""
            when = f"{scene.clock(each.start_us)}{end}"
            rows.append([when, scene.fluid(each), f"{each.ml:g} mL", each.reaction or scene("not_told")])
        titles = [scene(key) for key in ("time", "transfusion.product", "transfusion.volume", "transfusion.reaction")]
        flow.table((3, 5, 2, 5), titles, rows)


def lacking(scene: Scene, flow: Flow) -> None:
    """Required things that were empty when the present version was signed."""
    names = scene.template.lacking_names
    for signed, account, at_us in scene.document.signatures:
        if signed.version == scene.document.version and signed.lacking:
            flow.heading(f"{scene('lacking')}: {scene.who(account)} {scene.moment(at_us)}")
            separator = "、" if scene.lang == "zh" else ", "
            flow.note(separator.join(names.get(key, {}).get(scene.lang, key) for key in signed.lacking), fill=INK)


def _name(scene: Scene, item: Item) -> str:
    """What an item is, for the list: a cell by signal and time."""
    found = item.captured or next((v.content for v in item.versions if v.content is not None), None)
    if isinstance(found, Captured | Charted):
        return f"{signal(found.signal).label(scene.lang)} {scene.clock(found.time_us)}"
    if isinstance(found, Answer):
        field = scene.template.field(found.field)
        return found.field if field is None else field.zh if scene.lang == "zh" else field.en
    if isinstance(found, Bolus | Infusion):
        return scene.term(found.drug)
    if isinstance(found, Coded):
        return scene(found.use) if found.use in _USES else found.use
    return scene(f"kind.{found.kind}") if found is not None else item.id


_USES = frozenset(
    {
        "asa", "diagnosis_before", "diagnosis_after", "planned_procedure", "procedure", "insurance_procedure",
        "technique", "position",
    }
)  # fmt: skip


def text_of(scene: Scene, content: object) -> str:
    """What an item says, in a line."""
    match content:
        case Captured():
            if content.value is None:
                return scene("empty")
            return f"{signal(content.signal).written(content.value)} {scene.unit(content.unit)}".strip()
        case Charted():
            how = f" ({scene(f'accepted.{content.accepted}')})" if content.accepted else ""
            where = f" {scene.measured_at(content.site)}" if content.site else ""
            return f"{signal(content.signal).written(content.value)} {scene.unit(content.unit)}{where}{how}"
        case Event():
            return f"{scene.clock(content.at_us)} {scene.event(content)}"
        case Remark():
            return f"{scene.clock(content.at_us)} {scene.remark(content)}"
        case Bolus():
            given = f"{content.dose:g} {scene.unit(content.unit)} {scene.route(content.route)} {content.note}"
            return f"{scene.clock(content.at_us)} {given}".strip()
        case Infusion():
            rates = ", ".join(f"{scene.clock(r.at_us)} {r.rate:g}" for r in content.rates)
            stop = f" –{scene.clock(content.stop_us)}" if content.stop_us is not None else ""
            return f"{rates} {scene.unit(content.unit)}{stop}"
        case Volume():
            what = scene.fluid(content)
            end = f"–{scene.clock(content.end_us)}" if content.end_us is not None else ""
            when = f"{scene.clock(content.start_us)}{end}"
            return f"{what} {content.ml:g} mL {when} {content.reaction}".strip()
        case Attendance():
            return f"{scene.role(content.role)} {content.name} {scene.presence(content)}"
        case Coded():
            return f"{scene.term(content.term)} ({content.term.code})"
        case Pace():
            end = scene.clock(content.end_us) if content.end_us is not None else ""
            return f"{scene(content.why)} {scene.clock(content.start_us)}–{end}"
        case Breathing():
            return f"{scene.clock(content.at_us)} {scene(f'breathing.{content.way}')} {content.mode}".strip()
        case Score():
            return f"{scene.clock(content.at_us)} {content.scale} {content.total}"
        case Consumable():
            lot = scene("lot", lot=content.lot) if content.lot else ""
            return f"{scene.term(content.term)} × {content.n:g} {lot} {content.udi}".strip()
        case Answer():
            field = scene.template.field(content.field)
            return scene.answered(field, content.value) if field is not None else str(content.value)
        case Patient():
            return _patient(scene, content)
        case Warming():
            return scene.warming(content)
        case Finding():
            return f"{findings()[content.key].name[scene.lang]}: {scene(content.value)} {content.note}".strip()
        case _:
            return ""


def _patient(scene: Scene, patient: Patient) -> str:
    parts = [
        patient.number,
        patient.temporary,
        patient.name,
        scene(f"sex.{patient.sex}"),
        scene.age(patient),
        patient.department,
        patient.ward,
        patient.ward_bed,
        f"{patient.height_cm:g} cm" if patient.height_cm is not None else "",
        f"{patient.weight_kg:g} kg" if patient.weight_kg is not None else "",
        patient.blood_group + scene(f"rhesus.{patient.rhesus}"),
        patient.allergies,
    ]
    return " ".join(part for part in parts if part)
