"""What a bed's configuration may say of a rack of B. Braun pumps."""

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """poll_s: from one MEM:GET to the next, where the answer does not take longer.

    cyclic: the rack is set to send by itself ("Operation mode: Cyclic"), and is only acknowledged.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    poll_s: float = Field(default=2.0, ge=0.5, le=8.0)
    cyclic: bool = False
