"""Alarm lists: what is not in the list has ended, and 2040 = 0 tells that there are no more (§1.5)."""

from collections.abc import Sequence

from collector.model import AlarmCondition, Event, Observation, Waveform
from drivers.mindray_pds.simulator import Simulator
from drivers.patient import Patient, Vitals
from tests.drivers.mindray_pds.link import Link, framed, heard, monitor

HR, SPO2 = "OBX||CE|2|1|10002^**HR TOO LOW||||||F|||20260305093015|", "OBX||CE|2|0|10033^SpO2 TOO LOW||||||F"
NO_MORE, PAUSED = "OBX||CE|2040^||0^||||||F", "OBX||CE|2040^||1^||||||F"


def alarms(events: Sequence[Event]) -> list[tuple[str, str, str]]:
    return [(e.source, e.phase, e.priority) for e in events if isinstance(e, AlarmCondition)]


def test_starts_and_ends() -> None:
    worse = HR.replace("**HR", "***HR")
    events = heard(
        framed("54", HR), framed("54", HR, SPO2), framed("54", PAUSED), framed("56"), framed("54", worse, SPO2),
        framed("54", worse, NO_MORE), framed("54", NO_MORE), framed("54", NO_MORE),
    )  # fmt: skip
    assert alarms(events) == [
        ("2/10002", "start", "medium"), ("2/10033", "start", "high"), ("2/10002", "continue", "high"),
        ("2/10033", "end", "high"), ("2/10002", "end", "high"),
    ]  # fmt: skip


def test_an_alarm_without_a_mark() -> None:
    rows = ("OBX||CE|2||10044^RR TOO LOW||||||F", "OBX||CE|2|2|1^X||||||F", "OBX||CE|2|2|1^****X||||||F")
    assert [alarms(heard(framed("54", row)))[0][2] for row in rows] == ["high", "low", "high"]
    sensor = framed("56", "OBX||CE|4||205^SpO2 Sensor Off||||||F")
    assert alarms(heard(sensor)) == [("4/205", "start", "medium")]
    assert alarms(heard(sensor, technical_priority="low")) == [("4/205", "start", "low")]


def test_what_stood_before_continues_or_ends_by_the_first_list_of_its_kind() -> None:
    earlier = [e for e in heard(framed("54", HR, SPO2), framed("56", "OBX||CE|4||5^ECG Lead Off||||||F"))
               if isinstance(e, AlarmCondition)]  # fmt: skip
    events = heard(framed("54", HR), framed("54", HR), standing=earlier)
    assert alarms(events) == [("2/10033", "end", "high"), ("2/10002", "continue", "medium")]
    assert alarms(heard(framed("56", "OBX||CE|2041^||0^||||||F"), standing=earlier)) == [("4/5", "end", "medium")]


def test_what_the_simulator_says_is_heard() -> None:
    link = Link(Simulator(patient=Patient("bleeding", 1), epoch_us=1_700_000_000_000_000), waves=("pleth", "art"))
    link.run(60.0, start_s=900.0)
    kinds = (Observation, AlarmCondition, Waveform)
    said, told = ([e for e in events if isinstance(e, kinds)] for events in (link.said, link.heard))
    assert said == told[: len(said)]
    assert len({e.channel.source for e in said if isinstance(e, Observation)}) > 20


def test_alarms_of_the_simulator_come_and_go() -> None:
    class Late(Patient):
        def vitals(self, time_s: float) -> Vitals:
            return super().vitals(time_s * 40.0)

    link = Link(Simulator(patient=Late("bleeding", 1)), waves=()).run(32.0)
    assert ("2/10002", "start", "medium") in alarms(link.heard)
    assert [e for e in link.said if isinstance(e, AlarmCondition)] == [
        e for e in link.heard if isinstance(e, AlarmCondition)
    ]


def test_a_monitor_that_says_nothing_for_a_while() -> None:
    link = Link(monitor(silent=(5.0, 30.0)), waves=()).run(40.0)
    assert [at for at, _ in link.up if 5.0 <= at < 30.0] == []
    assert any(isinstance(e, Observation) for e in link.said[-1:])
