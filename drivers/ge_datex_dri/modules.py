"""Groups that a monitor has several of, and the codes that labels choose (fact sheet ge-datex-dri §5.2, §5.3)."""

from collections.abc import Mapping

from drivers.ge_datex_dri import words
from drivers.ge_datex_dri.layout import LABEL, STATUS, Choice, Group, Named, enum, flags, names, value

PRESSURE_CODES: Mapping[int, str] = {
    1: "MDC_PRESS_BLD_ART",
    2: "MDC_PRESS_BLD_VEN_CENT",
    3: "MDC_PRESS_BLD_ART_PULM",
    4: "MDC_PRESS_BLD_ATR_RIGHT",
    5: "MDC_PRESS_BLD_VENT_RIGHT",
    6: "MDC_PRESS_BLD_ATR_LEFT",
    7: "MDC_PRESS_INTRA_CRAN",
    8: "MDC_PRESS_BLD_ART_ABP",
    16: "MDC_PRESS_BLD_ART",
    17: "MDC_PRESS_BLD_ART_UMB",
    18: "MDC_PRESS_BLD_VEN_UMB",
    19: "MDC_PRESS_INTRA_CRAN",
}
"""Pressure label → code without its suffix; all other labels do not say where the pressure is measured."""
PRESSURE_OTHER = "MDC_PRESS_BLD"
PRESSURE_SITES: Mapping[int, str] = {16: "femoral artery", 22: "femoral vein"}
"""FEM is an artery beside FEMV (the sheet gives the labels only): a reading of ours."""


def pressure(name: str, offset: int) -> Group:
    def code(suffix: str) -> Choice:
        codes = {n: f"{code}_{suffix}" for n, code in PRESSURE_CODES.items()}
        codes[22] = f"{PRESSURE_OTHER}_{suffix}"
        other = Named(code=f"{PRESSURE_OTHER}_{suffix}")
        return Choice(at=LABEL, shift=0, mask=0xFFFF, codes=names(codes, PRESSURE_SITES), other=other)

    return Group(
        name=name,
        offset=offset,
        fields=(
            value("sys", code("SYS"), "mm[Hg]", 100),
            value("dia", code("DIA"), "mm[Hg]", 100),
            value("mean", code("MEAN"), "mm[Hg]", 100),
            value("hr", "MDC_BLD_PULS_RATE_INV", "/min"),
        ),
        states=(
            flags(STATUS, words.PRESSURE_FLAGS),
            enum("label", "VND_GE_PRESS_LABEL", LABEL, words.PRESSURES),
        ),
        calibrating=0b100,
    )


_TEMPERATURES = Choice(
    at=LABEL,
    shift=0,
    mask=0xFFFF,
    codes=names(
        {
            1: "MDC_TEMP_ESOPH",
            2: "MDC_TEMP_NASOPH",
            3: "MDC_TEMP_TYMP",
            4: "MDC_TEMP_RECT",
            5: "MDC_TEMP_FOLEY",
            6: "MDC_TEMP_AXIL",
            7: "MDC_TEMP_SKIN",
            8: "MDC_TEMP_AWAY",
            9: "VND_GE_TEMP_ROOM",
            10: "MDC_188500",
            15: "MDC_TEMP_CORE",
            16: "MDC_TEMP",
        },
        {16: "surface"},
    ),
    other=Named(code="MDC_TEMP"),
)


def temperature(name: str, offset: int) -> Group:
    return Group(
        name=name,
        offset=offset,
        fields=(value("temp", _TEMPERATURES, "Cel", 100),),
        states=(enum("label", "VND_GE_TEMP_LABEL", LABEL, words.TEMPERATURES),),
    )


def saturation(name: str, offset: int) -> Group:
    return Group(
        name=name,
        offset=offset,
        fields=(
            value("SpO2", "MDC_PULS_OXIM_SAT_O2", "%", 100),
            value("pr", "MDC_PULS_OXIM_PULS_RATE", "/min"),
            value("ir_amp", "VND_GE_SPO2_IR_AMPL", "%", 100),
            value("SvO2", Named(code="MDC_SAT_O2_VEN", quiet=True), "%", 100),
        ),
        states=(enum("label", "VND_GE_SAT_LABEL", LABEL, words.SATURATIONS, 0, 3),),
    )


AGENTS: Mapping[int, str] = {2: "HALOTH", 3: "ENFL", 4: "ISOFL", 5: "DESFL", 6: "SEVOFL"}
"""Agent label → the agent's part of a code."""


def agent(phase: str) -> Choice:
    codes = names({n: f"MDC_CONC_AWAY_{agent}_{phase}" for n, agent in AGENTS.items()})
    return Choice(at=LABEL, shift=0, mask=0xFFFF, codes=codes, other=Named(code=f"MDC_CONC_AWAY_AGENT_{phase}"))


HR_SOURCE = enum("hr_source", "VND_GE_HR_SOURCE", STATUS, words.HR_SOURCES, 3, 15)
