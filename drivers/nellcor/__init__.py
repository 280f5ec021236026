"""Nellcor pulse oximeters with the printed (ASCII) output of their data port."""

import re
from importlib.resources import files

from collector.codes import load
from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.nellcor.channels import EVERY
from drivers.nellcor.options import Options
from drivers.nellcor.session import NellcorSession
from drivers.nellcor.simulator import NellcorSimulator

with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as _table:
    _PARAMETERS = load(_table)

SPEC = DriverSpec(
    name="nellcor",
    vendor="Nellcor (Covidien, Medtronic)",
    title="Nellcor printed output of the data port",
    models=(
        Model(name="N-560", evidence=Evidence.REAL_CAPTURE),
        Model(name="N-595", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="N-600", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="PM1000N", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="NPB-195, NPB-290, NPB-295, N-395", evidence=Evidence.VENDOR_DOCUMENT),
    ),
    parts={
        "frames": Evidence.OTHER_IMPLEMENTATION,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.REAL_CAPTURE,
        "settings": Evidence.REAL_CAPTURE,
        "alarms": Evidence.OTHER_IMPLEMENTATION,
        "identity": Evidence.REAL_CAPTURE,
    },
    lines=(Line(scheme="serial", settings={"baud": "9600", "bytesize": "8", "parity": "N", "stopbits": "1"}),),
    options=Options,
    session=lambda _, __, standing: NellcorSession(standing),
    simulator=NellcorSimulator,
    parameters=_PARAMETERS,
    channels=lambda: EVERY,
    sends=re.compile(b""),
)
