"""Every row of every capture, against another parser's reading of it and the tables of the fact sheets."""

import csv
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from alarms.sites import site_of
from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    AlarmType,
    Frame,
    Observation,
    Priority,
    Quality,
    Rejected,
    Role,
    Waveform,
)
from tests.drivers.hl7_pcd01.link import Link, captured, expected, of
from tests.shared import SHARED, capture

VENDOR = {
    ("MDC", "268422"): "VND_MINDRAY_DEVICE_STATE",
    ("99MNDRY", "108"): "VND_MINDRAY_ECG_PAUSE_RATE",
    ("99MNDRY", "352"): "VND_MINDRAY_ECG_VPB_RATE",
    ("99MNDRY", "579"): "VND_MINDRAY_ECG_PVC_COUPLET_RATE",
    ("99MNDRY", "580"): "VND_MINDRAY_ECG_MISSED_BEAT_RATE",
    ("99MNDRY", "581"): "VND_MINDRAY_ECG_R_ON_T_RATE",
    ("99MNDRY", "287"): "VND_MINDRAY_EEG_BIS_TEMPORAL",
    ("99MNDRY", "288"): "VND_MINDRAY_EEG_BIS_EYE",
    ("99COMEN", "2267"): "VND_COMEN_ACVPU",
    ("99COMEN", "2269"): "VND_COMEN_TEMPERATURE_SITE",
    ("99COMEN", "2270"): "VND_COMEN_NIBP_SITE",
    ("99COMEN", "2271"): "VND_COMEN_O2_SOURCE",
    ("99COMEN", "2275"): "VND_COMEN_OPERATOR",
    ("99COMEN", "2279"): "VND_COMEN_PAIN",
}
BY_NAME = {
    "150017^MDC_PRESS_BLD_NONINV_SYS": "MDC_PRESS_BLD_NONINV_SYS",
    "150018^MDC_PRESS_BLD_NONINV_DIA": "MDC_PRESS_BLD_NONINV_DIA",
    "150019^MDC_PRESS_BLD_NONINV_MEAN": "MDC_PRESS_BLD_NONINV_MEAN",
    "149522^MDC_PULS_RATE": "MDC_PULS_RATE",
    "151976^MDC_PRESS_AWAY_END_EXP_POS_SETTING": "MDC_VENT_PRESS_AWAY_END_EXP_POS_SETTING",
    "151868^MDC_VOL_AWAY_TIDAL_SETTING": "MDC_VENT_VOL_TIDAL_SETTING",
    "151586^MDC_VENT_RESP_RATE_SETTING": "MDC_VENT_RESP_RATE_SETTING",
}
"""mindray-and-chinese-hl7 §4, §8: where the name decides."""


def nomenclature() -> tuple[dict[str, str], dict[str, str]]:
    """Refid and UCUM unit by number, the first row of each, from mdc.csv."""
    capture("hl7", "expected.json")
    refids: dict[str, str] = {}
    units: dict[str, str] = {}
    with (SHARED / "mdc.csv").open(encoding="utf-8") as text:
        for row in csv.DictReader(text):
            refids.setdefault(row["code"], row["refid"] or f"MDC_{row['code']}")
            units.setdefault(row["code"], row["ucum"])
    return refids, units


REFIDS, UNITS = nomenclature()


def code_of(observation: str) -> str:
    number, name, system = observation.split("^")[:3]
    known = REFIDS.get(number, name) if system == "MDC" else UNMAPPED  # of what mdc.csv lacks, the name on the wire
    return BY_NAME.get(f"{number}^{name}") or VENDOR.get((system, number)) or known


def value_of(row: Sequence[str]) -> float | str | None:
    kind, observation, _, sent, _, _, flags, status, _ = row
    nothing = sent in {"", "8388607"} or status == "X" or "INV" in flags
    if nothing or (observation[:6] in {"188736", "188740"} and sent == "0"):
        return None
    if kind == "SN":
        _, one, _, other = sent.split("^")
        return float(one) / float(other)
    if kind == "CWE":
        return sent.split("^")[1]
    return float(sent) if re.fullmatch(r"-?[\d.]+", sent) else sent


def unit_of(row: Sequence[str]) -> str:
    value, number = value_of(row), row[4].split("^")[0]
    if isinstance(value, str) or row[0] in {"ST", "CWE"}:
        return ""
    return "/s" if number == "264608" else UNITS[number] if number else UNITS[row[1].split("^")[0]]


def is_part(row: Sequence[str]) -> bool:
    """Whether it is the row of a device, module or channel: no type, no value, a number of the partition of objects."""
    return not row[0] and not row[3] and int(row[1].split("^")[0]) >> 16 == 1


def names(kind: str) -> list[str]:
    return [name for name, wanted in expected().items() if wanted["type"].startswith(kind)]


@pytest.mark.parametrize("name", [*names("ORU^R01"), *names("ADT")])
def test_every_row_becomes_what_the_tables_say(name: str) -> None:
    events = Link().feed(captured(*name.split("/")))
    values = [e for e in of(events, Observation) if e.channel.role not in {Role.LIMIT_LOW, Role.LIMIT_HIGH}]
    waves = of(events, Waveform)
    paths = {row[2] for row in expected()[name]["obx"] if row[0] == "NA"}
    demo = name.startswith(("ihe-pcd/philips", "mindray-other/vs8"))
    for row in expected()[name]["obx"]:
        if is_part(row) or row[2].rpartition(".")[0] in paths:
            continue
        one: Waveform | Observation = waves.pop(0) if row[0] == "NA" else values.pop(0)
        assert one.channel.code == code_of(row[1]), row
        assert one.channel.source.startswith(f"{row[2]}/" if row[2] else row[1].split("^")[0]), row
        assert one.demo == demo, row
        if isinstance(one, Waveform):
            found = re.search(r"…\((\d+) values\)", row[3])
            assert len(one.counts) == (int(found[1]) if found else len(row[3].split("^"))), row
            continue
        assert one.value == value_of(row), row
        assert one.channel.unit == unit_of(row), row
        assert one.channel.role == (Role.SET if "_SETTING" in row[1] else Role.MEASURED), row
        nothing = Quality.INVALID if "INV" in row[6] else Quality.NOT_AVAILABLE
        assert one.quality is (nothing if one.value is None else Quality.VALID), row
        assert one.channel.code != UNMAPPED, row
    assert not values
    assert not waves
    assert not of(events, Rejected)


@pytest.mark.parametrize("name", names("ORU^R01"))
def test_limits_are_those_of_the_rows(name: str) -> None:
    told = [
        (code_of(row[1]), float(limit))
        for row in expected()[name]["obx"]
        for limit in re.split(r"[-^]", row[5])
        if row[5]
    ]
    events = of(Link().feed(captured(*name.split("/"))), Observation)
    roles = [e.channel.role for e in events if e.channel.role in {Role.LIMIT_LOW, Role.LIMIT_HIGH}]
    assert roles == [Role.LIMIT_LOW, Role.LIMIT_HIGH] * (len(told) // 2)
    assert [(e.channel.code, e.value) for e in events if e.channel.role in set(roles)] == told


def test_a_spot_check_tells_where_the_temperature_was_taken() -> None:
    """Comen's 2269 stands in a row of its own: an ear's does not fill the record's row of the body's temperature."""
    events = of(Link().feed(captured("comen", "nc5_spot_check_wire_2026.hl7")), Observation)
    (told,) = [e for e in events if e.channel.code == "MDC_TEMP" and e.channel.role is Role.MEASURED]
    assert (told.value, told.channel.site) == (39.0, "Ear")
    site = site_of(told.channel.code, told.channel.site)
    assert site is not None
    assert not site.is_body


@pytest.mark.parametrize("name", sorted(expected()))
def test_a_frame_tells_where_the_patient_is(name: str) -> None:
    wanted: dict[str, Any] = expected()[name]
    (head,) = of(Link().feed(captured(*name.split("/"))), Frame)
    assert head.location == wanted.get("pv1_3", "").split("~")[0]
    assert head.length == len(captured(*name.split("/")))


def test_the_waves_of_an_egateway_are_its_integers() -> None:
    data = captured("mindray-egateway", "oru_r01_waveform_v26_sim.hl7")
    sent = re.findall(rb"\|NA\|(\d+)\^[^|]*\|([\d.]+)\|([-\d^]+)\|", data)
    resolution = re.findall(rb"NU_MSMT_RES\^MDC\|[\d.]+\|([\d.]+)\|(\d+)", data)
    rates = re.findall(rb"SAMP_RATE\^MDC\|[\d.]+\|(\d+)", data)
    waves = of(Link().feed(data), Waveform)
    assert len(waves) == len(sent) == 29
    for wave, (code, path, samples), (scale, unit), rate in zip(waves, sent, resolution, rates, strict=True):
        assert wave.channel.source.startswith(f"{path.decode()}/{code.decode()}")
        assert wave.counts.tolist() == [int(sample) for sample in samples.split(b"^")]
        assert wave.channel.unit == UNITS[unit.decode()]
        assert (wave.scale, wave.rate_hz) == (float(scale), float(rate))
        assert (wave.gap_samples, wave.start_us) == (None, -1_000_000)
    assert np.isclose(waves[0].values[0], 85.5)
    assert len({wave.channel for wave in waves}) == 29
    assert {wave.channel.site for wave in waves if "1.12.1" in wave.channel.source} == {
        "MDC_HEAD_FORE_L",
        "MDC_HEAD_FORE_R",
    }


def test_the_worked_example_of_ihe_pcd_7() -> None:
    events = Link().feed(captured("synthetic", "pcd01_monitor.hl7"))
    found = {e.channel.source: e for e in of(events, Observation) if e.channel.role is Role.MEASURED}
    at_us = 1_772_674_200_000_000  # 2026-03-05T01:30:00Z
    assert found["1.4.1.1/150021"].device_time_us == found["1.4.1.2/150022"].device_time_us == at_us
    assert found["1.1.1.1/147842"].device_time_us is None
    assert found["1.5.2.1/150344"].quality is Quality.INVALID
    assert found["1.1.1.2/131842"].value == -0.08
    (wave,) = of(Link().feed(captured("synthetic", "pcd01_wave.hl7")), Waveform)
    assert (len(wave.counts), wave.scale, wave.rate_hz, wave.values[0]) == (128, 1.0, 128.0, 95.0)


def test_an_alarm_has_one_life() -> None:
    link = Link()
    told = [
        e for name in ("1_start", "2_paused", "3_end") for e in link.feed(captured("synthetic", f"pcd04_{name}.hl7"))
    ]
    alarms = of(told, AlarmCondition)
    assert {alarm.source for alarm in alarms} == {"GW-A-7"}
    assert [alarm.phase for alarm in alarms] == [AlarmPhase.START, AlarmPhase.CONTINUE, AlarmPhase.END]
    assert {(a.code, a.text, a.priority, a.type) for a in alarms} == {
        ("MDC_ECG_HEART_RATE", "HR low", Priority.MEDIUM, AlarmType.PHYSIOLOGICAL)
    }
    first, _, last = (alarm.device_time_us or 0 for alarm in alarms)
    assert last - first == 40_000_000
    assert not of(told, Observation)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "mindray-egateway/oru_r40_alarm_v26_sim.hl7",
            ("4", "MDC_EVT_HI_VAL_GT_LIM", "PH", Priority.HIGH, "MDC_ECG_HEART_RATE"),
        ),
        (
            "ihe-pcd/ge_mural_pcd04_2021_excerpt.hl7",
            ("56eb716f-ce7a-3b85-909c-a09d31fe324f", "HYPERTENSION-Alert Recheck BP", "PM", Priority.MEDIUM, UNMAPPED),
        ),
    ],
)
def test_alarms_of_other_senders(name: str, wanted: tuple[str, str, str, Priority, str]) -> None:
    (alarm,) = of(Link().feed(captured(*name.split("/"))), AlarmCondition)
    assert (alarm.source, alarm.text, alarm.device_priority, alarm.priority, alarm.code) == wanted
    assert alarm.phase is AlarmPhase.START


def test_a_heartbeat_is_no_alarm() -> None:
    events = Link().feed(captured("ihe-pcd", "draeger_watchdog_pcd04_2019.hl7"))
    assert not of(events, AlarmCondition)
    assert [head.kind for head in of(events, Frame)] == ["heartbeat"]
