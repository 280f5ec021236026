"""Alaris / CareFusion Asena syringe pumps, read only."""

from importlib.resources import files

from collector.codes import load
from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.alaris.options import Options
from drivers.alaris.queries import FRAMES, SENDS, Query
from drivers.alaris.replies import CHANNELS
from drivers.alaris.session import AlarisSession
from drivers.alaris.simulator import AlarisSimulator

with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as _table:
    _PARAMETERS = load(_table)

SPEC = DriverSpec(
    name="alaris",
    vendor="Alaris (CareFusion, BD)",
    title="Alaris Asena syringe pumps, read only",
    models=(
        Model(name="Alaris (Asena) GH", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Alaris (Asena) GS, CC, TIVA", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.OTHER_IMPLEMENTATION,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.OTHER_IMPLEMENTATION,
        "settings": Evidence.OTHER_IMPLEMENTATION,
        "alarms": Evidence.OTHER_IMPLEMENTATION,
        "identity": Evidence.OTHER_IMPLEMENTATION,
    },
    lines=(Line(scheme="serial", settings={"baud": "38400", "bytesize": "8", "parity": "N", "stopbits": "1"}),),
    options=Options,
    session=lambda options, _, standing: AlarisSession(options, standing),
    simulator=AlarisSimulator,
    parameters=_PARAMETERS,
    channels=lambda: CHANNELS,
    brief={"poll_s": 5.0},
    identification=(FRAMES[Query.SERIAL], FRAMES[Query.PROTOCOL]),
    sends=SENDS,
)
