"""Masimo pulse oximeters with serial output ASCII 1."""

import re
from importlib.resources import files

from collector.codes import load
from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.masimo.fields import FIELDS
from drivers.masimo.options import Options
from drivers.masimo.session import MasimoSession
from drivers.masimo.simulator import MasimoSimulator

with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as _table:
    _PARAMETERS = load(_table)

SPEC = DriverSpec(
    name="masimo",
    vendor="Masimo",
    title="Masimo serial output ASCII 1",
    models=(
        Model(name="Rad-8", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Radical-7", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Rad-87", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.OTHER_IMPLEMENTATION,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.OTHER_IMPLEMENTATION,
        "identity": Evidence.OTHER_IMPLEMENTATION,
    },
    lines=(Line(scheme="serial", settings={"baud": "9600", "bytesize": "8", "parity": "N", "stopbits": "1"}),),
    options=Options,
    session=lambda options, _, __: MasimoSession(options),
    simulator=MasimoSimulator,
    parameters=_PARAMETERS,
    channels=lambda: (field.channel for field in FIELDS.values() if field.channel is not None),
    sends=re.compile(b""),
)
