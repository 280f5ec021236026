"""Physiological ids and labels → channels (fact sheet §12)."""

import pytest

from collector.codes import by_number, by_refid
from collector.model import UNMAPPED, Role
from drivers.philips_intellivue import codes
from tests.drivers.philips_intellivue import vectors as v
from tests.drivers.philips_intellivue.listening import observations


def test_own_parameters_are_those_that_the_tables_name() -> None:
    named = {code for _, code in codes.private_ids()}
    named |= {f"VND_PHILIPS_{name}" for name in codes.SETTING_LABELS.values()}
    named |= {codes.event_code(number) for number in codes.EVENTS}
    named |= {codes.mode_code(name) for name in ("DEMO", "SERVICE", "STANDBY", "CONFIG")}
    assert named == {parameter.refid for parameter in codes.parameters()}


def test_no_own_parameter_hides_one_of_the_dictionary() -> None:
    assert [physio for physio, _ in codes.private_ids() if codes.SCADA << 16 | physio in by_number()] == []
    assert all(refid in by_refid() for refid in codes.SAME.values())


@pytest.mark.parametrize(
    ("physio", "label", "source", "code"),
    [
        (0x4182, None, "4182", "MDC_ECG_HEART_RATE"),
        (0x4182, 0x00024182, "4182", "MDC_ECG_HEART_RATE"),
        (0x4A47, 0x00024A44, "4A47", "MDC_PRESS_BLD_VEN_CENT_MEAN"),
        (0x514C, 0x00025148, "514C", "MDC_VOL_MINUTE_AWAY_EXP"),
        (0x480A, 0x80035402, "480A/80035402", "MDC_PULS_RATE"),
        (0x5012, 0x00025022, "5012/00025022", "MDC_VENT_RESP_RATE"),
        (0x4B48, 0x00024B5C, "4B48/00024B5C", "MDC_TEMP_BODY"),
        (0xEFFF, 0x0002F0DF, "EFFF/0002F0DF", "MDC_VOL_AWAY"),
        (0xF0E3, 0x0002F0E3, "F0E3", "VND_PHILIPS_PULS_PRESS_VAR"),
        (0xF0BE, None, "F0BE", "VND_PHILIPS_PRESS_BLD_ART_FEMORAL_DIA"),
        (0xF04E, None, "F04E", "MDC_EEG_BISPECTRAL_INDEX"),
        (0x1234, None, "1234", UNMAPPED),
        (0xEFFF, 0x80AAF001, "EFFF/80AAF001", UNMAPPED),
    ],
)
def test_source_and_code(physio: int, label: int | None, source: str, code: str) -> None:
    found = codes.channel(physio, label, "1")
    assert (found.source, found.code, found.role) == (source, code, Role.MEASURED)


@pytest.mark.parametrize(
    ("physio", "label", "code"),
    [
        (0x51A8, 0x040251A8, "MDC_VENT_PRESS_AWAY_END_EXP_POS"),
        (0x513C, 0x0402513C, "MDC_VOL_AWAY_TIDAL"),
        (0x7498, 0x04027498, "MDC_VENT_CONC_AWAY_O2_INSP"),
        (0x5109, 0x04025109, "MDC_PRESS_AWAY_INSP_PEAK"),
        (0x5109, 0x040250DD, "MDC_FLOW_AWAY_INSP_MAX"),
        (0x5109, 0x0402F8BB, "VND_PHILIPS_PRESS_AWAY_MAX_SETTING"),
    ],
)
def test_a_setting_is_another_channel_than_the_measurement(physio: int, label: int, code: str) -> None:
    found = codes.channel(physio, label, "1")
    assert (found.source, found.code, found.role) == (f"{physio:04X}/{label:08X}", code, Role.SET)


@pytest.mark.parametrize("physio", [0x51A8, 0x513C, 0x5148, 0x7498, 0x5109, 0x5012, 0x5118])
def test_what_may_be_a_setting_is_not_called_measured_before_its_label_has_come(physio: int) -> None:
    assert codes.channel(physio, None, "1").code == UNMAPPED
    assert codes.channel(physio, 0x00020000 | physio, "1").code != UNMAPPED


def test_members_of_a_compound_carry_no_label_but_two_agents_do() -> None:
    agents = [
        v.compound((0x538C, 0, 0x0220, 0xFF00000C), (0x5390, 0, 0x0220, 0xFF00000F)),
        v.compound((0x538C, 0, 0x0220, 0xFF000001), (0x5390, 0, 0x0220, 0xFF000002)),
    ]
    found = observations(
        v.poll_result(
            [
                (1, 1, [v.label(0x00020300), v.compound((0x0302, 0, 0x0512, 0), (0x033D, 0, 0x0512, 0))]),
                (1, 2, [v.label(0x805A5401), agents[0]]),
                (1, 3, [v.label(0x805A5402), agents[1]]),
            ]
        )
    )
    assert [o.channel.source for o in found] == [
        "0302", "033D", "538C/805A5401", "5390/805A5401", "538C/805A5402", "5390/805A5402",
    ]  # fmt: skip
    assert [o.value for o in found[2:]] == [1.2, 1.5, 0.1, 0.2]


def test_a_category_of_setting_makes_a_set_value() -> None:
    specification = (0x093F, bytes.fromhex("000020000003422800000000"))
    (found,) = observations(v.poll_result([(1, 1, [specification, v.numeric(0x51A8, 5)])]))
    assert (found.channel.source, found.channel.role) == ("51A8", Role.SET)
