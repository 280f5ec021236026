"""Lines by the sheet's positions (ge-ohmeda-com §3, §4, §7), and the dialogue (§2)."""

import random
from collections.abc import Sequence

import pytest

from collector.model import Event, Frame, Observation, Quality, Rejected, Role
from drivers.ge_ohmeda.session import OhmedaSession
from drivers.patient import Patient
from tests.drivers.ge_ohmeda.link import Link

# positions:   4    8    12  15  18  21  24  27 30
MEASURED = b":VTD04800512012040018015009-02"
# positions: 4      8     11     15   17   19    22   24   26    29    32    35    38    41    44
STATUS = b":VTQ0500010002510050402030100030080020100021v"
NEW, OLD = b"@\r", b"\x00\r"


def fed(data: bytes) -> list[Event]:
    one = OhmedaSession()
    return [*one.receive(data, 0.0), *one.finish()]


def values(events: Sequence[Event]) -> list[Observation]:
    return [event for event in events if isinstance(event, Observation)]


def test_measured_data() -> None:
    assert len(MEASURED) == 30
    told = values(fed(MEASURED + NEW))
    assert [(o.channel.code, o.value, o.channel.unit, o.channel.role) for o in told] == [
        ("MDC_VOL_AWAY_TIDAL_EXP", 480.0, "mL", Role.MEASURED),
        ("MDC_VOL_MINUTE_AWAY_EXP", 5.12, "L/min", Role.MEASURED),
        ("MDC_VENT_RESP_RATE", 12.0, "/min", Role.MEASURED),
        ("MDC_VENT_CONC_AWAY_O2_INSP", 40.0, "%", Role.MEASURED),
        ("MDC_PRESS_AWAY_INSP_PEAK", 18.0, "cm[H2O]", Role.MEASURED),
        ("MDC_PRESS_RESP_PLAT", 15.0, "cm[H2O]", Role.MEASURED),
        ("MDC_PRESS_AWAY_MEAN", 9.0, "cm[H2O]", Role.MEASURED),
        ("MDC_PRESS_AWAY_MIN", -2.0, "cm[H2O]", Role.MEASURED),
    ]
    assert not any(o.repeat or o.standing for o in told)


def test_status_data() -> None:
    assert STATUS.index(b"v") == 44
    told = values(fed(STATUS + b"0123456789ab\r"))
    assert [(o.channel.code, o.value, o.channel.role) for o in told] == [
        ("MDC_VENT_VOL_TIDAL_SETTING", 500.0, Role.SET),
        ("MDC_VENT_RESP_RATE_SETTING", 10.0, Role.SET),
        ("MDC_16929048", 0.4, Role.SET),
        ("VND_OHMEDA_INSPIRATORY_PAUSE", 10.0, Role.SET),
        ("MDC_VENT_PRESS_AWAY_END_EXP_POS_SETTING", 5.0, Role.SET),
        ("VND_OHMEDA_PRESSURE_LIMIT", 40.0, Role.SET),
        ("VND_OHMEDA_INSPIRATORY_PRESSURE", 20.0, Role.SET),
        ("VND_OHMEDA_SUSTAINED_PRESSURE", 30.0, Role.LIMIT_HIGH),
        ("MDC_VOL_MINUTE_AWAY_EXP", 10.0, Role.LIMIT_HIGH),
        ("MDC_VOL_MINUTE_AWAY_EXP", 3.0, Role.LIMIT_LOW),
        ("VND_OHMEDA_TIDAL_VOLUME_LIMIT", 80.0, Role.LIMIT_HIGH),
        ("VND_OHMEDA_TIDAL_VOLUME_LIMIT", 20.0, Role.LIMIT_LOW),
        ("MDC_VENT_CONC_AWAY_O2_INSP", 100.0, Role.LIMIT_HIGH),
        ("MDC_VENT_CONC_AWAY_O2_INSP", 21.0, Role.LIMIT_LOW),
        ("MDC_VENT_MODE", "volume", Role.SET),
        ("MDC_UNMAPPED", "303132333435363738396162", Role.MEASURED),
    ]


@pytest.mark.parametrize(
    ("letter", "mode"), [(b"p", "pressure"), (b"b", "backup volume"), (b"-", "bag"), (b"V", "V"), (b"s", "s")]
)
def test_modes(letter: bytes, mode: str) -> None:
    assert values(fed(STATUS[:44] + letter + b"\r"))[-1].value == mode


def test_only_a_new_breath_is_new() -> None:
    told = values(fed((MEASURED + OLD) * 2 + MEASURED + NEW + MEASURED + b"A\r"))
    assert [(o.standing, o.repeat) for o in told[::8]] == [(True, False), (False, True), (False, False), (False, True)]


def test_the_end_of_a_value_is_told_without_a_new_breath() -> None:
    gone = MEASURED.replace(b"0480", b"----")
    told = values(fed(MEASURED + NEW + gone + OLD + gone + OLD + MEASURED + OLD))
    assert [(o.value, o.repeat) for o in told[::8]] == [(480.0, False), (None, False), (None, True), (480.0, True)]


def test_a_ratio_of_nothing_is_none() -> None:
    told = values(fed(STATUS.replace(b"0025", b"0000") + b"\r"))[2]
    assert (told.channel.code, told.value, told.quality) == ("MDC_16929048", None, Quality.INVALID)


@pytest.mark.parametrize("nothing", [b"----", b"    ", b"  - "])
def test_no_value(nothing: bytes) -> None:
    first = values(fed(MEASURED.replace(b"0480", nothing) + NEW))[0]
    assert (first.value, first.quality) == (None, Quality.NOT_AVAILABLE)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (MEASURED.replace(b"0480", b"04x0") + NEW, "layout"),
        (MEASURED.replace(b"0480", b"\xb0480") + NEW, "layout"),
        (MEASURED.replace(b"0480", b"4-80") + NEW, "layout"),
        (MEASURED[:-3] + NEW, "layout"),
        (MEASURED + b"@12\r", "layout"),
        (STATUS[:44] + b"\x01\r", "layout"),
        (b":VTZ1\r", "layout"),
        (b":VTM\xb0\r", "layout"),
        (b":VTD0480", "truncated"),
        (b"noise", "garbage"),
        (b":VTM" + b"x" * 2000, "too_long"),
    ],
)
def test_bad_lines_are_told_and_the_next_one_is_read(line: bytes, reason: str) -> None:
    events = fed(line + MEASURED + NEW)
    assert isinstance(events[0], Rejected)
    assert events[0].reason == reason
    assert len(values(events)) == 8


def test_it_sends_the_two_sequences_of_the_sheet() -> None:
    one = OhmedaSession()
    one.expire(0.0)
    assert one.outgoing() == bytes.fromhex("1b565444770d")
    assert one.outgoing() == b""
    one.receive(b":VTY\r", 0.1)
    assert one.outgoing() == bytes.fromhex("1b565458200d")
    one.receive(b":VTY\r" + MEASURED + NEW, 0.2)
    assert (one.outgoing(), one.deadline()) == (b"", 20.2)
    one.expire(20.2)
    assert one.outgoing() == bytes.fromhex("1b565444770d")


def test_a_refusal_and_a_mute_machine_are_tried_again() -> None:
    one = OhmedaSession()
    for at in (0.0, 5.0):
        one.expire(at)
        assert one.outgoing() == bytes.fromhex("1b565444770d")
        one.receive(b":VTN\r", at)
        assert (one.outgoing(), one.deadline()) == (b"", at + 5.0)


def test_a_machine_that_is_switched_on_later_and_off_between() -> None:
    link = Link(off_s=(0.0, 12.0)).run(30.0)
    assert len(values(link.heard)) > 20
    link.device._off_s = (31.0, 56.0)
    link.run(30.0)
    heard = len(link.heard)
    link.run(60.0)
    assert len(link.heard) > heard


def test_the_bag_has_no_breaths() -> None:
    told = {o.channel.source: o.value for o in values(Link(patient=Patient("anaesthetic", 1)).run(20.0).heard)}
    assert (told["D04"], told["D12"], told["Q44"]) == (None, None, "bag")


def test_noise_says_nothing() -> None:
    rng = random.Random(5)
    noise = rng.randbytes(1 << 18) + bytes(byte & 0x7F for byte in rng.randbytes(1 << 18))
    assert not values(fed(noise))


def test_a_status_byte_of_zero_is_not_the_end() -> None:
    assert [type(e) for e in fed(MEASURED + OLD)][:2] == [Frame, Observation]
