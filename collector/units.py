"""UCUM units as people read them, and the few conversions that a display needs.

A value stays in the unit that was sent; converting is for showing. Units are UCUM codes, case sensitive
("mm[Hg]", "/min").
"""

import re
from collections.abc import Mapping

_MMHG_PA = 133.322387415  # conventional millimetre of mercury, exact
_CMH2O_PA = 98.0665  # conventional centimetre of water, exact
_LB_KG = 0.45359237  # international pound, exact
_IN_CM = 2.54  # international inch, exact

_SCALES: Mapping[str, tuple[str, float, float]] = {
    # unit: quantity, factor, offset, with value × factor + offset in the quantity's base unit
    "Pa": ("pressure", 1.0, 0.0),
    "hPa": ("pressure", 100.0, 0.0),
    "mbar": ("pressure", 100.0, 0.0),
    "kPa": ("pressure", 1000.0, 0.0),
    "mm[Hg]": ("pressure", _MMHG_PA, 0.0),
    "cm[H2O]": ("pressure", _CMH2O_PA, 0.0),
    "Cel": ("temperature", 1.0, 273.15),
    "[degF]": ("temperature", 5 / 9, 459.67 * 5 / 9),
    "K": ("temperature", 1.0, 0.0),
    "%": ("fraction", 0.01, 0.0),
    "mL": ("volume", 0.001, 0.0),
    "L": ("volume", 1.0, 0.0),
    "mL/h": ("flow", 0.001 / 60, 0.0),
    "mL/min": ("flow", 0.001, 0.0),
    "10.mL/min": ("flow", 0.01, 0.0),
    "mL/s": ("flow", 0.06, 0.0),
    "L/min": ("flow", 1.0, 0.0),
    "L/s": ("flow", 60.0, 0.0),
    "mL/min/m2": ("flow index", 0.001, 0.0),
    "L/min/m2": ("flow index", 1.0, 0.0),
    "L/bar": ("compliance", 1.0, 0.0),
    "mL/mbar": ("compliance", 1.0, 0.0),
    "mL/hPa": ("compliance", 1.0, 0.0),
    "mL/cm[H2O]": ("compliance", 100 / _CMH2O_PA, 0.0),
    "mbar.s/L": ("resistance", 1.0, 0.0),
    "mbar/(L/s)": ("resistance", 1.0, 0.0),
    "cm[H2O].s/L": ("resistance", _CMH2O_PA / 100, 0.0),
    "cm[H2O]/(L/s)": ("resistance", _CMH2O_PA / 100, 0.0),
    "uV": ("voltage", 0.001, 0.0),
    "mV": ("voltage", 1.0, 0.0),
    "ms": ("time", 0.001, 0.0),
    "s": ("time", 1.0, 0.0),
    "min": ("time", 60.0, 0.0),
    "h": ("time", 3600.0, 0.0),
    "g": ("mass", 0.001, 0.0),
    "kg": ("mass", 1.0, 0.0),
    "[lb_av]": ("mass", _LB_KG, 0.0),
    "mm": ("length", 0.1, 0.0),
    "cm": ("length", 1.0, 0.0),
    "m": ("length", 100.0, 0.0),
    "[in_i]": ("length", _IN_CM, 0.0),
}

_NAMES: Mapping[str, str] = {
    "mm[Hg]": "mmHg",
    "cm[H2O]": "cmH₂O",
    "Cel": "°C",
    "[degF]": "°F",
    "[in_i]": "in",
    "[lb_av]": "lb",
    "[ppm]": "ppm",
    "[iU]": "IU",
    "[pH]": "pH",
    "Ohm": "Ω",
}
_UNREAD: Mapping[str, str] = {"1": "", "dyn.s/cm5.m2": "dyn·s·m²/cm⁵"}
_ATOM = re.compile(r"[A-Za-z%]*\[\w+\]|[A-Za-z%]+")
_COUNTED = re.compile(r"(?<!/)\{[^}]*\}")
_EXPONENT = re.compile(r"(?<=[A-Za-z])-?\d+")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def convert(value: float, unit: str, to: str, *, ambient_mmhg: float | None = None) -> float:
    """Give `value` of UCUM `unit` in UCUM `to`.

    A temperature is a reading, not a difference. Between % of a gas and its partial pressure the ambient pressure in
    mmHg is needed. Raises ValueError, saying which units, where there is no conversion.
    """
    if unit == to:
        return value
    if unit not in _SCALES or to not in _SCALES:
        raise ValueError(f"no conversion from {unit!r} to {to!r}")
    quantity, factor, offset = _SCALES[unit]
    wanted, to_factor, to_offset = _SCALES[to]
    base = value * factor + offset
    if {quantity, wanted} == {"fraction", "pressure"}:
        if ambient_mmhg is None:
            raise ValueError(f"from {unit!r} to {to!r} needs the ambient pressure")
        ambient_pa = ambient_mmhg * _MMHG_PA
        base = base * ambient_pa if quantity == "fraction" else base / ambient_pa
    elif quantity != wanted:
        raise ValueError(f"{unit!r} is a {quantity}, {to!r} is a {wanted}: no conversion")
    return (base - to_offset) / to_factor


def display(ucum: str) -> str:
    """The unit as a person reads it: mmHg, °C, cmH₂O, /min, µV; "" for a pure number, a score or a text."""
    if ucum in _UNREAD:
        return _UNREAD[ucum]
    text = _COUNTED.sub("", ucum).replace("{", "").replace("}", "")
    text = _ATOM.sub(lambda atom: _name(atom[0]), text)
    text = _EXPONENT.sub(lambda digits: digits[0].translate(_SUPERSCRIPT), text)
    return text.replace(".", "·")


def _name(atom: str) -> str:
    if atom in _NAMES:
        return _NAMES[atom]
    prefix, bracket, rest = atom.partition("[")
    told = prefix + _NAMES.get(bracket + rest, bracket + rest)
    return "µ" + told[1:] if len(told) > 1 and told.startswith("u") else told
