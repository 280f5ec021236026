"""What of a document is charged: its entries, by the catalogue of their day, become lines. Pure.

Nothing is guessed: an entry for which the catalogue has no item, or whose amount nobody knows, is told as such.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from charting.case.clock import MINUTE_US, SiteClock
from charting.case.running import due_us, last_us
from charting.case.state import Case, Document
from charting.case.warnings import time_of
from charting.charges.catalogue import Catalogue, Item
from charting.charges.config import ChargesSection
from charting.sheet.amounts import Amount, amount, given
from charting.templates.loader import Templates
from charting.trail.contents import (
    Answer,
    Bolus,
    Coded,
    Consumable,
    Content,
    Controlled,
    Infusion,
    Score,
    Volume,
    Warming,
)

_ALWAYS = (Bolus, Infusion, Volume, Consumable, Coded, Warming)
"""What is given, used or done: of these one without an item is told."""

_GTIN = re.compile(r"\(?01\)?(\d{14})")
"""The device identifier in a UDI of GS1: application identifier 01."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that a record makes. `source`: what of the document it is of, an item of it or a kind of entries.

    `entries`: the items of the record behind it. `start_us`, `end_us`: when it was given; the start's day is its date.
    """

    document: str
    source: str
    item: Item
    quantity: Decimal
    start_us: int
    end_us: int
    entries: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.document, self.source, self.item.term.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbilled:
    """What was recorded and makes no line. `why`: no_item, no_amount, no_time. `code`: the item whose line lacks it."""

    document: str
    entry: str
    why: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    lines: Sequence[Line] = ()
    unbilled: Sequence[Unbilled] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """How a site charges."""

    catalogue: Catalogue
    templates: Templates
    clock: SiteClock
    config: ChargesSection

    def day(self, at_us: int) -> str:
        """The site's, ISO."""
        return f"{self.clock.local(at_us):%Y-%m-%d}"

    def counted(self, case: Case) -> Sequence[Document]:
        """The documents of which entries are charged, in the order of their beginning."""
        return [d for d in case.documents.values() if d.template in self.config.documents]

    def bill(self, case: Case, document: Document) -> Bill:
        """Of one document; what belongs to the case as a whole is in the first that counts for it."""
        return _Billing(self, case, document).bill()

    def rounded(self, quantity: Fraction, item: Item) -> Decimal:
        """To the site's decimals."""
        scaled = quantity * 10**self.config.decimals
        match item.rounding or self.config.rounding:
            case "up":
                whole = math.ceil(scaled)
            case "down":
                whole = math.floor(scaled)
            case _:
                whole = math.floor(scaled + Fraction(1, 2))
        return Decimal(whole).scaleb(-self.config.decimals)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    id: str
    content: Content
    start_us: int
    end_us: int


@dataclass(slots=True)
class _Pool:
    """Entries that make one item."""

    item: Item
    entries: list[_Entry] = field(default_factory=list)


class _Billing:
    def __init__(self, tariff: Tariff, case: Case, document: Document) -> None:
        self._tariff = tariff
        self._case = case
        self._document = document
        self._unbilled: list[Unbilled] = []
        counted = tariff.counted(case)
        self._is_first = counted[:1] == [document]
        self._is_first_of_template = [d for d in counted if d.template == document.template][:1] == [document]
        begun = case.event("t_anes_start")
        self._begun_us = begun.at_us if begun else document.start_us

    def bill(self) -> Bill:
        pools: dict[str, _Pool] = {}
        for entry in self._entries():
            items = self._items(entry)
            for item in items:
                pools.setdefault(item.term.code, _Pool(item)).entries.append(entry)
            if not items and isinstance(entry.content, _ALWAYS) and _keys(entry.content) and self._is_mine(entry):
                self._lacks(entry.id, "no_item")
        for item in self._here("span", "", self._begun_us):
            pools.setdefault(item.term.code, _Pool(item))
        lines = [line for pool in pools.values() if pool.item.kind != "free" for line in self._lines(pool)]
        return Bill(lines=[line for line in lines if line.quantity > 0], unbilled=self._unbilled)

    def _entries(self) -> Iterator[_Entry]:
        template = self._tariff.templates.get(self._document.template, self._document.template_version)
        over_us = due_us(self._case, template)
        for item in self._document.items.values():
            if item.content is not None:
                start_us = time_of(item.content)
                start_us = self._begun_us if start_us is None else start_us
                end_us = _end_us(item.content, start_us, over_us)
                yield _Entry(id=item.id, content=item.content, start_us=start_us, end_us=end_us)
        for item in self._case.items.values():
            if isinstance(item.content, Coded) and item.content.use == "technique":
                began = self._begun_us
                yield _Entry(id=item.id, content=item.content, start_us=began, end_us=began)

    def _items(self, entry: _Entry) -> Sequence[Item]:
        for makes, codes in _keys(entry.content):
            found = {i.term.code: i for code in codes for i in self._here(makes, code, entry.start_us)}
            if found:
                return list(found.values())
        return ()

    def _is_mine(self, entry: _Entry) -> bool:
        """Whether it is for this document to tell that an entry has no item: of the case's own, the first one."""
        if not isinstance(entry.content, Coded):
            return True
        items = self._tariff.catalogue.making(self._tariff.day(entry.start_us), "technique", entry.content.term.code)
        templates = {"", *(d.template for d in self._tariff.counted(self._case))}
        return self._is_first and not any(item.document in templates for item in items)

    def _here(self, makes: str, of: str, at_us: int) -> Iterator[Item]:
        """Items of that day that count in this document; of the case's own, in the first of all or of its template."""
        for item in self._tariff.catalogue.making(self._tariff.day(at_us), makes, of):
            first = self._is_first_of_template if item.document else self._is_first
            if item.document in {"", self._document.template} and (first or makes not in {"technique", "span"}):
                yield item

    def _lines(self, pool: _Pool) -> Iterator[Line]:
        item = pool.item
        if item.makes == "warming" and item.timed:
            for entry in pool.entries:
                if entry.end_us < entry.start_us:
                    self._lacks(entry.id, "no_time", item)
                else:
                    yield self._line(item, entry.id, [entry], item.steps(_minutes(entry.start_us, entry.end_us)))
        elif item.timed:
            yield from self._timed(pool)
        elif item.sizes:
            yield from self._opened(pool)
        elif item.makes in {"consumable", "score", "fluid", "warming"}:
            for entry in pool.entries:
                n = Fraction(str(entry.content.n)) if isinstance(entry.content, Consumable) else Fraction(1)
                yield self._line(item, entry.id, [entry], n)
        else:
            yield self._line(item, item.makes, pool.entries, Fraction(1))

    def _timed(self, pool: _Pool) -> Iterator[Line]:
        """Minutes between two events of the case."""
        start, end = (self._case.event(key) for key in pool.item.span)
        if start is None or end is None or end.at_us < start.at_us:
            self._lacks(pool.entries[0].id if pool.entries else "", "no_time", pool.item)
            return
        whole = _Entry(id="", content=end, start_us=start.at_us, end_us=end.at_us)
        line = self._line(pool.item, pool.item.makes, [whole], pool.item.steps(_minutes(start.at_us, end.at_us)))
        yield Line(
            document=line.document, source=line.source, item=line.item, quantity=line.quantity,
            start_us=line.start_us, end_us=line.end_us, entries=tuple(e.id for e in pool.entries),
        )  # fmt: skip

    def _opened(self, pool: _Pool) -> Iterator[Line]:
        """Ampoules, bags: how many the amounts opened, of a controlled drug how many people say were opened."""
        told = {e.content.drug.code for e in pool.entries if isinstance(e.content, Controlled)}
        known: list[tuple[_Entry, Fraction]] = []
        for entry in pool.entries:
            drug = getattr(entry.content, "drug", None)
            if drug is not None and drug.code in told and not isinstance(entry.content, Controlled):
                continue
            much = self._amount(entry)
            size = next((s.value for s in pool.item.sizes if much is not None and s.unit == much.unit), None)
            if much is None or size is None:
                self._lacks(entry.id, "no_amount", pool.item)
            else:
                known.append((entry, much.value / size))
        if pool.item.pooled and known:
            opened = sum((n for _, n in known), Fraction(0))
            yield self._line(pool.item, pool.item.makes, pool.entries, opened)
        elif not pool.item.pooled:
            for entry, opened in known:
                yield self._line(pool.item, entry.id, [entry], opened)

    def _amount(self, entry: _Entry) -> Amount | None:
        match entry.content:
            case Bolus() as bolus:
                return amount(bolus.dose, bolus.unit)
            case Controlled() as told:
                return amount(str(told.ampoules * Decimal(str(told.size))), told.unit)
            case Volume() as volume:
                return amount(volume.ml, "mL")
            case Infusion() as run if entry.end_us >= entry.start_us:
                return given(run, entry.start_us, entry.end_us, entry.end_us, self._case.patient.weight_kg)
            case _:
                return None

    def _line(self, item: Item, source: str, entries: Sequence[_Entry], quantity: Fraction) -> Line:
        return Line(
            document=self._document.id,
            source=source,
            item=item,
            quantity=self._tariff.rounded(quantity, item),
            start_us=min(e.start_us for e in entries),
            end_us=max(max(e.end_us, e.start_us) for e in entries),
            entries=tuple(e.id for e in entries),
        )

    def _lacks(self, entry: str, why: str, item: Item | None = None) -> None:
        code = item.term.code if item else ""
        self._unbilled.append(Unbilled(document=self._document.id, entry=entry, why=why, code=code))


def _keys(content: Content) -> Sequence[tuple[str, Iterable[str]]]:
    """What makes items, and by which names; the first that is known counts."""
    match content:
        case Bolus() | Controlled():
            return [("drug", [content.drug.code])]
        case Infusion():
            return [("drug" if content.what == "drug" else "gas", [content.drug.code])]
        case Volume(way="in"):
            return [("fluid", [content.what]), ("fluid", [content.group])]
        case Consumable():
            gtin = _GTIN.match(content.udi.strip())
            return [*([("consumable", [f"udi:{gtin[1]}"])] if gtin else []), ("consumable", [content.term.code])]
        case Coded():
            return [("technique", [content.term.code])]
        case Answer():
            values = content.value if isinstance(content.value, tuple) else (content.value,)
            words = ["yes" if value is True else "no" if value is False else str(value) for value in values]
            return [("answer", [f"{content.field}:{word}" for word in words])]
        case Score():
            return [("score", [content.scale])]
        case Warming():
            return [("warming", [content.device])]
        case _:
            return []


def _end_us(content: Content, start_us: int, over_us: int | None) -> int:
    """Before the start where nobody knows it: what runs on when all is over ended then at the latest."""
    if isinstance(content, Infusion | Warming):
        told = content.stop_us if isinstance(content, Infusion) else content.end_us
        if told is not None:
            return told
        return over_us if over_us is not None and over_us >= last_us(content) else start_us - 1
    if isinstance(content, Volume) and content.end_us is not None:
        return content.end_us
    return start_us


def _minutes(start_us: int, end_us: int) -> Fraction:
    return Fraction(end_us - start_us, MINUTE_US)
