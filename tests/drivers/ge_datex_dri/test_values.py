import csv
from pathlib import Path

import pytest

from collector.model import DeviceClock, Event, Observation, Quality
from tests.drivers.ge_datex_dri import records
from tests.drivers.ge_datex_dri.records import (
    NONE,
    TIME_S,
    area,
    auxiliary,
    basic,
    ext1,
    ext2,
    fed,
    frame,
    group,
    new,
    observed,
    only,
    record,
)

CLASS_WORDS = {"basic": 0x00A1, "ext1": 0x01A1, "ext2": 0x02A1, "ext3": 0x03A1}
ECG, P1, NIBP, T1, SPO2, CO2, AA, FLOW, NMT, SVO2 = 0, 16, 72, 86, 118, 132, 166, 178, 214, 232


def values(*parts: records.Part, level: int = 10) -> list[Event]:
    return fed(frame(record(0, *parts, level=level)))


def fields() -> list[dict[str, str]]:
    """The field tables of fact sheet ge-datex-dri §5.2."""
    with Path(__file__).with_name("fields.csv").open(encoding="utf-8") as table:
        return list(csv.DictReader(table))


@pytest.mark.parametrize("name", CLASS_WORDS)
def test_every_field_of_the_sheet_is_read_where_it_stands(name: str) -> None:
    rows = [row for row in fields() if row["class"] == name]
    headers: list[records.Write] = [(int(row["header"]), "I", 3) for row in rows]
    numbers = {row["source"]: 100 + n for n, row in enumerate(rows)}
    writes: list[records.Write] = [(int(row["offset"]), "h", numbers[row["source"]]) for row in rows]
    events = values(area([*headers, *writes], class_word=CLASS_WORDS[name]))
    for row in rows:
        one = only(events, row["source"])
        assert isinstance(one.value, float)
        assert one.value == pytest.approx(numbers[row["source"]] * float(row["scale"])), row
        assert one.channel.unit == row["unit"], row
        assert one.quality is Quality.VALID
    told = [e for e in events if isinstance(e, Observation) and isinstance(e.value, float)]
    extra = {"basic.nmt.current"} if name == "basic" else set()
    assert {e.channel.source for e in told} - {row["source"] for row in rows} <= extra


def test_zeros_and_blanks_of_an_absent_module_are_no_values() -> None:
    for filler in (0, NONE):
        events = values(
            basic(*((at, "h", filler) for at in (6, 22, 24, 92, 124, 138, 172, 184))),
            ext1(*((at, "h", filler) for at in (6, 54, 84))),
        )
        assert not [event for event in events if isinstance(event, Observation)]


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_value_counts_only_with_both_status_bits(status: int) -> None:
    assert not observed(values(basic(*group(SPO2, 9700, 70, 300, NONE, status=status))), "basic.spo2.SpO2")


def test_an_idle_spirometry_s_zero_pressures_are_no_values() -> None:
    idle = values(basic(*group(FLOW, NONE, 0, 0, NONE, NONE, NONE, NONE, NONE)))
    for field in ("ppeak", "peep"):
        one = only(idle, f"basic.flow_vol.{field}")
        assert (one.value, one.quality) == (None, Quality.NOT_AVAILABLE)
    breathing = values(basic(*group(FLOW, 12, 1800, 0, 1500, 4800, 4800, 4800, 576)))
    assert only(breathing, "basic.flow_vol.peep").value == 0.0


@pytest.mark.parametrize(
    ("raw", "quality"),
    [
        (-32767, Quality.NOT_AVAILABLE),
        (-32766, Quality.NOT_AVAILABLE),
        (-32765, Quality.NOT_AVAILABLE),
        (-32764, Quality.UNDERFLOW),
        (-32763, Quality.OVERFLOW),
        (-32762, Quality.CALIBRATING),
        (-32001, Quality.NOT_AVAILABLE),
    ],
)
def test_special_values_are_no_values_and_say_why(raw: int, quality: Quality) -> None:
    one = only(values(basic(*group(SPO2, raw, 70, 300, NONE))), "basic.spo2.SpO2")
    assert (one.value, one.quality) == (None, quality)


def test_the_lowest_value_that_is_one() -> None:
    assert only(values(basic(*group(P1, -32000, 0, 0, 0, label=1))), "basic.p1.sys").value == -320.0


def test_the_class_is_told_by_its_bits_not_by_its_place() -> None:
    entropy = ext2(*group(112, 45, 50, 0))
    for parts in ((entropy,), (entropy, basic()), (basic(), ext1(), entropy)):
        assert only(values(*parts), "ext2.entropy.eeg_ent").value == 45.0
    assert not observed(values(entropy), "basic.nibp.sys")


def test_a_class_that_nobody_knows_is_passed_over() -> None:
    events = values(area(group(0, 72, 0, 0, 0, 0), class_word=0x07A1), basic(*group(ECG, 72, 0, 0, 0, 0, label=0x1200)))
    assert [e.value for e in events if isinstance(e, Observation) and isinstance(e.value, float)].count(72.0) == 1


def test_sub_records_are_found_by_their_offsets() -> None:
    kind, part = basic(*group(SPO2, 9700, 70, 300, NONE))
    whole = bytearray(record(0, (kind, bytes(30) + part)))
    whole[16:18] = (30).to_bytes(2, "little")
    assert only(fed(frame(bytes(whole))), "basic.spo2.SpO2").value == 97.0


def test_arrhythmia_bits_are_bits_and_no_special_value() -> None:
    events = values(ext1(*group(0, 80, 750, 0, status=0x804B, label=0x1200), (12, "I", 0x8000_8003)))
    found = only(events, "ext1.arrh_ecg.arrhythmia")
    assert found.channel.code == "MDC_ECG_STAT_RHY"
    assert found.value == "asystole, ventricular fibrillation, multifocal PVC, no telemetry"
    assert only(events, "ext1.arrh_ecg.hr_source").value == "ECG (Mortara)"
    assert only(events, "ext1.arrh_ecg.level").value == "severe"


def test_the_ptc_word_is_three_numbers() -> None:
    tof = values(basic(*group(NMT, 950, 800, 50 << 9 | 4 << 5 | 31)))
    assert only(tof, "basic.nmt.count").value == 4.0
    assert only(tof, "basic.nmt.current").value == 50.0
    assert only(tof, "basic.nmt.ptc").value is None
    assert only(tof, "basic.nmt.t1").channel.code == "MDC_TRAIN_OF_FOUR_1"
    ptc = values(basic(*group(NMT, NONE, NONE, 50 << 9 | 7, status=3 | 3 << 2)))
    assert only(ptc, "basic.nmt.ptc").value == 7.0
    assert only(ptc, "basic.nmt.count").value is None
    assert only(ptc, "basic.nmt.mode").value == "PTC"


def test_a_train_of_four_that_was_never_stimulated_is_no_count_of_zero() -> None:
    idle = values(basic(*group(NMT, NONE, NONE, 31, status=0x23)))
    assert [only(idle, f"basic.nmt.{name}").value for name in ("count", "ptc", "current")] == [None] * 3
    invalid = values(basic(*group(NMT, NONE, NONE, NONE)))
    assert [only(invalid, f"basic.nmt.{name}").value for name in ("count", "ptc", "current")] == [None] * 3
    deep = values(basic(*group(NMT, NONE, NONE, 50 << 9 | 31)))
    assert only(deep, "basic.nmt.count").value == 0.0


@pytest.mark.parametrize(
    ("label", "code", "site"),
    [
        (0, "MDC_PRESS_BLD", ""),
        (1, "MDC_PRESS_BLD_ART", ""),
        (2, "MDC_PRESS_BLD_VEN_CENT", ""),
        (3, "MDC_PRESS_BLD_ART_PULM", ""),
        (4, "MDC_PRESS_BLD_ATR_RIGHT", ""),
        (5, "MDC_PRESS_BLD_VENT_RIGHT", ""),
        (6, "MDC_PRESS_BLD_ATR_LEFT", ""),
        (7, "MDC_PRESS_INTRA_CRAN", ""),
        (8, "MDC_PRESS_BLD_ART_ABP", ""),
        (9, "MDC_PRESS_BLD", ""),
        (15, "MDC_PRESS_BLD", ""),
        (16, "MDC_PRESS_BLD_ART", "femoral artery"),
        (17, "MDC_PRESS_BLD_ART_UMB", ""),
        (18, "MDC_PRESS_BLD_VEN_UMB", ""),
        (19, "MDC_PRESS_INTRA_CRAN", ""),
        (22, "MDC_PRESS_BLD", "femoral vein"),
        (99, "MDC_PRESS_BLD", ""),
    ],
)
def test_a_pressure_s_label_chooses_its_code(label: int, code: str, site: str) -> None:
    events = values(basic(*group(P1, 12000, 8000, 9333, 70, label=label)))
    for field, suffix in (("sys", "SYS"), ("dia", "DIA"), ("mean", "MEAN")):
        channel = only(events, f"basic.p1.{field}").channel
        assert (channel.code, channel.site) == (f"{code}_{suffix}", site)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        (1, "MDC_TEMP_ESOPH"),
        (2, "MDC_TEMP_NASOPH"),
        (3, "MDC_TEMP_TYMP"),
        (4, "MDC_TEMP_RECT"),
        (5, "MDC_TEMP_FOLEY"),
        (7, "MDC_TEMP_SKIN"),
        (9, "VND_GE_TEMP_ROOM"),
        (11, "MDC_TEMP"),
        (15, "MDC_TEMP_CORE"),
    ],
)
def test_a_temperature_s_label_chooses_its_code(label: int, code: str) -> None:
    assert only(values(basic(*group(T1, 3650, label=label))), "basic.t1.temp").channel.code == code


@pytest.mark.parametrize(
    ("label", "agent"),
    [(0, "AGENT"), (1, "AGENT"), (2, "HALOTH"), (3, "ENFL"), (4, "ISOFL"), (5, "DESFL"), (6, "SEVOFL")],
)
def test_the_agent_s_label_chooses_its_code(label: int, agent: str) -> None:
    events = values(basic(*group(AA, 190, 220, 95, label=label)))
    assert only(events, "basic.aa.et").channel.code == f"MDC_CONC_AWAY_{agent}_ET"
    assert only(events, "basic.aa.fi").channel.code == f"MDC_CONC_AWAY_{agent}_INSP"


@pytest.mark.parametrize(
    ("source", "code", "word"),
    [(1, "MDC_ECG_HEART_RATE", "ECG"), (9, "MDC_ECG_HEART_RATE", "ECG (Mortara)"), (6, "MDC_PULS_RATE", "pleth")],
)
def test_the_selected_heart_rate_is_one_of_the_ecg_only_when_its_source_is(source: int, code: str, word: str) -> None:
    events = values(basic(*group(ECG, 72, 20, NONE, NONE, 12, status=3 | source << 3, label=0x1271)))
    assert only(events, "basic.ecg.hr").channel.code == code
    assert only(events, "basic.ecg.hr_source").value == word
    assert [only(events, f"basic.ecg.lead{n}").value for n in (1, 2, 3)] == ["II", "V", "I"]
    assert only(events, "basic.ecg.st1").channel.code == "MDC_ECG_AMPL_ST_II"
    assert only(events, "basic.ecg.st2").channel.code == "MDC_ECG_AMPL_ST_V"


@pytest.mark.parametrize(("level", "label", "code"), [
    (7, 2, "MDC_TTHOR_RESP_RATE"), (7, 1, "MDC_CO2_RESP_RATE"), (7, 0, "MDC_RESP_RATE"), (8, 2, "MDC_CO2_RESP_RATE"),
])  # fmt: skip
def test_the_co2_group_s_rate_is_of_co2_from_level_8_on(level: int, label: int, code: str) -> None:
    events = values(basic(*group(CO2, 487, 26, 16, 7598, label=label | 1 << 3)), level=level)
    assert only(events, "basic.co2.rr").channel.code == code
    assert only(events, "basic.co2.fi").channel.code == "MDC_CONC_AWAY_CO2_INSP"


def test_the_co2_group_s_inspired_value_may_be_of_oxygen() -> None:
    events = values(basic(*group(CO2, 487, 4000, 16, 7598, label=2 << 3)))
    assert only(events, "basic.co2.fi").channel.code == "MDC_CONC_AWAY_O2_INSP"


def test_values_while_zeroing_are_marked() -> None:
    zeroing = values(basic(*group(P1, 300, 200, 250, NONE, status=0b111, label=1)))
    assert only(zeroing, "basic.p1.sys").quality is Quality.CALIBRATING
    assert only(zeroing, "basic.p1.status").value == "zeroing"


def test_every_reserved_bit_set_changes_no_state() -> None:
    events = values(basic(*group(NIBP, 12000, 8000, 9300, 70, label=0x010B | 0xFE03)))
    assert only(events, "basic.nibp.mode").value == "auto, older than 60 s"


def test_the_vendor_s_electrode_bytes_are_texts() -> None:
    writes: list[records.Write] = [(198, "I", 3), *((204 + n, "B", code) for n, code in enumerate((6, 1, 11, 3, 13)))]
    events = values(ext2(*writes))
    names = ("reference", "ch1_m", "ch1_p", "ch2_m", "ch2_p", "ch3_m")
    assert [only(events, f"ext2.eeg2.{n}").value for n in names] == ["Fz", "Fp1", "C3", "Fp2", "C4", "none"]


def test_states_are_told_when_they_change() -> None:
    session = new()
    lead_ii = basic(*group(ECG, 72, 0, 0, 0, 0, label=0x1200))
    lead_i = basic(*group(ECG, 72, 0, 0, 0, 0, label=0x1100))
    events = fed(*(frame(record(0, part)) for part in (lead_ii, lead_ii, lead_i, lead_i)), session=session)
    assert [one.value for one in observed(events, "basic.ecg.lead1")] == ["II", "I"]
    assert [one.value for one in observed(events, "basic.ecg.hr")] == [72.0] * 4


def test_the_states_of_a_module_that_was_gone_are_told_again() -> None:
    present = basic(*group(T1, 3650, label=2))
    events = fed(*(frame(record(0, part)) for part in (present, basic(), present)))
    assert [one.value for one in observed(events, "basic.t1.label")] == ["NASO", "NASO"]


def test_a_measurement_that_ends_or_changes_its_name_is_told_once_without_a_value() -> None:
    art = basic(*group(P1, 12000, 8000, 9333, 70, label=1))
    cvp = basic(*group(P1, 900, 700, 800, NONE, label=2))
    off = basic(*group(P1, NONE, NONE, NONE, NONE, status=1, label=2))
    events = fed(*(frame(record(0, part)) for part in (art, cvp, cvp, off, off, basic())))
    found = [(one.channel.code, one.value) for one in observed(events, "basic.p1.mean")]
    assert found == [
        ("MDC_PRESS_BLD_ART_MEAN", 93.33),
        ("MDC_PRESS_BLD_ART_MEAN", None),
        ("MDC_PRESS_BLD_VEN_CENT_MEAN", 8.0),
        ("MDC_PRESS_BLD_VEN_CENT_MEAN", 8.0),
        ("MDC_PRESS_BLD_VEN_CENT_MEAN", None),
    ]


@pytest.mark.parametrize(
    ("source", "with_it", "without"),
    [
        ("basic.spo2.SvO2", group(SPO2, 9700, 70, 300, 7500), group(SPO2, 9700, 70, 300, NONE)),
        ("basic.ecg.st1", group(ECG, 72, 50, NONE, NONE, 12), group(ECG, 72, NONE, NONE, NONE, 12)),
    ],
)
def test_a_value_that_is_told_only_where_there_is_one_is_withdrawn_once(
    source: str, with_it: tuple[records.Write, ...], without: tuple[records.Write, ...]
) -> None:
    events = fed(*(frame(record(0, basic(*part))) for part in (without, with_it, without, without, with_it)))
    first, gone, back = observed(events, source)
    assert (first.value, gone.value, back.value) == (back.value, None, first.value)
    assert first.value is not None
    assert gone.quality is Quality.NOT_AVAILABLE


def test_trends_are_other_channels() -> None:
    part = group(SPO2, 9700, 70, 300, NONE)
    events = values(basic(*part, kind=2), basic(*part, kind=3), basic(*part))
    for source in ("trend10.basic.spo2.SpO2", "trend60.basic.spo2.SpO2", "basic.spo2.SpO2"):
        assert only(events, source).value == 97.0
    trend = values(basic(*group(NMT, 950, 800, 50 << 9 | 4 << 5 | 31), kind=2))
    assert not observed(trend, "trend10.basic.nmt.count")
    assert only(trend, "trend10.basic.nmt.current").value == 50.0


def test_the_clock_and_the_marker() -> None:
    events = fed(*(frame(record(0, basic(marker=marker))) for marker in (0, 3, 3, 4)))
    assert [one.value for one in observed(events, "marker")] == [3.0, 4.0]
    assert [e.time_us for e in events if isinstance(e, DeviceClock)] == [TIME_S * 1_000_000] * 4


def test_the_body_surface_of_the_auxiliary_record() -> None:
    events = fed(*[frame(record(0, auxiliary(surface=185)))] * 2)
    assert only(events, "auxiliary.bsa").value == 1.85


def test_the_saturation_of_the_svo2_group_may_be_arterial() -> None:
    assert only(values(basic(*group(SVO2, 7000, label=2))), "basic.svo2.svo2").channel.code == "MDC_SAT_O2_VEN"
    assert only(values(basic(*group(SVO2, 9700, label=1))), "basic.svo2.svo2").channel.code == "MDC_SAT_O2_ART"
