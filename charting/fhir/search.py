"""Searching: page after page of a Bundle, each found anew after what the one before ended with. Reads the trail."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NoBase64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from charting.fhir.asked import Search, shown
from charting.fhir.kinds import DAY_US
from charting.fhir.outcome import Wrong, outcome
from charting.fhir.records import MOST, Records, Sight, place_of
from charting.fhir.release import Release, said
from charting.fhir.source import Resource, Source
from charting.fhir.terms import Json
from charting.trail.trail import CaseRow

_BACK_US = 7 * DAY_US
"""A search for lines of bills that were changed looks at cases that ended so long before: the trail has none."""
MOST_CASES = 50
"""Cases that may be named, or found by a number, at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How it is answered: under which address, in which release, and what else may be included."""

    base: str
    release: Release
    may_read: Callable[[str], bool]

    def entry(self, resource: Resource, mode: str) -> Json:
        return {
            "fullUrl": f"{self.base}/{resource.name}",
            "resource": said(resource.body, self.release),
            "search": {"mode": mode},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cursor:
    """Of the last that was told: when its case was opened, the case, its place in the order, its id."""

    opened_us: int
    case: str
    place: int
    id: str

    @property
    def text(self) -> str:
        told = json.dumps([self.opened_us, self.case, self.place, self.id], separators=(",", ":"))
        return urlsafe_b64encode(told.encode()).decode().rstrip("=")


def searched(records: Records, search: Search, sight: Sight, wire: Wire) -> Json:
    """A Bundle of a page. Raises Wrong."""
    cursor = _cursor(search.cursor) if search.cursor else None
    notes = [f"not known here, and left out: {', '.join(map(shown, search.ignored))}"] if search.ignored else []
    of_cases, used = cases_of(records, search, sight)
    named = of_cases is not None
    sort = search.sort
    if sort and not named and search.kind.name not in {"Patient", "Encounter"}:
        sort = ""
        notes.append("_sort needs a patient or an encounter, and is left out")
    sources: Iterable[Source]
    if of_cases is not None:
        sources = of_cases
    else:
        rows, are_more = _rows(records, search, sight)
        if are_more:
            notes.append(f"only the newest {MOST} cases were looked at: name a patient, an encounter or a date")
        sources = _read(records, rows, cursor if not sort else None)
    order: Iterator[tuple[Source, Resource]] = _ordered(records, search, sources, sort)
    total: Json = {}
    if named:
        whole = list(order)
        order, total = iter(whole), {"total": len(whole)}
    if cursor is not None:
        order = _after(order, cursor, sort)
    found: list[tuple[Source, Resource]] = []
    for each in order:
        found.append(each)
        if len(found) > search.count:
            break
    shown_now, more = found[: search.count], len(found) > search.count
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", **total, "link": []}
    links = [("self", search.cursor)]
    if more and shown_now:
        source, last = shown_now[-1]
        place = last.updated_us if sort.endswith("_lastUpdated") else place_of(last)[0]
        links.append(
            ("next", _Cursor(opened_us=source.case.opened_us, case=source.case.id, place=place, id=last.id).text)
        )
    for relation, text in links:
        query = urlencode([*used, *([("_cursor", text)] if text else [])])
        url = f"{wire.base}/{search.kind.name}"
        bundle["link"].append({"relation": relation, "url": f"{url}?{query}" if query else url})
    entries = [wire.entry(resource, "match") for _, resource in shown_now]
    entries += [wire.entry(each, "include") for each in _included(records, search, shown_now, wire)]
    entries += [
        {"resource": outcome("informational", note, "warning"), "search": {"mode": "outcome"}} for note in notes
    ]
    if entries:
        bundle["entry"] = entries
    return bundle


def cases_of(
    records: Records, search: Search, sight: Sight
) -> tuple[Sequence[Source] | None, Sequence[tuple[str, str]]]:
    """The cases that it names, newest first (None: it names none), and its parameters as links have them: with cases
    in place of a patient's number.
    """
    keys, used = search.cases, list(search.used)
    if search.number is not None:
        found = [records.source(row.case) for row in records.of_number(search.number, sight, MOST_CASES + 1)]
        of_number = frozenset(source.key for source in found)
        keys = of_number if keys is None else keys & of_number
        used.append((_CASE.get(search.kind.name, "encounter"), ",".join(sorted(of_number)) or "-"))
    if keys is None:
        return None, used
    if len(keys) > MOST_CASES:
        raise Wrong(400, "too-costly", f"at most {MOST_CASES} cases at once")
    sources = [source for key in keys if (source := records.case(key, sight)) is not None]
    return sorted(sources, key=lambda source: (-source.case.opened_us, source.case.id)), used


_CASE = {"Patient": "_id", "Encounter": "_id"}


def _rows(records: Records, search: Search, sight: Sight) -> tuple[Sequence[CaseRow], bool]:
    since_us = None if search.since_us is None else search.since_us - search.kind.late_us
    changed_us = search.changed_us
    if changed_us is not None and search.kind.name == "ChargeItem":
        since_us, changed_us = changed_us - _BACK_US if since_us is None else since_us, None
    return records.rows(since_us, search.until_us, changed_us, sight)


def _read(records: Records, rows: Sequence[CaseRow], cursor: _Cursor | None) -> Iterator[Source]:
    """Case by case, as far as they are wanted; those before the cursor's are not read again."""
    for row in rows:
        if cursor is not None and row.opened_us > cursor.opened_us:
            continue
        yield records.source(row.case)


def _ordered(
    records: Records, search: Search, sources: Iterable[Source], sort: str
) -> Iterator[tuple[Source, Resource]]:
    """What fits: by cases, newest first, in each by time; or all by `sort`."""
    fitting = (
        (source, each)
        for source in sources
        for each in records.resources(source, search.kind.name)
        if search.fits(each)
    )
    if not sort:
        yield from fitting
        return
    changed = sort.endswith("_lastUpdated")
    yield from sorted(
        fitting,
        key=lambda each: (each[1].updated_us if changed else place_of(each[1])[0], each[1].id),
        reverse=sort.startswith("-"),
    )


def _after(order: Iterator[tuple[Source, Resource]], cursor: _Cursor, sort: str) -> Iterator[tuple[Source, Resource]]:
    """What comes after the cursor's, which need not be there any more."""
    changed, back = sort.endswith("_lastUpdated"), sort.startswith("-")
    for source, each in order:
        place = each.updated_us if changed else place_of(each)[0]
        if sort:
            here, there = (place, each.id), (cursor.place, cursor.id)
            beyond = here < there if back else here > there
        else:
            case = (-source.case.opened_us, source.case.id)
            beyond = (case, (place, each.id)) > ((-cursor.opened_us, cursor.case), (cursor.place, cursor.id))
        if beyond:
            yield source, each


def _included(
    records: Records, search: Search, found: Sequence[tuple[Source, Resource]], wire: Wire
) -> Iterator[Resource]:
    """What the found ones refer to, each once; of types that the client may read."""
    told: set[str] = set()
    for source, each in found:
        for param in search.include:
            for name in param.references(each.body):
                kind, _, id_ = name.partition("/")
                if name in told or not wire.may_read(kind):
                    continue
                told.add(name)
                resource = records.find(source, kind, id_)
                if resource is not None:
                    yield resource


def _cursor(text: str) -> _Cursor:
    """Raises Wrong for what we have not made."""
    try:
        told = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        opened_us, case, place, id_ = told
    except (NoBase64, ValueError, TypeError, RecursionError):
        raise Wrong(400, "invalid", "_cursor comes from a link") from None
    if not (isinstance(opened_us, int) and isinstance(case, str) and isinstance(place, int) and isinstance(id_, str)):
        raise Wrong(400, "invalid", "_cursor comes from a link")
    return _Cursor(opened_us=opened_us, case=case, place=place, id=id_)
