"""Classes ext1, ext2 and ext3 of a physiological sub-record (fact sheet ge-datex-dri §5.2, §5.3)."""

from drivers.ge_datex_dri import words
from drivers.ge_datex_dri.layout import STATUS, Field, Group, State, enum, flags, value
from drivers.ge_datex_dri.modules import HR_SOURCE, pressure, saturation, temperature

EXT1: tuple[Group, ...] = (
    Group(
        name="arrh_ecg",
        offset=0,
        fields=(
            value("hr", "VND_GE_ARRH_HR", "/min"),
            value("rr_time", "MDC_ECG_TIME_PD_RR_GL", "ms"),
            value("pvc", "MDC_ECG_V_P_C_RATE", "/min"),
        ),
        states=(
            HR_SOURCE,
            flags(STATUS, words.ECG12_FLAGS),
            enum("level", "VND_GE_ARRH_LEVEL", STATUS, words.ARRHYTHMIA_LEVELS, 15, 31),
            flags(12, words.ARRHYTHMIAS, "arrhythmia", "MDC_ECG_STAT_RHY"),
        ),
        extra=4,
    ),
    Group(
        name="ecg12",
        offset=48,
        fields=(
            *(
                value(f"st{lead}", f"MDC_ECG_AMPL_ST_{lead}", "mm", 100)
                for lead in ("I", "II", "III", "AVL", "AVR", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
            ),
        ),
        states=(flags(STATUS, words.ECG12_FLAGS),),
    ),
    pressure("p7", 78),
    pressure("p8", 92),
    saturation("spo2_ch2", 106),
    temperature("t5", 120),
    temperature("t6", 128),
)


def _eeg_channel(name: str) -> tuple[Field, ...]:
    return (
        value(f"{name}.ampl", "VND_GE_EEG_AMPL", "uV", 10),
        value(f"{name}.sef", "MDC_EEG_FREQ_PWR_SPEC_CRTX_SPECTRAL_EDGE", "Hz", 10),
        value(f"{name}.mf", "MDC_EEG_FREQ_PWR_SPEC_CRTX_MEDIAN", "Hz", 10),
        value(f"{name}.delta", "MDC_EEG_PWR_SPEC_DELTA_REL", "%"),
        value(f"{name}.theta", "MDC_EEG_PWR_SPEC_THETA_REL", "%"),
        value(f"{name}.alpha", "MDC_EEG_PWR_SPEC_ALPHA_REL", "%"),
        value(f"{name}.beta", "MDC_EEG_PWR_SPEC_BETA_REL", "%"),
        value(f"{name}.bsr", "MDC_EEG_PAROX_CRTX_BURST_SUPPRN", "%"),
    )


def _electrode(name: str, at: int) -> State:
    return State(name=name, code="VND_GE_EEG_ELECTRODE", at=at, words=words.ELECTRODES, size=1)


EXT2: tuple[Group, ...] = (
    Group(
        name="nmt2",
        offset=0,
        fields=(
            value("count", "MDC_TRAIN_OF_FOUR_CNT", "1"),
            *(value(f"nmt_t{n}", f"VND_GE_NMT_T{n}_ABS", "1") for n in (1, 2, 3, 4)),
        ),
    ),
    Group(
        name="eeg",
        offset=24,
        fields=(
            value("femg", "VND_GE_EEG_FEMG", "uV", 10),
            *_eeg_channel("eeg1"),
            *_eeg_channel("eeg2"),
            *_eeg_channel("eeg3"),
            *_eeg_channel("eeg4"),
        ),
        states=(
            flags(STATUS, words.EEG_FLAGS),
            enum("montage", "VND_GE_EEG_MONTAGE", STATUS, words.MONTAGES, 3, 7),
            enum("evoked", "VND_GE_EEG_EVOKED_TYPE", STATUS, words.EVOKED_TYPES, 21, 1),
            enum("type", "VND_GE_EEG_TYPE", STATUS, words.EEG_TYPES, 22, 1),
        ),
    ),
    Group(
        name="eeg_bis",
        offset=96,
        fields=(
            value("bis", "MDC_EEG_BISPECTRAL_INDEX", "1"),
            value("sqi_val", "MDC_EEG_SIGNAL_QUALITY_INDEX", "%"),
            value("emg_val", "MDC_EMG_ELEC_POTL_MUSCL", "dB"),
            value("sr_val", "MDC_EEG_PAROX_CRTX_BURST_SUPPRN", "%"),
        ),
    ),
    Group(
        name="entropy",
        offset=112,
        fields=(
            value("eeg_ent", "VND_GE_STATE_ENTROPY", "1"),
            value("emg_ent", "VND_GE_RESPONSE_ENTROPY", "1"),
            value("bsr_ent", "MDC_EEG_PAROX_CRTX_BURST_SUPPRN", "%"),
        ),
        states=(flags(STATUS, words.ENTROPY_FLAGS),),
    ),
    Group(
        name="eeg2",
        offset=198,
        fields=(),
        states=(
            _electrode("reference", 6),
            *(_electrode(f"ch{n}_{pole}", 5 + 2 * n + (pole == "p")) for n in (1, 2, 3, 4) for pole in ("m", "p")),
        ),
        extra=10,
    ),
    Group(
        name="spi", offset=230, fields=(value("spiVal", "VND_GE_SPI", "1"),), states=(flags(STATUS, words.SPI_FLAGS),)
    ),
)


EXT3: tuple[Group, ...] = (
    Group(
        name="gasex",
        offset=0,
        fields=(
            value("vo2", "MDC_FLOW_O2_CONSUMP", "mL/min", 10),
            value("vco2", "MDC_FLOW_CO2_PROD_RESP", "mL/min", 10),
            value("ee", "VND_GE_ENERGY_EXPENDITURE", "kcal/d"),
            value("rq", "MDC_QUO_RESP", "1", 1000),
        ),
        states=(flags(STATUS, words.GASEX_FLAGS),),
    ),
    Group(
        name="flow_vol2",
        offset=14,
        fields=(
            value("ipeep", "MDC_PRESS_AWAY_END_EXP_POS_INTRINSIC", "cm[H2O]", 100),
            value("pmean", "MDC_PRESS_AWAY_MEAN", "cm[H2O]", 100),
            value("raw", "MDC_RES_AWAY", "cm[H2O].s/L", 100),
            value("mv_insp", "MDC_VOL_MINUTE_AWAY_INSP", "L/min", 100),
            value("epeep", "VND_GE_PEEP_EXTRINSIC", "cm[H2O]", 100),
            value("mv_spont", "MDC_VOL_MINUTE_AWAY_EXP_BTSD_PS", "L/min", 100),
            value("ie_ratio", "MDC_RATIO_IE", "1", 100),
            value("insp_time", "VND_GE_TIME_INSP", "s", 100),
            value("exp_time", "VND_GE_TIME_EXP", "s", 100),
            value("static_compliance", "MDC_COMPL_LUNG_STATIC", "mL/cm[H2O]", 100),
            value("static_pplat", "VND_GE_PPLAT_STATIC", "cm[H2O]", 100),
            value("static_peepe", "VND_GE_PEEP_EXTRINSIC_STATIC", "cm[H2O]", 100),
            value("static_peepi", "VND_GE_PEEP_INTRINSIC_STATIC", "cm[H2O]", 100),
        ),
        states=(flags(STATUS, words.FLOW_FLAGS),),
        calibrating=0b11000,
    ),
    Group(
        name="bal_gas",
        offset=60,
        fields=(value("et", "VND_GE_BALANCE_GAS_ET", "%", 100), value("fi", "VND_GE_BALANCE_GAS_INSP", "%", 100)),
        states=(flags(STATUS, words.BALANCE_FLAGS),),
    ),
    Group(
        name="tono",
        offset=70,
        fields=(
            value("prco2", "VND_GE_TONO_PRCO2", "kPa", 100),
            value("pr_et", "VND_GE_TONO_PR_ET", "kPa", 100),
            value("pr_pa", "VND_GE_TONO_PR_PA", "kPa", 100),
            value("pa_delay", "VND_GE_TONO_PA_DELAY", "min"),
            value("phi", "VND_GE_TONO_PHI", "[pH]", 100),
            value("phi_delay", "VND_GE_TONO_PHI_DELAY", "min"),
            value("amb_press", "VND_GE_PRESS_AMBIENT", "mm[Hg]", 10),
            value("cpma", "VND_GE_TONO_CPMA", "mbar", 10),
        ),
        states=(flags(STATUS, words.TONO_FLAGS),),
    ),
    Group(name="aa2", offset=92, fields=(value("mac_age_sum", "VND_GE_MAC_AGE", "1", 100),)),
    Group(
        name="delp",
        offset=116,
        fields=(value("spv", "VND_GE_SPV", "mm[Hg]", 100), value("ppv", "VND_GE_PPV", "%", 100)),
    ),
    Group(name="cpp", offset=126, fields=(value("value", "MDC_PRESS_CEREB_PERF", "mm[Hg]", 100),)),
    Group(name="cpp2", offset=134, fields=(value("value", "MDC_PRESS_CEREB_PERF", "mm[Hg]", 100),)),
    Group(
        name="picco",
        offset=142,
        fields=(
            value("cci", "VND_GE_PICCO_CCI", "mL/min/m2"),
            value("cco", "MDC_OUTPUT_CARD_CTS", "mL/min"),
            value("cfi", "VND_GE_PICCO_CFI", "/min", 100),
            value("ci", "MDC_OUTPUT_CARD_INDEX", "mL/min/m2"),
            value("co", "MDC_OUTPUT_CARD_NONCTS", "mL/min"),
            value("cpi", "VND_GE_PICCO_CPI", "mW/m2"),
            value("cpo", "VND_GE_PICCO_CPO", "mW"),
            value("dpmax", "VND_GE_PICCO_DPMAX", "mm[Hg]/s"),
            value("elwi", "VND_GE_PICCO_ELWI", "mL/kg", 10),
            value("evlw", "VND_GE_PICCO_EVLW", "mL"),
            value("gedi", "VND_GE_PICCO_GEDI", "mL/m2"),
            value("gedv", "VND_GE_PICCO_GEDV", "mL"),
            value("gef", "VND_GE_PICCO_GEF", "%", 10),
            value("itbi", "VND_GE_PICCO_ITBI", "mL/m2"),
            value("itbv", "VND_GE_PICCO_ITBV", "mL"),
            value("ppv", "VND_GE_PPV", "%", 10),
            value("pvpi", "VND_GE_PICCO_PVPI", "1", 100),
            value("sv", "MDC_VOL_BLD_STROKE", "mL", 10),
            value("svi", "MDC_VOL_BLD_STROKE_INDEX", "mL/m2", 10),
            value("svr", "MDC_RES_VASC_SYS", "dyn.s/cm5"),
            value("svri", "MDC_RES_VASC_SYS_INDEX", "dyn.s/cm5.m2"),
            value("svv", "VND_GE_SVV", "%", 10),
            value("tblood", "MDC_TEMP_BLD", "Cel", 100),
            value("tinj", "MDC_TEMP_INJ", "Cel", 100),
        ),
    ),
)
