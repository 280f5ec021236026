import random
from datetime import UTC, datetime

import pytest

from collector.model import (
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    Priority,
    Rejected,
    Role,
)
from drivers.nellcor import SPEC
from drivers.nellcor.alarms import KINDS
from drivers.nellcor.session import NellcorSession
from tests.drivers.nellcor.printed import COMES, FALLS, GOES, HEADING, LAST, columns, sent

START, CONTINUE, END = AlarmPhase.START, AlarmPhase.CONTINUE, AlarmPhase.END


def heard(data: bytes, standing: tuple[AlarmCondition, ...] = ()) -> list[Event]:
    session = NellcorSession(standing)
    return [*session.receive(data, 0.0), *session.finish()]


def values(events: list[Event], source: str) -> list[tuple[object, str]]:
    return [(o.value, o.quality) for o in events if isinstance(o, Observation) and o.channel.source == source]


def alarms(events: list[Event]) -> list[tuple[str, AlarmPhase]]:
    return [(a.source, a.phase) for a in events if isinstance(a, AlarmCondition)]


def reasons(events: list[Event]) -> list[str]:
    return [e.reason for e in events if isinstance(e, Rejected)]


@pytest.mark.parametrize("text", [FALLS, GOES, COMES.replace(" 07:20:2", " 07:20:3"), LAST])
def test_what_an_n_560_printed_column_by_column(text: str) -> None:
    events = heard(sent(HEADING, text))
    assert not reasons(events)
    read = zip(*(values(events, source) for source in ("%SpO2", "BPM", "PA")), strict=True)
    printed = columns(text)
    assert len(printed) == len(values(events, "PA"))
    for shown, told in zip(printed, read, strict=True):
        for digits, (value, quality) in zip(shown[:3], told, strict=True):
            number = digits.rstrip("*")
            if number == "---":
                assert (value, quality) == (None, "not_available")
            elif number == "0":
                assert (value, quality) == (None, "invalid")
            else:
                assert value == float(number)
                assert quality == ("questionable" if "PS" in shown[3] else "valid")
    status = [value for value, _ in values(events, "Status") if value is not None]
    assert status == [row[3] for row in printed if row[3]]


def test_a_heading_tells_the_device_and_its_limits() -> None:
    events = heard(sent(HEADING, HEADING))
    assert [e for e in events if isinstance(e, DeviceIdentity)] == [
        DeviceIdentity(manufacturer="Nellcor", model="N-560", software="1.56.00")
    ]
    told = [(o.channel.code, o.channel.role, o.value, o.channel.unit) for o in events if isinstance(o, Observation)]
    assert told[:6] == [
        ("MDC_PULS_OXIM_SAT_O2", Role.LIMIT_LOW, 90.0, "%"),
        ("MDC_PULS_OXIM_SAT_O2", Role.LIMIT_HIGH, 100.0, "%"),
        ("MDC_PULS_OXIM_PULS_RATE", Role.LIMIT_LOW, 60.0, "/min"),
        ("MDC_PULS_OXIM_PULS_RATE", Role.LIMIT_HIGH, 170.0, "/min"),
        ("VND_NELLCOR_LIMITS_MODE", Role.SET, "ADULT", ""),
        ("VND_NELLCOR_SATSECONDS_SETTING", Role.SET, 0.0, "%.s"),
    ]
    assert [e.kind for e in events if isinstance(e, Frame)] == ["heading", "mode", "title"] * 2


@pytest.mark.parametrize(
    ("line", "kind", "model", "software"),
    [
        ("NPB-295 VERSION 2.0.0.0  CRC: XXXX SpO2 Limit: 70-100% PR Limit: 60-160BPM", "heading", "NPB-295", "2.0.0.0"),
        ("N-595   VERSION 1.2.3   CRC:1A2B   SpO2 Limit: 85- 99%  PR Limit: 50- 120BPM  ", "heading", "N-595", "1.2.3"),
        ("N-595   VERSION 1.2.3   INFO   CRC:1A2B   SEC:12 / 34", "info", "N-595", "1.2.3"),
    ],
)  # fmt: skip
def test_headings_of_other_models(line: str, kind: str, model: str, software: str) -> None:
    events = heard(sent(line))
    assert [e.kind for e in events if isinstance(e, Frame)] == [kind]
    assert [e for e in events if isinstance(e, DeviceIdentity)] == [
        DeviceIdentity(manufacturer="Nellcor", model=model, software=software)
    ]


def test_the_response_mode_of_an_n_595() -> None:
    events = heard(sent("   NEO           25SAT-S   SPO2 RESP MODE: FAST"))
    assert [(v, source) for source in ("mode", "SAT-S", "SPO2 RESP MODE") for v, _ in values(events, source)] == [
        ("NEO", "mode"), (25.0, "SAT-S"), ("FAST", "SPO2 RESP MODE"),
    ]  # fmt: skip


def test_the_clock_is_the_device_s() -> None:
    events = heard(sent(FALLS))
    first = int(datetime(2017, 12, 29, 7, 18, 53, tzinfo=UTC).timestamp())
    clocks = [e.time_us for e in events if isinstance(e, DeviceClock)]
    assert clocks == [(first + 2 * n) * 1_000_000 for n in range(5)]
    assert [e.tick_us for e in events if isinstance(e, Frame)] == clocks
    upper = sent("12-NOV-98 14:00:05   100     120      50", "12-NOV-98 14:00:07   100     120      50")
    assert datetime.fromtimestamp(
        next(e.time_us for e in heard(upper) if isinstance(e, DeviceClock)) / 1e6, tz=UTC
    ) == datetime(2098, 11, 12, 14, 0, 5, tzinfo=UTC)


def test_alarms_begin_and_end_with_their_codes() -> None:
    assert alarms(heard(sent(FALLS, GOES.replace("07:19:2", "07:19:0"), LAST))) == [
        ("SL", START), ("SL", END), ("SD", START), ("SD", END),
    ]  # fmt: skip
    (low,) = [e for e in heard(sent(FALLS)) if isinstance(e, AlarmCondition)]
    assert (low.type, low.priority, low.code) == (
        AlarmType.PHYSIOLOGICAL, Priority.MEDIUM, "VND_NELLCOR_ALARM_SPO2_LOW",
    )  # fmt: skip
    assert low.text == "SL"


def test_an_asterisk_without_its_code_is_a_limit_that_is_violated() -> None:
    text = FALLS.replace("SL", "  ").replace("66     201", "66*    201")
    assert alarms(heard(sent(text))) == [("%SpO2*", START), ("BPM*", START), ("BPM*", END)]


def test_every_code_of_the_fact_sheet_that_is_an_alarm() -> None:
    told: dict[tuple[AlarmType, Priority], set[str]] = {(kind.type, kind.priority): set() for kind in KINDS.values()}
    for code, kind in KINDS.items():
        told[kind.type, kind.priority].add(code)
    assert told == {
        (AlarmType.PHYSIOLOGICAL, Priority.MEDIUM): {"SH", "SL", "PH", "PL", "%SpO2*", "BPM*"},
        (AlarmType.PHYSIOLOGICAL, Priority.HIGH): {"LP", "LM"},
        (AlarmType.TECHNICAL, Priority.LOW): {"SD", "SO", "LB"},
    }
    names = {parameter.refid for parameter in SPEC.parameters}
    assert {f"VND_NELLCOR_ALARM_{kind.name}" for kind in KINDS.values()} <= names


def test_the_first_line_continues_or_ends_what_stood() -> None:
    stood = tuple(e for e in heard(sent(GOES, FALLS)) if isinstance(e, AlarmCondition) and e.phase is START)
    events = heard(sent(GOES.split("\n", 1)[1]), stood)
    assert alarms(events) == [("SL", END), ("SD", CONTINUE)]


def test_old_data_of_a_trend_are_not_told_as_new() -> None:
    trend = (
        "NPB-290    VERSION 1.0.0.1    TREND   SpO2 Limit: 30-100%    PR Limit: 100-180BPM",
        "TIME                 %SPO2   BPM     PA",
        "22-NOV-97 14:00:05   100     120     150",
        "22-NOV-97 14:00:07   100     121     154",
        "Output Complete",
    )
    events = heard(sent(FALLS, *trend, LAST))
    assert not reasons(events)
    assert [value for value, _ in values(events, "PA")] == [13.0, 8.0, 201.0, 200.0, 18.0, 5.0, 7.0, None]
    assert [e.kind for e in events if isinstance(e, Frame)][5:10] == ["trend", "title", "trend", "trend", "complete"]
    assert not values(heard(sent(*trend[:4])), "SpO2 Limit")


def test_the_first_line_waits_for_the_second_and_none_is_lost() -> None:
    session = NellcorSession()
    first, rest = FALLS.split("\n", 1)
    assert session.receive(sent(first), 0.0) == []
    assert len([e for e in session.receive(sent(rest), 2.0) if isinstance(e, Frame)]) == 5
    assert reasons(heard(sent(first))) == ["unconfirmed"]


def test_a_damaged_time_is_refused() -> None:
    events = heard(sent(FALLS.replace("07:18:57", "09:18:57")))
    assert reasons(events) == ["unconfirmed"]
    assert len(values(events, "BPM")) == 4


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("    89*", "   189*", "value"),
        ("      66     201", "     666     201", "value"),
        ("29-Dec-17 07:18:57", "31-Feb-17 07:18:57", "time"),
        ("29-Dec-17 07:18:57", "29-Dez-17 07:18:57", "time"),
        ("29-Dec-17 07:18:57", "29-Dec-17 07:18", "line"),
        ("201    MO SL", "201    MO S", "line"),
        ("    89*", "    8?*", "line"),
        ("    89*     66", "    --*     66", "line"),
    ],
)
def test_a_line_that_is_not_whole_is_refused(old: str, new: str, reason: str) -> None:
    text = FALLS.replace("89*     66", "89*      66") if old.startswith("      66") else FALLS
    assert old in text
    events = heard(sent(text.replace(old, new)))
    assert reasons(events) == [reason]
    assert len(values(events, "BPM")) == 4


def test_limits_that_cannot_be_are_refused() -> None:
    assert reasons(heard(sent(HEADING.replace("90-100%", "90-10%")))) == ["limits"]
    assert reasons(heard(sent(HEADING.replace("60-170BPM", "60-970BPM")))) == ["limits"]


def test_noise_says_nothing() -> None:
    rng = random.Random(5)
    session = NellcorSession()
    events = [e for _ in range(256) for e in session.receive(rng.randbytes(4096), 0.0)]
    assert events
    assert all(isinstance(e, Rejected) for e in events)


def test_it_sends_nothing() -> None:
    session = NellcorSession()
    assert session.deadline() is None
    session.receive(sent(FALLS), 0.0)
    session.expire(1e9)
    session.close(1e9)
    assert session.outgoing() == b""
    assert SPEC.sends is not None
    assert SPEC.sends.fullmatch(b"")
    assert not SPEC.sends.fullmatch(b"1")
