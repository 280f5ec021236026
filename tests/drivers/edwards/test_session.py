"""Telegrams by the sheet's table (small-devices §2), and what is made of a check byte that nobody has verified."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from collector.model import DeviceIdentity, Event, Frame, Observation, Quality, Rejected
from drivers.edwards.fields import kinds
from drivers.edwards.frames import telegram
from drivers.edwards.session import EdwardsSession
from drivers.patient import Patient, Vitals
from tests.drivers.edwards.link import Link

BODY = "C 5.2c 2.9B37.1V 72v---S 71A 98H 73b  9R1180a-03.5F  M032N1234-5678-90Y  123Q2"
WIDTHS = {
    "A": 3, "a": 5, "B": 4, "b": 4, "C": 4, "c": 4, "D": 4, "E": 3, "e": 3, "F": 2, "f": 2, "H": 3, "I": 5, "i": 5,
    "J": 3, "j": 3, "K": 3, "k": 3, "L": 2, "l": 2, "M": 3, "m": 3, "N": 12, "O": 4, "P": 3, "p": 3, "Q": 1, "R": 4,
    "r": 4, "S": 3, "s": 3, "T": 4, "t": 4, "U": 3, "u": 3, "V": 3, "v": 3, "W": 3, "w": 3, "X": 4, "Y": 5,
}  # fmt: skip


def other(body: str) -> bytes:
    """A telegram whose check byte is of another formula."""
    return telegram(body)[:-1] + bytes((telegram(body)[-1] ^ 0x55,))


def fed(data: bytes) -> list[Event]:
    one = EdwardsSession()
    return [*one.receive(data, 0.0), *one.finish()]


def values(events: Sequence[Event]) -> list[Observation]:
    return [event for event in events if isinstance(event, Observation)]


def reasons(events: Sequence[Event]) -> list[str]:
    return [event.reason for event in events if isinstance(event, Rejected)]


def told(body: str) -> dict[str, Observation]:
    """What the second of two equal telegrams says, by source."""
    events = fed(telegram(body) * 2)
    return {o.channel.source: o for o in values(events)[len(values(events)) // 2 :]}


def test_the_check_byte_of_the_formula() -> None:
    """02 + 'C' ' ' '5' '.' '2' + 03 = 5 + 43 + 20 + 35 + 2E + 32 (hex) = FD."""
    assert telegram("C 5.2") == b"\x02C 5.2\x03\x02"


def test_every_letter_has_the_sheets_width() -> None:
    assert {letter: len(kind.mask) for letter, kind in kinds().items()} == WIDTHS


def test_values() -> None:
    found = told(BODY.replace("b  9", "b 9.0"))
    assert {source: (o.channel.code, o.value, o.channel.unit) for source, o in found.items()} == {
        "C": ("MDC_OUTPUT_CARD_CTS", 5.2, "L/min"),
        "c": ("MDC_OUTPUT_CARD_INDEX", 2.9, "L/min/m2"),
        "B": ("MDC_TEMP_BLD", 37.1, "Cel"),
        "V": ("MDC_SAT_O2_VEN", 72.0, "%"),
        "v": ("VND_EDWARDS_CENTRAL_VENOUS_SATURATION", None, "%"),
        "S": ("MDC_VOL_BLD_STROKE", 71.0, "mL"),
        "A": ("MDC_SAT_O2_ART", 98.0, "%"),
        "H": ("VND_EDWARDS_HEART_RATE_AVERAGE", 73.0, "/min"),
        "b": ("VND_EDWARDS_STROKE_VOLUME_VARIATION", 9.0, "%"),
        "R": ("MDC_RES_VASC_SYS", 1180.0, "dyn.s/cm5"),
        "a": ("VND_EDWARDS_SIGNAL_TO_NOISE", -3.5, "dB"),
        "F": ("VND_EDWARDS_OUTPUT_FAULT", None, ""),
        "M": ("VND_EDWARDS_OUTPUT_ALARM", "032", ""),
        "Y": ("MDC_UNMAPPED", "123", ""),
        "Q": ("VND_EDWARDS_OXIMETRY_SIGNAL_QUALITY", 2.0, "1"),
    }
    assert {o.quality for o in found.values() if o.value is None} == {Quality.NOT_AVAILABLE}
    identities = [e for e in fed(telegram("N1234-5678-90Q1") * 2) if isinstance(e, DeviceIdentity)]
    assert identities == [DeviceIdentity(manufacturer="Edwards Lifesciences", serial="1234-5678-90")] * 2


@pytest.mark.parametrize("field", ["C 52 ", "C5..2", "C 5,2", "V7.2", "C 5. ", "v7 2", "I7 5.0", "M3x2", "C--5.2"])
def test_a_field_that_is_not_of_its_mask(field: str) -> None:
    assert reasons(fed(other("Q1V 70" + field) * 2)) == ["layout", "layout"]


def test_an_unknown_letter_is_kept_where_the_check_byte_is_good() -> None:
    assert told("C 5.2Q1Z 123V 70")["Z"].value == " 123V 70"
    assert told("C 5.2Q1Z 123V 70")["Z"].channel.code == "MDC_UNMAPPED"
    assert reasons(fed(other("C 5.2Q1Z123") * 3)) == ["layout"] * 3


@pytest.mark.parametrize("wider", ["R11800", "R 1180.5", "S1020", "V100-3"])
def test_a_number_that_is_wider_than_its_field_is_not_cut(wider: str) -> None:
    found = told(f"C 5.2Q1{wider}V 70")
    assert {source: o.value for source, o in found.items()} == {"C": 5.2, "Q": 1.0, wider[0]: f"{wider[1:]}V 70"}
    assert found[wider[0]].channel.code == "MDC_UNMAPPED"


def test_two_telegrams_are_believed_and_none_is_lost() -> None:
    for make in (telegram, other):
        first, second, third = make("C 5.2Q1"), make("C 5.3Q1"), make("C 5.4Q1")
        one = EdwardsSession()
        assert one.receive(first, 0.0) == []
        events = one.receive(second + third, 0.0)
        assert [o.value for o in values(events) if o.channel.source == "C"] == [5.2, 5.3, 5.4]
        assert [e.offset for e in events if isinstance(e, Frame)] == [0, 10, 20]
        assert reasons(fed(first)) == ["unconfirmed"]


def test_the_formula_is_kept_to_once_it_agrees() -> None:
    good, bad = telegram("C 5.2Q1"), other("C 5.9Q1")
    for data in (good + good + bad, bad + good + good, good + bad + good):
        events = fed(data)
        assert {o.value for o in values(events) if o.channel.source == "C"} == {5.2}
        assert reasons(events) == ["checksum"]
    by_chance = fed(bad + bad + good + bad)
    assert [o.value for o in values(by_chance) if o.channel.source == "C"] == [5.9, 5.9, 5.2, 5.9]


def test_a_bolus_is_told_once_and_then_repeats() -> None:
    bodies = ["I1 4.9I2 5.1Q1"] * 2 + ["I1 5.0I2 5.1Q1", "I1--.-I2 5.1I3 4.4Q1"]
    found = [o for o in values(fed(b"".join(map(telegram, bodies)))) if o.channel.source != "Q"]
    assert [(o.channel.source, o.value, o.standing, o.repeat) for o in found] == [
        ("I1", 4.9, True, False), ("I2", 5.1, True, False),
        ("I1", 4.9, False, True), ("I2", 5.1, False, True),
        ("I1", 5.0, False, False), ("I2", 5.1, False, True),
        ("I1", None, False, False), ("I2", 5.1, False, True), ("I3", 4.4, False, False),
    ]  # fmt: skip
    assert {o.channel.code for o in found} == {"MDC_OUTPUT_CARD_NONCTS"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"noise", "garbage"),
        (b"\x02C 5.", "truncated"),
        (b"\x02C\x005.2", "truncated"),
        (b"\x02" + b"C" * 900, "too_long"),
        (telegram("Q1"), "layout"),
        (telegram("C 5.2q1"), "layout"),
    ],
)
def test_bad_bytes_are_told_and_the_next_telegram_is_read(data: bytes, reason: str) -> None:
    events = fed(data + telegram("C 5.2Q1") * 2)
    assert reasons(events)[0] == reason
    assert len(values(events)) == 4


def test_it_sends_nothing_and_hears_the_simulated_monitor() -> None:
    for link in (Link().run(20.0), Link(other=True).run(20.0)):
        assert link.down == []
        assert values(link.heard) == values(link.said)
        assert len(values(link.heard)) > 200


def test_noise_says_nothing() -> None:
    rng = random.Random(9)
    text = b"".join(b"\x02%s\x03" % rng.randbytes(9).hex().encode() for _ in range(10_000))
    assert not values(fed(rng.randbytes(1 << 18) + text))


@pytest.mark.parametrize(("pulse_mmhg", "output"), [(0.0, None), (1.0, 0.1)])
def test_the_simulated_monitor_shows_no_number_that_does_not_fit(pulse_mmhg: float, output: float | None) -> None:
    """As while the line is flushed: a resistance of more than four digits, a saturation below nothing."""

    class Flushed(Patient):
        def vitals(self, time_s: float) -> Vitals:
            return replace(super().vitals(time_s), art_sys_mmhg=90.0 + pulse_mmhg, art_dia_mmhg=90.0)

    link = Link(patient=Flushed("stable", 3)).run(10.0)
    found = {o.channel.source: o.value for o in values(link.heard)}
    assert (found["C"], found["R"], found["V"], found["X"]) == (output, None, None, None)
    assert values(link.heard) == values(link.said)
