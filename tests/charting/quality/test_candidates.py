"""What device data suggest, and nobody counts before a person has said so (clinical.md §1.5, level SEMI)."""

import pytest

from charting.case.findings import findings
from charting.quality.candidates import Candidate, candidates
from charting.trail.contents import Bolus, Term
from tests.charting.quality.told import (
    LIBRARIES,
    Part,
    at,
    captured,
    case,
    derived,
    event,
    finding,
    form,
    record,
    technique,
    usual,
)

ADRENALINE = Term(library="drugs", version="h", code="X1", zh="盐酸肾上腺素", en="Epinephrine hydrochloride")


def written(at_us: int) -> str:
    minutes = (at_us - at(0)) // 60_000_000 + 8 * 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


def found(*parts: Part) -> list[Candidate]:
    return list(candidates(case(usual(), *parts), LIBRARIES))


def keys(*parts: Part) -> list[str]:
    assert list(derived(usual(), *parts).candidates) == [c.key for c in found(*parts)]
    return [c.key for c in found(*parts)]


def bolus(minute: float, drug: Term = ADRENALINE) -> Bolus:
    return Bolus(drug=drug, dose=0.1, unit="mg", route="iv", at_us=at(minute))


def cells(signal: str, unit: str, start: int, *values: float) -> Part:
    return captured(signal, unit, {start + n: v for n, v in enumerate(values)})


def pressure(start: int, *values: float) -> Part:
    return cells("ppeak", "cm[H2O]", start, *values)


def carbon(start: int, *values: float) -> Part:
    return cells("etco2", "mm[Hg]", start, *values)


SPINAL = (*technique("21"), *record(signed=None))


def test_a_ventilator_in_who_was_booked_without_general_anaesthesia() -> None:
    parts = (SPINAL, pressure(60, 18, 19, 18))
    (one,) = found(*parts)
    assert (one.key, one.at_us) == ("airway_unplanned", at(60))
    assert one.text("zh", written) == "拟行蛛网膜下腔阻滞，09:00 起有机械通气（气道峰压 18）"
    assert one.text("en", written) == "Booked as Spinal anaesthesia, ventilated from 09:00 on (Ppeak 18)"
    told = derived(usual(), *parts)
    assert (told.candidates, told.airway_unplanned, told.times["airway_unplanned"]) == (
        ("airway_unplanned",), None, at(60),
    )  # fmt: skip
    assert keys(technique("41"), record(signed=None), pressure(60, 18, 19, 18)) == []
    assert keys(SPINAL, pressure(60, 18, 19)) == keys(SPINAL, pressure(60, 4, 4, 4, 4)) == []
    assert keys(SPINAL, pressure(210, 18, 18, 18, 18)) == []


def test_what_was_booked_is_the_plan_where_the_technique_was_changed() -> None:
    plan = form("preop_visit", -20, planned_technique="L12")
    assert keys(plan, technique("41"), record(signed=None), pressure(60, 18, 19, 18)) == ["airway_unplanned"]
    plan = form("preop_visit", -20, planned_technique="41")
    assert keys(plan, technique("21"), record(signed=None), pressure(60, 18, 19, 18)) == []


def test_a_capnogram_that_begins_later_is_no_nasal_cannula() -> None:
    assert keys(SPINAL, carbon(60, 35, 36, 36)) == ["airway_unplanned"]
    assert keys(SPINAL, carbon(12, *[35] * 60)) == []


def test_events_that_tell_it_in_full_and_a_finding_settle_it() -> None:
    sign = pressure(60, 18, 19, 18)
    assert keys(SPINAL, sign, event("t_tube_in", 58, planned="true")) == []
    assert keys(SPINAL, sign, event("t_tube_in", 58)) == ["airway_unplanned"]
    for value in ("yes", "no"):
        assert keys(SPINAL, sign, finding("airway_unplanned", value)) == []


TUBED = (*event("t_tube_in", 15, device="ETT", planned="true"), *event("t_tube_out", 130), *record(signed=None))


def test_a_ventilator_that_is_back_after_an_extubation() -> None:
    before = pressure(100, *[18] * 28)
    (one,) = found(TUBED, before, pressure(160, 20, 20, 21))
    assert (one.key, one.at_us) == ("reintubation", at(160))
    assert "10:10 拔管后，10:40 起" in one.text("zh", written)
    assert keys(TUBED, before, pressure(160, 20, 20)) == []
    assert keys(TUBED, before, pressure(131, *[9] * 20)) == []
    assert keys(TUBED, before, pressure(160, 20, 20, 21), event("t_tube_in", 158, planned="false")) == []
    assert keys(TUBED, before, pressure(491, 20, 20, 21)) == []
    mask = (*event("t_tube_in", 15, device="LMA"), *event("t_tube_out", 130), *record(signed=None))
    assert keys(mask, pressure(160, 20, 20, 21)) == []


def arrested(*, drug: bool = True, pulse: float = 3, after: float = 12) -> Part:
    low = record(bolus(72), signed=None) if drug else record(signed=None)
    return (
        *technique("41"), *low, *cells("abp_sys", "mm[Hg]", 55, *[110] * 15, *[30] * 3, *[100] * 5),
        *cells("abp_dia", "mm[Hg]", 55, *[60] * 15, *[30 - pulse] * 3, *[50] * 5),
        *carbon(55, *[36] * 15, after, after, after, 34, 34),
    )  # fmt: skip


def test_no_pulse_a_falling_capnogram_and_adrenaline_look_like_an_arrest() -> None:
    (one,) = found(arrested())
    assert (one.key, one.at_us) == ("arrest", at(70))
    assert "30/27" in one.text("en", written)
    assert "36 to 12 mmHg, adrenaline at 09:12" in one.text("en", written)
    assert keys(arrested(drug=False)) == keys(arrested(pulse=20)) == keys(arrested(after=30)) == []
    bypass = (*event("t_cpb_start", 60), *event("t_cpb_end", 100))
    assert keys(arrested(), bypass) == []


def reacted(*, drug: Term = ADRENALINE, low: float = 60, high: float = 30, cuff: bool = False) -> Part:
    signal = "nibp_sys" if cuff else "abp_sys"
    return (
        *technique("41"), *record(bolus(60, drug), signed=None),
        *cells(signal, "mm[Hg]", 30, *[120] * 20, *[110] * 5, *[low] * 6), *pressure(30, *[18] * 22, *[high] * 9),
    )  # fmt: skip


def test_adrenaline_after_a_fall_of_pressure_and_a_tight_chest_looks_like_an_allergy() -> None:
    (one,) = found(reacted())
    assert (one.key, one.at_us) == ("allergy", at(60))
    assert "收缩压由 120 降至 60 mmHg，气道峰压由 18 升至 30 cmH₂O" in one.text("zh", written)
    assert keys(reacted(cuff=True)) == ["allergy"]
    noradrenaline = LIBRARIES.term("drugs", "2026.1", "D032")
    assert noradrenaline is not None
    assert keys(reacted(drug=noradrenaline)) == keys(reacted(low=90)) == keys(reacted(high=22)) == []
    assert keys(reacted(), finding("allergy", "no")) == []


@pytest.mark.parametrize(("fio2", "spo2", "expected"), [
    (21, 88, ["aspiration"]), (21, 90, []), (40, 85, []),
])  # fmt: skip
def test_who_leaves_on_room_air_and_does_not_hold_his_saturation(fio2: float, spo2: float, expected: list[str]) -> None:
    parts = record(signed=None), cells("fio2", "%", 136, fio2, fio2), cells("spo2", "%", 136, 97, spo2)
    assert keys(*parts) == expected


def test_nothing_is_suggested_of_who_had_no_anaesthetic() -> None:
    bare = case(event("t_room_in", 0), SPINAL, pressure(60, 18, 19, 18))
    assert candidates(bare, LIBRARIES) == []


def test_candidates_are_of_findings_that_devices_may_suggest() -> None:
    semi = {key for key, kind in findings().items() if kind.semi}
    assert {"airway_unplanned", "reintubation", "arrest", "allergy", "aspiration"} == semi
