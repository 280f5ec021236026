"""A department in memory whose clock stands where the test puts it, with beds whose series the test plants."""

from dataclasses import dataclass, field, replace

import structlog

from charting.accounts.actor import Actor
from charting.case.state import Case, Document, cell_item
from charting.desk import Desk
from charting.fill.types import Cell, Gap
from charting.filler.filler import Filler
from charting.filler.sources import SourceError
from charting.library.library import Libraries
from charting.templates.loader import Templates
from charting.trail.contents import Patient
from charting.trail.entries import Entry
from charting.trail.trail import MemoryTrail
from collector.model import Quality, Reading, Series
from collector.series import SeriesReader
from tests.charting.filler.made import DOCUMENT, MINUTE_US, T0_US, at
from tests.page.data import HR, NIBP_DIA, NIBP_MEAN, NIBP_SYS, Store

BED = "OR-03"
SPO2 = Series(
    bed=BED, device="monitor", channel=HR.channel.__class__(code="MDC_PULS_OXIM_SAT_O2", source="4BB8", unit="%")
)
DOCTOR = Actor(account="zhang", name="张医师", roles=frozenset({"anaesthetist"}))
NURSE = Actor(account="li", name="李护士", roles=frozenset({"pacu_nurse"}))


@dataclass
class Beds:
    """Sources over stores in memory."""

    stores: dict[str, Store] = field(default_factory=dict)
    broken: str = ""

    def reader(self, bed: str) -> SeriesReader | None:
        return _Breaking(self, self.stores[bed]) if bed in self.stores else None  # type: ignore[return-value]

    def close(self) -> None: ...


@dataclass
class _Breaking:
    beds: Beds
    store: Store

    def __getattr__(self, name: str) -> object:
        if self.beds.broken:
            raise SourceError(self.beds.broken)
        return getattr(self.store, name)


class Ward:
    """`now`: minutes since T0."""

    def __init__(self) -> None:
        self.now = 0.0
        self.beds = Beds({BED: Store(), "PACU-1": Store()})
        self.trail = MemoryTrail(self.now_us)
        self.desk = Desk(self.trail, Templates.load(), Libraries.sample(), self.now_us, "Asia/Shanghai")
        self.filler = self.new_filler()

    def now_us(self) -> int:
        return at(self.now)

    def new_filler(self) -> Filler:
        """As after a restart of the service."""
        log = structlog.get_logger()
        return Filler(self.desk, self.trail, self.desk.templates, self.beds, self.now_us, "Asia/Shanghai", log)

    def open(self, minute: float = 0, *, case: str = "case", number: str = "100200") -> None:
        patient = Patient(number=number, name="王小明")
        self.desk.open(DOCTOR, bed=BED, area="or", patient=patient, at_us=at(minute), case=case)

    def record(self) -> None:
        self.desk.start(DOCTOR, "case", template="anaesthesia_record", document=DOCUMENT)

    def look(self, now: float) -> list[Entry]:
        """Let time come to `now` and the filler look; what it appended."""
        self.now = now
        before = len(list(self.trail.all()))
        self.filler.look()
        return list(self.trail.all(before))

    @property
    def case(self) -> Case:
        return self.desk.case("case")

    def document(self, id_: str = DOCUMENT) -> Document:
        return self.case.documents[id_]

    def cell(self, signal: str, minute: float, document: str = DOCUMENT) -> Cell | None:
        item = self.document(document).items.get(cell_item(signal, at(minute)))
        return item.captured if item else None

    def values(self, signal: str, document: str = DOCUMENT) -> dict[float, float | None]:
        """Minute → value of every captured cell of a signal."""
        found = (item.captured for item in self.document(document).items.values())
        return {(c.mark_us - T0_US) / MINUTE_US: c.value for c in found if c is not None and c.signal == signal}

    def gaps(self, signal: str = "hr") -> list[tuple[float, float, str]]:
        return [_minutes(g) for g in self.document().gaps if g.signal == signal]

    def beat(self, start: float, end: float, rate: float = 70.0, *, bed: str = BED, device: str = "monitor") -> None:
        """Heart rate and saturation every 10 s in [start, end)."""
        store = self.beds.stores[bed]
        of = replace(HR, bed=bed, device=device), replace(SPO2, bed=bed, device=device)
        for n in range(round((end - start) * 6)):
            time_us = at(start + n / 6)
            store.readings += [_reading(of[0], time_us, rate), _reading(of[1], time_us, 98.0)]

    def cuff(self, minute: float, sys: float = 120.0) -> None:
        for of, value in ((NIBP_SYS, sys), (NIBP_DIA, sys - 50), (NIBP_MEAN, sys - 30)):
            self.beds.stores[BED].readings.append(_reading(replace(of, bed=BED), at(minute), value))


def _reading(of: Series, time_us: int, value: float) -> Reading:
    return Reading(series=of, time_us=time_us, value=value, text=None, quality=Quality.VALID, demo=False)


def _minutes(gap: Gap) -> tuple[float, float, str]:
    return (gap.start_us - T0_US) / MINUTE_US, (gap.end_us - T0_US) / MINUTE_US, gap.cause.value
