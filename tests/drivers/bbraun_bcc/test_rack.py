"""What blocks say, against the vendor's example and the fact sheet small-devices §12."""

import json
from collections.abc import Sequence

import pytest

from collector.codes import by_refid
from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Priority,
    Quality,
    Rejected,
    Role,
)
from drivers.bbraun_bcc import quadruples
from drivers.bbraun_bcc.alarms import word
from drivers.bbraun_bcc.frames import encode
from drivers.bbraun_bcc.options import Options
from drivers.bbraun_bcc.rack import MAX_PARAMETERS, RETELL_S, Rack
from drivers.bbraun_bcc.session import BccSession
from tests.shared import capture

WORDS = {
    "INM1": {"0": "no", "1": "yes"},
    "INM8": {"0": "battery", "1": "mains"},
    "FMSTAT": {"00051": "on"},
    "FMRSTAT": {"00051": "on"},
    "DSSTATUS": {"00050": "off"},
}
FLAGS = {"INDOCAL", "INM1", "INM2", "INM3", "INM5", "INM6", "INM7", "INM10", "INM11", "INM12"}
TEXTS = {"FMDONGLE", "FMRT", "GNNEW", "INNR", "INSERNUM", "INDTNR"}


def of(*lines: str, last: bool = True, rack: Rack | None = None) -> Sequence[Event]:
    """What a rack says of quadruples that are written as the vendor prints them."""
    told = quadruples.read("\x1e".join(lines).encode())
    assert told is not None
    return (rack or Rack()).events(told, last=last)


def observations(events: Sequence[Event]) -> dict[str, Observation]:
    return {e.channel.source: e for e in events if isinstance(e, Observation)}


def alarms(events: Sequence[Event]) -> list[tuple[str, AlarmPhase]]:
    return [(e.source, e.phase) for e in events if isinstance(e, AlarmCondition)]


def test_the_vendor_example_decodes_to_what_is_expected() -> None:
    expected = json.loads(capture("bbraun-bcc", "mem_get_part1.expected.json").read_text())
    session = BccSession(Options())
    events = session.receive(capture("bbraun-bcc", "mem_get_part1.bin").read_bytes(), 0.0)
    assert events[0] == Frame(offset=0, length=1152, kind="data", tick_us=214_000_000)
    assert not any(isinstance(e, Rejected | AlarmCondition) for e in events)
    heard = observations(events)
    for time, address, name, value in expected["quadruples"]:
        assert time == "214"
        if name.startswith("INA") or name in {"INDCONU", "INDORTU"}:
            assert f"{address}/{name}" not in heard  # no alarm stands; the units are those of INDCON and INDORT
            continue
        said = heard.pop(f"{address}/{name}")
        assert not said.repeat
        if value == "_NV":
            assert (said.value, said.quality) == (None, Quality.NOT_AVAILABLE)
        elif name in TEXTS:
            assert said.value == value
        elif name in FLAGS or name in WORDS:
            assert said.value == WORDS.get(name, WORDS["INM1"])[value]
        else:
            assert said.value == float(value)
    assert not heard
    assert DeviceIdentity(manufacturer="B. Braun", model="Space") in events


def test_infusions_have_the_codes_of_ihe() -> None:
    """fact sheet ihe-pcd §6: 158014 current flow, 157784 programmed flow, 157884, 157872, 157993, 157916, 184468."""
    heard = observations(
        of(
            "215,50113,INRT,0.30",
            "215,50113,BASRT,0.30",
            "215,50113,INVTB,50.0",
            "215,50113,VOLREMAIN,47.64",
            "215,50113,INVI,1.4",
            "215,50113,INRMT,120",
            "215,50113,INSOL,Arterenol 4mg/50",
            "215,50113,INSOLSN,Arteren\ue021",
            "215,50113,INDCON,0.08",
            "215,50113,INDCONU,31",
            "215,50113,INDORT,0.4",
            "215,50113,INDORTU,71",
        )
    )
    known = by_refid()
    numbers = {
        source.partition("/")[2]: known[one.channel.code].number
        for source, one in heard.items()
        if one.channel.code in known
    }
    assert numbers["INRT"] == 158014
    assert numbers["BASRT"] == 157784
    assert numbers["INVTB"] == 157884
    assert numbers["VOLREMAIN"] == 157872
    assert numbers["INVI"] == 157993
    assert numbers["INRMT"] == 157916
    assert numbers["INSOL"] == 184468
    assert {n: heard[f"50113/{n}"].channel.unit for n in ("INRT", "INVI", "INRMT", "INDCON", "INDORT", "INSOL")} == {
        "INRT": "mL/h",
        "INVI": "mL",
        "INRMT": "s",
        "INDCON": "mg/mL",
        "INDORT": "ug/kg/min",
        "INSOL": "",
    }
    assert heard["50113/INDORT"].channel.role is Role.SET
    assert heard["50113/INSOLSN"].value == "Arteren\ue021"  # the pump's own characters stay as they are


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        (22, "kg"), (23, "ng"), (25, "ug"), (28, "meq"), (29, "[iU]"), (30, "ng/mL"), (32, "ug/mL"), (36, "[iU]/mL"),
        (37, "ng/kg"), (43, "[iU]/kg"), (44, "ng/min"), (46, "ng/d"), (49, "mg/d"), (50, "ug/min"), (55, "g/d"),
        (58, "mmol/d"), (61, "meq/d"), (62, "[iU]/min"), (64, "[iU]/d"), (65, "ng/kg/min"), (66, "ng/kg/h"),
        (69, "mg/kg/h"), (71, "ug/kg/min"), (85, "[iU]/kg/d"), (99, "ng/m2/h"), (116, "[iU]/m2/d"), (117, "m[iU]"),
        (129, "m[iU]/m2/d"), (130, "k[iU]"), (137, "M[iU]"), (143, "M[iU]/kg/d"), (144, "meq/m2"),
    ],
)  # fmt: skip
def test_units_have_the_codes_of_the_vendor(code: int, unit: str) -> None:
    heard = observations(of("1,50111,INDORT,7.5", f"1,50111,INDORTU,{code}"))
    assert heard["50111/INDORT"].channel.unit == unit


def test_a_dose_in_a_unit_that_nobody_knows_is_kept() -> None:
    heard = observations(of("1,50111,INDORT,7.5", "1,50111,INDORTU,250"))
    assert (heard["50111/INDORT"].channel.code, heard["50111/INDORT"].value) == (UNMAPPED, "7.5")
    assert (heard["50111/INDORTU"].channel.code, heard["50111/INDORTU"].value) == (UNMAPPED, "250")


def test_another_unit_ends_the_value_in_the_one_before() -> None:
    rack = Rack()
    of("1,50111,INDORT,7.5", "1,50111,INDORTU,71", rack=rack)
    ended, begun = (e for e in of("3,50111,INDORT,0.45", "3,50111,INDORTU,69", rack=rack) if isinstance(e, Observation))
    assert (ended.channel.unit, ended.value, ended.quality) == ("ug/kg/min", None, Quality.NOT_AVAILABLE)
    assert (begun.channel.unit, begun.value) == ("mg/kg/h", 0.45)


@pytest.mark.parametrize(
    ("line", "value", "quality"),
    [
        ("1,50111,INRT,_NV", None, Quality.NOT_AVAILABLE),
        ("1,50111,INRT,_NA", None, Quality.NOT_AVAILABLE),
        ("1,50111,INRT,", None, Quality.NOT_AVAILABLE),
        ("1,50111,INRT,0", 0.0, Quality.VALID),
        ("1,50111,INRT,0.00", 0.0, Quality.VALID),
        ("1,50111,INRT,nan", None, Quality.INVALID),
        ("1,50111,INRT,1e9", None, Quality.INVALID),
        ("1,50111,INRMT,65534", 65534.0, Quality.VALID),
        ("1,50111,INRMT,65535", None, Quality.OVERFLOW),
        ("1,50111,TCIAWA,10000", None, Quality.OVERFLOW),
        ("1,50111,INSOL,NaCl 0,9%", "NaCl 0,9%", Quality.VALID),
        ("1,50111,RUNSTATE,34", "run, pre-alarm", Quality.VALID),
        ("1,50111,RUNSTATE,0", "none", Quality.VALID),
        ("1,501112,INRT,5.0", 5.0, Quality.VALID),
        ("1,5013O,INRT,5.0", 5.0, Quality.VALID),
    ],
)
def test_values(line: str, value: object, quality: Quality) -> None:
    [said] = observations(of(line)).values()
    assert (said.value, said.quality) == (value, quality)


def test_what_nobody_knows_is_told_as_the_rack_tells_it() -> None:
    [said] = observations(of("1,50111,INXYZ,17")).values()
    assert (said.channel.code, said.channel.source, said.value) == (UNMAPPED, "50111/INXYZ", "17")


@pytest.mark.parametrize(
    "line", ["1,50000,INRT,5", "1,50141,INRT,5", "x,50111,INRT,5", "1,50111,inrt,5", "1,50111", "", "1,5011P,INRT,1"]
)
def test_what_is_no_quadruple_is_no_block(line: str) -> None:
    session = BccSession(Options())
    assert quadruples.read(line.encode()) is None
    frame = encode(b"1", line.encode())
    [event] = session.receive(frame, 0.0)
    assert event == Rejected(offset=0, length=len(frame), reason="quadruple")


def test_two_pumps_do_not_mix() -> None:
    heard = observations(of("1,50111,INRT,5.0", "1,50111,INSOL,A", "1,50112,INRT,7.0", "1,50112,INSOL,B"))
    assert {source: one.value for source, one in heard.items()} == {
        "50111/INRT": 5.0,
        "50111/INSOL": "A",
        "50112/INRT": 7.0,
        "50112/INSOL": "B",
    }


def test_a_text_that_is_sent_again_is_a_repeat_and_now_and_then_told_anew() -> None:
    rack = Rack()

    def told(time_s: int) -> tuple[bool, bool]:
        heard = observations(of(f"{time_s},50111,INSOL,A", f"{time_s},50111,INRT,5.0", rack=rack))
        return heard["50111/INSOL"].repeat, heard["50111/INRT"].repeat

    assert [told(t) for t in (0, 2, RETELL_S - 1, RETELL_S, RETELL_S + 2)] == [
        (False, False), (True, False), (True, False), (False, False), (True, False),
    ]  # fmt: skip
    assert told(1) == (False, False)  # the rack was switched on anew
    assert not observations(of("2,50111,INSOL,B", rack=rack))["50111/INSOL"].repeat


def test_a_pump_that_is_taken_out_ends_once_with_its_alarms() -> None:
    rack = Rack()
    of("1,50111,INRT,5.0", "1,50111,INVI,_NV", "1,50111,INA3,1", "1,50112,INRT,7.0", "1,50112,INA3,1", rack=rack)
    gone = of("3,50111,GNERR,39", "3,50112,INRT,7.0", "3,50112,INA3,1", rack=rack)
    heard = observations(gone)
    assert (heard["50111/INRT"].value, heard["50111/INRT"].quality) == (None, Quality.NOT_AVAILABLE)
    assert "50111/INVI" not in heard  # had no value to end
    assert heard["50111/GNERR"].value == "39"
    assert heard["50112/INRT"].value == 7.0
    assert alarms(gone) == [("50111/INA3", AlarmPhase.END)]
    again = observations(of("5,50112,INRT,7.0", "5,50112,INA3,1", rack=rack))
    assert set(again) == {"50112/INRT"}


def test_a_pump_that_a_whole_round_does_not_name_has_gone() -> None:
    rack = Rack()
    of("1,50111,INRT,5.0", "1,50111,INA3,1", "1,50112,INRT,7.0", rack=rack)
    rack.begin()
    rack.spoil()  # a block was lost: who was in it nobody knows
    assert "50111/INRT" not in observations(of("3,50112,INRT,7.0", rack=rack))
    rack.begin()
    gone = of("5,50112,INRT,7.0", rack=rack)
    assert observations(gone)["50111/INRT"].value is None
    assert alarms(gone) == [("50111/INA3", AlarmPhase.END)]


def test_one_pumps_block_sent_by_itself_ends_no_other() -> None:
    rack = Rack()
    of("1,50111,INRT,5.0", "1,50112,INRT,7.0", rack=rack)
    assert set(observations(of("3,50112,INRT,8.0", rack=rack))) == {"50112/INRT"}


def test_a_value_that_a_pump_tells_no_more_ends() -> None:
    rack = Rack()
    of("1,50111,GNNEW,688F030006", "1,50111,INRT,5.0", "1,50111,INVTB,50.0", rack=rack)
    heard = observations(of("3,50111,GNMODEL,688F030006", "3,50111,INRT,5.0", rack=rack))
    assert heard["50111/INVTB"].value is None
    assert set(heard) == {"50111/GNMODEL", "50111/INRT", "50111/INVTB"}


def test_after_a_lost_block_nothing_ends_for_being_missing() -> None:
    rack = Rack()
    of("1,50111,INRT,5.0", "1,50111,INVTB,50.0", rack=rack)
    rack.begin()
    rack.spoil()
    assert set(observations(of("3,50111,INRT,5.0", rack=rack))) == {"50111/INRT"}


def test_a_rack_that_never_ends_a_round_does_not_fill_the_memory() -> None:
    rack = Rack()
    for number in range(50):
        of(*(f"{number},50111,P{number}X{k},5" for k in range(40)), last=False, rack=rack)
    assert len(rack._told["50111"]) == len(rack._round["50111"]) == MAX_PARAMETERS


@pytest.mark.parametrize("value", ["_NV", "_NA", "2", "x"])
def test_a_flag_that_says_nothing_changes_no_alarm(value: str) -> None:
    rack = Rack()
    of("1,50111,INA3,1", rack=rack)
    assert alarms(of(f"3,50111,INA3,{value}", f"3,50111,INA1,{value}", rack=rack)) == []


def test_a_slot_that_is_not_reached_ends_its_values_and_keeps_its_alarms() -> None:
    rack = Rack()
    of("1,50111,INRT,5.0", "1,50111,INA3,1", rack=rack)
    lost = of("3,50111,GNERR,41", rack=rack)
    assert observations(lost)["50111/INRT"].value is None
    assert alarms(lost) == []
    again = observations(of("5,50111,GNERR,41", rack=rack))
    assert set(again) == {"50111/GNERR"}
    assert again["50111/GNERR"].repeat
    assert alarms(of("7,50111,INRT,5.0", "7,50111,INA3,0", rack=rack)) == [("50111/INA3", AlarmPhase.END)]


def test_an_error_of_the_whole_rack_ends_all_values() -> None:
    rack = Rack()
    of("1,50111,INRT,5.0", "1,50112,INRT,7.0", rack=rack)
    heard = observations(of("3,50100,GNERR,51", rack=rack))
    assert heard["50111/INRT"].value is None
    assert heard["50112/INRT"].value is None


@pytest.mark.parametrize(
    ("name", "value", "source", "priority", "text"),
    [
        ("INA1", "1", "50111/INA1", Priority.HIGH, "battery empty"),
        ("INA3", "1", "50111/INA3", Priority.HIGH, "pressure alarm"),
        ("INA12", "1", "50111/INA12", Priority.MEDIUM, "syringe empty pre-alarm"),
        ("ALARM1", "0x00000400h", "50111/ALARM1:10", Priority.HIGH, "pressure too high"),
        ("ALARM1", "00000400", "50111/ALARM1:10", Priority.HIGH, "pressure too high"),
        ("ALARM1", "1024", "50111/ALARM1:10", Priority.HIGH, "pressure too high"),
        ("ALARM2", "0x00000080h", "50111/ALARM2:7", Priority.HIGH, "danger of free flow"),
        ("ALARM2", "0x00000100h", "50111/ALARM2:8", Priority.HIGH, "ALARM2:8"),
        ("PREALARM", "0x00000010h", "50111/PREALARM:4", Priority.MEDIUM, "pre-alarm: battery near flat"),
    ],
)
def test_an_alarm_begins_and_ends_under_the_same_source(
    name: str, value: str, source: str, priority: Priority, text: str
) -> None:
    rack = Rack()
    [start] = (e for e in of(f"1,50111,{name},{value}", rack=rack) if isinstance(e, AlarmCondition))
    assert (start.source, start.phase, start.priority, start.text) == (source, AlarmPhase.START, priority, text)
    assert start.type is AlarmType.TECHNICAL
    assert alarms(of(f"3,50111,{name},{value}", rack=rack)) == []
    assert alarms(of(f"5,50111,{name},_NV", rack=rack)) == []
    none = "0" if name.startswith("INA") else "0x00000001h"
    assert alarms(of(f"7,50111,{name},{none}", rack=rack)) == [(source, AlarmPhase.END)]


def test_alarms_of_an_earlier_dialogue_continue_or_end() -> None:
    standing = [
        AlarmCondition(source=source, type=AlarmType.TECHNICAL, priority=Priority.HIGH, phase=AlarmPhase.START)
        for source in ("50111/INA1", "50111/INA2", "50113/INA3")
    ]
    rack = Rack(standing)
    rack.begin()
    assert alarms(of("1,50111,INA1,1", "1,50111,INA2,0", "1,50111,INA3,1", rack=rack)) == [
        ("50111/INA1", AlarmPhase.CONTINUE),
        ("50111/INA2", AlarmPhase.END),
        ("50111/INA3", AlarmPhase.START),
        ("50113/INA3", AlarmPhase.END),
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [("0x00000000h", 0), ("0x80000000h", 1 << 31), ("4294967296", None), ("A", 10), ("-1", None), ("1_0", None)],
)
def test_bit_fields(text: str, number: int | None) -> None:
    assert word(text) == number


def test_the_wall_clock_and_who_it_is() -> None:
    events = of(
        "1,50100,DATE,20231114",
        "1,50100,TIME,221320",
        "1,50100,COMSERIALNO,4711",
        "1,50100,COMSWVERSION,U000060",
        "1,50111,GNMODEL,I00021234",
        "1,50111,PATID,P0000123",
        "1,50111,NURSEID,N77",
        "1,50112,PATID,P0000123",
    )
    assert [e for e in events if isinstance(e, DeviceClock)] == [DeviceClock(time_us=1_700_000_000_000_000)]
    assert [e for e in events if isinstance(e, DeviceIdentity)] == [
        DeviceIdentity(manufacturer="B. Braun", model="compactplus", serial="4711", software="U000060")
    ]
    assert [e for e in events if isinstance(e, PatientIdentity)] == [PatientIdentity(ids={"patient_id": "P0000123"})]
    assert not any("N77" in repr(e) for e in events)


def test_pumps_of_two_patients_name_none() -> None:
    rack = Rack()
    assert any(isinstance(e, PatientIdentity) for e in of("1,50111,PATID,A", rack=rack))
    assert not any(isinstance(e, PatientIdentity) for e in of("3,50111,PATID,A", "3,50112,PATID,B", rack=rack))


def test_a_version_is_told_without_a_value() -> None:
    [said] = observations(of("207,50100,V3.30")).values()
    assert (said.channel.code, said.channel.source, said.value) == (
        "VND_BBRAUN_PROTOCOL_VERSION", "50100/VERSION", "V3.30",
    )  # fmt: skip


@pytest.mark.parametrize("gone", ["_NV", "_NA", ""])
def test_a_unit_that_is_told_no_more_is_nobodys(gone: str) -> None:
    rack = Rack()
    of("1,50113,INDCON,5.0", "1,50113,INDCONU,31", rack=rack)
    found = observations(of("2,50113,INDCON,7.0", f"2,50113,INDCONU,{gone}", rack=rack))
    assert found["50113/INDCON"].channel.unit != "mg/mL"
