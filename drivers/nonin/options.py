"""What a site may set for this driver."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Options of nonin.

    ask: which request for data format 7 the device understands, "4100" or "9560" (also WristOx2 3150); it keeps that
    format when it is switched off. Modules like Xpod and OEM III have it set by their wiring and are asked nothing.
    waves: keep the pleth; the device sends it in any case. averages: also tell the averages that it does not display.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ask: Literal["nothing", "4100", "9560"] = "nothing"
    waves: bool = True
    averages: bool = True
