"""Nonin pulse oximeters in data format 7: Xpod, OEM III, and the Bluetooth models on a serial port."""

from collections.abc import Sequence
from importlib.resources import files

from collector.codes import load
from collector.driver import DriverSpec, Evidence, Line, Model
from collector.model import AlarmCondition
from collector.session import Session
from drivers.nonin import meanings, requests
from drivers.nonin.options import Options
from drivers.nonin.session import NoninSession
from drivers.nonin.simulator import NoninSimulator


def _session(options: Options, datagrams: bool, standing: Sequence[AlarmCondition]) -> Session:  # noqa: ARG001  a serial line has none
    return NoninSession(options, standing)


with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as _table:
    _PARAMETERS = load(_table)

SPEC = DriverSpec(
    name="nonin",
    vendor="Nonin",
    title="Nonin OEM oximeters, data format 7",
    models=(
        Model(name="WristOx2 3150, Onyx II 9560", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Xpod, OEM III", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="4100", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.OTHER_IMPLEMENTATION,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.OTHER_IMPLEMENTATION,
        "alarms": Evidence.OTHER_IMPLEMENTATION,
        "waves": Evidence.OTHER_IMPLEMENTATION,
        "identity": Evidence.OTHER_IMPLEMENTATION,
    },
    lines=(Line(scheme="serial", settings={"baud": "9600", "bytesize": "8", "parity": "N", "stopbits": "1"}),),
    options=Options,
    session=_session,
    simulator=NoninSimulator,
    parameters=_PARAMETERS,
    channels=meanings.channels,
    brief={"waves": False, "averages": False},
    identification=(requests.SERIAL,),
    sends=requests.SENDS,
)
