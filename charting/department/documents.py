"""What stands in the documents of a story: who entered which item, and when."""

from collections.abc import Iterator, Sequence

from charting.case.state import cell_item
from charting.department import forms
from charting.department.papers import (
    AFTER,
    ANALGESIA,
    BEFORE,
    PACU,
    RECORD,
    TEMPLATES,
    Entered,
    doctor,
    nurse,
    papers,
    term,
)
from charting.department.story import MINUTE_US, Fluid, Reading, Story
from charting.fill.signals import signals
from charting.trail.contents import Bolus, Charted, Content, Volume, Warming

_GRID_US = 5 * MINUTE_US


def anaesthesia(story: Story) -> Iterator[Entered]:
    def said(at_us: int, item: str, content: Content) -> Entered:
        at_us = max(at_us, story.zero_us + 2 * MINUTE_US)
        return Entered(at_us=at_us, account=story.author, document=RECORD, item=item, content=content)

    for n, drug in enumerate(story.drugs, 1):
        content = Bolus(
            drug=term("drugs", drug.code), dose=drug.dose, unit=drug.unit, route=drug.route, at_us=drug.at_us
        )
        yield said(drug.at_us + MINUTE_US, f"drug-{n}", content)
    for n, fluid in enumerate(story.fluids, 1):
        if fluid.place == "or":
            yield said((fluid.end_us or fluid.start_us) + MINUTE_US, f"fluid-{n}", _volume(fluid))
    yield from _warmth(story, "or", RECORD, story.author)
    yield from _readings(story, "or", RECORD, story.author)
    ended_us = max(story.events["t_anes_end"], story.events["t_room_out"]) + 3 * MINUTE_US
    for field, value in forms.answers(TEMPLATES[RECORD], forms.anaesthesia(story)):
        yield said(ended_us, f"field:{field}", forms.answer(field, value))


def pacu(story: Story) -> Iterator[Entered]:
    entered_us = story.events["t_pacu_in"]
    account, left_us = nurse(story), story.at("t_pacu_out")
    for n, fluid in enumerate(story.fluids, 1):
        if fluid.place == "pacu":
            yield Entered(
                at_us=fluid.start_us + 6 * MINUTE_US,
                account=account,
                document=PACU,
                item=f"fluid-{n}",
                content=_volume(fluid),
            )
    yield from _warmth(story, "pacu", PACU, account)
    yield from _readings(story, "pacu", PACU, account)
    if left_us is not None:
        for item, content in forms.pacu(story, left_us):
            yield Entered(at_us=left_us + 2 * MINUTE_US, account=account, document=PACU, item=item, content=content)
    else:
        content = forms.answer("airway_in", "natural")
        yield Entered(
            at_us=entered_us + 4 * MINUTE_US, account=account, document=PACU, item="field:airway_in", content=content
        )


def _volume(fluid: Fluid) -> Volume:
    what = term("fluids", fluid.code)
    return Volume(
        way=fluid.way,
        group=fluid.group,
        what=what.zh,
        code=what.code,
        ml=fluid.ml,
        start_us=fluid.start_us,
        end_us=fluid.end_us,
    )


def _warmth(story: Story, place: str, document: str, account: str) -> Iterator[Entered]:
    for n, warmth in enumerate(story.warmth, 1):
        if warmth.place == place:
            content = Warming(
                device=warmth.device, start_us=warmth.start_us, end_us=warmth.end_us, ml=warmth.ml,
                set_c=None if warmth.device == "passive" else 38.0,
            )  # fmt: skip
            yield Entered(
                at_us=warmth.end_us + MINUTE_US, account=account, document=document, item=f"warmth-{n}", content=content
            )


def _readings(story: Story, place: str, document: str, account: str) -> Iterator[Entered]:
    """One in a cell: where two fall into the same five minutes, the later one goes to the next mark."""
    taken: set[str] = set()
    for reading in sorted(_of(story, place), key=lambda r: r.time_us):
        mark_us = reading.time_us // _GRID_US * _GRID_US
        while (item := cell_item(reading.signal, mark_us)) in taken:
            mark_us += _GRID_US
        taken.add(item)
        content = Charted(
            signal=reading.signal, mark_us=mark_us, time_us=reading.time_us, value=reading.value,
            unit=signals()[reading.signal].unit, site=reading.site,
        )  # fmt: skip
        begun = next(p.begun_us for p in papers(story) if p.document == document)
        at_us = max(max(reading.time_us, mark_us) + MINUTE_US, begun + MINUTE_US)
        yield Entered(at_us=at_us, account=account, document=document, item=item, content=content)


def _of(story: Story, place: str) -> Sequence[Reading]:
    return [r for r in (*story.temperature.readings, *story.signs) if r.place == place]


def before(story: Story) -> Iterator[Entered]:
    if story.before is None:
        return
    at_us = story.before.visit_us + 2 * MINUTE_US
    for field, value in forms.answers(TEMPLATES[BEFORE], forms.before(story, story.before)):
        yield Entered(
            at_us=at_us, account=doctor(story, 1), document=BEFORE, item=f"field:{field}",
            content=forms.answer(field, value),
        )  # fmt: skip


def after(story: Story) -> Iterator[Entered]:
    if story.after is None:
        return
    for field, value in forms.answers(TEMPLATES[AFTER], forms.after(story, story.after)):
        late = field in forms.LATE and story.after.late_us is not None
        at_us = story.after.late_us if late and story.after.late_us is not None else story.after.visit_us
        yield Entered(
            at_us=at_us + 4 * MINUTE_US, account=doctor(story, 2), document=AFTER, item=f"field:{field}",
            content=forms.answer(field, value),
        )  # fmt: skip


def analgesia(story: Story) -> Iterator[Entered]:
    analgesia = story.analgesia
    if analgesia is None:
        return
    for field, value in forms.answers(TEMPLATES[ANALGESIA], forms.analgesia(analgesia)):
        if field == "vas_rest_24" and analgesia.vas is None:
            continue
        asked = field in {"vas_rest_24", "time_24", "side_effects"}
        at_us = analgesia.asked_us + 5 * MINUTE_US if asked else analgesia.started_us + 15 * MINUTE_US
        yield Entered(
            at_us=at_us, account=doctor(story, 3), document=ANALGESIA, item=f"field:{field}",
            content=forms.answer(field, value),
        )  # fmt: skip
