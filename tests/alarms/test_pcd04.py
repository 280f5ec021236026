"""An alarm's life as PCD-04 messages: phases, states and identities of ihe-pcd.md §4."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from alarms.board import REMEMBERED, Seen
from alarms.pcd04 import TOLD, Reporter
from collector.model import AlarmPhase, AlarmType, Condition, Priority
from tests.alarms.test_board import CONTINUE, END, START, at, told


def reported(reporter: Reporter, *changes: Condition) -> list[Mapping[str, Any]]:
    return [reporter.tell(change).as_json() for change in changes]


def said(record: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return record["phase"], record["state"], record["inactivation"], record["priority"]


START_ID = "OR/monitor/hr/2026-11-24T06:18:44.000000Z"


def test_the_first_message_has_the_identity_to_which_the_others_refer() -> None:
    first, middle, last = reported(Reporter("OR"), told(1), told(3, CONTINUE, text="HR 141"), told(9, END))
    assert first == {
        "id": START_ID,
        "parent": None,
        "event": {"code": "MDC_EVT_HI", "text": "HR"},
        "source": "hr",
        "phase": "start",
        "state": "active",
        "inactivation": "enabled",
        "priority": "PM",
        "type": "SP",
    }
    assert (middle["id"], middle["parent"]) == ("OR/monitor/hr/2026-11-24T06:18:46.000000Z", START_ID)
    assert (last["id"], last["parent"]) == ("OR/monitor/hr/2026-11-24T06:18:52.000000Z", START_ID)
    assert [said(record) for record in (middle, last)] == [
        ("update", "active", "enabled", "PM"),
        ("end", "inactive", "enabled", "PM"),
    ]


@pytest.mark.parametrize(
    ("change", "phase", "priority"),
    [
        (told(3, CONTINUE), "continue", "PM"),
        (told(3, CONTINUE, text="x"), "update", "PM"),
        (told(3, CONTINUE, code="MDC_EVT_LO"), "update", "PM"),
        (told(3, CONTINUE, Priority.HIGH, text="x"), "escalate", "PH"),
        (told(3, CONTINUE, Priority.LOW), "deescalate", "PL"),
        (told(3, CONTINUE, Priority.INFORMATION), "deescalate", "PN"),
        (told(3, END), "end", "PM"),
    ],
)
def test_phases(change: Condition, phase: str, priority: str) -> None:
    _, record = reported(Reporter("OR"), told(1), change)
    assert (record["phase"], record["priority"]) == (phase, priority)


def test_an_alarm_that_begins_anew_has_a_new_identity() -> None:
    records = reported(Reporter("OR"), told(1), told(2, END), told(3), told(4), told(5, CONTINUE))
    assert [record["phase"] for record in records] == ["start", "end", "start", "start", "continue"]
    assert [record["parent"] for record in records] == [None, START_ID, None, None, records[3]["id"]]


def test_sources_and_devices_have_lives_of_their_own() -> None:
    one, other, third = reported(Reporter("OR"), told(1), told(1, source="spo2"), told(2, CONTINUE, device="vent"))
    assert len({one["id"], other["id"], third["id"]}) == 3
    assert (third["phase"], third["parent"]) == ("continue", None), "nobody has heard its beginning"


def of(kind: AlarmType, device: str = "monitor", source: str = "hr") -> Condition:
    change = told(1, device=device, source=source)
    return replace(change, alarm=replace(change.alarm, type=kind))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (of(AlarmType.PHYSIOLOGICAL), "SP"),
        (of(AlarmType.TECHNICAL), "ST"),
        (of(AlarmType.TECHNICAL, "vitalsd", "link:monitor"), "ST"),
        (of(AlarmType.TECHNICAL, "vitalsd", "advisory:TMP-36"), "SA"),
        (of(AlarmType.PHYSIOLOGICAL, "monitor", "advisory:x"), "SP"),
    ],
)
def test_the_type_of_an_alarm(change: Condition, kind: str) -> None:
    assert Reporter("OR").tell(change).type == kind


def test_one_that_is_seen_is_acknowledged_and_goes_on() -> None:
    reporter = Reporter("OR")
    reporter.tell(told(1))
    change, record = reporter.see("monitor", "hr", at(1), Seen(by="anna", at_us=at(2))) or (None, None)
    assert change == told(1)
    assert record is not None
    assert said(record.as_json()) == ("update", "active", "alert-acknowledged", "PM")
    assert (record.id, record.parent) == ("OR/monitor/hr/2026-11-24T06:18:45.000000Z", START_ID)
    assert reporter.see("monitor", "hr", at(1), Seen(by="bo", at_us=at(3))) is None
    assert reporter.tell(told(1)) == record, "told again it is still seen"
    assert said(reported(reporter, told(4, CONTINUE))[0]) == ("continue", "active", "alert-acknowledged", "PM")
    assert said(reported(reporter, told(5, CONTINUE, Priority.HIGH))[0]) == ("escalate", "active", "enabled", "PH")


def test_one_that_is_over_or_another_one_is_not_acknowledged() -> None:
    reporter = Reporter("OR")
    reporter.tell(told(1))
    assert reporter.see("monitor", "hr", at(0), Seen(by="anna", at_us=at(2))) is None
    reporter.tell(told(3, END))
    assert reporter.see("monitor", "hr", at(1), Seen(by="anna", at_us=at(4))) is None


def test_the_same_change_told_again_is_the_same_report() -> None:
    reporter = Reporter("OR")
    changes = [told(1), told(2, CONTINUE, Priority.HIGH), told(3, CONTINUE, Priority.LOW), told(4, END)]
    assert reported(reporter, *changes) == reported(reporter, *changes)


@pytest.mark.parametrize("changes", [[told(1)], [told(1), told(2, CONTINUE, text="HR 141")]])
def test_one_that_stands_for_long_is_told_again_as_the_same_alarm_and_as_seen(changes: Sequence[Condition]) -> None:
    reporter = Reporter("OR")
    reported(reporter, *changes)
    reporter.see("monitor", "hr", at(1), Seen(by="anna", at_us=at(3)))
    reported(reporter, *(told(4 + n, source=f"other {n}") for n in range(max(TOLD, REMEMBERED) + 1)))
    (record,) = reported(reporter, changes[-1])
    assert said(record) == ("continue", "active", "alert-acknowledged", "PM")
    assert START_ID in {record["id"], record["parent"]}
    assert reported(reporter, told(5_000, END))[0]["parent"] == START_ID


def test_a_reporter_that_begins_in_the_middle_knows_what_was_before_and_not_what_comes() -> None:
    history = [told(1), told(2, CONTINUE, Priority.HIGH), told(3, CONTINUE, Priority.LOW), told(4, END)]
    whole = reported(Reporter("OR"), *history)
    for n in range(len(history)):
        assert reported(Reporter("OR", history), *history[n:]) == whole[n:]
        assert reported(Reporter("OR", history[:n]), *history[n:]) == whole[n:]


def test_an_end_whose_beginning_nobody_heard_is_an_end() -> None:
    (record,) = reported(Reporter("OR"), told(4, AlarmPhase.END))
    assert (record["phase"], record["state"], record["parent"]) == ("end", "inactive", None)


def test_a_time_without_a_date_is_refused_and_spoils_no_other() -> None:
    odd = replace(told(1), time_us=10**18)
    reporter = Reporter("OR", [odd, told(2, START, source="b")])
    assert reporter.tell(told(2, START, source="b")).source == "b"
    with pytest.raises((ValueError, OverflowError)):
        reporter.tell(odd)
