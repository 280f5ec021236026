"""Physiological ids and labels → channels (fact sheet philips-intellivue §12; parameters: codes.csv)."""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from collector.codes import Parameter, by_number, load
from collector.model import UNMAPPED, Channel, Role

SCADA = 0x0002
SETTINGS = 0x0402
"""Partitions of a label's upper half: physiology, and Philips settings (§5, §12)."""

COMPOUND_ECG = 0x0100
NO_PHYSIO = 0xEFFF
"""METRIC_NOS: only the label tells what it is (§12)."""

SAME: Mapping[int, str] = {
    0xF0E5: "MDC_PULS_RATE_NON_INV", 0xF048: "MDC_VOL_BLD_STROKE_INDEX", 0xF0C4: "MDC_TEMP_FOLEY",
    0x7498: "MDC_VENT_CONC_AWAY_O2_INSP", 0xF05D: "MDC_CONC_MAC",
    0xF04E: "MDC_EEG_BISPECTRAL_INDEX", 0xF04D: "MDC_EEG_SIGNAL_QUALITY_INDEX", 0x593C: "MDC_EMG_ELEC_POTL_MUSCL",
    0xF04A: "MDC_EEG_PAROX_CRTX_BURST_SUPPRN",
    0xF0E0: "MDC_VOL_AWAY_TIDAL_INSP", 0xF0E1: "MDC_VOL_AWAY_TIDAL_EXP", 0xF0DF: "MDC_VOL_AWAY",
}  # fmt: skip
"""Philips ids of a parameter that IEEE 11073 has under another number."""

PRIVATE: Mapping[int, str] = {
    0xF03D: "ECG_AMPL_ST_INDEX", 0xF156: "ECG_TIME_PD_QTc_DELTA", 0xF154: "ECG_TIME_PD_QT_HEART_RATE",
    0xF0E2: "AWAY_RESP_RATE_SPIRO", 0xFB5F: "ACOUSTIC_RESP_RATE", 0xF1C0: "PULS_OXIM_SAT_O2_PRE_DUCTAL",
    0xF1D4: "PULS_OXIM_SAT_O2_POST_DUCTAL", 0xFBCF: "PULS_OXIM_HB_TOTAL", 0xF0E3: "PULS_PRESS_VAR",
    0xF047: "OUTPUT_CARD_INDEX_CTS", 0xF049: "VOL_BLD_STROKE_VAR", 0xF100: "SAT_O2_VEN_CENT", 0xF960: "SAT_O2_TISSUE",
    0xF0C7: "TEMP_GEN_1", 0xF0C8: "TEMP_GEN_2", 0xF05E: "CONC_AWAY_SUM_MAC_ET", 0xF05F: "CONC_AWAY_SUM_MAC_INSP",
    0xF0F1: "VENT_RESP_RATE_MAND", 0xF815: "AWAY_RESP_RATE_SPONT", 0xF991: "VENT_PRESS_AWAY_END_EXP_POS_TOTAL",
    0xF0F3: "VENT_VOL_TIDAL_SPONT", 0xF0F2: "VENT_VOL_TIDAL_MAND", 0xF091: "VENT_VOL_MINUTE_AWAY_SPONT",
    0xF101: "SNR", 0xF08C: "PLETH_RIGHT", 0xF08D: "PLETH_LEFT", 0xF1BC: "PLETH_PRE_DUCTAL",
    0xF1D0: "PLETH_POST_DUCTAL", 0xF09B: "PLETH_TELEMETRY", 0xF874: "ELEC_POTL_VECT", 0xF888: "ICG",
}  # fmt: skip
"""Ids that only Philips has, of §12.1 and §12.2, with their names there."""

PRIVATE_PRESSURES: Mapping[int, str] = {
    0xF0B4: "PRESS_INTRA_CRAN_1", 0xF0B8: "PRESS_INTRA_CRAN_2", 0xF0A4: "PRESS_GEN_1", 0xF0A8: "PRESS_GEN_2",
    0xF0AC: "PRESS_GEN_3", 0xF0B0: "PRESS_GEN_4", 0xF3F4: "PRESS_GEN_5", 0xF3F8: "PRESS_GEN_6", 0xF3FC: "PRESS_GEN_7",
    0xF400: "PRESS_GEN_8", 0xF0BC: "PRESS_BLD_ART_FEMORAL", 0xF0C0: "PRESS_BLD_ART_BRACHIAL",
}  # fmt: skip
"""The same for groups under the compound pressure rule: group g is the wave, then SYS, DIA and MEAN (§12.1)."""

SETTING_LABELS: Mapping[int, str] = {0x0402F8BB: "PRESS_AWAY_MAX_SETTING"}
"""Settings that are another quantity than their physio id says (§12)."""

SHARED_WITH_SETTINGS = frozenset((0x5012, 0x5109, 0x5118, 0x513C, 0x5148, 0x51A8, 0x7498))
"""Physio ids of measured values and of settings alike: without a label nobody knows which of both a value is (§12)."""

EVENTS: Mapping[int, str] = {
    4: "ABSENT", 22: "DISCONNECTED", 24: "DISTURBED", 38: "FAIL", 40: "HIGH_LIMIT", 58: "IRREGULAR", 62: "LOW_LIMIT",
    70: "MALFUNCTION", 74: "NOISY", 80: "OBSTRUCTED", 110: "UNAVAILABLE", 138: "CALIBRATION_FAILED",
    164: "RANGE_ERROR", 166: "OVER_RANGE", 194: "BATTERY_LOW", 198: "BATTERY_PROBLEM", 230: "CUFF_NOT_DEFLATED",
    232: "CUFF_OVER_INFLATED", 242: "EQUIPMENT_MALFUNCTION", 250: "OCCLUSION", 258: "AGENT_ID_MALFUNCTION",
    268: "LEAD_DISCONNECTED", 274: "LEADS_OFF", 296: "O2_SUPPLY_LOW", 308: "SENSOR_DISCONNECTED",
    310: "SENSOR_MALFUNCTION", 312: "SENSOR_PROBLEM", 326: "TUBE_DISCONNECTED", 330: "TUBE_OBSTRUCTED",
    336: "TRANSDUCER_DISCONNECTED", 338: "TRANSDUCER_MALFUNCTION", 352: "MEASUREMENT_DISCONNECTED",
    356: "MEASUREMENT_FAILED", 362: "MEASUREMENT_INTERRUPTED", 364: "OVER_MEASUREMENT_RANGE",
    366: "UNDER_MEASUREMENT_RANGE", 380: "SIGNAL_LOW", 384: "SIGNAL_NOT_ANALYSABLE", 394: "TEMPERATURE_OVER_LIMIT",
    400: "UNSUPPORTED", 434: "BAD_SIGNAL_QUALITY", 436: "INTERFERENCE", 3072: "APNOEA", 3076: "ASYSTOLE",
    3078: "MISSED_BEAT", 3082: "BIGEMINY", 3086: "EXTREME_BRADYCARDIA", 3102: "PACER_NO_CAPTURE", 3108: "PAUSE",
    3122: "EXTREME_TACHYCARDIA", 3158: "IRREGULAR_HR", 3182: "PACER_NOT_PACING", 3192: "SVT", 3206: "R_ON_T",
    3208: "MULTIFORM_PVC", 3210: "PAIR_PVC", 3212: "RUN_PVC", 3220: "VENTRICULAR_RHYTHM", 3224: "VTACH",
    3226: "NON_SUSTAINED_VT", 3236: "TRIGEMINY", 3246: "DESATURATION", 3252: "PVC_RATE", 6144: "ALARMS_OFF",
    6152: "CALIBRATION_MODE", 6170: "ZERO_RUNNING", 6176: "SENSOR_WARMING", 6178: "WARMING",
    6182: "ALL_ECG_ALARMS_OFF", 6184: "SOME_ECG_ALARMS_OFF", 6226: "OFF", 6228: "STANDBY",
    6256: "STATUS_DISCONNECTED", 6658: "CHECK", 6676: "BATTERY_CONDITION", 6678: "REPLACE_BATTERY",
    6680: "CHECK_CABLE", 6690: "CHECK_LEAD", 6696: "CHECK_SENSOR", 61444: "VFIB_VTACH", 61756: "ST_MULTI",
    61766: "BRADYCARDIA", 61768: "TACHYCARDIA", 61782: "MUSCLE_NOISE", 61784: "LINE_NOISE", 61818: "ZERO_FAILED",
    61820: "ZERO_REQUIRED", 61830: "EXTREME_HIGH", 61832: "EXTREME_LOW", 61896: "ATRIAL_FIBRILLATION",
    61926: "ECG_ABSENT", 62032: "EXTERNAL_DEVICE_DEMO",
    **{61690 + 2 * i: f"EXTERNAL_DEVICE_{i + 1}" for i in range(33)},
}  # fmt: skip
"""Alarm events of §8."""

_PRESSURE_GROUPS = frozenset(PRIVATE_PRESSURES) | {
    0x4A00, 0x4A04, 0x4A0C, 0x4A10, 0x4A14, 0x4A1C, 0x4A28, 0x4A30, 0x4A34, 0x4A44, 0x4A48, 0x5808,
}  # fmt: skip
_GROUPS: Mapping[int, tuple[int, ...]] = {
    0x50AC: (0x50B0, 0x50BA), 0x5164: (0x5378, 0x5284), 0x51F0: (0x522C, 0x5280), 0x5388: (0x538C, 0x5390),
    0x51D8: (0x5214, 0x5268), 0x51E8: (0x5224, 0x5278), 0x51E4: (0x5220, 0x5274),
    0x51DC: (0x5218, 0x526C), 0x51E0: (0x521C, 0x5270), 0xF05D: (0xF05E, 0xF05F), 0x5148: (0x514C, 0x5150),
    0x0300: tuple(range(0x0301, 0x0350)), COMPOUND_ECG: tuple(range(0x0101, 0x0150)),
}  # fmt: skip
"""Group id → its members, where a value of a compound comes alone (§12.1, label column)."""
_MEMBERS = {
    (group, member)
    for group, members in (*_GROUPS.items(), *((g, (g + 1, g + 2, g + 3)) for g in _PRESSURE_GROUPS))
    for member in members
}


@cache
def parameters() -> tuple[Parameter, ...]:
    """The parameters that only Philips has."""
    with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as text:
        return load(text)


def private_ids() -> Iterator[tuple[int, str]]:
    """Every physio id that has a VND_ code, with that code."""
    for physio, name in PRIVATE.items():
        yield physio, f"VND_PHILIPS_{name}"
    for group, name in PRIVATE_PRESSURES.items():
        for physio, part in enumerate(("", "_SYS", "_DIA", "_MEAN"), group):
            yield physio, f"VND_PHILIPS_{name}{part}"


_VENDOR = dict(private_ids())


def known(physio: int) -> str | None:
    """The code of a physio id, None where nobody knows it."""
    same = SAME.get(physio) or _VENDOR.get(physio)
    if same is not None:
        return same
    parameter = by_number().get(SCADA << 16 | physio)
    return parameter.refid if parameter else None


def identifies(label: int, physio: int, *, compound: bool) -> bool:
    """Whether the label makes the value another channel: it is neither 0002+physio nor its compound's group."""
    if label >> 16 != SCADA:
        return True
    group = label & 0xFFFF
    return group != physio and not compound and (group, physio) not in _MEMBERS


@lru_cache(maxsize=4096)
def channel(physio: int, label: int | None, unit: str, *, compound: bool = False, setting: bool = False) -> Channel:
    """The channel of a value with this physio id in an object with this label (None: not known yet)."""
    source, code = f"{physio:04X}", None
    if label is None and not setting and physio in SHARED_WITH_SETTINGS:
        code = UNMAPPED
    elif label is not None and identifies(label, physio, compound=compound):
        source = f"{source}/{label:08X}"
        setting = setting or label >> 16 == SETTINGS
        if label in SETTING_LABELS:
            code = f"VND_PHILIPS_{SETTING_LABELS[label]}"
        elif label >> 16 in (SCADA, SETTINGS):
            code = known(label & 0xFFFF)
    return Channel(
        code=code or known(physio) or UNMAPPED,
        source=source,
        unit=unit,
        role=Role.SET if setting else Role.MEASURED,
    )


def channels() -> Iterator[Channel]:
    """Every channel that a physio id alone names, in its parameter's usual unit."""
    numbers = {number & 0xFFFF: parameter for number, parameter in by_number().items() if number >> 16 == SCADA}
    own = {parameter.refid: parameter for parameter in parameters()}
    found = {physio: parameter.unit for physio, parameter in numbers.items()}
    found |= {physio: own[code].unit for physio, code in private_ids() if code in own}
    yield from (channel(physio, SCADA << 16 | physio, unit) for physio, unit in found.items())


def mode_code(mode: str) -> str:
    """The code of an operating mode that is not the ordinary one."""
    return f"VND_PHILIPS_MODE_{mode}"


def event_code(number: int) -> str:
    """The code of an alarm event."""
    name = EVENTS.get(number)
    return f"VND_PHILIPS_EVT_{name}" if name else UNMAPPED
