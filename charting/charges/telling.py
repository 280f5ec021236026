"""Charges in words, zh or en: for pages, paper and spreadsheets. Pure."""

import csv
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files

from charting.case.clock import SiteClock
from charting.charges.dft import written
from charting.charges.statement import Row, Statement
from charting.sheet.amounts import Amount
from charting.trail.contents import Term
from collector.units import display

_CENT = Decimal("0.01")


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Key → language → text."""
    with files("charting.charges").joinpath("words.csv").open("r", encoding="utf-8") as text:
        return {row["key"]: row for row in csv.DictReader(text)}


class Teller:
    def __init__(self, lang: str, clock: SiteClock, name_of: Callable[[str], str]) -> None:
        """`lang`: zh or en. `name_of`: account → person's name."""
        self.lang = lang
        self.clock = clock
        self.name_of = name_of

    def __call__(self, key: str, **params: object) -> str:
        return words()[f"charges.{key}"][self.lang].format_map(params)

    def term(self, term: Term | None, code: str = "") -> str:
        return code if term is None else str(getattr(term, self.lang))

    def item(self, row: Row) -> str:
        return self.term(row.term, row.code)

    def quantity(self, value: Decimal) -> str:
        """A dash for none."""
        return written(value).replace("-", "−") if value else "–"

    def money(self, value: Decimal | None) -> str:
        """To the cent; a dash where a price is missing."""
        if value is None:
            return "–"
        return f"{value.quantize(_CENT, ROUND_HALF_UP):,}".replace("-", "−")

    def amount(self, value: Amount | None) -> str:
        if value is None:
            return "–"
        shown = value.readable
        return f"{shown.text} {display(shown.unit)}"

    def number(self, value: float) -> str:
        return f"{value:.10g}"

    def day(self, at_us: int) -> str:
        return f"{self.clock.local(at_us):%m-%d}"

    def moment(self, at_us: int) -> str:
        return f"{self.clock.local(at_us):%m-%d %H:%M}"

    def patient(self, made: Statement) -> str:
        who = made.case.patient
        return who.name or who.temporary or who.number or self("nameless")

    def procedures(self, made: Statement) -> str:
        coded = [c.term for c in made.case.coded if c.use == "procedure"]
        planned = [c.term for c in made.case.coded if c.use == "planned_procedure"]
        return ", ".join(self.term(term) for term in coded or planned)

    def why(self, key: str) -> str:
        """Why an entry makes no line."""
        return self(f"why.{key}")
