"""One look at what is kept of a bed for a part of a document."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from charting.case.whereabouts import Part
from charting.fill.fill import CONTEXT_US, MINUTE_US, BedData, Filling, Plan, codes, far_codes, fill, near_us
from charting.filler.identity import explained, without_patient
from charting.filler.watch import Prints, last_us, link_down, prints
from collector.model import UNMAPPED, AlarmType, Channel, Condition, Identity, Quality, Series
from collector.series import Minutes, Points, SeriesReader
from collector.technical import GATEWAY

DAY_US = 24 * 60 * MINUTE_US
LAG_US = 60_000_000
"""Of a bed of which nothing newer has come, the record says so (clinical.md §3.5: a gap must shout within 1-2 min)."""
TOLD_US = 31 * DAY_US
"""How far before a stay a device may have told of its patient, that still holds."""
STOOD_US = DAY_US
"""How far before what is looked at a link may have gone down, or an alarm begun, that still stands."""
LATE_US = 4 * DAY_US
"""How late data are still found: three days without a network (design §7) and one to bring them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`since_us`: from when on it was looked at; `reached_us`: how far data have come.

    `prints`: see watch. `present`: a point without a value for each minute in which a device sent anything.
    `technical`: conditions that can explain a gap.
    """

    reader: SeriesReader
    part: Part
    since_us: int
    prints: Prints
    minutes: Sequence[Minutes]
    present: Sequence[Points]
    technical: tuple[Condition, ...]
    identities: Sequence[Identity]
    reached_us: int

    @classmethod
    def at(cls, reader: SeriesReader, part: Part, until_us: int, *, whole: bool) -> "Look":
        """What there is of a part up to a whole minute, of its last LATE_US unless whole. Raises SourceError."""
        since_us = part.start_us if whole else max(part.start_us, (until_us - LATE_US) // MINUTE_US * MINUTE_US)
        minutes = reader.minutes(part.bed, (), since_us, until_us)
        told = reader.conditions(part.bed, since_us - STOOD_US, until_us)
        technical = tuple(c for c in told if c.device == GATEWAY or c.alarm.type is AlarmType.TECHNICAL)
        found = prints(minutes, part.start_us, until_us)
        latest = reader.latest(part.bed)
        newest_us = max([last_us(found, part.start_us), *(r.time_us for r in latest), *(c.time_us for c in told)])
        reached_us = until_us
        if newest_us < until_us - LAG_US and not link_down(technical):
            reached_us = max(-(-newest_us // MINUTE_US) * MINUTE_US, part.start_us)
        return cls(
            reader=reader,
            part=part,
            since_us=since_us,
            prints=found,
            minutes=minutes,
            present=_present(minutes),
            technical=technical,
            identities=reader.identities(part.bed, part.start_us - TOLD_US, until_us),
            reached_us=min(reached_us, until_us),
        )

    def filling(self, plan: Plan, since_us: int, until_us: int) -> Filling:
        """What [since_us, until_us) is to be filled with, from what was measured while the patient was there."""
        part = self.part
        first_us = max(since_us - CONTEXT_US, part.came_us)
        last_us = until_us + CONTEXT_US if part.end_us is None else min(until_us + CONTEXT_US, part.end_us)
        near = max(since_us - near_us(plan), first_us), min(until_us + near_us(plan), last_us)
        far = far_codes(plan.signals)
        dense = tuple(code for code in codes(plan.signals) if code not in far)
        points = [
            *self.reader.points(part.bed, tuple(sorted(far)), first_us, last_us),
            *self.reader.points(part.bed, dense, *near),
            *_thinned(self.minutes, frozenset(dense), first_us, near[0]),
            *self.present,
        ]
        conditions = [c for c in self.technical if c.time_us < last_us]
        filling = fill(BedData(points=points, conditions=conditions), plan, since_us, until_us)
        empty = without_patient(self.identities, since_us, until_us)
        return replace(filling, gaps=explained(filling.gaps, empty))


def _present(minutes: Iterable[Minutes]) -> Sequence[Points]:
    sent: dict[str, set[int]] = {}
    bed = ""
    for series in minutes:
        bed = series.series.bed
        sent.setdefault(series.series.device, set()).update(series.minute_us.tolist())
    return [
        Points(
            series=Series(bed=bed, device=device, channel=_ANYTHING),
            time_us=np.array(sorted(times), np.int64),
            value=np.full(len(times), np.nan),
            quality=np.full(len(times), Quality.VALID.value),
            demo=np.zeros(len(times), np.bool_),
        )
        for device, times in sorted(sent.items())
    ]


def _thinned(minutes: Iterable[Minutes], codes: frozenset[str], start_us: int, end_us: int) -> Iterable[Points]:
    """One reading of each minute of [start_us, end_us)."""
    for series in minutes:
        kept = (series.minute_us >= start_us) & (series.minute_us < end_us - end_us % MINUTE_US)
        if series.series.channel.code in codes and kept.any():
            yield Points(
                series=series.series,
                time_us=series.minute_us[kept],
                value=series.last[kept],
                quality=np.full(int(kept.sum()), Quality.VALID.value),
                demo=series.demo[kept],
            )


_ANYTHING = Channel(code=UNMAPPED, source="", unit="")
