"""What the bytes say: fact sheet draeger-medibus §4-§8, §10, with the pitfalls of §12 that lie here."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Association,
    AssociationState,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Priority,
    Quality,
    Rejected,
    Role,
    Waveform,
)
from drivers.draeger_medibus.frames import command, response
from drivers.draeger_medibus.options import Options
from drivers.draeger_medibus.session import MedibusSession

MEDIBUS = response(0x52, b"8260'EvitaXL'07.00:04.03")
MEDIBUS_X = response(0x52, b"8420'Evita V500'02.51:06.00")
# two streams of 16 ms: airway pressure −10…100, 880 steps; CO2 −20…100, 1120 steps (sheet §6)
OFFER = b"00   16000-  10  10037006   16000-  20  100460"
CONFIGURED = response(0x53, OFFER) + response(0x54)


def session() -> MedibusSession:
    return MedibusSession(Options())


def heard(*data: bytes) -> list[Event]:
    one = session()
    return [event for chunk in data for event in one.receive(chunk, 0.0)] + list(one.finish())


def observations(events: Sequence[Event]) -> list[Observation]:
    return [event for event in events if isinstance(event, Observation)]


def last(*data: bytes) -> list[tuple[str, float | str | None, Quality]]:
    """Source, value and quality of what the last chunk says."""
    one = session()
    for chunk in data[:-1]:
        one.receive(chunk, 0.0)
    return [(o.channel.source, o.value, o.quality) for o in observations(one.receive(data[-1], 0.0))]


def alarms(events: Sequence[Event]) -> list[AlarmCondition]:
    return [event for event in events if isinstance(event, AlarmCondition)]


def waves(events: Sequence[Event]) -> list[Waveform]:
    return [event for event in events if isinstance(event, Waveform)]


# measured values, limits, settings


@pytest.mark.parametrize(
    ("code", "role"),
    [(0x24, Role.MEASURED), (0x25, Role.LIMIT_LOW), (0x26, Role.LIMIT_HIGH)],
)
def test_limits_are_the_same_parameter_in_another_role(code: int, role: Role) -> None:
    (value,) = observations(heard(response(code, b"B9 6.2")))
    assert (value.channel.code, value.channel.role, value.channel.unit) == ("MDC_VOL_MINUTE_AWAY", role, "L/min")
    assert (value.channel.source, value.value) == (f"{code:02X}:B9", 6.2)


@pytest.mark.parametrize(
    ("code", "role"),
    [(0x2B, Role.MEASURED), (0x2C, Role.LIMIT_LOW), (0x2D, Role.LIMIT_HIGH)],
)
def test_code_page_2_has_its_own_meanings(code: int, role: Role) -> None:
    (value,) = observations(heard(response(code, b"21 480")))
    assert (value.channel.code, value.channel.role, value.channel.unit) == ("MDC_VOL_AWAY_TIDAL_EXP", role, "mL")
    assert (value.channel.source, value.value) == (f"{code:02X}:21", 480.0)


def test_settings_have_five_digits() -> None:
    values = observations(heard(response(0x29, b"01 040 0B  5.009012.0")))
    assert [(v.channel.code, v.channel.source, v.value, v.channel.role) for v in values] == [
        ("MDC_16928936", "29:01", 40.0, Role.SET),
        ("MDC_VENT_PRESS_AWAY_END_EXP_POS_SETTING", "29:0B", 5.0, Role.SET),
        ("MDC_VENT_RESP_RATE_SETTING", "29:09", 12.0, Role.SET),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"-  8", -8.0),
        (b"-8  ", -8.0),
        (b" -8 ", -8.0),
        (b"  12", 12.0),
        (b"12  ", 12.0),
        (b"1.25", 1.25),
        (b" .5 ", 0.5),
    ],
)
def test_decimals_and_alignment_are_whatever_the_device_sends(field: bytes, value: float) -> None:
    assert last(response(0x24, b"71" + field)) == [("24:71", value, Quality.VALID)]


@pytest.mark.parametrize("field", [b"    ", b"----", b"****"])
def test_fill_is_no_value_and_no_zero(field: bytes) -> None:
    assert last(response(0x24, b"EB" + field)) == [("24:EB", None, Quality.NOT_AVAILABLE)]


@pytest.mark.parametrize(
    "field", [b"<-45", b"1e5 ", b"nan ", b"inf ", b"1_0 ", b"--8 ", b"1.2.", b"0 21", b"2. 5", b"-1 2"]
)
def test_what_is_no_number_is_not_made_one(field: bytes) -> None:
    assert last(response(0x24, b"8D" + field)) == [("24:8D", None, Quality.INVALID)]


def test_the_last_value_is_not_held_when_its_code_disappears() -> None:
    both, one, none = (response(0x24, data) for data in (b"EB 98 E1 70 ", b"E1 71 ", b""))
    assert last(both, one) == [("24:EB", None, Quality.NOT_AVAILABLE), ("24:E1", 71.0, Quality.VALID)]
    assert last(both, one, one) == [("24:E1", 71.0, Quality.VALID)]  # once
    assert last(both, one, both) == [("24:EB", 98.0, Quality.VALID), ("24:E1", 70.0, Quality.VALID)]
    assert [source for source, _, _ in last(both, none)] == ["24:EB", "24:E1"]


def test_a_limit_that_is_switched_off_disappears() -> None:
    assert last(response(0x25, b"EB 94 "), response(0x25)) == [("25:EB", None, Quality.NOT_AVAILABLE)]


def test_a_list_that_could_not_be_read_to_its_end_proves_no_absence() -> None:
    one = session()
    one.receive(response(0x24, b"EB 98 E1 70 "), 0.0)
    events = one.receive(response(0x24, b"EB 97 ?!"), 0.0)
    assert [o.value for o in observations(events)] == [97.0]
    assert [event.reason for event in events if isinstance(event, Rejected)] == ["layout"]
    assert [o.channel.source for o in observations(one.receive(response(0x24), 0.0))] == ["24:EB", "24:E1"]


@pytest.mark.parametrize(
    ("small", "large", "code", "units"),
    [
        (b"88 480", b"821.02", "MDC_VOL_AWAY_TIDAL", ("mL", "L")),
        (b"B80.82", b"B910.2", "MDC_VOL_MINUTE_AWAY", ("L/min", "L/min")),
        (b"7A0.82", b"B7 1.2", "MDC_VOL_MINUTE_AWAY_EXP_BTSD_PS", ("L/min", "L/min")),
        (b"0648.9", b"07 112", "MDC_COMPL_LUNG_DYN", ("L/bar", "L/bar")),
        (b"0B10.1", b"08120 ", "MDC_RES_AWAY", ("mbar/(L/s)", "mbar/(L/s)")),
    ],
)
def test_unit_switching_pairs_are_one_parameter(small: bytes, large: bytes, code: str, units: tuple[str, str]) -> None:
    one = session()
    one.receive(MEDIBUS, 0.0)
    (first,) = observations(one.receive(response(0x24, small), 0.0))
    gone, second = observations(one.receive(response(0x24, large), 0.0))
    assert first.channel.code == second.channel.code == code
    assert (first.channel.unit, second.channel.unit) == units
    assert first.value == float(small[2:])
    assert second.value == float(large[2:])
    assert (gone.channel, gone.value) == (first.channel, None)


def test_polled_values_are_new_measurements_each_time() -> None:
    values = observations(heard(*[response(0x24, b"EB 98 ")] * 3))
    assert [(v.value, v.repeat) for v in values] == [(98.0, False)] * 3


def test_a_cuff_pressure_that_is_merely_sent_again_is_a_repeat() -> None:
    first = response(0x24, b"8C 71 91 88 96121 92   2")
    again = response(0x24, b"8C 71 91 88 96121 92   3")
    assert [o.repeat for o in observations(heard(first)) if o.channel.source in {"24:8C", "24:91", "24:96"}] == [
        False
    ] * 3
    one = session()
    one.receive(again, 0.0)
    repeated = observations(one.receive(response(0x24, b"8C 71 91 88 96121 92   4"), 0.0))
    assert [o.repeat for o in repeated] == [True, True, True, False]  # the age itself is new
    taken = observations(one.receive(response(0x24, b"8C 71 91 88 96121 92   0"), 0.0))
    assert [o.repeat for o in taken] == [False] * 4  # the same pressures, measured anew
    other = observations(one.receive(response(0x24, b"8C 70 91 88 96121 92   0"), 0.0))
    assert [o.repeat for o in other] == [False] * 4


def test_only_the_cuff_pressures_that_stand_when_a_device_is_first_heard_are_marked() -> None:
    one = session()
    for payload, standing in (
        (b"8C 71 91 88 96121 92   2", [True, True, True, False]),
        (b"8C 70 91 88 96121 92   0", [False] * 4),
    ):
        assert [o.standing for o in observations(one.receive(response(0x24, payload), 0.0))] == standing
    late = session()
    late.receive(response(0x24, b"EB 98 "), 0.0)
    taken = observations(late.receive(response(0x24, b"8C 71 91 88 96121 92   0"), 0.0))
    assert not any(o.standing for o in taken)


CUT = b"8"
"""What is left of an entry in a list that was cut."""


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ((b"EB 98 " + CUT, b"8C 71 91 88 96121 92   2"), "sss"),
        ((b"8C 71 91 88 " + CUT, b"8C 71 91 88 96121 92   2"), "ss rrs"),
        ((b"8C 71 91 88 96121 92   2", b"8C 71 " + CUT, b"8C 71 91 88 96121 92   3"), "sss r rrr"),
        ((b"8C 71 91 88 96121 92   2", b"8C 70 " + CUT, b"8C 70 91 88 96121 92   0"), "sss n rnn"),
        ((b"8C 71 91 88 96121 92   2", b"EB 98 " + CUT, b"8C 71 91 88 96121 92   0"), "sss nnn"),
        ((b"8C 71 91 88 96121 92   2", b"EB 98 ", b"8C 71 91 88 96121 92   0"), "sss nnn"),
    ],
)
def test_a_list_that_was_cut_says_nothing_of_the_cuff_pressures_that_it_lacks(
    lists: tuple[bytes, ...], told: str
) -> None:
    assert cuff(*lists) == told.split()


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ((b"8C 71 91 88 96121 92   2", b"8C 71 96121 92   4", b"8C 71 91 88 96121 92   5"), "sss rr rrr"),
        ((b"8C 71 91 88 96121 92   2", b"8C 71 91----96121 92   4", b"8C 71 91 88 96121 92   5"), "sss rr rrr"),
        ((b"8C 71 91 88 96121 92   2", b"92   6", b"8C 71 91 88 96121 92   7"), "sss rrr"),
        ((b"8C 71 91 88 96121 92   2", b"EB 98 ", b"8C 71 91 88 96121 92   7"), "sss rrr"),
        ((b"8C 71 91 88 96121 92   2", b"EB 98 ", b"8C 71 91 88 96121 92   1"), "sss nnn"),
        ((b"8C 71 91 88 96121 92   2", b"92   0", b"8C 71 91 88 96121 92   1"), "sss nnn"),
        ((b"8C 71 91 88 96121 92   2", b"EB 98 ", b"8C 71 91 89 96121 92   7"), "sss nnn"),
    ],
)
def test_a_cuff_pressure_that_is_left_out_for_a_while_is_not_measured_anew(lists: tuple[bytes, ...], told: str) -> None:
    """§5: invalid values are simply omitted."""
    assert cuff(*lists) == told.split()


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ((b"8C 71 91 88 96121 ", b"8C 71 91 88 96121 "), "sss rrr"),
        ((b"8C 71 91 88 96121 ", b"EB 98 ", b"8C 71 91 88 96121 "), "sss nnn"),
        ((b"8C 71 91 88 96121 ", b"8C 71 96121 ", b"8C 71 91 88 96121 "), "sss rr rnr"),
    ],
)
def test_without_an_age_a_cuff_pressure_that_is_back_may_be_a_new_one(lists: tuple[bytes, ...], told: str) -> None:
    assert cuff(*lists) == told.split()


def cuff(*lists: bytes) -> list[str]:
    """Per list and pressure: it stood before (s), was told before (r), is new (n)."""
    one = session()
    said = [observations(one.receive(response(0x24, payload), 0.0)) for payload in lists]
    marks = [
        "".join(
            "s" if o.standing else "r" if o.repeat else "n"
            for o in values
            if o.channel.source in {"24:8C", "24:91", "24:96"} and o.value is not None
        )
        for values in said
    ]
    return [mark for mark in marks if mark]


def test_a_code_that_no_table_has_is_kept_under_its_source() -> None:
    (value,) = observations(heard(response(0x24, b"3F 1.5")))
    assert (value.channel.code, value.channel.source, value.value) == (UNMAPPED, "24:3F", 1.5)


def test_hours_and_dates_are_text() -> None:
    values = observations(heard(response(0x24, b"A21:30F3 711")))
    assert [(v.channel.source, v.value) for v in values] == [("24:A2", "1:30"), ("24:F3", "711")]


# MEDIBUS.X


@pytest.mark.parametrize(
    ("reply", "medibus", "medibus_x"),
    [
        (response(0x24, b"0648.9"), "MDC_COMPL_LUNG_DYN", "MDC_VENT_VOL_MINUTE_INSP"),
        (
            response(0x24, b"8B 480"),
            "VND_DRAEGER_INSPIRED_VOLUME_OF_SUPPORTED_SPONTANEOUS_BREATHS",
            "MDC_VENT_VOL_TIDAL_INSP",
        ),
        (response(0x29, b"17   5 "), "VND_DRAEGER_TACHYPNOEA_DURATION", "VND_DRAEGER_P0_1_REPETITION_INTERVAL"),
        (response(0x2A, b"5D4SIMV\x03"), "VND_DRAEGER_TEXT_MODE_SIMV", "VND_DRAEGER_TEXT_AUDIO_PAUSE_ACTIVE"),
    ],
)
def test_the_revision_chooses_the_meaning_of_codes_that_changed(reply: bytes, medibus: str, medibus_x: str) -> None:
    for identity, code in ((MEDIBUS, medibus), (MEDIBUS_X, medibus_x), (b"", UNMAPPED)):
        assert code in [o.channel.code for o in observations(heard(identity, reply))]


@pytest.mark.parametrize(
    ("code", "medibus", "medibus_x"),
    [
        (b"40", "VND_DRAEGER_ALARM_TACHYPNOEA_ALARM_DISABLED", "VND_DRAEGER_ALARM_GP2_DIASTOLIC_HIGH"),
        (b"63", "VND_DRAEGER_ALARM_CO2_LOW_ACCURACY_WARM_UP", "VND_DRAEGER_ALARM_LA_PRESSURE_LOW"),
        (b"79", "VND_DRAEGER_ALARM_RS232_PORT_1_ERROR", "VND_DRAEGER_ALARM_CPP_HIGH"),
        (b"BB", "VND_DRAEGER_ALARM_SIGH_ACTIVE", "VND_DRAEGER_ALARM_SMARTCARE_SESSION_CANNOT_CONTINUE"),
    ],
)
def test_alarms_that_changed(code: bytes, medibus: str, medibus_x: str) -> None:
    reply = response(0x27, b"A" + code + b"ANY PHRASE  ")
    for identity, expected in ((MEDIBUS, medibus), (MEDIBUS_X, medibus_x), (b"", UNMAPPED)):
        (alarm,) = alarms(heard(identity, reply))
        assert (alarm.code, alarm.source) == (expected, f"27:{code.decode()}")


def test_identification() -> None:
    events = heard(MEDIBUS_X)
    assert DeviceIdentity(manufacturer="Dräger", model="Evita V500", software="02.51") in events
    assert [(o.channel.source, o.value) for o in observations(events)] == [("52:id", "8420"), ("52:revision", "06.00")]
    assert [type(event) for event in heard(response(0x52))] == [Frame]
    assert [e.reason for e in heard(response(0x52, b"no'identification")) if isinstance(e, Rejected)] == ["layout"]


# alarms


@pytest.mark.parametrize(
    ("number", "priority"),
    [
        (1, "low"),
        (7, "low"),
        (10, "low"),
        (11, "medium"),
        (17, "medium"),
        (23, "medium"),
        (24, "high"),
        (25, "high"),
        (31, "high"),
    ],
)
def test_priorities_are_never_lowered(number: int, priority: str) -> None:
    (alarm,) = alarms(heard(response(0x27, bytes((0x30 + number,)) + b"10PAW HIGH    ")))
    assert (alarm.priority, alarm.device_priority) == (Priority(priority), str(number))


def test_an_alarm_starts_changes_and_ends() -> None:
    one = session()

    def said(code: int, *active: bytes) -> list[tuple[str, AlarmPhase, Priority, str]]:
        found = alarms(one.receive(response(code, b"".join(active)), 0.0))
        return [(a.source, a.phase, a.priority, a.text) for a in found]

    low, high = b"L07SPO2 LOW    ", b"N10PAW HIGH    "
    assert said(0x27, low) == [("27:07", AlarmPhase.START, Priority.HIGH, "SPO2 LOW")]
    assert said(0x27, low) == []
    assert said(0x27, low, high) == [("27:10", AlarmPhase.START, Priority.HIGH, "PAW HIGH")]
    assert said(0x2E, b"393APNEAE VENT  "[:15]) == [("2E:93", AlarmPhase.START, Priority.LOW, "APNEAE VENT")]
    assert said(0x27, b"6" + low[1:], high) == [("27:07", AlarmPhase.CONTINUE, Priority.LOW, "SPO2 LOW")]
    assert said(0x27, high) == [("27:07", AlarmPhase.END, Priority.LOW, "SPO2 LOW")]
    assert said(0x2E) == [("2E:93", AlarmPhase.END, Priority.LOW, "APNEAE VENT")]  # an empty list ends what was in it
    assert said(0x27) == [("27:10", AlarmPhase.END, Priority.HIGH, "PAW HIGH")]


def test_a_new_dialogue_goes_on_from_the_alarms_that_stood() -> None:
    before = alarms(heard(response(0x27, b"L07SPO2 LOW    L10PAW HIGH    "), response(0x2E, b"L11GAS FAIL    ")))
    foreign = replace(before[0], source="4A05.0001/\u6c27")
    one = MedibusSession(Options(), [*before, foreign])
    listed = response(0x27, b"L10PAW HIGH    ")
    assert alarms(one.receive(listed + response(0x2E) + listed, 0.0)) == [
        replace(before[1], phase=AlarmPhase.CONTINUE),
        replace(before[0], phase=AlarmPhase.END),
        replace(before[2], phase=AlarmPhase.END),
    ]


def test_a_lost_link_ends_no_alarm() -> None:
    start = response(0x27, b"L07SPO2 LOW    ")
    found = alarms(heard(start, command(0x51), response(0x51), response(0x24), start))
    assert [alarm.phase for alarm in found] == [AlarmPhase.START]


def test_a_damaged_list_ends_no_alarm() -> None:
    start = response(0x27, b"L07SPO2 LOW    N10PAW HIGH    ")
    damaged = response(0x27, b"L07SPO2 LOW    N10PAW")
    assert [alarm.phase for alarm in alarms(heard(start, damaged))] == [AlarmPhase.START] * 2


def test_alarms_are_physiological_or_technical_by_their_meaning() -> None:
    kinds = {alarm.source: alarm.type for alarm in alarms(heard(response(0x27, b"L07SPO2 LOW    G4BBATTERY LOW ")))}
    assert kinds == {"27:07": AlarmType.PHYSIOLOGICAL, "27:4B": AlarmType.TECHNICAL}


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        (b"ET CO2 $&   ", "ET CO2 LOW"),
        (b'INSP CO2 "# ', "INSP CO2 HIGH"),
        (b"TACHYPN'@OFF", "TACHYPN ALARM OFF"),
        (b"RS232 COM ER", "RS232 COM ER"),
    ],
)
def test_phrases_have_twelve_characters_and_a_shorthand(phrase: bytes, text: str) -> None:
    (alarm,) = alarms(heard(response(0x27, b"128" + phrase)))
    assert alarm.text == text


# texts


def test_texts_and_the_ventilation_mode_that_they_make_together() -> None:
    """§5: all mode and option texts that hold now are listed, the mode is all of them."""
    events = heard(response(0x2A, b"0E8PC-BIPAP\x035C2PS\x036D3ATC\x0324" + b"1%\x03"))
    values = {o.channel.source: (o.channel.code, o.value) for o in observations(events)}
    assert values == {
        "2A:0E": ("VND_DRAEGER_TEXT_MODE_PC_BIPAP", "PC-BIPAP"),
        "2A:5C": ("VND_DRAEGER_TEXT_PRESSURE_SUPPORT_ADDED", "PS"),
        "2A:6D": ("VND_DRAEGER_TEXT_ATC_ADDED", "ATC"),
        "2A:24": ("VND_DRAEGER_TEXT_CO2_UNIT_PERCENT", "%"),
        "2A": ("MDC_VENT_MODE", "PC-BIPAP + PS + ATC"),
    }


def test_a_text_of_32_characters() -> None:
    assert last(response(0x2A, b"2CP" + b"x" * 32 + b"\x03")) == [("2A:2C", "x" * 32, Quality.VALID)]


def test_a_text_that_is_gone_and_a_mode_that_is_gone() -> None:
    standby = response(0x2A, b"20" + b"6Adults\x03")
    assert last(response(0x2A, b"0E5BIPAP\x0320" + b"6Adults\x03"), standby) == [
        ("2A:0E", None, Quality.NOT_AVAILABLE),
        ("2A:20", "Adults", Quality.VALID),
        ("2A", None, Quality.NOT_AVAILABLE),
    ]


def test_a_length_byte_that_lies_is_not_believed() -> None:
    assert last(response(0x2A, b"239kPa\x0327" + b"1ISO\x03")) == [
        ("2A:23", "kPa", Quality.VALID),
        ("2A:27", "ISO", Quality.VALID),
    ]


def test_simulation_marks_everything_as_demo() -> None:
    one = session()
    one.receive(CONFIGURED, 0.0)
    one.receive(response(0x2A, b"62=SIMULATION ON\x03"), 0.0)
    one.receive(b"\xd3\x91\x81\x8d\x83", 0.0)
    events = [
        *one.receive(response(0x24, b"EB 98 "), 0.0),
        *one.receive(response(0x27, b"L07SPO2 LOW    "), 0.0),
        *one.finish(),
    ]
    assert [event.demo for event in events if isinstance(event, Observation | AlarmCondition | Waveform)] == [True] * 4
    assert all(not o.demo for o in observations(one.receive(response(0x2A) + response(0x24, b"EB 98 "), 0.0))[1:])


def test_a_name_becomes_the_patient_and_nothing_else() -> None:
    events = heard(
        response(0x2A, b"603Wei\x03612Li\x03424Frau\x0320" + b"6Adults\x03"), response(0x29, b"4B 62.083165.0")
    )
    assert [event for event in events if isinstance(event, PatientIdentity)] == [
        PatientIdentity(given="Wei", family="Li", sex="female", category="adult"),
        PatientIdentity(given="Wei", family="Li", sex="female", category="adult", weight_kg=62.0, height_cm=165.0),
    ]
    assert not any(o.value in {"Wei", "Li"} for o in observations(events))


def test_a_list_that_was_cut_takes_nothing_from_the_mode_and_the_patient() -> None:
    one = session()
    one.receive(response(0x2A, b"0E5BIPAP\x035C2PS\x03603Wei\x03612Li\x03424Frau\x03"), 0.0)
    one.receive(response(0x29, b"4B 62.083165.0"), 0.0)
    cut = [
        *one.receive(response(0x2A, b"0E5BIPAP\x03603Bao\x03" + CUT), 0.0),
        *one.receive(response(0x29, b"4B 63.0" + CUT), 0.0),
    ]
    assert [(o.channel.source, o.value) for o in observations(cut)] == [("2A:0E", "BIPAP"), ("29:4B", 63.0)]
    assert [event for event in cut if isinstance(event, PatientIdentity)] == [
        PatientIdentity(given="Bao", family="Li", sex="female", weight_kg=62.0, height_cm=165.0),
        PatientIdentity(given="Bao", family="Li", sex="female", weight_kg=63.0, height_cm=165.0),
    ]
    whole = observations(one.receive(response(0x2A), 0.0))
    assert ("2A", None) in {(o.channel.source, o.value) for o in whole}


# device specific, clock, association


def test_device_specific_answers() -> None:
    assert last(response(0x6A, b"23435"), response(0x6A, b"235")) == [
        ("6A:34", None, Quality.NOT_AVAILABLE),
        ("6A:35", 1.0, Quality.VALID),
    ]
    assert last(response(0x6A, b"302.00")) == [("6A:3", "02.00", Quality.VALID)]
    events = heard(response(0x6A, b"4Neonates"), response(0x6A, b"50"))
    assert PatientIdentity(category="neonatal") in events
    assert [(o.channel.source, o.value) for o in observations(events)] == [("6A:4", "Neonates"), ("6A:5", "0")]


@pytest.mark.parametrize("payload", [b"25:00:0001-JAN-26", b"10:00:0031-FEB-26", b"10:00:0001-XXX-26", b"10:00"])
def test_an_impossible_date_is_rejected(payload: bytes) -> None:
    events = heard(response(0x28, payload))
    assert [type(event) for event in events] == [Frame, Rejected]


def test_the_association_begins_with_the_icc_and_ends_with_stop() -> None:
    found = [
        (e.state, e.reason)
        for e in heard(
            command(0x51), command(0x51), response(0x51), response(0x24), command(0x51), response(0x24), response(0x55)
        )
        if isinstance(e, Association)
    ]
    assert found == [
        (AssociationState.ESTABLISHED, ""),
        (AssociationState.ENDED, "ICC"),
        (AssociationState.ESTABLISHED, ""),
        (AssociationState.ENDED, "STOP"),
    ]


# realtime


def record(*bins: int, sync: int | None = None) -> bytes:
    first = 0xD0 | ((1 << len(bins)) - 1 if sync is None else sync)
    return bytes((first, *(byte for bin_ in bins for byte in (0x80 | bin_ & 0x3F, 0x80 | bin_ >> 6))))


def runs(events: Sequence[Event], source: str) -> list[tuple[list[int], int | None, int]]:
    return [(w.counts.tolist(), w.gap_samples, w.start_us) for w in waves(events) if w.channel.source == source]


def test_samples_come_in_pieces_that_continue_exactly() -> None:
    events = heard(CONFIGURED, *(record(k, 2 * k) for k in range(40)))
    found = runs(events, "53:00")
    assert [count for counts, _, _ in found for count in counts] == list(range(40))
    assert [gap for _, gap, _ in found] == [None, 0, 0]
    assert [len(counts) for counts, _, _ in found] == [16, 16, 8]  # 16 × 16 ms ≥ 250 ms
    assert found[0][2] == -15 * 16_000
    assert [e.tick_us for e in events if isinstance(e, Frame) and e.kind == "realtime"] == [
        200_000 + 200_000 + 16 * 16_000,
        200_000 + 200_000 + 32 * 16_000,
        200_000 + 200_000 + 40 * 16_000,
    ]


def test_a_sample_that_was_skipped_is_a_gap_and_not_a_value() -> None:
    data = [record(1, 11), record(2, 12), record(3, sync=1), record(4, sync=1), record(5, 15)]
    events = heard(CONFIGURED, *data)
    assert runs(events, "53:00") == [([1, 2, 3, 4, 5], None, -64_000)]
    assert runs(events, "53:06") == [([11, 12], None, -64_000), ([15], 2, 0)]


def test_lost_realtime_bytes_make_a_gap_of_unknown_length() -> None:
    events = heard(CONFIGURED, record(1, 11), b"\xd3\x91\x81\x8d", record(2, 12))
    assert [gap for _, gap, _ in runs(events, "53:00")] == [None, None]
    assert [counts for counts, _, _ in runs(events, "53:00")] == [[1], [2]]


def test_multipliers_of_the_host_in_a_two_way_recording_are_believed() -> None:
    """The example of §6: stream 1 every second sample, stream 2 every third."""
    events = heard(response(0x53, OFFER), command(0x54, b"00020603"), response(0x54), b"\xd3\x91\x81\x8d\x83")
    assert {w.channel.source: w.rate_hz for w in waves(events)} == {"53:00": 31.25, "53:06": pytest.approx(62.5 / 3)}
    assert runs(events, "53:00") == [([81], None, 0)]


def test_samples_that_nobody_has_configured_are_rejected_and_no_value() -> None:
    events = heard(record(1, 2))
    assert [(type(e), getattr(e, "reason", "")) for e in events] == [(Rejected, "unconfigured")]
    events = heard(CONFIGURED, record(1, 2, 3))  # three streams where two are configured
    assert [e.reason for e in events if isinstance(e, Rejected)] == ["unconfigured"]
    assert waves(events) == []


def test_after_an_icc_the_streams_are_no_longer_known() -> None:
    events = heard(CONFIGURED, record(1, 2), command(0x51), record(3, 4))
    assert runs(events, "53:00") == [([1], None, 0)]
    assert [e.reason for e in events if isinstance(e, Rejected)] == ["unconfigured"]


@pytest.mark.parametrize("initialised", [command(0x51), response(0x51)], ids=["device", "host"])
def test_after_an_icc_the_company_of_streams_5_to_12_is_forgotten(initialised: bytes) -> None:
    """§4: everything that was configured is lost after an ICC of either side."""
    offer = b"".join(code + OFFER[2:23] for code in (b"00", b"01", b"02", b"03", b"06"))
    configured = response(0x53, offer) + command(0x54, b"0001010102010301" + b"0601") + response(0x54)
    joined = bytes.fromhex("d1 c4 c1 81 80 82 80")  # streams 1 and 5
    events = heard(configured, joined, initialised, configured, record(3, sync=1), record(4, sync=1))
    assert runs(events, "53:00")[-1] == ([3, 4], None, -16_000)
    assert len(runs(events, "53:06")) == 1


@pytest.mark.parametrize("flipped", [b"\xc4\xc1", b"\xc5\xc1"])
def test_a_company_of_streams_that_are_not_configured_is_not_believed(flipped: bytes) -> None:
    """§6: C4 and C5 are sent only when they change; nothing would correct what a bit of C6 C1 has become."""
    damaged = record(3, 13)[:1] + flipped + record(3, 13)[1:]
    events = heard(CONFIGURED, record(2, 12), damaged, record(4, 14))
    assert runs(events, "53:00") == [([2, 3, 4], None, -32_000)]
    assert runs(events, "53:06") == [([12, 13, 14], None, -32_000)]
    events = heard(damaged, CONFIGURED, record(4, 14))
    assert runs(events, "53:00") == [([4], None, 0)]


def test_the_beginning_of_a_phase_is_told() -> None:
    events = heard(CONFIGURED, b"\xd3\xc6\xc0\x90\x81\x8a\x83", b"\xd3\xc6\xc1\x90\x81\x8a\x83")
    phases = [o for o in observations(events) if o.channel.source == "C6"]
    assert [(o.channel.code, o.value) for o in phases] == [
        ("VND_DRAEGER_RESP_PHASE", "inspiration"),
        ("VND_DRAEGER_RESP_PHASE", "expiration"),
    ]


@pytest.mark.parametrize("entry", [b"00   16000-  10  100000", b"00       0-  10  100370", b"00   16000-  10  ???370"])
def test_an_offer_without_scale_or_rate_is_rejected(entry: bytes) -> None:
    events = heard(response(0x53, entry), response(0x54), record(1))
    assert [e.reason for e in events if isinstance(e, Rejected)] == ["layout", "unconfigured"]


def test_ticks_are_responses_times_the_nominal_period_where_no_samples_come() -> None:
    ticks = [e.tick_us for e in heard(*[response(0x24, b"EB 98 ")] * 3) if isinstance(e, Frame)]
    assert ticks == [200_000, 400_000, 600_000]


def test_ticks_are_the_sample_clock_while_samples_come_and_the_nominal_period_when_they_stop() -> None:
    answer = response(0x24, b"EB 98 ")
    events = heard(CONFIGURED, record(1, 2), record(3, 4), answer, answer, record(5, 6), answer)
    ticks = [e.tick_us for e in events if isinstance(e, Frame) and e.kind == "24"]
    assert ticks == [432_000, 632_000, 648_000]
