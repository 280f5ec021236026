"""Writes a story for a slot of the agenda: the way through the house first, then what else there is to tell."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

from charting.department import aftermath, outcomes, temperature
from charting.department.agenda import Beds, Slot, local
from charting.department.chance import pick
from charting.department.frame import Frame
from charting.department.mix import Technique
from charting.department.people import staff
from charting.department.story import DAY_US, HOUR_US, MINUTE_US, Bed, Person, Presence, Story, Temperature, Tube

_GAP_US = 20 * MINUTE_US
"""Between two patients in a room."""
_TRAINEES = 0.15
"""Of all cases: with a trainee."""
_ENDINGS: Mapping[str, float] = {
    "": 0.96, "before": 0.007, "entered": 0.012, "at_start": 0.001, "started": 0.008, "incised": 0.002, "died": 0.0015,
    "test": 0.0045, "discarded": 0.004,
}  # fmt: skip
"""How a case goes: as it should; cancelled before entering, after it, in the minute of the start, after it, in the
minute of the incision or after it; died in the room; opened to try things out; opened by mistake.
"""
_CUT = frozenset({"at_start", "started"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Minutes from entering the room; None: it did not come to that."""

    suite: int
    start: int
    tube: int
    incision: int | None
    surgery: int | None
    out: int
    pacu_in: int | None = None
    pacu_out: int | None = None
    icu_in: int | None = None
    ending: str = ""

    @property
    def gone(self) -> int:
        """His bed in the room is empty: he is at the next one, or was seen out of the room."""
        return next((minute for minute in (self.pacu_in, self.icu_in) if minute is not None), self.out)

    @property
    def left(self) -> int:
        """The last that is known: out of the PACU, else out of the room."""
        if self.pacu_in is None:
            return self.out
        return self.pacu_in + 200 if self.pacu_out is None else self.pacu_out


def write(rng: Random, case: str, slot: Slot, person: Person, beds: Mapping[str, Beds]) -> Story:
    """The story of a slot. Its beds are taken for it."""
    ending, chosen = pick(rng, _ENDINGS), pick(rng, slot.operation.techniques)
    if ending in {"before", "entered"}:
        return _cancelled(rng, case, slot, person, chosen, entered=ending == "entered")
    way = _way(rng, slot, chosen, ending)
    kind = "urgent" if slot.emergency and slot.operation.unit in {"or", "day"} else slot.operation.unit
    zero_us = beds[kind].soonest(slot.at_us, _GAP_US)
    room = beds[kind].take(zero_us, zero_us + way.gone * MINUTE_US)
    closed_us = zero_us + ((way.icu_in + 60) if way.icu_in is not None else (way.left + 25)) * MINUTE_US
    stays = tuple(_stays(rng, slot, zero_us, way, room, beds, closed_us))
    crew = tuple(_crew(rng, zero_us, way, chosen, room))
    story = Story(
        case=case,
        person=person,
        operation=slot.operation,
        techniques=chosen,
        planned=chosen[0],
        asa=_asa(rng, slot, person),
        emergency=slot.emergency,
        opened_us=stays[0].at_us,
        opened_by=rng.choice(staff().or_nurse).account,
        beds=stays,
        closed_us=closed_us,
        zero_us=zero_us,
        events={key: zero_us + minute * MINUTE_US for key, minute in _events(rng, slot, way)},
        crew=crew,
        author=crew[0].account,
        temperature=Temperature(kind="none", outcome="unmonitored", monitored=False),
        tubes=_tubes(rng, way, chosen, lambda minute: zero_us + minute * MINUTE_US),
        room_to=_to(rng, way),
        pacu_to=_said(rng, "icu" if way.icu_in is not None else "ward") if way.pacu_out is not None else "",
        cancel_reason="condition" if ending in _CUT | {"incised"} else "",
        is_test=ending == "test",
        discarded_us=closed_us + 20 * DAY_US if ending == "discarded" else None,
    )
    story = aftermath.tell(rng, outcomes.tell(rng, story))
    return replace(story, temperature=temperature.decide(rng, _frame(story, way)))


def _cancelled(
    rng: Random, case: str, slot: Slot, person: Person, chosen: tuple[Technique, ...], *, entered: bool
) -> Story:
    """Before any drug: on the ward, or in the holding area or the room."""
    opened_us = slot.at_us - rng.randint(14, 20) * HOUR_US
    events = {"t_cancel": slot.at_us - rng.randint(40, 400) * MINUTE_US}
    stays = [Bed(bed="", area="ward", at_us=opened_us)]
    if entered:
        entering = "t_suite_in" if rng.random() < 0.9 else "t_room_in"
        events = {entering: slot.at_us - 25 * MINUTE_US, "t_cancel": slot.at_us + rng.randint(0, 30) * MINUTE_US}
        area = "offsite" if slot.operation.is_offsite else "or"
        stays.append(Bed(bed="", area=area, at_us=slot.at_us - 25 * MINUTE_US))
    author = rng.choice(staff().anaesthetist).account
    story = Story(
        case=case,
        person=person,
        operation=slot.operation,
        techniques=chosen,
        planned=chosen[0],
        asa=_asa(rng, slot, person),
        emergency=slot.emergency,
        opened_us=opened_us,
        opened_by=rng.choice(staff().or_nurse).account,
        beds=tuple(stays),
        closed_us=events["t_cancel"] + 30 * MINUTE_US,
        zero_us=slot.at_us,
        events=events,
        crew=(),
        author=author,
        temperature=Temperature(kind="none", outcome="unmonitored", monitored=False),
        cancel_reason=rng.choice(("fever", "fasting", "blood pressure", "refused")),
    )
    return outcomes.prepare(rng, story)


def _way(rng: Random, slot: Slot, chosen: tuple[Technique, ...], ending: str) -> _Way:
    operation = slot.operation
    ga, tubed = any(t.ga for t in chosen), any(t.device for t in chosen)
    start = rng.randint(6, 14)
    tube = start + rng.randint(2, 5)
    suite = -rng.randint(0, 8) if operation.is_offsite else -rng.randint(6, 38)
    if ending in _CUT:
        return _Way(
            suite=suite, start=start, tube=tube, incision=None, surgery=None, out=start + rng.randint(25, 45),
            ending=ending,
        )  # fmt: skip
    low, high = operation.minutes
    length = round(rng.triangular(low, high, low + (high - low) * 0.35))
    incision = start + (rng.randint(3, 7) if operation.is_offsite or length < 25 else rng.randint(14, 34))
    surgery = incision + length
    out = surgery + (rng.randint(5, 20) if tubed else rng.randint(2, 8))
    way = _Way(
        suite=suite, start=start, tube=tube, incision=incision, surgery=surgery, out=out, ending=ending
    )  # fmt: skip
    if operation.unit == "labour":
        return replace(way, incision=None, surgery=None)
    if ending == "died":
        return way
    if rng.random() * 100 < operation.icu + (3 if slot.emergency else 0.6):
        if rng.random() < 0.15 and ga:
            pacu_in = out + rng.randint(3, 7)
            pacu_out = pacu_in + _stay(rng)
            return replace(way, pacu_in=pacu_in, pacu_out=pacu_out, icu_in=pacu_out + rng.randint(8, 15))
        return replace(way, icu_in=out + rng.randint(8, 15))
    if rng.random() < (0.2 if operation.is_offsite else 0.86 if ga else 0.5):
        pacu_in = out + rng.randint(3, 7)
        return replace(way, pacu_in=pacu_in, pacu_out=None if rng.random() < 0.008 else pacu_in + _stay(rng))
    return way


def _stay(rng: Random) -> int:
    """Minutes in the PACU: mostly an hour; the limits of the editions (2 h, 3 h, the tender's 24 h) to the minute."""
    draw = rng.random()
    if draw < 0.02:
        return rng.choice((120, 121, 180, 181, 1440, 1441))
    if draw < 0.1:
        return rng.randint(122, 178)
    if draw < 0.13:
        return rng.randint(182, 600)
    return rng.randint(1442, 1800) if draw < 0.134 else round(rng.triangular(20, 118, 45))


def _events(rng: Random, slot: Slot, way: _Way) -> Iterator[tuple[str, int]]:
    """What was written down: a few are forgotten, that no signature asks for."""
    if rng.random() < 0.97:
        yield "t_suite_in", way.suite
    yield "t_room_in", 0
    yield "t_anes_care", way.start - rng.randint(2, 5)
    yield "t_anes_start", way.start
    if way.incision is not None and way.surgery is not None:
        yield "t_incision", way.incision
        yield "t_surg_end", way.surgery
        if slot.operation.bypass and way.surgery - way.incision > 120:
            yield "t_cpb_start", way.incision + 35
            yield "t_cpb_end", way.surgery - 40
    match way.ending:
        case "at_start":
            yield "t_cancel", way.start
        case "started":
            yield "t_cancel", way.start + rng.randint(2, 20)
        case "incised" if way.incision is not None:
            yield "t_cancel", way.incision + rng.choice((0, 10, 25))
        case "died":
            yield "t_death", way.out - rng.randint(4, 10)
        case _:
            pass
    yield "t_room_out", way.out
    yield "t_anes_end", way.out if way.pacu_in is None else way.pacu_in + 2
    if way.pacu_in is not None:
        yield "t_pacu_in", way.pacu_in
    if way.pacu_out is not None:
        yield "t_pacu_out", way.pacu_out
    opened = way.pacu_in is not None and way.pacu_out is None
    if not opened and rng.random() < 0.94:
        yield "t_suite_out", way.left + rng.randint(1, 4)
    if way.icu_in is not None:
        yield "t_icu_in", way.icu_in
    elif not opened and way.ending != "died" and rng.random() < 0.93:
        yield "t_ward", way.left + rng.randint(8, 20)


def _stays(
    rng: Random, slot: Slot, zero_us: int, way: _Way, room: str, beds: Mapping[str, Beds], closed_us: int
) -> Iterator[Bed]:
    def us(minute: int) -> int:
        return zero_us + minute * MINUTE_US

    area = "offsite" if slot.operation.is_offsite else "or"
    if not slot.emergency and rng.random() < 0.75:
        yield Bed(bed="", area="ward", at_us=zero_us - rng.randint(15, 21) * HOUR_US)
    elif rng.random() < 0.5:
        yield Bed(bed="", area=area, at_us=us(min(way.suite, 0)))
    yield Bed(bed=room, area=area, at_us=zero_us)
    if way.pacu_in is not None:
        end_us = closed_us if way.pacu_out is None else us(way.icu_in if way.icu_in is not None else way.pacu_out)
        yield Bed(bed=beds["pacu"].take(us(way.pacu_in), end_us), area="pacu", at_us=us(way.pacu_in))
        if way.pacu_out is None:
            return
    if way.icu_in is not None:
        yield Bed(bed=beds["icu"].take(us(way.icu_in), closed_us), area="icu", at_us=us(way.icu_in))
    else:
        yield Bed(bed="", area="ward", at_us=us(way.left))


def _crew(rng: Random, zero_us: int, way: _Way, chosen: tuple[Technique, ...], room: str) -> Iterator[Presence]:
    """Who was there: the same anaesthetist in a room for a day, now and then handing over to another one."""
    day = Random(f"{local(zero_us):%Y%m%d}/{room}")  # noqa: S311  who works where
    first, second = day.sample(staff().anaesthetist, 2)
    start, end = zero_us, zero_us + ((way.pacu_in + 2) if way.pacu_in is not None else way.out) * MINUTE_US
    middle = start + (end - start) // 2 // MINUTE_US * MINUTE_US
    hands_over = end - start > 2 * HOUR_US and rng.random() < 0.15
    yield Presence(
        role="anaesthetist", account=first.account, name=first.name, in_us=start, out_us=middle if hands_over else end
    )
    if hands_over:
        yield Presence(role="anaesthetist", account=second.account, name=second.name, in_us=middle, out_us=end)
    elif any(t.ga for t in chosen) and rng.random() < 0.5:
        yield Presence(role="anaesthesia_assistant", account=second.account, name=second.name, in_us=start, out_us=end)
    if rng.random() < _TRAINEES:
        third = day.choice([a for a in staff().anaesthetist if a not in {first, second}])
        yield Presence(role="anaesthesia_trainee", account=third.account, name=third.name, in_us=start, out_us=end)
    surgeon, helper = day.sample(staff().surgeon, 2)
    scrub, circulating = day.sample(staff().or_nurse, 2)
    out_us = zero_us + way.out * MINUTE_US
    for role, one in (("surgeon", surgeon), ("assistant", helper)):
        yield Presence(role=role, account=one.account, name=one.name, in_us=start, out_us=out_us)
    for role, one in (("scrub_nurse", scrub), ("circulating_nurse", circulating)):
        yield Presence(role=role, account=one.account, name=one.name, in_us=start, out_us=out_us)
    if way.pacu_in is not None:
        nurse = rng.choice(staff().pacu_nurse)
        leaves_us = zero_us + way.left * MINUTE_US
        yield Presence(
            role="pacu_nurse", account=nurse.account, name=nurse.name, in_us=zero_us + way.pacu_in * MINUTE_US,
            out_us=leaves_us,
        )  # fmt: skip


def _tubes(rng: Random, way: _Way, chosen: tuple[Technique, ...], us: Callable[[int], int]) -> tuple[Tube, ...]:
    """The planned airway; out in the room, in the PACU, or days later in the ICU."""
    device = next((t.device for t in chosen if t.device), None)
    if device is None:
        return ()
    out = way.out - rng.randint(2, 4)
    tube = Tube(
        device=device, in_us=us(way.tube), planned=None if rng.random() < 0.02 else True, out_us=us(out), place="OR"
    )  # fmt: skip
    if way.ending == "died":
        return (replace(tube, out_us=None, place=""),)
    if way.icu_in is not None and way.pacu_in is None and device != "LMA" and rng.random() < 0.7:
        if rng.random() < 0.1:
            return (replace(tube, out_us=None, place=""),)
        return (replace(tube, out_us=us(way.icu_in + rng.randint(60, 1300)), place="ICU"),)
    if way.pacu_in is not None and rng.random() < 0.4:
        later = way.pacu_in + min(rng.randint(5, 18), way.left - way.pacu_in - 1)
        return (replace(tube, out_us=us(later), place="PACU"),)
    return (tube,)


def _to(rng: Random, way: _Way) -> str:
    if way.ending == "died":
        return "other"
    return _said(rng, "pacu" if way.pacu_in is not None else "icu" if way.icu_in is not None else "ward")


def _said(rng: Random, where: str) -> str:
    return where if rng.random() < 0.9 else ""


def _asa(rng: Random, slot: Slot, person: Person) -> str:
    weights = (14, 60, 22, 4, 0) if not slot.emergency else (6, 40, 36, 15, 3)
    if person.age > 70:
        weights = (0, 40, 46, 12, 2)
    grade = rng.choices("12345", weights)[0]
    return f"L{grade}E" if slot.emergency and rng.random() < 0.5 else grade


def _frame(story: Story, way: _Way) -> Frame:
    bed = {b.area: b.bed for b in story.beds if b.bed}
    cooled = [story.at(key) for key in ("t_cpb_start", "t_cpb_end")]
    if cooled[0] is None:
        cooled = [story.at(key) for key in ("t_cool_start", "t_cool_end")]
    return Frame(
        zero_us=story.zero_us,
        known_from=(story.opened_us - story.zero_us) // MINUTE_US,
        start=way.start,
        out=way.out,
        pacu_in=way.pacu_in,
        pacu_out=way.pacu_out,
        icu_in=way.icu_in,
        bed=bed.get("or") or bed.get("offsite", ""),
        pacu_bed=bed.get("pacu", ""),
        icu_bed=bed.get("icu", ""),
        ga=any(t.ga for t in story.techniques),
        warmed=any(w.device != "passive" and w.place == "or" for w in story.warmth),
        cooled=None
        if cooled[0] is None or cooled[1] is None
        else ((cooled[0] - story.zero_us) // MINUTE_US, (cooled[1] - story.zero_us) // MINUTE_US),
    )
