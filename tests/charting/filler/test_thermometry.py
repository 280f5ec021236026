"""What thermometers told is kept with the case, by minute, whatever becomes of the series."""

import statistics
from collections.abc import Iterable
from dataclasses import replace

import pytest

from charting.trail.contents import Event
from charting.trail.entries import Entry, Thermometer, Thermometry
from collector.model import Identity, PatientIdentity, Quality, Series
from tests.charting.filler.department import BED, DOCTOR, NURSE, Ward
from tests.charting.filler.made import at
from tests.page.data import reading, series

NASO = replace(series("MDC_TEMP_NASOPH", "Cel", source="4B54", site="nasopharynx"), bed=BED)
ROOM = replace(series("VND_VITALSD_ROOM_TEMPERATURE", "Cel", "room"), bed=BED)
AXILLA = replace(series("MDC_TEMP_AXIL", "Cel", "spot"), bed="PACU-1")


@pytest.fixture
def ward() -> Ward:
    made = Ward()
    made.open()
    return made


def tell(ward: Ward, of: Series, minute: float, *values: float, quality: Quality = Quality.VALID) -> None:
    """Values 10 s apart from a minute on."""
    store = ward.beds.stores[of.bed]
    store.readings += [reading(of, at(minute) + n * 10_000_000, v, quality) for n, v in enumerate(values)]


def warm(ward: Ward, start: int, end: int, value: float = 36.4, of: Series = NASO) -> None:
    for minute in range(start, end):
        tell(ward, of, minute, *[value] * 6)


def kept(ward: Ward) -> Thermometry:
    found = ward.case.thermometry
    assert found is not None
    return found


def one(thermometers: Iterable[Thermometer]) -> Thermometer:
    (found,) = thermometers
    return found


def thermometries(entries: Iterable[Entry]) -> list[Thermometry]:
    return [e.body for e in entries if isinstance(e.body, Thermometry)]


def close(ward: Ward, minute: float) -> None:
    ward.now = minute
    ward.desk.close(DOCTOR, "case", at_us=at(minute))


def test_minutes_hold_the_median_of_what_was_not_doubted(ward: Ward) -> None:
    told = [36.1, 36.5, 36.2, 36.9, 36.3]
    tell(ward, NASO, 0, *told)
    tell(ward, NASO, 0.9, 12.0, quality=Quality.QUESTIONABLE)
    tell(ward, NASO, 1, 36.0, 36.1)
    tell(ward, NASO, 2, 31.0, 31.5, quality=Quality.QUESTIONABLE)
    tell(ward, NASO, 4, 36.6)
    tell(ward, NASO, 5, 90.0, quality=Quality.INVALID)
    warm(ward, 6, 8)
    close(ward, 9)
    ward.look(10)
    found = one(kept(ward).thermometers)
    assert found == Thermometer(
        bed=BED, device="monitor", code="MDC_TEMP_NASOPH", source="4B54", site="nasopharynx", start_us=at(0),
        values=(statistics.median(told), 36.05, 31.25, None, 36.6, None, 36.4, 36.4), doubted=(2,),
    )  # fmt: skip
    assert (kept(ward).since_us, kept(ward).until_us) == (at(0), at(9))


def test_while_a_case_is_open_it_is_kept_at_most_every_ten_minutes(ward: Ward) -> None:
    warm(ward, 0, 60)
    found = [len(thermometries(ward.look(minute + 0.2))) for minute in range(60)]
    assert sum(found) == 5
    assert len(one(kept(ward).thermometers).values) == 50
    warm(ward, 60, 61)
    close(ward, 61)
    assert len(thermometries(ward.look(61.5))) == 1
    assert len(one(kept(ward).thermometers).values) == 61
    assert thermometries(ward.look(62)) == []


def test_data_that_come_days_after_the_case_was_closed_are_kept_with_it(ward: Ward) -> None:
    ward.record()
    warm(ward, 0, 10)
    close(ward, 30)
    ward.look(31)
    assert len(one(kept(ward).thermometers).values) == 10
    warm(ward, 10, 25, 35.7)
    ward.look(31 + 3 * 24 * 60)
    assert one(kept(ward).thermometers).values == (36.4,) * 10 + (35.7,) * 15


def test_what_the_store_has_dropped_stays_kept(ward: Ward) -> None:
    warm(ward, 0, 20)
    close(ward, 20)
    ward.look(21)
    store = ward.beds.stores[BED]
    store.readings = [r for r in store.readings if r.time_us >= at(12)]
    warm(ward, 19, 20, 36.4)
    ward.filler = ward.new_filler()
    assert thermometries(ward.look(200)) == []
    store.readings.clear()
    ward.filler = ward.new_filler()
    assert thermometries(ward.look(300)) == []
    assert one(kept(ward).thermometers).values == (36.4,) * 20


def test_what_a_device_said_of_another_patient_is_left_out_and_taken_back(ward: Ward) -> None:
    warm(ward, 0, 20)
    ward.look(20.2)
    assert len(one(kept(ward).thermometers).values) == 20
    other = PatientIdentity(ids={"id": "999"}, family="", given="", state="admitted")
    ward.beds.stores[BED].told.append(Identity(bed=BED, device="monitor", time_us=at(8), identity=other))
    ward.look(20.5)
    close(ward, 21)
    ward.look(22)
    assert one(kept(ward).thermometers).values == (36.4,) * 8
    ward.desk.judge(DOCTOR, "case", device="monitor", same=True, reason="wrong_time")
    ward.look(23)
    assert len(one(kept(ward).thermometers).values) == 20


def test_a_case_keeps_what_was_told_while_its_own_patient_lay_there(ward: Ward) -> None:
    warm(ward, 0, 60)
    close(ward, 30)
    ward.now = 32
    ward.open(32, case="next", number="200300")
    ward.desk.set(DOCTOR, "next", item="in", after=0, content=Event(key="t_room_in", at_us=at(25)))
    ward.look(60.2)
    assert len(one(kept(ward).thermometers).values) == 25
    later = ward.desk.case("next").thermometry
    assert later is not None
    assert (one(later.thermometers).start_us, len(one(later.thermometers).values)) == (at(30), 30)


def test_each_room_and_each_bed_has_its_own_and_the_icu_none(ward: Ward) -> None:
    ward.beds.stores["ICU-1"] = ward.beds.stores["PACU-1"].__class__()
    warm(ward, 0, 20)
    warm(ward, 0, 20, 21.5, ROOM)
    for minute, value in ((22, 35.4), (38, 36.1)):
        tell(ward, AXILLA, minute, value)
    warm(ward, 40, 60, of=replace(NASO, bed="ICU-1"))
    ward.now = 40
    ward.desk.move(DOCTOR, "case", bed="PACU-1", area="pacu", at_us=at(20))
    ward.desk.move(NURSE, "case", bed="ICU-1", area="icu", at_us=at(40))
    ward.look(60.2)
    found = {t.bed: t for t in kept(ward).thermometers}
    assert set(found) == {BED, "PACU-1"}
    assert (found["PACU-1"].mode, found["PACU-1"].times_us) == ("spot", (at(22), at(38)))
    assert found["PACU-1"].values == (35.4, 36.1)
    room = one(kept(ward).rooms)
    assert (room.bed, room.device, len(room.values), set(room.values)) == (BED, "room", 20, {21.5})


def test_what_stands_before_the_case_was_opened_is_kept_from_his_arrival_on(ward: Ward) -> None:
    warm(ward, -40, 5)
    ward.desk.set(DOCTOR, "case", item="in", after=0, content=Event(key="t_room_in", at_us=at(-20.5)))
    close(ward, 5)
    ward.look(6)
    assert one(kept(ward).thermometers).start_us == at(-20)


def test_fahrenheit_is_kept_in_degrees_celsius_and_no_other_unit_is(ward: Ward) -> None:
    fahrenheit = replace(NASO, channel=replace(NASO.channel, unit="[degF]"))
    strange = replace(NASO, channel=replace(NASO.channel, unit="mm[Hg]", source="x"))
    warm(ward, 0, 3, 96.8, fahrenheit)
    warm(ward, 0, 3, 36.0, strange)
    close(ward, 4)
    ward.look(5)
    assert one(kept(ward).thermometers).values == (36.0, 36.0, 36.0)


def test_a_monitor_in_demonstration_mode_measures_no_patient(ward: Ward) -> None:
    ward.beds.stores[BED].readings += [reading(NASO, at(n), 36.5, demo=True) for n in range(5)]
    close(ward, 6)
    ward.look(7)
    found = one(kept(ward).thermometers)
    assert (found.demo, found.doubted) == (True, (0, 1, 2, 3, 4))


def test_that_nothing_was_measured_is_kept_but_only_where_it_could_be_read(ward: Ward) -> None:
    ward.beat(0, 10)
    assert thermometries(ward.look(10.2)) == []
    close(ward, 11)
    ward.beds.broken = "away"
    assert thermometries(ward.look(12)) == []
    ward.beds.broken = ""
    (found,) = thermometries(ward.look(14))
    assert (found.thermometers, found.rooms) == ((), ())
    del ward.beds.stores[BED]
    ward.filler = ward.new_filler()
    assert thermometries(ward.look(20)) == []


def test_a_case_of_long_ago_is_not_asked_about_again(ward: Ward) -> None:
    warm(ward, 0, 10)
    close(ward, 10)
    ward.look(11)
    days = 24 * 60
    warm(ward, 10, 12)
    ward.look(11 + 5 * days)
    ward.desk.open(DOCTOR, bed="PACU-1", area="pacu", patient=ward.case.patient, at_us=at(5 * days), case="other")
    warm(ward, 9, 10, 40.0)
    warm(ward, 9, 10, 40.0)
    ward.look(11 + 6 * days)
    assert set(one(kept(ward).thermometers).values) == {36.4}
