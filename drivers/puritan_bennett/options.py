"""What a site may set for this driver."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Options of puritan-bennett.

    port: what the ventilator's menu gives this port: "dci" is asked for its parameters, "waveforms" only listened to.
    poll_s: from one request to the next; a reply takes 1.3 s at 9600 baud. waveform_hz: samples per second of the
    waveform port, which does not tell it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: Literal["dci", "waveforms"] = "dci"
    poll_s: Annotated[float, Field(ge=1.5, le=8.0)] = 2.0
    waveform_hz: Annotated[float, Field(ge=10.0, le=200.0)] = 50.0
