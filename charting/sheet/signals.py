"""What a row of the record is called and how its numbers are written; source: the table of charting.fill."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from charting.fill.signals import signals
from collector.units import display


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """`unit`: as a person reads it."""

    name: str
    zh: str
    en: str
    unit: str = ""
    decimals: int = 1

    def label(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en

    def written(self, value: float) -> str:
        """With the signal's decimals, halves away from zero (66.5 is 67) as a person rounds; never "-0"."""
        told = Decimal(repr(float(value)))  # as it is read, not as a binary fraction stores it
        text = f"{told.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP):f}"
        return text.removeprefix("-") if not text.strip("-0.") else text


def signal(name: str) -> Signal:
    """A row of the table; one that it does not know is called by its name."""
    row = signals().get(name)
    if row is None:
        return Signal(name=name, zh=name, en=name)
    return Signal(name=name, zh=row.zh, en=row.en, unit=display(row.unit), decimals=row.decimals)
