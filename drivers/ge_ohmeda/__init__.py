"""Ohmeda Com 1.0: GE / Datex-Ohmeda anaesthesia machines on a serial line."""

import re
from collections.abc import Sequence

from collector.driver import DriverSpec, Evidence, Line, Model
from collector.model import AlarmCondition
from collector.session import Session
from drivers.ge_ohmeda.options import Options
from drivers.ge_ohmeda.session import AUTOMATIC, NO_CHECKSUM, OhmedaSession
from drivers.ge_ohmeda.simulator import Simulator
from drivers.ge_ohmeda.values import channels, parameters


def _session(_: Options, __: bool, ___: Sequence[AlarmCondition]) -> Session:
    return OhmedaSession()


SPEC = DriverSpec(
    name="ge-ohmeda",
    vendor="GE HealthCare",
    title="Datex-Ohmeda Com 1.0",
    models=(
        Model(name="7900 SmartVent, Aestiva/5", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Aespire, Avance, Aisys", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.OTHER_IMPLEMENTATION,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.OTHER_IMPLEMENTATION,
        "settings": Evidence.OTHER_IMPLEMENTATION,
    },
    lines=(Line(scheme="serial", settings={"baud": "19200", "bytesize": "7", "parity": "O", "stopbits": "1"}),),
    options=Options,
    session=_session,
    simulator=Simulator,
    parameters=parameters(),
    channels=channels,
    sends=re.compile(rb"(?:" + re.escape(NO_CHECKSUM) + rb"|" + re.escape(AUTOMATIC) + rb")*", re.DOTALL),
)
