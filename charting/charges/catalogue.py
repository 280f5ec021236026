"""What a site charges, and which entries of a record make it: the library `charges`, a table. Pure.

Columns beside those of every library (charting/library/data/README.md): `unit`, `price` (decimal, empty: not known
here), `kind`, `makes`, `of`, `document`, `size`, `span`, `from_min`, `to_min`, `step_min`, `per`, `rounding`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import get_args

from charting.case.events import events
from charting.charges.config import Rounding
from charting.library.library import Coding, Libraries, Library, LibraryError
from charting.sheet.amounts import Amount, amount
from charting.trail.contents import Term

LIBRARY = "charges"
KINDS = ("drug", "consumable", "service", "free")
"""`free`: it is recorded, and the site charges nothing for it."""

MAKES = ("drug", "gas", "fluid", "consumable", "technique", "answer", "score", "warming", "span")
"""What makes an item: `of` are codes of drugs, gases, consumables (or udi:DEVICE) and techniques, groups or names of
fluids, FIELD:OPTION of a form, names of scores, kinds of warming; nothing of a span of time alone."""

_NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?")
_ANAESTHESIA = ("t_anes_start", "t_anes_end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item of the catalogue, as a version of it says. `price` None: not known here, the HIS has it.

    `sizes`: what one unit holds, in one unit or another (200 mg, which are 20 mL). `span`: the events between which
    minutes are counted; `to_min` None: without end; `step_min` 0: they are not counted. `pooled`: all entries of a
    document together open its ampoules or bags, not each its own. `rounding` "": the site's.
    """

    term: Term
    unit: str
    price: Decimal | None
    kind: str
    makes: str
    of: Sequence[str]
    document: str = ""
    sizes: Sequence[Amount] = ()
    span: tuple[str, str] = _ANAESTHESIA
    from_min: int = 0
    to_min: int | None = None
    step_min: int = 0
    pooled: bool = True
    rounding: str = ""

    @property
    def timed(self) -> bool:
        """Minutes count."""
        return self.makes == "span" or self.step_min > 0 or self.from_min > 0 or self.to_min is not None

    def steps(self, minutes: Fraction) -> Fraction:
        """How often minutes that passed count: those from `from_min` to `to_min`, not rounded yet."""
        most = minutes if self.to_min is None else min(minutes, Fraction(self.to_min))
        counted = max(most - self.from_min, Fraction(0))
        return counted / self.step_min if self.step_min else Fraction(counted > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    items: Mapping[str, Item]
    making: Mapping[tuple[str, str], Sequence[Item]]


class Catalogue:
    """All versions of the site's own library, of the sample where it has none. A day's items are those valid on it, as
    the newest version says that has them from that day or before.
    """

    def __init__(self, libraries: Libraries) -> None:
        self._libraries = libraries
        self._read: tuple[tuple[Library, ...], dict[str, _Day]] = ((), {})

    @property
    def versions(self) -> Sequence[Library]:
        return own(self._libraries.versions(LIBRARY))

    def on(self, day: str) -> Sequence[Item]:
        """On an ISO day. A library that was loaded since counts from now on."""
        return list(self._day(day).items.values())

    def making(self, day: str, makes: str, of: str = "") -> Sequence[Item]:
        """The items of a day that something makes."""
        return self._day(day).making.get((makes, of), ())

    def price(self, code: str, day: str) -> Decimal | None:
        item = self._day(day).items.get(code)
        return item.price if item else None

    def named(self, code: str) -> Term | None:
        """As its newest version calls it."""
        return self._libraries.named(LIBRARY, code)

    def _day(self, day: str) -> _Day:
        versions, read = tuple(self.versions), self._read  # another thread may read anew
        if tuple(map(id, versions)) != tuple(map(id, read[0])):  # to compare what they hold takes long
            read = self._read = (versions, {})
        days = read[1]
        if day not in days:
            said: dict[str, Coding] = {}
            for library in reversed(versions):
                for code, coding in library.codings.items():
                    if code not in said and coding.valid_from <= day:
                        said[code] = coding
            items = {code: item_of(coding) for code, coding in said.items() if coding.valid(day)}
            making: dict[tuple[str, str], list[Item]] = {}
            for item in items.values():
                for of in item.of or ("",):
                    making.setdefault((item.makes, of), []).append(item)
            days[day] = _Day(items=items, making=making)
        return days[day]


def own(versions: Sequence[Library]) -> Sequence[Library]:
    """Without the sample, where there is another: nobody is charged what the program made up."""
    return [library for library in versions if not library.sample] or versions


def check(library: Library, versions: Sequence[Library] = ()) -> None:
    """Raises LibraryError with every mistake of a catalogue; of another library there is none.

    `versions`: the site's before it, which bills were made by. What a later one says otherwise needs its day.
    """
    if library.name == LIBRARY:
        wrong = [f"{library.name} {library.version}: {code}: {m}" for code, coding in library.codings.items()
                 for m in (*_Row(coding).mistakes, *_undated(coding, versions))]  # fmt: skip
        if wrong:
            raise LibraryError("\n".join(wrong))


def _undated(coding: Coding, versions: Sequence[Library]) -> Iterator[str]:
    """A later `valid_to` is a day too."""
    before = next((v.codings[coding.term.code] for v in reversed(versions) if coding.term.code in v.codings), None)
    if before is None:
        if versions and not coding.valid_from:
            yield "valid_from: a new item needs its day; 新增项目须填生效日期"
        return
    same = _charged(coding) == _charged(before) and coding.valid_from == before.valid_from
    if (not same or (before.valid_to and not coding.valid_to)) and coding.valid_from <= before.valid_from:
        last = before.term.version
        yield f"valid_from: not as in version {last}, so it needs a later day; 与 {last} 版不同，须填更晚的生效日期"


def _charged(coding: Coding) -> Mapping[str, str]:
    return {column: said for column, said in coding.attributes.items() if column != "pinyin"}


def item_of(coding: Coding) -> Item:
    """Of a row that `check` has taken."""
    row = _Row(coding)
    price = coding.attributes.get("price", "")
    return Item(
        term=coding.term,
        unit=coding.attributes.get("unit", ""),
        price=Decimal(price) if price else None,
        kind=coding.attributes["kind"],
        makes=coding.attributes["makes"],
        of=row.several("of"),
        document=coding.attributes.get("document", ""),
        sizes=row.sizes,
        span=row.span,
        from_min=row.minutes("from_min") or 0,
        to_min=row.minutes("to_min"),
        step_min=row.minutes("step_min") or 0,
        pooled=coding.attributes.get("per", "document") == "document",
        rounding=coding.attributes.get("rounding", ""),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    coding: Coding

    def _said(self, column: str) -> str:
        return self.coding.attributes.get(column, "")

    def several(self, column: str) -> Sequence[str]:
        return tuple(part.strip() for part in self._said(column).split(";") if part.strip())

    def minutes(self, column: str) -> int | None:
        said = self._said(column)
        return int(said) if said else None

    @property
    def sizes(self) -> Sequence[Amount]:
        found = [part.partition(" ") for part in self.several("size")]
        return tuple(amount(number, unit) for number, _, unit in found)

    @property
    def span(self) -> tuple[str, str]:
        start, _, end = self._said("span").partition(":")
        return (start, end) if start else _ANAESTHESIA

    @property
    def mistakes(self) -> Iterator[str]:
        price = self._said("price")
        if price and not _is_number(price):
            yield "price: expected a decimal number as 12.50, or nothing"
        if len(self.coding.term.code) > 20:
            yield "code: at most 20 characters fit into FT1-7"
        yield from (f"{column}: expected one of {', '.join(choices)}" for column, choices in (
            ("kind", KINDS), ("makes", MAKES)) if self._said(column) not in choices)  # fmt: skip
        if self._said("makes") != "span" and not self.several("of"):
            yield "of: expected what makes the item"
        if any(not _is_size(part) for part in self.several("size")):
            yield "size: expected a number and a unit as 200 mg, or several: 200 mg;20 mL"
        if self._said("makes") in {"drug", "gas", "fluid"} and not self.several("size") and not self._is_timed:
            yield "size: expected what one unit holds"
        if any(key not in events() for key in self.span):
            yield "span: expected two events as t_anes_start:t_anes_end"
        for column in ("from_min", "to_min", "step_min"):
            if self._said(column) and not (self._said(column).isdecimal() and len(self._said(column)) < 6):
                yield f"{column}: expected minutes"
        if self._said("per") not in {"", "document", "entry"}:
            yield "per: expected document or entry"
        if self._said("rounding") not in {"", *get_args(Rounding)}:
            yield f"rounding: expected one of {', '.join(get_args(Rounding))}"

    @property
    def _is_timed(self) -> bool:
        return any(self._said(column) for column in ("from_min", "to_min", "step_min"))


def _is_number(text: str) -> bool:
    try:
        return bool(_NUMBER.fullmatch(text)) and Decimal(text) >= 0
    except InvalidOperation:
        return False


def _is_size(text: str) -> bool:
    number, _, unit = text.partition(" ")
    return _is_number(number) and Decimal(number) > 0 and bool(unit.strip())
