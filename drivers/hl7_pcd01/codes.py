"""What the codes of PCD-01 mean: OBX-3 → refid and role, OBX-6 → UCUM unit.

Numbers are those of collector/codes.csv; vendors' own are in vendor.csv; units by name in units.csv hold what the name
itself says, for numbers that the dictionary lacks. Rules: fact sheets ihe-pcd §3, mindray-and-chinese-hl7 §2, §4, §8.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from collector.codes import Parameter, by_number, by_refid, load
from collector.model import UNMAPPED, Channel, Role

OBJECT = 1
"""The partition of objects and their attributes: rows of it are the device, its modules and channels, not values."""
SETTING = 1 << 24
"""Settings have the number of their measurement and this (ISO/IEEE 11073-10101)."""
MOST_CHARS = 120
"""Of a code that nobody knows: a name is shorter, and a source is a key."""

NAMED: Mapping[tuple[str, str], str] = {
    ("150017", "MDC_PRESS_BLD_NONINV_SYS"): "MDC_PRESS_BLD_NONINV_SYS",
    ("150018", "MDC_PRESS_BLD_NONINV_DIA"): "MDC_PRESS_BLD_NONINV_DIA",
    ("150019", "MDC_PRESS_BLD_NONINV_MEAN"): "MDC_PRESS_BLD_NONINV_MEAN",
    ("149522", "MDC_PULS_RATE"): "MDC_PULS_RATE",
}
"""Comen's numbers that say less, or something else, than the name beside them (mindray-and-chinese-hl7 §8): the generic
pressure for its cuff, and the pulse of an invasive line for a monitor that has none."""

SETTINGS: Mapping[int, str] = {151868: "MDC_VENT_VOL_TIDAL_SETTING"}
"""WATO's settings whose own number is not that of the measurement and SETTING (§4)."""

CUFF = frozenset({
    "MDC_PRESS_BLD_NONINV_SYS", "MDC_PRESS_BLD_NONINV_DIA", "MDC_PRESS_BLD_NONINV_MEAN",
    "MDC_PRESS_CUFF_SYS", "MDC_PRESS_CUFF_DIA", "MDC_PRESS_CUFF_MEAN", "MDC_PULS_RATE_NON_INV",
})  # fmt: skip
EPISODIC = CUFF | {"MDC_OUTPUT_CARD_NONCTS", "MDC_PRESS_BLD_ART_PULM_WEDGE", "MDC_CONC_GLU_GEN"}
"""Measured now and then: they have a time of their own (ihe-pcd §2, OBX-14)."""

BODY = frozenset({"MDC_MASS_BODY_ACTUAL", "MDC_LEN_BODY_ACTUAL"})
"""Zero of these is what nobody has entered (mindray-and-chinese-hl7 §8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Of an OBX-3. `id`: the device's own, for a source. `unit`: the usual one. `words`: its values are words.

    `object`: a device, module or channel. `attribute`: it says something of another row.
    """

    code: str
    id: str
    role: Role = Role.MEASURED
    unit: str = "1"
    words: bool = False
    object: bool = False
    attribute: bool = False


def meaning(observation: Sequence[str]) -> Meaning:
    """Of the components of an OBX-3: number, REFID, coding system, and a vendor's own again in the next three."""
    number, name, system = (*observation, "", "", "")[:3]
    other = (*observation, "", "", "", "", "", "")[3:6]
    id_ = number if number and system == "MDC" else f"{number}^{name}^{system}".rstrip("^")[:MOST_CHARS]
    code = _standard(number, name) if system in {"MDC", ""} else None
    role = Role.SET if name.endswith("_SETTING") else Role.MEASURED
    if code is None:
        vendor = vendors().get((system, number)) or vendors().get((other[2], other[0]))
        if vendor is not None:
            code, role, id_ = vendor.code, vendor.role, vendor.id
    parameter = parameters_by_refid().get(code or "")
    if parameter is None or code is None:
        partition = int(number) >> 16 if number.isascii() and number.isdigit() and len(number) < 11 else 0
        return Meaning(
            code=UNMAPPED,
            id="^".join(observation[:6]).rstrip("^")[:MOST_CHARS],
            role=role,
            object=system in {"MDC", ""} and partition == OBJECT and "_ATTR_" not in name,
            attribute="_ATTR_" in name,
        )
    if parameter.kind == "setting":
        role = Role.SET
    return Meaning(
        code=code,
        id=id_,
        role=role,
        unit=parameter.unit or "1",
        words=parameter.kind == "enum",
        object=parameter.kind == "device",
        attribute=parameter.kind == "attribute",
    )


def unit(sent: Sequence[str]) -> str:
    """UCUM of the components of an OBX-6: code, name, coding system; "" where none was sent.

    What nobody knows is the name in braces, which UCUM takes for a note: it is kept, and nothing converts it.
    """
    number, name, system = (*sent, "", "", "")[:3]
    if not number and not name:
        return ""
    found = by_number().get(int(number)) if number.isascii() and number.isdigit() and len(number) < 11 else None
    if found is not None and found.kind == "unit":
        return found.unit
    named = by_refid().get(name)
    if named is not None and named.kind == "unit":
        return named.unit
    for key in (name, f"{number}^{system}"):
        if key in _other_units():
            return _other_units()[key]
    if system == "UCUM":
        return number
    note = "".join(c for c in (name or number)[:MOST_CHARS] if c.isascii() and c.isprintable() and c not in "{}")
    return f"{{{note}}}" if note else "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    id: str
    code: str
    role: Role


@cache
def vendors() -> Mapping[tuple[str, str], Vendor]:
    """By coding system and number."""
    return {
        (row["system"], row["code"]): Vendor(
            id=f"{row['code']}^{row['system']}", code=row["refid"], role=Role(row["role"])
        )
        for row in _rows("vendor.csv")
    }


@cache
def parameters() -> tuple[Parameter, ...]:
    """The VND_ codes with their names, codes.csv."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


@cache
def parameters_by_refid() -> Mapping[str, Parameter]:
    """The dictionary's and this driver's own."""
    return {**by_refid(), **{parameter.refid: parameter for parameter in parameters()}}


def channels() -> Iterable[Channel]:
    """What vendors' codes become; the standard ones are the dictionary."""
    for vendor in vendors().values():
        yield Channel(
            code=vendor.code, source=vendor.id, unit=parameters_by_refid()[vendor.code].unit, role=vendor.role
        )
    for code in (*NAMED.values(), *SETTINGS.values()):
        role = Role.SET if code.endswith("_SETTING") else Role.MEASURED
        yield Channel(code=code, source=code, unit=parameters_by_refid()[code].unit, role=role)


def _standard(number: str, name: str) -> str | None:
    """The refid of a number of the nomenclature; that of its name where there is no number."""
    if (number, name) in NAMED:
        return NAMED[number, name]
    if not number.isascii() or not number.isdigit() or len(number) > 10:
        return name if not number and name in by_refid() else None
    code = int(number)
    if name.endswith("_SETTING") and code < SETTING:
        setting = by_refid().get(SETTINGS.get(code, "")) or by_number().get(code + SETTING)
        if setting is not None:
            return setting.refid
    found = by_number().get(code)
    return found.refid if found is not None else None


@cache
def _other_units() -> Mapping[str, str]:
    return {row["name"]: row["ucum"] for row in _rows("units.csv")}


def _rows(name: str) -> Iterable[dict[str, str]]:
    with files(__package__).joinpath(name).open("r", encoding="utf-8") as text:
        return list(csv.DictReader(text))
