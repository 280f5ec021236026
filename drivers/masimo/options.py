"""What a site may set for this driver."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Options of masimo.

    haemoglobin_unit: in which the instrument's menu shows SpHb. The line does not tell: without it SPHB stays a text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    haemoglobin_unit: Literal["g/dL", "mmol/L"] | None = None
