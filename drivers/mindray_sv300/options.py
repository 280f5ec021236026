"""What a bed's configuration may say of a Mindray ventilator or anaesthesia machine on a serial line."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """poll_s: between requests for measured values; settings_s: between those for settings.

    pressure_unit, co2_unit: what the machine's menu is set to, for the protocol sends no units.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    poll_s: float = Field(default=1.0, ge=0.5, le=5.0)
    settings_s: float = Field(default=30.0, ge=5.0)
    pressure_unit: Literal["cm[H2O]", "mbar", "hPa"] = "cm[H2O]"
    co2_unit: Literal["mm[Hg]", "kPa", "%"] = "mm[Hg]"
