"""What a site may set for this driver."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Options of gekko-gx1: there are none."""

    model_config = ConfigDict(extra="forbid", frozen=True)
