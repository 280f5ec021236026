"""Factors of NIST SP 811 (2008) appendix B.8 and of the UCUM specification, and Pint as a second implementation."""

import csv
from pathlib import Path
from typing import Any

import pytest
from ucumvert import PintUcumRegistry

from collector.units import convert, display

PUBLISHED = [
    # NIST SP 811 B.8, to the digits printed there
    (1.0, "mm[Hg]", "Pa", 133.3224),
    (1.0, "cm[H2O]", "Pa", 98.0665),
    (1.0, "mbar", "Pa", 100.0),
    (1.0, "[lb_av]", "kg", 0.4535924),
    (1.0, "[in_i]", "cm", 2.54),
    (98.6, "[degF]", "Cel", 37.0),
    (32.0, "[degF]", "K", 273.15),
    (0.0, "K", "Cel", -273.15),
    # blood gas and ventilator handbooks: 1 kPa = 7.500617 mmHg = 10.19716 cmH2O, 1 mbar = 1.019716 cmH2O
    (1.0, "kPa", "mm[Hg]", 7.500617),
    (1.0, "kPa", "cm[H2O]", 10.19716),
    (1.0, "mbar", "cm[H2O]", 1.019716),
    (760.0, "mm[Hg]", "hPa", 1013.25),
    (1.0, "cm[H2O]", "mm[Hg]", 0.7355592),
    # decimal multiples
    (6.5, "L/min", "mL/min", 6500.0),
    (0.5, "L/s", "L/min", 30.0),
    (500.0, "mL/s", "L/min", 30.0),
    (120.0, "mL/h", "mL/min", 2.0),
    (450.0, "mL", "L", 0.45),
    (3.0, "L/min/m2", "mL/min/m2", 3000.0),
    (24.0, "10.mL/min", "mL/min", 240.0),
    (50.0, "L/bar", "mL/mbar", 50.0),
    (50.0, "mL/hPa", "mL/mbar", 50.0),
    (1.019716, "mL/mbar", "mL/cm[H2O]", 1.0),
    (1.0, "mbar.s/L", "cm[H2O].s/L", 1.019716),
    (12.0, "mbar/(L/s)", "mbar.s/L", 12.0),
    (12.0, "cm[H2O]/(L/s)", "cm[H2O].s/L", 12.0),
    (1.2, "mV", "uV", 1200.0),
    (1.5, "min", "s", 90.0),
    (420.0, "ms", "s", 0.42),
    (2.0, "h", "min", 120.0),
    (3250.0, "g", "kg", 3.25),
    (1.75, "m", "cm", 175.0),
    (10.0, "mm", "cm", 1.0),
]


@pytest.mark.parametrize(("value", "unit", "to", "expected"), PUBLISHED)
def test_published_factors_both_ways(value: float, unit: str, to: str, expected: float) -> None:
    assert convert(value, unit, to) == pytest.approx(expected, rel=1e-6)
    assert convert(expected, to, unit) == pytest.approx(value, rel=1e-6)


def test_a_second_implementation_agrees() -> None:
    pint: Any = PintUcumRegistry()
    temperatures = {"Cel", "[degF]", "K"}  # Pint takes 1 Cel for a reading, but 1 [degF] for a difference
    for _, unit, to, _ in PUBLISHED:
        if unit not in temperatures:
            factor = (pint.from_ucum(unit) / pint.from_ucum(to)).to_base_units().magnitude
            assert convert(1.0, unit, to) == pytest.approx(factor, rel=1e-9), (unit, to)


def test_gas_fraction_needs_the_ambient_pressure() -> None:
    # fact sheet ge-datex-dri §5.3, from a capture: 4.87 % at 759.8 mmHg is shown as 37.0 mmHg
    assert convert(4.87, "%", "mm[Hg]", ambient_mmhg=759.8) == pytest.approx(37.0, abs=0.05)
    assert convert(37.0, "mm[Hg]", "%", ambient_mmhg=759.8) == pytest.approx(4.87, abs=0.005)
    assert convert(5.0, "%", "kPa", ambient_mmhg=760.0) == pytest.approx(5.06625, rel=1e-6)
    with pytest.raises(ValueError, match=r"'%' to 'mm\[Hg\]' needs the ambient pressure"):
        convert(4.87, "%", "mm[Hg]")


def test_same_unit_is_left_alone() -> None:
    assert convert(0.1, "dB", "dB") == 0.1


@pytest.mark.parametrize(
    ("unit", "to", "text"),
    [
        ("mm[Hg]", "furlong", r"no conversion from 'mm\[Hg\]' to 'furlong'"),
        ("mmHg", "kPa", "no conversion from 'mmHg' to 'kPa'"),
        ("L", "L/min", "'L' is a volume, 'L/min' is a flow"),
        ("mm", "mV", "'mm' is a length, 'mV' is a voltage"),
        ("", "kPa", "no conversion from '' to 'kPa'"),
    ],
)
def test_unknown_pair_says_which(unit: str, to: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        convert(1.0, unit, to)


@pytest.mark.parametrize(
    ("ucum", "shown"),
    [
        ("mm[Hg]", "mmHg"),
        ("cm[H2O]", "cmH₂O"),
        ("Cel", "°C"),
        ("[degF]", "°F"),
        ("uV", "µV"),
        ("ug/kg/min", "µg/kg/min"),
        ("/min", "/min"),
        ("%", "%"),
        ("Ohm", "Ω"),
        ("m2", "m²"),
        ("L/min/m2", "L/min/m²"),
        ("cm[H2O].s/L", "cmH₂O·s/L"),
        ("cm[H2O]/(L/s)", "cmH₂O/(L/s)"),
        ("dyn.s/cm5", "dyn·s/cm⁵"),
        ("dyn.s/cm5.m2", "dyn·s·m²/cm⁵"),
        ("mL/{breath}", "mL/breath"),
        ("{beats}/min", "/min"),
        ("10*9/L", "10*9/L"),
        ("min", "min"),
        ("1", ""),
        ("{score}", ""),
        ("", ""),
    ],
)
def test_display(ucum: str, shown: str) -> None:
    assert display(ucum) == shown


def test_display_leaves_no_bracket_in_any_unit_of_the_tables() -> None:
    root = Path(__file__).parents[2]
    units: set[str] = set()
    for table in (root / "collector/codes.csv", *sorted(root.glob("drivers/*/*.csv"))):
        with table.open(encoding="utf-8", newline="") as rows:
            units |= {row.get("ucum") or row.get("unit") or "" for row in csv.DictReader(rows)}
    assert len(units) > 30
    assert {unit: display(unit) for unit in units if set("[]{}") & set(display(unit))} == {}
