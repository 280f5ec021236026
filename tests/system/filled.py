"""A record that fills itself from a bed's journal, as the charting service does it: filler, desk and trail."""

from collections.abc import Mapping, Sequence

import structlog

from charting.accounts.actor import Actor
from charting.case.state import Case, Document
from charting.desk import Desk
from charting.fill.fill import Filling
from charting.fill.types import Gap
from charting.filler.filler import SETTLE_US, Filler
from charting.library.library import Libraries
from charting.templates.loader import Templates
from charting.trail.contents import Event, Patient
from charting.trail.trail import MemoryTrail
from collector.journal import JournalReader
from collector.model import Condition, Identity, Reading, WavePiece
from collector.series import Minutes, Points, SeriesReader

ZONE = "Asia/Shanghai"
CASE, DOCUMENT = "case", "document"
DOCTOR = Actor(account="zhang", name="张医师", roles=frozenset({"anaesthetist", "icu_nurse"}))


class Filled:
    """A case of one document from `start_us` on. `cut`: from when to when nothing of the journal reaches the server."""

    def __init__(
        self,
        journal: JournalReader,
        bed: str,
        *,
        area: str,
        template: str,
        start_us: int,
        cut: tuple[int, int] = (0, 0),
    ) -> None:
        self.now = start_us
        self._journal, self._bed, self._cut = journal, bed, cut
        self.trail = MemoryTrail(self.now_us)
        self.desk = Desk(self.trail, Templates.load(), Libraries.sample(), self.now_us, ZONE)
        self.filler = self._filler()
        self.during: Mapping[str, Sequence[Gap]] = {}
        """Gaps by signal, kept by who looks in between."""
        patient = Patient(number="100200", name="王小明")
        self.desk.open(DOCTOR, bed=bed, area=area, patient=patient, at_us=start_us, case=CASE)
        self.desk.start(DOCTOR, CASE, template=template, document=DOCUMENT)
        self.look(start_us + 60_000_000)
        for device in self.case.held:  # a simulated monitor has a patient of its own
            self.desk.judge(DOCTOR, CASE, device=device, same=True, reason="other: simulated")

    def now_us(self) -> int:
        return self.now

    def reached_us(self) -> int:
        """What has come of the bed is older."""
        start_us, end_us = self._cut
        return start_us if start_us <= self.now < end_us else self.now

    def reader(self, bed: str) -> SeriesReader | None:
        return _Reached(self._journal, self) if bed == self._bed else None

    def close(self) -> None: ...

    def look(self, now_us: int) -> int:
        """Let time come to a whole minute and the filler look; how many entries it appended."""
        self.now = now_us + SETTLE_US
        before = self.trail.last()
        self.filler.look()
        return self.trail.last() - before

    def restart(self) -> int:
        """A new service looks at the same time; how many entries it appends."""
        self.filler = self._filler()
        return self.look(self.now - SETTLE_US)

    def event(self, key: str, at_us: int) -> None:
        self.desk.set(DOCTOR, CASE, item=key, after=0, content=Event(key=key, at_us=at_us))

    def end(self, at_us: int) -> None:
        self.now = at_us
        self.desk.close(DOCTOR, CASE, at_us=at_us)
        self.look(at_us)

    @property
    def case(self) -> Case:
        return self.desk.case(CASE)

    @property
    def document(self) -> Document:
        return self.case.documents[DOCUMENT]

    def gaps(self, signal: str) -> Sequence[Gap]:
        return [gap for gap in self.document.gaps if gap.signal == signal]

    def filling(self) -> Filling:
        """What stands in the document."""
        document = self.document
        cells = [item.captured for item in document.items.values() if item.captured is not None]
        return Filling(
            cells=tuple(sorted(cells, key=lambda c: (c.mark_us, c.signal))),
            gaps=tuple(document.gaps),
            excursions=tuple(document.excursions),
            counts={},
            seen={},
        )

    def certified(self) -> Mapping[str, tuple[int, int, int]]:
        """Signal → minutes in which it was expected, received and charted, as the certificate says."""
        certificate = self.document.certificate
        assert certificate is not None
        assert certificate.gaps == tuple(self.document.gaps)
        return {s.signal: (s.expected, s.received, s.charted) for s in certificate.signals}

    def _filler(self) -> Filler:
        return Filler(self.desk, self.trail, self.desk.templates, self, self.now_us, ZONE, structlog.get_logger())


class _Reached:
    """Of a journal what has reached the server."""

    def __init__(self, journal: JournalReader, filled: Filled) -> None:
        self._journal, self._filled = journal, filled

    def _until(self, end_us: int) -> int:
        return min(end_us, self._filled.reached_us())

    def latest(self, bed: str, codes: Sequence[str] = ()) -> Sequence[Reading]:
        end_us = self._filled.reached_us()
        return self._journal.values(bed, codes, end_us - 120_000_000, end_us)

    def points(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Points]:
        return self._journal.points(bed, codes, start_us, self._until(end_us))

    def values(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Reading]:
        return self._journal.values(bed, codes, start_us, self._until(end_us))

    def minutes(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[Minutes]:
        return self._journal.minutes(bed, codes, start_us, self._until(end_us))

    def waves(self, bed: str, codes: Sequence[str], start_us: int, end_us: int) -> Sequence[WavePiece]:
        return self._journal.waves(bed, codes, start_us, self._until(end_us))

    def conditions(self, bed: str, start_us: int, end_us: int) -> Sequence[Condition]:
        return self._journal.conditions(bed, start_us, self._until(end_us))

    def last_changes(self, bed: str, before_us: int) -> Sequence[Condition]:
        return self._journal.last_changes(bed, self._until(before_us))

    def identities(self, bed: str, start_us: int, end_us: int) -> Sequence[Identity]:
        return self._journal.identities(bed, start_us, self._until(end_us))
