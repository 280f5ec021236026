"""The vital signs of the last minutes, as decision support is told them: what was measured, never more."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charting.case.clock import MINUTE_US
from charting.case.state import Case
from charting.fhir.signals import code_of
from charting.fhir.terms import Json, decimal
from charting.fill.signals import Signal, signals
from charting.fill.streams import AMBIENT, Stream, ordered, streams
from charting.filler.identity import spans
from charting.trail.contents import Infusion
from collector.clock import rfc3339
from collector.series import Points, SeriesReader

WINDOW_US = 15 * MINUTE_US
_KINDS = frozenset({"continuous", "cuff", "temperature"})
_OTHERWISE_TOLD = frozenset({"pulse", "temp2"})
"""The pulse stands for a heart rate that is missing; of two temperatures the one nearest to the core is told."""

_PHASES: Sequence[tuple[str, str]] = (
    ("t_anes_end", "recovery"), ("t_surg_end", "emergence"), ("t_incision", "maintenance"),
    ("t_anes_start", "induction"), ("t_room_in", "preparation"),
)  # fmt: skip
"""The last of these events that has been tells the phase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Median:
    """Of a signal's best source from `since_us` on: `n` readings, the last at `last_us`; in the signal's unit."""

    signal: Signal
    code: str
    value: float
    n: int
    since_us: int
    last_us: int

    @property
    def concept(self) -> Json:
        """LOINC of the vital signs profile first, where there is one; then MDC of what the device said."""
        return code_of(self.signal.id, self.code)

    @property
    def json(self) -> Json:
        return {
            "signal": self.signal.id,
            "name": {"zh": self.signal.zh, "en": self.signal.en},
            "coding": self.concept["coding"],
            "median": decimal(self.value),
            "unit": self.signal.unit,
            "readings": self.n,
            "last": rfc3339(self.last_us),
        }


def medians(case: Case, reader: SeriesReader, now_us: int) -> Sequence[Median]:
    """At the case's present bed, since he is there; nothing of a device that says another patient."""
    since_us = max(now_us - WINDOW_US, case.stays[-1].start_us)
    if since_us >= now_us:
        return []
    wanted = [s for s in signals().values() if s.kind in _KINDS and s.id not in _OTHERWISE_TOLD]
    codes = {code for signal in wanted for code in signal.codes}
    read = ordered(reader.points(case.bed, sorted({*codes, *AMBIENT}), since_us, now_us))
    ambient = [p for p in read if p.series.channel.code in AMBIENT]
    by_code: dict[str, list[Points]] = {}
    for points in read:
        by_code.setdefault(points.series.channel.code, []).append(points)
    held = spans(case, case.bed)
    found = []
    for signal in wanted:
        own = [points for code in signal.codes for points in by_code.get(code, ())]
        judged = (_median(signal, stream, case, since_us) for _, stream in streams(signal, own, ambient, held))
        best = next((each for each in judged if each is not None), None)
        if best is not None:
            found.append(best)
    return found


def _median(signal: Signal, stream: Stream, case: Case, since_us: int) -> Median | None:
    low = -np.inf if signal.hard_low is None else signal.hard_low
    high = np.inf if signal.hard_high is None else signal.hard_high
    good = stream.valid & (stream.value >= low) & (stream.value <= high)
    if not case.is_test:
        good &= ~stream.demo
    if not good.any():
        return None
    return Median(
        signal=signal,
        code=stream.code,
        value=round(float(np.median(stream.value[good])), signal.decimals + 1),
        n=int(good.sum()),
        since_us=since_us,
        last_us=int(stream.time_us[good].max()),
    )


def phase(case: Case) -> str:
    """Where the case is: preparation, induction, maintenance, emergence, recovery, intensive_care; "": not known."""
    if case.area == "icu":
        return "intensive_care"
    if case.area == "pacu":
        return "recovery"
    return next((name for key, name in _PHASES if case.event(key) is not None), "")


def infusions(case: Case) -> Sequence[tuple[str, Infusion]]:
    """What runs now, and in which document it stands, as people and pumps have told."""
    found = []
    for document in case.documents.values():
        for _, content in document.of(Infusion):
            if isinstance(content, Infusion) and content.stop_us is None and _flows(content):
                found.append((document.id, content))
    return found


def _flows(running: Infusion) -> bool:
    return bool(running.rates) and running.rates[-1].rate > 0


def window(case: Case, found: Sequence[Median], now_us: int) -> Json:
    """The window as JSON: of a feed, and of the hook's context. No name and no number of the patient is in it."""
    return {
        "case": case.id,
        "area": case.area,
        "bed": case.bed,
        "phase": phase(case),
        "windowStart": rfc3339(max(now_us - WINDOW_US, case.stays[-1].start_us)),
        "windowEnd": rfc3339(now_us),
        "test": case.is_test,
        "medians": [each.json for each in found],
        "infusions": [
            {
                "library": running.drug.library,
                "code": running.drug.code,
                "name": {"zh": running.drug.zh, "en": running.drug.en},
                "rate": decimal(running.rates[-1].rate),
                "unit": running.unit,
                "since": rfc3339(running.rates[-1].at_us),
            }
            for _, running in infusions(case)
        ],
    }
