"""The filler over a department in memory: what stands in records, and what is appended for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import structlog

from charting.case.state import value_of
from charting.fill.types import CellState
from charting.trail.contents import Charted, Event, Infusion, Rate
from charting.trail.entries import SYSTEM, Filled, Signed
from collector.model import Channel, Identity, PatientIdentity, Quality, Series
from collector.series import Minutes
from tests.charting.filler.department import BED, DOCTOR, NURSE, Ward, _reading
from tests.charting.filler.made import DOCUMENT, MINUTE_US, at
from tests.page.data import Store

MARKS = (2.0, 7.0, 12.0, 17.0, 22.0, 27.0)
"""Whole five minutes of local time, in minutes since T0."""


@pytest.fixture
def ward() -> Ward:
    made = Ward()
    made.open()
    made.record()
    return made


def test_cells_appear_with_their_minutes_and_what_is_there_is_not_said_again(ward: Ward) -> None:
    ward.beat(0, 40)
    ward.cuff(3.2, 131.0)
    assert ward.look(0.5) == []
    (entry,) = ward.look(3.2)
    assert (entry.actor, entry.body.kind) == (SYSTEM, "filled")
    assert ward.values("hr") == {2.0: 70.0}
    assert ward.look(3.3) == []
    assert ward.look(5.2) == []
    ward.look(30.2)
    assert ward.values("hr") == dict.fromkeys(MARKS, 70.0)
    assert ward.values("nibp_sys") == {2.0: 131.0}
    assert ward.gaps() == []
    assert ward.look(30.3) == []


def test_a_whole_case_makes_few_entries_and_a_restart_none(ward: Ward) -> None:
    ward.beat(0, 60)
    entries = [entry for minute in range(60) for entry in ward.look(minute + 0.2)]
    assert len(entries) == len(ward.values("hr")) == 12
    ward.filler = ward.new_filler()
    assert ward.look(59.5) == []


def test_what_was_measured_before_the_case_was_opened_is_filled_in_from_the_arrival_on(ward: Ward) -> None:
    ward.beat(-40, 10)
    ward.look(10.2)
    assert min(ward.values("hr")) == 2.0
    ward.desk.set(DOCTOR, "case", item="in", after=0, content=Event(key="t_room_in", at_us=at(-14)))
    ward.look(11.2)
    assert sorted(ward.values("hr")) == [-13.0, -8.0, -3.0, 2.0, 7.0]


def test_data_that_come_late_fill_what_was_said_to_be_missing(ward: Ward) -> None:
    ward.beat(0, 10)
    for minute in range(22):
        ward.look(minute + 0.2)
    assert ward.gaps() == [(10.0, 21.0, "network")]
    (gap,) = (g for g in ward.document().gaps if g.signal == "hr")
    assert not gap.certain
    assert {g.signal for g in ward.document().gaps} == {"hr", "spo2"}
    assert gap.evidence == "no data have reached the server since 2026-11-24T06:28:00Z"
    ward.beat(10, 30)
    ward.look(30.2)
    assert ward.gaps() == []
    assert ward.values("hr") == dict.fromkeys(MARKS, 70.0)


def test_a_backlog_that_comes_after_live_data_fills_its_gap_hours_later(ward: Ward) -> None:
    ward.beat(0, 10)
    ward.beat(22, 200)
    ward.look(150.2)
    ((start, end, _),) = ward.gaps()
    assert (start, end) == (10.0, 22.0)
    ward.beat(10, 22, 90.0)
    entries = ward.look(151.2)
    assert ward.gaps() == []
    assert ward.values("hr")[17.0] == 90.0
    filled = [e.body for e in entries if isinstance(e.body, Filled)]
    assert max(body.until_us - body.since_us for body in filled) <= 60 * MINUTE_US


def test_a_value_that_a_person_put_there_stands_whatever_devices_say(ward: Ward) -> None:
    ward.beat(0, 10)
    ward.look(10.2)
    item = f"hr@{at(7)}"
    mine = Charted(signal="hr", mark_us=at(7), time_us=at(7), value=64.0, unit="/min")
    ward.desk.set(DOCTOR, "case", document=DOCUMENT, item=item, after=0, content=mine, reason="diathermy")
    ward.beat(4, 10, 90.0)
    ward.look(40.2)
    assert value_of(ward.document().items[item]) == mine
    cell = ward.cell("hr", 7)
    assert cell is not None
    assert cell.value != 70.0


def test_each_document_holds_the_values_of_its_own_bed_and_time(ward: Ward) -> None:
    ward.beat(0, 60)
    ward.beat(0, 60, 99.0, bed="PACU-1")
    ward.now = 20
    ward.desk.move(DOCTOR, "case", bed="PACU-1", area="pacu", at_us=at(20))
    ward.desk.start(NURSE, "case", template="pacu_record", document="pacu")
    ward.look(40.2)
    assert ward.values("hr") == dict.fromkeys((2.0, 7.0, 12.0, 17.0), 70.0)
    assert ward.values("hr", "pacu") == dict.fromkeys((22.0, 27.0, 32.0, 37.0), 99.0)


def test_the_next_patient_in_the_bed_is_never_charted(ward: Ward) -> None:
    ward.beat(-60, 20, 55.0)
    ward.now = 21
    ward.desk.close(DOCTOR, "case", at_us=at(20))
    ward.beat(20, 60, 99.0)
    ward.now = 30
    ward.open(30, case="next", number="300400")
    ward.look(60.2)
    assert ward.values("hr") == dict.fromkeys((2.0, 7.0, 12.0, 17.0), 55.0)


def test_no_minute_from_before_he_came_or_after_he_left_is_in_a_cell(ward: Ward) -> None:
    ward.beat(-60, 60)
    ward.now = 18
    ward.desk.close(DOCTOR, "case", at_us=at(18))
    ward.look(60.2)
    cells = [item.captured for item in ward.document().items.values() if item.captured is not None]
    minutes = {minute.minute_us for cell in cells for minute in cell.minutes}
    assert (min(minutes), max(minutes)) == (at(0), at(17))


def wrong(minute: float, number: str = "999") -> Identity:
    who = PatientIdentity(ids={"patient_id": number}, state="admitted")
    return Identity(bed=BED, device="monitor", time_us=at(minute), identity=who)


def test_a_device_that_tells_of_another_patient_is_not_charted_until_a_person_has_judged(ward: Ward) -> None:
    ward.beat(0, 90)
    ward.look(10.2)
    ward.beds.stores[BED].told.append(wrong(4.5))
    ward.look(20.2)
    assert set(ward.case.held) == {"monitor"}
    assert ward.values("hr")[2.0] == 70.0
    assert {m: v for m, v in ward.values("hr").items() if m > 8 and v is not None} == {}
    assert {cause for _, _, cause in ward.gaps()} == {"held"}
    ward.desk.judge(DOCTOR, "case", device="monitor", same=True, reason="old wristband")
    ward.look(40.2)
    assert ward.values("hr") == dict.fromkeys((*MARKS, 32.0, 37.0), 70.0)
    assert ward.gaps() == []


def test_a_closed_case_is_filled_once_more_and_certified_once(ward: Ward) -> None:
    ward.beat(0, 10)
    ward.beat(15, 30)
    ward.look(12.2)
    ward.now = 31
    ward.desk.close(DOCTOR, "case", at_us=at(30))
    kinds = [entry.body.kind for entry in ward.look(31.2)]
    assert kinds == ["thermometry", "filled", "certified"]
    certificate = ward.document().certificate
    assert certificate is not None
    assert (certificate.start_us, certificate.end_us) == (at(0), at(30))
    hr = next(s for s in certificate.signals if s.signal == "hr")
    assert (hr.expected, hr.received, hr.charted) == (30, 25, 25)
    assert [(g.start_us, g.end_us) for g in certificate.gaps if g.signal == "hr"] == [(at(10), at(15))]
    assert ward.look(31.3) == []
    ward.filler = ward.new_filler()
    assert ward.look(45) == []


def test_what_comes_after_the_case_was_closed_is_filled_and_certified_anew(ward: Ward) -> None:
    ward.beat(0, 10)
    ward.look(28.2)
    ward.now = 31
    ward.desk.close(DOCTOR, "case", at_us=at(30))
    ward.look(31.2)
    first = ward.document().certificate
    assert first is not None
    assert {g.evidence for g in first.gaps} == {"no data have reached the server since 2026-11-24T06:28:00Z"}
    assert ward.look(200.2) == []
    ward.beat(10, 40)
    assert [entry.body.kind for entry in ward.look(3000.2)] == ["filled", "certified"]
    assert ward.gaps() == []
    assert ward.values("hr") == dict.fromkeys(MARKS, 70.0)
    last = ward.document().certificate
    assert last is not None
    assert [(s.expected, s.charted) for s in last.signals if s.signal == "hr"] == [(30, 30)]
    assert ward.look(3010.2) == []


def test_days_at_one_bed_are_filled_as_they_come(ward: Ward) -> None:
    hours = [60 * h for h in (0, 40, 80, 119, 120, 121)]
    for hour in hours:
        ward.beat(hour, hour + 20)
    for now in (60 * 100, 60 * 120 + 21, 60 * 120 + 22, 60 * 121 + 25):
        ward.look(now + 0.2)
    before = ward.values("hr")
    for hour in hours:
        assert {m for m in before if hour <= m < hour + 20} == {hour + m for m in (2.0, 7.0, 12.0, 17.0)}
    gaps = [(start, end) for start, end, _ in ward.gaps()]
    assert gaps == [(hour + 20, after) for hour, after in zip(hours, [*hours[1:], 60 * 121 + 25], strict=True)]
    ward.filler = ward.new_filler()
    assert ward.look(60 * 121 + 25.5) == []


def test_a_bed_that_cannot_be_read_is_told_once_and_filled_when_it_can(ward: Ward) -> None:
    ward.beat(0, 20)
    ward.beds.broken = "the series store: server closed the connection"
    with structlog.testing.capture_logs() as logs:
        assert ward.look(10.2) == []
        ward.look(11.2)
    assert [(log["log_level"], log["bed"]) for log in logs] == [("warning", BED), *[("debug", BED)] * (len(logs) - 1)]
    ward.beds.broken = ""
    with structlog.testing.capture_logs() as logs:
        ward.look(12.2)
    assert [log["log_level"] for log in logs] == ["info"]
    assert ward.values("hr") == {2.0: 70.0, 7.0: 70.0, 12.0: 70.0}


def test_a_document_that_needs_no_look_does_not_say_that_its_bed_can_be_read(ward: Ward) -> None:
    ward.beat(0, 20)
    ward.look(10.2)
    ward.beds.broken = "the series store: server closed the connection"
    with structlog.testing.capture_logs() as logs:
        ward.look(10.3)
        ward.look(10.4)
    assert [log["log_level"] for log in logs if log["log_level"] != "debug"] == ["warning"]


def test_what_the_store_has_dropped_for_its_age_stays_in_the_record(ward: Ward) -> None:
    ward.beat(0, 600)
    ward.look(300.2)
    before = ward.values("hr")
    store = ward.beds.stores[BED]
    store.readings = [r for r in store.readings if r.time_us >= at(240)]
    ward.filler = ward.new_filler()
    ward.look(600.2)
    assert {m: v for m, v in ward.values("hr").items() if m <= 290} == {m: v for m, v in before.items() if m <= 290}
    assert ward.gaps() == []
    store.readings.clear()
    ward.filler = ward.new_filler()
    after = ward.values("hr")
    ward.look(601.2)
    assert ward.values("hr") == after


def test_a_pump_brings_its_infusion_and_a_persons_version_of_it_stays(ward: Ward) -> None:
    pump = Series(
        bed=BED, device="输液泵 1", channel=Channel(code="MDC_FLOW_FLUID_PUMP", source="1", unit="mL/h")
    )  # fmt: skip
    store = ward.beds.stores[BED]
    store.readings += [_reading(pump, at(m), 5.0 if m < 6 else 8.0) for m in range(2, 12)]
    ward.look(10.2)
    ((item, infusion),) = ward.document().of(Infusion)
    assert isinstance(infusion, Infusion)
    assert infusion.rates == (Rate(at_us=at(2), rate=5.0), Rate(at_us=at(6), rate=8.0))
    assert (infusion.device, infusion.stop_us, item.versions[-1].author) == ("输液泵 1", None, SYSTEM)
    assert ward.document().edits == 0
    drug = ward.desk.libraries.search("drugs", "", 1)[0].term
    mine = replace(infusion, drug=drug)
    ward.desk.set(DOCTOR, "case", document=DOCUMENT, item=item.id, after=item.number, content=mine, reason="judgement")
    store.readings += [_reading(pump, at(m), 9.0) for m in range(12, 20)]
    ward.look(20.2)
    ((kept, content),) = ward.document().of(Infusion)
    assert (kept.id, content) == (item.id, mine)


def test_a_signed_document_says_what_was_signed(ward: Ward) -> None:
    ward.beat(0, 10)
    ward.look(10.2)
    template = ward.desk.template(ward.document())
    ward.trail.append(
        "zhang", "case", [Signed(document=DOCUMENT, version=1, slot=template.signatures[0].slot, digest="")]
    )
    ward.beat(0, 10, 99.0)
    ward.beat(10, 30, 99.0)
    assert ward.look(30.2) == []


def test_an_empty_cell_is_no_value(ward: Ward) -> None:
    store = ward.beds.stores[BED]
    ward.beat(0, 10)
    store.readings = [replace(r, value=None, quality=Quality.NOT_AVAILABLE) for r in store.readings]
    ward.look(12.2)
    assert all(
        item.captured is None or item.captured.state is CellState.EMPTY for item in ward.document().items.values()
    )
    assert np.isclose(sum(end - start for start, end, _ in ward.gaps()), 12.0, atol=3)


async def test_a_look_under_way_ends_with_the_service(ward: Ward) -> None:
    stop, looked = asyncio.Event(), asyncio.Event()
    ward.beat(0, 20)
    ward.now = 600
    loop = asyncio.get_running_loop()
    minutes = Store.minutes

    def slow(store: Store, *asked: Any) -> Sequence[Minutes]:
        loop.call_soon_threadsafe(looked.set)
        while not ward.filler._ending.is_set():
            pass
        return minutes(store, *asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "minutes", slow)
        running = asyncio.create_task(ward.filler.run(stop))
        await looked.wait()
        stop.set()
        await running
    assert ward.values("hr") == {}
    ward.filler = ward.new_filler()
    ward.look(600.5)
    assert ward.values("hr") != {}
