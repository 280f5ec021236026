"""PCD-04: our own consumer hears the same lives of alarms; nothing twice, no start too late, no end lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
import structlog

from alarms.board import Alarm, Presence, Seen
from charting.outbox.memory import MemoryOutbox
from charting.outbox.parcel import Parcel, State
from charting.results.reporting import Reporting
from charting.store.database import StoreError
from charting.trail.contents import Patient
from charting.trail.entries import DeviceHeld
from charting.watch.state import BedAlarms, Board
from collector.hl7.mllp import frame
from collector.model import AlarmCondition, AlarmPhase, AlarmType, Priority
from collector.technical import GATEWAY
from drivers.hl7_pcd01.options import Options
from drivers.hl7_pcd01.session import Pcd01Session
from tests.charting.clock import Clock
from tests.charting.desk.scenes import ANN
from tests.charting.results.hospital import SENDER, Hospital, destination
from tests.journal.entries import T0_US
from tests.oracles.hl7 import parsed

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
LATE_US = 10 * MINUTE_US
HIGH, MEDIUM = Priority.HIGH, Priority.MEDIUM


def alarm(
    source: str = "hr_low",
    at_s: float = 0,
    *,
    told_s: float | None = None,
    priority: Priority = MEDIUM,
    ended: bool = False,
    seen_s: float | None = None,
    device: str = "monitor",
    kind: AlarmType = AlarmType.PHYSIOLOGICAL,
    text: str = "HR 46 < 50",
    code: str = "MDC_ECG_HEART_RATE",
    demo: bool = False,
) -> Alarm:
    onset_us, told_us = (T0_US + round((at_s if s is None else s) * SECOND_US) for s in (at_s, told_s))
    return Alarm(
        bed="OR-1",
        device=device,
        alarm=AlarmCondition(
            source=source,
            type=kind,
            priority=priority,
            phase=AlarmPhase.END if ended else AlarmPhase.START if told_us == onset_us else AlarmPhase.CONTINUE,
            code=code,
            text=text,
            demo=demo,
        ),
        onset_us=onset_us,
        told_us=told_us,
        presence=Presence.ENDED if ended else Presence.PRESENT,
        since_us=told_us if ended else onset_us,
        highest=priority,
        seen=None if seen_s is None else Seen(by="ann", at_us=T0_US + round(seen_s * SECOND_US)),
    )


@dataclass(slots=True)
class Ward:
    """A bed whose alarms are reported, by a service that may be started again."""

    clock: Clock
    hospital: Hospital = field(init=False)
    reporting: Reporting = field(init=False)
    failed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hospital = Hospital(self.clock)
        self.start()

    @property
    def outbox(self) -> MemoryOutbox:
        return self.hospital.outbox

    def start(self) -> None:
        self.reporting = Reporting(
            SENDER, destination(), self.outbox, self.hospital.desk.case, self.clock.now_us, LATE_US,
            failed=lambda: self.failed.append(1), log=structlog.get_logger(),
        )  # fmt: skip

    def look(self, *told: Alarm) -> None:
        rows = self.hospital.trail.rows(state="open")
        bed = BedAlarms(bed="OR-1", at_us=self.clock.at_us, told=told, doubt=None)
        self.reporting.show(Board(at_us=self.clock.at_us, beds={"OR-1": bed}, rows=rows))
        self.reporting.look()
        assert self.failed == []

    @property
    def sent(self) -> Sequence[Parcel]:
        self.outbox.expire()
        return [each.parcel for each in sorted(self.outbox._sent.values(), key=lambda s: s.seq)]

    @property
    def told(self) -> list[tuple[str, str, str, str]]:
        """Of each message: phase, state, priority, inactivation."""
        reads = [parsed(each.body, validated=False) for each in self.sent]
        return [(r.text("OBX", 5, which=3), r.text("OBX", 5, which=4), r.text("OBX", 5, which=6),
                 r.text("OBX", 5, which=5)) for r in reads]  # fmt: skip

    def heard(self) -> list[tuple[str, AlarmPhase, Priority, AlarmType, str, str]]:
        """What our own driver of the same messages hears; every message is read by the others, too."""
        session = Pcd01Session(Options())
        for each in self.sent:
            parsed(each.body)
        events = [event for each in self.sent for event in session.receive(frame(each.body), 0.0)]
        return [
            (e.source, e.phase, e.priority, e.type, e.code, e.text) for e in events if isinstance(e, AlarmCondition)
        ]


@pytest.fixture
def ward(clock: Clock) -> Ward:
    return Ward(clock)


def test_one_life_is_one_life_to_our_own_consumer(ward: Ward, clock: Clock) -> None:
    ward.hospital.desk.open(ANN, bed="OR-1", area="or", patient=Patient(number="10023456", name="王小明"))
    ward.look(alarm())
    clock.go(1)
    ward.look(alarm())
    clock.go(11)
    ward.look(alarm(told_s=12, priority=HIGH, text="HR 39 < 50"))
    clock.go(8)
    ward.look(alarm(told_s=12, priority=HIGH, text="HR 39 < 50", seen_s=20))
    clock.go(20)
    ward.look(alarm(told_s=40, priority=HIGH, text="HR 39 < 50", seen_s=20, ended=True))
    assert ward.told == [
        ("start", "active", "PM", "enabled"),
        ("escalate", "active", "PH", "enabled"),
        ("update", "active", "PH", "alert-acknowledged"),
        ("end", "inactive", "PH", "alert-acknowledged"),
    ]
    id_ = "OR-1/monitor/hr_low/2026-01-01T00:00:00.000000Z"
    first, second = "HR 46 < 50", "HR 39 < 50"
    said = AlarmType.PHYSIOLOGICAL
    assert ward.heard() == [
        (id_, AlarmPhase.START, MEDIUM, said, "MDC_ECG_HEART_RATE", first),
        (id_, AlarmPhase.CONTINUE, HIGH, said, "MDC_ECG_HEART_RATE", second),
        (id_, AlarmPhase.CONTINUE, HIGH, said, "MDC_ECG_HEART_RATE", second),
        (id_, AlarmPhase.END, HIGH, said, "MDC_ECG_HEART_RATE", second),
    ]
    read = parsed(ward.sent[-1].body)
    assert (read.type, read.text("MSH", 21), read.text("MSH", 11)) == ("ORU^R40^ORU_R40", "IHE_PCD_ACM_001", "P")
    assert (read.text("PID", 3), read.text("PV1", 3)) == ("10023456", "OR")
    assert read.field("OBR", 29) == f"^{id_}&VITALSD"
    assert [read.text("OBX", 3, 2, which=n) for n in range(1, 8)] == [
        "MDC_EVT_ALARM", "MDC_ATTR_ALERT_SOURCE", "MDC_ATTR_EVENT_PHASE", "MDC_ATTR_ALARM_STATE",
        "MDC_ATTR_ALARM_INACTIVATION_STATE", "MDC_ATTR_ALARM_PRIORITY", "MDC_ATTR_ALERT_TYPE",
    ]  # fmt: skip
    assert len({each.lane for each in ward.sent}) == 1


def test_alarms_beside_each_other_stay_apart(ward: Ward, clock: Clock) -> None:
    hr, lead = alarm(), alarm("lead off", 1, kind=AlarmType.TECHNICAL, text="ECG: |lead| off", code="MDC_UNMAPPED")
    clock.go(2)
    ward.look(hr, lead)
    clock.go(8)
    ward.look(replace(hr, presence=Presence.ENDED, told_us=T0_US + 9 * SECOND_US), lead)
    ward.look(
        replace(hr, presence=Presence.ENDED, told_us=T0_US + 9 * SECOND_US),
        replace(lead, presence=Presence.ENDED, told_us=T0_US + 10 * SECOND_US),
    )
    heard = ward.heard()
    assert [(phase, kind, code, text) for _, phase, _, kind, code, text in heard] == [
        (AlarmPhase.START, AlarmType.PHYSIOLOGICAL, "MDC_ECG_HEART_RATE", "HR 46 < 50"),
        (AlarmPhase.START, AlarmType.TECHNICAL, "MDC_UNMAPPED", "ECG: |lead| off"),
        (AlarmPhase.END, AlarmType.PHYSIOLOGICAL, "MDC_ECG_HEART_RATE", "HR 46 < 50"),
        (AlarmPhase.END, AlarmType.TECHNICAL, "MDC_UNMAPPED", "ECG: |lead| off"),
    ]
    assert len({source for source, *_ in heard}) == 2


def test_what_came_and_went_between_two_looks_is_told_whole(ward: Ward, clock: Clock) -> None:
    clock.go(5)
    ward.look(alarm(told_s=3, ended=True))
    assert [phase for phase, *_ in ward.told] == ["start", "end"]
    assert [phase for _, phase, *_ in ward.heard()] == [AlarmPhase.START, AlarmPhase.END]


def test_a_restart_tells_nothing_twice_and_misses_neither_rise_nor_end(ward: Ward, clock: Clock) -> None:
    ward.look(alarm())
    clock.go(12)
    ward.look(alarm(told_s=12, priority=HIGH, seen_s=12.5))
    before = ward.sent
    ward.start()
    ward.look(alarm(told_s=12, priority=HIGH, seen_s=12.5))
    assert ward.sent == before
    clock.go(60)
    ward.start()
    ward.look(alarm(told_s=70, priority=HIGH, text="HR 30 < 50", seen_s=12.5))
    assert ward.told[len(before) :] == [("continue", "active", "PH", "alert-acknowledged")]
    clock.go(60)
    ward.start()
    ward.look(alarm(told_s=130, priority=HIGH, seen_s=12.5, ended=True))
    ward.start()
    ward.look(alarm(told_s=130, priority=HIGH, seen_s=12.5, ended=True))
    assert [phase for phase, *_ in ward.told[len(before) :]] == ["continue", "end"]


def states(ward: Ward) -> list[State]:
    return [sent.state for each in ward.sent if (sent := ward.outbox.find(each.key))]


def test_a_start_that_nobody_got_in_time_is_not_sent_and_needs_no_end(ward: Ward, clock: Clock) -> None:
    ward.look(alarm())
    clock.go(11 * 60)
    assert states(ward) == [State.EXPIRED]
    ward.look(alarm(told_s=660, ended=True))
    assert len(ward.sent) == 1


def test_a_start_whose_answer_was_lost_may_have_been_heard_and_has_its_end(ward: Ward, clock: Clock) -> None:
    ward.look(alarm())
    ward.outbox.begin(ward.sent[0].key)
    ward.outbox.again(ward.sent[0].key, clock.at_us, "no answer")
    clock.go(11 * 60)
    assert states(ward) == [State.EXPIRED]
    ward.look(alarm(told_s=660, ended=True))
    assert [phase for phase, *_ in ward.told] == ["start", "end"]


def test_the_end_of_what_was_told_is_told_however_late(ward: Ward, clock: Clock) -> None:
    ward.look(alarm())
    ward.outbox.begin(ward.sent[0].key)
    ward.outbox.answer(ward.sent[0].key, b"", told=False)
    clock.go(1)
    ward.look(alarm(told_s=1, ended=True))
    clock.go(3 * 24 * 3600)
    assert states(ward) == [State.ANSWERED, State.WAITING]


def test_an_alarm_that_stands_is_told_anew_when_its_start_came_too_late(ward: Ward, clock: Clock) -> None:
    ward.look(alarm())
    clock.go(11 * 60)
    assert states(ward) == [State.EXPIRED]
    ward.look(alarm())
    assert ward.told[1:] == [("continue", "active", "PM", "enabled")]
    clock.go(120)
    ward.look(alarm())
    assert len(ward.sent) == 2
    ward.look(alarm(told_s=780, ended=True))
    assert ward.told[2:] == [("end", "inactive", "PM", "enabled")]
    assert parsed(ward.sent[2].body).field("OBR", 29).startswith("^OR-1/monitor/hr_low/2026-01-01T00:00:00")


def test_of_what_was_over_long_before_anybody_was_to_be_told_nothing_is_told(ward: Ward, clock: Clock) -> None:
    clock.go(3600)
    ward.look(alarm(told_s=60, ended=True), alarm("other", 120))
    assert [phase for phase, *_ in ward.told] == ["start"]
    assert states(ward) == [State.WAITING]


def test_what_could_not_be_kept_is_told_when_the_database_is_back(
    ward: Ward, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.look(alarm())
    clock.go(5)
    with monkeypatch.context() as away:
        away.setattr(ward.outbox, "put", _away)
        ward.look(alarm(told_s=5, ended=True))
    assert [phase for phase, *_ in ward.told] == ["start"]
    ward.look(alarm(told_s=5, ended=True))
    assert [phase for phase, *_ in ward.told] == ["start", "end"]


def test_what_could_not_be_told_anew_is_so_when_the_database_is_back(
    ward: Ward, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.look(alarm())
    clock.go(11 * 60)
    assert states(ward) == [State.EXPIRED]
    with monkeypatch.context() as away:
        away.setattr(ward.outbox, "put", _away)
        ward.look(alarm())
    clock.go(61)
    ward.look(alarm())
    assert [phase for phase, *_ in ward.told] == ["start", "continue"]


def _away(_: object) -> None:
    raise StoreError("away")


def test_an_alarm_that_nobody_foresaw_stops_no_other(ward: Ward) -> None:
    strange = alarm("strange", priority=cast("Priority", "urgent"))
    bed = BedAlarms(bed="OR-1", at_us=ward.clock.at_us, told=(strange, alarm()), doubt=None)
    ward.reporting.show(Board(at_us=ward.clock.at_us, beds={"OR-1": bed}))
    ward.reporting.look()
    assert ([phase for phase, *_ in ward.told], ward.failed) == (["start"], [1])


def test_who_has_come_into_the_bed_since_is_not_named(ward: Ward, clock: Clock) -> None:
    desk = ward.hospital.desk
    li, wang = Patient(number="10099999", name="李四"), Patient(number="10023456", name="王小明")
    come = desk.open(ANN, bed="OR-2", area="or", patient=li)
    there = desk.open(ANN, bed="OR-1", area="or", patient=wang)
    clock.go(5)
    ward.look(alarm("a", 2))
    clock.go(60)
    desk.close(ANN, there.id, at_us=clock.at_us)
    desk.move(ANN, come.id, bed="OR-1", area="or", at_us=clock.at_us)
    clock.go(1)
    ward.start()
    ward.look(alarm("a", 2, told_s=50, ended=True), alarm("b", 3))
    reads = [parsed(each.body, validated=False) for each in ward.sent]
    assert [(r.text("OBX", 5, which=3), r.text("PID", 3)) for r in reads] == [
        ("start", "10023456"), ("end", "10023456"), ("start", ""),
    ]  # fmt: skip


def test_a_lost_link_ends_no_alarm(ward: Ward) -> None:
    ward.look(alarm())
    ward.look(replace(alarm(), presence=Presence.UNKNOWN))
    assert len(ward.sent) == 1


def test_only_who_lies_there_for_certain_is_named(ward: Ward, clock: Clock) -> None:
    ward.look(alarm("a", 0))
    case = ward.hospital.desk.open(ANN, bed="OR-1", area="or", patient=Patient(number="10023456", name="王小明"))
    ward.hospital.desk.hold(case.id, DeviceHeld(device="pump", told={"patient_id": "999"}, from_us=T0_US, bed="OR-1"))
    clock.go(5)
    ward.look(alarm("a", 0), alarm("b", 2), alarm("c", 2, device="pump"))
    reads = [parsed(each.body, validated=bool(n == 1)) for n, each in enumerate(ward.sent)]
    assert [(r.text("PID", 3), r.text("PV1", 3, 2)) for r in reads] == [("", "OR1"), ("10023456", "OR1"), ("", "OR1")]


def test_a_demonstration_is_none_of_production(ward: Ward) -> None:
    ward.look(alarm(demo=True))
    assert parsed(ward.sent[0].body, validated=False).field("MSH", 11) == "D"


def test_our_own_conditions_are_technical(ward: Ward) -> None:
    ward.look(alarm("link:monitor", device=GATEWAY, kind=AlarmType.TECHNICAL, text="断开", code="MDC_UNMAPPED"))
    read = parsed(ward.sent[0].body, validated=False)
    assert (read.text("OBX", 5, which=7), read.text("OBX", 5)) == ("ST", "断开")
