"""What is charted as Observations, one for each cell of the grid; a cuff's pressures together. Pure.

Source: protocols, fhir §2; ihe-pcd §10 for what has no value. Raw readings are none of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from alarms.sites import sites
from charting.case.state import Document, Item, value_of
from charting.fhir.devices import metric_id
from charting.fhir.signals import CUFF, category_of, code_of, panel_code, source_of
from charting.fhir.source import Resource, Source
from charting.fhir.terms import Json, absent, coding, concept, ours, quantity, reference
from charting.fill.types import Cell, CellState
from charting.sheet.signals import signal as row_of
from charting.trail.contents import Charted

ERROR = "entered-in-error"
_ORDER = (ERROR, "registered", "preliminary", "amended", "final")
"""Of a panel the first that one of its parts has, but for the first two: those only where all have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """A cell as it stands. `absent`: why there is no value."""

    signal: str
    mark_us: int
    item: Item
    value: Charted | Cell | None
    status: str
    absent: str
    changed_us: int

    @property
    def time_us(self) -> int:
        captured = self.item.captured
        return self.value.time_us if self.value else captured.time_us if captured else self.mark_us


def observations(source: Source) -> Iterator[Resource]:
    """In order of their marks, document by document."""
    for document in source.case.documents.values():
        cuffs: dict[int, dict[str, _Cell]] = {}
        found: list[tuple[int, Resource]] = []
        for item in document.items.values():
            cell = _cell(document, item)
            if cell is None:
                continue
            if cell.signal in CUFF:
                cuffs.setdefault(cell.mark_us, {})[cell.signal] = cell
            else:
                found.append((cell.mark_us, _single(source, document, cell)))
        found += [(mark_us, _panel(source, document, mark_us, cells)) for mark_us, cells in cuffs.items()]
        yield from (made for _, made in sorted(found, key=lambda each: each[0]))


def observation_ids(source: Source, document: str, places: Iterable[tuple[str, int]]) -> list[str]:
    """Of cells, by signal and mark; each once."""
    ids = (source.id("cell", document, "nibp" if signal in CUFF else signal, str(mark)) for signal, mark in places)
    return list(dict.fromkeys(ids))


def _cell(document: Document, item: Item) -> _Cell | None:
    """None for an item that is no cell."""
    charted = next((v.content for v in reversed(item.versions) if isinstance(v.content, Charted)), None)
    told = charted or item.captured
    if told is None:
        return None
    changed_us = max([item.captured_us, *(version.at_us for version in item.versions)])
    value = value_of(item)
    status = _status(document, item, changed_us)
    held = item.captured is not None and item.captured.state is CellState.HELD
    why = ""
    if value is None:
        why = "unknown" if item.void else "error"
        if held and not item.void:
            why = "unknown" if document.signatures else "temp-unknown"
            status = status if document.signatures else "registered"
    return _Cell(
        signal=told.signal, mark_us=told.mark_us, item=item, value=value, status=status, absent=why,
        changed_us=max([changed_us, *(at_us for _, _, at_us in document.signatures)]),
    )  # fmt: skip


def _status(document: Document, item: Item, changed_us: int) -> str:
    """`preliminary` until it is signed; then final, and amended where it was changed after it had been signed."""
    if item.void:
        return ERROR
    signed = [at_us for _, _, at_us in document.signatures]
    if not signed:
        return "preliminary"
    made_us = item.captured.time_us if item.captured else item.versions[0].at_us
    if any(made_us <= at_us < changed_us for at_us in signed):
        return "amended"
    return "final" if changed_us <= signed[-1] else "preliminary"


def _single(source: Source, document: Document, cell: _Cell) -> Resource:
    refid = _refid(cell)
    body: Json = {
        "status": cell.status,
        "category": list(category_of(cell.signal)),
        "code": code_of(cell.signal, refid),
        **_common(source, cell),
        **_value(cell),
    }
    way = source_of(cell.signal, refid)
    if way:
        body["method"] = concept(coding(ours("method"), way))
    site = _site(cell)
    if site:
        body["bodySite"] = site
    return source.made(
        "Observation",
        source.id("cell", document.id, cell.signal, str(cell.mark_us)),
        body,
        cell.changed_us,
        (cell.time_us, cell.time_us),
        test=_demo(cell),
    )


def _panel(source: Source, document: Document, mark_us: int, cells: Mapping[str, _Cell]) -> Resource:
    """Without a pressure that the profile wants, its part says so."""
    first = next(cells[name] for name in CUFF if name in cells)
    components: list[Json] = []
    for name, wanted in CUFF.items():
        cell = cells.get(name)
        if cell is not None:
            components.append({"code": code_of(name, _refid(cell)), **_value(cell)})
        elif wanted:
            components.append({"code": code_of(name, ""), "dataAbsentReason": absent("unknown")})
    told = {cell.status for cell in cells.values()}
    if len(told) > 1:
        told -= {ERROR, "registered"}
    body: Json = {
        "status": next((status for status in _ORDER if status in told), "preliminary"),
        "category": list(category_of(first.signal)),
        "code": panel_code(),
        **_common(source, first),
        "method": concept(coding(ours("method"), "nibp")),
        "component": components,
    }
    changed_us = max(cell.changed_us for cell in cells.values())
    body["issued"] = source.when(changed_us)
    return source.made(
        "Observation",
        source.id("cell", document.id, "nibp", str(mark_us)),
        body,
        changed_us,
        (first.time_us, first.time_us),
        test=any(_demo(cell) for cell in cells.values()),
    )


def _common(source: Source, cell: _Cell) -> Json:
    version = cell.item.versions[-1] if cell.item.versions else None
    who = source.person(version.author) if version is not None else None
    captured = cell.item.captured
    by_device = captured is not None and (not isinstance(cell.value, Charted) or bool(cell.value.accepted))
    return {
        "subject": source.patient,
        "encounter": source.encounter,
        "effectiveDateTime": source.when(cell.time_us),
        "issued": source.when(cell.changed_us),
        **({"performer": [who]} if who else {}),
        **(
            {"device": reference("DeviceMetric", metric_id(source, captured))}
            if by_device and captured is not None and captured.device
            else {}
        ),
    }


def _value(cell: _Cell) -> Json:
    if cell.value is None or cell.value.value is None or cell.status == ERROR:
        return {"dataAbsentReason": absent(cell.absent or "error")}
    return {"valueQuantity": quantity(Decimal(row_of(cell.signal).written(cell.value.value)), cell.value.unit)}


def _refid(cell: _Cell) -> str:
    """What the device called it; "" for what a person has measured himself."""
    captured = cell.item.captured
    if captured is None or (isinstance(cell.value, Charted) and not cell.value.accepted):
        return ""
    return captured.code


def _site(cell: _Cell) -> Json | None:
    told = cell.value or cell.item.captured
    name = told.site if told is not None else ""
    if not name:
        return None
    known = sites().get(name)
    return concept(coding(ours("site"), name, known.en), text=known.zh) if known else concept(text=name)


def _demo(cell: _Cell) -> bool:
    return cell.item.captured is not None and cell.item.captured.demo
