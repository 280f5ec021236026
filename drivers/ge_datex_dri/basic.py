"""Class basic of a physiological sub-record (fact sheet ge-datex-dri §5.2, §5.3)."""

from drivers.ge_datex_dri import words
from drivers.ge_datex_dri.layout import LABEL, STATUS, Choice, Episode, Field, Group, Named, enum, flags, names, value
from drivers.ge_datex_dri.modules import HR_SOURCE, agent, pressure, saturation, temperature

_HR = Choice(
    at=STATUS,
    shift=3,
    mask=15,
    codes=names(dict.fromkeys((1, 9), "MDC_ECG_HEART_RATE")),
    other=Named(code="MDC_PULS_RATE"),
)
"""The selected heart rate need not come from the ECG; only then is it called one."""
_ECG_LEADS = (
    enum("lead1", "VND_GE_ECG_LEAD", LABEL, words.LEADS, 8, 15),
    enum("lead2", "VND_GE_ECG_LEAD", LABEL, words.LEADS, 4, 15),
    enum("lead3", "VND_GE_ECG_LEAD", LABEL, words.LEADS, 0, 15),
)


def _st(name: str, shift: int) -> Field:
    leads = ("I", "II", "III", "AVR", "AVL", "AVF", "V")
    codes = names({n: f"MDC_ECG_AMPL_ST_{lead}" for n, lead in enumerate(leads, 1)})
    other = Named(code="VND_GE_ECG_ST", quiet=True)
    return value(name, Choice(at=LABEL, shift=shift, mask=15, codes=codes, other=other), "mm", 100)


_CO2_RR = Choice(
    at=LABEL,
    shift=0,
    mask=7,
    codes=names({0: "MDC_RESP_RATE", 2: "MDC_TTHOR_RESP_RATE"}),
    other=Named(code="MDC_CO2_RESP_RATE"),
    until_level=8,
)
_CO2_FI = Choice(
    at=LABEL,
    shift=3,
    mask=7,
    codes=names({2: "MDC_CONC_AWAY_O2_INSP"}),
    other=Named(code="MDC_CONC_AWAY_CO2_INSP"),
)
_CO = Choice(
    at=LABEL,
    shift=2,
    mask=7,
    codes=names({1: "MDC_OUTPUT_CARD_NONCTS", 2: "MDC_OUTPUT_CARD_CTS"}),
    other=Named(code="MDC_OUTPUT_CARD"),
)
_CALIBRATING_GAS = 0b100


def _nmt(tof: str, other: str) -> Choice:
    return Choice(at=STATUS, shift=2, mask=3, codes=names({0: tof}), other=Named(code=other))


BASIC: tuple[Group, ...] = (
    Group(
        name="ecg",
        offset=0,
        tail=(226, 232),
        fields=(
            value("hr", _HR, "/min"),
            _st("st1", 8),
            _st("st2", 4),
            _st("st3", 0),
            value("imp_rr", "MDC_TTHOR_RESP_RATE", "/min"),
            value("ecg_extra.hr_ecg", "VND_GE_ECG_HR", "/min"),
            value("ecg_extra.hr_max", "VND_GE_ECG_HR_MAX", "/min"),
            value("ecg_extra.hr_min", "VND_GE_ECG_HR_MIN", "/min"),
        ),
        states=(
            HR_SOURCE,
            flags(STATUS, words.ECG_FLAGS),
            *_ECG_LEADS,
            enum("qrs_source", "VND_GE_QRS_SOURCE", LABEL, (), 12, 3),
        ),
    ),
    pressure("p1", 16),
    pressure("p2", 30),
    pressure("p3", 44),
    pressure("p4", 58),
    Group(
        name="nibp",
        offset=72,
        fields=(
            value("sys", "MDC_PRESS_BLD_NONINV_SYS", "mm[Hg]", 100),
            value("dia", "MDC_PRESS_BLD_NONINV_DIA", "mm[Hg]", 100),
            value("mean", "MDC_PRESS_BLD_NONINV_MEAN", "mm[Hg]", 100),
            value("hr", "MDC_PULS_RATE_NON_INV", "/min"),
        ),
        states=(flags(LABEL, words.NIBP_FLAGS, "mode", "VND_GE_NIBP_MODE"),),
        episodes=(Episode(fields=("sys", "dia", "mean", "hr"), stamp="nibp", aged=1 << 8, measuring=1 << 5),),
    ),
    temperature("t1", 86),
    temperature("t2", 94),
    temperature("t3", 102),
    temperature("t4", 110),
    saturation("spo2", 118),
    Group(
        name="co2",
        offset=132,
        fields=(
            value("et", "MDC_CONC_AWAY_CO2_ET", "%", 100),
            value("fi", _CO2_FI, "%", 100),
            value("rr", _CO2_RR, "/min"),
            value("amb_press", "VND_GE_PRESS_AMBIENT", "mm[Hg]", 10),
        ),
        states=(
            flags(STATUS, words.CO2_FLAGS),
            enum("rr_source", "VND_GE_RR_SOURCE", LABEL, words.RR_SOURCES, 0, 7),
            enum("fi_source", "VND_GE_FI_SOURCE", LABEL, words.FI_SOURCES, 3, 7),
        ),
        calibrating=0b11000,
    ),
    Group(
        name="o2",
        offset=146,
        fields=(value("et", "MDC_CONC_AWAY_O2_ET", "%", 100), value("fi", "MDC_CONC_AWAY_O2_INSP", "%", 100)),
        states=(flags(STATUS, words.GAS_FLAGS),),
        calibrating=_CALIBRATING_GAS,
    ),
    Group(
        name="n2o",
        offset=156,
        fields=(value("et", "MDC_CONC_AWAY_N2O_ET", "%", 100), value("fi", "MDC_CONC_AWAY_N2O_INSP", "%", 100)),
        states=(flags(STATUS, words.GAS_FLAGS),),
        calibrating=_CALIBRATING_GAS,
    ),
    Group(
        name="aa",
        offset=166,
        fields=(
            value("et", agent("ET"), "%", 100),
            value("fi", agent("INSP"), "%", 100),
            value("mac_sum", "MDC_CONC_MAC", "1", 100),
        ),
        states=(flags(STATUS, words.GAS_FLAGS), enum("label", "VND_GE_AGENT", LABEL, words.AGENTS)),
        calibrating=_CALIBRATING_GAS,
    ),
    Group(
        name="flow_vol",
        offset=178,
        fields=(
            value("rr", "MDC_AWAY_RESP_RATE", "/min"),
            value("ppeak", "MDC_PRESS_AWAY_INSP_PEAK", "cm[H2O]", 100),
            value("peep", "MDC_PRESS_AWAY_END_EXP_POS", "cm[H2O]", 100),
            value("pplat", "MDC_PRESS_RESP_PLAT", "cm[H2O]", 100),
            value("tv_insp", "MDC_VOL_AWAY_TIDAL_INSP", "mL", 10),
            value("tv_exp", "MDC_VOL_AWAY_TIDAL_EXP", "mL", 10),
            value("compliance", "MDC_COMPL_LUNG", "mL/cm[H2O]", 100),
            value("mv_exp", "MDC_VOL_MINUTE_AWAY_EXP", "L/min", 100),
        ),
        states=(
            flags(STATUS, words.FLOW_FLAGS),
            enum("conditions", "VND_GE_VOLUME_CONDITIONS", STATUS, words.VOLUME_CONDITIONS, 8, 3),
        ),
        idle=("rr", "tv_insp", "tv_exp", "mv_exp"),
        idle_absent=("ppeak", "peep"),
        calibrating=0b11000,
    ),
    Group(
        name="co_wedge",
        offset=200,
        fields=(
            value("co", _CO, "mL/min"),
            value("blood_temp", "MDC_TEMP_BLD", "Cel", 100),
            value("ref", "VND_GE_RIGHT_EJECTION_FRACTION", "%", 100),
            value("pcwp", "MDC_PRESS_BLD_ART_PULM_WEDGE", "mm[Hg]", 100),
        ),
        states=(
            flags(LABEL, words.CO_FLAGS),
            enum("mode", "VND_GE_CO_MODE", LABEL, words.CO_MODES, 2, 7),
        ),
        episodes=(
            Episode(fields=("co", "ref"), stamp="co", aged=1 << 0, continuous=(7 << 2, 2 << 2)),
            Episode(fields=("pcwp",), stamp="pcwp", aged=1 << 1),
        ),
    ),
    Group(
        name="nmt",
        offset=214,
        twitches=True,
        extra=2,
        fields=(
            value("t1", _nmt("MDC_TRAIN_OF_FOUR_1", "VND_GE_NMT_T1"), "%", 10),
            value("tratio", _nmt("MDC_RATIO_TRAIN_OF_FOUR", "VND_GE_NMT_RATIO"), "%", 10),
        ),
        states=(
            flags(STATUS, words.NMT_FLAGS),
            enum("mode", "VND_GE_NMT_MODE", STATUS, words.NMT_MODES, 2, 3),
            enum("pulse_width_us", "VND_GE_NMT_PULSE_WIDTH", STATUS, words.NMT_PULSE_WIDTHS, 4, 3),
        ),
    ),
    Group(
        name="svo2",
        offset=232,
        fields=(
            value(
                "svo2",
                Choice(
                    at=LABEL,
                    shift=0,
                    mask=3,
                    codes=names({1: "MDC_SAT_O2_ART"}),
                    other=Named(code="MDC_SAT_O2_VEN"),
                ),
                "%",
                100,
            ),
        ),
        states=(
            flags(STATUS, words.SVO2_FLAGS),
            enum("label", "VND_GE_SAT_LABEL", LABEL, words.SATURATIONS, 0, 3),
        ),
    ),
    pressure("p5", 240),
    pressure("p6", 254),
)
