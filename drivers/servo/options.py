"""What a site may set for this driver."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Curve = Annotated[int, Field(ge=100, le=199)]
Breath = Annotated[int, Field(ge=200, le=299)]
Setting = Annotated[int, Field(ge=300, le=399)]
Alarm = Annotated[int, Field(ge=400, le=499)]


class Options(BaseModel):
    """Options of servo.

    waves, breath, settings, alarms: numbers of the channels to ask for (fact sheet getinge-servo §7), in this order;
    None is the driver's own choice, an empty list asks for none. Without waves the ventilator is polled instead of
    streaming. What it does not list is left out; where the choice is the driver's, what it lists and nobody knows is
    added. poll_s: from one round of polls to the next. refresh_s: so often a stream is stopped and started anew, so
    that settings and alarms are told again and the clock is read; each time some 0.2 s of the waves are lost.

    sampling_ms, protocol_version: by what a recording is read that does not hold the ventilator's configuration.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    waves: Annotated[tuple[Curve, ...], Field(max_length=4)] | None = None
    breath: Annotated[tuple[Breath, ...], Field(max_length=50)] | None = None
    settings: Annotated[tuple[Setting, ...], Field(max_length=50)] | None = None
    alarms: Annotated[tuple[Alarm, ...], Field(max_length=50)] | None = None
    poll_s: Annotated[float, Field(ge=1.0, le=60.0)] = 2.0
    refresh_s: Annotated[float, Field(ge=10.0, le=3600.0)] = 45.0
    sampling_ms: Annotated[int, Field(ge=4, le=224)] = 20
    protocol_version: Annotated[int, Field(ge=1, le=999)] = 5
