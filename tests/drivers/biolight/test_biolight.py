"""Against the published messages and their independent decode, and the rules of mindray-and-chinese-hl7 §8."""

import json
from collections.abc import Sequence

from collector.codes import by_refid
from collector.model import (
    UNMAPPED,
    AlarmCondition,
    Association,
    AssociationState,
    DeviceClock,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Quality,
    Rejected,
)
from drivers.biolight import SPEC
from drivers.biolight.simulator import Simulator
from drivers.patient import Patient
from tests.drivers.biolight.link import EPOCH_US, Link, framed, heard
from tests.drivers.biolight.recordings import MADE
from tests.shared import capture

SHEET = {
    "1/0": (147842, "/min"), "2/0": (150456, "%"), "3/0": (150021, "mm[Hg]"), "3/2": (150022, "mm[Hg]"),
    "4/0": (151578, "/min"), "11/0": (149514, "/min"), "50/0": (150344, "Cel"), "51/0": (150344, "Cel"),
}  # fmt: skip
MINUTE_US = 1_289_922_480_000_000
"""2010-11-16 15:48."""


def sample(name: str) -> bytes:
    return capture("hl7", "biolight", name).read_bytes()


def observations(events: Sequence[Event]) -> list[Observation]:
    return [event for event in events if isinstance(event, Observation)]


def row(module: str, number: str, value: str, minute: str = "201011161548") -> str:
    return f"OBX||NM|{module}|{number}|{value}||||||F|||{minute}|"


def test_every_row_of_the_sample_is_what_the_sheet_gives() -> None:
    expected = json.loads(capture("hl7", "expected.json").read_text())["biolight/q5_oru_r01_rp01_excerpt.hl7"]["obx"]
    told = observations(heard(sample("q5_oru_r01_rp01_excerpt.hl7")))
    assert len(told) == len(expected) == 8
    for one, (_, module, number, value, *_, time) in zip(told, expected, strict=True):
        source = f"{module}/{number.split('^')[0]}"
        known = by_refid()[one.channel.code].number
        assert (one.channel.source, (known, one.channel.unit)) == (source, SHEET[source])
        assert one.value == (37.2 if value == "3720" else float(value))
        assert time == "201011161548"
        assert one.device_time_us == (MINUTE_US if module == "3" else None)


def test_the_other_samples_are_whole_messages() -> None:
    kinds = {}
    for name in ("q5_client_hr01.hl7", "q5_client_qy01.bin", "q5_orf_r04_qy11.hl7"):
        events = heard(sample(name))
        assert not [event for event in events if isinstance(event, Rejected | Observation)]
        kinds[name] = [(e.kind, e.length) for e in events if isinstance(e, Frame)]
    assert list(kinds.values()) == [[("heartbeat", 40)], [("query", 90), ("query_time", 14)], [("answer", 104)]]
    answers = [e for e in heard(sample("q5_orf_r04_qy11.hl7")) if isinstance(e, Association)]
    assert answers == [Association(state=AssociationState.ESTABLISHED, reason="AA")]


def test_what_is_sent_is_what_the_samples_have() -> None:
    link = Link(Simulator(patient=Patient("stable", 1))).run(4.0)
    heartbeat, query = sample("q5_client_hr01.hl7"), sample("q5_client_qy01.bin")
    assert link.down == [(0.0, heartbeat), (0.2, query), (1.0, heartbeat), (2.0, heartbeat), (3.0, heartbeat)]
    assert all(SPEC.sends and SPEC.sends.fullmatch(data) for _, data in link.down)
    mute = Link(Simulator(patient=Patient("stable", 1), silent=(0.0, 99.0)), query_time="").run(35.0)
    assert [at for at, data in mute.down if data == query[:-14]] == [0.2]


def test_a_query_that_nobody_answered_is_sent_again() -> None:
    class Deaf(Simulator):
        def receive(self, data: bytes, now: float) -> Sequence[Event]:
            return super().receive(data, now) if now > 120.0 else ()

    link = Link(Deaf(patient=Patient("stable", 1))).run(70.0)
    assert [at for at, data in link.down if b"QY01" in data] == [0.2, 30.2]


def test_no_value_and_what_nobody_knows() -> None:
    message = framed(
        "RP01", row("1", "0^HR", ""), row("2", "0^SpO2", "-1"), row("11", "0^PR", "32767"), row("4", "0^Resp", "--"),
        row("60", "1^TB", "3701"), row("61", "3^nibpm", "93"), "OBX||CE|9|0^Lead|2^II||||||F",
    )  # fmt: skip
    told = [(e.channel.code, e.channel.source, e.value, e.quality) for e in observations(heard(message))]
    none = Quality.NOT_AVAILABLE
    assert told == [
        ("MDC_ECG_HEART_RATE", "1/0", None, none), ("MDC_PULS_OXIM_SAT_O2", "2/0", None, none),
        ("MDC_PULS_RATE", "11/0", None, none), ("MDC_TTHOR_RESP_RATE", "4/0", None, Quality.INVALID),
        (UNMAPPED, "60/1", 3701.0, Quality.VALID), ("MDC_PRESS_BLD_NONINV_MEAN", "61/3", 93.0, Quality.VALID),
        (UNMAPPED, "9/0", "II", Quality.VALID),
    ]  # fmt: skip


def test_a_warm_temperature_is_in_fahrenheit() -> None:
    told = observations(heard(framed("RP01", row("50", "0^T1", "9860"))))
    assert [(e.value, e.channel.unit) for e in told] == [(98.6, "[degF]")]


def test_a_cuff_pressure_is_new_by_its_values_or_by_a_time_of_its_own() -> None:
    def message(sys: str, minute: str, own: str) -> bytes:
        cuff = row("3", "0^NIBPs", sys, own), row("3", "2^NIBPd", "80", own)
        return framed("RP01", row("1", "0^HR", "80", minute), *cuff)

    at = [f"2010111615{minute}" for minute in range(40, 60)]
    cases = [
        (message("120", at[0], at[0]), False),  # the first: how old it is, its time does not tell
        (message("120", at[0], at[0]), True),
        (message("120", at[1], at[1]), True),  # stamped with the minute of sending
        (message("124", at[2], at[2]), False),
        (message("124", at[3], at[2]), True),  # the minute in which it was measured
        (message("124", at[4], at[4]), True),  # measured again? the next minute will tell
        (message("124", at[5], at[4]), False),
        (message("124", at[6], at[4]), True),
    ]
    events = heard(*(data for data, _ in cases))
    cuffs = [e for e in observations(events) if e.channel.source.startswith("3/")]
    assert [(e.repeat, e.standing) for e in cuffs[::2]] == [(again, at == 0) for at, (_, again) in enumerate(cases)]
    assert [e.repeat for e in cuffs[::2]] == [e.repeat for e in cuffs[1::2]]
    assert len([e for e in events if isinstance(e, DeviceClock)]) == 6


def test_the_clock_is_told_when_its_minute_begins() -> None:
    one, other = (framed("RP01", row("1", "0^HR", "80", minute)) for minute in ("201011161548", "201011161549"))
    clocks = [e.time_us for e in heard(one, one, other, other) if isinstance(e, DeviceClock)]
    assert clocks == [MINUTE_US + 60_000_000]


def test_alarms_are_lists() -> None:
    def changes(events: Sequence[Event]) -> list[tuple[str, str, str, str]]:
        return [(e.source, e.phase, e.priority, e.code) for e in events if isinstance(e, AlarmCondition)]

    events = heard(*MADE, technical_priority="low")
    assert changes(events) == [
        ("AP01/1^0/3", "start", "high", "MDC_ECG_HEART_RATE"), ("AP01/9^9/4", "start", "high", UNMAPPED),
        ("AT01/1^72/1", "start", "low", UNMAPPED),
        ("AP01/1^0/3", "end", "high", "MDC_ECG_HEART_RATE"), ("AP01/9^9/4", "end", "high", UNMAPPED),
    ]  # fmt: skip
    standing = [e for e in events if isinstance(e, AlarmCondition)][:3]
    assert [(source, phase) for source, phase, _, _ in changes(heard(MADE[1], MADE[1], standing=standing))] == [
        ("AP01/1^0/3", "continue"), ("AP01/9^9/4", "continue"),
    ]  # fmt: skip


def test_the_patient() -> None:
    events = heard(MADE[0])
    assert [e for e in events if isinstance(e, PatientIdentity)] == [
        PatientIdentity(ids={"patient_id": "ZY0000123"}, family="张", given="三", sex="M", category="A")
    ]
    assert [(e.channel.code, e.channel.source, e.value) for e in observations(events)] == [(UNMAPPED, "PA01/7", "A")]


def test_what_the_simulator_says_is_heard() -> None:
    link = Link(Simulator(patient=Patient("bleeding", 1), epoch_us=EPOCH_US)).run(90.0)
    heard_twice = (Observation, DeviceClock, AlarmCondition, Association)
    said = [e for e in link.said if isinstance(e, heard_twice)]
    told = [e for e in link.heard if isinstance(e, heard_twice) and not (isinstance(e, Observation) and e.repeat)]
    assert [e for e in said if not isinstance(e, Observation)] == [e for e in told if not isinstance(e, Observation)]
    values = [(e.channel, e.value, e.device_time_us) for e in observations(told)]
    assert [(e.channel, e.value, e.device_time_us) for e in observations(said)] == values
    assert len(values) > 500
