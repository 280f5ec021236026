"""Operations that read: the last observations of each code, and all that there is of a case. Pure but for `records`."""

from collections.abc import Callable, Iterable, Sequence

from charting.fhir.asked import Search
from charting.fhir.kinds import KINDS
from charting.fhir.outcome import Wrong
from charting.fhir.records import Records, Sight
from charting.fhir.search import Wire, cases_of
from charting.fhir.source import Resource, Source
from charting.fhir.terms import Json

MOST_OF_CODE = 100


def last_n(records: Records, search: Search, sight: Sight, wire: Wire, most: int) -> Json:
    """Of each code the newest `most` that fit, newest first: no voided ones. Raises Wrong."""
    sources, _ = cases_of(records, search, sight)
    if sources is None:
        raise Wrong(400, "required", "$lastn needs a patient or an encounter")
    if not 1 <= most <= MOST_OF_CODE:
        raise Wrong(400, "invalid", f"max is 1 to {MOST_OF_CODE}")
    found = newest(
        (
            each
            for source in sources
            for each in records.resources(source, "Observation")
            if search.fits(each) and each.body["status"] != "entered-in-error"
        ),
        most,
    )
    return bundle([wire.entry(each, "match") for each in found])


def newest(found: Iterable[Resource], most: int) -> Sequence[Resource]:
    """Groups by all codings, in the order of their newest; those of one time in the order of their ids."""
    groups: dict[tuple[tuple[str, str], ...], list[Resource]] = {}
    for each in sorted(found, key=lambda r: (-(r.span_us or (0, 0))[0], r.id)):
        codes = tuple((coding["system"], coding["code"]) for coding in each.body["code"]["coding"])
        group = groups.setdefault(codes, [])
        if len(group) < most:
            group.append(each)
    return [each for group in groups.values() for each in group]


def everything(records: Records, source: Source, wire: Wire, may_read: Callable[[str], bool]) -> Json:
    """Of one case, of the types that the client may read."""
    entries = [
        wire.entry(each, "match") for kind in KINDS if may_read(kind) for each in records.resources(source, kind)
    ]
    return bundle(entries)


def bundle(entries: Sequence[Json]) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        **({"entry": list(entries)} if entries else {}),
    }
