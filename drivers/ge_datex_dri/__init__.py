"""GE / Datex-Ohmeda "S/5 Computer Interface" (DRI) over a serial line."""

from collections.abc import Sequence
from importlib.resources import files

from collector.codes import load
from collector.driver import DriverSpec, Evidence, Line, Model, Simulated
from collector.model import AlarmCondition
from collector.session import Session
from drivers.ge_datex_dri.classes import channels
from drivers.ge_datex_dri.options import Options
from drivers.ge_datex_dri.requests import DISPLAYED, SINGLE, physiological
from drivers.ge_datex_dri.session import DatexSession
from drivers.ge_datex_dri.simulator import Simulator


def _session(options: Options, datagrams: bool, standing: Sequence[AlarmCondition]) -> Session:  # noqa: ARG001  a serial line has none
    return DatexSession(options, standing)


def _simulator(simulated: Simulated) -> Session:
    return Simulator(patient=simulated.patient, epoch_us=simulated.epoch_us)


with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as _table:
    _PARAMETERS = load(_table)

SPEC = DriverSpec(
    name="ge-datex-dri",
    vendor="GE HealthCare",
    title="GE / Datex-Ohmeda S/5 Computer Interface (DRI)",
    models=(
        Model(name="level-10 monitor (CARESCAPE B650/B850 or late S/5)", evidence=Evidence.REAL_CAPTURE),
        Model(name="CARESCAPE B450, B650, B850", evidence=Evidence.VENDOR_DOCUMENT),
        Model(name="B105, B125, B20, B30, B40", evidence=Evidence.VENDOR_DOCUMENT),
        Model(name="AS/3, CS/3, S/5, S/5 FM, Cardiocap/5", evidence=Evidence.VENDOR_DOCUMENT),
    ),
    parts={
        "frames": Evidence.REAL_CAPTURE,
        "dialogue": Evidence.VENDOR_DOCUMENT,
        "values": Evidence.REAL_CAPTURE,
        "alarms": Evidence.VENDOR_DOCUMENT,
        "waves": Evidence.REAL_CAPTURE,
    },
    lines=(
        Line(
            scheme="serial",
            settings={"baud": "19200", "parity": "E", "bytesize": "8", "stopbits": "1", "rtscts": "1"},
        ),
    ),
    options=Options,
    session=_session,
    simulator=_simulator,
    parameters=_PARAMETERS,
    channels=channels,
    identification=(physiological(DISPLAYED, SINGLE, ("basic",)),),
    brief={"waves": ()},
)
