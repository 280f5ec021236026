"""Alarms through the API and the pages: what is known, who has seen it, what a page has shown."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from charting.case.state import Case
from charting.trail.contents import Event, Patient
from charting.trail.entries import Advised, AlarmSeen, Denied
from collector.clock import from_datetime, to_datetime
from collector.model import AlarmPhase, AlarmType, Priority
from collector.technical import GATEWAY
from tests.charting.web.hospital import Hospital
from tests.page.data import HR, SECOND_US, alarm, reading, series

START, CONTINUE, END = AlarmPhase.START, AlarmPhase.CONTINUE, AlarmPhase.END


class Watched(Hospital):
    """A hospital whose beds are heard and looked at when the test says so."""

    def tell(self, phase: AlarmPhase = START, *, bed: str = "OR-03", priority: Priority = Priority.MEDIUM,
             source: str = "hr", device: str = "monitor", text: str = "** HR 128 > 120",
             type_: AlarmType = AlarmType.PHYSIOLOGICAL) -> int:  # fmt: skip
        """Its onset."""
        said = alarm(self.clock.at_us, phase, device=device, source=source, priority=priority, text=text, type_=type_)
        self.store.changes.append(replace(said, bed=bed))
        return self.clock.at_us

    def look(self, seconds: float = 1.0, *, beds: tuple[str, ...] = ("OR-03", "OR-04")) -> None:
        self.clock.go(seconds)
        for bed in beds:
            self.store.readings.append(reading(replace(HR, bed=bed), self.clock.at_us, 70.0))
        self.watch.look()


def seen_of(onset_us: int, **more: object) -> dict[str, object]:
    return {"bed": "OR-03", "device": "monitor", "source": "hr", "onset_us": onset_us, **more}


def beds(board: Mapping[str, Any]) -> Mapping[str, Any]:
    return {bed["bed"]: bed for bed in board["beds"]}


async def test_the_board_says_what_devices_said_and_what_nobody_knows() -> None:
    hospital = Watched()
    hospital.opened()
    hospital.look()
    onset_us = hospital.tell(priority=Priority.HIGH)
    hospital.look()
    async with hospital.client("surgeon") as client:
        board = (await client.get("/api/alarms")).json()
    assert board["note"] == "Information; does not replace the bedside alarm"
    known = beds(board)
    assert {bed: (b["known"], b["doubt"]) for bed, b in known.items()} == {
        "OR-03": (True, None), "OR-04": (True, None), "PACU-1": (False, "silent"), "ICU-01": (False, "silent"),
    }  # fmt: skip
    assert known["OR-03"]["cases"] == [{"case": "c1", "advisories": [], "temperature": None, "lacking": []}]
    assert known["OR-03"]["devices"] == {"monitor": True}
    pcd04 = known["OR-03"]["alarms"][0]["pcd04"]
    assert (pcd04["phase"], pcd04["state"], pcd04["priority"], pcd04["type"]) == ("start", "active", "PH", "SP")
    (told,) = known["OR-03"]["alarms"]
    wanted = {
        "device": "monitor", "source": "hr", "priority": "high", "text": "** HR 128 > 120", "said": "** HR 128 > 120",
        "presence": "present", "onset_us": onset_us, "seen_by": None,
    }  # fmt: skip
    assert {key: told[key] for key in wanted} == wanted


async def test_an_event_of_which_only_the_refid_is_sent_has_its_name() -> None:
    hospital = Watched()
    hospital.opened()
    hospital.look()
    hospital.tell(text="MDC_EVT_LO_VAL_LT_LIM")
    hospital.look()
    async with hospital.client("surgeon") as client:
        board = (await client.get("/api/alarms")).json()
    (told,) = beds(board)["OR-03"]["alarms"]
    assert (told["text"], told["said"]) == ("MDC_EVT_LO_VAL_LT_LIM", "Below low limit")


async def test_who_has_seen_an_alarm_is_kept_with_the_case_and_told_to_everybody() -> None:
    hospital = Watched()
    hospital.opened()
    hospital.look()
    onset_us = hospital.tell()
    hospital.look()
    async with hospital.client("anaesthetist") as doctor, hospital.client("head") as head:
        for _ in range(2):
            assert (await doctor.post("/api/alarms/seen", json=seen_of(onset_us, note="lead off"))).status_code == 204
        (told,) = beds((await head.get("/api/alarms")).json())["OR-03"]["alarms"]
    assert (told["seen_by"], told["seen_by_name"], told["presence"]) == ("anaesthetist", "王医生", "present")
    said = AlarmSeen(bed="OR-03", device="monitor", source="hr", onset_us=onset_us, told_us=onset_us, note="lead off")
    assert [(what, who) for what, who, _ in hospital.desk.case("c1").seen] == [(said, "anaesthetist")]


async def test_an_alarm_at_a_bed_without_a_case_is_seen_too() -> None:
    hospital = Watched()
    hospital.look()
    onset_us = hospital.tell()
    hospital.look()
    async with hospital.client("or_nurse") as nurse:
        for _ in range(2):
            assert (await nurse.post("/api/alarms/seen", json=seen_of(onset_us))).status_code == 204
    (kept,) = hospital.trail.entries("", kinds=["alarm_seen"])
    assert (kept.actor, kept.body.bed) == ("or_nurse", "OR-03")
    (told,) = hospital.watch.board().beds["OR-03"].alarms
    assert told.seen is not None


async def test_one_that_has_risen_since_it_was_shown_is_not_taken_for_seen() -> None:
    hospital = Watched()
    hospital.opened()
    hospital.look()
    onset_us = hospital.tell()
    hospital.look()
    hospital.tell(CONTINUE, priority=Priority.HIGH)
    hospital.look()
    async with hospital.client("anaesthetist") as doctor:
        refused = await doctor.post("/api/alarms/seen", json=seen_of(onset_us, priority="medium"))
        assert (refused.status_code, refused.json()["key"]) == (409, "watch.risen")
        assert (await doctor.post("/api/alarms/seen", json=seen_of(onset_us, priority="high"))).status_code == 204
        assert (await doctor.post("/api/alarms/seen", json=seen_of(onset_us + 1))).status_code == 404
        assert (await doctor.post("/api/alarms/seen", json=seen_of(onset_us) | {"bed": "X"})).status_code == 422


@pytest.mark.parametrize(("role", "may"), [("surgeon", False), ("quality", False), ("pacu_nurse", True)])
async def test_only_who_treats_sees_an_alarm_in_this_sense(role: str, may: bool) -> None:
    hospital = Watched()
    hospital.opened()
    hospital.look()
    onset_us = hospital.tell()
    hospital.look()
    async with hospital.client(role) as client:
        answer = await client.post("/api/alarms/seen", json=seen_of(onset_us))
    assert answer.status_code == (204 if may else 403)
    assert any(isinstance(e.body, Denied) for e in hospital.trail.all()) is not may


async def test_the_board_shows_when_what_is_told_now_was_told_by_both_clocks() -> None:
    hospital = Watched()
    hospital.look()
    onset_us = hospital.tell()
    hospital.look(70)
    said = hospital.store.changes[-1]
    by_device = from_datetime(datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
    again = replace(said.alarm, phase=CONTINUE, text="** HR 131 > 120", device_time_us=by_device)
    hospital.store.changes.append(replace(said, time_us=hospital.clock.at_us, alarm=again))
    told_us = hospital.clock.at_us
    hospital.look()
    onset, told = (f"{to_datetime(us).astimezone(ZoneInfo('Asia/Shanghai')):%H:%M:%S}" for us in (onset_us, told_us))
    async with hospital.client("quality") as client:
        page = (await client.get("/alarms")).text
    assert f"device time 05:06:07 · arrived {told} · since {onset}" in page


async def test_the_log_of_a_day_is_filtered() -> None:
    hospital = Watched()
    hospital.look()
    hospital.tell(priority=Priority.LOW, source="leads", text="Leads off", type_=AlarmType.TECHNICAL)
    hospital.look(10)
    hospital.tell(END, source="leads")
    hospital.tell(priority=Priority.HIGH, source="asy", text="*** ASYSTOLE")
    hospital.look(5)
    hospital.tell(bed="OR-04", source="spo2", text="** SpO2 86 < 90")
    hospital.look()
    async with hospital.client("head") as head:

        async def sources(query: str) -> list[str]:
            return [line["source"] for line in (await head.get(f"/api/alarms/log?{query}")).json()]

        assert await sources("") == ["spo2", "asy", "leads"]
        assert await sources("bed=OR-03") == ["asy", "leads"]
        assert await sources("priority=medium") == ["spo2", "asy"]
        assert await sources("type=technical") == ["leads"]
        assert await sources("text=asyst") == ["asy"]
        assert await sources("limit=1") == ["spo2"]
        whole = (await head.get("/api/alarms/log?bed=OR-03&type=technical")).json()[0]
        assert (whole["presence"], whole["since_us"] - whole["onset_us"]) == ("ended", 10 * SECOND_US)
        page = await head.get("/alarms/log?priority=nonsense&bed=OR-03")
        assert "ASYSTOLE" in page.text
        assert "SpO2 86" not in page.text


async def test_what_a_page_has_shown_is_measured_where_it_can_be_so() -> None:
    hospital = Watched()
    hospital.look()
    onset_us = hospital.tell()
    hospital.look()
    shown = {**seen_of(onset_us), "told_us": onset_us}
    hospital.clock.go(0.4)
    async with hospital.client("quality") as client:
        for wrong in ({"source": "other"}, {"told_us": onset_us + 1}, {"told_us": onset_us - 1}, {}):
            sent = {"shown": [shown | wrong]}
            assert (await client.post("/api/alarms/shown", json=sent)).status_code == 204
        (line,) = (await client.get("/api/alarms/log")).json()
    assert line["shown_us"] == onset_us + 1_400_000
    text = hospital.metrics.text().decode()
    assert "vitalsd_alarm_latency_seconds_sum 1.4\n" in text
    assert "vitalsd_alarm_latency_seconds_count 1.0\n" in text


async def test_every_page_says_what_is_not_known_and_never_that_there_is_none() -> None:
    hospital = Watched()
    hospital.opened()
    hospital.opened("c2", bed="OR-04", patient=Patient(number="20260099", name="李四"))
    hospital.look()
    async with hospital.client("anaesthetist", "en") as client:
        case = (await client.get("/cases/c1")).text
        assert "No alarm reported by the devices" in case
        hospital.look(60, beds=("OR-04",))
        for path in ("/", "/alarms/log", "/alarms/report", "/cases/c2"):
            text = (await client.get(path)).text
            assert '<a class="chip p-high unknown" href="/alarms#bed-OR-03">' in text
        for path in ("/cases/c1", "/alarms"):
            text = (await client.get(path)).text
            assert "Nothing is heard of this bed: the state of its alarms is unknown" in text
        strip = (await client.get("/alarms/strip?case=c1")).text
        assert "No alarm reported" not in strip
        assert "Alarm state unknown" in strip
        hospital.clock.go(30)
        for path in ("/alarms", "/", "/cases/c2"):
            assert "This system does not follow at the moment" in (await client.get(path)).text


async def test_no_page_says_of_a_patient_that_nobody_watches_that_there_is_no_alarm() -> None:
    hospital = Watched()
    hospital.opened()
    hospital.desk.move(hospital.actor("anaesthetist"), "c1", bed="WARD-9", area="ward", at_us=hospital.clock.at_us)
    hospital.look(beds=("OR-03", "OR-04", "PACU-1", "ICU-01"))
    async with hospital.client("anaesthetist", "en") as client:
        assert "No alarm reported" in (await client.get("/alarms/strip")).text
        strip = (await client.get("/alarms/strip?case=c1")).text
        assert "WARD-9" in strip
        assert "Alarm state unknown" in strip
        assert "No alarm reported" not in strip
        assert "No alarm reported" not in (await client.get("/alarms/strip?case=closed")).text


async def test_a_bed_whose_watch_stands_still_is_not_said_to_be_unused() -> None:
    hospital = Watched()
    hospital.look()
    async with hospital.client("anaesthetist", "en") as client:
        assert 'id="idle" data-live><h2>' in (await client.get("/alarms")).text
        hospital.clock.go(30)
        page = (await client.get("/alarms")).text
        assert 'id="bed-OR-03"' in page
        assert 'id="idle" data-live hidden>' in page


async def test_metrics_say_what_stands_by_bed() -> None:
    hospital = Watched()
    hospital.look()
    hospital.tell(priority=Priority.HIGH)
    hospital.tell(bed="OR-04", source="link:vent", device=GATEWAY, type_=AlarmType.TECHNICAL, priority=Priority.HIGH)
    hospital.look()
    text = hospital.metrics.text().decode()
    assert 'vitalsd_alarms{bed="OR-03",presence="present",priority="high"} 1.0' in text
    assert 'vitalsd_alarms{bed="OR-03",presence="unknown",priority="high"} 0.0' in text
    assert 'vitalsd_alarms_known{bed="OR-03"} 1.0' in text
    assert 'vitalsd_alarms_known{bed="OR-04"} 0.0' in text
    assert 'vitalsd_watch_look_seconds_count{what="alarms"} 2.0' in text


@pytest.mark.parametrize(
    ("source", "code", "text", "zh", "en"),
    [
        ("link:monitor", "VND_VITALSD_LINK_SILENT", "…", "monitor: 设备线路无数据",
         "monitor: Nothing heard on the line"),
        ("sink:timescale::", "VND_VITALSD_SINK_UNREACHED", "…", "timescale: 服务器连接中断",
         "timescale: Server not reached"),
        ("signal:etco2::vent", "VND_VITALSD_SIGNAL_MISSING", "…", "vent 呼气末二氧化碳: 信号中断",
         "vent EtCO2: Signal missing"),
        ("journal-full", "MDC_UNMAPPED", "…", "网关存储已满：正在丢弃最早的未上传数据",
         "The gateway is full: its oldest data that no server has are given up"),
        ("else", "MDC_UNMAPPED", "as it is", "as it is", "as it is"),
    ],
)  # fmt: skip
async def test_what_the_gateway_says_of_itself_is_said_in_the_askers_language(
    source: str, code: str, text: str, zh: str, en: str
) -> None:
    hospital = Watched()
    hospital.look()
    hospital.tell(source=source, device=GATEWAY, text=text, type_=AlarmType.TECHNICAL)
    told = hospital.store.changes[-1]
    hospital.store.changes[-1] = replace(told, alarm=replace(told.alarm, code=code))
    hospital.look()
    async with hospital.client("head") as client:
        for lang, wanted in (("zh", zh), ("en", en)):
            (alarm,) = beds((await client.get(f"/api/alarms?lang={lang}")).json())["OR-03"]["alarms"]
            assert (alarm["said"], alarm["text"]) == (wanted, text)
            assert f"<td>{wanted}</td>" in (await client.get(f"/alarms/report?lang={lang}")).text


async def test_an_advisory_is_seen_or_put_off_and_hides_no_alarm() -> None:
    hospital = Watched(idle_s=43_200)
    hospital.opened()
    hospital.look()
    hospital.tell(priority=Priority.HIGH, text="*** ASYSTOLE")
    since_us = hospital.clock.at_us
    begun = Advised(rule="TMP-355", phase="start", at_us=since_us, said={"c": "35.3", "min": "11"})
    hospital.desk.advise("c1", [begun])
    hospital.look()
    said = "35.3 °C, below 35.5 °C for 11 min: consider more warming"
    of = seen_of(since_us) | {"device": GATEWAY, "source": "advisory:TMP-355", "case": "c1"}
    async with hospital.client("anaesthetist") as doctor:
        (patient,) = beds((await doctor.get("/api/alarms")).json())["OR-03"]["cases"]
        (advisory,) = patient["advisories"]
        assert (advisory["text"], advisory["level"], advisory["seen_by"]) == (said, "low", None)
        assert said in (await doctor.get("/alarms/strip?case=c1")).text
        assert (await doctor.post("/api/alarms/seen", json=of | {"bed": "OR-04"})).status_code == 404
        assert (await doctor.post("/api/alarms/seen", json=of | {"onset_us": since_us + 1})).status_code == 404
        assert said in (await doctor.get("/alarms/put-off?case=c1&rule=TMP-355")).text
        assert (await doctor.get("/alarms/put-off?case=c1&rule=TMP-35")).status_code == 404
        assert (await doctor.post("/api/alarms/seen", json=of | {"note": "probe"})).status_code == 204
        (patient,) = beds((await doctor.get("/api/alarms")).json())["OR-03"]["cases"]
        (advisory,) = patient["advisories"]
        assert (advisory["why"], advisory["put_off_us"]) == ("probe", hospital.clock.at_us + 1_800_000_000)
        strip = (await doctor.get("/alarms/strip?case=c1")).text
        assert said not in strip
        assert "ASYSTOLE" in strip
        assert "put off until" in (await doctor.get("/alarms")).text
        hospital.look(1801)
        assert said in (await doctor.get("/alarms/strip?case=c1")).text


async def test_what_was_advised_in_a_day_is_listed_with_why_it_ended() -> None:
    hospital = Watched()
    hospital.opened(minutes=2000)
    at_us = hospital.clock.at_us
    bodies = [
        Advised(rule="TMP-PRE", phase="start", at_us=at_us - 90_000_000_000),
        Advised(rule="TMP-PRE", phase="end", at_us=at_us - 89_000_000_000, said={"why": "expired"}),
        Advised(rule="TMP-36", phase="start", at_us=at_us - 600_000_000, said={"c": "35.8", "min": "15"}),
        Advised(rule="TMP-36", phase="end", at_us=at_us - 300_000_000, said={"why": "cleared"}),
        Advised(rule="TMP-36", phase="start", at_us=at_us - 60_000_000, said={"c": "35.7", "min": "15"}),
    ]
    hospital.desk.advise("c1", bodies)
    async with hospital.client("quality") as client:
        told = (await client.get("/api/advisories")).json()
        assert [(each["rule"], each["why"], each["ended_us"] is None) for each in told] == [
            ("TMP-36", "", True), ("TMP-36", "no longer so", False),
        ]  # fmt: skip
        page = (await client.get("/alarms/log")).text
        assert "35.8 °C, below 36 °C for 15 min: consider more warming" in page
        assert "no longer so" in page


async def test_the_temperature_of_a_case_is_shown_by_the_indicators_rule() -> None:
    hospital = Watched()
    hospital.opened(minutes=60)
    probe = series("MDC_TEMP_NASOPH", "Cel", source="t", site="nasopharynx")
    doctor = hospital.actor("anaesthetist")
    start_us = hospital.clock.at_us - 58 * 60 * SECOND_US
    hospital.desk.set(doctor, "c1", item="in", after=0, content=Event(key="t_room_in", at_us=start_us))
    for minute in range(58):
        value = 36.2 if minute < 30 else 35.96
        hospital.store.readings.append(
            reading(replace(probe, bed="OR-03"), start_us + minute * 60 * SECOND_US + SECOND_US, value)
        )
    hospital.look(6)
    hospital.adviser.look()
    async with hospital.client("quality") as client:
        (patient,) = beds((await client.get("/api/alarms")).json())["OR-03"]["cases"]
        told = patient["temperature"]
        wanted = {
            "value_c": 35.96, "run_min": 28.0, "nadir_c": 35.96, "site_name": "nasopharynx", "outcome": "no_event",
        }  # fmt: skip
        assert {key: told[key] for key in wanted} == wanted
        page = (await client.get("/alarms")).text
        assert "below 36.0 °C for 28 min" in page
        assert '<span class="value low">35.96 °C</span>' in page
        assert "lowest 35.96 °C" in page


@pytest.mark.parametrize(("value", "asked"), [(35.4, True), (36.0, False)])
async def test_before_a_cold_patient_leaves_the_pacu_that_is_said_and_nobody_is_stopped(
    value: float, asked: bool
) -> None:
    hospital = Watched()
    hospital.opened(bed="PACU-1", minutes=30)
    start_us = hospital.clock.at_us - 29 * 60 * SECOND_US
    nurse = hospital.actor("pacu_nurse")
    for key in ("t_room_in", "t_pacu_in"):
        hospital.desk.set(nurse, "c1", item=key, after=0, content=Event(key=key, at_us=start_us))
    probe = replace(series("MDC_TEMP_NASOPH", "Cel", source="t", site="nasopharynx"), bed="PACU-1")
    hospital.store.readings += [
        reading(probe, start_us + minute * 60 * SECOND_US + SECOND_US, value) for minute in range(29)
    ]
    hospital.clock.go(6)
    hospital.adviser.look()
    async with hospital.client("pacu_nurse") as client:
        dialog = (await client.get("/cases/c1/dialogs/event?key=t_pacu_out")).text
        assert (f"{value} °C" in dialog) is asked
        assert "disabled" not in dialog
        other = (await client.get("/cases/c1/dialogs/event?key=icu_planned")).text
        assert f"{value} °C" not in other


async def test_what_keeps_advice_back_is_said() -> None:
    hospital = Watched()
    hospital.opened(bed="PACU-1")
    hospital.look(beds=("PACU-1",))
    hospital.adviser.look()
    async with hospital.client("quality") as client:
        (patient,) = beds((await client.get("/api/alarms?lang=zh")).json())["PACU-1"]["cases"]
        assert patient["lacking"] == ["未记录入 PACU 时间"]
        assert "部分建议暂不能给出：未记录入 PACU 时间" in (await client.get("/alarms?lang=zh")).text


async def test_a_case_that_cannot_be_read_says_so_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    hospital = Watched()
    hospital.opened()
    hospital.opened("c2", bed="OR-04")
    hospital.look()
    read = hospital.desk.case

    def case(id_: str) -> Case:
        if id_ == "c1":
            raise ValueError("an entry that nobody foresaw")
        return read(id_)

    monkeypatch.setattr(hospital.desk, "case", case)
    async with hospital.client("surgeon") as client:
        board = beds((await client.get("/api/alarms")).json())
        page = await client.get("/alarms")
    assert board["OR-03"]["cases"][0]["lacking"] == ["the case cannot be read"]
    assert board["OR-04"]["cases"][0] == {"case": "c2", "advisories": [], "temperature": None, "lacking": []}
    assert page.status_code == 200
