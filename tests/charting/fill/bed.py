"""Hand-made series of a bed, and a document that charts them. Times are given in seconds of the bed's own hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from charting.fill.fill import MINUTE_US, BedData, Filling, Plan, fill
from charting.fill.types import Cell, Excursion, Gap
from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Channel,
    Condition,
    Priority,
    Quality,
    Role,
    Series,
)
from collector.series import Points
from collector.technical import GATEWAY

START_US = 1_700_000_400_000_000
"""2023-11-14 22:20 UTC, a whole 5 minutes and, in Shanghai, 06:20."""
HOUR_US = 60 * MINUTE_US
SECOND_US = 1_000_000

HR, PULSE, SPO2, PI = "MDC_ECG_HEART_RATE", "MDC_PULS_OXIM_PULS_RATE", "MDC_PULS_OXIM_SAT_O2", "MDC_BLD_PERF_INDEX"
SYS, DIA, MEAN = (f"MDC_PRESS_BLD_ART_ABP_{part}" for part in ("SYS", "DIA", "MEAN"))
CUFF_SYS, CUFF_DIA, CUFF_MEAN = (f"MDC_PRESS_BLD_NONINV_{part}" for part in ("SYS", "DIA", "MEAN"))
ETCO2, CO2_RATE, IMPEDANCE = "MDC_CONC_AWAY_CO2_ET", "MDC_CO2_RESP_RATE", "MDC_TTHOR_RESP_RATE"
PPEAK, BIS, SQI = "MDC_PRESS_AWAY_INSP_PEAK", "MDC_EEG_BISPECTRAL_INDEX", "MDC_EEG_SIGNAL_QUALITY_INDEX"
NASOPHARYNX, BLADDER, SKIN = "MDC_TEMP_NASOPH", "MDC_TEMP_FOLEY", "MDC_TEMP_SKIN"

UNITS: Mapping[str, str] = {
    HR: "/min", PULSE: "/min", SPO2: "%", PI: "%", SYS: "mm[Hg]", DIA: "mm[Hg]", MEAN: "mm[Hg]", CUFF_SYS: "mm[Hg]",
    CUFF_DIA: "mm[Hg]", CUFF_MEAN: "mm[Hg]", ETCO2: "mm[Hg]", CO2_RATE: "/min", IMPEDANCE: "/min", PPEAK: "cm[H2O]",
    BIS: "1", SQI: "%", NASOPHARYNX: "Cel", BLADDER: "Cel", SKIN: "Cel",
}  # fmt: skip


def at(second: float) -> int:
    return START_US + round(second * SECOND_US)


def mark(minute: float) -> int:
    return START_US + round(minute * MINUTE_US)


def series(
    code: str,
    values: Sequence[float | None],
    seconds: Sequence[float],
    *,
    device: str = "monitor",
    unit: str = "",
    source: str = "",
    site: str = "",
    role: Role = Role.MEASURED,
    quality: Quality | Sequence[Quality] = Quality.VALID,
    demo: bool = False,
) -> Points:
    """Readings at these times; None is "no value", and not available unless the quality says otherwise."""
    channel = Channel(code=code, source=source or code, unit=unit or UNITS.get(code, "1"), role=role, site=site)
    given = [quality] * len(values) if isinstance(quality, Quality) else list(quality)
    words = [
        Quality.NOT_AVAILABLE if v is None and q is Quality.VALID else q for v, q in zip(values, given, strict=True)
    ]
    return Points(
        series=Series(bed="bed", device=device, channel=channel),
        time_us=np.array([at(s) for s in seconds], dtype=np.int64),
        value=np.array([np.nan if v is None else v for v in values], dtype=np.float64),
        quality=np.array([str(w) for w in words], dtype=np.str_),
        demo=np.full(len(values), demo),
    )


def steady(code: str, value: float, minutes: float, *, first: float = 0, **options: Any) -> Points:
    """The same value every second."""
    seconds = [first * 60 + i for i in range(round(minutes * 60))]
    return series(code, [value] * len(seconds), seconds, **options)


def but(points: Points, first_s: float, last_s: float, value: float | None) -> Points:
    """The same, with another value from first_s up to before last_s."""
    inside = (points.time_us >= at(first_s)) & (points.time_us < at(last_s))
    missing = value is None
    return Points(
        series=points.series,
        time_us=points.time_us,
        value=np.where(inside, np.nan if value is None else value, points.value),
        quality=np.where(inside & missing, str(Quality.NOT_AVAILABLE), points.quality),
        demo=points.demo,
    )


def without(points: Points, first_s: float, last_s: float) -> Points:
    """The same without its readings from first_s up to before last_s."""
    kept = (points.time_us < at(first_s)) | (points.time_us >= at(last_s))
    return Points(
        series=points.series,
        time_us=points.time_us[kept],
        value=points.value[kept],
        quality=points.quality[kept],
        demo=points.demo[kept],
    )


def line(sys: float, dia: float, mean: float, minutes: float) -> list[Points]:
    """An arterial line."""
    return [steady(code, value, minutes) for code, value in ((SYS, sys), (DIA, dia), (MEAN, mean))]


def cuff(*inflations: tuple[float, float | None, float | None, float | None], device: str = "monitor") -> list[Points]:
    """Inflations: second, systolic, diastolic, mean."""
    return [
        series(code, [i[part] for i in inflations], [i[0] for i in inflations], device=device)
        for part, code in enumerate((CUFF_SYS, CUFF_DIA, CUFF_MEAN), 1)
    ]


def alarm(
    device: str, source: str, first_s: float, last_s: float | None, *, code: str = "MDC_UNMAPPED", text: str = ""
) -> list[Condition]:
    """A technical condition from first_s to last_s (None: it still stands)."""
    found = []
    for second, phase in ((first_s, AlarmPhase.START), (last_s, AlarmPhase.END)):
        if second is not None:
            condition = AlarmCondition(
                source=source, type=AlarmType.TECHNICAL, priority=Priority.LOW, phase=phase, code=code, text=text
            )
            found.append(Condition(bed="bed", device=device, time_us=at(second), alarm=condition))
    return found


def link(device: str, word: str, first_s: float, last_s: float | None) -> list[Condition]:
    return alarm(GATEWAY, f"link:{device}", first_s, last_s, code=f"VND_VITALSD_LINK_{word}")


@dataclass(slots=True)
class Charted:
    """What a document of `minutes` charts of these series."""

    points: Sequence[Points]
    minutes: float
    signals: tuple[str, ...]
    conditions: Sequence[Condition] = ()
    step_min: int = 5
    options: Mapping[str, Any] = field(default_factory=dict)
    filling: Filling = field(init=False)

    def __post_init__(self) -> None:
        plan = Plan(signals=self.signals, start_us=START_US, step_us=self.step_min * MINUTE_US, **self.options)
        data = BedData(points=self.points, conditions=self.conditions)
        self.filling = fill(data, plan, START_US, mark(self.minutes))

    def cell(self, signal: str, minute: float) -> Cell | None:
        found = [c for c in self.filling.cells if (c.signal, c.mark_us) == (signal, mark(minute))]
        assert len(found) <= 1
        return found[0] if found else None

    def one(self, signal: str, minute: float) -> Cell:
        found = self.cell(signal, minute)
        assert found is not None
        return found

    def gaps(self, signal: str) -> list[tuple[float, float, str, str]]:
        """Start and end in minutes, cause, evidence."""
        return [
            ((g.start_us - START_US) / MINUTE_US, (g.end_us - START_US) / MINUTE_US, str(g.cause), g.evidence)
            for g in self.filling.gaps
            if g.signal == signal
        ]

    def whole_gaps(self, signal: str) -> list[Gap]:
        return [g for g in self.filling.gaps if g.signal == signal]

    def excursions(self, signal: str) -> list[Excursion]:
        return [e for e in self.filling.excursions if e.signal == signal]
