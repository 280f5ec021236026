"""The dictionary and every driver's own table: complete, consistent, and with the numbers that devices send."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from ucumvert import parse_ucum

from collector.codes import Parameter, by_number, by_refid, dictionary, load
from collector.model import UNMAPPED
from tests.shared import capture

ROOT = Path(__file__).parents[2]
KINDS = {"numeric", "wave", "setting", "enum", "device", "unit", "attribute"}
OBJECT, SCADA, EVENT, DIMENSION = 1, 2, 3, 4  # partitions of ISO/IEEE 11073-10101
SETTING = 16_777_216  # 256 × 65536: the number of a setting is that of its measurement plus this
PRIVATE = 0xF000  # terms from here on belong to the vendors (11073-10101); below they are the standard's


def read(table: Path) -> tuple[Parameter, ...]:
    with table.open(encoding="utf-8", newline="") as text:
        return load(text)


OWN = read(ROOT / "collector/codes.csv")
DRIVERS = {table.parent.name: read(table) for table in sorted(ROOT.glob("drivers/*/codes.csv"))}
EVERY = [*OWN, *(parameter for rows in DRIVERS.values() for parameter in rows)]
OTHERS = [table for table in sorted(ROOT.glob("drivers/*/*.csv")) if table.name != "codes.csv"]
USES = [(table.parent.name, row) for table in OTHERS for row in csv.DictReader(table.read_text("utf-8").splitlines())]
UNITS = {p.unit for p in EVERY} | {row["unit"] for _, row in USES if "unit" in row and not row["unit"].startswith("@")}
"""@NAME: the unit is told by another parameter of the device."""


def test_the_dictionary_is_the_table_in_its_order() -> None:
    assert dictionary() == OWN
    assert len(OWN) >= 299


def test_refids_are_unique_over_all_tables() -> None:
    assert [refid for refid, times in Counter(p.refid for p in EVERY).items() if times > 1] == []


@pytest.mark.parametrize("parameter", EVERY, ids=lambda p: p.refid)
def test_row(parameter: Parameter) -> None:
    assert re.search("[\u4e00-\u9fff]", parameter.zh), parameter.zh
    assert parameter.en.strip()
    assert parameter.description.strip()
    assert parameter.source.strip()
    assert parameter.kind in KINDS
    if parameter.low is not None and parameter.high is not None:
        assert parameter.low < parameter.high


@pytest.mark.parametrize("unit", sorted(UNITS - {""}))
def test_unit_is_ucum(unit: str) -> None:
    parse_ucum(unit)


def test_a_range_says_whence_it_is() -> None:
    for parameter in OWN:
        bounded = parameter.low is not None or parameter.high is not None
        assert ("range: " in parameter.source) == bounded, parameter.refid


def test_vendor_codes_are_of_the_drivers_or_our_own() -> None:
    assert [p.refid for p in OWN if not p.refid.startswith(("MDC_", "VND_VITALSD_"))] == []
    for rows in ([p for p in OWN if p.refid.startswith("VND_")], *DRIVERS.values()):
        for parameter in rows:
            assert re.fullmatch("VND_[A-Z0-9]+_[A-Za-z0-9_]+", parameter.refid)
            assert parameter.number is None


def test_drivers_name_only_parameters_that_are_declared() -> None:
    known = {p.refid for p in EVERY} | {UNMAPPED}
    assert {(driver, row["refid"]) for driver, row in USES if row.get("refid") and row["refid"] not in known} == set()


def partition(parameter: Parameter) -> int:
    expected = {"unit": DIMENSION, "device": OBJECT, "setting": SETTING // 65536 + SCADA}
    if parameter.refid == "MDC_EVT_INOP":
        return DIMENSION  # as Mindray sends it
    if parameter.kind == "attribute":
        return EVENT if parameter.refid.startswith("MDC_EVT_") else OBJECT
    return expected.get(parameter.kind, SCADA)


@pytest.mark.parametrize("parameter", [p for p in OWN if p.refid.startswith("MDC_")], ids=lambda p: p.refid)
def test_number_is_partition_and_term(parameter: Parameter) -> None:
    assert parameter.number is not None
    assert divmod(parameter.number, 65536)[0] == partition(parameter)
    if digits := re.fullmatch(r"MDC_(\d+)", parameter.refid):
        assert int(digits[1]) == parameter.number


def test_private_terms_say_so() -> None:
    for parameter in OWN:
        if parameter.number is not None and parameter.number % 65536 >= PRIVATE:
            assert "private range" in parameter.source, parameter.refid


def test_setting_is_measurement_plus_a_constant() -> None:
    pairs = [(p, by_refid().get(p.refid.removesuffix("_SETTING"))) for p in OWN if p.refid.endswith("_SETTING")]
    known = [(setting, measured) for setting, measured in pairs if measured is not None]
    assert {measured.refid for _, measured in known} >= {"MDC_VENT_VOL_TIDAL", "MDC_VENT_RESP_RATE"}
    for setting, measured in known:
        assert setting.number == (measured.number or 0) + SETTING
        assert setting.unit == measured.unit


def test_systolic_diastolic_mean_follow_each_other() -> None:
    """Fact sheet philips-intellivue §12.1: group g, +1 systolic, +2 diastolic, +3 mean."""
    groups = 0
    for systolic in OWN:
        stem = systolic.refid.removesuffix("_SYS")
        diastolic, mean = by_refid().get(f"{stem}_DIA"), by_refid().get(f"{stem}_MEAN")
        if stem == systolic.refid or diastolic is None or mean is None or systolic.number is None:
            continue
        groups += 1
        assert systolic.number % 4 == 1
        assert (diastolic.number, mean.number) == (systolic.number + 1, systolic.number + 2), stem
        if (group := by_refid().get(stem)) is not None:
            assert group.number == systolic.number - 1
    assert groups >= 10


def test_first_row_wins_where_a_number_is_shared() -> None:
    rows = [p.refid for p in OWN if p.number == 147842]
    assert rows == ["MDC_ECG_HEART_RATE", "MDC_ECG_CARD_BEAT_RATE"]
    assert by_number()[147842].refid == "MDC_ECG_HEART_RATE"
    assert by_refid()["MDC_ECG_CARD_BEAT_RATE"].number == 147842


@pytest.mark.parametrize(
    ("physio_id", "refid"),
    [
        # fact sheet philips-intellivue §12, ids seen in captures
        (0x4182, "MDC_ECG_HEART_RATE"),
        (0x4261, "MDC_ECG_V_P_C_CNT"),
        (0x0102, "MDC_ECG_ELEC_POTL_II"),
        (0x013E, "MDC_ECG_ELEC_POTL_AVR"),
        (0x0143, "MDC_ECG_ELEC_POTL_V"),
        (0x4BB8, "MDC_PULS_OXIM_SAT_O2"),
        (0x4BB4, "MDC_PULS_OXIM_PLETH"),
        (0x4A10, "MDC_PRESS_BLD_ART"),
        (0x4A14, "MDC_PRESS_BLD_ART_ABP"),
        (0x4A15, "MDC_PRESS_BLD_ART_ABP_SYS"),
        (0x4A17, "MDC_PRESS_BLD_ART_ABP_MEAN"),
        (0x4A05, "MDC_PRESS_BLD_NONINV_SYS"),
        (0x4B6C, "MDC_TEMP_NASOPH"),
        (0xE004, "MDC_TEMP_RECT"),
        (0x5000, "MDC_RESP"),
        (0x50AC, "MDC_AWAY_CO2"),
        (0x5378, "MDC_CONC_AWAY_O2_ET"),
        (0x538C, "MDC_CONC_AWAY_AGENT_ET"),
    ],
)
def test_numbers_that_a_monitor_sends(physio_id: int, refid: str) -> None:
    assert by_number()[SCADA * 65536 + physio_id].refid == refid


def test_numbers_that_a_gateway_writes_beside_the_names() -> None:
    message = capture("hl7", "mindray-egateway", "oru_r01_numeric_v26_web_sample.hl7").read_bytes()
    pairs = {(int(number), name.decode()) for number, name in re.findall(rb"(\d{5,8})\^(MDC_\w+)\^MDC", message)}
    known = {(number, name) for number, name in pairs if name in by_refid()}
    assert len(known) > 10
    assert [(number, name) for number, name in known if by_refid()[name].number != number] == []


@pytest.mark.parametrize(
    ("refid", "low", "high"),
    [
        # clinical §3.3, column "hard"
        ("MDC_ECG_HEART_RATE", 0, 350),
        ("MDC_PRESS_BLD_ART_ABP_MEAN", 14, 330),
        ("MDC_PRESS_BLD_VEN_CENT", -10, 60),
        ("MDC_PULS_OXIM_SAT_O2", 0, 100),
        ("MDC_RESP_RATE", 0, 120),
        ("MDC_CONC_AWAY_CO2_ET", 0, 150),
        ("MDC_VENT_CONC_AWAY_O2_INSP", 18, 100),
        ("MDC_PRESS_AWAY_INSP_PEAK", -20, 120),
        ("MDC_VENT_PRESS_AWAY_END_EXP_POS", 0, 60),
        ("MDC_VOL_AWAY_TIDAL", 0, 3000),
        ("MDC_CONC_AWAY_SEVOFL_ET", 0, 20),
        ("MDC_EEG_BISPECTRAL_INDEX", 0, 100),
    ],
)
def test_hard_limits_of_the_clinical_rules(refid: str, low: float, high: float) -> None:
    assert (by_refid()[refid].low, by_refid()[refid].high) == (low, high)


@pytest.mark.parametrize(
    ("refid", "zh"),
    [
        ("MDC_ECG_HEART_RATE", "心率"),
        ("MDC_PRESS_BLD_ART_ABP_SYS", "有创动脉压收缩压"),
        ("MDC_CONC_AWAY_CO2_ET", "呼气末二氧化碳"),
        ("MDC_TEMP_NASOPH", "鼻咽温"),
        ("MDC_VENT_VOL_TIDAL_SETTING", "潮气量（设定）"),
    ],
)
def test_names_that_clinicians_use(refid: str, zh: str) -> None:
    assert by_refid()[refid].zh == zh


def test_skin_and_gas_temperatures_are_not_called_body_temperature() -> None:
    """Clinical §2.1: a skin or probe-in-gas value must not be shown as 体温."""
    for refid in ("MDC_TEMP", "MDC_TEMP_SKIN", "MDC_TEMP_AWAY", "MDC_TEMP_INJ", "MDC_TEMP_DIFF"):
        assert "体温" not in by_refid()[refid].zh
