"""B. Braun Space and compactplus infusion pumps by the protocol of their rack (BCC), read only."""

from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.bbraun_bcc import tables
from drivers.bbraun_bcc.options import Options
from drivers.bbraun_bcc.requests import IDENTIFICATION, SENDS
from drivers.bbraun_bcc.session import BccSession
from drivers.bbraun_bcc.simulator import Simulator

SPEC = DriverSpec(
    name="bbraun-bcc",
    vendor="B. Braun",
    title="B. Braun Space / compactplus BCC 3.25 to 3.36",
    models=(
        Model(
            name="Perfusor Space, Infusomat Space in a SpaceStation with SpaceCom", evidence=Evidence.VENDOR_DOCUMENT
        ),
        Model(name="Battery Pack SP with Wi-Fi", evidence=Evidence.VENDOR_DOCUMENT),
        Model(name="Perfusor compactplus, Infusomat compactplus", evidence=Evidence.VENDOR_DOCUMENT),
    ),
    parts={
        "frames": Evidence.VENDOR_DOCUMENT,
        "dialogue": Evidence.VENDOR_DOCUMENT,
        "values": Evidence.VENDOR_DOCUMENT,
        "settings": Evidence.VENDOR_DOCUMENT,
        "alarms": Evidence.VENDOR_DOCUMENT,
        "identity": Evidence.VENDOR_DOCUMENT,
    },
    lines=(
        Line(
            scheme="serial",
            settings={"baud": "9600", "bytesize": "8", "parity": "N", "stopbits": "1"},
            speeds=(19200, 38400, 57600, 115200),
        ),
        Line(scheme="tcp", port=4001),
    ),
    options=Options,
    session=lambda options, _, standing: BccSession(options, standing),
    simulator=Simulator,
    silence_s=10.0,
    parameters=tables.parameters(),
    channels=tables.channels,
    brief={"poll_s": 8.0},
    identification=IDENTIFICATION,
    sends=SENDS,
)
