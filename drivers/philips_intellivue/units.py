"""Unit codes as UCUM (fact sheet philips-intellivue §11). The unit is chosen on the monitor: always from the PDU."""

from collections.abc import Mapping
from functools import lru_cache

UCUM: Mapping[int, str] = {
    0x0000: "1", 0x0200: "1", 0x0220: "%", 0x0260: "[ppm]", 0x03E0: "[pH]",
    0x0500: "m", 0x0511: "cm", 0x0512: "mm", 0x0560: "[in_i]", 0x0592: "mL/m2", 0x05C0: "m2",
    0x0640: "L", 0x0652: "mL", 0x0672: "mL/{breath}",
    0x06C0: "g", 0x06C3: "kg", 0x06D2: "mg", 0x06E0: "[lb_av]", 0x0743: "kg.m",
    0x0800: "g/L", 0x0840: "g/dL", 0x0852: "mg/dL",
    0x0880: "s", 0x0892: "ms", 0x08A0: "min", 0x08C0: "h", 0x08E0: "d", 0x0940: "a",
    0x09C0: "Hz", 0x09E0: "/min", 0x0AA0: "/min", 0x0AC0: "/min", 0x0AE0: "/min",
    0x0B20: "L/min/m2", 0x0BE0: "L/s", 0x0C00: "L/min", 0x0C12: "mL/min", 0x0C20: "L/h", 0x0C32: "mL/h",
    0x0C52: "mL/d", 0x0C72: "mL/kg",
    0x0D13: "ug/min", 0x0D32: "mg/h", 0x0D93: "ug/kg/min", 0x0DB2: "mg/kg/h",
    0x0F02: "hPa", 0x0F03: "kPa", 0x0F20: "mm[Hg]", 0x0F40: "cm[H2O]", 0x0F72: "mbar",
    0x0FC0: "W", 0x0FD2: "mW", 0x0FD4: "nW",
    0x1020: "dyn.s/cm5", 0x1052: "mA", 0x10B2: "mV", 0x10B3: "uV", 0x10C0: "Ohm", 0x1140: "[degF]",
    0x1272: "mmol/L", 0x12F2: "meq/L", 0x1712: "mL/cm[H2O]", 0x1720: "cm[H2O].s/L", 0x1780: "dyn.s.m2/cm5",
    0x17A0: "Cel", 0x1800: "cm[H2O]/L", 0x1892: "mL/mm[Hg]", 0x1912: "mL/dL", 0x1920: "dB",
    0xF004: "uV", 0xF009: "mm[Hg]/s", 0xF00A: "mL/s", 0xF260: "L/min/kg",
}  # fmt: skip
"""0000 is "not specified": a number all the same."""

_PREFIX: Mapping[int, str] = {
    0: "", 1: "da", 2: "h", 3: "k", 4: "M", 16: "d", 17: "c", 18: "m", 19: "u", 20: "n", 21: "p",
}  # fmt: skip
_FACTOR = 0x1F
_PRIVATE = 0xF000
_PREFIXED = frozenset(("m", "L", "g", "s", "W", "Pa", "A", "V", "eq", "mol"))
"""First atoms that take a prefix; the base of a code is known from any multiple of it in the table."""


def _bases() -> Mapping[int, str]:
    found: dict[int, str] = {}
    for code, unit in UCUM.items():
        prefix = _PREFIX.get(code & _FACTOR, "?")
        base = unit.removeprefix(prefix)
        atom = base.partition("/")[0]
        if code < _PRIVATE and unit.startswith(prefix) and atom in _PREFIXED:
            found[code & ~_FACTOR] = base
    return found


_BASE = _bases()


@lru_cache(maxsize=512)
def ucum(code: int) -> str:
    """The UCUM unit of a code; one that nobody knows becomes an annotation that keeps the code: `{F1A2}`."""
    known = UCUM.get(code)
    if known is not None:
        return known
    base, prefix = _BASE.get(code & ~_FACTOR), _PREFIX.get(code & _FACTOR)
    return f"{{{code:04X}}}" if base is None or prefix is None else prefix + base
