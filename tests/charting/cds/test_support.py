"""Decision support from the record to the card and back, with a service on a real socket."""

import asyncio
from dataclasses import replace
from pathlib import Path

from charting.outbox.parcel import State
from charting.simulated.cdss import Cdss
from charting.store.exchange import in_database
from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from charting.trail.contents import Coded, Patient
from charting.trail.entries import Advised, CardAnswered
from tests.charting.cds.ward import CEFAZOLIN, FENTANYL, running, ward
from tests.charting.clock import Clock
from tests.charting.web.hospital import NOW_US, Hospital
from tests.page.data import HR, alarm, reading

PATIENT = Patient(number="20260042", name="张三", sex="male", weight_kg=70.0, allergies="青霉素、头孢")


async def test_from_a_drug_that_is_chosen_to_the_feedback() -> None:
    with Cdss() as cdss:
        here = ward(cdss.url)
        here.hospital.recorded(patient=PATIENT)
        async with running(here):
            here.follow()
            await here.until(lambda: here.cards)
            assert here.cards == [("allergy", "记录有过敏史：考虑核对术前用药")]
            here.give(FENTANYL, 500.0)
            here.follow()
            await here.until(lambda: len(here.cards) == 2)
            here.hospital.clock.go(1)
            here.give(FENTANYL, 500.0, item="b2")  # the same again is the same question
            here.give(CEFAZOLIN, 1.0, "g", item="b3")
            here.follow()
            await here.until(lambda: len(here.cards) == 3)
            case = here.hospital.desk.case("c1")
            card = next(card for card, _ in case.cards.values() if card.rule == "opioid-dose")
            answered = CardAnswered(service="cdss", card=card.card, accepted=False, reason="tolerated", text="试过")
            here.hospital.desk.answer_card(here.hospital.actor("anaesthetist"), "c1", answered)
            here.follow()
            here.follow()
            await here.until(lambda: cdss.feedback)
            await here.until(lambda: here.counted("questions").get("answered") == 5)
    assert card.summary == "考虑核对芬太尼剂量：7.1 µg/kg"  # 500 µg / 70 kg
    assert (card.version, card.source, card.indicator) == ("2026.1", "模拟决策支持 Simulated CDSS", "critical")
    assert {(each.name, each.value) for each in card.inputs} >= {("芬太尼", "500 ug"), ("Body weight", "70 kg")}
    assert here.cards[2] == ("allergy", "考虑换药：记录有头孢过敏史")
    asked = [each["hook"] for each in cdss.asked]
    assert (asked.count("encounter-start"), asked.count("order-select")) == (1, 4)  # two ids, two drugs
    assert len({each["hookInstance"] for each in cdss.asked}) == 5
    (feedback,) = cdss.feedback
    told = feedback[1]["feedback"][0]
    assert (feedback[0], told["card"], told["outcome"]) == ("opioid-dose", card.card, "overridden")
    assert told["overrideReason"] == {
        "reason": {"code": "tolerated", "system": "urn:simulated", "display": "既往耐受 Tolerated before"},
        "userComment": "试过",
    }  # fmt: skip
    assert told["outcomeTimestamp"] == "2026-11-24T06:18:01.000000Z"
    for secret in ("王医生", "anaesthetist"):
        assert secret not in str(feedback)
    assert here.states() == [State.ANSWERED] * 5
    assert here.counted("questions") == {"asked": 5.0, "answered": 5.0}


async def test_all_of_it_runs_by_itself_on_a_database(tmp_path: Path) -> None:
    clock = Clock(NOW_US)
    database = open_database(f"sqlite:///{tmp_path / 'charting.db'}", make=True)
    here_hospital = Hospital(clock=clock, trail=DatabaseTrail(database, clock.now_us))
    stop = asyncio.Event()
    with Cdss() as cdss:
        here = ward(cdss.url, hospital=here_hospital, kept=in_database(database, clock.now_us))
        lives = [asyncio.create_task(life) for life in here.exchange.lives(stop)]
        await here.until(lambda: here.support._services._known)
        here.hospital.recorded(patient=PATIENT)
        await here.until(lambda: here.cards)
        stop.set()
        await asyncio.gather(*lives)
        again = ward(cdss.url, hospital=here_hospital, kept=in_database(database, clock.now_us))
        async with running(again):
            again.follow()
            assert not again.exchange.outbox.queues()  # what was asked before a restart is not asked again
    assert here.cards == [("allergy", "记录有过敏史：考虑核对术前用药")]
    assert len(cdss.asked) == 1
    database.close()


async def test_an_advisory_and_an_alarm_are_asked_about_with_the_last_minutes() -> None:
    with Cdss() as cdss:
        here = ward(cdss.url, hooks=("vitals-window",))
        here.hospital.recorded()
        here.measure(35.4, 35.6, 35.4, 35.8, 35.4)
        async with running(here):
            advised = Advised(rule="TMP-36", phase="start", at_us=here.hospital.clock.at_us)
            here.hospital.desk.advise("c1", [advised])
            here.follow()
            await here.until(lambda: here.cards)
            onset_us = here.hospital.clock.at_us
            here.hospital.store.changes.append(replace(alarm(onset_us, source="hr"), bed="OR-03"))
            here.hospital.store.readings.append(reading(replace(HR, bed="OR-03"), onset_us, 140.0))
            here.hospital.watch.look()
            await here.until(lambda: len(here.cards) == 2)
            here.support.look()
    assert here.cards == [("hypothermia-risk", "考虑加强保温：近 15 分钟体温中位数 35.4 ℃")] * 2  # for two reasons
    reasons = [card.reason for card, _ in here.hospital.desk.case("c1").cards.values()]
    assert reasons[0] == "advised:TMP-36"
    assert reasons[1].startswith("alarm:")
    assert len(here.sent("cds-hook")) == len(cdss.asked) == 2
    context = cdss.asked[0]["context"]
    assert [(each["signal"], each["median"], each["readings"]) for each in context["medians"]] == [("temp", 35.4, 5)]
    assert (context["windowStart"], context["windowEnd"]) == (
        "2026-11-24T06:03:00.000000Z", "2026-11-24T06:18:00.000000Z",
    )  # fmt: skip
    assert "张三" not in str(context)


async def test_a_question_that_is_old_is_not_asked() -> None:
    with Cdss() as cdss:
        here = ward(cdss.url)
        here.hospital.recorded(patient=PATIENT)
        async with running(here):
            here.hospital.clock.go(61)  # a case's beginning is asked about for a minute
            here.follow()
    assert here.sent("cds-hook") == []


async def test_a_technique_is_a_choice_and_a_correction_of_it_is_none() -> None:
    with Cdss() as cdss:
        here = ward(cdss.url, hooks=("order-select",), services=("allergy-drug",))
        here.hospital.recorded()
        async with running(here):
            found = here.hospital.libraries.current("techniques")
            assert found is not None
            technique = next(iter(found.codings.values())).term
            said = Coded(use="technique", term=technique)
            here.hospital.desk.set(here.hospital.actor("anaesthetist"), "c1", item="t1", after=0, content=said)
            here.follow()
            await here.until(lambda: cdss.asked)
    (asked,) = cdss.asked
    draft = asked["context"]["draftOrders"]["entry"][0]["resource"]
    assert (draft["resourceType"], draft["code"]["text"]) == ("ServiceRequest", technique.zh)
    assert asked["context"]["selections"] == [f"ServiceRequest/{draft['id']}"]


async def test_who_takes_advice_is_told_the_windows_of_open_cases() -> None:
    hospital = Hospital()
    here = ward("", ("icu-cdss",), hospital)
    hospital.recorded()
    hospital.opened("c2", bed="ICU-01")
    hospital.opened("c3", bed="OR-04")
    hospital.desk.close(hospital.actor("anaesthetist"), "c3", at_us=hospital.clock.at_us)
    here.measure(36.2, 36.4, 36.6)
    hospital.watch.look()
    for _ in range(3):
        here.support.look()
    hospital.clock.go(300)
    here.support.look()
    sent = [each.parcel for case in ("c1", "c2", "c3") for each in here.exchange.outbox.of_case(case)]
    assert [(each.to, each.kind, each.case) for each in sent] == [
        ("icu-cdss", "cds-window", case) for case in ("c1", "c1", "c2", "c2")
    ]
    assert b'"signal":"temp"' in sent[0].body
    assert b'"median":36.4' in sent[0].body
    for code in (b'"http://loinc.org","code":"8310-5"', b'"urn:iso:std:iso:11073:10101","code":"150372"'):
        assert code in sent[0].body  # mdc.csv, and the vital signs profile
    assert "张三".encode() not in sent[0].body
    assert sent[0].until_us == 1_795_501_080_000_000 + 300_000_000
