"""Fresenius syringe pumps: Orchestra Base Primea and Base A, a pump at the Agilia link; read only."""

from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.fresenius import pumps
from drivers.fresenius.options import Options
from drivers.fresenius.requests import IDENTIFICATION, SENDS
from drivers.fresenius.session import FreseniusSession
from drivers.fresenius.simulator import Simulator

SPEC = DriverSpec(
    name="fresenius",
    vendor="Fresenius",
    title="Fresenius Orchestra Base Primea / Base A, Agilia link",
    models=(
        Model(name="Orchestra Base Primea, Base A with DPS modules", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Agilia at its link", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.OTHER_IMPLEMENTATION,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.OTHER_IMPLEMENTATION,
        "alarms": Evidence.ASSUMED,
        "identity": Evidence.OTHER_IMPLEMENTATION,
    },
    lines=(Line(scheme="serial", settings={"baud": "19200", "bytesize": "7", "parity": "E", "stopbits": "1"}),),
    options=Options,
    session=lambda options, _, standing: FreseniusSession(options, standing),
    simulator=Simulator,
    silence_s=10.0,
    parameters=pumps.parameters(),
    channels=pumps.channels,
    brief={"poll_s": 8.0},
    identification=IDENTIFICATION,
    sends=SENDS,
)
