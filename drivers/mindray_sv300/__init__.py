"""Mindray SV300 / SynoVent ventilators and the anaesthesia line that shares their list, on a serial line."""

import re

from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.mindray_sv300 import tables
from drivers.mindray_sv300.frames import MEASURED, SETTINGS, request
from drivers.mindray_sv300.options import Options
from drivers.mindray_sv300.session import Sv300Session
from drivers.mindray_sv300.simulator import Simulator

SPEC = DriverSpec(
    name="mindray-sv300",
    vendor="Mindray",
    title="Mindray SV300 / SynoVent serial",
    models=(
        Model(name="SV300", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="NB350", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="SV600, SV800, SynoVent E3, E5", evidence=Evidence.ASSUMED),
        Model(name="WATO EX, A-series, where they offer this protocol", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.OTHER_IMPLEMENTATION,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.OTHER_IMPLEMENTATION,
        "settings": Evidence.OTHER_IMPLEMENTATION,
    },
    lines=(Line(scheme="serial", settings={"baud": "57600", "parity": "N", "bytesize": "8", "stopbits": "1"}),),
    options=Options,
    session=lambda options, _datagrams, _standing: Sv300Session(options),
    simulator=lambda simulated: Simulator(patient=simulated.patient),
    parameters=tables.parameters(),
    channels=tables.every,
    brief={"settings_s": 60.0},
    identification=(request(MEASURED),),
    sends=re.compile(b"(?:%b|%b)*" % (re.escape(request(MEASURED)), re.escape(request(SETTINGS))), re.DOTALL),
)
