"""Edwards cardiac output monitors with the serial output IFMout. Experimental."""

import re
from collections.abc import Sequence

from collector.driver import DriverSpec, Evidence, Line, Model
from collector.model import AlarmCondition
from collector.session import Session
from drivers.edwards.fields import channels, parameters
from drivers.edwards.options import Options
from drivers.edwards.session import EdwardsSession
from drivers.edwards.simulator import Simulator


def _session(_: Options, __: bool, ___: Sequence[AlarmCondition]) -> Session:
    return EdwardsSession()


SPEC = DriverSpec(
    name="edwards",
    vendor="Edwards Lifesciences",
    title="IFMout (experimental)",
    models=(
        Model(name="Vigilance, Vigilance II: experimental", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Vigileo, EV1000: experimental", evidence=Evidence.OTHER_IMPLEMENTATION),
    ),
    parts={"frames": Evidence.OTHER_IMPLEMENTATION, "values": Evidence.OTHER_IMPLEMENTATION},
    lines=(
        Line(
            scheme="serial",
            settings={"baud": "19200", "bytesize": "8", "parity": "N", "stopbits": "1"},
            speeds=(9600,),
        ),
    ),
    options=Options,
    session=_session,
    simulator=Simulator,
    silence_s=10.0,
    parameters=parameters(),
    channels=channels,
    sends=re.compile(rb""),
)
