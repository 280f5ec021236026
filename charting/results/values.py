"""What a case's record says of the devices' rows, and what of that is news to the hospital. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from charting.case.state import Case, Document, Item
from charting.fill.types import Cell, CellState
from charting.sheet.signals import signal
from charting.templates.template import Template
from charting.trail.contents import Charted

RAW, FINAL, CORRECTED, NONE, DELETED = "R", "F", "C", "X", "D"
"""OBX-11 (HL7 table 0085): a device's value that nobody has looked at; one that a person has charted or signed; one
that replaces another; readings came and none is usable; what was told stands in the record no longer."""
INVALID, DOUBTED = "INV", "QUES"
"""OBX-8 (fact sheet ihe-pcd §2)."""

Key = tuple[str, str, str]
"""The patient's number, the document, the item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A value as the record writes it; `text` "" is none. `refid`, `device`: the device's own, "" of a person's value.

    `changed`: how often people have changed it, and when the device's value was kept. `observer`: the account of who
    charted it. Where he lay then, and who observed it, makes it no other value.
    """

    signal: str
    mark_us: int
    time_us: int
    text: str
    unit: str
    status: str
    flag: str = ""
    refid: str = ""
    site: str = ""
    demo: bool = False
    changed: tuple[int, int] = field(default=(0, 0), compare=False)
    device: str = field(default="", compare=False)
    bed: str = field(default="", compare=False)
    observer: str = field(default="", compare=False)

    @property
    def episodic(self) -> bool:
        """It was measured at a time of its own."""
        return self.time_us != self.mark_us


def results(case: Case, template: Mapping[str, Template]) -> Mapping[Key, Result]:
    """All that is to be known. Nothing of a patient without a number, nor of a case that was opened by mistake.

    `template`: by document.
    """
    number = case.patient.number
    if not number or case.state == "discarded":
        return {}
    return {
        (number, document.id, item.id): result
        for document in case.documents.values()
        if template[document.id].grid is not None
        for item in document.items.values()
        if (result := _result(case, document, item)) is not None
    }


def unlike(found: Mapping[Key, Result], stood: Mapping[Key, Result]) -> Mapping[Key, Result]:
    """Without what is as it stood, whoever's it was."""
    same = {key[1:]: (result, result.changed) for key, result in stood.items()}
    return {key: result for key, result in found.items() if same.get(key[1:]) != (result, result.changed)}


def news(before: Mapping[Key, Result], after: Mapping[Key, Result]) -> Iterator[tuple[Key, Result]]:
    """What has come, changed or gone: each once, in the order of the record."""
    for key, result in after.items():
        was = before.get(key)
        if was is None:
            yield key, replace(result, status=FINAL) if result.status == CORRECTED else result
        elif was != result:
            settled = was.status in {FINAL, CORRECTED} and replace(was, status=result.status) != result
            yield key, replace(result, status=CORRECTED) if settled and result.text else result
    for key, was in before.items():
        if key not in after:
            yield key, replace(was, status=DELETED, text="", flag="")


def _result(case: Case, document: Document, item: Item) -> Result | None:
    content, cell = item.content, item.captured
    if isinstance(content, Charted):
        return _of_person(case, item, content)
    if item.versions or cell is None or cell.state is CellState.HELD:
        return None
    return _of_device(case, document, item, cell)


def _of_person(case: Case, item: Item, said: Charted) -> Result:
    cell = item.captured
    stood = cell is not None and cell.state is CellState.CHARTED
    changed = (stood and not said.accepted) or any(version.content != said for version in item.versions)
    return Result(
        signal=said.signal,
        mark_us=said.mark_us,
        time_us=said.time_us,
        text=signal(said.signal).written(said.value),
        unit=said.unit,
        status=CORRECTED if changed else FINAL,
        refid=cell.code if cell is not None else "",
        site=said.site,
        demo=case.is_test,
        changed=(item.number, item.captured_us),
        device=cell.device if cell is not None else "",
        bed=_bed(case, said.mark_us),
        observer=item.versions[-1].author,
    )


def _of_device(case: Case, document: Document, item: Item, cell: Cell) -> Result:
    signed = document.locked or any(at_us >= item.captured_us for _, _, at_us in document.signatures)
    told = cell.state is CellState.CHARTED and cell.value is not None
    doubt = DOUBTED if cell.rule and not signed else ""
    return Result(
        signal=cell.signal,
        mark_us=cell.mark_us,
        time_us=cell.time_us,
        text=signal(cell.signal).written(cell.value) if told and cell.value is not None else "",
        unit=cell.unit,
        status=(FINAL if signed else RAW) if told else NONE,
        flag=doubt if told else INVALID,
        refid=cell.code,
        site=cell.site,
        demo=case.is_test or cell.demo,
        changed=(item.number, item.captured_us),
        device=cell.device,
        bed=_bed(case, cell.mark_us),
    )


def _bed(case: Case, at_us: int) -> str:
    """Where he lay."""
    return next((stay.bed for stay in reversed(case.stays) if stay.start_us <= at_us), case.stays[0].bed)
