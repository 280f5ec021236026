"""Capnostream 20, 20p and 35 (Oridion, Covidien, Medtronic): capnograph and pulse oximeter on a serial line."""

from collections.abc import Sequence
from importlib.resources import files

from collector.codes import load
from collector.driver import DriverSpec, Evidence, Line, Model
from collector.model import AlarmCondition
from collector.session import Session
from drivers.capnostream import meanings, messages
from drivers.capnostream.frames import encode
from drivers.capnostream.options import Options
from drivers.capnostream.session import CapnostreamSession
from drivers.capnostream.simulator import CapnostreamSimulator


def _session(options: Options, datagrams: bool, standing: Sequence[AlarmCondition]) -> Session:  # noqa: ARG001  a serial line has none
    return CapnostreamSession(options, standing)


with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as _table:
    _PARAMETERS = load(_table)

SPEC = DriverSpec(
    name="capnostream",
    vendor="Medtronic (Oridion)",
    title="Capnostream 20, 20p, 35",
    models=(
        Model(name="Capnostream 20", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Capnostream 20p, 35", evidence=Evidence.ASSUMED),
    ),
    parts={
        "frames": Evidence.OTHER_IMPLEMENTATION,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.OTHER_IMPLEMENTATION,
        "settings": Evidence.OTHER_IMPLEMENTATION,
        "alarms": Evidence.OTHER_IMPLEMENTATION,
        "waves": Evidence.OTHER_IMPLEMENTATION,
        "identity": Evidence.OTHER_IMPLEMENTATION,
    },
    lines=(
        Line(
            scheme="serial",
            settings={"baud": "9600", "bytesize": "8", "parity": "N", "stopbits": "1"},
            speeds=(19200, 38400, 57600, 115200),
        ),
    ),
    options=Options,
    session=_session,
    simulator=CapnostreamSimulator,
    parameters=_PARAMETERS,
    channels=meanings.channels,
    brief={"waves": False, "ipi": False, "patient": False},
    identification=(encode(messages.ENABLE), encode(messages.ASK_REVISION), encode(messages.DISABLE)),
    sends=messages.SENDS,
)
