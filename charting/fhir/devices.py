"""The devices whose values are charted, and what they measure, as a case has seen them. Pure; source: fhir §3."""

from collections.abc import Callable, Iterator

from charting.case.state import Case
from charting.fhir.signals import code_of, is_setting, source_of
from charting.fhir.source import Resource, Source
from charting.fhir.terms import UCUM, Json, coding, concept, ours, reference
from charting.fill.types import Cell


def devices(source: Source) -> Iterator[Resource]:
    """Each device at each bed where it gave a charted value, once."""
    for cell, updated_us in _first(source, lambda cell: device_id(source, cell)):
        bed = bed_of(source.case, cell.mark_us)
        body: Json = {
            "identifier": [{"system": ours("device"), "value": f"{bed}/{cell.device}"}],
            "status": "active",
            "name": [{"value": cell.device, "type": "user-friendly-name", "display": True}],
        }
        if bed:
            body["location"] = place(bed)
        yield source.made("Device", device_id(source, cell), body, updated_us, test=cell.demo)


def metrics(source: Source) -> Iterator[Resource]:
    for cell, updated_us in _first(source, lambda cell: metric_id(source, cell)):
        body: Json = {
            "type": code_of(cell.signal, cell.code),
            "unit": concept(coding(UCUM, cell.unit)),
            "device": reference("Device", device_id(source, cell)),
            "category": "setting" if is_setting(cell.signal) else "measurement",
        }
        yield source.made("DeviceMetric", metric_id(source, cell), body, updated_us, test=cell.demo)


def device_id(source: Source, cell: Cell) -> str:
    return source.id("device", bed_of(source.case, cell.mark_us), cell.device)


def metric_id(source: Source, cell: Cell) -> str:
    way = source_of(cell.signal, cell.code)
    return source.id("metric", bed_of(source.case, cell.mark_us), cell.device, cell.signal, way, cell.code)


def place(bed: str) -> Json:
    """A bed, which is no resource here: by its name."""
    return {"type": "Location", "identifier": {"system": ours("bed"), "value": bed}, "display": bed}


def bed_of(case: Case, at_us: int) -> str:
    """Where the patient was; before he came to any: where he came first."""
    return next((stay.bed for stay in reversed(case.stays) if stay.start_us <= at_us), case.stays[0].bed)


def _first(source: Source, named: Callable[[Cell], str]) -> Iterator[tuple[Cell, int]]:
    """The first cell of each name, and when the first of them was kept."""
    found: dict[str, tuple[Cell, int]] = {}
    for document in source.case.documents.values():
        for item in document.items.values():
            if item.captured is not None and item.captured.device:
                found.setdefault(named(item.captured), (item.captured, item.captured_us))
    yield from found.values()
