"""What a bed's configuration may say of a Mindray monitor."""

import codecs
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from drivers.mindray_pds.tables import wave_ids


def _wave(name: str) -> str:
    if name not in wave_ids():
        raise ValueError(f"no wave {name!r}: there are {', '.join(wave_ids())}")
    return name


def _encoding(name: str) -> str:
    try:
        if b"MSH|".decode(codecs.lookup(name).name) == "MSH|":
            return name
    except (LookupError, UnicodeError):
        pass
    raise ValueError(f"{name!r} is not a text encoding like gb18030")


class Options(BaseModel):
    """query_delay_s: between connecting and asking, while the monitor sends its first burst (fact sheet §1.1).

    co2_unit, st_unit: what the monitor's menu is set to, for the protocol sends no units. technical_priority: of a
    technical alarm whose text has no asterisks; its level is a setting of the monitor that is not sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    waves: tuple[Annotated[str, AfterValidator(_wave)], ...] = ("ecg_1", "ecg_2", "resp", "pleth", "art")
    alarms: bool = True
    query_delay_s: float = Field(default=1.5, ge=1.0, le=15.0)
    encoding: Annotated[str, AfterValidator(_encoding)] = "gb18030"
    co2_unit: Literal["mm[Hg]", "kPa", "%"] = "mm[Hg]"
    st_unit: Literal["mV", "mm"] = "mV"
    technical_priority: Literal["high", "medium", "low"] = "medium"
