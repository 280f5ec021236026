import random
from datetime import UTC, datetime

import pytest

from collector.model import UNMAPPED, DeviceClock, DeviceIdentity, Event, Frame, Observation, Quality, Rejected
from drivers.masimo import SPEC
from drivers.masimo.session import MasimoSession
from tests.drivers.masimo.lines import RAD_8, RADICAL_7, RADICAL_7_BLUE, later, sent


def new(**options: object) -> MasimoSession:
    return MasimoSession(SPEC.options(**options))


def heard(data: bytes, **options: object) -> list[Event]:
    session = new(**options)
    return [*session.receive(data, 0.0), *session.finish()]


def said(events: list[Event]) -> list[tuple[str, str, object, str]]:
    """(source, unit, value, quality) of each observation."""
    return [(o.channel.source, o.channel.unit, o.value, o.quality) for o in events if isinstance(o, Observation)]


def reasons(events: list[Event]) -> list[str]:
    return [e.reason for e in events if isinstance(e, Rejected)]


def test_lines_of_a_rad_8() -> None:
    events = heard(sent(*RAD_8))
    assert said(events)[:9] == [
        ("SPO2", "%", 97.0, "valid"),
        ("BPM", "/min", 80.0, "valid"),
        ("PI", "%", 4.96, "valid"),
        ("SPCO", "%", None, "not_available"),
        ("SPMET", "%", None, "not_available"),
        ("DESAT", "1", None, "not_available"),
        ("PIDELTA", "1", None, "not_available"),
        ("ALARM", "", "0000", "valid"),
        ("EXC", "", "000800", "valid"),
    ]
    assert [row[2] for row in said(events) if row[0] == "PI"] == [4.96, 5.04, 5.04]
    assert [e for e in events if isinstance(e, DeviceIdentity)] == [
        DeviceIdentity(manufacturer="Masimo", serial="0000145838")
    ]
    clocks = [e.time_us for e in events if isinstance(e, DeviceClock)]
    first = int(datetime(2018, 2, 24, 4, 48, 53, tzinfo=UTC).timestamp())
    assert clocks == [(first + n) * 1_000_000 for n in range(3)]
    frames = [(e.offset, e.length, e.tick_us) for e in events if isinstance(e, Frame)]
    assert frames == [(n * (len(RAD_8[0]) + 2), len(RAD_8[0]), clocks[n]) for n in range(3)]
    assert not reasons(events)


def test_a_line_of_a_radical_7_with_keys_that_the_fact_sheet_lacks() -> None:
    events = heard(sent(RADICAL_7, later(RADICAL_7, 1)))
    codes = {o.channel.source: (o.channel.code, o.value) for o in events if isinstance(o, Observation)}
    assert codes["SPO2"] == ("MDC_PULS_OXIM_SAT_O2", 98.0)
    assert codes["BPM"] == ("MDC_PULS_OXIM_PULS_RATE", 123.0)
    assert codes["PI"] == ("MDC_BLD_PERF_INDEX", 0.55)
    assert codes["RESVD"] == (UNMAPPED, None)
    assert codes["ALARM"] == ("VND_MASIMO_ALARM_BITS", "000000")
    assert codes["EXC"] == ("VND_MASIMO_EXCEPTION_BITS", "0000C00")
    assert codes["EXC1"] == ("VND_MASIMO_EXCEPTION_BITS_1", "00000000")
    assert not any(isinstance(e, DeviceIdentity) for e in events)


def test_a_line_without_a_sensor_has_no_value() -> None:
    events = heard(sent(RADICAL_7_BLUE, later(RADICAL_7_BLUE, 1)))
    values = {row[0]: row[2:] for row in said(events)}
    assert values["SPO2"] == values["BPM"] == values["PI"] == values["PVI"] == (None, "not_available")


def test_zero_is_no_measurement() -> None:
    line = RAD_8[0].replace("097%", "000%").replace("BPM=080", "BPM=000").replace("04.96", "00.00")
    values = {row[0]: row[2:] for row in said(heard(sent(line, later(line, 1))))}
    assert values["SPO2"] == values["BPM"] == values["PI"] == (None, Quality.INVALID)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("RESVD=123", ("RESVD", "", "123")),
        ("RESVD=12.5", ("RESVD", "", 12.5)),
        ("ORI=0.45%", ("ORI", "%", 0.45)),
        ("ORI=-.--%", ("ORI", "%", None)),
        ("EXC2=00000010", ("EXC2", "", "00000010")),
    ],
)
def test_a_key_that_nobody_knows_is_kept(field: str, expected: tuple[str, str, object]) -> None:
    line = RAD_8[0].replace("DESAT=--", field)
    events = heard(sent(line, later(line, 1)))
    found = [o for o in events if isinstance(o, Observation) and o.channel.source == expected[0]]
    assert [(o.channel.code, o.channel.source, o.channel.unit, o.value) for o in found] == [(UNMAPPED, *expected)] * 2


def test_haemoglobin_is_a_number_only_where_the_site_says_its_unit() -> None:
    line = RADICAL_7.replace("SPHB=--.-", "SPHB=12.9")
    data = sent(line, later(line, 1))
    assert ("SPHB", "", "12.9", "valid") in said(heard(data))
    assert ("SPHB", "g/dL", 12.9, "valid") in said(heard(data, haemoglobin_unit="g/dL"))


def test_a_key_that_ends_is_told_once() -> None:
    lines = [later(RAD_8[0], n) for n in range(5)]
    short = [line.replace(" PI=04.96%", "") for line in lines[2:]]
    events = heard(sent(*lines[:2], *short))
    assert [row[2:] for row in said(events) if row[0] == "PI"] == [
        (4.96, "valid"), (4.96, "valid"), (None, "not_available"),
    ]  # fmt: skip
    assert not reasons(events)


def test_the_first_line_waits_for_the_second_and_none_is_lost() -> None:
    session = new()
    assert session.receive(sent(RAD_8[0]), 0.0) == []
    frames = [e for e in session.receive(sent(RAD_8[1]), 1.0) if isinstance(e, Frame)]
    assert [frame.offset for frame in frames] == [0, len(RAD_8[0]) + 2]
    assert reasons(heard(sent(RAD_8[0]))) == ["unconfirmed"]


def test_a_clock_that_was_set_loses_nothing_and_a_damaged_time_is_refused() -> None:
    moved = [line.replace(" 04:", " 11:") for line in (later(RAD_8[0], 3), later(RAD_8[0], 4))]
    assert len([e for e in heard(sent(*RAD_8, *moved)) if isinstance(e, Frame)]) == 5
    damaged = RAD_8[1].replace(" 04:48", " 04:18")
    events = heard(sent(RAD_8[0], later(RAD_8[0], 1), damaged, later(RAD_8[0], 3)))
    assert reasons(events) == ["unconfirmed"]
    assert len([e for e in events if isinstance(e, Frame)]) == 3


@pytest.mark.parametrize(
    ("old", "new_text", "reason"),
    [
        ("SPO2=097%", "SPO2=197%", "value"),
        ("SPO2=097%", "SPO2=09?%", "value"),
        ("EXC=000800", "EXC=0008O0", "value"),
        ("BPM=081", "BPN=081", "keys"),
        ("02/24/18", "02/30/18", "time"),
        ("02/24/18", "14/24/18", "time"),
        (" BPM=081", "BPM=081", "keys"),
        ("DESAT=--", "DESAT --", "line"),
        ("PI=05.04%", "BPM=05.04%", "keys"),
        ("02/24/18", "2/24/18", "line"),
    ],
)
def test_a_line_that_is_not_whole_is_refused(old: str, new_text: str, reason: str) -> None:
    assert old in RAD_8[1]
    events = heard(sent(RAD_8[0], RAD_8[1].replace(old, new_text), RAD_8[2]))
    assert reasons(events) == [reason]
    assert len([e for e in events if isinstance(e, Frame)]) == 2


def test_noise_says_nothing() -> None:
    rng = random.Random(5)
    session = new()
    events = [e for _ in range(256) for e in session.receive(rng.randbytes(4096), 0.0)]
    assert events
    assert all(isinstance(e, Rejected) for e in events)


def test_it_sends_nothing() -> None:
    session = new()
    assert session.deadline() is None
    session.receive(sent(*RAD_8), 0.0)
    session.expire(1e9)
    session.close(1e9)
    assert session.outgoing() == b""
    assert SPEC.sends is not None
    assert SPEC.sends.fullmatch(b"")
    assert not SPEC.sends.fullmatch(b"\r")
