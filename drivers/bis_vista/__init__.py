"""BIS VISTA and A-2000 (Aspect, Covidien, Medtronic) in binary mode on a serial line."""

from collections.abc import Sequence
from importlib.resources import files

from collector.codes import load
from collector.driver import DriverSpec, Evidence, Line, Model
from collector.model import AlarmCondition
from collector.session import Session
from drivers.bis_vista import requests, variables
from drivers.bis_vista.options import Options
from drivers.bis_vista.session import BisSession
from drivers.bis_vista.simulator import BisSimulator


def _session(options: Options, datagrams: bool, standing: Sequence[AlarmCondition]) -> Session:  # noqa: ARG001  a serial line has none
    return BisSession(options, standing)


with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as _table:
    _PARAMETERS = load(_table)

SPEC = DriverSpec(
    name="bis-vista",
    vendor="Medtronic (Aspect)",
    title="BIS VISTA / A-2000, binary protocol",
    models=(
        Model(
            name="A-2000 or BIS VISTA with two channels (which of them is not known)", evidence=Evidence.REAL_CAPTURE
        ),
        Model(name="BIS VISTA", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="A-2000, A-2000 XP", evidence=Evidence.OTHER_IMPLEMENTATION),
    ),
    parts={
        "frames": Evidence.REAL_CAPTURE,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.REAL_CAPTURE,
        "settings": Evidence.OTHER_IMPLEMENTATION,
        "alarms": Evidence.OTHER_IMPLEMENTATION,
        "waves": Evidence.OTHER_IMPLEMENTATION,
        "identity": Evidence.OTHER_IMPLEMENTATION,
    },
    lines=(Line(scheme="serial", settings={"baud": "57600", "bytesize": "8", "parity": "N", "stopbits": "1"}),),
    options=Options,
    session=_session,
    simulator=BisSimulator,
    parameters=_PARAMETERS,
    channels=variables.channels,
    brief={"eeg": False, "messages": False},
    identification=(requests.request(requests.REVISION_SEND),),
    sends=requests.SENDS,
)
