"""What a site may set for this driver."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Options of hamilton.

    protocol: what the ventilator's configuration menu is set to: "polling" (also called Hamilton, Hamilton P2, GALILEO
    compatible) or "block" (experimental). poll_s: polling, from one round of requests to the next; a round takes some
    3 s where the ventilator knows all ids. co2_unit: in which unit the ventilator shows PetCO2; it does not tell.
    silence_s: without a frame for so long it is called silent; the block protocol sends with each breath.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    protocol: Literal["polling", "block"] = "polling"
    poll_s: Annotated[float, Field(ge=1.0, le=5.0)] = 3.0
    co2_unit: Literal["mm[Hg]", "kPa", "%"] = "mm[Hg]"
    silence_s: Annotated[float, Field(ge=8.0, le=120.0)] = 8.0
