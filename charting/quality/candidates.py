"""What device data suggest of a case (clinical.md §1.5, level SEMI): a person confirms or refuses. Pure.

A candidate is never counted by itself. A finding of its key settles it, and so do events that tell the same in full.
The numbers are our judgement (grade D). Texts: candidates.csv.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from statistics import median

from charting.case.state import Case
from charting.fill.signals import signals
from charting.library.library import Libraries
from charting.quality.derive import codes
from charting.quality.derive.airway import AGAIN_US, airway, extubations
from charting.quality.derive.told import Told
from charting.trail.contents import Bolus, Charted, Coded

MINUTE_US = 60_000_000
PRESSURE = 5.0
"""cmH₂O: a peak above it is a machine's breath."""
CAPNOGRAM = 10.0
"""mmHg."""
STANDS_MIN = 3
"""So many minutes make a sign, one after the other or not."""
NASAL_US = 10 * MINUTE_US
"""A capnogram from the beginning on is one of a nasal cannula; one that went away for so long has come again."""
PULSE = 10.0
"""mmHg between systolic and diastolic: below it the heart does not beat."""
FALL = 0.5
"""What is left of EtCO₂ in an arrest."""
SHOCK = 0.7
"""What is left of the systolic pressure in a severe reaction."""
TIGHTER = 5.0
"""cmH₂O by which the peak pressure rises in one."""
AROUND_US, BEFORE_US = 10 * MINUTE_US, 30 * MINUTE_US
"""Signs lie so near to the drug; what was usual is that of so long before."""
ROOM_AIR, HELD = 22.0, 90.0
"""FiO₂ and SpO₂, %, of AQI-12."""

_ADRENALINE = frozenset({"肾上腺素", "盐酸肾上腺素", "重酒石酸肾上腺素", "epinephrine", "adrenaline"})
_SIGNALS = frozenset({"ppeak", "etco2", "abp_sys", "abp_dia", "nibp_sys", "fio2", "spo2"})

Minutes = Mapping[int, float]
"""Minute, µs → value, in order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """`key`: of findings.csv; `sign`: which row of candidates.csv; `times`, `said`: what its text names."""

    key: str
    sign: str
    at_us: int
    times: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def text(self, lang: str, written: Callable[[int], str]) -> str:
        """What a person reads, in zh or en. `written`: a time as the site shows it."""
        times = {name: written(at_us) for name, at_us in {"time": self.at_us, **self.times}.items()}
        return _texts()[self.key, self.sign][lang].format_map({**times, **self.said.get(lang, {})})


def candidates(case: Case, libraries: Libraries) -> Sequence[Candidate]:
    """In order of time; one of each key, the first."""
    told = Told.of(case, libraries)
    return suggested(told, airway(told, codes.technique(told.coded, libraries).airway).tube)


def suggested(told: Told, tube: bool | None) -> Sequence[Candidate]:
    """The same of what is at hand. `tube`: a tracheal tube was in."""
    if not told.has("t_anes_start"):
        return []
    minutes = _minutes(told)
    every = [
        *_airway(told, minutes), *_reintubation(told, tube, minutes), *_arrest(told, minutes), *_allergy(told, minutes),
        *_aspiration(told, minutes),
    ]  # fmt: skip
    first: dict[str, Candidate] = {}
    for each in sorted(every, key=lambda c: c.at_us):
        if each.key not in told.findings:
            first.setdefault(each.key, each)
    return list(first.values())


def _minutes(told: Told) -> Mapping[str, Minutes]:
    """What devices told by minute, as far as it stands in records, and what people charted in its place."""
    found: dict[str, dict[int, float]] = {signal: {} for signal in _SIGNALS}
    for document in told.case.documents.values():
        for item in document.items.values():
            cell = item.captured
            if cell is not None and cell.signal in found:
                found[cell.signal].update((m.minute_us, m.median) for m in cell.minutes)
    for charted in told.contents_of(Charted):
        if charted.signal in found:
            found[charted.signal][charted.time_us // MINUTE_US * MINUTE_US] = charted.value
    return {signal: dict(sorted(values.items())) for signal, values in found.items()}


def _said(**names: str) -> Mapping[str, Mapping[str, str]]:
    return {"zh": names, "en": names}


def _signal(name: str, value: float, **more: str) -> Mapping[str, Mapping[str, str]]:
    row = signals()[name]
    return {
        "zh": {"signal": row.zh, "value": f"{value:g}", **more},
        "en": {"signal": row.en, "value": f"{value:g}", **more},
    }


def _airway(told: Told, minutes: Mapping[str, Minutes]) -> Iterator[Candidate]:
    """AQI-13: a machine breathes, or a capnogram begins, in somebody who was booked without general anaesthesia."""
    booked = _booked(told)
    tubes = [e for e in told.events.get("t_tube_in", ()) if told.suite.holds(e.at_us)]
    if not booked or (tubes and all(e.details.get("planned") for e in tubes)):
        return
    names = {lang: "、".join(getattr(c.term, lang) for c in booked) for lang in ("zh", "en")}
    start_us = told.at("t_anes_start") or 0
    for sign, signal, least in (("ventilated", "ppeak", PRESSURE), ("capnogram", "etco2", CAPNOGRAM)):
        there = [(at, v) for at, v in minutes[signal].items() if v > least and told.suite.holds(at)]
        if len(there) >= STANDS_MIN and (sign == "ventilated" or there[0][0] > start_us + NASAL_US):
            said = {lang: {**told_, "booked": names[lang]} for lang, told_ in _signal(signal, there[0][1]).items()}
            yield Candidate(key="airway_unplanned", sign=sign, at_us=there[0][0], said=said)


def _booked(told: Told) -> Sequence[Coded]:
    """The planned technique, else the coded ones, where it is no general anaesthesia."""
    for code in told.answers("preop_visit", "planned_technique"):
        coding = told.libraries.newest("techniques", str(code))
        if coding is not None:
            planned = [Coded(use="technique", term=coding.term)]
            return planned if codes.technique(planned, told.libraries).ga is False else []
    coded = [c for c in told.coded if c.use == "technique"]
    return coded if codes.technique(coded, told.libraries).ga is False else []


def _reintubation(told: Told, tube: bool | None, minutes: Mapping[str, Minutes]) -> Iterator[Candidate]:
    """AQI-19: EtCO₂ or a ventilator is back, having been away after an extubation, and no event tells of an airway."""
    breaths = sorted(
        (at, signal, value)
        for signal, least in (("ppeak", PRESSURE), ("etco2", CAPNOGRAM))
        for at, value in minutes[signal].items()
        if value > least
    )
    for out_us, was_tube in extubations(told, tube):
        if was_tube is False or any(out_us < e.at_us <= out_us + AGAIN_US for e in told.events.get("t_tube_in", ())):
            continue
        after = [b for b in breaths if out_us < b[0] <= out_us + AGAIN_US]
        last_us = out_us
        for n, (at_us, signal, value) in enumerate(after):
            if at_us - last_us > NASAL_US and len({at for at, _, _ in after[n:]}) >= STANDS_MIN:
                said = _signal(signal, value)
                yield Candidate(key="reintubation", sign="ventilated", at_us=at_us, times={"out": out_us}, said=said)
                break
            last_us = at_us


def _arrest(told: Told, minutes: Mapping[str, Minutes]) -> Iterator[Candidate]:
    """AQI-14: no pulse in the artery, EtCO₂ has fallen, and adrenaline was given; a machine's circulation is none."""
    carbon = minutes["etco2"]
    bypass = told.bypass
    for at_us, sys in minutes["abp_sys"].items():
        dia = minutes["abp_dia"].get(at_us)
        if dia is None or sys - dia >= PULSE or any(s <= at_us < (e or at_us + 1) for s, e in bypass):
            continue
        before = _of(carbon, at_us - AROUND_US, at_us - 2 * MINUTE_US)
        after = _of(carbon, at_us - MINUTE_US, at_us + AROUND_US // 2)
        given = [b.at_us for b in _adrenaline(told) if at_us - AROUND_US // 2 <= b.at_us <= at_us + AROUND_US]
        if before and after and given and min(after) <= FALL * median(before):
            said = _said(pressures=f"{sys:.0f}/{dia:.0f}", before=f"{median(before):.0f}", after=f"{min(after):.0f}")
            yield Candidate(key="arrest", sign="pulseless", at_us=at_us, times={"adrenaline": given[0]}, said=said)
            return


def _allergy(told: Told, minutes: Mapping[str, Minutes]) -> Iterator[Candidate]:
    """AQI-15: adrenaline at once, after the systolic pressure has fallen and the airway pressure has risen."""
    systolic = minutes["abp_sys"] or minutes["nibp_sys"]
    for bolus in _adrenaline(told):
        if not told.anaesthesia.holds(bolus.at_us):
            continue
        usual = bolus.at_us - BEFORE_US, bolus.at_us - AROUND_US
        near = bolus.at_us - AROUND_US, bolus.at_us + MINUTE_US
        before, after = _of(systolic, *usual), _of(systolic, *near)
        low, high = _of(minutes["ppeak"], *usual), _of(minutes["ppeak"], *near)
        if not (before and after and low and high):
            continue
        if min(after) <= SHOCK * median(before) and max(high) >= median(low) + TIGHTER:
            said = _said(
                before=f"{median(before):.0f}",
                after=f"{min(after):.0f}",
                low=f"{median(low):.0f}",
                high=f"{max(high):.0f}",
            )
            times = {"adrenaline": bolus.at_us}
            yield Candidate(key="allergy", sign="adrenaline", at_us=bolus.at_us, times=times, said=said)


def _aspiration(told: Told, minutes: Mapping[str, Minutes]) -> Iterator[Candidate]:
    """AQI-12: on leaving theatre or PACU SpO₂ is not held on room air."""
    for key in ("t_room_out", "t_pacu_out"):
        for leaving in told.events.get(key, ()):
            ends = leaving.at_us - AROUND_US, leaving.at_us + MINUTE_US
            air, spo2 = _of(minutes["fio2"], *ends), _of(minutes["spo2"], *ends)
            if air and spo2 and air[-1] <= ROOM_AIR and spo2[-1] < HELD:
                said = _said(fio2=f"{air[-1]:.0f}", spo2=f"{spo2[-1]:.0f}")
                yield Candidate(key="aspiration", sign="room_air", at_us=leaving.at_us, said=said)


def _adrenaline(told: Told) -> Sequence[Bolus]:
    found = [
        b for b in told.contents_of(Bolus) if not {b.drug.zh.casefold(), b.drug.en.casefold()}.isdisjoint(_ADRENALINE)
    ]
    return sorted(found, key=lambda b: b.at_us)


def _of(minutes: Minutes, start_us: int, end_us: int) -> Sequence[float]:
    """Values of [start, end), in order of time."""
    return [value for at_us, value in minutes.items() if start_us <= at_us < end_us]


@cache
def _texts() -> Mapping[tuple[str, str], Mapping[str, str]]:
    with files("charting.quality").joinpath("candidates.csv").open("r", encoding="utf-8") as text:
        return {(row["key"], row["sign"]): row for row in csv.DictReader(text)}
