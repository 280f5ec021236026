"""What the record's quick panel offers: drugs, infusions, fluids with their usual amounts, from the libraries. Pure.

The order of favourites is that of favourites.csv; those for 抢救 come first while it is on. Everything else stands
behind them, by the library's order.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files

from charting.library.library import Coding, Libraries
from charting.trail.contents import Term

NOW = "{now}"
"""Stands for the time in what a page sends (actions.js)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something with its usual amounts. `body`: JSON of what is sent, without an amount."""

    term: Term
    unit: str
    amounts: tuple[str, ...]
    body: str
    route: str = ""
    way: str = ""
    group: str = ""


def boluses(libraries: Libraries, day: str, *, rescue: bool) -> Sequence[Offer]:
    """Drugs with doses; favourites first. `day`: ISO; what is not valid then is not offered."""
    return _ranked(rescue, _boluses(libraries, day))


def _boluses(libraries: Libraries, day: str) -> Iterator[Offer]:
    for coding in _codings(libraries, "drugs", day):
        said = coding.attributes
        if said.get("use") not in {"bolus", "both"}:
            continue
        content = {"kind": "bolus", "drug": asdict(coding.term), "unit": said.get("unit", "mg"),
                   "route": said.get("route", ""), "at_us": NOW}  # fmt: skip
        amounts = tuple(a for a in said.get("doses", "").split(";") if a)
        yield Offer(
            term=coding.term,
            unit=said.get("unit", "mg"),
            amounts=amounts,
            body=_body(content),
            route=said.get("route", ""),
        )


def infusions(libraries: Libraries, day: str, *, rescue: bool) -> Sequence[Offer]:
    """Drugs that run, gases and vapours, with rates."""
    found: list[Offer] = []
    for coding in (*_codings(libraries, "drugs", day), *_codings(libraries, "gases", day)):
        said = coding.attributes
        gas = coding.term.library == "gases"
        if not gas and said.get("use") not in {"infusion", "both"}:
            continue
        unit = said.get("unit" if gas else "rate_unit", "mL/h")
        content = {
            "kind": "infusion",
            "what": said.get("what", "gas") if gas else "drug",
            "drug": asdict(coding.term),
            "unit": unit,
            "route": said.get("route", ""),
            "concentration": said.get("concentration", ""),
        }
        amounts = tuple(a for a in said.get("rates", "").split(";") if a)
        found.append(Offer(term=coding.term, unit=unit, amounts=amounts, body=_body({**content, "rates": []})))
    return _ranked(rescue, found)


def volumes(libraries: Libraries, day: str, lang: str) -> Sequence[Offer]:
    """Intake and output, called in zh or en."""
    found: list[Offer] = []
    for coding in _codings(libraries, "fluids", day):
        group = coding.attributes.get("group", "other")
        way = "out" if group in {"urine", "blood_loss", "drain", "gastric", "other_out"} else "in"
        what = getattr(coding.term, lang) if way == "in" else ""
        content = {"kind": "volume", "way": way, "group": group, "what": what, "start_us": NOW}
        amounts = tuple(a for a in coding.attributes.get("volumes", "").split(";") if a)
        found.append(
            Offer(
                term=coding.term,
                unit="mL",
                amounts=amounts,
                body=_body(content),
                way=way,
                group=group,
            )
        )
    return found


def _ranked(rescue: bool, offers: Iterable[Offer]) -> list[Offer]:
    rank: Mapping[str, int] = {code: n for n, code in enumerate(_favourites(rescue))}
    return sorted(offers, key=lambda offer: rank.get(offer.term.code, len(rank)))


@cache
def _favourites(rescue: bool) -> Sequence[str]:
    with files("charting.web").joinpath("favourites.csv").open("r", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    wanted = [row["code"] for row in rows if rescue and row["when"] == "rescue"]
    return list(dict.fromkeys([*wanted, *(row["code"] for row in rows if not row["when"])]))


def favourites(rescue: bool) -> frozenset[str]:
    """Codes of drugs that stand in the first row."""
    return frozenset(_favourites(rescue))


def _codings(libraries: Libraries, library: str, day: str) -> Sequence[Coding]:
    current = libraries.current(library)
    return [coding for coding in current.codings.values() if coding.valid(day)] if current else []


def _body(content: Mapping[str, object]) -> str:
    return json.dumps({"after": 0, "content": content}, ensure_ascii=False)
