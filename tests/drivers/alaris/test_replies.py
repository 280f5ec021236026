import random

import pytest

from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    Priority,
    Quality,
    Rejected,
    Role,
)
from drivers.alaris import SPEC
from drivers.alaris.session import AlarisSession
from tests.drivers.alaris.pump import HELD, crc, frame, vectors

SET, MEASURED = Role.SET, Role.MEASURED
RUNS = "INF^8002-51733^-^SET^3.50^ml/h^PROPOFOL 1%^12.345^ml^17.91^mmHg^24+^EVENT^127904"


def heard(data: bytes | str, standing: tuple[AlarmCondition, ...] = ()) -> list[Event]:
    session = AlarisSession(SPEC.options(), standing)
    return [*session.receive(data if isinstance(data, bytes) else frame(data), 0.0), *session.finish()]


def said(events: list[Event]) -> list[tuple[str, Role, object, str]]:
    """(code, role, value, unit) of each observation."""
    return [(o.channel.code, o.channel.role, o.value, o.channel.unit) for o in events if isinstance(o, Observation)]


def test_the_frames_of_the_capture_are_whole() -> None:
    frames = vectors()
    assert len(frames) == 25
    events = heard("".join(frames).encode("latin-1"))
    assert not [e for e in events if isinstance(e, Rejected)]
    kinds = [e.kind for e in events if isinstance(e, Frame)]
    assert len(kinds) == 25
    assert kinds.count("question") == 4
    assert kinds.count("other") == 11
    offsets = [e.offset for e in events if isinstance(e, Frame)]
    assert offsets == [sum(map(len, frames[:n])) for n in range(25)]


def test_the_security_code_of_the_capture_is_our_crc_of_the_serial_number() -> None:
    assert crc("8002-51740") == "3CC1"
    assert crc("INF^8002-51733^A^HLD^0.00^ml/h^^0.969^ml^530.15^mmHg^00:04:09^EVENT^214725") == HELD[-5:-1]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("!INF_RATE^0.10^ml/h|D407\r", [("MDC_FLOW_FLUID_PUMP", SET, 0.1, "mL/h")]),
        ("!INF_RATE_MAX_SYRINGE^1200.00^ml/h|8575\r", [("VND_ALARIS_MAX_RATE", SET, 1200.0, "mL/h")]),
        (
            "!INF_VTBI^ACTIV^11.000^ml^STOP|4433\r",
            [
                ("VND_ALARIS_VTBI_STATE", SET, "ACTIV", ""),
                ("MDC_VOL_FLUID_TBI", SET, 11.0, "mL"),
                ("VND_ALARIS_VTBI_END", SET, "STOP", ""),
            ],
        ),
        (
            "!INF_VTBI^DEACT|D8C5\r",
            [
                ("VND_ALARIS_VTBI_STATE", SET, "DEACT", ""),
                ("MDC_VOL_FLUID_TBI", SET, None, "mL"),
                ("VND_ALARIS_VTBI_END", SET, None, ""),
            ],
        ),
        (
            "!SYRINGE_STATUS^BD PLASTIPAK^ 50^CONF|1CF8\r",
            [
                ("VND_ALARIS_SYRINGE", SET, "BD PLASTIPAK", ""),
                ("MDC_VOL_SYRINGE", SET, 50.0, "mL"),
                ("VND_ALARIS_SYRINGE_STATE", MEASURED, "CONF", ""),
            ],
        ),
    ],
)
def test_answers_of_the_capture(data: str, expected: list[tuple[str, Role, object, str]]) -> None:
    assert data in vectors()
    assert said(heard(data.encode())) == expected


def test_the_answer_of_a_real_pump_on_hold() -> None:
    events = heard(HELD.encode())
    assert said(events) == [
        ("VND_ALARIS_INFUSION_MODE", MEASURED, "HLD", ""),
        ("MDC_FLOW_FLUID_PUMP_CURRENT", MEASURED, 0.0, "mL/h"),
        ("MDC_DRUG_NAME_POINTER", MEASURED, None, ""),
        ("MDC_VOL_FLUID_DELIV_TOTAL", MEASURED, 0.969, "mL"),
        ("MDC_PRESS_FLUID_ACT", MEASURED, 530.15, "mm[Hg]"),
        ("MDC_TIME_PD_REMAIN", MEASURED, 249.0, "s"),
        ("VND_ALARIS_LOG_TYPE", MEASURED, "EVENT", ""),
        ("VND_ALARIS_LOG_ENTRY", MEASURED, "214725", ""),
    ]
    assert [e for e in events if isinstance(e, DeviceIdentity)] == [
        DeviceIdentity(manufacturer="Alaris", serial="8002-51733")
    ]
    (alarm,) = [e for e in events if isinstance(e, AlarmCondition)]
    assert alarm == AlarmCondition(
        source="INF.2:A",
        type=AlarmType.TECHNICAL,
        priority=Priority.HIGH,
        phase=AlarmPhase.START,
        code="VND_ALARIS_ALARM",
        text="A",
    )


def test_a_pump_that_runs() -> None:
    told = {o.channel.code: (o.value, o.quality) for o in heard(RUNS) if isinstance(o, Observation)}
    assert told["MDC_FLOW_FLUID_PUMP_CURRENT"] == (3.5, Quality.VALID)
    assert told["MDC_DRUG_NAME_POINTER"] == ("PROPOFOL 1%", Quality.VALID)
    assert told["MDC_TIME_PD_REMAIN"] == (None, Quality.OVERFLOW)


def test_the_volume_alone_is_the_same_parameter() -> None:
    assert said(heard("INF_VI^0.969^ml")) == [("MDC_VOL_FLUID_DELIV_TOTAL", MEASURED, 0.969, "mL")]


@pytest.mark.parametrize(
    ("field", "value", "quality"),
    [
        ("", None, Quality.NOT_AVAILABLE),
        ("-", None, Quality.NOT_AVAILABLE),
        ("---", None, Quality.NOT_AVAILABLE),
        ("****", None, Quality.INVALID),
        ("3,5", None, Quality.INVALID),
        (" 3.5", 3.5, Quality.VALID),
        ("0.00", 0.0, Quality.VALID),
    ],
)
def test_a_rate_that_is_no_number(field: str, value: float | None, quality: Quality) -> None:
    (one,) = [e for e in heard(f"INF_RATE^{field}^ml/h") if isinstance(e, Observation)]
    assert (one.value, one.quality, one.channel.unit) == (value, quality, "mL/h")


def test_units_are_those_that_are_sent() -> None:
    (pressure,) = [
        e
        for e in heard(RUNS.replace("17.91^mmHg", "2.39^kPa"))
        if isinstance(e, Observation) and e.channel.source == "INF.9"
    ]
    assert (pressure.channel.code, pressure.channel.unit, pressure.value) == ("MDC_PRESS_FLUID_ACT", "kPa", 2.39)
    (rate,) = [e for e in heard("INF_RATE^3.50^mg/kg/h") if isinstance(e, Observation)]
    assert (rate.channel.code, rate.channel.unit, rate.value) == (UNMAPPED, "", "3.50 mg/kg/h")


def test_fields_that_nobody_knows_are_kept() -> None:
    found = [e for e in heard(RUNS + "^XY^^7") if isinstance(e, Observation) and e.channel.code == UNMAPPED]
    assert [(o.channel.source, o.value) for o in found] == [("INF.14", "XY"), ("INF.16", "7")]


def test_an_alarm_begins_stands_and_ends() -> None:
    session = AlarisSession(SPEC.options())
    phases = []
    for data in (HELD.encode(), HELD.encode(), frame(RUNS), frame(RUNS), HELD.encode()):
        phases += [e.phase for e in session.receive(data, 0.0) if isinstance(e, AlarmCondition)]
    assert phases == [AlarmPhase.START, AlarmPhase.END, AlarmPhase.START]
    stood = tuple(e for e in heard(HELD.encode()) if isinstance(e, AlarmCondition))
    assert [e.phase for e in heard(HELD.encode(), stood) if isinstance(e, AlarmCondition)] == [AlarmPhase.CONTINUE]
    assert [e.phase for e in heard(RUNS, stood) if isinstance(e, AlarmCondition)] == [AlarmPhase.END]


def test_another_pump_is_another_device() -> None:
    events = heard(
        b"!INST_SERIALNO^8002-51740|050B\r!COMMS_PROTOCOL^Asena Rev 2.1.5|661A\r!INST_SERIALNO^8002-51733|ACFF\r"
    )
    assert [(e.serial, e.software) for e in events if isinstance(e, DeviceIdentity)] == [
        ("8002-51740", ""), ("8002-51740", "Asena Rev 2.1.5"), ("8002-51733", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        (b"!INF_RATE^0.20^ml/h|D407\r", ["checksum"]),
        (b"!INF_RATE^0.10^ml/h|d407\r", ["frame"]),
        (b"INF_RATE^0.10^ml/h|D407\r", ["frame"]),
        (b"noise!INF_RATE^0.10^ml/h|D407\r", ["frame"]),
        (b"!INF_\x1b!INF_RATE^0.10^ml/h|D407\r", ["aborted"]),
        (frame("1NF^3"), ["text"]),
        (b"!INF_RATE^0.10^ml/h|D407", ["truncated"]),
        (b"!" + b"A" * 300 + b"\r", ["too_long", "frame"]),
    ],
)
def test_damage(data: bytes, reasons: list[str]) -> None:
    events = heard(data)
    assert [e.reason for e in events if isinstance(e, Rejected)] == reasons
    whole = data.startswith((b"noise", b"!INF_\x1b"))
    assert any(isinstance(e, Observation) for e in events) == whole


def test_a_frame_is_found_behind_what_is_left_of_another() -> None:
    events = heard(b"!INF^8002-5!INF_RATE^0.10^ml/h|D407\r")
    assert [(e.offset, e.length) for e in events if isinstance(e, Rejected)] == [(0, 11)]
    assert [(e.offset, e.length) for e in events if isinstance(e, Frame)] == [(11, 25)]


def test_noise_says_nothing() -> None:
    rng = random.Random(5)
    session = AlarisSession(SPEC.options())
    events = [e for _ in range(256) for e in session.receive(rng.randbytes(4096), 0.0)]
    assert events
    assert all(isinstance(e, Rejected) for e in events)
