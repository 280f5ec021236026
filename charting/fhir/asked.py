"""What a search asks for: its parameters read, checked, and held against resources. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from charting.fhir import dates
from charting.fhir.ids import key_of
from charting.fhir.kinds import KINDS, Kind, Param, Token
from charting.fhir.outcome import Wrong
from charting.fhir.source import Resource
from charting.fhir.terms import ours

DEFAULT_COUNT, MOST_COUNT = 50, 500
MOST_VALUES = 200
"""Of all parameters together."""
RESULT = ("_count", "_sort", "_include", "_cursor", "_format", "_pretty")
"""What says how to answer, not what."""
_PEOPLE = ("patient", "subject")
_NUMBERED = frozenset(
    f"{name}{chain}" for name in _PEOPLE for chain in (":identifier", ".identifier", ":Patient.identifier")
)
_NAMING = frozenset({"_id", "identifier"})
_TYPE = re.compile(r"[A-Z][A-Za-z]+")
_SORTS = ("date", "_lastUpdated")
_SPLIT = re.compile(r"(?<!\\),")

Holds = Callable[[Resource], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """`cases`: keys of the cases that may have it, each group's at once; None: not said. `number`: of the patient.

    `span`: within which what is found was there; `changed_us`: since when it was changed. `used`: what was
    understood, as it was written; `ignored`: what was not.
    """

    kind: Kind
    holds: tuple[Holds, ...]
    cases: frozenset[str] | None
    number: str | None
    since_us: int | None
    until_us: int | None
    changed_us: int | None
    count: int
    sort: str
    include: tuple[Param, ...]
    cursor: str
    used: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...] = ()

    def fits(self, resource: Resource) -> bool:
        return all(holds(resource) for holds in self.holds)


@dataclass(slots=True)
class _Reading:
    """What is known so far, while the parameters are read."""

    zone: str
    now_us: int
    holds: list[Holds] = field(default_factory=list)
    cases: frozenset[str] | None = None
    number: str | None = None
    since_us: int | None = None
    until_us: int | None = None
    changed_us: int | None = None
    used: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def narrow(self, keys: Iterable[str]) -> None:
        found = frozenset(keys)
        self.cases = found if self.cases is None else self.cases & found


def read(kind: str, params: Sequence[tuple[str, str]], *, zone: str, now_us: int, strict: bool) -> Search:
    """`params`: as they came, in their order. `strict`: what is not known is an error. Raises Wrong."""
    row = KINDS[kind]
    reading = _Reading(zone=zone, now_us=now_us)
    if sum(len(_SPLIT.split(text)) for _, text in params) > MOST_VALUES:
        raise Wrong(400, "too-costly", f"at most {MOST_VALUES} values")
    result: dict[str, list[str]] = {}
    for name, text in params:
        if name in RESULT:
            result.setdefault(name, []).append(text)
        elif not _read_one(row, reading, name, text):
            reading.ignored.append(name)
    sort = _sort(row, result.get("_sort", []), reading)
    include = _include(row, result.get("_include", []), reading)
    if strict and reading.ignored:
        raise Wrong(400, "not-supported", f"not known here: {', '.join(map(shown, reading.ignored))}")
    count = _count(result.get("_count", []))
    _format(result.get("_format", []))
    used = [*reading.used, *((name, text) for name in ("_count", "_sort", "_include") for text in result.get(name, ()))]
    return Search(
        kind=row, holds=tuple(reading.holds), cases=reading.cases, number=reading.number, since_us=reading.since_us,
        until_us=reading.until_us, changed_us=reading.changed_us, count=count, sort=sort, include=include,
        cursor=result.get("_cursor", [""])[-1], used=tuple(used), ignored=tuple(reading.ignored),
    )  # fmt: skip


def shown(name: str) -> str:
    """A parameter's name, to be told to whoever sent it: no more of it than a name has."""
    return re.sub(r"[^A-Za-z0-9_.:-]", "?", name)[:60]


def _read_one(kind: Kind, reading: _Reading, name: str, text: str) -> bool:
    if (name in _NUMBERED and kind.param("patient") is not None) or (kind.name, name) == ("Patient", "identifier"):
        _read_number(reading, text)
        return True
    bare, _, modifier = name.partition(":")
    first, chained, _ = bare.partition(".")
    param = kind.param(first)
    if param is None:
        return False
    if not text:
        if param.kind == "reference" or first in _NAMING:
            raise Wrong(400, "invalid", f"{shown(name)} says nobody")
        return False
    typed = param.kind == "reference" and (modifier == "Patient" if first in _PEOPLE else _TYPE.fullmatch(modifier))
    if chained or (modifier and not typed and (bare, modifier) != ("location", "identifier")):
        raise Wrong(400, "not-supported", f"{shown(name)} is not known here")
    values = [each.replace("\\,", ",") for each in _SPLIT.split(text)]
    if param.kind == "date":
        _read_date(reading, param, values)
    elif param.kind == "token":
        _read_token(reading, param, values)
    else:
        _read_reference(reading, param, [f"{modifier}/{each}" if typed else each for each in values])
    reading.used.append((name, text))
    return True


def _read_number(reading: _Reading, text: str) -> None:
    """A patient's number: it is looked for among the cases, and stays out of links."""
    system, bar, number = text.rpartition("|")
    if not text or "," in text:
        raise Wrong(400, "invalid", "one number is asked for at once")
    wrong = (bar and system != ours("patient")) or reading.number not in {None, number}
    reading.number = "" if wrong else number


def _read_date(reading: _Reading, param: Param, values: Sequence[str]) -> None:
    wanted = [dates.asked(each, reading.zone) for each in values]
    now_us = reading.now_us
    bounds = [each.bounds(now_us) for each in wanted]
    low = min(low for low, _ in bounds)
    high = _latest([high for _, high in bounds])
    if param.name == "_lastUpdated":
        reading.changed_us = _inner(reading.changed_us, low, max)
        reading.holds.append(lambda r: any(each.holds((r.updated_us, r.updated_us), now_us) for each in wanted))
        return
    reading.since_us = _inner(reading.since_us, low, max)
    reading.until_us = _inner(reading.until_us, high, min)
    reading.holds.append(lambda r: r.span_us is not None and any(each.holds(r.span_us, now_us) for each in wanted))


def _latest(bounds: Sequence[int | None]) -> int | None:
    """Of several of which one holds; None: one has no bound."""
    known = [each for each in bounds if each is not None]
    return max(known) if len(known) == len(bounds) else None


def _inner(before: int | None, bound: int | None, near: Callable[[Iterable[int]], int]) -> int | None:
    """Of two that both hold: the nearest."""
    return (
        near([each for each in (before, bound) if each is not None])
        if before is not None or bound is not None
        else None
    )


def _read_token(reading: _Reading, param: Param, values: Sequence[str]) -> None:
    wanted = [_token(each) for each in values]
    if param.name == "_id":
        ids = frozenset(code for _, code in wanted)
        reading.narrow(key for id_ in ids for key in (id_, key_of(id_)) if key)
    reading.holds.append(lambda r: any(_same(had, each) for had in param.tokens(r.body) for each in wanted))


def _token(text: str) -> tuple[str | None, str]:
    """System (None: any) and code ("": any of the system)."""
    system, bar, code = text.rpartition("|")
    return (system if bar else None), code


def _same(had: Token, wanted: tuple[str | None, str]) -> bool:
    system, code = wanted
    return (system is None or system == had[0]) and (had[1] == code or (not code and bool(system)))


def _read_reference(reading: _Reading, param: Param, values: Sequence[str]) -> None:
    """Type/id, or the id alone; a whole URL ends so."""
    parts = [each.rstrip("/").rsplit("/", 2) for each in values]
    wanted = frozenset((each[-2] if len(each) > 1 else "", each[-1]) for each in parts)
    if param.name in {"patient", "subject", "encounter"}:
        type_ = "Encounter" if param.name == "encounter" else "Patient"
        reading.narrow(id_ for kind, id_ in wanted if kind in {"", type_})
    elif param.name in {"device", "part-of"}:
        reading.narrow(key_of(id_) for _, id_ in wanted if key_of(id_))

    def holds(resource: Resource) -> bool:
        for told in param.references(resource.body):
            kind, _, id_ = told.partition("/")
            if (kind, id_) in wanted or ("", id_) in wanted:
                return True
        return False

    reading.holds.append(holds)


def _sort(kind: Kind, said: Sequence[str], reading: _Reading) -> str:
    """Date or _lastUpdated, "-" before it: the newest first."""
    text = said[-1] if said else ""
    if not text:
        return ""
    bare = text.removeprefix("-")
    if bare not in _SORTS or kind.param(bare) is None:
        reading.ignored.append("_sort")
        return ""
    return text


def _include(kind: Kind, said: Sequence[str], reading: _Reading) -> tuple[Param, ...]:
    found: list[Param] = []
    for text in said:
        source, _, name = text.partition(":")
        param = kind.param(name.partition(":")[0])
        if source == kind.name and param is not None and param.kind == "reference":
            found.append(param)
        else:
            reading.ignored.append("_include")
    return tuple(found)


def _count(said: Sequence[str]) -> int:
    if not said:
        return DEFAULT_COUNT
    if not re.fullmatch(r"[0-9]{1,9}", said[-1]):
        raise Wrong(400, "invalid", "_count is a number")
    return min(int(said[-1]), MOST_COUNT)


def _format(said: Sequence[str]) -> None:
    if said and said[-1].partition(";")[0] not in {
        "json",
        "application/json",
        "application/fhir+json",
        "application/fhir json",
    }:
        raise Wrong(406, "not-supported", "only JSON is spoken here")
