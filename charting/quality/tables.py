"""One [[indicator]] of a catalogue's file: what it is to hold, and every mistake in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, get_type_hints

from pydantic import ConfigDict, Field, Strict, TypeAdapter, ValidationError

from charting.case.events import events
from charting.case.findings import findings
from charting.quality.catalogue import Group, Indicator, Variant
from charting.quality.facts import Facts
from charting.quality.figures import figure_kinds
from charting.quality.logic import Expression, ExpressionError, Kind, Parameter, kind_of
from charting.quality.words import words

GROUP = "group"
"""What the event of an indicator that is told by group calls the group's value."""

_Text = Annotated[str, Field(min_length=1)]
_Value = Annotated[bool, Strict()] | Annotated[float, Strict()] | Annotated[_Text, Strict()]
_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Texts:
    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    zh: _Text
    en: _Text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    name: _Text
    zh: _Text
    en: _Text
    parameters: dict[_Text, _Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    value: _Text
    zh: _Text
    en: _Text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """Indicator says what each key is."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    code: _Text
    edition: _Text
    number: Annotated[int, Field(ge=1)]
    name: _Texts
    kind: Literal["rate", "ratio", "count"]
    unit: Literal["C", "P", "H"]
    times: Annotated[float, Field(gt=0)] = 1.0
    population: str = ""
    event: str = ""
    level: Literal["auto", "semi", "manual"]
    grade: Literal["A", "B", "C", "D"]
    source: _Text
    above: _Texts
    below: _Texts | None = None
    window: _Texts | None = None
    exclusions: _Texts | None = None
    note: _Texts | None = None
    by: str = ""
    groups: tuple[_Group, ...] = ()
    numerator_figure: str = ""
    denominator_figure: str = ""
    yearly: bool = False
    at: str = ""
    finding: str = ""
    needs: str = ""
    parameters: dict[_Text, _Value] | None = None
    variants: tuple[_Variant, ...] = ()


_TEXTS = ("name", "above", "below", "window", "exclusions", "note")
_TOLD: TypeAdapter[_Told] = TypeAdapter(_Told)


@cache
def fact_kinds() -> Mapping[str, Kind]:
    """What an expression may name of Facts, and what it is."""
    hints = get_type_hints(Facts)
    names = [f.name for f in fields(Facts)]
    kinds = {str: Kind.TEXT, float: Kind.NUMBER}
    return {name: kinds.get(hints[name], Kind.TRUTH) for name in names[names.index("performed") :]}


def read(table: Mapping[str, Any]) -> Indicator | Sequence[str]:
    """The indicator, or everything that is wrong with it, in English."""
    try:
        told = _TOLD.validate_python(table)
    except ValidationError as error:
        wrong = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
        return [*wrong, *_misread(table)]
    own = dict(told.parameters or {})
    named = _named(own)
    wrong = [*_misnamed(told), *_mistakes(told, own)]
    population = _parsed("population", told.population, named, wrong)
    event = _parsed("event", told.event, {**named, GROUP: Kind.TEXT} if told.by else named, wrong)
    used = frozenset[str]().union(*(e.names for e in (population, event) if e))
    wrong += [f"parameters.{name}: nothing uses it" for name in own if name not in used]
    if wrong:
        return wrong
    said = {f.name: getattr(told, f.name) for f in fields(told)}
    texts = {name: asdict(value) if (value := said[name]) else {} for name in _TEXTS}
    return Indicator(
        **{
            **said,
            **texts,
            "population": population,
            "event": event,
            "groups": tuple(Group(value=g.value, zh=g.zh, en=g.en) for g in told.groups),
            "parameters": own,
            "variants": tuple(Variant(name=v.name, zh=v.zh, en=v.en, parameters=v.parameters) for v in told.variants),
        }
    )


def _named(parameters: Mapping[str, Any]) -> Mapping[str, Kind]:
    return {**fact_kinds(), **{name: kind_of(value) for name, value in parameters.items()}}


def _misread(table: Mapping[str, Any]) -> Sequence[str]:
    """What of the expressions of a table that is wrong elsewhere cannot be read either."""
    wrong: list[str] = []
    parameters = table.get("parameters")
    named = {**_named(parameters if isinstance(parameters, dict) else {}), GROUP: Kind.TEXT}
    for key in ("population", "event"):
        text = table.get(key, "")
        if isinstance(text, str):
            _parsed(key, text, named, wrong)
    return wrong


def _parsed(key: str, text: str, names: Mapping[str, Kind], wrong: list[str]) -> Expression | None:
    if not text:
        return None
    try:
        return Expression.parse(text, names)
    except ExpressionError as error:
        wrong.append(f"{key}: {error}")
        return None


def _misnamed(told: _Told) -> Iterator[str]:
    texts = [name for name, kind in fact_kinds().items() if kind is Kind.TEXT]
    needs = [key.removeprefix("quality.needs.") for key in words() if key.startswith("quality.needs.")]
    for key, value, choices in (
        ("by", told.by, texts),
        ("numerator_figure", told.numerator_figure, list(figure_kinds())),
        ("denominator_figure", told.denominator_figure, list(figure_kinds())),
        ("at", told.at, [*events(), *findings()]),
        ("finding", told.finding, list(findings())),
        ("needs", told.needs, needs),
    ):
        if value and value not in choices:
            yield f"{key}: expected one of {', '.join(choices)}"


def _mistakes(told: _Told, own: Mapping[str, Parameter]) -> Iterator[str]:
    counted = told.kind == "count"
    if counted and (told.below or told.denominator_figure or told.times != 1):
        yield "kind: a count has no below, denominator_figure or times"
    if not counted and told.below is None:
        yield "below: expected texts"
    alone = bool(told.numerator_figure) and (counted or bool(told.denominator_figure))
    if alone == bool(told.population):
        yield "population: expected an expression, but for figures alone"
    if bool(told.numerator_figure) == bool(told.event):
        yield "event: expected an expression, or a numerator_figure in its place"
    if bool(told.by) != bool(told.groups):
        yield "groups: expected with by, and only with it"
    for name in own:
        if name in fact_kinds() or name in {GROUP, "unknown"} or not name.isidentifier():
            yield f"parameters.{name}: a fact or a word of the language, or no name"
    for twice in _twice([v.name for v in told.variants]):
        yield f"variants: {twice} is there twice"
    for twice in _twice([g.value for g in told.groups]):
        yield f"groups: {twice} is there twice"
    for variant in told.variants:
        for name, value in variant.parameters.items():
            if name not in own or kind_of(own[name]) is not kind_of(value):
                yield f"variants.{variant.name}.{name}: expected a parameter of the indicator, of its kind"


def _twice(names: Sequence[str]) -> Iterator[str]:
    yield from (name for name in dict.fromkeys(names) if names.count(name) > 1)
