"""What must hold when something goes wrong while subscribers are told: in memory, without sockets."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from charting.accounts.actor import HIS
from charting.fhir import telling
from charting.fhir.keeping import MemorySubscriptions
from charting.fhir.release import Release
from charting.fhir.subscription import Subscription
from charting.outbox.parcel import State
from charting.trail.contents import Charted, Event, Patient
from charting.trail.entries import Location
from collector.errors import VitalsdError
from tests.charting.fhir.rich import NUMBER, rich
from tests.charting.fhir.test_subscriptions import follow, r5
from tests.charting.web.hospital import STEP_US, Hospital

DAY_S = 86_400


def subscribe(hospital: Hospital, topic: str, *scopes: str, patient: str = "", **more: Any) -> Subscription:
    client, _ = hospital.fhir.clients.make(
        hospital.actor("administrator"), name="EMR", scopes=scopes or ("system/*.cruds",), days=30, patient=patient
    )
    return hospital.fhir.subscriptions.create(client, r5(1, topic, **more), Release.R5, "https://us/fhir/r5")


def made() -> Hospital:
    return Hospital(notify=("http://127.0.0.1:1",))


def causes(hospital: Hospital, kept: Subscription) -> list[str]:
    """Kinds of the entries of which a subscriber is told."""
    told = hospital.kept.subscriptions.events(kept.id, 0, 999, 999)
    kinds = {f"entry {entry.seq}": entry.body.kind for entry in hospital.trail.all()}
    return [kinds[each.cause] for each in told]


def end(hospital: Hospital, kept: Subscription) -> None:
    hospital.fhir.clients.end(hospital.actor("administrator"), kept.client)


async def test_what_nobody_foresaw_ends_no_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """A life that ends with an error takes the whole service with it."""
    hospital, stop, looks = made(), asyncio.Event(), 0
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(telling, "LOOK_S", 0.0)

    def broken() -> Any:
        nonlocal looks
        looks += 1
        if looks == 6:
            loop.call_soon_threadsafe(stop.set)
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(hospital.kept.subscriptions, "subscriptions", broken)
    await asyncio.wait_for(asyncio.gather(*hospital.fhir.subscriptions.lives(stop)), 60)
    assert looks >= 6


def test_one_that_cannot_be_looked_at_delays_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    hospital = made()
    first, second = (subscribe(hospital, "encounter-end") for _ in range(2))
    find = hospital.kept.outbox.find
    find = hospital.kept.outbox.find

    def broken(key: str) -> Any:
        if first.id in key:
            raise RuntimeError("nobody foresaw this")
        return find(key)

    monkeypatch.setattr(hospital.kept.outbox, "find", broken)
    hospital.fhir.subscriptions.look()
    assert find(f"{second.to}/handshake/1") is not None


def test_nothing_leaves_for_a_token_that_has_ended() -> None:
    """Nor when a person sends it again."""
    hospital = made()
    kept = subscribe(hospital, "encounter-end")
    hospital.fhir.subscriptions.look()
    assert hospital.exchange.courier.to(kept.to) is not None
    end(hospital, kept)
    assert hospital.exchange.courier.to(kept.to) is None, "before anybody has looked"
    follow(hospital)
    assert hospital.kept.outbox.resend(f"{kept.to}/handshake/1", "head", "")
    assert hospital.exchange.courier.to(kept.to) is None


def test_a_kill_leaves_nothing_that_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    hospital = made()
    ended, deleted = (subscribe(hospital, "encounter-end") for _ in range(2))
    hospital.fhir.subscriptions.look()
    withdraw = hospital.kept.outbox.withdraw
    end(hospital, ended)
    client = hospital.kept.clients.client(deleted.client)
    assert client is not None

    def killed(*_: object) -> bool:
        raise VitalsdError("killed")

    monkeypatch.setattr(hospital.kept.outbox, "withdraw", killed)
    with pytest.raises(VitalsdError):
        hospital.fhir.subscriptions.look()
    with pytest.raises(VitalsdError):
        hospital.fhir.subscriptions.delete(client, deleted.id)
    monkeypatch.setattr(hospital.kept.outbox, "withdraw", withdraw)
    hospital.fhir.subscriptions.look()
    hospital.fhir.subscriptions.delete(client, deleted.id)
    assert {state for _, state in hospital.kept.outbox.states()} == {State.WITHDRAWN}
    assert [each.id for each in hospital.fhir.subscriptions.all()] == [ended.id]


def test_what_is_only_called_like_a_cell_is_none() -> None:
    hospital, doctor = made(), made().actor("anaesthetist")
    kept = subscribe(hospital, "vitals-charted")
    hospital.opened("c1")
    mark = hospital.clock.at_us // STEP_US * STEP_US
    for item in ("hr@soon", f"hr@{mark}"):
        event = Event(key="t_incision", at_us=hospital.clock.at_us)
        hospital.desk.set(doctor, "c1", item=item, after=0, content=event)
        hospital.desk.void(doctor, "c1", item=item, after=1, reason="typing_error")
    follow(hospital)
    assert causes(hospital, kept) == []
    hospital.desk.start(doctor, "c1", template="anaesthesia_record", document="d1")
    charted = Charted(signal="rr", mark_us=mark, time_us=mark, value=14.0, unit="/min")
    hospital.desk.set(doctor, "c1", document="d1", item=f"rr@{mark}", after=0, content=charted)
    hospital.desk.void(doctor, "c1", document="d1", item=f"rr@{mark}", after=1, reason="typing_error")
    follow(hospital)
    assert causes(hospital, kept) == ["set", "voided"]


def test_where_the_hospital_says_he_was_is_told_also_to_whom_he_left() -> None:
    hospital = made()
    moved, here, there, elsewhere = (
        subscribe(hospital, "encounter-moved", filterBy=[{"filterParameter": "location", "value": bed}] if bed else [])
        for bed in ("", "OR-03", "PACU-1", "ICU-01")
    )
    known = hospital.opened("c1")
    hospital.clock.go(60)
    stays = (
        Location(bed="OR-03", area="or", start_us=known.opened_us, end_us=hospital.clock.at_us),
        Location(bed="PACU-1", area="pacu", start_us=hospital.clock.at_us),
    )
    hospital.desk.locate(HIS, "c1", stays=stays, closed_us=None, reason="ADT^A02", as_of=known)
    kinds = [e.body.kind for e in hospital.trail.entries("c1")]
    assert kinds == ["opened", "moved"], "the hospital's move is one as a person's is"
    again = hospital.desk.case("c1")
    stays = (*stays[:1], replace(stays[1], bed="", area="ward"))
    hospital.desk.locate(HIS, "c1", stays=stays, closed_us=None, reason="ADT^A02", as_of=again)
    assert [e.body.kind for e in hospital.trail.entries("c1")] == [*kinds, "located"]
    follow(hospital)
    assert [causes(hospital, each) for each in (moved, here, there, elsewhere)] == [
        ["moved", "located"], ["moved"], ["moved", "located"], [],
    ]  # fmt: skip


def test_who_comes_late_is_told_by_where_the_patient_was_then() -> None:
    hospital, doctor = made(), made().actor("anaesthetist")
    kept = subscribe(hospital, "encounter-start", filterBy=[{"filterParameter": "location", "value": "OR-03"}])
    hospital.opened("c1")
    hospital.clock.go(60)
    hospital.desk.move(doctor, "c1", bed="PACU-1", area="pacu", at_us=hospital.clock.at_us)
    follow(hospital)
    assert causes(hospital, kept) == ["opened"]


def test_who_he_is_is_told_when_it_is_known() -> None:
    hospital, doctor = made(), made().actor("anaesthetist")
    every = subscribe(hospital, "encounter-start")
    his = subscribe(hospital, "encounter-start", "patient/*.cruds", patient=NUMBER)
    hospital.opened("c1", patient=Patient(temporary="急诊"), emergency=True)
    follow(hospital)
    assert causes(hospital, his) == []
    hospital.desk.merge(doctor, "c1", patient=Patient(number=NUMBER), reason="wristband")
    corrected = Patient(number=NUMBER, name="张三")
    hospital.desk.set(doctor, "c1", item="patient", after=2, content=corrected, reason="typing_error")
    other = replace(corrected, number="777")
    follow(hospital)
    assert causes(hospital, his) == ["merged"]
    hospital.desk.set(doctor, "c1", item="patient", after=3, content=other, reason="typing_error")
    follow(hospital)
    assert causes(hospital, every) == ["opened", "merged", "set"], "another number is another patient"
    assert causes(hospital, his) == ["merged"], "he is not to know of another"


def test_lines_of_bills_wait_for_as_long_as_it_takes() -> None:
    """However long nobody looked; and what has been looked at is not read over and over."""
    hospital = rich(notify=("http://127.0.0.1:1",))
    store = hospital.kept.subscriptions
    assert isinstance(store, MemorySubscriptions)
    kept = subscribe(hospital, "charge-posted")
    lines = [replace(line, made_us=hospital.clock.at_us) for line in hospital.charges.of_case("c1")]
    store.charges += lines
    hospital.clock.go(20 * DAY_S)
    asked: list[int] = []
    posted = store.posted

    def seen(since_us: int) -> Any:
        asked.append(since_us)
        return posted(since_us)

    store.posted = seen  # type: ignore[method-assign]
    hospital.fhir.subscriptions.follow_charges()
    assert len(store.events(kept.id, 0, 99, 99)) == len(lines)
    hospital.fhir.subscriptions.follow_charges()
    assert asked[0] <= lines[0].made_us
    assert asked[1] > lines[0].made_us
    late = replace(lines[0], id="T-9", made_us=hospital.clock.at_us - 60_000_000)
    hospital.charges.keep("c1", len(lines), [late], {})
    store.charges.append(late)
    hospital.fhir.subscriptions.follow_charges()
    assert len(store.events(kept.id, 0, 99, 99)) == len(lines) + 1, "one that was kept a little later than made"
