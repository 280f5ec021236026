"""11073-10101 numbers as refids and UCUM units.

Codes of measurements are in the dictionary. A setting has there the number of its measurement + 2^24; a device gives
the number of the measurement and says "Set". Units: the dictionary, then _UNITS: terms of partition 4 (262144 + term)
of ISO/IEEE 11073-10101, as the fact sheet philips-intellivue §11 lists them.
"""

from collections.abc import Mapping

from collector.codes import by_number
from collector.model import UNMAPPED

SETTING = 1 << 24
_PARTITION = 4 << 16

_UNITS: Mapping[int, str] = {
    0x0260: "[ppm]", 0x03E0: "[pH]", 0x0500: "m", 0x0512: "mm", 0x0560: "[in_i]", 0x05C0: "m2", 0x0640: "L",
    0x06C0: "g", 0x06D2: "mg", 0x06E0: "[lb_av]", 0x0800: "g/L", 0x0840: "g/dL", 0x0852: "mg/dL", 0x0880: "s",
    0x0892: "ms", 0x08C0: "h", 0x08E0: "d", 0x0940: "a", 0x0AC0: "/min", 0x0BE0: "L/s", 0x0C12: "mL/min",
    0x0C20: "L/h", 0x0C52: "mL/d", 0x0D13: "ug/min", 0x0D32: "mg/h", 0x0D93: "ug/kg/min", 0x0DB2: "mg/kg/h",
    0x0F02: "hPa", 0x0F03: "kPa", 0x0F72: "mbar", 0x0FC0: "W", 0x0FD2: "mW", 0x1052: "mA", 0x10C0: "Ohm",
    0x1272: "mmol/L", 0x12F2: "meq/L", 0x1892: "mL/mm[Hg]", 0x1912: "mL/dL",
}  # fmt: skip


def refid(code: int | None, *, setting: bool = False) -> str:
    """The refid of a number; UNMAPPED where nobody knows it."""
    if code is None:
        return UNMAPPED
    known = by_number()
    found = (known.get(code + SETTING) if setting else None) or known.get(code)
    return UNMAPPED if found is None else found.refid


def ucum(unit: int | None, name: str = "") -> str:
    """The UCUM unit of a number; one that nobody knows is an annotation that keeps it: `{262999}`."""
    if unit is None:
        return "{" + "".join(c for c in name if "!" <= c <= "~" and c not in "{}") + "}" if name else "1"
    found = by_number().get(unit)
    if found is not None and found.kind == "unit":
        return found.unit
    return _UNITS.get(unit - _PARTITION, f"{{{unit}}}")
