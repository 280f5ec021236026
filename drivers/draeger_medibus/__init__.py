"""Dräger MEDIBUS and MEDIBUS.X: ventilators and anaesthesia machines on a serial line."""

import re

from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.draeger_medibus.frames import command
from drivers.draeger_medibus.options import Options
from drivers.draeger_medibus.session import MedibusSession
from drivers.draeger_medibus.simulator import MedibusSimulator
from drivers.draeger_medibus.tables import IDENTIFY, INITIALISE, channels, parameters

SPEC = DriverSpec(
    name="draeger-medibus",
    vendor="Dräger",
    title="Dräger MEDIBUS / MEDIBUS.X",
    models=(
        Model(name="Evita, Evita 2", evidence=Evidence.VENDOR_DOCUMENT),
        Model(name="Evita 4, Evita 2 dura, EvitaXL", evidence=Evidence.VENDOR_DOCUMENT),
        Model(name="Savina", evidence=Evidence.VENDOR_DOCUMENT),
        Model(name="Capnosat", evidence=Evidence.VENDOR_DOCUMENT),
        Model(name="Graphic Screen (VentView)", evidence=Evidence.VENDOR_DOCUMENT),
        Model(name="Evita Infinity V500, VN500, V300, V600", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Savina 300", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Primus, Primus IE, Apollo, Zeus", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Fabius", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Perseus A500", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Cicero, Cato, Babylog, Babyleo", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.VENDOR_DOCUMENT,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.VENDOR_DOCUMENT,
        "settings": Evidence.VENDOR_DOCUMENT,
        "alarms": Evidence.VENDOR_DOCUMENT,
        "waves": Evidence.VENDOR_DOCUMENT,
        "identity": Evidence.VENDOR_DOCUMENT,
    },
    lines=(Line(scheme="serial", settings={"baud": "19200", "bytesize": "8", "parity": "E", "stopbits": "1"}),),
    options=Options,
    session=lambda options, _, standing: MedibusSession(options, standing),
    simulator=MedibusSimulator,
    parameters=parameters(),
    channels=channels,
    identification=(command(INITIALISE), command(IDENTIFY)),
    sends=re.compile(rb"(?:\x1b[\x15\x24-\x2e\x30\x4a\x51-\x55\x6a][ -~]*\r|\x01[\x15 -~]+\r|[\x80-\xff])*"),
    brief={"waves": (), "poll_s": 5.0},
)
