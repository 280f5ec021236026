"""What a site may set for this driver."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Code = Annotated[str, Field(pattern=r"^[0-9A-F]{2}$")]
DataType = Literal["24", "27", "29", "2A", "2B", "2E"]


class Options(BaseModel):
    """Options of draeger-medibus.

    poll_s: time from one round of requests to the next; a round holds measured values, alarms and one of the slower
    lists. waves: realtime codes in order of preference; the device gets the first `max_streams` that it offers (four is
    safe with every device, fact sheet §6). max_wave_rate_hz: the fastest sample rate asked for; 65 leaves a line of
    9600 baud room for the values. only: by data type, the codes to be asked for (4AH); nothing is every code.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    poll_s: Annotated[float, Field(ge=0.2, le=60.0)] = 1.0
    waves: tuple[Code, ...] = ("00", "01", "06", "03", "02")
    max_streams: Annotated[int, Field(ge=1, le=12)] = 4
    max_wave_rate_hz: Annotated[float, Field(ge=1.0, le=500.0)] = 65.0
    only: dict[DataType, Annotated[tuple[Code, ...], Field(max_length=125)]] = {}
