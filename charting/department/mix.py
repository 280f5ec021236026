"""What a department does: operations with how often and how (operations.csv), techniques and what they are."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

Device = Literal["ETT", "DLT", "LMA", "trach"]

OFFSITE = ("endo", "cath", "mri", "ect", "labour")
"""Units outside the operating rooms and the day-surgery rooms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """A code of the library techniques; `device`: the airway device that goes with it."""

    code: str
    ga: bool
    neuraxial: bool
    block: bool
    device: Device | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`procedure`, `diagnosis`: codes of the libraries. `unit`: or, day (day surgery), or one of OFFSITE. `region`:
    cranial, throat, neck, chest or "". `icu`, `blood`, `emergency`: of a hundred how many. `techniques`: combinations
    with their weights.
    """

    procedure: str
    diagnosis: str
    department: str
    unit: str
    weight: float
    techniques: Mapping[tuple[Technique, ...], float]
    minutes: tuple[int, int]
    ages: tuple[int, int]
    sex: str
    position: str
    region: str
    icu: int
    blood: int
    bypass: bool
    emergency: int

    @property
    def is_offsite(self) -> bool:
        return self.unit in OFFSITE


@cache
def techniques() -> Mapping[str, Technique]:
    return {
        row["code"]: Technique(
            code=row["code"],
            ga=bool(row["ga"]),
            neuraxial=bool(row["neuraxial"]),
            block=bool(row["block"]),
            device=cast("Device", row["device"]) if row["device"] else None,
        )
        for row in _rows("techniques.csv")
    }


@cache
def operations() -> Sequence[Operation]:
    return tuple(
        Operation(
            procedure=row["procedure"],
            diagnosis=row["diagnosis"],
            department=row["department"],
            unit=row["unit"],
            weight=float(row["weight"]),
            techniques=dict(_combination(said) for said in row["techniques"].split()),
            minutes=(int(row["low_min"]), int(row["high_min"])),
            ages=(int(row["low_age"]), int(row["high_age"])),
            sex=row["sex"],
            position=row["position"],
            region=row["region"],
            icu=int(row["icu"]),
            blood=int(row["blood"]),
            bypass=bool(row["bypass"]),
            emergency=int(row["emergency"]),
        )
        for row in _rows("operations.csv")
    )


def _combination(said: str) -> tuple[tuple[Technique, ...], float]:
    codes, _, weight = said.partition(":")
    return tuple(techniques()[code] for code in codes.split("+")), float(weight)


def _rows(name: str) -> Sequence[Mapping[str, str]]:
    with files("charting.department").joinpath(name).open("r", encoding="utf-8") as text:
        return list(csv.DictReader(text))
