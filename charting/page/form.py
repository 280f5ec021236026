"""What a paper has that stands in for a bed's record: the record's rows and units, and places to write in. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from charting.fill.signals import Signal, find
from charting.page.words import Lang, Words
from charting.templates.loader import Templates
from charting.templates.template import Template
from collector.units import display

AREA_OF_FEED = "icu"
"""A central station speaks for a ward of beds that are watched."""

ALWAYS = frozenset({"hr", "nibp_sys", "spo2", "rr", "etco2", "temp", "fio2"})
"""Signals whose row each sheet has; the rows of all others where the bed has told of them."""

DRAWN = frozenset({"hr", "nibp", "abp"})
"""Sets that are drawn as symbols, where a column is of minutes (clinical.md §3.6)."""

_TOGETHER: Mapping[str, str] = {"nibp": "tile.nibp", "abp": "tile.art", "pap": "tile.pap"}
"""Sets whose values are written as one → its name."""
_HOUR_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """`name`: of the record's template; `step_s`: of a column; `rows`: each with its unit, in the record's order.

    `fields`: lines of places to write in; `drawn`: whether pressures and rates are drawn as symbols over the rows.
    """

    name: str
    title: str
    step_s: int
    rows: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def drawn(self) -> bool:
        return self.step_s < _HOUR_S


def form(kind: str, words: Words, codes: Collection[str] = ()) -> Form:
    """The form of a bed of a kind (or, pacu, icu, feed). codes: what the bed has told of lately."""
    template = _template(AREA_OF_FEED if kind == "feed" else kind)
    assert template.grid is not None
    drawn = template.grid.step_s < _HOUR_S
    rows: dict[str, str] = {}
    for signal in find(template.signals):
        wanted = signal.id in ALWAYS or not set(signal.codes).isdisjoint(codes)
        if wanted and not (drawn and signal.rules in DRAWN):
            key = signal.rules if signal.rules in _TOGETHER else signal.id
            rows.setdefault(key, _label(signal, words))
    return Form(
        name=template.name,
        title=template.title(words.lang),
        step_s=template.grid.step_s,
        rows=tuple(rows.values()),
        fields=tuple(words(f"form.{template.name}").split("|")),
    )


def _label(signal: Signal, words: Words) -> str:
    if signal.rules in _TOGETHER:
        name = words(_TOGETHER[signal.rules])
    else:
        name = signal.zh if words.lang is Lang.ZH else signal.en
    return f"{name} {display(signal.unit)}".strip()


@cache
def _template(area: str) -> Template:
    """The newest record of an area that devices fill."""
    return next(found for found in Templates.load().newest() if found.grid is not None and area in found.grid.areas)
