"""Replies and lines written by hand, and the dialogue with the simulated ventilator."""

from itertools import pairwise

import numpy as np
import pytest

from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    DeviceClock,
    Event,
    Frame,
    Observation,
    Priority,
    Quality,
    Rejected,
    Role,
    Waveform,
)
from drivers.patient import Patient
from drivers.puritan_bennett import SPEC
from drivers.puritan_bennett.options import Options
from drivers.puritan_bennett.session import PuritanBennettSession
from drivers.puritan_bennett.simulator import Faults, WaveformPort, message
from drivers.puritan_bennett.tables import parameters
from tests.drivers.puritan_bennett.link import EPOCH_US, Link

BREATH = b"BS, S:17,\n-1.5, 5.02\n30.25, 12.1\n0, 5\nBE\n"


def session(*standing: AlarmCondition, **options: object) -> PuritanBennettSession:
    return PuritanBennettSession(Options.model_validate(options), standing)


def reply(**fields: str) -> bytes:
    """A MISCF of an 840 with these fields, f71="0.5"."""
    return message("F", {int(name[1:]): text for name, text in fields.items()})


def told(events: list[Event], number: int) -> list[Observation]:
    return [e for e in events if isinstance(e, Observation) and e.channel.source == f"MISCF:{number}"]


def conditions(events: list[Event]) -> list[tuple[str, AlarmPhase, Priority]]:
    return [(e.source, e.phase, e.priority) for e in events if isinstance(e, AlarmCondition)]


def test_the_simulated_reply_is_as_long_as_a_real_one() -> None:
    """Fact sheet §3: 706 and 97, 1225 and 169 with a blank after it."""
    assert message("A", {}).startswith(b"MISCA,706,97,\x02")
    assert message("F", {}).startswith(b"MISCF,1225,169 ,\x02")


def test_blank_off_and_text_are_no_values() -> None:
    host = session()
    first = list(host.receive(reply(f71="0.380", f35="OFF", f36="12.0", f70="****"), 0.0))
    assert [(e.value, e.quality) for e in told(first, 71)] == [(0.38, Quality.VALID)]
    assert [(e.value, e.quality) for e in told(first, 35)] == [(None, Quality.NOT_AVAILABLE)]
    assert [(e.value, e.channel.role, e.channel.unit) for e in told(first, 36)] == [(12.0, Role.LIMIT_HIGH, "L/min")]
    assert [(e.value, e.quality) for e in told(first, 70)] == [(None, Quality.INVALID)]
    assert told(first, 72) == []
    second = list(host.receive(reply(), 2.0))
    assert [(e.value, e.quality) for e in told(second, 71)] == [(None, Quality.NOT_AVAILABLE)]
    assert told(list(host.receive(reply(), 4.0)), 71) == []


def test_a_manoeuvre_is_told_once() -> None:
    host = session()
    heard = [told(list(host.receive(reply(f92=text), 0.0)), 92)[0] for text in ("52", "52", "48", "48")]
    assert [(e.value, e.standing, e.repeat) for e in heard] == [
        (52.0, True, False), (52.0, False, True), (48.0, False, False), (48.0, False, True),
    ]  # fmt: skip


def test_a_field_that_nobody_knows_is_kept() -> None:
    (one,) = told(list(session().receive(reply(f165="42"), 0.0)), 165)
    assert (one.channel.code, one.value) == (UNMAPPED, "42")
    found = list(session().receive(reply(f165="HIGH"), 0.0))
    assert conditions(found) == [("MISCF:165", AlarmPhase.START, Priority.HIGH)]


def test_alarms_from_start_to_end() -> None:
    host = session()
    assert conditions(list(host.receive(reply(f107="NORMAL", f124="RESET"), 0.0))) == []
    assert conditions(list(host.receive(reply(f107="LOW", f124="HIGH"), 0.0))) == [
        ("MISCF:107", AlarmPhase.START, Priority.LOW),
        ("MISCF:124", AlarmPhase.START, Priority.HIGH),
    ]
    assert conditions(list(host.receive(reply(f107="MEDIUM", f124="HIGH"), 0.0))) == [
        ("MISCF:107", AlarmPhase.CONTINUE, Priority.MEDIUM)
    ]
    assert conditions(list(host.receive(reply(f107="RESET", f124="HIGH"), 0.0))) == [
        ("MISCF:107", AlarmPhase.END, Priority.MEDIUM)
    ]


def test_misca_tells_no_priority_so_it_counts_as_high() -> None:
    found = list(session().receive(message("A", {53: "ALARM", 51: "RESET"}), 0.0))
    assert conditions(found) == [("MISCA:53", AlarmPhase.START, Priority.HIGH)]


def test_what_stood_before_continues_or_ends() -> None:
    def stood(source: str) -> AlarmCondition:
        return AlarmCondition(
            source=source, type=AlarmType.PHYSIOLOGICAL, priority=Priority.LOW, phase=AlarmPhase.START
        )

    host = session(stood("MISCF:107"), stood("MISCF:112"))
    assert conditions(list(host.receive(reply(f107="LOW", f112="NORMAL"), 0.0))) == [
        ("MISCF:107", AlarmPhase.CONTINUE, Priority.LOW),
        ("MISCF:112", AlarmPhase.END, Priority.LOW),
    ]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda good: good.replace(b",1225,", b",1224,"), "length"),
        (lambda good: good.replace(b",169 ,", b",168 ,"), "fields"),
        (lambda good: good[:300] + b"\xff" + good[301:], "truncated"),
        (lambda good: good[:300], "truncated"),
        (lambda good: good.replace(b"MISCF,", b"MISCX,"), "header"),
    ],
)
def test_a_damaged_reply_is_rejected_and_the_next_one_read(damage, reason: str) -> None:  # type: ignore[no-untyped-def]
    host = session()
    found = list(host.receive(damage(reply(f71="0.380")) + reply(f71="0.420"), 0.0))
    assert [e.value for e in told(found, 71)] == [0.42]
    assert reason in {e.reason for e in found if isinstance(e, Rejected)}


def test_the_clock_is_told_when_its_minute_turns() -> None:
    host = session()
    found: list[Event] = []
    for time in ("23:58", "23:58", "23:59", "23:59", "00:00"):
        date = "DEC 31 2025" if time > "12" else "JAN 01 2026"
        found += host.receive(reply(f5=time, f7=date), 0.0)
    assert [e.time_us for e in found if isinstance(e, DeviceClock)] == [1_767_225_540_000_000, 1_767_225_600_000_000]


def test_a_breath_of_the_waveform_port() -> None:
    host = session(port="waveforms")
    found = list(host.receive(b"3.5, 5.0\nBE\n" + BREATH + BREATH.replace(b"17", b"18"), 0.0))
    waves = [e for e in found if isinstance(e, Waveform)]
    flow, pressure = waves[:2]
    assert (flow.channel.code, flow.channel.unit, flow.rate_hz) == ("MDC_FLOW_AWAY", "L/min", 50.0)
    assert (pressure.channel.code, pressure.channel.unit) == ("MDC_PRESS_AWAY", "cm[H2O]")
    assert flow.values == pytest.approx([-1.5, 30.25, 0.0])
    assert pressure.values == pytest.approx([5.02, 12.1, 5.0])
    assert [e.value for e in found if isinstance(e, Observation)] == [17.0, 18.0]
    assert [e.reason for e in found if isinstance(e, Rejected)] == ["outside", "outside"]
    assert all(e.gap_samples is None for e in waves)


def test_a_bad_line_ends_the_breath() -> None:
    host = session(port="waveforms")
    found = list(host.receive(b"BS, S:1,\n1.0, 2.0\n1.0; 2.0\n3.0, 4.0\nBE\n" + BREATH, 0.0))
    assert [len(e.counts) for e in found if isinstance(e, Waveform)] == [1, 1, 3, 3]
    assert [e.reason for e in found if isinstance(e, Rejected)] == ["garbage", "outside", "outside"]


def test_long_breaths_come_in_pieces_that_join() -> None:
    lines = b"BS, S:1,\n" + b"1.0, 2.0\n" * 60 + b"BE\n"
    waves = [e for e in session(port="waveforms").receive(lines, 0.0) if isinstance(e, Waveform)]
    assert [(len(e.counts), e.gap_samples) for e in waves[::2]] == [(25, None), (25, 0), (10, 0)]


def test_the_simulated_waveform_port_is_the_patient() -> None:
    patient = Patient("stable", 3)
    waves = [
        e
        for e in session(port="waveforms").receive(WaveformPort(patient).lines(0.0, 500), 0.0)
        if isinstance(e, Waveform)
    ]
    whole = np.concatenate([e.values for e in waves if e.channel.source == "pressure"])
    assert whole == pytest.approx(patient.wave("paw", 0.0, 500, 50.0)[: len(whole)], abs=0.006)


def test_nothing_is_sent_to_a_waveform_port() -> None:
    link = Link(options={"port": "waveforms"}).run(30.0)
    assert link.down == []


def test_the_ventilator_is_polled_one_request_at_a_time() -> None:
    link = Link().run(20.0)
    assert link.down[0][1] == b"RSET\rSNDF\r"
    assert {data for _, data in link.down[1:]} == {b"SNDF\r"}
    assert min(b - a for a, b in pairwise(at for at, _ in link.down)) >= 2.0
    values = {(e.channel, e.value) for e in link.heard if isinstance(e, Observation)}
    assert {(e.channel, e.value) for e in link.said if isinstance(e, Observation)} == values
    assert not [e for e in link.heard if isinstance(e, Rejected)]


def test_one_that_knows_only_snda_is_read_by_it() -> None:
    link = Link(faults=Faults(only_misca=True)).run(40.0)
    kinds = [e.kind for e in link.heard if isinstance(e, Frame)]
    assert set(kinds) == {"MISCA"}
    assert len(kinds) > 10
    assert sum(data.endswith(b"SNDF\r") for _, data in link.down) == 2


def test_one_that_is_switched_on_later_is_found_by_the_larger_reply() -> None:
    link = Link(faults=Faults(silent_until_s=20.0)).run(35.0)
    assert [e.kind for e in link.heard if isinstance(e, Frame)][-3:] == ["MISCF"] * 3


def test_the_clock_of_the_simulated_ventilator() -> None:
    link = Link().run(70.0)
    (clock,) = [e for e in link.heard if isinstance(e, DeviceClock)]
    assert clock.time_us % 60_000_000 == 0
    assert 0 <= clock.time_us - EPOCH_US - 100_000_000 <= 70_000_000


def test_what_may_be_sent_and_what_is_used() -> None:
    assert SPEC.sends is not None
    assert SPEC.sends.fullmatch(b"RSET\rSNDF\r")
    assert not SPEC.sends.fullmatch(b"SNDX\r")
    codes = {channel.code for channel in SPEC.channels()}
    own = {parameter.refid for parameter in parameters()}
    assert {code for code in codes if code.startswith("VND_")} <= own
    assert {refid for refid in own - codes if not refid.startswith("VND_PB_ALARM_")} == set()
