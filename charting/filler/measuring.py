"""Keeps what thermometers told with their cases: while a case is open, when it is closed, and when data come late."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from charting.case.clock import HOUR_US
from charting.case.refusals import Refusal
from charting.case.whereabouts import Part
from charting.desk import Desk
from charting.fill.fill import MINUTE_US
from charting.filler.identity import spans
from charting.filler.look import LATE_US
from charting.filler.parts import present
from charting.filler.thermometry import AREAS, Channels, Present, read, thermometry
from charting.trail.trail import CaseRow
from collector.clock import EVER_US
from collector.series import SeriesReader

OPEN_US = 10 * MINUTE_US
"""How often while the patient is there, and in the hour after."""
LATER_US = HOUR_US
"""How often for as long as data may still come."""
AGAIN_US = MINUTE_US
"""After a bed's series could not be read."""

Reading = Callable[[str, Callable[[SeriesReader], object]], bool]
"""Let something read a bed's series; False: they cannot be read now. A bed without any is passed over."""


class Measuring:
    def __init__(self, desk: Desk, now_us: Callable[[], int], reading: Reading, settle_us: int) -> None:
        """`settle_us`: a minute is looked at when it has been over for so long."""
        self._desk = desk
        self._now_us = now_us
        self._reading = reading
        self._settle_us = settle_us
        self._due: dict[str, tuple[int, int]] = {}
        """Case → its last entry then, and when to look again."""

    def due(self, rows: Iterable[CaseRow]) -> Sequence[CaseRow]:
        """Which of these, open or closed, are to be looked at now; other cases are forgotten."""
        now_us, every = self._now_us(), list(rows)
        self._due = {row.case: self._due[row.case] for row in every if row.case in self._due}
        return [row for row in every if self._is_due(row, now_us)]

    def _is_due(self, row: CaseRow, now_us: int) -> bool:
        last, at_us = self._due.get(row.case, (0, 0))
        return now_us >= at_us or (row.state == "closed" and row.last != last)

    def keep(self, id_: str, others: Iterable[Part]) -> None:
        """Look at one case, and append what is new. `others`: where the patients of other cases were."""
        now_us, case = self._now_us(), self._desk.case(id_)
        until_us = (now_us - self._settle_us) // MINUTE_US * MINUTE_US
        parts = present(case, AREAS, others)
        there = [
            p for p in (Present.of(part, until_us, spans(case, part.bed)) for part in parts) if p.since_us < p.until_us
        ]
        found: list[Channels] = []
        if not all(self._reading(p.bed, partial(_read, found, p)) for p in there):
            self._due[id_] = case.last, now_us + AGAIN_US
            return
        going = case.state == "open" and any(part.end_us is None for part in parts)
        if found:
            told = thermometry(found, there, case.thermometry)
            before = case.thermometry
            same = before is not None and (before.thermometers, before.rooms) == (told.thermometers, told.rooms)
            nothing = before is None and not (told.thermometers or told.rooms)
            if not (going and (same or nothing)):
                with suppress(Refusal):  # discarded meanwhile
                    self._desk.measure(id_, told)
        ended_us = max((p.until_us for p in there), default=0)
        self._due[id_] = self._desk.case(id_).last, self._next_us(case.state, ended_us, now_us, going=going)

    @staticmethod
    def _next_us(state: str, ended_us: int, now_us: int, *, going: bool) -> int:
        if going or now_us < ended_us + HOUR_US:
            return now_us + OPEN_US
        return now_us + LATER_US if state == "open" or now_us < ended_us + LATE_US else EVER_US


def _read(found: list[Channels], there: Present, reader: SeriesReader) -> None:
    found.append(read(reader, there))
