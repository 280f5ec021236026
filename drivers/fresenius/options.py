"""What a bed's configuration may say of Fresenius pumps."""

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """poll_s: from one round of all modules to the next.

    spontaneous: have changes of rate, alarm and mode reported at once as well, between the rounds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    poll_s: float = Field(default=2.0, ge=0.5, le=8.0)
    spontaneous: bool = True
