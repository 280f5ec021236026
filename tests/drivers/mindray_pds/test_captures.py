"""Every published message against its independent decode, each row with the fact sheet's table of parameters (§1.5)."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from collector.codes import by_refid
from collector.model import (
    UNMAPPED,
    AlarmCondition,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Quality,
    Rejected,
    Waveform,
)
from drivers.mindray_pds.session import PdsSession
from tests.drivers.mindray_pds.link import heard, session
from tests.shared import capture

SHEET: Mapping[str, tuple[int, str]] = {
    "51": (188736, "kg"), "52": (188740, "cm"), "101": (147842, "/min"), "102": (148066, "/min"),
    "105": (131841, "mV"), "106": (131842, "mV"), "107": (131901, "mV"), "108": (131902, "mV"), "109": (131903, "mV"),
    "110": (131904, "mV"), "117": (131907, "mV"), "151": (151578, "/min"), "160": (150456, "%"),
    "161": (149530, "/min"),
    "170": (150021, "mm[Hg]"), "171": (150022, "mm[Hg]"), "172": (150023, "mm[Hg]"), "200": (150344, "Cel"),
    "201": (150344, "Cel"), "202": (188440, "Cel"), "213": (188436, "Cel"), "500": (150037, "mm[Hg]"),
    "501": (150039, "mm[Hg]"), "502": (150038, "mm[Hg]"),
}  # fmt: skip
VB, GO = "000f1404-d361-720c-180d27150010f910", "14140f00-7bbc-0478-11122d2d02000000"
WORDED = {"2040", "2041", "2302", "2303", "2304", "2305", "2307", "2308", "2319", "2320", "4526", "4530"}
COUNTED = {"2211", "4524"}
IDENTIFYING = {"2301", "4527", "4528", "4529"}
ALARMS = {
    "10002": 147842, "10033": 150456, "10044": 151578, "10076": 150344, "10170": 150037, "10172": 150039,
    "10174": 150038, "10302": 150087, "205": 150456, "5": 131328,
}  # fmt: skip


def number(refid: str) -> int | None:
    return by_refid()[refid].number


def test_every_row_says_what_the_sheet_gives() -> None:
    expected = json.loads(capture("hl7", "expected.json").read_text())
    paths = sorted(capture("hl7", "mindray-pds").glob("*.hl7"))
    assert len(paths) == 13
    for path in paths:
        check_rows(path.read_bytes(), expected[f"mindray-pds/{path.name}"].get("obx", []))


def check_rows(data: bytes, rows: list[list[str]]) -> None:
    events = heard(data)
    assert isinstance(events[0], Frame)
    assert events[0].length == len(data)
    assert not [event for event in events if isinstance(event, Rejected)]
    told = [e for e in events if isinstance(e, Observation) and e.channel.source != "PV1-3"]
    alarms = [e for e in events if isinstance(e, AlarmCondition)]
    for kind, identifier, sub_id, value, _, _, _, _, time in rows:
        parameter = identifier.split("^")[0]
        if parameter in {"2", "4"}:
            check_alarm(alarms.pop(0), parameter, value, time)
        elif parameter not in IDENTIFYING:
            check(told.pop(0), parameter, kind, sub_id, value, time)
    assert not told
    assert not alarms


def check(one: Observation, parameter: str, kind: str, sub_id: str, value: str, time: str) -> None:
    channel = one.channel
    if parameter == "2009":
        assert (channel.source, channel.unit, one.value) == (f"2009/{sub_id}", "", "low")
        assert value == "2^"
        return
    assert channel.source == parameter
    if parameter in SHEET:
        assert (number(channel.code), channel.unit) == SHEET[parameter]
        assert one.value == (None if float(value) == -100.0 else float(value))
        assert one.quality is (Quality.NOT_AVAILABLE if one.value is None else Quality.VALID)
        assert (one.device_time_us is not None) == bool(time.strip("0"))
    elif parameter in COUNTED:
        assert (one.value, channel.unit) == (float(value), "1")
    elif parameter in WORDED:
        assert channel.code.startswith("VND_MINDRAY_PDS_")
        assert one.value == ("physiological" if parameter == "2307" else value.rstrip("^").split("^")[-1])
    else:
        assert (channel.code, one.value, kind) == (UNMAPPED, value.rstrip("^"), "CE")


def check_alarm(one: AlarmCondition, row: str, value: str, time: str) -> None:
    identifier, text = value.split("^")
    assert (one.source, one.text) == (f"{row}/{identifier}", text)
    assert number(one.code) == ALARMS[identifier]
    assert (one.priority, one.phase) == ("medium", "start")
    assert (one.device_time_us is None) == (time == "")


def test_the_cuff_has_the_time_that_the_monitor_told() -> None:
    events = heard(capture("hl7", "mindray-pds", "503_nibp_aperiodic_vb.hl7").read_bytes())
    assert {e.channel.source: e.value for e in events if isinstance(e, Observation)} == {
        "170": 135,
        "171": 67,
        "172": 89,
    }
    assert {e.device_time_us for e in events if isinstance(e, Observation)} == {1419840989 * 1_000_000}


@pytest.mark.parametrize(
    ("name", "serial", "who"),
    [
        ("103_patient_vb_pt", VB, ("900001", "teste", "F", "adult", 165.0, 54.0, "admitted")),
        ("103_patient_go", GO, ("2", "TESTFAMILY", "M", "adult", 189.0, 100.0, "admitted")),
        ("gateway_variant_v231", None, ("M1015_00010", "John", "M", "adult", 169.0, 59.0, "")),
        ("101_adt_a01_beacon_go", GO, (None, "rep", "", "", None, None, "empty")),
    ],
)  # fmt: skip
def test_who_the_monitor_and_the_patient_are(name: str, serial: str | None, who: tuple[Any, ...]) -> None:
    events = heard(capture("hl7", "mindray-pds", f"{name}.hl7").read_bytes())
    assert [e.serial for e in events if isinstance(e, DeviceIdentity)] == ([serial] if serial else [])
    (patient,) = (e for e in events if isinstance(e, PatientIdentity))
    told = (patient.ids.get("patient_id"), patient.family, patient.sex, patient.category)
    assert (*told, patient.height_cm, patient.weight_kg, patient.state) == who


def test_a_beacon_is_a_datagram_without_a_frame() -> None:
    data = capture("hl7", "mindray-pds", "101_adt_a01_beacon_go.hl7").read_bytes()
    one = PdsSession(session()._options, datagrams=True)
    events = [*one.receive(data, 0.0), *one.receive(data, 0.0)]
    assert [(e.kind, e.offset, e.length) for e in events if isinstance(e, Frame)] == [
        ("beacon", 0, len(data)), ("beacon", len(data), len(data)),
    ]  # fmt: skip
    assert {e.channel.source: e.value for e in events if isinstance(e, Observation)}["2304"] == "M0001"
    assert [e for e in heard(data + data) if isinstance(e, Frame)] == [e for e in events if isinstance(e, Frame)]


@pytest.mark.parametrize("name", ["zmw_1152_pleth_fixed", "zmw_1152_pleth", "zmw_1171_art", "zmw_110x_ecg_a"])
def test_a_wave_is_taken_whole_or_not_at_all(name: str) -> None:
    data = capture("hl7", "mindray-pds", f"{name}.bin").read_bytes()
    expected = json.loads(capture("hl7", "expected.json").read_text())[f"mindray-pds/{name}.bin"]
    message = b"\x0bMSH|^~\\&|||||||ORU^R01|157|P|2.3.1|\r" + data.strip() + b"\r\x1c\r"
    for events in (heard(message), heard(data)):
        waves = [e for e in events if isinstance(e, Waveform)]
        assert len(waves) == expected["checksum_ok"]
        assert [e.reason for e in events if isinstance(e, Rejected)] == [] if waves else ["wave_length"]
        for wave in waves:
            assert (wave.channel.code, wave.channel.source) == ("MDC_PULS_OXIM_PLETH", f"wave.{expected['wave']}")
            assert (wave.rate_hz, len(wave.counts)) == (expected["rate"], expected["samples_present"])
            assert wave.counts[:8].tolist() == expected["first"]
            assert (wave.counts.min(), wave.counts.max()) == (expected["min"], expected["max"])


def test_a_changed_sample_is_a_wrong_checksum() -> None:
    data = bytearray(capture("hl7", "mindray-pds", "zmw_1152_pleth_fixed.bin").read_bytes())
    data[100] ^= 1
    events: list[Event] = heard(bytes(data))
    assert [e.reason for e in events if isinstance(e, Rejected)] == ["wave_checksum"]
    assert not [e for e in events if isinstance(e, Waveform)]


def test_the_stream_of_seven_messages() -> None:
    data = capture("hl7", "synthetic", "pds_stream.bin").read_bytes()
    events = heard(data)
    assert [e.kind for e in events if isinstance(e, Frame)] == [
        "patient", "periodic", "aperiodic", "echo", "waves", "physiological_alarms", "periodic",
    ]  # fmt: skip
    waves = [e for e in events if isinstance(e, Waveform)]
    assert [(e.channel.source, len(e.counts), e.offset, e.gap_samples) for e in waves] == [
        ("wave.1102", 256, -128.0, None), ("wave.1152", 256, 0.0, None), ("wave.1171", 128, 0.0, None),
    ]  # fmt: skip
    values = {e.channel.source: e.value for e in events if isinstance(e, Observation)}
    assert {key: values[key] for key in ("101", "160", "200", "201", "500", "501", "502", "170", "2308")} == {
        "101": 74, "160": 99, "200": 36.4, "201": None, "500": 121, "501": 86, "502": 68, "170": 118, "2308": "OR-03",
    }  # fmt: skip
    assert 60 < np.concatenate([e.values for e in waves if e.channel.source == "wave.1171"]).mean() < 121
    assert [e.text for e in events if isinstance(e, AlarmCondition)] == ["**HR TOO LOW"]
