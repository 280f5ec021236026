"""What a site may set for this driver."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Options of ge-ohmeda.

    silence_s: without a line for so long the machine is called silent; it sends with breaths, and how often it does
    without any is not documented.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    silence_s: Annotated[float, Field(ge=8.0, le=300.0)] = 20.0
