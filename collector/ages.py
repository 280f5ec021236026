"""From which age a value counts as old, and which signals are missed where they fall silent.

Source: ages.csv; a code that ends in `*` stands for all that begin so, the longest wins. Ages follow clinical.md: 10 s
for what is continuous (§4.2), 6 min for a cuff (§3.1) and what else is measured now and then. `missing`: the priority
of a signal that is silent while its device is received, lower where a person has other signs of it (§4.1); empty for
what nobody waits for. `signal`: codes of one name (signals.csv) are one signal; without it a code is one of its own.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from collector.codes import by_refid
from collector.model import Priority, Reading, Role

CONTINUOUS_S = 10.0
SETTING_S = 60.0
"""Settings, limits and texts: devices are asked for them in turn, with all else between (our judgement)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """`missing`: None where its silence is no condition."""

    limit_s: float = CONTINUOUS_S
    missing: Priority | None = None
    signal: str = ""

    @property
    def episodic(self) -> bool:
        return self.limit_s > CONTINUOUS_S


@cache
def age(code: str) -> Age:
    """What the table says of a code; a driver's own VND_<MAKER>_<NAME> is like MDC_<NAME> where it has no row."""
    exact, beginnings = _rows()
    if code in exact:
        return exact[code]
    names = [code]
    if code.startswith("VND_"):
        names.append("MDC_" + code.split("_", 2)[-1])
    return next((found for name in names for start, found in beginnings if name.startswith(start)), Age())


def limit_s(reading: Reading) -> float:
    """The age from which this reading counts as old."""
    limit = age(reading.series.channel.code).limit_s
    steady = reading.series.channel.role is Role.MEASURED and reading.text is None
    return limit if steady else max(SETTING_S, limit)


@cache
def signal_names(signal: str) -> tuple[str, str]:
    """The name of a signal (of signals.csv, or a code) in Chinese and English; the code where it has none."""
    with files("collector").joinpath("signals.csv").open("r", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            if row["signal"] == signal:
                return row["zh"], row["en"]
    parameter = by_refid().get(signal)
    return (parameter.zh, parameter.en) if parameter is not None else (signal, signal)


@cache
def _rows() -> tuple[Mapping[str, Age], tuple[tuple[str, Age], ...]]:
    """Ages by whole code, and by beginning of a code, the longest first."""
    exact: dict[str, Age] = {}
    beginnings: list[tuple[str, Age]] = []
    with files("collector").joinpath("ages.csv").open("r", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            found = Age(
                limit_s=float(row["limit_s"] or CONTINUOUS_S),
                missing=Priority(row["missing"]) if row["missing"] else None,
                signal=row["signal"],
            )
            if row["code"].endswith("*"):
                beginnings.append((row["code"][:-1], found))
            else:
                exact[row["code"]] = found
    beginnings.sort(key=lambda item: -len(item[0]))
    return exact, tuple(beginnings)
