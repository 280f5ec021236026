"""Puritan Bennett (Covidien, Medtronic) ventilators 840 and 980: parameters on request, waves on a second port."""

import re

from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.puritan_bennett import tables
from drivers.puritan_bennett.decoder import BREATH, FLOW, PRESSURE
from drivers.puritan_bennett.options import Options
from drivers.puritan_bennett.session import PuritanBennettSession
from drivers.puritan_bennett.simulator import PuritanBennettSimulator

SPEC = DriverSpec(
    name="puritan-bennett",
    vendor="Puritan Bennett",
    title="Puritan Bennett 840 / 980 (SNDA, SNDF, waveform port)",
    models=(
        Model(name="840, reply to SNDA", evidence=Evidence.REAL_CAPTURE),
        Model(name="840, reply to SNDF and waveform port", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="980", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="7200, Esprit, Respironics V200 (SNDA only)", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.REAL_CAPTURE,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.REAL_CAPTURE,
        "settings": Evidence.REAL_CAPTURE,
        "alarms": Evidence.OTHER_IMPLEMENTATION,
        "waves": Evidence.OTHER_IMPLEMENTATION,
        "identity": Evidence.REAL_CAPTURE,
    },
    lines=(
        Line(
            scheme="serial",
            settings={"baud": "9600", "bytesize": "8", "parity": "N", "stopbits": "1"},
            speeds=(1200, 2400, 4800, 19200, 38400),
        ),
    ),
    options=Options,
    session=lambda options, _, standing: PuritanBennettSession(options, standing),
    simulator=PuritanBennettSimulator,
    silence_s=10.0,
    parameters=tables.parameters(),
    channels=lambda: (*tables.channels(), FLOW, PRESSURE, BREATH),
    identification=(b"SNDA\r",),
    sends=re.compile(rb"(?:RSET\r|SNDA\r|SNDF\r)*", re.DOTALL),
)
