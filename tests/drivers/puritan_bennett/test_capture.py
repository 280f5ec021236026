"""The recorded reply of an 840, against its fields parted independently."""

import json
import re

import pytest

from collector.model import UNMAPPED, AlarmCondition, DeviceIdentity, Event, Frame, Observation, Quality, Rejected, Role
from drivers.puritan_bennett.options import Options
from drivers.puritan_bennett.session import PuritanBennettSession
from tests.shared import capture


def events() -> list[Event]:
    session = PuritanBennettSession(Options())
    found = session.receive(capture("pb840", "misca_sample.bin").read_bytes(), 0.0)
    return [*found, *session.finish()]


def fields() -> dict[int, str]:
    expected = json.loads(capture("pb840", "misca_sample.expected.json").read_text())
    return {number: text.strip() for number, text in enumerate(expected["fields"], 5)}


def test_it_is_one_whole_reply() -> None:
    (frame,) = [e for e in events() if isinstance(e, Frame)]
    assert (frame.kind, frame.offset, frame.length) == ("MISCA", 0, 721)
    assert not [e for e in events() if isinstance(e, Rejected | AlarmCondition)]


def test_every_field_value_by_value() -> None:
    """All but clock and id (5, 6, 8, and their copies 60, 62) and the alarms, which say NORMAL."""
    told = {int(e.channel.source.partition(":")[2]): e for e in events() if isinstance(e, Observation)}
    expected = {
        number: text
        for number, text in fields().items()
        if text and number not in {5, 6, 8, 60, 62} and (text != "NORMAL" or number == 56)
    }
    assert set(told) == set(expected)
    for number, text in expected.items():
        value = told[number].value
        if re.fullmatch(r"[\d.]+", text):
            assert value == float(text), number
        elif text == "1:5.00":
            assert value == pytest.approx(0.2)
        else:
            assert value == text


@pytest.mark.parametrize(
    ("number", "code", "role", "value", "unit"),
    [
        (9, "MDC_VENT_MODE", Role.SET, "CMV", ""),
        (10, "MDC_VENT_RESP_RATE_SETTING", Role.SET, 14.0, "/min"),
        (11, "MDC_VENT_VOL_TIDAL_SETTING", Role.SET, 0.36, "L"),
        (13, "MDC_16928936", Role.SET, 21.0, "%"),
        (34, "MDC_VENT_RESP_BTSD_PSAZC_RATE", Role.MEASURED, 14.0, "/min"),
        (35, "MDC_VOL_AWAY_TIDAL_EXP", Role.MEASURED, 0.38, "L"),
        (36, "MDC_VOL_MINUTE_AWAY_EXP", Role.MEASURED, 5.29, "L/min"),
        (38, "MDC_PRESS_AWAY_INSP_PEAK", Role.MEASURED, 24.0, "cm[H2O]"),
        (42, "MDC_PRESS_AWAY_INSP_PEAK", Role.LIMIT_HIGH, 50.0, "cm[H2O]"),
        (45, "MDC_VOL_AWAY_TIDAL_EXP", Role.LIMIT_LOW, 0.35, "L"),
        (47, "MDC_VENT_RESP_BTSD_PSAZC_RATE", Role.LIMIT_HIGH, 40.0, "/min"),
        (65, "MDC_COMPL_LUNG_DYN", Role.MEASURED, 20.0, "mL/cm[H2O]"),
        (56, UNMAPPED, Role.MEASURED, "NORMAL", ""),
        (83, UNMAPPED, Role.MEASURED, "NOOP C", ""),
    ],
)
def test_what_a_field_is(number: int, code: str, role: Role, value: float | str, unit: str) -> None:
    (one,) = [e for e in events() if isinstance(e, Observation) and e.channel.source == f"MISCA:{number}"]
    assert (one.channel.code, one.channel.role, one.value, one.channel.unit) == (code, role, value, unit)


def test_zero_of_a_manoeuvre_is_questionable_and_zero_of_a_setting_is_not() -> None:
    quality = {e.channel.source: e.quality for e in events() if isinstance(e, Observation)}
    assert {quality[f"MISCA:{number}"] for number in (63, 64, 67, 68)} == {Quality.QUESTIONABLE}
    assert {quality[f"MISCA:{number}"] for number in (14, 15, 37, 69)} == {Quality.VALID}


def test_who_it_is() -> None:
    assert [e for e in events() if isinstance(e, DeviceIdentity)] == [
        DeviceIdentity(manufacturer="Puritan Bennett", model="840", serial="3510053249")
    ]
