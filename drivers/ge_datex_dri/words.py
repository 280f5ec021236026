"""Status and label words in words (fact sheet ge-datex-dri §5.3, §6, §6.1, §7)."""

from collections.abc import Mapping, Sequence

LEADS = ("none", "I", "II", "III", "aVR", "aVL", "aVF", "V")
HR_SOURCES = (
    "none", "ECG", "P1", "P2", "P3", "P4", "pleth", "P5", "P6", "ECG (Mortara)", "P7", "P8", "second pleth",
)  # fmt: skip
ARRHYTHMIA_LEVELS = ("asystole only", "severe", "extended", "advanced", "off")
PRESSURES = (
    "undefined", "ART", "CVP", "PA", "RAP", "RVP", "LAP", "ICP", "ABP", "P1", "P2", "P3", "P4", "P5", "P6",
    "SP", "FEM", "UAC", "UVC", "ICP2", "P7", "P8", "FEMV",
)  # fmt: skip
TEMPERATURES = (
    "unused", "ESO", "NASO", "TYMP", "RECT", "BLAD", "AXIL", "SKIN", "AIRW", "ROOM", "MYO",
    "T1", "T2", "T3", "T4", "CORE", "SURF", "T5", "T6",
)  # fmt: skip
SATURATIONS = ("SO2", "SaO2", "SvO2")
AGENTS = ("unknown", "none", "HAL", "ENF", "ISO", "DES", "SEV")
RR_SOURCES = ("none", "CO2", "impedance")
FI_SOURCES = ("none", "FiCO2", "FiO2")
VOLUME_CONDITIONS = ("ATPD", "NTPD", "BTPS", "STPD")
CO_MODES = ("unknown", "bolus", "continuous")
NMT_MODES = ("TOF", "DBS", "single twitch", "PTC")
NMT_PULSE_WIDTHS = ("unknown", "100", "200", "300")
MONTAGES = ("basic", "general", "AEP", "user 3", "user 4", "user 5", "user 6", "user 7")
EVOKED_TYPES = ("AEP", "SSEP")
EEG_TYPES = ("referential", "bipolar")
ELECTRODES = (
    "none", "Fp1", "Fpz", "Fp2", "F7", "F3", "Fz", "F4", "F8", "A1", "T3", "C3", "Cz", "C4", "T4", "A2", "T5", "P3",
    "Pz", "P4", "T6", "O1", "O2", "C3a", "Cza", "C4a", "C5S", "ERB1", "ERB2", "T12S", "L3S", "POPLIT",
)  # fmt: skip
SILENCES = ("none", "apnoea", "asystole", "apnoea and asystole", "all", "2 min", "5 min", "20 s")
CABLES = ("3-wire", "5-wire", "unknown", "10-wire")

ECG_FLAGS = {
    2: "asystole", 7: "noise", 8: "artefact", 9: "learning", 10: "pacer on",
    11: "channel 1 off", 12: "channel 2 off", 13: "channel 3 off",
}  # fmt: skip
ECG12_FLAGS = {
    **ECG_FLAGS,
    14: "analysed by arrhythmia workstation",
    **{20 + n: f"V{n + 1} derived" for n in range(6)},
}
ARRHYTHMIAS = dict(enumerate((
    "asystole", "ventricular fibrillation", "rapid ventricular tachycardia", "ventricular tachycardia",
    "extreme bradycardia", "extreme tachycardia", "run of PVCs > 3", "long RR", "triplet", "couplet", "R on T",
    "idioventricular rhythm", "bigeminy", "trigeminy", "frequent PVC", "multifocal PVC",
    "supraventricular tachycardia", "frequent SVC", "missing beat", "unclassified", "noisy ECG", "problem QRS",
    "low amplitude", "salvo", "pacer non-function", "pacer non-capture", "new QRS", "bradycardia", "tachycardia",
    "ventricular bradycardia", "arrhythmia off", "no telemetry",
)))  # fmt: skip
PRESSURE_FLAGS = {2: "zeroing", 3: "zeroed"}
NIBP_FLAGS = {3: "auto", 4: "stat", 5: "measuring", 6: "stasis", 7: "calibrating", 8: "older than 60 s"}
SVO2_FLAGS = {
    2: "calibrated more than 24 h ago", 3: "faulty cable", 4: "no cable", 5: "not calibrated", 6: "recalibrated",
    7: "out of range", 8: "check catheter", 9: "intensity shift",
}  # fmt: skip
CO2_FLAGS = {
    2: "apnoea", 3: "calibrating", 4: "zeroing", 5: "occlusion", 6: "air leak", 7: "apnoea from resp",
    8: "apnoea deactivated", 9: "wet gas",
}  # fmt: skip
GAS_FLAGS = {2: "calibrating", 3: "measurement off"}
BALANCE_FLAGS = {2: "measurement off"}
FLOW_FLAGS = {2: "disconnection", 3: "calibrating", 4: "zeroing", 5: "obstruction", 6: "leak", 7: "measurement off"}
CO_FLAGS = {0: "CO older than 60 s", 1: "PCWP older than 60 s"}
NMT_FLAGS = {6: "supramaximal current found", 7: "calibrated"}
EEG_FLAGS = {
    2: "on", 7: "headbox off", 8: "SSEP cable off",
    **{9 + n: f"leads off channel {n + 1}" for n in range(4)},
    **{13 + n: f"artefact channel {n + 1}" for n in range(4)},
    **{17 + n: f"noise channel {n + 1}" for n in range(4)},
}  # fmt: skip
ENTROPY_FLAGS = {
    2: "cable off", 3: "no sensor", 4: "sensor off", 11: "starting", 12: "not an entropy sensor",
    13: "BIS measurement active", 23: "replace sensor", 24: "isoelectric", 25: "automatic check off",
}  # fmt: skip
SPI_FLAGS = {
    2: "incompatible probe", 3: "no pleth", 4: "arrhythmia", 5: "NIBP inflated", 6: "noise", 7: "learning",
    8: "unknown probe", 10: "frozen", 11: "entropy high",
}  # fmt: skip
GASEX_FLAGS = {2: "FiO2 above 85 %", 3: "FiN2O too high"}
TONO_FLAGS = {2: "leak", 3: "volume dropped", 4: "technical failure", 5: "cannot fill", 6: "over limit"}
WAVE_FLAGS = {2: "pacer detected", 3: "lead off"}
ECG12_LABEL_FLAGS = {
    **{n: f"{lead} on" for n, lead in enumerate(("I", "II", "V1", "V2", "V3", "V4", "V5", "V6", "III"))},
    12: "module noise", 13: "algorithm noise", 14: "quick zero", 15: "noise",
}  # fmt: skip


def name(words: Sequence[str], number: int) -> str:
    """The word of an enumeration, or the number where the specification has none."""
    return words[number] if number < len(words) else str(number)


def flags(words: Mapping[int, str], bits: int) -> str:
    """The words of all set bits; "none" without any. Reserved bits are populated on real monitors and mean nothing."""
    return ", ".join(word for bit, word in words.items() if bits >> bit & 1) or "none"
