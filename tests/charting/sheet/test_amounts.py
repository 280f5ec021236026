"""What infusions gave, against sums made by hand."""

from fractions import Fraction

import pytest

from charting.sheet.amounts import Amount, added, given, made
from charting.trail.contents import Infusion, Rate, Term
from tests.charting.sheet.data import at

DRUG = Term(library="sample", version="1", code="D", zh="药", en="drug")


def infusion(unit: str, *rates: tuple[float, float], total: float | None = None, total_unit: str = "") -> Infusion:
    """Rates from minutes on."""
    changes = tuple(Rate(at_us=at(0, minute), rate=rate) for minute, rate in rates)
    return Infusion(what="drug", drug=DRUG, unit=unit, rates=changes, total=total, total_unit=total_unit)


@pytest.mark.parametrize(
    ("unit", "rates", "minutes", "weight", "expected", "of"),
    [
        ("mL/h", [(0, 12), (30, 0), (40, 6)], 60, None, "8", "mL"),  # 12/2 + 0 + 6/3
        ("ug/kg/min", [(0, 0.1), (49, 0.2)], 60, 70.5, "0.50055", "mg"),  # 70.5 × (4.9 + 2.2) µg
        ("mg/kg/h", [(0, 3)], 100, 60, "300", "mg"),
        ("ug/min", [(0, 5)], 7, None, "0.035", "mg"),
        ("g/d", [(0, 1.44)], 60, None, "60", "mg"),
        ("[iU]/kg/h", [(0, 2.5)], 24, 50, "50", "[iU]"),
        ("mL/h", [(90, 12)], 60, None, "0", "mL"),
    ],
)
def test_rates_make_an_amount_exactly(
    unit: str, rates: list[tuple[float, float]], minutes: int, weight: float | None, expected: str, of: str
) -> None:
    amount = made(infusion(unit, *rates), 0, at(0, minutes), weight)
    assert amount == Amount(value=Fraction(expected), unit=of, computed=True, weighed="/kg/" in unit)


@pytest.mark.parametrize("unit", ["ug/mL", "%", "mL", "", "ug/kg/min/m2", "ug/kg", "drop/min", "L/min/kg", "ug/kg/min"])
def test_what_cannot_be_known_is_left_blank(unit: str) -> None:
    assert made(infusion(unit, (0, 5)), 0, at(1), None) is None


def test_only_what_ran_between_two_times_counts() -> None:
    assert made(infusion("mL/h", (0, 60), (30, 120)), at(0, 20), at(0, 40), None) == Amount(
        value=Fraction(30), unit="mL", computed=True
    )


def test_a_told_total_counts_when_the_infusion_has_ended() -> None:
    run = infusion("mg/h", (0, 60), total=0.07, total_unit="g")
    assert given(run, 0, at(2), at(1), None) == Amount(value=Fraction(70), unit="mg")
    assert given(run, 0, at(0, 30), at(1), None) == Amount(value=Fraction(30), unit="mg", computed=True)
    assert given(run, at(0, 30), at(2), at(1), None) == Amount(value=Fraction(30), unit="mg", computed=True)


def test_no_sum_lacks_something() -> None:
    one, other = Amount(value=Fraction(3), unit="mg"), Amount(value=Fraction(1, 2), unit="mg", computed=True)
    assert added([one, other]) == Amount(value=Fraction(7, 2), unit="mg", computed=True)
    assert added([one, None]) is None
    assert added([one, Amount(value=Fraction(3), unit="mL")]) is None
    assert added([]) is None


@pytest.mark.parametrize(
    ("value", "computed", "text"),
    [
        ("5.8", False, "5.8"),
        ("1850", False, "1850"),
        ("0.50055", True, "≈0.501"),
        ("12345", True, "≈12300"),
        ("8", True, "≈8"),
    ],
)
def test_a_computed_total_says_so(value: str, computed: bool, text: str) -> None:
    assert Amount(value=Fraction(value), unit="mg", computed=computed).text == text


@pytest.mark.parametrize(("value", "said"), [("0.0000923", ("≈0.0923", "ug")), ("0.0091", ("≈9.1", "ug")),
                                             ("0.1", ("≈0.1", "mg")), ("0", ("≈0", "mg"))])  # fmt: skip
def test_a_small_total_is_said_in_micrograms(value: str, said: tuple[str, str]) -> None:
    readable = Amount(value=Fraction(value), unit="mg", computed=True).readable
    assert (readable.text, readable.unit) == said
