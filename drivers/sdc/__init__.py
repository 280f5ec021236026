"""IEEE 11073 SDC: devices of operating theatres and intensive care that describe themselves."""

from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from importlib.util import find_spec

from collector.codes import load
from collector.driver import DriverSpec, Evidence, Line, Model, Simulated
from collector.errors import UsageError
from collector.model import AlarmCondition, Channel
from collector.session import Source
from collector.transport.base import Port
from drivers.sdc.options import Options
from drivers.sdc.simulated import CUFF, MODE, NUMBERS, PATH, WAVES

with files(__package__).joinpath("codes.csv").open("r", encoding="utf-8") as _table:
    PARAMETERS = load(_table)


def _library() -> None:
    if find_spec("sdc11073") is None:
        raise UsageError("the driver sdc needs a library that is not installed: install vitalsd[sdc]")


def _source(options: Options, port: Port, standing: Sequence[AlarmCondition]) -> Source:
    _library()
    from drivers.sdc.source import SdcSource  # noqa: PLC0415  an extra

    return SdcSource(options, port, standing)


def _peer(device: Simulated, port: Port, clock: Callable[[], float]) -> Source:
    _library()
    from drivers.sdc.peer import SdcPeer  # noqa: PLC0415  the same

    return SdcPeer(device, port, clock)


def _channels() -> Iterable[Channel]:
    numbers = [Channel(code=one.code, source=one.handle, unit=one.unit, role=one.role) for one in NUMBERS]
    cuff = [Channel(code=code, source=handle, unit="mm[Hg]") for handle, code, _ in CUFF]
    waves = [Channel(code=code, source=handle, unit=unit) for handle, (_, code, unit, *_) in WAVES.items()]
    location = Channel(code="VND_SDC_LOCATION", source="location", unit="")
    return [*numbers, *cuff, *waves, MODE, location]


SPEC = DriverSpec(
    name="sdc",
    vendor="SDC",
    title="IEEE 11073 SDC",
    models=(
        Model(name="Dräger Atlan, V- and VN-series, and others with an SDC port", evidence=Evidence.ASSUMED),
        Model(name="any SDC provider of sdc11073", evidence=Evidence.OTHER_IMPLEMENTATION),
    ),
    parts={
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.OTHER_IMPLEMENTATION,
        "settings": Evidence.OTHER_IMPLEMENTATION,
        "alarms": Evidence.OTHER_IMPLEMENTATION,
        "waves": Evidence.OTHER_IMPLEMENTATION,
        "identity": Evidence.OTHER_IMPLEMENTATION,
    },
    lines=(Line(scheme="http", port=80, path=PATH), Line(scheme="https", port=443, path=PATH)),
    options=Options,
    source=_source,
    peer=_peer,
    parameters=PARAMETERS,
    channels=_channels,
    brief={"waves": False},
)
