"""Documents that people write: sections of questions with their answers. One layout for all templates."""

from charting.sheet import head
from charting.sheet.flow import Flow
from charting.sheet.paper import ALERT, FAINT, INK, LEFT, RIGHT, RULE
from charting.sheet.scene import Scene
from charting.sheet.text import width, wrap
from charting.templates.template import Field, Section
from charting.trail.contents import Remark

_LINE = 42.0
_LABEL, _ANSWER = 22.0, 25.0


def form(scene: Scene, flow: Flow) -> None:
    """All sections; short answers two to a line, long ones over the whole width."""
    for section in scene.template.sections:
        _section(scene, flow, section)
    remarks = [(c, i) for _, c, i in scene.moments if isinstance(c, Remark) and i.id in scene.document.items]
    if remarks:
        flow.heading(scene("note"), size=26)
        for remark, item in remarks:
            late = scene.late(item, remark.at_us)
            text = f"{scene.moment(remark.at_us)}  {scene.remark(remark)}" + (scene.aside(late) if late else "")
            author = scene.who(item.versions[-1].author)
            flow.note(f"{text}  {author}", fill=INK, size=24)
    flow.need(head.signatures_height(scene) + 60)
    flow.paper.y += 50
    flow.paper.y += head.signatures(scene, flow.paper, flow.paper.y)


def _section(scene: Scene, flow: Flow, section: Section) -> None:
    flow.heading(section.zh if scene.lang == "zh" else section.en, size=26)
    flow.paper.lines([(LEFT, flow.paper.y, RIGHT, flow.paper.y)], RULE, 1.5)
    flow.paper.y += 4
    half: list[tuple[Field, str]] = []
    for field in section.fields:
        text = scene.answer(field)
        label = width(_label(scene, field)) * _LABEL
        if max(label * 1.1, label + width(text) * _ANSWER) > (RIGHT - LEFT) / 2 - 60:
            _halves(scene, flow, half)
            half = []
            _whole(scene, flow, field, text)
            continue
        half.append((field, text))
        if len(half) == 2:
            _halves(scene, flow, half)
            half = []
    _halves(scene, flow, half)


def _data(field: Field, text: str) -> dict[str, str]:
    """An answer is an item; a question without one is only a field."""
    return {"field": field.id} | ({"item": f"field:{field.id}"} if text else {})


def _label(scene: Scene, field: Field) -> str:
    return field.zh if scene.lang == "zh" else field.en


def _halves(scene: Scene, flow: Flow, fields: list[tuple[Field, str]]) -> None:
    if not fields:
        return
    flow.need(_LINE)
    paper = flow.paper
    for n, (field, text) in enumerate(fields):
        x, end = LEFT + (RIGHT - LEFT) / 2 * n, LEFT + (RIGHT - LEFT) / 2 * (n + 1) - 30
        paper.begin(data=_data(field, text))
        label = _label(scene, field)
        room = min(width(label) * _LABEL, (end - x) * 0.7)
        paper.fitted(x, paper.y + 31, label, room + 1, size=_LABEL, fill=FAINT)
        begin = x + room + 12
        paper.fitted(begin + 2, paper.y + 31, text, end - begin, size=_ANSWER)
        _rule(scene, flow, begin, end, field, text)
        paper.end()
    paper.y += _LINE


def _whole(scene: Scene, flow: Flow, field: Field, text: str) -> None:
    label = _label(scene, field)
    flow.need(_LINE * 2)
    for line in wrap(label, (RIGHT - LEFT) / _LABEL):
        flow.paper.text(LEFT, flow.paper.y + 31, line, size=_LABEL, fill=FAINT)
        flow.paper.y += _LINE - 6
    for line in wrap(text, (RIGHT - LEFT - 40) / _ANSWER):
        flow.need(_LINE)
        flow.paper.begin(data=_data(field, text))
        flow.paper.text(LEFT + 30, flow.paper.y + 30, line, size=_ANSWER)
        _rule(scene, flow, LEFT + 26, RIGHT, field, text)
        flow.paper.end()
        flow.paper.y += _LINE - 4


def _rule(scene: Scene, flow: Flow, begin: float, end: float, field: Field, text: str) -> None:
    alert = field.required and not text
    y = flow.paper.y + 38
    flow.paper.lines([(begin, y, end, y)], ALERT if alert else RULE, 2 if alert else 1.5)
    if alert:
        flow.paper.text(end - 4, y - 8, scene("required"), size=17, fill=ALERT, anchor="end")
