"""What a drill measured, for the archive (text, zh and en) and for programs. Pure."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

from collector.clock import rfc3339, to_datetime
from collector.verify.report import Result

Lang = Literal["zh", "en"]

LOCAL_S = 120.0
"""So long without its server a bed says that it works alone (clinical.md §6)."""

LIMITS_S: Mapping[str, float] = {
    "notice": 15.0, "local": LOCAL_S + 5.0, "sheet": 20.0, "live": 30.0, "backlog": 60.0, "bed_age": 15.0,
}  # fmt: skip
"""The most that is held to be good, from what the parts promise: a network that swallows everything is noticed after
10 s, a server that is back after 6 s, the page looks every second, a signal is old after 10 s. `backlog` comes on top
of a twentieth of the outage.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What was measured, in seconds; None: it never came, or was not due.

    outage: how long the server was away. Since the cut: notice: the bed's page says that it is not reached; local: that
    the bed works alone; sheet: a downtime sheet that says so was there. Since the server is back: live: something new
    is in the store; backlog: all of the outage is. bed_age, store_age: how old the newest value of a device became at
    the most, on the bed's page and in the store.
    """

    outage: float
    notice: float | None = None
    local: float | None = None
    sheet: float | None = None
    live: float | None = None
    backlog: float | None = None
    bed_age: float | None = None
    store_age: float | None = None

    @property
    def is_local_due(self) -> bool:
        return self.outage > LIMITS_S["local"]

    def limit(self, name: str) -> float | None:
        """The most that a time may be; None where nothing is asked of it."""
        if name == "local" and not self.is_local_due:
            return None
        if name == "backlog":
            return LIMITS_S[name] + self.outage / 20
        return LIMITS_S.get(name)

    def is_good(self, name: str) -> bool:
        limit, measured = self.limit(name), getattr(self, name)
        return limit is None or (measured is not None and measured <= limit)


_SHOWN = ("notice", "local", "sheet", "live", "backlog", "bed_age", "store_age")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """Of one bed. drivers: of its simulated devices. result: what was said, stored, lost and twice, and what broke."""

    began_us: int
    zone: str
    version: str
    drivers: Sequence[str]
    times: Times
    result: Result

    @property
    def held(self) -> bool:
        return self.result.held and all(self.times.is_good(name) for name in _SHOWN)

    def json(self) -> str:
        times = {f"{name}_s": _rounded(getattr(self.times, name)) for name in ("outage", *_SHOWN)}
        whole = {
            "began": rfc3339(self.began_us),
            "version": self.version,
            "drivers": list(self.drivers),
            **times,
            "limits_s": {name: self.times.limit(name) for name in _SHOWN},
            **self.result.json(),
            "held": self.held,
        }
        return json.dumps(whole, ensure_ascii=False, indent=2)

    def text(self, lang: Lang) -> str:
        """The report for the archive, with lines for the people who took part."""

        def say(key: str, **given: object) -> str:
            return _table()[key][lang].format(**given)

        began: datetime = to_datetime(self.began_us).astimezone(ZoneInfo(self.zone))
        lines = [
            say("title"),
            "",
            say("began", time=f"{began:%Y-%m-%d %H:%M:%S}", zone=self.zone, version=self.version),
            say("devices", drivers=", ".join(self.drivers)),
        ]
        if self.result.not_tried:
            return "\n".join([*lines, "", say("not_tried", reason=self.result.not_tried)])
        lines += [say("outage", seconds=f"{self.times.outage:.1f}"), ""]
        for name in _SHOWN:
            measured, limit = getattr(self.times, name), self.times.limit(name)
            value = say("never") if measured is None else f"{measured:.1f} s"
            if name == "local" and limit is None and measured is None:
                value = say("not_due")
            asked = "" if limit is None else f"  ({say('at_most')} {limit:.0f} s)"
            wrong = "" if self.times.is_good(name) else f"  {say('too_late')}"
            lines.append(f"  {say(name)}: {value}{asked}{wrong}")
        found = self.result.found
        counts = {
            "said": self.result.figures.get("said", 0),
            "compared": found.wanted,
            "stored": found.wanted - found.lost,
            "lost": found.lost,
            "twice": found.duplicated,
            "invented": found.invented,
        }
        lines += ["", *(f"  {say(name)}: {count:,.0f}" for name, count in counts.items())]
        lines += [f"  {say('broken')}: {reason}" for reason in self.result.broken]
        lines += ["", say("held" if self.held else "not_held"), "", *say("form").split("|")]
        return "\n".join(lines)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    with files("collector.drill").joinpath("words.csv").open("r", encoding="utf-8") as text:
        return {row["key"]: row for row in csv.DictReader(text)}
