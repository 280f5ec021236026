"""Which parameters come first on the page, with which label, colour and decimals.

Source: layout.csv. Its order is the page's; a code that ends in `*` stands for all that begin so, the longest wins.
`tile` names the large tile of a parameter (empty: a line in its group); where the rows of a tile name no part, the
first of them that is there gets the tile. From which age a value is old: collector/ages.csv.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from collector.model import Reading

GROUPS = ("circulation", "respiration", "gas", "ventilation", "temperature", "neuro", "infusion", "other")

_UNIT_DECIMALS: Mapping[str, int] = {
    "/min": 0, "mm[Hg]": 0, "kPa": 1, "cm[H2O]": 0, "mbar": 0, "hPa": 0, "%": 1, "Cel": 1, "[degF]": 1, "mL": 0,
    "L": 2, "L/min": 1, "mL/min": 0, "mL/h": 1, "mL/kg": 1, "mV": 2, "uV": 0, "mm": 1, "s": 1, "ms": 0, "Hz": 1,
    "Ohm": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and how a parameter is shown. `part` is sys, dia or mean within a tile of several values."""

    order: int
    tile: str
    label: str
    tone: str
    group: str
    part: str
    decimals: int | None

    def written(self, reading: Reading) -> str | None:
        """The value as the page writes it; None where there is none."""
        if reading.value is None:
            return reading.text
        return self.number(reading.value, reading.series.channel.unit)

    def number(self, value: float, unit: str) -> str:
        """A number of this parameter in a UCUM unit, with the decimals that fit; never "-0"."""
        decimals = _UNIT_DECIMALS.get(unit) if self.decimals is None else self.decimals
        text = f"{value:.4g}" if decimals is None else f"{value:.{decimals}f}"
        return text.removeprefix("-") if not text.strip("-0.") else text


def second_choice(unit: str) -> bool:
    """Where a device gives one value in several units, it is shown large and drawn in mmHg (source: our judgement)."""
    return unit != "mm[Hg]"


@cache
def _places() -> tuple[Mapping[str, Place], tuple[tuple[str, Place], ...]]:
    """Places by whole code, and by beginning of a code, the longest first."""
    exact: dict[str, Place] = {}
    beginnings: list[tuple[str, Place]] = []
    with files("charting.page").joinpath("layout.csv").open("r", encoding="utf-8") as text:
        for order, row in enumerate(csv.DictReader(text)):
            place = Place(
                order=order,
                tile=row["tile"],
                label=row["label"],
                tone=row["tone"],
                group=row["group"],
                part=row["part"],
                decimals=int(row["decimals"]) if row["decimals"] else None,
            )
            if row["code"].endswith("*"):
                beginnings.append((row["code"][:-1], place))
            else:
                exact[row["code"]] = place
    beginnings.sort(key=lambda item: -len(item[0]))
    return exact, tuple(beginnings)


_OTHER = Place(order=10_000, tile="", label="", tone="plain", group="other", part="", decimals=None)


@cache
def place(code: str) -> Place:
    """The place of a code; what the table does not know comes last, among "other".

    A driver's own code VND_<MAKER>_<NAME> is placed like MDC_<NAME> where it has no place of its own.
    """
    exact, beginnings = _places()
    if code in exact:
        return exact[code]
    names = [code]
    if code.startswith("VND_"):
        names.append("MDC_" + code.split("_", 2)[-1])
    return next((found for name in names for start, found in beginnings if name.startswith(start)), _OTHER)
