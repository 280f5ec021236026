"""Mindray patient monitors by their PDS realtime interface, HL7 2.3.1 on TCP port 4601."""

from collector.driver import DriverSpec, Evidence, Line, Model
from drivers.mindray_pds import requests, tables
from drivers.mindray_pds.options import Options
from drivers.mindray_pds.session import PdsSession
from drivers.mindray_pds.simulator import Simulator

SPEC = DriverSpec(
    name="mindray-pds",
    vendor="Mindray",
    title="Mindray PDS realtime (HL7 2.3.1)",
    models=(
        Model(
            name="a monitor with firmware of 2007 to 2020 (not named by the publisher)", evidence=Evidence.REAL_CAPTURE
        ),
        Model(name="BeneView T series, iPM, iMEC, uMEC", evidence=Evidence.OTHER_IMPLEMENTATION),
        Model(name="BeneVision N series, ePM", evidence=Evidence.OTHER_IMPLEMENTATION),
    ),
    parts={
        "frames": Evidence.REAL_CAPTURE,
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.REAL_CAPTURE,
        "settings": Evidence.OTHER_IMPLEMENTATION,
        "alarms": Evidence.OTHER_IMPLEMENTATION,
        "waves": Evidence.OTHER_IMPLEMENTATION,
        "identity": Evidence.REAL_CAPTURE,
    },
    lines=(Line(scheme="tcp", port=4601),),
    options=Options,
    session=PdsSession,
    simulator=lambda simulated: Simulator(patient=simulated.patient, epoch_us=simulated.epoch_us),
    parameters=tables.parameters(),
    channels=tables.every,
    brief={"waves": ()},
    sends=requests.SENDS,
)
