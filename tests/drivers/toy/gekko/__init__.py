"""Gekko GX-1 warming mattresses: a driver that is a package of its own, of a device that does not exist."""

import re
from importlib.resources import files

from collector.codes import load
from collector.driver import DriverSpec, Evidence, Line, Model

from .options import Options
from .session import CHANNELS, WHO, GekkoSession
from .simulator import GekkoSimulator

with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as _table:
    _PARAMETERS = load(_table)

SPEC = DriverSpec(
    name="gekko-gx1",
    vendor="Gekko",
    title="Gekko GX-1 warming mattress",
    models=(Model(name="GX-1", evidence=Evidence.VENDOR_DOCUMENT),),
    parts={
        "frames": Evidence.VENDOR_DOCUMENT,
        "dialogue": Evidence.VENDOR_DOCUMENT,
        "values": Evidence.VENDOR_DOCUMENT,
        "settings": Evidence.VENDOR_DOCUMENT,
        "alarms": Evidence.VENDOR_DOCUMENT,
        "identity": Evidence.VENDOR_DOCUMENT,
    },
    lines=(Line(scheme="serial", settings={"baud": "9600"}),),
    options=Options,
    session=lambda _, __, standing: GekkoSession(standing),
    simulator=GekkoSimulator,
    parameters=_PARAMETERS,
    channels=lambda: CHANNELS,
    identification=(WHO,),
    sends=re.compile(rb"(\?\r)*"),
)
