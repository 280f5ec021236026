"""What a site may set for this driver."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Options of alaris.

    poll_s: time from one round of questions to the next. Rate, volume and alarm are asked in each round.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    poll_s: Annotated[float, Field(ge=0.5, le=5.0)] = 2.0
