"""What modules and numbers mean: numbers.csv, from fact sheet mindray-and-chinese-hl7 §8 and its sample of RP01."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from collector.model import UNMAPPED, Channel, Role

TEMPERATURES = frozenset({"50/0", "51/0"})
WARMEST_CEL = 50.0
FAHRENHEIT = "[degF]"
"""A warmer one is in °F: no unit is sent (as with Mindray, §1.4; assumed here)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A parameter. episode: measured now and then, and merely sent again between."""

    channel: Channel
    divisor: float = 1.0
    episode: bool = False


@cache
def numbers() -> Mapping[str, Number]:
    """By module and number, `3/0`, which is the channel's source."""
    return {key: number for key, _, number in _rows()}


@cache
def names() -> Mapping[str, Number]:
    """By the name that the monitor gives, in lower case: for a module that has moved."""
    return {name.lower(): number for _, name, number in _rows()}


def unknown(source: str) -> Channel:
    return Channel(code=UNMAPPED, source=source, unit="", role=Role.MEASURED)


def every() -> Iterable[Channel]:
    return (number.channel for number in numbers().values())


@cache
def _rows() -> tuple[tuple[str, str, Number], ...]:
    with files(__package__).joinpath("numbers.csv").open("r", encoding="utf-8") as text:
        return tuple(
            (
                f"{row['module']}/{row['number']}",
                row["name"],
                Number(
                    channel=Channel(code=row["refid"], source=f"{row['module']}/{row['number']}", unit=row["unit"]),
                    divisor=float(row["divisor"]),
                    episode=row["form"] == "episode",
                ),
            )
            for row in csv.DictReader(text)
        )
