"""How much an infusion has given: what was told, else what its rates make. Pure, exact until it is written."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from charting.trail.contents import Infusion

_TIMES = {"s": Fraction(1, 60), "min": Fraction(1), "h": Fraction(60), "d": Fraction(1440)}
"""In minutes."""
_WHATS = {
    "ng": ("mg", Fraction(1, 1_000_000)), "ug": ("mg", Fraction(1, 1000)), "mg": ("mg", Fraction(1)),
    "g": ("mg", Fraction(1000)), "uL": ("mL", Fraction(1, 1000)), "mL": ("mL", Fraction(1)),
    "L": ("mL", Fraction(1000)), "mmol": ("mmol", Fraction(1)), "[U]": ("[U]", Fraction(1)),
    "[iU]": ("[iU]", Fraction(1)), "U": ("U", Fraction(1)), "IU": ("IU", Fraction(1)),
}  # fmt: skip
"""Of a rate's unit (UCUM): the unit in which amounts are added up, and what it is of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """`computed`: from rates, not told by a pump or a person; `weighed`: with the patient's weight."""

    value: Fraction
    unit: str
    computed: bool = False
    weighed: bool = False

    @property
    def text(self) -> str:
        """The number: three significant digits where it was computed, with "≈" before them."""
        if not self.computed:
            return f"{float(self.value):g}"
        rounded = f"{float(self.value):.3g}"
        return f"≈{float(rounded):.10g}"

    @property
    def readable(self) -> "Amount":
        """The same amount: what is less than a tenth of a milligram in micrograms."""
        if self.unit != "mg" or not 0 < self.value < Fraction(1, 10):
            return self
        return replace(self, value=self.value * 1000, unit="ug")


def amount(number: float | str, unit: str) -> Amount:
    """A number of a unit (UCUM), in the unit in which such are added up."""
    whole, factor = _WHATS.get(unit, (unit, Fraction(1)))
    return Amount(value=Fraction(str(number)) * factor, unit=whole)


def told(run: Infusion) -> Amount | None:
    """The total that the infusion was said to have given."""
    return None if run.total is None else amount(run.total, run.total_unit)


def made(run: Infusion, since_us: int, until_us: int, weight_kg: float | None) -> Amount | None:
    """What its rates give from `since_us` to `until_us`.

    None for a rate that is not per time, of an unknown unit, or per kg of a patient whose weight nobody has said.
    """
    what, *per = run.unit.split("/")
    weighed = per[:1] == ["kg"]
    if (
        not run.rates
        or what not in _WHATS
        or len(per) != 1 + weighed
        or per[-1] not in _TIMES
        or (weighed and not weight_kg)
    ):
        return None
    unit, factor = _WHATS[what]
    factor *= (Fraction(str(weight_kg)) if weighed else 1) / _TIMES[per[-1]]
    ends = [*(rate.at_us for rate in run.rates[1:]), until_us]
    minutes = (
        Fraction(str(rate.rate)) * max(min(after, until_us) - max(rate.at_us, since_us), 0) / 60_000_000
        for rate, after in zip(run.rates, ends, strict=True)
    )
    return Amount(value=sum(minutes, Fraction(0)) * factor, unit=unit, computed=True, weighed=weighed)


def given(run: Infusion, since_us: int, until_us: int, end_us: int, weight_kg: float | None) -> Amount | None:
    """Between two times: the told total where it ran (until `end_us`) between them only, else what its rates give."""
    whole = end_us <= until_us and all(rate.at_us >= since_us for rate in run.rates[:1])
    return (told(run) if whole else None) or made(run, since_us, min(until_us, end_us), weight_kg)


def added(amounts: Iterable[Amount | None]) -> Amount | None:
    """None where one is not known, or where they are of different units: no sum that lacks something."""
    several = list(amounts)
    known = [amount for amount in several if amount is not None]
    if not known or len(known) < len(several) or len({amount.unit for amount in known}) > 1:
        return None
    return Amount(
        value=sum((amount.value for amount in known), Fraction(0)),
        unit=known[0].unit,
        computed=any(amount.computed for amount in known),
        weighed=any(amount.weighed for amount in known),
    )
