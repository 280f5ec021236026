"""What a drawing is made from: a case, one of its documents, and how people want it written. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from alarms.temperature import sites
from charting.case.events import events
from charting.case.reasons import written
from charting.case.staff import staff
from charting.case.state import Case, Document, Item, Version, value_of
from charting.fill.types import CellState
from charting.library.library import Libraries
from charting.sheet.signals import Signal, signal
from charting.sheet.symbols import Symbols
from charting.sheet.words import known, said
from charting.templates.template import Field, Template
from charting.trail.contents import (
    Answer,
    Attendance,
    Breathing,
    Charted,
    Event,
    Patient,
    Remark,
    Term,
    Volume,
    Warming,
)
from collector.units import display

_Content = TypeVar("_Content")

LATE_US = 10 * 60_000_000
"""From this delay on the time of entry stands beside that of the event (our judgement; clinical.md §3.1)."""
_POWER, _RAISED = re.compile(r"10[*^](\d+)"), str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What stands at a mark, or is offered there.

    `held`: not charted. `manual`: a person put it there. `doubt`: the rule that marks a charted value; "" for none.
    """

    item: str
    signal: str
    mark_us: int
    time_us: int
    value: float
    unit: str
    held: bool = False
    manual: bool = False
    doubt: str = ""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`names`: account → name. `site`: the hospital's name. `day_hour`: local hour at which the ward's day begins."""

    case: Case
    document: Document
    template: Template
    lang: str
    zone: ZoneInfo
    names: Mapping[str, str]
    now_us: int
    site: str
    symbols: Symbols
    day_hour: int = 7
    libraries: Libraries | None = None

    def __call__(self, key: str, **params: object) -> str:
        return said(key, self.lang, **params)

    def local(self, time_us: int) -> datetime:
        return (_EPOCH + timedelta(microseconds=time_us)).astimezone(self.zone)

    def clock(self, time_us: int, near_us: int | None = None) -> str:
        """Hour and minute, with the date where it is another day than `near_us` (or the document's start)."""
        local, near = self.local(time_us), self.local(self.document.start_us if near_us is None else near_us)
        return f"{local:%H:%M}" if local.date() == near.date() else f"{local:%m-%d %H:%M}"

    def moment(self, time_us: int) -> str:
        return f"{self.local(time_us):%Y-%m-%d %H:%M}"

    def who(self, account: str) -> str:
        return self.names.get(account, account)

    def term(self, term: Term) -> str:
        return term.zh if self.lang == "zh" else term.en or term.zh

    def fluid(self, volume: Volume) -> str:
        """What went in or came out: the library's name in this language, what was written, or its group."""
        term = self.libraries.named("fluids", volume.code) if self.libraries is not None and volume.code else None
        return self.term(term) if term is not None else volume.what or self(f"group.{volume.group}")

    def unit(self, ucum: str) -> str:
        return _POWER.sub(lambda power: "10" + power[1].translate(_RAISED), display(ucum))

    def reason(self, text: str) -> str:
        return written(text, self.lang)

    @cached_property
    def values(self) -> Mapping[str, Sequence[Value]]:
        """By signal, in order of marks."""
        found: dict[str, list[Value]] = {}
        for item in self.document.items.values():
            value = _value(item)
            if value is not None:
                found.setdefault(value.signal, []).append(value)
        for several in found.values():
            several.sort(key=lambda v: v.mark_us)
        return found

    def of(self, kind: type[_Content]) -> Sequence[tuple[Item, _Content]]:
        """The document's items whose content is of a type, in the order of their making."""
        return self._by_kind.get(kind, ())  # type: ignore[return-value]

    @cached_property
    def _by_kind(self) -> Mapping[type, Sequence[tuple[Item, object]]]:
        found: dict[type, list[tuple[Item, object]]] = {}
        for item in self.document.items.values():
            if item.content is not None:
                found.setdefault(type(item.content), []).append((item, item.content))
        return found

    @cached_property
    def breathing(self) -> Sequence[tuple[str, Breathing]]:
        """(item, change), in order of time."""
        return sorted(((item.id, content) for item, content in self.of(Breathing)), key=lambda b: b[1].at_us)

    @cached_property
    def handovers(self) -> Sequence[int]:
        """When one shift handed over to the next."""
        return [c.at_us for _, c, _ in self.moments if isinstance(c, Remark) and c.handover]

    @cached_property
    def edited(self) -> int:
        """How many items of the document people have changed."""
        return self.document.edits

    @cached_property
    def present(self) -> Sequence[tuple[int, int]]:
        """When, as far as is known, the patient was where the document is kept: each [start, end), µs."""
        document, case = self.document, self.case
        areas = self.template.grid.areas if self.template.grid is not None else ()
        stays = [(stay.start_us, stay.end_us) for stay in case.stays if stay.area in areas] or [(0, None)]
        last_us = min(self.now_us, *(end or self.now_us for end in (case.closed_us, document.filled_us)))
        spans = [(max(start, document.start_us), min(last_us, end or last_us)) for start, end in stays]
        return [(start, end) for start, end in spans if start < end]

    @cached_property
    def demo(self) -> bool:
        return any(item.captured is not None and item.captured.demo for item in self.document.items.values())

    @cached_property
    def filters(self) -> str:
        found = {item.captured.filter for item in self.document.items.values() if item.captured is not None}
        return ", ".join(sorted(found - {""}))

    @cached_property
    def moments(self) -> Sequence[tuple[int, Event | Remark, Item]]:
        """Events and remarks with their numbers, in order of time."""
        found = [
            (item.content, item)
            for item in [*self.case.items.values(), *self.document.items.values()]
            if isinstance(item.content, Event | Remark)
        ]
        found.sort(key=lambda each: each[0].at_us)
        return [(n, content, item) for n, (content, item) in enumerate(found, 1)]

    def signals(self) -> Sequence[Signal]:
        """The template's, and what else was charted."""
        return [signal(name) for name in dict.fromkeys([*self.template.signals, *sorted(self.values)])]

    def coded(self, use: str) -> str:
        return (
            "；".join(self.term(c.term) for c in self.case.coded if c.use == use)
            if self.lang == "zh"
            else "; ".join(self.term(c.term) for c in self.case.coded if c.use == use)
        )

    def said(self, moment: Event | Remark) -> str:
        return self.event(moment) if isinstance(moment, Event) else self.remark(moment)

    def event(self, event: Event) -> str:
        """An event as its line in the list says it."""
        kind = events().get(event.key)
        name = (kind.zh if self.lang == "zh" else kind.en) if kind is not None else event.key
        details = " ".join(self._detail(name, value) for name, value in event.details.items() if value)
        if event.key == "note":
            return " ".join(part for part in (event.note, details) if part)
        return " ".join(part for part in (name, details, event.note) if part)

    def _detail(self, name: str, value: str) -> str:
        for key in (f"detail.{name}.{value}", f"detail.{value.lower()}"):
            if known(key):
                return self(key)
        return value

    def remark(self, remark: Remark) -> str:
        handed = self("handed_to", name=remark.handover) if remark.handover else ""
        return " ".join(part for part in (handed, remark.text) if part)

    def listed(self, several: Iterable[str]) -> str:
        return ("、" if self.lang == "zh" else ", ").join(several)

    def aside(self, text: str) -> str:
        """In brackets, to stand after what it is about."""
        return f"（{text}）" if self.lang == "zh" else f" ({text})"

    def late(self, item: Item, at_us: int) -> str:
        """When it was entered, where that was late."""
        entered = item.versions[0].at_us if item.versions else at_us
        return self("entered", time=self.clock(entered, at_us)) if entered - at_us > LATE_US else ""

    def age(self, patient: Patient) -> str:
        """Years; of a child under 3 months, of an infant days (clinical.md §3.7)."""
        try:
            born = date.fromisoformat(patient.birth_date)
        except ValueError:
            return patient.age
        day = self.local(self.case.opened_us).date()
        months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
        if months >= 36:
            return self("years", n=months // 12)
        if months >= 1:
            years = self("years", n=months // 12) + " " if months >= 12 else ""
            return years + self("months", n=months % 12) if months % 12 or not years else years.strip()
        return self("days", n=(day - born).days)

    def answer(self, field: Field) -> str:
        """What a field of the template was answered; "" for nothing."""
        item = self.document.items.get(f"field:{field.id}")
        content = item.content if item is not None else None
        if not isinstance(content, Answer):
            return ""
        return self.answered(field, content.value)

    def answered(self, field: Field, value: str | float | bool | tuple[str, ...]) -> str:
        options = {o.code: o.zh if self.lang == "zh" else o.en for o in field.options}
        if isinstance(value, bool):
            return self("yes" if value else "no")
        if isinstance(value, tuple):
            return self.listed(options.get(v, v) for v in value)
        if isinstance(value, float | int):
            unit = self.unit(field.unit)
            return f"{value:g}" + (f" {unit}" if unit else "")
        term = self.libraries.named(field.library, value) if self.libraries is not None and field.library else None
        return options.get(value, value) if term is None else f"{self.term(term)} ({term.code})"

    def role(self, role: str) -> str:
        return staff()[role][self.lang] if role in staff() else role

    def route(self, route: str) -> str:
        return self(f"route.{route}") if known(f"route.{route}") else route

    def measured_at(self, site: str) -> str:
        """Where a temperature was measured."""
        return str(getattr(sites()[site], self.lang)) if site in sites() else site

    def warming(self, one: Warming) -> str:
        """What warmed, to how many degrees, how much, from when to when."""
        begin = self.clock(one.start_us)
        ended = one.end_us is not None
        when = f"{begin}–{self.clock(one.end_us or 0, one.start_us)}" if ended else self("since", time=begin)
        told = (
            self(f"warming.{one.device}"),
            one.region,
            f"{one.set_c:g} °C" if one.set_c is not None else "",
            f"{one.ml:g} mL" if one.ml is not None else "",
            when,
        )
        return " ".join(part for part in told if part)

    def presence(self, one: Attendance) -> str:
        begin = self.clock(one.in_us)
        return f"{begin}–{self.clock(one.out_us)}" if one.out_us is not None else self("since", time=begin)

    def edits(self, items: Mapping[str, Item]) -> Sequence[tuple[Item, Version | None, Version]]:
        """Each change of the items that people edited: the version before (None: the device's value), and the new."""
        found = [(item, *change) for item in items.values() if item.edited for change in item.changes]
        return sorted(found, key=lambda each: each[2].seq)


def _value(item: Item) -> Value | None:
    stands = value_of(item)
    held = False
    if stands is None:
        captured = item.captured
        if captured is None or item.versions or captured.state is not CellState.HELD:
            return None
        stands, held = captured, True
    if stands.value is None:
        return None
    return Value(
        item=item.id,
        signal=stands.signal,
        mark_us=stands.mark_us,
        time_us=stands.time_us,
        value=stands.value,
        unit=stands.unit,
        held=held,
        manual=isinstance(stands, Charted),
        doubt="" if held or isinstance(stands, Charted) else stands.rule,
    )


def content_at(item: Item, version: Version | None) -> object:
    """What an item said in a version; the device's cell for None."""
    return item.captured if version is None else version.content
