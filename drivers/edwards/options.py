"""What a site may set for this driver."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Options of edwards.

    silence_s: without a telegram for so long the monitor is called silent; how often it sends is set in its menu,
    2 s as a rule.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    silence_s: Annotated[float, Field(ge=8.0, le=300.0)] = 10.0
