"""IHE PCD-01 and PCD-04 over HL7 v2: what monitors, central stations, gateways and anaesthesia machines push."""

from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.hl7_pcd01.answers import SENDS
from drivers.hl7_pcd01.codes import channels, parameters
from drivers.hl7_pcd01.options import SILENCE_S, Options
from drivers.hl7_pcd01.session import Pcd01Session
from drivers.hl7_pcd01.simulator import OneBed

SPEC = DriverSpec(
    name="hl7-pcd01",
    vendor="IHE PCD",
    title="HL7 v2 PCD-01, PCD-04",
    models=(
        Model(
            name="Mindray eGateway, central station, BeneVision in HL7 client mode",
            evidence=Evidence.OTHER_IMPLEMENTATION,
        ),
        Model(name="Mindray VS-8, VS-900", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Mindray WATO EX, A-series", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="Comen NC5, central station", evidence=Evidence.REAL_CAPTURE),
        Model(name="any reporter of IHE PCD-01 and PCD-04", evidence=Evidence.VENDOR_DOCUMENT),
    ),
    parts={
        "frames": Evidence.REAL_CAPTURE,
        "dialogue": Evidence.VENDOR_DOCUMENT,
        "values": Evidence.REAL_CAPTURE,
        "settings": Evidence.OTHER_IMPLEMENTATION,
        "alarms": Evidence.OTHER_IMPLEMENTATION,
        "waves": Evidence.OTHER_IMPLEMENTATION,
        "identity": Evidence.REAL_CAPTURE,
    },
    lines=(
        Line(scheme="tcp-listen", port=6600),
        Line(scheme="tcp", port=6600),
        Line(
            scheme="serial",
            settings={"baud": "115200", "bytesize": "8", "parity": "N", "stopbits": "1"},
            speeds=(57600, 38400, 19200, 9600),
        ),
    ),
    options=Options,
    session=lambda options, _, standing: Pcd01Session(options, standing),
    simulator=OneBed,
    silence_s=SILENCE_S["ihe"],
    durable_first=True,
    parameters=parameters(),
    channels=channels,
    brief={"waves": False},
    sends=SENDS,
)
